"""Addresses below /p/<code>/calendar/; the feed itself stands outside, where nobody logs in."""

from django.urls import path

from propdesk.desk.calendar import views, views_feed

app_name = "calendar"
urlpatterns = [
    path("", views.index, name="index"),
    path("feed/", views_feed.feed, name="feed"),
    path("feed/end/", views_feed.end, name="feed_end"),
    path("<str:key>/", views.period, name="period"),
]
