"""Addresses of the board, the start and one event."""

from django.urls import path

from emergencies.views import event, start

urlpatterns = [
    path("", event.board, name="board"),
    path("new/", start.choose, name="choose"),
    path("new/<slug:kind>/", start.new, name="new"),
    path("<str:number>/", event.detail, name="detail"),
]
