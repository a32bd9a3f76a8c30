"""Addresses below /p/<code>/settings/."""

from django.urls import path

from propdesk.desk.house import views, views_duty, views_places, views_seal
from propdesk.desk.outage import views as outage

app_name = "house"
urlpatterns = [
    path("", views.index, name="index"),
    path("first-run/", views.first_run, name="first_run"),
    path("values/", views.settings, name="settings"),
    path("staff/", views.staff, name="staff"),
    path("staff/new/", views.staff_new, name="staff_new"),
    path("staff/import/", views_places.staff_import, name="staff_import"),
    path("staff/import/template/", views_places.staff_template, name="staff_template"),
    path("staff/import/confirm/", views_places.staff_confirm, name="staff_confirm"),
    path("staff/<int:pk>/", views.staff_detail, name="staff_detail"),
    path("staff/<int:pk>/edit/", views.staff_edit, name="staff_edit"),
    path("staff/<int:pk>/role/", views.role_new, name="role_new"),
    path("staff/<int:pk>/password/", views.staff_password, name="staff_password"),
    path("staff/<int:pk>/deactivate/", views.staff_deactivate, name="staff_deactivate"),
    path("staff/<int:pk>/reactivate/", views.staff_reactivate, name="staff_reactivate"),
    path("roles/<int:pk>/end/", views.role_end, name="role_end"),
    path("departments/", views_duty.departments, name="departments"),
    path("departments/new/", views_duty.department_new, name="department_new"),
    path("departments/<int:pk>/", views_duty.department_edit, name="department_edit"),
    path("departments/<int:pk>/retire/", views_duty.department_retire, name="department_retire"),
    path("deputies/", views_duty.deputies, name="deputies"),
    path("deputies/new/<int:pk>/", views_duty.deputy_new, name="deputy_new"),
    path("deputies/<int:pk>/revoke/", views_duty.deputy_revoke, name="deputy_revoke"),
    path("shifts/", views_duty.shifts, name="shifts"),
    path("shifts/new/", views_duty.shift_new, name="shift_new"),
    path("shifts/copy/", views_duty.shifts_copy, name="shifts_copy"),
    path("shifts/<int:pk>/cancel/", views_duty.shift_cancel, name="shift_cancel"),
    path("seal/", views_seal.seal, name="seal"),
    path("seal/certificate/", views_seal.seal_certificate, name="seal_certificate"),
    path("seal/rotate/", views_seal.seal_rotate, name="seal_rotate"),
    path("places/", views_places.places, name="places"),
    path("places/new/", views_places.place_new, name="place_new"),
    path("places/import/", views_places.places_import, name="places_import"),
    path("places/import/template/", views_places.places_template, name="places_template"),
    path("places/import/confirm/", views_places.places_confirm, name="places_confirm"),
    path("places/<int:pk>/", views_places.place_edit, name="place_edit"),
    path("places/<int:pk>/retire/", views_places.place_retire, name="place_retire"),
    path("outage/", outage.pack, name="outage"),
    path("outage/make/", outage.make, name="outage_make"),
    path("outage/<int:pk>/take/", outage.take, name="outage_take"),
    path("outage/<int:pk>/file/", outage.file, name="outage_file"),
    path("outage/<int:pk>/void/", outage.void_pack, name="outage_void"),
    path("outage/<str:serial>/", outage.settle, name="blank"),
    path("outage/<str:serial>/void/", outage.void_one, name="blank_void"),
]
