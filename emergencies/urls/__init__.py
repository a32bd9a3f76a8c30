"""Addresses of special events, under /p/<code>/emergencies/; fixed words before numbers."""

from emergencies.urls import event, records

app_name = "emergencies"
urlpatterns = [*event.urlpatterns, *records.urlpatterns]
