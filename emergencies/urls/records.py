"""Addresses of the papers of an event."""

from django.urls import path

from emergencies.views import papers, record_signs, records, report

ONE = "<str:number>/records/<int:pk>/"
urlpatterns = [
    path("<str:number>/records/", records.shelf, name="records"),
    path("<str:number>/records/new/<slug:form>/", records.new, name="record_new"),
    path(ONE, records.record, name="record"),
    path(f"{ONE}submit/", record_signs.submit, name="submit_record"),
    path(f"{ONE}sign/", record_signs.sign, name="sign_record"),
    path(f"{ONE}outside/", record_signs.outside, name="outside_record"),
    path(f"{ONE}scan/<int:box>/", record_signs.scan, name="scan_record"),
    path(f"{ONE}rewrite/", records.rewrite, name="rewrite_record"),
    path(f"{ONE}paper/", papers.record_paper, name="record_paper"),
    path(f"{ONE}paper/<int:document>/", papers.record_file, name="record_file"),
    path("<str:number>/report/", report.report, name="report"),
    path("<str:number>/report/submit/", report.submit, name="submit_report"),
    path("<str:number>/report/sign/", report.sign, name="sign_report"),
    path("<str:number>/report/paper/", papers.report_paper, name="report_paper"),
    path("<str:number>/report/paper/<int:document>/", papers.report_file, name="report_file"),
]
