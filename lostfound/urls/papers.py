"""Addresses of papers: slips and approvals of one case, the register and the notice of a house."""

from django.urls import path

from lostfound.views import notice, papers

urlpatterns = [
    path("notice/", notice.notice, name="notice"),
    path("notice/print/", notice.notice_print, name="notice_print"),
    path("register/print/", papers.register_print, name="register_print"),
    path("lists/<slug:kind>/<int:job>/", papers.list_paper, name="list_paper"),
    path("lists/<slug:kind>/<int:job>/file/", papers.list_file, name="list_file"),
    path("<str:number>/paper/<slug:kind>/", papers.paper, name="paper"),
    path("<str:number>/paper/<slug:kind>/<int:document>/", papers.paper_file, name="paper_file"),
]
