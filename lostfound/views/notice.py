"""招领公告: staff choose what is made known; everybody may read the four facts of it (F5)."""

from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lostfound import reports, workflow
from lostfound.forms.papers import NoticeDayForm, NoticeForm
from lostfound.queries import papers as queries
from lostfound.views.frame import allow, link
from lostfound.views.papers import start_list
from propdesk.core.http import StaffRequest, attempt, done, page, staff_view
from propdesk.core.transitions import ConflictError

PUBLIC_FOR = 300
"""Seconds a guest's own browser may keep the public list."""


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def notice(request: StaffRequest) -> HttpResponse:
    """What was never made known, the oldest first; those ticked are made known in one go."""
    allow(request, "announce")
    form = NoticeForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            status = attempt(form, lambda: _publish(request, form.cleaned_data))
        if status == 200:
            n = len(form.cleaned_data["items"])
            said = _("已登记公告 %(n)d 件，可以打印张贴。") % {"n": n}
            return done(request, link(request, "notice"), said)
    after = request.GET.get("after", "")
    found = queries.to_announce(request.prop, after)
    ticked = {str(pk) for pk in request.POST.getlist("items")}
    every = "all" in request.GET and not ticked
    context = {
        "form": form,
        "rows": [
            {
                "item": item,
                "public": reports.public_row(item),
                "ticked": every or str(item.pk) in ticked,
            }
            for item in found.rows
        ],
        "after": after,
        "next": found.after,
        "today": timezone.localdate().isoformat(),
    }
    return page(request, "lostfound/notice.html", context, status=status)


@transaction.atomic
def _publish(request: StaffRequest, data: dict[str, Any]) -> None:
    """All of them or none: ConflictError names the one that stands in the way."""
    items = queries.chosen(request.prop, data["items"])
    if len(items) < len(data["items"]):
        raise ConflictError(_("选中的物品里有的已经公告或不在库了，请看最新列表，重新勾选。"))
    words = {name: data[name] for name in ("published_on", "channel", "note")}
    for item in items:
        try:
            workflow.announce(item, by=request.user, **words)
        except ConflictError as conflict:
            raise ConflictError(f"{item.case.number}：{conflict}") from conflict


@staff_view
@require_POST
def notice_print(request: StaffRequest) -> HttpResponse:
    """The notice as a PDF: all that is known and still here, or what was published on a day.

    What is no day asks for all of it.
    """
    allow(request, "print")
    form = NoticeDayForm(request.POST)
    day = form.cleaned_data["on"] if form.is_valid() else None
    return start_list(request, "found_notice", {"on": day.isoformat() if day else ""})


@require_GET
def public(request: HttpRequest, code: str) -> HttpResponse:
    """招领公告 for guests, without a log-in: number, category, day and area; no counts, no search.

    The browser may keep it for five minutes; no search engine may list it.
    """
    prop = queries.house(code)
    if prop is None:
        raise Http404
    found = queries.on_notice(prop, request.GET.get("after", ""))
    context = {
        "prop": prop,
        "rows": [reports.public_row(item) for item in found.rows],
        "next": found.after,
        "where": reports.claim_at(prop),
    }
    response = render(request, "lostfound/notice_public.html", context)
    response["Cache-Control"] = f"private, max-age={PUBLIC_FOR}"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
