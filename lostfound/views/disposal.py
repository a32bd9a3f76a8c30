"""到期处置 (L-H): papers under way, what may be put on one, and one paper with its next step first."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from lostfound import workflow
from lostfound.forms.disposal import PickForm, keys_of
from lostfound.models import DisposalBatch
from lostfound.permissions import ACTIONS
from lostfound.queries import disposal as queries
from lostfound.rows import disposal as rows
from lostfound.views.disposal_steps import STEPS, Open, asked, chosen, form_of, load
from lostfound.views.frame import allow, allowed
from lostfound.workflow.disposal import involved, left_to
from propdesk.core import drafts, serving
from propdesk.core.http import StaffRequest, attempt, done, page, staff_view
from propdesk.core.roles import standing

B = DisposalBatch.Status
NEW = "lostfound.batch"
"""Under which a half-filled choice of things is kept."""
FIRST = {B.DRAFT: "submit", B.SUBMITTED: "review"}
"""The step whose form stands on the page of the paper itself."""


@staff_view
@require_GET
def batches(request: StaffRequest) -> HttpResponse:
    """Papers under way with their next step; the ended ones behind them."""
    allow(request, "read_batch")
    filters = queries.Filters(ended=request.GET.get("state") == "ended")
    after = request.GET.get("after", "")
    found = queries.page_of(request.prop, filters, after)
    context = {
        "rows": [rows.list_row(row) for row in found.rows],
        "filters": filters,
        "after": found.after,
        "is_first": not after,
        "asks": allowed(request, "propose_disposal"),
    }
    return page(request, "lostfound/batches.html", context)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def batch_new(request: StaffRequest) -> HttpResponse:
    """草拟审批单: tick what has expired; ``?batch=<number>`` adds to a draft, ``?early=1`` shows food."""
    allow(request, "propose_disposal")
    batch = _draft(request)
    early = request.GET.get("early") == "1"
    form = chosen(request, batch, early, _typed(request))
    made: list[DisposalBatch] = []
    status = 200
    if request.method == "POST":
        status = _put(request, form, batch, made) if form.is_valid() else 422
        if status == 409 and (twin := drafts.token_url(request.user, form.cleaned_data["token"])):
            # This very page was sent before: what it put on a paper cannot go on another.
            return done(request, twin)
    if made:
        return done(request, made[0].get_absolute_url(), _("已列入 %(n)s。") % _number(made[0]))
    if status != 200:
        drafts.keep(request.user, NEW, dict(request.POST.lists()))
    return _pick_page(request, form, batch, early, status)


def _number(batch: DisposalBatch) -> dict[str, str]:
    return {"n": batch.case.number}


def _draft(request: StaffRequest) -> DisposalBatch | None:
    """The draft to add to; 404 for a number that is none."""
    number = request.GET.get("batch", "").replace("\x00", "")[:20]
    if not number:
        return None
    batch = queries.find(request.prop, number)
    if batch is None or batch.status != B.DRAFT:
        raise Http404
    return batch


def _typed(request: StaffRequest) -> dict[str, Any]:
    draft = drafts.recall(request.user, NEW) if request.method != "POST" else None
    if draft is None:
        return {}
    found: dict[str, Any] = drafts.first_values(draft.data)
    found.pop("token", None)
    return found | {"things": draft.data.get("things", [])}


def _put(
    request: StaffRequest, form: PickForm, batch: DisposalBatch | None, made: list[DisposalBatch]
) -> int:
    """Status of putting things on a new paper, or on the draft."""
    data = form.cleaned_data
    try:
        asks = asked(request, form)
    except ValidationError as unknown:
        form.add_error("early_number", unknown)
        return 422

    def put() -> None:
        with transaction.atomic():
            if batch is None:
                opinion, token = data["opinion"], data["token"]
                paper = workflow.start_batch(
                    request.prop, asks, opinion, by=request.user, token=token
                )
            else:
                paper = workflow.edit_batch(batch, by=request.user, add=asks)
                url = batch.get_absolute_url()
                drafts.use_token(request.user, data["token"], url, form=NEW)
        made.append(paper)

    try:
        return attempt(form, put)
    except drafts.DoubleSubmitError:
        return 409


def _pick_page(
    request: StaffRequest, form: PickForm, batch: DisposalBatch | None, early: bool, status: int
) -> HttpResponse:
    after = request.GET.get("after", "")
    found = queries.pickable(request.prop, after, early=early)
    if form.is_bound:
        ticked = set(keys_of(request.POST.getlist("things")))
    else:
        ticked = set(keys_of(form.initial.get("things", [])))
    if request.GET.get("all") == "1" and not form.is_bound:
        ticked = {row.pk for row in found.rows}
    number = request.GET.get("item", "").replace("\x00", "")[:20].upper()
    if number and number not in {row.case.number for row in found.rows}:
        form.initial.setdefault("early_number", number)
    context = {
        "things": [
            (thing, row.pk in ticked or thing.number == number)
            for row in found.rows
            for thing in [rows.thing(row, row)]
        ],
        "after": found.after,
        "is_first": not after,
        "form": form,
        "batch": batch,
        "early": early,
    }
    return page(request, "lostfound/batch_new.html", context, status=status)


@staff_view
@require_GET
def batch(request: StaffRequest, number: str) -> HttpResponse:
    """One paper: what is to be done now, its things with both dates, who signed, what happened."""
    one = load(request, number)
    mine = _mine(request, one)
    first = FIRST.get(B(one.batch.status), "")
    first = first if mine.get(first) else ""
    colour, icon = rows.tone(one.batch.status)
    context = {
        "batch": one.batch,
        "tone": colour,
        "icon": icon,
        "stages": rows.stages(one.batch),
        "lines": rows.lines(one.lines, timezone.localdate()),
        "live": len(one.live),
        "groups": rows.to_execute(one.lines),
        "first": first,
        "title": STEPS[first].title if first else "",
        "form": form_of(request, one, first, fresh=True) if first else None,
        "form_token": drafts.new_token(),
        "mine": mine,
        "next": rows.NEXT.get(B(one.batch.status), ""),
        "signed": rows.signed(one.batch),
        "entries": rows.timeline(queries.entries(one.batch)),
        "prints": allowed(request, "print"),
    }
    return page(request, "lostfound/batch.html", context)


def _mine(request: StaffRequest, one: Open) -> dict[str, bool]:
    """Which steps this user may take now: the transitions decide, this only shows the way."""
    stand = standing(request.user, request.prop)
    out = involved(one.batch)
    found = {}
    for name, step in STEPS.items():
        may = one.batch.status in step.states and allowed(request, step.action)
        if name in ("review", "decide"):
            rank = ACTIONS[step.action].any
            may = may and request.user.pk not in out and bool(rank & left_to(stand, out))
        found[name.replace("-", "_")] = may
    return found


@staff_view
@require_GET
def batch_photo(request: StaffRequest, number: str, photo: int, size: str) -> FileResponse:
    """A picture of the proof; our own re-encoding, so always JPEG."""
    one = load(request, number)
    return serving.photo(queries.photo(one.batch, photo), size)
