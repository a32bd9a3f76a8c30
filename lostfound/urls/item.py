"""Addresses of the register and of one found thing."""

from django.urls import path

from lostfound.views import stub

urlpatterns = [
    path("", stub.soon, name="board"),
    path("new/", stub.soon, name="log"),
    path("<str:number>/", stub.soon, name="detail"),
]
