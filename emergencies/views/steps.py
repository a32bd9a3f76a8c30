"""Steps: done, one round, not needed, still true; and the playbook a step leads to."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from emergencies import forms, workflow
from emergencies.detail import Detail
from emergencies.next_steps import Line
from emergencies.queries import events
from emergencies.views import frame
from emergencies.workflow.base import permit
from propdesk.core import drafts
from propdesk.core.http import StaffRequest, attempt, done, page, staff_view
from propdesk.core.paging import number_or_none


def _line(one: Detail, step: str) -> Line:
    line = one.line(step)
    if line is None:
        raise Http404
    return line


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: StaffRequest, number: str, step: str) -> HttpResponse:
    """完成, or 登记一次 of a step that repeats, with its proof."""
    one = frame.load(request, number)
    line = _line(one, step)
    permit(one.event, "mark", request.user)
    if request.method != "POST":
        refused = frame.blocked(request, one, line.text, "mark", bool, line=line)
        return refused or _asked(request, one, line)
    form = frame.step_form(request, one, line, posted=True)
    run = _run(request, one, line, form)
    try:
        status = frame.try_once(request, one, f"step-{step}", form, run)
    except drafts.DoubleSubmitError:
        return frame.again(request, one, f"step-{step}")
    if status != 200:
        one = frame.load(request, number)
        return _page(request, one, _line(one, step), form, status=status)
    return frame.changed(request, one, anchor=f"step-{step}")


def _asked(request: StaffRequest, one: Detail, line: Line) -> HttpResponse:
    """Its form; of a step that marks itself the register where it is done."""
    if line.is_owned and line.register and not request.htmx:
        said = _("这一步在专门的登记里办理，办好后自己打勾。")
        return done(request, frame.register_of(one, line), said, level=messages.INFO)
    return _page(request, one, line, frame.step_form(request, one, line))


def _run(request: StaffRequest, one: Detail, line: Line, form: forms.StepForm) -> Callable[[], Any]:
    ident, by = line.step.id, request.user
    if line.repeats:
        return lambda: workflow.one_round(one.event, ident, form.proof(), by=by)
    return lambda: workflow.done(one.event, ident, form.proof(), by=by, seen=_seen(request))


def _seen(request: StaffRequest) -> int:
    """Number of the mark the page showed; 0 for none."""
    return number_or_none(request.POST.get("seen", "")) or 0


def _page(
    request: StaffRequest, one: Detail, line: Line, form: Any, *, status: int = 200
) -> HttpResponse:
    ident = line.step.id
    more = {"line": line, "name": "step", "draft_url": frame.address(one, "draft", f"step-{ident}")}
    if request.htmx and status == 200:
        context = {"one": one, "row": one.event, "form": form, "form_token": drafts.new_token()}
        return page(request, "emergencies/partials/_step_form.html", context | more)
    return frame.form_page(request, one, line.text, form, status=status, **more)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def skip(request: StaffRequest, number: str, step: str) -> HttpResponse:
    """登记不需要, where the playbook lets a reason stand for the step."""
    one = frame.load(request, number)
    line = _line(one, step)
    permit(one.event, "mark", request.user)
    form = forms.SkipForm(request.POST or None, event=one.event, user=request.user)
    if request.method != "POST":
        refused = frame.blocked(
            request,
            one,
            _("不需要这一步"),
            "mark",
            lambda: workflow.check_skip(one.event, step),
            line=line,
        )
        if refused is not None:
            return refused
    status = 200
    if request.method == "POST":
        try:
            status = frame.try_once(
                request, one, f"skip-{step}", form, lambda: _skip(request, one, step, form)
            )
        except drafts.DoubleSubmitError:
            return frame.again(request, one, f"step-{step}")
        if status == 200:
            return frame.changed(request, one, anchor=f"step-{step}")
    return frame.form_page(
        request, one, _("不需要这一步"), form, status=status, line=line, name="skip"
    )


def _skip(request: StaffRequest, one: Detail, step: str, form: forms.SkipForm) -> Any:
    reason, seen = form.cleaned_data["reason"], _seen(request)
    return workflow.not_needed(one.event, step, by=request.user, reason=reason, seen=seen)


@staff_view
@require_POST
def still(request: StaffRequest, number: str, step: str) -> HttpResponse:
    """仍然有效: a mark made under an answer that has changed since holds all the same."""
    one = frame.load(request, number)
    line, seen = _line(one, step), _seen(request)
    form = forms.AgainForm(request.POST, event=one.event, user=request.user)
    form.is_valid()
    status = attempt(
        form, lambda: workflow.confirm_again(one.event, step, by=request.user, seen=seen)
    )
    if status != 200:
        return frame.form_page(
            request, one, _("仍然有效"), form, status=status, line=line, name="still"
        )
    return frame.changed(request, one, anchor=f"step-{step}")


@staff_view
@require_POST
def open_child(request: StaffRequest, number: str, step: str) -> HttpResponse:
    """启动关联预案: the child, once; whoever may not read it stays where he is."""
    one = frame.load(request, number)
    line, made = _line(one, step), list[Any]()
    form = forms.AgainForm(request.POST, event=one.event, user=request.user)
    form.is_valid()
    kind = str(line.step.opens or "")
    status = attempt(
        form, lambda: made.append(workflow.open_child(one.event, kind, by=request.user))
    )
    if status != 200:
        return frame.form_page(
            request, one, _("启动关联预案"), form, status=status, line=line, name="open"
        )
    number = made[0].case.number
    said = _("已启动 %(n)s，有关岗位已收到通知。") % {"n": number}
    seen = events.visible_to(request.user, request.prop).filter(pk=made[0].pk)
    if seen.exists():
        return done(request, made[0].get_absolute_url(), said)
    return frame.changed(request, one, said, anchor=f"step-{step}")
