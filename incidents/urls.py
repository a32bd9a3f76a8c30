"""Addresses of complaints, under /p/<code>/incidents/."""

from django.urls import path

from incidents import views

app_name = "incidents"
urlpatterns = [
    path("", views.board, name="board"),
    path("new/", views.intake, name="intake"),
    path("<str:number>/", views.detail, name="detail"),
    path("<str:number>/timeline/", views.timeline, name="timeline"),
    path("<str:number>/history/", views.history, name="history"),
    path("<str:number>/report/", views.report, name="report"),
    path("<str:number>/report/submit/", views.submit_report, name="submit_report"),
    path("<str:number>/report/sign/", views.sign_report, name="sign_report"),
    path("<str:number>/paper/<slug:kind>/", views.paper, name="paper"),
    path(
        "<str:number>/paper/<slug:kind>/file/<int:document>/", views.paper_file, name="paper_file"
    ),
    path("<str:number>/photos/<int:photo>/<slug:size>/", views.photo, name="photo"),
    path("<str:number>/photos/<int:photo>/remove", views.remove_photo, name="remove_photo"),
    path("<str:number>/options/<int:option>/<slug:verb>/", views.option_act, name="option_act"),
    path("<str:number>/do/<slug:name>/", views.act, name="act"),
]
