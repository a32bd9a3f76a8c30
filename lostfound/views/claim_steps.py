"""What the pages of a claim share: the thing and its claims, one form, sent once, kept when refused."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.forms import BaseForm
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from lostfound import workflow
from lostfound.models import Claim
from lostfound.queries import claims as queries
from lostfound.queries.claims import Claiming
from lostfound.views.frame import allowed
from lostfound.workflow import MOVES
from propdesk.core import drafts
from propdesk.core.http import StaffRequest, attempt, done, page

State = Claim.State
NEVER_BACK = ("signed_at",)
"""What stood there hours ago is not brought back from a draft."""
BUTTONS = (
    "verify",
    "refuse_claim",
    "withdraw_claim",
    "withdraw_disputed",
    "rival",
    "resolve_dispute",
    "return_item",
    "add_scan",
    "print",
    "unmask",
)
"""Acts the pages offer to whom the table allows them."""


def load(request: StaffRequest, number: str, action: str = "describe") -> Claiming:
    """The thing with its claims; 404 for whom it is closed, 403 unless he may do ``action``."""
    found = queries.claiming(request.user, request.prop, number.upper())
    if found is None:
        raise Http404
    workflow.permit(found.item, action, request.user)
    return found


def url(one: Claiming, name: str = "claim", *args: Any) -> str:
    """The address of a page of this thing."""
    case = one.item.case
    return reverse(f"lostfound:{name}", args=[case.property.code, case.number, *args])


def key(one: Claiming, step: str) -> str:
    """Under which a draft of this step is kept; ``step`` ends with the number of its claim.

    The next claimant must not find what was typed or ticked for the last one.
    """
    return f"{one.item.case.number}:claim-{step}"


def typed(request: StaffRequest, one: Claiming, step: str) -> dict[str, Any]:
    """What he typed before and never sent; ``restored`` says that there was something."""
    draft = drafts.recall(request.user, key(one, step)) if request.method != "POST" else None
    found = drafts.first_values(draft.data) if draft else {}
    kept = {name: value for name, value in found.items() if name not in NEVER_BACK}
    return kept | ({"restored": True} if kept else {})


def closed(one: Claiming, row: Claim | None) -> str:
    """Why nothing of the thing is shown now (L-E); "" when this claim may be checked or returned."""
    if row is None:
        return _("先记下认领人自己的描述，再打开特征和照片核对。")
    if row.state not in (*queries.LIVE, State.RIVAL):
        return _("这次认领已经结束，请看最新情况。")
    if row.state == State.RIVAL or one.item.status not in MOVES["verify"].states:
        return _("物品有异议，已锁定：等物业经理裁定后再核对。")
    return ""


def blocked(request: StaffRequest, one: Claiming, step: str, message: str) -> HttpResponse:
    """409: the step is not open; nothing of the thing stands on this page, what was typed is kept."""
    if request.method == "POST":
        drafts.keep(request.user, key(one, step), dict(request.POST.lists()))
    return page(request, "409.html", {"message": message, "back_url": url(one)}, status=409)


def form_page(
    request: StaffRequest,
    one: Claiming,
    step: str,
    form: BaseForm,
    act: Callable[[dict[str, Any]], Any],
    said: str,
    shown: Callable[[], HttpResponse | dict[str, Any]],
) -> HttpResponse:
    """The page of one step: by POST ``act`` runs once with the cleaned data and leads to the claim.

    ``shown`` gives what the template wants besides, or another answer; it is asked after a refusal,
    when the thing may have moved on.
    """
    status = 200
    if request.method == "POST":
        try:
            status = _sent(request, one, step, form, act)
        except drafts.DoubleSubmitError:
            again = _("这一步已经登记过，没有重复登记。")
            return done(request, url(one), again, level=messages.INFO)
        if status == 200:
            return done(request, url(one), said)
        drafts.keep(request.user, key(one, step), dict(request.POST.lists()))
    more = shown()
    if isinstance(more, HttpResponse):
        return more
    return page(
        request,
        f"lostfound/claim_{step.partition('-')[0]}.html",
        context(request, one) | {"form": form, "draft_url": url(one, "claim_draft", step)} | more,
        status=status,
    )


def _sent(
    request: StaffRequest,
    one: Claiming,
    step: str,
    form: BaseForm,
    act: Callable[[dict[str, Any]], Any],
) -> int:
    """Status of the act, done together with its token or not at all."""
    if not form.is_valid():
        return 422
    token = drafts.once(step.partition("-")[0], request.POST, request.FILES)

    def once() -> None:
        with transaction.atomic():
            drafts.use_token(request.user, token, url(one), form=key(one, step))
            act(form.cleaned_data)

    return attempt(form, once)


def context(request: StaffRequest, one: Claiming) -> dict[str, Any]:
    """What each page of a claim needs."""
    return {
        "one": one,
        "row": one.item,
        "form_token": drafts.new_token(),
        "may": {action: allowed(request, action) for action in BUTTONS},
    }
