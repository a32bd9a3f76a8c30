"""Pages of complaints. Rows come from ``queries``, changes go through ``workflow``."""

from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from incidents import acts, forms, queries, rows, workflow
from incidents.detail import Detail
from incidents.models import Complaint, Option
from incidents.wordlist import blame_words
from propdesk.core import drafts, places
from propdesk.core.http import StaffRequest, attempt, came_late, carried, done, page, staff_view
from propdesk.core.paging import number_or_none

KNOWN = "incidents.known-guest"
KNOWN_FOR_SECONDS = 3600
GET_POST = require_http_methods(["GET", "HEAD", "POST"])


@staff_view
@require_GET
def board(request: StaffRequest) -> HttpResponse:
    """投诉: by urgency with time left; filters stay in the URL."""
    now = timezone.now()
    filters = queries.Filters.of(request.GET)
    found = queries.page_of(
        queries.board(request.user, request.prop, filters, now),
        filters,
        request.GET.get("after", ""),
    )
    context = rows.board_context(request.prop, filters, found, now, request.GET.get("after", ""))
    name = "incidents/partials/_rows.html" if request.htmx else "incidents/board.html"
    return page(request, name, context)


@staff_view
@GET_POST
def intake(request: StaffRequest) -> HttpResponse:
    """登记投诉 in under a minute: one text, the rest is preset."""
    workflow.permit_intake(request.prop, request.user)
    if request.method != "POST" or "known" in request.POST:
        typed = _drafted(request, "intake") | request.POST.dict() | _known_guest(request)
        form = forms.IntakeForm(prop=request.prop, initial=typed | {"token": drafts.new_token()})
        return page(request, "incidents/intake.html", {"form": form})
    form = forms.IntakeForm(request.POST, prop=request.prop)
    made: list[Complaint] = []
    status = 422
    if form.is_valid():
        try:
            status = attempt(form, lambda: made.append(_take_in(request, form)))
        except drafts.DoubleSubmitError:
            twin = drafts.token_url(request.user, form.cleaned_data["token"])
            return done(request, twin or reverse("incidents:board", args=[request.prop.code]))
    if not made:
        drafts.keep(request.user, "intake", dict(request.POST.lists()))
        return page(request, "incidents/intake.html", {"form": form}, status=status)
    return done(
        request, made[0].get_absolute_url(), _("已登记 %(n)s。") % {"n": made[0].case.number}
    )


def _take_in(request: StaffRequest, form: forms.IntakeForm) -> Complaint:
    data = form.cleaned_data
    data["phone"] = _phone_of(request, data)
    return workflow.intake(
        request.prop,
        workflow.Intake(
            words=data["words"],
            guest=forms.guest_of(data, data["place"]),
            severity=data["severity"],
            channel=data["channel"],
            place=data["place"],
            place_note=data["place_note"],
            received_at=data["received_at"],
            is_anonymous=data["is_anonymous"],
            anonymous_reason=data["anonymous_reason"],
        ),
        by=request.user,
        token=data["token"],
    )


def _known_guest(request: StaffRequest) -> dict[str, str]:
    """Name and form of address of the guest chosen with 就是这位, from the room that was typed.

    His telephone never goes into the page: it is copied on saving (``_phone_of``).
    """
    pk = number_or_none(request.POST.get("known", ""))
    room = places.find(request.prop, request.POST.get("room", "")[:60])
    person = queries.known_guest(request.prop, pk, room) if pk and room else None
    if person is None:
        return {}
    token = signing.dumps(person.pk, salt=KNOWN)
    return {"name": person.name, "honorific": person.honorific, "guest_token": token}


def _phone_of(request: StaffRequest, data: dict[str, Any]) -> str:
    """What was typed, else the number on record of the guest taken over from the same room."""
    if data["phone"] or not data["guest_token"] or data["place"] is None:
        return str(data["phone"])
    try:
        pk = signing.loads(data["guest_token"], salt=KNOWN, max_age=KNOWN_FOR_SECONDS)
    except signing.BadSignature:
        return ""
    person = queries.known_guest(request.prop, pk, data["place"])
    return person.phone if person is not None and person.name == data["name"] else ""


def _drafted(request: StaffRequest, form: str) -> dict[str, str]:
    draft = drafts.recall(request.user, form) if request.method != "POST" else None
    return drafts.first_values(draft.data) if draft else {}


@staff_view
@require_GET
def known_guests(request: StaffRequest) -> HttpResponse:
    """Guests known in the room being typed, to take over with one tap (htmx only)."""
    workflow.permit_intake(request.prop, request.user)
    place = places.find(request.prop, request.GET.get("room", "")[:60])
    states = places.states(request.user, request.prop)
    offered = [] if place else places.suggest(request.prop, request.GET.get("room", ""))
    context = {
        "place": place,
        "state": states.get(place.pk, "") if place else "",
        "guests": queries.known_guests(request.prop, place) if place else [],
        "suggestions": [(item, states.get(item.pk, "")) for item in offered],
    }
    return page(request, "incidents/partials/_known_guests.html", context)


