"""Addresses below /p/<code>/calendar/."""

from django.urls import path

from propdesk.desk.calendar import views

app_name = "calendar"
urlpatterns = [
    path("", views.index, name="index"),
    path("<str:key>/", views.period, name="period"),
]
