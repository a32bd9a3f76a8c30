"""Addresses of special events, under /p/<code>/emergencies/; fixed words before numbers."""

from emergencies.urls import event, house, own, records

app_name = "emergencies"
urlpatterns = [*house.urlpatterns, *event.urlpatterns, *records.urlpatterns, *own.urlpatterns]
