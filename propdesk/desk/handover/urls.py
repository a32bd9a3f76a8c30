"""Addresses below /p/<code>/handover/."""

from django.urls import path

from propdesk.desk.handover import views, views_log, views_paper

app_name = "handover"
urlpatterns = [
    path("", views.index, name="index"),
    path("start/", views.start, name="start"),
    path("log/", views_log.log, name="log"),
    path("counts/", views_log.counts, name="counts"),
    path("counts/<int:pk>/", views_log.count_edit, name="count_edit"),
    path("<str:number>/", views.detail, name="detail"),
    path("<str:number>/write/", views.write, name="write"),
    path("<str:number>/offer/", views.offer, name="offer"),
    path("<str:number>/accept/", views.accept, name="accept"),
    path("<str:number>/refresh/", views.refresh, name="refresh"),
    path("<str:number>/take-back/", views.take_back, name="take_back"),
    path("<str:number>/take-over/", views.take_over, name="take_over"),
    path("<str:number>/void/", views.void, name="void"),
    path("<str:number>/settle/", views.settle, name="settle"),
    path("<str:number>/paper/", views_paper.paper, name="paper"),
    path("<str:number>/paper/<int:document>/file/", views_paper.paper_file, name="paper_file"),
]
