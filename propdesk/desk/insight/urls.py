"""Addresses below /p/<code>/insight/."""

from django.urls import path

from propdesk.desk.insight import views, views_out

app_name = "insight"
urlpatterns = [
    path("", views.index, name="index"),
    path("trend/", views.trend, name="trend"),
    path("rows/<slug:figure>/", views.rows, name="rows"),
    path("export/", views_out.export, name="export"),
    path("print/", views_out.print_report, name="print"),
    path("print/<int:job>/", views_out.paper, name="paper"),
    path("print/<int:job>/file/", views_out.paper_file, name="paper_file"),
    path("time/<str:number>/", views.time, name="time"),
]
