"""Addresses of the places in which found things lie."""

from django.urls import path

from lostfound.views import storage as views

urlpatterns = [
    path("storage/", views.storage, name="storage"),
    path("storage/new/", views.storage_new, name="storage_new"),
    path("storage/default/", views.storage_default, name="storage_default"),
    path("storage/labels/", views.storage_labels, name="storage_labels"),
    path("storage/spots/", views.storage_spots, name="storage_spots"),
    path("storage/<str:shelf>/", views.storage_place, name="storage_place"),
    path("storage/<str:shelf>/edit/", views.storage_edit, name="storage_edit"),
    path("storage/<str:shelf>/retire/", views.storage_retire, name="storage_retire"),
]
