"""Acts with a form of their own: a line, photos, people, the end; answers to questions."""

from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from emergencies import cards, forms, workflow
from emergencies.detail import Ask, Detail
from emergencies.own_acts import DAMAGE, EVERY
from emergencies.views import frame
from emergencies.workflow.base import permit
from propdesk.core import drafts
from propdesk.core.http import StaffRequest, staff_view
from propdesk.core.paging import number_or_none
from propdesk.core.transitions import require

GET_POST = require_http_methods(["GET", "HEAD", "POST"])


@staff_view
@GET_POST
def act(request: StaffRequest, number: str, name: str) -> HttpResponse:
    """Any act on an event: its own page by GET, the transition by POST."""
    if name not in EVERY:
        raise Http404
    one, spec = frame.load(request, number), EVERY[name]
    permit(one.event, spec.action, request.user)
    if request.method != "POST":
        card = cards.slip(one) if name in DAMAGE else None
        about = card.slip if card else one.event
        refused = frame.not_ready(request, one, name, spec, about)
        return refused or _page(request, one, name, _form(request, one, name, card), card)
    if "more_rows" in request.POST:
        return frame.more_rows(request, one, name)
    form = spec.form(request.POST, request.FILES, event=one.event, user=request.user)
    form.device = request.headers.get("User-Agent", "")[:160]
    if name in DAMAGE:
        form.version = number_or_none(request.POST.get("seen", "")) or 0
    try:
        status = frame.try_once(
            request, one, name, form, lambda: spec.run(one.event, request.user, form)
        )
    except drafts.DoubleSubmitError:
        return frame.again(request, one)
    if status != 200:
        one = frame.load(request, number)
        card = cards.slip(one) if name in DAMAGE else None
        if card and status == 409:
            form.version = card.version
        return _page(request, one, name, form, card, status=status)
    return frame.changed(request, one, str(spec.done))


def _form(
    request: StaffRequest, one: Detail, name: str, card: cards.Damage | None
) -> forms.ActForm:
    """What was typed before and never sent; lines priced then keep the slip they were meant for."""
    drafted = one.drafts.get(name, {})
    typed = {k: v for k, v in drafted.items() if k not in forms.NOW_FIELDS}
    form = EVERY[name].form(event=one.event, user=request.user, initial=typed)
    form.restored = bool(typed)
    if card:
        kept = number_or_none(typed.get("seen", "")) if name == "price" else None
        form.version = card.version if kept is None else kept
    return form


def _page(
    request: StaffRequest,
    one: Detail,
    name: str,
    form: Any,
    card: cards.Damage | None,
    *,
    status: int = 200,
) -> HttpResponse:
    title = EVERY[name].title
    draft = frame.address(one, "draft", name)
    card = card if name != "price" or status == 409 else None
    return frame.form_page(
        request, one, title, form, status=status, name=name, draft_url=draft, card=card
    )


@staff_view
@require_POST
def draft(request: StaffRequest, number: str, name: str) -> HttpResponse:
    """Keep what is being typed into an act or a step; answers 204."""
    one = frame.load(request, number)
    step = name.removeprefix("step-")
    if name not in EVERY and not (name != step and step in one.playbook.steps):
        raise Http404
    drafts.keep(request.user, f"{one.event.case.number}:{name}", dict(request.POST.lists()))
    return HttpResponse(status=204)


@staff_view
@GET_POST
def answer(request: StaffRequest, number: str, key: str) -> HttpResponse:
    """回答判断: one tap on the page of the event; another answer takes a reason."""
    one = frame.load(request, number)
    ask = one.ask(key)
    if ask is None:
        raise Http404
    permit(one.event, "answer", request.user)
    if request.method != "POST":
        refused = frame.blocked(
            request, one, _("回答判断"), "answer", lambda: require(ask.may_change, ask.source)
        )
        return refused or _answer_page(request, one, ask, _answer_form(request, one, ask))
    form = _answer_form(request, one, ask, posted=True)
    try:
        status = frame.try_once(
            request, one, f"fact-{key}", form, lambda: _answer(request, one, form)
        )
    except drafts.DoubleSubmitError:
        return frame.again(request, one, f"fact-{key}")
    if status != 200:
        one = frame.load(request, number)
        fresh = one.ask(key) or ask
        return _answer_page(request, one, fresh, form, status=status)
    return frame.changed(request, one, anchor=f"fact-{key}")


def _answer_form(
    request: StaffRequest, one: Detail, ask: Ask, *, posted: bool = False
) -> forms.AnswerForm:
    current = ask.answer.value if ask.answer else ""
    form = forms.AnswerForm(
        request.POST if posted else None,
        event=one.event,
        user=request.user,
        fact=ask.fact,
        current=current,
        initial={"seen": ask.seen, "value": current},
    )
    if not posted:
        form.fields["value"].choices = ask.offered  # type: ignore[attr-defined]
    return form


def _answer(request: StaffRequest, one: Detail, form: forms.AnswerForm) -> Any:
    data = form.cleaned_data
    return workflow.answer(
        one.event,
        form.fact.key,
        data["value"],
        by=request.user,
        seen=data["seen"] or 0,
        reason=data.get("reason", ""),
    )


def _answer_page(
    request: StaffRequest, one: Detail, ask: Ask, form: forms.AnswerForm, *, status: int = 200
) -> HttpResponse:
    """The question with the answer in force; after a 409 the next try knows the newer one."""
    shown = form
    if status == 409:
        shown = _answer_form(request, one, ask)
        shown.initial.update({n: form.cleaned_data.get(n, "") for n in ("value", "reason")})
        shown.conflict = [str(error) for error in form.non_field_errors()]
    return frame.form_page(
        request, one, _("回答判断"), shown, status=status, name="answer", ask=ask
    )
