"""Addresses of special events, under /p/<code>/emergencies/; fixed words before numbers."""

from emergencies.urls import event, own, records

app_name = "emergencies"
urlpatterns = [*event.urlpatterns, *records.urlpatterns, *own.urlpatterns]
