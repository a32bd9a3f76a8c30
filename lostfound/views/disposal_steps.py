"""Each step of a paper of disposal: its form, its transition, what is said; sent once, kept when refused."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_http_methods, require_POST

from lostfound import workflow
from lostfound.forms import disposal as forms
from lostfound.models import DisposalBatch, DisposalLine, Method
from lostfound.queries import disposal as queries
from lostfound.rows import disposal as rows
from lostfound.views.frame import allow, link
from lostfound.workflow.table import BATCH_MOVES
from propdesk.core import drafts, signatures
from propdesk.core.http import StaffRequest, attempt, carried, done, page, staff_view
from propdesk.core.models import User
from propdesk.core.paging import number_or_none

Data = dict[str, Any]
B = DisposalBatch.Status
L = DisposalLine.State
NEVER_BACK = ("executed_at",)
"""What stood there hours ago is not brought back from a draft."""


@dataclass(slots=True)
class Open:
    """A paper with its lines, as one request reads it."""

    batch: DisposalBatch
    lines: list[Any]

    @property
    def live(self) -> list[Any]:
        """The lines that are still to be decided or carried out."""
        return [line for line in self.lines if line.state in queries.LIVE]

    def of(self, method: str) -> list[Any]:
        """The lines that go this way and wait to be carried out."""
        return [n for n in self.lines if n.state == L.DECIDED and n.method == method]


@dataclass(frozen=True, slots=True)
class Step:
    """One act on a paper: title, who may, in which states, its form and what it calls."""

    title: "str | Lazy"
    action: str
    move: str
    form: type[forms.BatchForm]
    run: Callable[[Open, User, Data], Any]
    done: "str | Lazy"

    @property
    def states(self) -> frozenset[str]:
        """Where it is possible."""
        return BATCH_MOVES[self.move].states


def load(request: StaffRequest, number: str) -> Open:
    """The paper of this number with its lines; 403 for who may not read papers, 404 without one."""
    allow(request, "read_batch")
    batch = queries.find(request.prop, number)
    if batch is None:
        raise Http404
    return Open(batch, queries.lines(batch))


def _sign(by: User, data: Data) -> None:
    """Keep the signature drawn along, for whom there was none."""
    if data.get("signature"):
        signatures.keep(by, data["signature"].read())


def _edit(one: Open, by: User, data: Data) -> Any:
    drop = [pk for pk in data["drop"] if pk in {line.pk for line in one.live}]
    change = {pk: said for pk, said in data["change"].items() if pk not in drop}
    return workflow.edit_batch(one.batch, by=by, drop=drop, change=change, opinion=data["opinion"])


def _submit(one: Open, by: User, data: Data) -> Any:
    """The opinion as it stands on the screen is what both sign."""
    _sign(by, data)
    if data["opinion"] != one.batch.opinion:
        workflow.edit_batch(one.batch, by=by, opinion=data["opinion"])
    guard = workflow.Second(data["guard"], data["guard_password"])
    return workflow.submit_batch(one.batch, guard, data["password"], by=by)


def _review(one: Open, by: User, data: Data) -> Any:
    approve = data["answer"] == "agree"
    if approve:
        _sign(by, data)
    return workflow.review_batch(
        one.batch,
        by=by,
        approve=approve,
        note=data["note"],
        password=data["password"],
        seen=data["seen"],
    )


def _decide(one: Open, by: User, data: Data) -> Any:
    _sign(by, data)
    said = {pk: workflow.Decision(*each) for pk, each in data["said"].items()}
    return workflow.decide_batch(one.batch, said, data["password"], by=by, seen=data["seen"])


def _execute(one: Open, by: User, data: Data) -> Any:
    photo = data["photo"].read() if data["photo"] else None
    execution = workflow.Execution(
        data["proof"], data.get("receiver", ""), data.get("proceeds"), photo, data["executed_at"]
    )
    second = workflow.Second(data["guard"], data["guard_password"])
    return workflow.execute_lines(one.batch, data["things"], execution, second, by=by)


STEPS: dict[str, Step] = {
    "edit": Step(
        _l("修改明细"),
        "propose_disposal",
        "propose_disposal",
        forms.LinesForm,
        _edit,
        _l("审批单已修改。"),
    ),
    "submit": Step(
        _l("共同签名提交"),
        "propose_disposal",
        "cosign_disposal",
        forms.SubmitForm,
        _submit,
        _l("已提交。"),
    ),
    "review": Step(
        _l("审核"),
        "review_batch",
        "review_batch",
        forms.ReviewForm,
        _review,
        _l("审核意见已登记。"),
    ),
    "decide": Step(
        _l("逐件批示"),
        "decide_batch",
        "decide_batch",
        forms.DecideForm,
        _decide,
        _l("已批示，已通知值班经理和保安部。"),
    ),
    "send-back": Step(
        _l("退回修改"),
        "decide_batch",
        "decide_batch",
        forms.SendBackForm,
        lambda one, by, d: workflow.send_back_batch(
            one.batch, by=by, reason=d["note"], seen=d["seen"]
        ),
        _l("已退回。"),
    ),
    "execute": Step(
        _l("登记执行"),
        "execute_line",
        "execute_line",
        forms.ExecuteForm,
        _execute,
        _l("执行已登记。"),
    ),
    "withdraw": Step(
        _l("撤回审批单"),
        "withdraw_batch",
        "withdraw_batch",
        forms.WithdrawForm,
        lambda one, by, d: workflow.withdraw_batch(one.batch, by=by, reason=d["reason"]),
        _l("已撤回，物品照旧保管。"),
    ),
}


def key(batch: DisposalBatch, step: str) -> str:
    """Under which a draft of this step is kept."""
    return f"{batch.case.number}:batch-{step}"


def form_of(request: StaffRequest, one: Open, name: str, *, fresh: bool = False) -> Any:
    """The form of a step as it was sent, as it was left, or new (``fresh``: on another page)."""
    posted = request.method == "POST" and not fresh
    more: Data = {}
    if name in ("edit", "submit"):
        more["batch"] = one.batch
    if name in ("edit", "decide"):
        more["lines"] = one.live
    if name == "execute":
        more |= {"method": _way(request), "lines": one.of(_way(request))}
    initial = {} if posted else _typed(request, one.batch, name)
    form = STEPS[name].form(
        request.POST if posted else None,
        request.FILES if posted else None,
        initial=initial,
        prop=request.prop,
        user=request.user,
        back_url="" if fresh else one.batch.get_absolute_url(),
        **more,
    )
    form.restored = bool(initial)
    return form


def _way(request: StaffRequest) -> str:
    """The way that is being carried out, from the address."""
    method = request.GET.get("way", "")
    return method if method in Method.values else ""


def _typed(request: StaffRequest, batch: DisposalBatch, name: str) -> Data:
    draft = drafts.recall(request.user, key(batch, name))
    if draft is None:
        return {}
    found: Data = drafts.first_values(draft.data)
    if "things" in draft.data:
        found["things"] = draft.data["things"]
    return {field: value for field, value in found.items() if field not in NEVER_BACK}


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def batch_step(request: StaffRequest, number: str, step: str) -> HttpResponse:
    """Any step of a paper: its own page by GET, the transition by POST."""
    if step not in STEPS:
        raise Http404
    allow(request, STEPS[step].action)
    one = load(request, number)
    if request.method != "POST":
        if one.batch.status not in STEPS[step].states or (step == "execute" and not _way(request)):
            return done(request, one.batch.get_absolute_url())
        return _page(request, one, step, form_of(request, one, step))
    form = form_of(request, one, step)
    try:
        status = _perform(request, one, step, form)
    except drafts.DoubleSubmitError:
        said = _("这一步已经登记过，没有重复登记。")
        return done(request, one.batch.get_absolute_url(), said, level=messages.INFO)
    if status == 200:
        return done(request, one.batch.get_absolute_url(), str(STEPS[step].done))
    drafts.keep(request.user, key(one.batch, step), dict(request.POST.lists()))
    return _page(request, load(request, number), step, form, status=status)


def _perform(request: StaffRequest, one: Open, name: str, form: Any) -> int:
    """Status of the step, done together with its token or not at all."""
    if not form.is_valid():
        return 422
    data = form.cleaned_data | {"seen": number_or_none(request.POST.get("seen", ""))}
    if isinstance(form, forms.LinesForm):
        data = data | {"drop": form.dropped(), "change": form.changes()}
    if isinstance(form, forms.DecideForm):
        data = data | {"said": {line.pk: form.said(line) for line in form.lines}}
    token = drafts.once(name, request.POST, request.FILES)
    url, kept = one.batch.get_absolute_url(), key(one.batch, name)

    def once() -> None:
        with transaction.atomic():
            drafts.use_token(request.user, token, url, form=kept)
            STEPS[name].run(one, request.user, data)

    return attempt(form, once)


def _page(
    request: StaffRequest, one: Open, name: str, form: Any, *, status: int = 200
) -> HttpResponse:
    today = timezone.localdate()
    made = {line.pk: row for line, row in zip(one.lines, rows.lines(one.lines, today), strict=True)}
    context = {
        "batch": one.batch,
        "step": name,
        "title": STEPS[name].title,
        "form": form,
        "each": _fields(form, made) if name in ("edit", "decide") else [],
        "things": _boxes(request, one, form, made) if name == "execute" else [],
        "way": _way(request),
        "way_label": dict(Method.choices).get(_way(request), ""),
        "form_token": drafts.new_token(),
        "seen": carried(str(one.batch.case.version), form),
        "may": {"send-back": name == "decide"},
        "status": rows.tone(one.batch.status),
    }
    return page(request, "lostfound/batch_step.html", context, status=status)


def _fields(form: Any, made: dict[int, rows.LineRow]) -> list[Data]:
    """Each line beside its own fields."""
    names = ("method", "note", "drop", "reason", "keep_until")
    return [
        {"line": made[line.pk]}
        | {n: form[f"{n}_{line.pk}"] for n in names if f"{n}_{line.pk}" in form.fields}
        for line in form.lines
        if line.pk in made
    ]


def _boxes(
    request: StaffRequest, one: Open, form: Any, made: dict[int, rows.LineRow]
) -> list[tuple[rows.LineRow, bool]]:
    """The lines that go this way, and whether each is ticked: all of them, or the one asked for."""
    waiting = one.of(_way(request))
    if form.is_bound:
        ticked = set(forms.keys_of(request.POST.getlist("things")))
    elif form.initial.get("things"):
        ticked = set(forms.keys_of(form.initial["things"]))
    else:
        asked = forms.keys_of([request.GET.get("line", "")])
        ticked = set(asked or [line.pk for line in waiting])
        if _way(request) == Method.SELL and not asked:
            ticked = {waiting[0].pk} if waiting else set()
    return [(made[line.pk], line.pk in ticked) for line in waiting]


@staff_view
@require_POST
def batch_draft(request: StaffRequest, number: str, step: str) -> HttpResponse:
    """Keep what is being typed; answers 204."""
    if step not in STEPS:
        raise Http404
    one = load(request, number)
    drafts.keep(request.user, key(one.batch, step), dict(request.POST.lists()))
    return HttpResponse(status=204)


def chosen(request: StaffRequest, batch: DisposalBatch | None, early: bool, rest: Data) -> Any:
    """The form that puts things on a paper, as it was sent or new."""
    posted = request.method == "POST"
    return forms.PickForm(
        request.POST if posted else None,
        initial=rest,
        prop=request.prop,
        user=request.user,
        batch=batch,
        early=early,
        back_url=batch.get_absolute_url() if batch else link(request, "batches"),
    )


def asked(request: StaffRequest, form: forms.PickForm) -> list[workflow.Ask]:
    """What is asked for: the ticked things, and one whose number was typed; ValidationError without it."""
    data = form.cleaned_data
    early = {"early": data["early"], "early_reason": data["early_reason"]}
    found = [
        workflow.Ask(item, data["method"], data["note"], **early)
        for item in queries.picked(request.prop, data["things"])
    ]
    if data["early_number"]:
        item = queries.by_number(request.prop, data["early_number"])
        if item is None:
            raise ValidationError(_("没有找到这个编号，请核对后再填。"))
        if item.pk not in data["things"]:
            found.append(workflow.Ask(item, data["method"], data["note"], **early))
    return found
