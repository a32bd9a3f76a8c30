"""Addresses of lost reports."""

from django.urls import path

from lostfound.views import lost

urlpatterns = [
    path("lost/", lost.lost_board, name="lost_board"),
    path("lost/new/", lost.lost_new, name="lost_new"),
    path("lost/new/draft/", lost.lost_draft, name="lost_draft"),
    path("lost/<str:number>/", lost.lost_detail, name="lost_detail"),
    path("lost/<str:number>/timeline/", lost.lost_timeline, name="lost_timeline"),
    path("lost/<str:number>/history/", lost.lost_history, name="lost_history"),
    path("lost/<str:number>/do/<slug:name>/", lost.lost_act, name="lost_act"),
    path("lost/<str:number>/do/<slug:name>/draft/", lost.lost_act_draft, name="lost_act_draft"),
    path("lost/<str:number>/match/<int:pair>/<slug:verb>/", lost.lost_match, name="lost_match"),
]
