"""日历订阅: its page, and the feed itself, which a telephone reads without a log-in."""

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from propdesk.core import vault
from propdesk.core.http import StaffRequest, done, page, staff_view
from propdesk.core.throttling import too_often
from propdesk.desk.calendar import feeds, queries, workflow
from propdesk.desk.calendar.frame import allow, link
from propdesk.desk.calendar.models import CalendarFeed

PER_ADDRESS, PER_FEED = 120, 10
"""Readings a minute: of one address (a house has one for all its telephones), of one feed."""
KEPT = "calendar feed key"
GET_POST = require_http_methods(["GET", "HEAD", "POST"])


@staff_view
@GET_POST
def feed(request: StaffRequest) -> HttpResponse:
    """Whether a feed is in force; a POST makes a new address, shown once on the page that follows.

    That page is a GET: to load it again changes nothing. A live address is changed from a page that asks.
    """
    allow(request, "read_calendar")
    if request.method == "POST":
        row, token = workflow.make_feed(request.prop, by=request.user)
        _keep(request, row, token)
        return done(request, link(request, "feed"))
    live = queries.live_feed(request.user, request.prop)
    if live is not None and "change" in request.GET:
        return page(request, "desk/calendar/feed_change.html", {})
    token = _kept(request, live)
    context = {
        "feed": live,
        "address": _base(request) + reverse("calendar_feed", args=[token]) if token else "",
        "before": feeds.BEFORE.days,
        "ahead": feeds.AHEAD.days,
    }
    return page(request, "desk/calendar/feed.html", context)


def _keep(request: StaffRequest, row: CalendarFeed, token: str) -> None:
    """For the next page: closed, as a session lies in the database and the key of a feed does not."""
    request.session[KEPT] = vault.closed(token.encode(), KEPT, str(row.pk)).hex()


def _kept(request: StaffRequest, live: CalendarFeed | None) -> str:
    """The key that was just made, once; "" where there is none or it is in force no more."""
    stored = request.session.pop(KEPT, "")
    if live is None or not stored:
        return ""
    return (vault.opened(bytes.fromhex(stored), KEPT, str(live.pk)) or b"").decode()


@staff_view
@GET_POST
def end(request: StaffRequest) -> HttpResponse:
    """停用订阅: asked once more, without a reason."""
    allow(request, "end_feed")
    if request.method == "POST":
        workflow.end_feed(request.prop, by=request.user)
        return done(request, link(request, "feed"), _("订阅已停用，原来的地址不再有内容。"))
    return page(request, "desk/calendar/feed_end.html", {})


@require_safe
def read(request: HttpRequest, token: str) -> HttpResponse:
    """The feed of this key (RFC 5545); 404 for any that opens nothing, without saying why."""
    digest = queries.digest_of(token)
    caller = get_adapter().get_client_ip(request)
    if too_often("feed-from", caller, PER_ADDRESS) or too_often("feed", digest, PER_FEED):
        return HttpResponse(status=429, headers={"Retry-After": "60"})
    row = queries.feed_of(token)
    if row is None or not feeds.is_open(row):
        raise Http404
    entries = feeds.entries_of(row)
    etag = feeds.etag(entries)
    answer = get_conditional_response(request, etag=etag)
    if answer is None:
        body = feeds.written(entries, row.property, _base(request), timezone.now())
        answer = HttpResponse(body, content_type="text/calendar; charset=utf-8")
        answer["Content-Disposition"] = 'inline; filename="propdesk.ics"'
    answer["ETag"], answer["Cache-Control"] = etag, "private, no-cache"
    return answer


def _base(request: HttpRequest) -> str:
    """The address of this installation, as papers print it; without one, as it was asked."""
    return settings.PROPDESK_PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
