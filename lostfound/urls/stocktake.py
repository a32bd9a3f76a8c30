"""Addresses of counts."""

from django.urls import path

from lostfound.views import stocktake as views

urlpatterns = [
    path("stocktake/", views.stocktakes, name="stocktakes"),
    path("stocktake/new/", views.stocktake_new, name="stocktake_new"),
    path("stocktake/<str:number>/", views.stocktake, name="stocktake"),
    path("stocktake/<str:number>/count/", views.stocktake_count, name="stocktake_count"),
    path("stocktake/<str:number>/paste/", views.stocktake_paste, name="stocktake_paste"),
    path("stocktake/<str:number>/finish/", views.stocktake_finish, name="stocktake_finish"),
    path("stocktake/<str:number>/abandon/", views.stocktake_abandon, name="stocktake_abandon"),
    path(
        "stocktake/<str:number>/settle/<int:difference>/",
        views.stocktake_settle,
        name="stocktake_settle",
    ),
]