@staff_view
@require_GET
def detail(request: StaffRequest, number: str) -> HttpResponse:
    """One complaint: the next action first, facts beside it, history below."""
    return _detail_page(request, _load(request, number))


def _load(request: StaffRequest, number: str) -> Detail:
    found = Detail.load(request.user, request.prop, number.upper(), timezone.now())
    if found is None:
        raise Http404
    return found


def _detail_page(
    request: StaffRequest,
    one: Detail,
    *,
    bound: tuple[str, forms.ActForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    cards = [
        {
            "name": name,
            "act": acts.ACTS[name],
            "form": (form := _card_form(request, one, name, bound)),
            "seen": _seen(one, name, form),
        }
        for name in one.cards
    ]
    together = acts.ACTS[one.cards[0]].beside if len(cards) > 1 else ""
    context = {
        "one": one,
        "row": one.complaint,
        "cards": cards,
        "together": together,
        "form_token": drafts.new_token(),
        "entries": rows.timeline(one, request.GET.get("kind", ""), None),
        "now": one.now,
    }
    return page(request, "incidents/detail.html", context, status=status)


def _card_form(
    request: StaffRequest, one: Detail, name: str, bound: tuple[str, forms.ActForm] | None
) -> forms.ActForm:
    """The form of a card: as it was refused, as it was sent along with the refused one, or new."""
    if bound is None:
        return _form(request, one, name)
    sent, form = bound
    if sent == name:
        return form
    if name == "conduct" and isinstance(form, forms.RecordForm) and form.conduct is not None:
        return form.conduct
    return _form(request, one, name)


def _seen(one: Detail, name: str, form: forms.ActForm) -> str:
    """What the user saw when he began: a draft remembers it, only a stale page is made a new one."""
    now = acts.seen(name, one.complaint)
    kept = one.drafts.get(name, {}).get("seen", "")
    return carried(now, form, kept=kept) if now else ""


def _form(request: StaffRequest, one: Detail, name: str) -> forms.ActForm:
    beside = acts.ACTS[name].beside
    drafted = one.drafts.get(beside, {}) | one.drafts.get(name, {})
    typed = {k: v for k, v in drafted.items() if k not in forms.NOW_FIELDS}
    form = acts.ACTS[name].form(complaint=one.complaint, user=request.user, initial=typed)
    form.restored = name in one.drafts
    return form


@staff_view
@GET_POST
def act(request: StaffRequest, number: str, name: str) -> HttpResponse:
    """Any act on a complaint: its own page by GET, the transition by POST."""
    if name not in acts.ACTS:
        raise Http404
    one = _load(request, number)
    spec = acts.ACTS[name]
    workflow.permit(one.complaint, spec.action, request.user)
    if request.method != "POST":
        return _act_page(request, one, name, _form(request, one, name))
    form = spec.form(request.POST, request.FILES, complaint=one.complaint, user=request.user)
    key = f"{one.complaint.case.number}:{name}"
    if "save_draft" in request.POST:
        drafts.keep(request.user, key, dict(request.POST.lists()))
        return done(request, one.complaint.get_absolute_url(), _("草稿已保存24小时。"))
    try:
        status = _perform(request, one, name, form)
    except drafts.DoubleSubmitError:
        return done(
            request,
            one.complaint.get_absolute_url(),
            _("这一步已经登记过，没有重复登记。"),
            level=messages.INFO,
        )
    if status != 200:
        drafts.keep(request.user, key, dict(request.POST.lists()))
        return _refused(request, _load(request, number), name, form, status)
    _keep_beside(request, one, spec)
    _warn(request, form)
    return done(request, _afterwards(request, one), str(spec.done))


def _afterwards(request: StaffRequest, one: Detail) -> str:
    """The complaint, or the list for whom this act was the last he had to do with it."""
    seen = queries.visible_to(request.user, request.prop).filter(pk=one.complaint.pk)
    if one.may_always or seen.exists():
        return one.complaint.get_absolute_url()
    return reverse("incidents:board", args=[request.prop.code])


def _perform(request: StaffRequest, one: Detail, name: str, form: forms.ActForm) -> int:
    """Status of the act: 200, or 422 / 403 / 409 with the sentences on the form."""
    if not form.is_valid():
        return 422
    return attempt(
        form,
        lambda: acts.perform(
            name,
            one.complaint,
            by=request.user,
            data=form.cleaned_data,
            token=drafts.once(name, request.POST, request.FILES),
            seen=request.POST.get("seen", ""),
        ),
    )


def _keep_beside(request: StaffRequest, one: Detail, spec: acts.Act) -> None:
    """What was typed into the other form of the page stays typed."""
    if not spec.beside:
        return
    key = f"{one.complaint.case.number}:{spec.beside}"
    form = acts.ACTS[spec.beside].form(request.POST, complaint=one.complaint, user=request.user)
    typed = {name: values for name, values in request.POST.lists() if name in form.fields}
    if typed and form.has_changed():
        drafts.keep(request.user, key, typed)
    else:
        drafts.forget(request.user, key)


def _refused(
    request: StaffRequest, one: Detail, name: str, form: forms.ActForm, status: int
) -> HttpResponse:
    if came_late(form, status) and (done_by := rows.just_done(one)):
        form.add_error(None, done_by)
    if name in one.cards:
        return _detail_page(request, one, bound=(name, form), status=status)
    return _act_page(request, one, name, form, status=status)


def _act_page(
    request: StaffRequest, one: Detail, name: str, form: forms.ActForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "one": one,
        "row": one.complaint,
        "name": name,
        "act": acts.ACTS[name],
        "form": form,
        "form_token": drafts.new_token(),
        "seen": _seen(one, name, form),
    }
    return page(request, "incidents/act.html", context, status=status)


def _warn(request: StaffRequest, form: forms.ActForm) -> None:
    """What is pointed out, not refused: blame in text the guest may read (C-E), haste (C-H)."""
    if isinstance(form, forms.PromiseForm) and form.is_tight:
        messages.warning(
            request, _("比同类投诉近90天多数的处理时长还短，请盯紧，赶不上要先告诉客户。")
        )
    text = " ".join(str(form.cleaned_data.get(name, "")) for name in form.guest_text)
    found = blame_words(text)
    if found:
        words = "、".join(found)
        messages.warning(
            request, _("给客户看的文字里有推诿或责备的词：%(w)s。已保存，建议改写。") % {"w": words}
        )


@staff_view
@GET_POST
def option_act(request: StaffRequest, number: str, option: int, verb: str) -> HttpResponse:
    """批准 or 撤回 one option."""
    one = _load(request, number)
    row = next((o for o in one.options if o.pk == option), None)
    if row is None or verb not in ("decide", "withdraw"):
        raise Http404
    action = "decide_option" if verb == "decide" else "withdraw_option"
    workflow.permit(one.complaint, action, request.user)
    form_class = forms.DecideOptionForm if verb == "decide" else forms.WithdrawForm
    posted = request.method == "POST"
    form = form_class(request.POST if posted else None, complaint=one.complaint, user=request.user)
    status = 200
    if posted:
        status = 422
        if form.is_valid():
            target = queries.option(one.complaint, option)
            status = attempt(form, lambda: _option_verb(request, form, target, verb))
        if status == 200:
            return done(request, one.complaint.get_absolute_url(), _("已登记。"))
    context = {"one": one, "row": one.complaint, "option": row, "verb": verb, "form": form}
    return page(request, "incidents/option.html", context, status=status)


def _option_verb(request: StaffRequest, form: forms.ActForm, option: Option, verb: str) -> None:
    if verb == "withdraw":
        workflow.withdraw_option(option, by=request.user)
    else:
        data = form.cleaned_data
        approve = data["approve"] == "yes"
        workflow.decide_option(option, by=request.user, approve=approve, note=data["note"])


@staff_view
@require_GET
def timeline(request: StaffRequest, number: str) -> HttpResponse:
    """Older entries of the timeline."""
    one = _load(request, number)
    before = number_or_none(request.GET.get("before", ""))
    entries = rows.timeline(one, request.GET.get("kind", ""), before)
    context = {"one": one, "row": one.complaint, "entries": entries}
    name = "partials/_timeline.html" if request.htmx else "incidents/timeline.html"
    return page(request, name, context)


@staff_view
@require_GET
def history(request: StaffRequest, number: str) -> HttpResponse:
    """Every change of the record: who, when, why, from what to what."""
    one = _load(request, number)
    workflow.permit(one.complaint, "history", request.user)
    context = {"one": one, "row": one.complaint, "changes": rows.history(one.complaint)}
    return page(request, "incidents/history.html", context)


@staff_view
@require_POST
def draft(request: StaffRequest, number: str, name: str) -> HttpResponse:
    """Keep what is being typed; answers 204."""
    one = _load(request, number)
    if name not in acts.ACTS and name != "report":
        raise Http404
    drafts.keep(request.user, f"{one.complaint.case.number}:{name}", dict(request.POST.lists()))
    return HttpResponse(status=204)


@staff_view
@require_POST
def intake_draft(request: StaffRequest) -> HttpResponse:
    """Keep a half-typed intake; answers 204."""
    workflow.permit_intake(request.prop, request.user)
    drafts.keep(request.user, "intake", dict(request.POST.lists()))
    return HttpResponse(status=204)
