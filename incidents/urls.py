"""Addresses of complaints, under /p/<code>/incidents/."""

from django.urls import path

from incidents import paper_views, views

app_name = "incidents"
urlpatterns = [
    path("", views.board, name="board"),
    path("new/", views.intake, name="intake"),
    path("new/draft/", views.intake_draft, name="intake_draft"),
    path("new/guests/", views.known_guests, name="known_guests"),
    path("<str:number>/", views.detail, name="detail"),
    path("<str:number>/timeline/", views.timeline, name="timeline"),
    path("<str:number>/history/", views.history, name="history"),
    path("<str:number>/do/<slug:name>/", views.act, name="act"),
    path("<str:number>/do/<slug:name>/draft/", views.draft, name="draft"),
    path("<str:number>/options/<int:option>/<slug:verb>/", views.option_act, name="option_act"),
    path("<str:number>/report/", paper_views.report, name="report"),
    path("<str:number>/report/submit/", paper_views.submit_report, name="submit_report"),
    path("<str:number>/report/sign/", paper_views.sign_report, name="sign_report"),
    path("<str:number>/paper/<slug:kind>/", paper_views.paper, name="paper"),
    path(
        "<str:number>/paper/<slug:kind>/<int:document>/", paper_views.paper_file, name="paper_file"
    ),
    path("<str:number>/photos/<int:photo>/remove/", paper_views.remove_photo, name="remove_photo"),
    path("<str:number>/photos/<int:photo>/<slug:size>/", paper_views.photo, name="photo"),
]
