"""Pages of lost reports. Rows come from ``queries``, changes go through ``workflow``."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lostfound import lost_acts, workflow
from lostfound.forms.lost import JudgeForm, LostActForm, LostForm
from lostfound.models import LostReport, MatchPair
from lostfound.queries import lost as queries
from lostfound.rows import lost as rows
from propdesk.core import drafts
from propdesk.core.http import StaffRequest, attempt, carried, done, page, staff_view
from propdesk.core.paging import number_or_none

FORM = "lostfound.lost"
TRIES = 10
"""How often the page looks again by itself while its report is being compared."""
GET_POST = require_http_methods(["GET", "HEAD", "POST"])


@staff_view
@require_GET
def lost_board(request: StaffRequest) -> HttpResponse:
    """遗失登记: newest first, with how much alike the best suggestion is."""
    filters, after = queries.Filters.of(request.GET), request.GET.get("after", "")
    found = queries.page_of(queries.board(request.user, request.prop, filters), after)
    context = rows.lost_board(request.prop, request.user, filters, found, after)
    name = "lostfound/partials/_lost_rows.html" if request.htmx else "lostfound/lost_board.html"
    return page(request, name, context)


@staff_view
@GET_POST
def lost_new(request: StaffRequest) -> HttpResponse:
    """报失登记 while the guest is on the telephone: one screen."""
    workflow.permit_report(request.prop, request.user)
    if request.method != "POST":
        draft = drafts.recall(request.user, FORM)
        typed = drafts.first_values(draft.data) if draft else {}
        form = LostForm(prop=request.prop, initial=typed | {"token": drafts.new_token()})
        return page(request, "lostfound/lost_new.html", {"form": form})
    form = LostForm(request.POST, prop=request.prop)
    made: list[LostReport] = []
    status = 422
    if form.is_valid():
        try:
            status = attempt(form, lambda: made.append(_take_down(request, form)))
        except drafts.DoubleSubmitError:
            twin = drafts.token_url(request.user, form.cleaned_data["token"])
            return done(request, twin or reverse("lostfound:lost_board", args=[request.prop.code]))
    if not made:
        drafts.keep(request.user, FORM, dict(request.POST.lists()))
        return page(request, "lostfound/lost_new.html", {"form": form}, status=status)
    said = _("已登记 %(n)s，正在和失物比对。") % {"n": made[0].case.number}
    return done(request, made[0].get_absolute_url(), said)


def _take_down(request: StaffRequest, form: LostForm) -> LostReport:
    return lost_acts.take_down(request.prop, form.cleaned_data, by=request.user)


@staff_view
@require_POST
def lost_draft(request: StaffRequest) -> HttpResponse:
    """Keep a half-typed report; answers 204."""
    workflow.permit_report(request.prop, request.user)
    drafts.keep(request.user, FORM, dict(request.POST.lists()))
    return HttpResponse(status=204)


def _load(request: StaffRequest, number: str) -> rows.LostDetail:
    found = queries.one(request.user, request.prop, number.upper())
    if found is None:
        raise Http404
    return rows.LostDetail(found, request.user, timezone.now())


@staff_view
@require_GET
def lost_detail(request: StaffRequest, number: str) -> HttpResponse:
    """One report: what it may be first, facts beside it, what happened below."""
    return _detail_page(request, _load(request, number))


def _detail_page(
    request: StaffRequest, one: rows.LostDetail, *, status: int = 200, problem: str = ""
) -> HttpResponse:
    tried = number_or_none(request.GET.get("tried", "")) or 0
    context = {
        "one": one,
        "row": one.report,
        "entries": rows.lost_timeline(one, None),
        "problem": problem,
        "now": one.now,
        "look_again": tried + 1 if one.report.is_comparing and tried < TRIES else 0,
    }
    return page(request, "lostfound/lost_detail.html", context, status=status)


@staff_view
@GET_POST
def lost_act(request: StaffRequest, number: str, name: str) -> HttpResponse:
    """Any act on a report: its own page by GET, the transition by POST."""
    if name not in lost_acts.ACTS:
        raise Http404
    one = _load(request, number)
    spec = lost_acts.ACTS[name]
    workflow.permit_lost(one.report, spec.action, request.user)
    if request.method != "POST":
        form = spec.form(report=one.report, user=request.user, initial=one.drafts.get(name, {}))
        form.restored = name in one.drafts
        return _act_page(request, one, name, form)
    form = spec.form(request.POST, report=one.report, user=request.user)
    try:
        status = _perform(request, one, name, form)
    except drafts.DoubleSubmitError:
        again = _("这一步已经登记过，没有重复登记。")
        return done(request, one.report.get_absolute_url(), again, level=messages.INFO)
    if status != 200:
        drafts.keep(request.user, f"{one.report.case.number}:{name}", dict(request.POST.lists()))
        return _act_page(request, _load(request, number), name, form, status=status)
    return done(request, one.report.get_absolute_url(), str(spec.done))


def _perform(request: StaffRequest, one: rows.LostDetail, name: str, form: LostActForm) -> int:
    """Status of the act: 200, or 422 / 403 / 409 with the sentences on the form."""
    if not form.is_valid():
        return 422
    return attempt(
        form,
        lambda: lost_acts.perform(
            name,
            one.report,
            by=request.user,
            data=form.cleaned_data,
            token=drafts.once(name, request.POST, request.FILES),
            seen=request.POST.get("seen", ""),
        ),
    )


def _act_page(
    request: StaffRequest, one: rows.LostDetail, name: str, form: LostActForm, *, status: int = 200
) -> HttpResponse:
    # A draft remembers what he saw when he began; only a stale page is made a new one.
    now = lost_acts.seen(name, one.report)
    kept = one.drafts.get(name, {}).get("seen", "")
    context = {
        "one": one,
        "row": one.report,
        "name": name,
        "act": lost_acts.ACTS[name],
        "form": form,
        "form_token": drafts.new_token(),
        "seen": now and carried(now, form, kept=kept),
    }
    return page(request, "lostfound/lost_act.html", context, status=status)


@staff_view
@require_POST
def lost_act_draft(request: StaffRequest, number: str, name: str) -> HttpResponse:
    """Keep what is being typed; answers 204."""
    one = _load(request, number)
    if name not in lost_acts.ACTS:
        raise Http404
    drafts.keep(request.user, f"{one.report.case.number}:{name}", dict(request.POST.lists()))
    return HttpResponse(status=204)


@staff_view
@require_POST
def lost_match(request: StaffRequest, number: str, pair: int, verb: str) -> HttpResponse:
    """就是它 or 不是: judged on the page of the report, or on that of the thing (``back=item``)."""
    one = _load(request, number)
    row = queries.match(one.report, pair)
    if row is None or verb not in ("accept", "reject"):
        raise Http404
    workflow.permit_lost(one.report, "decide_match", request.user)
    form = JudgeForm(request.POST)
    status = 422
    if form.is_valid():
        status = attempt(form, lambda: _judge(request, row, verb, form.cleaned_data["reason"]))
    if status != 200:
        sentences = [str(text) for errors in form.errors.values() for text in errors]
        return _detail_page(
            request, _load(request, number), status=status, problem="；".join(sentences)
        )
    if verb == "accept":
        return done(
            request, _to_claim(request, number, row), _("已登记。请联系失主，按认领步骤核对。")
        )
    item_page = request.POST.get("back") == "item"
    url = row.found.get_absolute_url() if item_page else one.report.get_absolute_url()
    return done(request, url, _("已排除，以后不再提示这一对。"))


def _judge(request: StaffRequest, pair: MatchPair, verb: str, reason: str) -> None:
    workflow.decide_match(pair, by=request.user, accept=verb == "accept", reason=reason)


def _to_claim(request: StaffRequest, number: str, pair: MatchPair) -> str:
    """Where the claim of the thing begins, by whoever reported it lost; else the page of the thing."""
    item = pair.found
    if item.status in workflow.MOVES["describe"].states:
        url = reverse("lostfound:claim", args=[request.prop.code, item.case.number])
        return f"{url}?{urlencode({'lost': number})}"
    return item.get_absolute_url()


@staff_view
@require_GET
def lost_timeline(request: StaffRequest, number: str) -> HttpResponse:
    """Older entries of what happened."""
    one = _load(request, number)
    entries = rows.lost_timeline(one, number_or_none(request.GET.get("before", "")))
    context: dict[str, Any] = {"one": one, "row": one.report, "entries": entries}
    return page(request, "lostfound/lost_timeline.html", context)


@staff_view
@require_GET
def lost_history(request: StaffRequest, number: str) -> HttpResponse:
    """Every change of the report: who, when, why, from what to what."""
    one = _load(request, number)
    workflow.permit_lost(one.report, "history", request.user)
    context = {"one": one, "row": one.report, "changes": rows.lost_history(one)}
    return page(request, "lostfound/lost_history.html", context)
