"""Log-in, password and two-step pages: those of allauth this house uses, and no others."""

from allauth.account import views
from django.urls import include, path
from django.views.decorators.csrf import csrf_protect

from propdesk.desk import entry, logins

urlpatterns = [
    path("login/", csrf_protect(views.login), name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("password/change/", views.password_change, name="account_change_password"),
    # Information only: a password is reset in person, never by mail.
    path("password/reset/", entry.password_help, name="account_reset_password"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("sessions/", logins.mine, name="account_sessions"),
    path("sender/", entry.sender, name="account_sender"),
    path("signup/", views.signup, name="account_signup"),
    path("2fa/first/", entry.set_up_second_step, name="account_second_step"),
    path("2fa/", include("allauth.mfa.urls")),
]
