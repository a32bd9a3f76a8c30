"""Addresses above the registers: desk, search, notices, sign-off inbox, health."""

from django.urls import include, path

urlpatterns = [
    path("p/<slug:code>/incidents/", include("incidents.urls")),
]
