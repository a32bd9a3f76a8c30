"""What the pages of one event share: loading it, its parts, and the answer after a change.

The page is made of parts. A poll, and the answer to a tap, bring all of them again; the browser puts
in those that changed and in which nobody is typing (``static/js/event.js``).
"""

import hashlib
import re
from collections.abc import Callable
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from emergencies import acts, cards, forms, rows, workflow
from emergencies.detail import Detail
from emergencies.next_steps import Line
from emergencies.workflow.table import MOVES
from propdesk.core import drafts
from propdesk.core.http import StaffRequest, attempt, came_late, done, page
from propdesk.core.paging import number_or_none
from propdesk.core.transitions import ConflictError, in_state

ONE_TIME = re.compile(r'name="(?:csrfmiddlewaretoken|form_token)" value="[^"]*"')
"""What differs each time a form is drawn."""
MAIN = ("now", "own", "questions", "steps", "end", "review")
MORE_ROWS = 5
FIRST = {"loss_list": "list-losses", "affected": "add-affected"}
"""The act that fills what a register must hold before its step is ticked."""
SIDE = ("told", "people", "papers", "photos", "more", "timeline")


def load(request: StaffRequest, number: str) -> Detail:
    """The event of this number as this user may see it, or 404 (never 403: decision 33)."""
    found = Detail.load(request.user, request.prop, number.upper(), timezone.now())
    if found is None:
        raise Http404
    return found


def load_to_read(request: StaffRequest, number: str) -> Detail:
    """The same for a page of its own; PermissionDenied for who may not read it, as ``permit`` says."""
    one = load(request, number)
    if not one.allowed("read"):
        raise PermissionDenied
    return one


def address(one: Detail, name: str = "detail", *args: object) -> str:
    """The address of a page of this event."""
    case = one.event.case
    return reverse(f"emergencies:{name}", args=[case.property.code, case.number, *args])


# --- the page and its parts ----------------------------------------------------------------


def context_of(request: StaffRequest, one: Detail) -> dict[str, Any]:
    """What the templates of a page or part print."""
    return {
        "one": one,
        "row": one.event,
        "now": one.now,
        "form_token": drafts.new_token(),
        "entries": rows.timeline(one, request.GET.get("kind", ""), None),
        "own": cards.of(one),
        "now_form": now_form(request, one),
        "main_parts": MAIN,
        "side_parts": SIDE,
    }


def now_form(request: StaffRequest, one: Detail) -> forms.StepForm | None:
    """The form of the most urgent step of this user, when something has to be written down."""
    lines = one.now_lines
    line = lines[0] if lines else None
    if line is None or line.is_plain or line.register or not one.can("mark"):
        return None
    return step_form(request, one, line)


def step_form(
    request: StaffRequest, one: Detail, line: Line, *, posted: bool = False
) -> forms.StepForm:
    """The form of a step: as it was sent, else with what was typed before and never sent."""
    name = f"step-{line.step.id}"
    drafted = one.drafts.get(name, {})
    form = forms.StepForm(
        request.POST if posted else None,
        request.FILES if posted else None,
        event=one.event,
        user=request.user,
        step=line.step,
        facts=one.board.counting,
        people=one.people,
        once=line.repeats,
        initial={k: v for k, v in drafted.items() if k not in forms.NOW_FIELDS},
        auto_id=f"id_{line.step.id}_%s",
    )
    form.restored = bool(drafted) and not posted
    form.first = _first(one, line)
    return form


def register_of(one: Detail, line: Line) -> str:
    """The page of the register in which a step is done."""
    return address(one, line.register.partition(":")[2] or "detail")


def _first(one: Detail, line: Line) -> tuple[str, str] | None:
    """What must be on record before the step is ticked, and the page where it is written down."""
    own = str(line.step.own or "")
    if line.is_owned:
        return _("这一步在专门的登记里办理，办好后自己打勾。"), register_of(one, line)
    missing = workflow.missing_before(one.event, own) if line.is_open else ""
    return (missing, address(one, "act", FIRST[own])) if missing and own in FIRST else None


def parts(request: StaffRequest, one: Detail) -> list[dict[str, Any]]:
    """Name, markup and digest of every part; the digest knows nothing of one-time tokens."""
    context = context_of(request, one)
    found = []
    for name in ("head", *MAIN, *SIDE):
        html = render_to_string(f"emergencies/parts/_{name}.html", context, request)
        said = ONE_TIME.sub("", html)
        digest = hashlib.sha256(said.encode()).hexdigest()[:16]
        found.append({"name": name, "html": html, "digest": digest})
    return found


