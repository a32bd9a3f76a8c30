"""Addresses of the register and of one found thing."""

from django.urls import path

from lostfound.views import item, log, photos

urlpatterns = [
    path("", item.board, name="board"),
    path("new/", log.log, name="log"),
    path("new/draft/", log.log_draft, name="log_draft"),
    path("<str:number>/", item.detail, name="detail"),
    path("<str:number>/logged/", log.logged, name="logged"),
    path("<str:number>/tag/", log.tag, name="tag"),
    path("<str:number>/qr.svg", log.qr, name="qr"),
    path("<str:number>/timeline/", item.timeline, name="timeline"),
    path("<str:number>/history/", item.history, name="history"),
    path("<str:number>/do/<slug:name>/", item.act, name="act"),
    path("<str:number>/do/<slug:name>/draft/", item.draft, name="draft"),
    path("<str:number>/photos/<int:photo>/remove/", photos.remove_photo, name="remove_photo"),
    path("<str:number>/photos/<int:photo>/<slug:size>/", photos.photo, name="photo"),
]
