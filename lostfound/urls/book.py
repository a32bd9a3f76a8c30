"""Addresses of the register as a file, in and out."""

from django.urls import path

from lostfound.views import book as views

urlpatterns = [
    path("book/", views.book, name="book"),
    path("book/export/", views.export, name="export"),
    path("book/import/", views.import_book, name="import_book"),
    path("book/import/confirm/", views.import_confirm, name="import_confirm"),
    path("book/import/template/", views.import_template, name="import_template"),
]