def detail_page(request: StaffRequest, one: Detail, *, status: int = 200) -> HttpResponse:
    """The page of one event."""
    made = {part["name"]: part for part in parts(request, one)}
    context = {
        "one": one,
        "row": one.event,
        "head": made["head"],
        "main": [made[name] for name in MAIN],
        "side": [made[name] for name in SIDE],
        "live_url": live_url(one),
    }
    return page(request, "emergencies/detail.html", context, status=status)


def live_url(one: Detail) -> str:
    """Where the page asks whether anything changed; "" for what nobody works on any more."""
    if one.event.status not in ("running", "signing"):
        return ""
    return f"{address(one, 'live')}?v={one.event.case.version}"


def live_page(request: StaffRequest, one: Detail, *, flash: bool = False) -> HttpResponse:
    """All parts again, for the browser to choose from."""
    context = {"parts": parts(request, one), "live_url": live_url(one), "flash": flash}
    return page(request, "emergencies/live.html", context)


# --- after a tap ---------------------------------------------------------------------------


def changed(
    request: StaffRequest,
    one: Detail,
    said: str = "",
    *,
    anchor: str = "",
    level: int = messages.SUCCESS,
) -> HttpResponse:
    """After a change: the parts again for the script, the page at its place without one."""
    seen = Detail.load(request.user, request.prop, one.event.case.number, timezone.now())
    if seen is None:
        return done(request, reverse("emergencies:board", args=[request.prop.code]), said)
    if request.htmx:
        if said:
            messages.add_message(request, level, said)
        return live_page(request, seen, flash=True)
    return done(request, address(one) + (f"#{anchor}" if anchor else ""), said, level=level)


def again(request: StaffRequest, one: Detail, anchor: str = "") -> HttpResponse:
    """The answer to the twin of a form that was sent already."""
    said = _("这一步已经登记过，没有重复登记。")
    return changed(request, one, said, anchor=anchor, level=messages.INFO)


def try_once(
    request: StaffRequest,
    one: Detail,
    name: str,
    form: django_forms.BaseForm,
    run: Callable[[], Any],
) -> int:
    """Status of the act: 200, or 422 / 403 / 409 with the sentences on the form; what was typed stays.

    Raises DoubleSubmitError for a form that was sent already.
    """
    status = 422
    if form.is_valid():
        token = drafts.once(name, request.POST, request.FILES)
        status = attempt(
            form, lambda: acts.once(one.event, name, run, by=request.user, token=token)
        )
    if came_late(form, status) and (done_by := rows.just_done(one)):
        form.add_error(None, done_by)
    if status != 200:
        key = f"{one.event.case.number}:{name}"
        drafts.keep(request.user, key, dict(request.POST.lists()))
    return status


def more_rows(request: StaffRequest, one: Detail, name: str) -> HttpResponse:
    """The form again with what was typed and five more empty lines (without script)."""
    typed = dict(request.POST.lists())
    shown = number_or_none(request.POST.get("rows", "")) or 0
    typed["rows"] = [str(shown + MORE_ROWS)]
    drafts.keep(request.user, f"{one.event.case.number}:{name}", typed)
    return done(request, request.get_full_path())


def blocked(
    request: StaffRequest,
    one: Detail,
    title: Any,
    action: str,
    check: Callable[[], object],
    **more: Any,
) -> HttpResponse | None:
    """The sentence of what cannot be done as things stand, in place of a form; None when it can be.

    Looked at when the page is opened: nobody fills in for nothing. What is missing is listed, each
    with its place.
    """
    form = forms.AgainForm({}, event=one.event, user=request.user)
    try:
        in_state(one.event, MOVES, action)
        check()
    except ConflictError as conflict:
        form.add_error(None, conflict.head or str(conflict))
        more |= {"blocked": True, "lacking": bool(conflict.missing)}
        return form_page(request, one, title, form, status=409, **more)
    return None


def not_ready(
    request: StaffRequest, one: Detail, name: str, act: acts.Act, about: Any
) -> HttpResponse | None:
    """The same of an act by its word in the address."""
    check = act.ready or (lambda _one, _about: None)
    return blocked(request, one, act.title, act.action, lambda: check(one, about), name=name)


def form_page(
    request: StaffRequest, one: Detail, title: Any, form: Any, *, status: int = 200, **more: Any
) -> HttpResponse:
    """A page with one form of an event; a refused one takes the whole window."""
    context = {
        "one": one,
        "row": one.event,
        "title": title,
        "form": form,
        "form_token": drafts.new_token(),
        "now": one.now,
        **more,
    }
    response = page(request, "emergencies/act.html", context, status=status)
    if request.htmx and status != 200:
        response["HX-Retarget"], response["HX-Reswap"] = "body", "innerHTML"
    return response
