"""Addresses of counts."""

from django.urls import path

from lostfound.views import stub

urlpatterns = [
    path("stocktake/", stub.soon, name="stocktakes"),
    path("stocktake/<str:number>/", stub.soon, name="stocktake"),
]
