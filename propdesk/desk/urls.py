"""Addresses above the registers: desk, search, notices, sign-off inbox, verification."""

from django.urls import path

from propdesk.desk import entry, sealed, search, verify, views
from propdesk.desk.board import views as board
from propdesk.desk.copies import views as copies
from propdesk.desk.notices import views as notices

app_name = "desk"
urlpatterns = [
    path("", entry.home, name="home"),
    path("v/", verify.start, name="verify_start"),
    path("v/<str:code>", verify.by_code, name="verify"),
    path("p/<slug:code>/", board.board, name="board"),
    path("p/<slug:code>/live/", board.live, name="board_live"),
    path("p/<slug:code>/counts/", views.counts, name="counts"),
    path("p/<slug:code>/notices/", notices.inbox, name="notices"),
    path("p/<slug:code>/notices/confirm/", notices.acknowledge_all, name="acknowledge_all"),
    path("p/<slug:code>/notices/<int:delivery>/", notices.acknowledge, name="acknowledge"),
    path("p/<slug:code>/search/", search.search, name="search"),
    path("p/<slug:code>/sign/", views.sign, name="sign"),
    path("p/<slug:code>/papers/<str:number>/", sealed.papers, name="sealed"),
    path(
        "p/<slug:code>/papers/<str:number>/<int:document>/file/",
        sealed.sealed_file,
        name="sealed_file",
    ),
    path("p/<slug:code>/papers/<str:number>/<int:document>/append/", sealed.append, name="append"),
    path("p/<slug:code>/copies/<str:number>/", copies.log, name="copies"),
    path("p/<slug:code>/copies/<str:number>/<int:document>/", copies.give, name="copy_give"),
    path("p/<slug:code>/copies/<str:number>/given/<int:pk>/", copies.file, name="copy_file"),
    path("p/<slug:code>/me/", views.me, name="me"),
    path("p/<slug:code>/me/mail/", notices.own_mail, name="own_mail"),
    path("p/<slug:code>/me/signature.png", views.signature, name="signature"),
]
