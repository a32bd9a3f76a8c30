"""Every address of the site; pages of a property stand under /p/<code>/.

The public notice of found things is the one page guests reach; they scan its address from paper.
The feed of a calendar is read by telephones, which log in nowhere: its address is its key.
"""

from django.urls import include, path

from lostfound.views import notice
from propdesk.desk import entry
from propdesk.desk.calendar import views_feed

urlpatterns = [
    path("healthz", entry.healthz, name="healthz"),
    path("healthz/ready", entry.ready, name="ready"),
    path("accounts/", include("propdesk.desk.account_urls")),
    path("p/<slug:code>/settings/", include("propdesk.desk.house.urls")),
    path("p/<slug:code>/incidents/", include("incidents.urls")),
    path("p/<slug:code>/lostfound/", include("lostfound.urls")),
    path("p/<slug:code>/emergencies/", include("emergencies.urls")),
    path("p/<slug:code>/calendar/", include("propdesk.desk.calendar.urls")),
    path("p/<slug:code>/handover/", include("propdesk.desk.handover.urls")),
    path("calendar/<str:token>.ics", views_feed.read, name="calendar_feed"),
    path("p/<slug:code>/insight/", include("propdesk.desk.insight.urls")),
    path("found/<slug:code>/", notice.public, name="found_notice"),
    path("", include("propdesk.desk.urls")),
]
