"""Addresses of storage."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
