"""Addresses of 过期失物处理审批单."""

from django.urls import path

from lostfound.views import stub

urlpatterns = [
    path("disposal/", stub.soon, name="batches"),
    path("disposal/<str:number>/", stub.soon, name="batch"),
]
