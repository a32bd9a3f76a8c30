"""Addresses of 保管规则."""

from django.urls import path

from lostfound.views import policy as views

urlpatterns = [
    path("policy/", views.policy, name="policy"),
    path("policy/new/", views.policy_new, name="policy_new"),
]
