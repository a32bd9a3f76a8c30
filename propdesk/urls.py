"""Every address of the site; pages of a property stand under /p/<code>/."""

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("", include("propdesk.desk.urls")),
]
