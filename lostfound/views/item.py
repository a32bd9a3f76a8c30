"""The register and the page of one found thing. Rows come from ``queries``, changes from ``workflow``."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lostfound import acts, forms, rows, workflow
from lostfound.detail import Detail
from lostfound.queries import item as queries
from lostfound.queries import match
from lostfound.views.log import load
from propdesk.core import drafts
from propdesk.core.http import StaffRequest, attempt, came_late, carried, done, page, staff_view
from propdesk.core.paging import number_or_none

GET_POST = require_http_methods(["GET", "HEAD", "POST"])


@staff_view
@require_GET
def board(request: StaffRequest) -> HttpResponse:
    """失物: in custody by time left, ended ones newest first; filters stay in the address."""
    now, after = timezone.now(), request.GET.get("after", "")
    filters = queries.Filters.of(request.GET)
    found = queries.page_of(queries.board(request.user, request.prop, filters, now), filters, after)
    context = rows.board_context(request.prop, request.user, filters, found, now, after)
    name = "lostfound/partials/_rows.html" if request.htmx else "lostfound/board.html"
    return page(request, name, context)


@staff_view
@require_GET
def detail(request: StaffRequest, number: str) -> HttpResponse:
    """One thing: the next action first, facts beside it, history below."""
    return detail_page(request, load(request, number))


def detail_page(
    request: StaffRequest,
    one: Detail,
    *,
    bound: tuple[str, forms.ActForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page, its first card as it was refused when ``bound`` names it."""
    context: dict[str, Any] = {
        "one": one,
        "row": one.item,
        "card": _card(request, one, bound),
        "form_token": drafts.new_token(),
        "now": one.now,
    }
    if one.may_details:
        context["entries"] = rows.timeline(one, request.GET.get("kind", ""), None)
    if one.item.ended_at is None:
        details, decides = one.may_details, one.allowed("decide_match")
        listed = match.for_item(one.item, request.user, details=details)
        context["suggestions"] = [each for each in listed if not each.is_weak]
        context["perhaps"] = [each for each in listed if each.is_weak]
        context["may_match"] = decides
    return page(request, "lostfound/detail.html", context, status=status)


def _card(
    request: StaffRequest, one: Detail, bound: tuple[str, forms.ActForm] | None
) -> dict[str, Any] | None:
    """The first card: act, form, and what an editing form was filled from."""
    if not one.cards:
        return None
    name = one.cards[0]
    form = bound[1] if bound and bound[0] == name else _form(request, one, name)
    return {"name": name, "act": acts.ACTS[name], "form": form, "seen": _seen(one, name, form)}


def _seen(one: Detail, name: str, form: forms.ActForm) -> str:
    """What the user saw when he began: a draft remembers it, only a stale page is made a new one."""
    now = acts.seen(name, one.item)
    kept = one.drafts.get(name, {}).get("seen", "")
    return carried(now, form, kept=kept) if now else ""


def _form(request: StaffRequest, one: Detail, name: str) -> forms.ActForm:
    drafted = one.drafts.get(name, {})
    typed = {k: v for k, v in drafted.items() if k not in forms.NOW_FIELDS}
    form = acts.ACTS[name].form(item=one.item, user=request.user, initial=typed)
    form.restored = name in one.drafts
    return form


@staff_view
@GET_POST
def act(request: StaffRequest, number: str, name: str) -> HttpResponse:
    """Any act on a thing: its own page by GET, the transition by POST."""
    if name not in acts.ACTS:
        raise Http404
    one = load(request, number)
    workflow.permit(one.item, acts.ACTS[name].action, request.user)
    if request.method != "POST":
        return _act_page(request, one, name, _form(request, one, name))
    form = acts.ACTS[name].form(request.POST, request.FILES, item=one.item, user=request.user)
    made: list[Any] = []
    try:
        status = _perform(request, one, name, form, made)
    except drafts.DoubleSubmitError:
        again = _("这一步已经登记过，没有重复登记。")
        return done(request, one.item.get_absolute_url(), again, level=messages.INFO)
    if status != 200:
        drafts.keep(request.user, f"{one.item.case.number}:{name}", dict(request.POST.lists()))
        return _refused(request, load(request, number), name, form, status)
    return done(request, _afterwards(request, one), acts.said(name, made[0]))


def _perform(
    request: StaffRequest, one: Detail, name: str, form: forms.ActForm, made: list[Any]
) -> int:
    """Status of the act: 200 with what it returned in ``made``, or 422 / 403 / 409 on the form."""
    if not form.is_valid():
        return 422

    def act() -> None:
        token, seen = drafts.once(name, request.POST, request.FILES), request.POST.get("seen", "")
        data, by = form.cleaned_data, request.user
        made.append(acts.perform(name, one.item, by=by, data=data, token=token, seen=seen))

    return attempt(form, act)


def _afterwards(request: StaffRequest, one: Detail) -> str:
    """The thing, or the list for whom this act was the last he had to do with it."""
    seen = queries.visible_to(request.user, request.prop).filter(pk=one.item.pk)
    if one.may_always or seen.exists():
        return one.item.get_absolute_url()
    return reverse("lostfound:board", args=[request.prop.code])


def _refused(
    request: StaffRequest, one: Detail, name: str, form: forms.ActForm, status: int
) -> HttpResponse:
    if came_late(form, status) and (done_by := rows.just_done(one)):
        form.add_error(None, done_by)
    if name in one.cards[:1]:
        return detail_page(request, one, bound=(name, form), status=status)
    return _act_page(request, one, name, form, status=status)


def _act_page(
    request: StaffRequest, one: Detail, name: str, form: forms.ActForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "one": one,
        "row": one.item,
        "name": name,
        "act": acts.ACTS[name],
        "form": form,
        "form_token": drafts.new_token(),
        "seen": _seen(one, name, form),
    }
    return page(request, "lostfound/act.html", context, status=status)


@staff_view
@require_POST
def draft(request: StaffRequest, number: str, name: str) -> HttpResponse:
    """Keep what is being typed; answers 204."""
    one = load(request, number)
    if name not in acts.ACTS:
        raise Http404
    drafts.keep(request.user, f"{one.item.case.number}:{name}", dict(request.POST.lists()))
    return HttpResponse(status=204)


def need_details(one: Detail) -> None:
    """PermissionDenied (403) for whom features, photos and history of the thing are closed."""
    if not one.may_details:
        raise PermissionDenied(_("这件物品的细节对您不开放。"))


@staff_view
@require_GET
def timeline(request: StaffRequest, number: str) -> HttpResponse:
    """Older entries of the timeline."""
    one = load(request, number)
    need_details(one)
    before = number_or_none(request.GET.get("before", ""))
    entries = rows.timeline(one, request.GET.get("kind", ""), before)
    context = {"one": one, "row": one.item, "entries": entries}
    name = "partials/_timeline.html" if request.htmx else "lostfound/timeline.html"
    return page(request, name, context)


@staff_view
@require_GET
def history(request: StaffRequest, number: str) -> HttpResponse:
    """Every change of the slip: who, when, why, from what to what."""
    one = load(request, number)
    workflow.permit(one.item, "history", request.user)
    context = {"one": one, "row": one.item, "changes": rows.history(one.item)}
    return page(request, "lostfound/history.html", context)
