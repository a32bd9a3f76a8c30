"""Addresses of lost reports."""

from django.urls import path

from lostfound.views import stub

urlpatterns = [
    path("lost/", stub.soon, name="lost_board"),
    path("lost/<str:number>/", stub.soon, name="lost_detail"),
]
