"""认领: who says a thing is his, and how it goes on until he has it or not (L-E, L-F)."""

from decimal import Decimal
from functools import partial
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from lostfound import reports, workflow
from lostfound.forms import claims as forms
from lostfound.forms.keeping import UnmaskForm
from lostfound.models import Claim
from lostfound.queries import claims as queries
from lostfound.queries.claims import Claiming
from lostfound.queries.item import photos_of
from lostfound.views.claim_steps import (
    State,
    blocked,
    closed,
    context,
    form_page,
    key,
    load,
    typed,
    url,
)
from lostfound.workflow import MOVES
from propdesk.core import drafts
from propdesk.core.http import StaffRequest, done, page, staff_view
from propdesk.core.models import Person, User
from propdesk.core.persons import Guest

GET_POST = require_http_methods(["GET", "HEAD", "POST"])
STEPS = ("describe", "rival", "verify", "sign", "refuse", "withdraw", "dispute")
"""Forms whose words are kept while they are typed."""


# --- 描述 ----------------------------------------------------------------------------------


@staff_view
@GET_POST
def claim(request: StaffRequest, number: str) -> HttpResponse:
    """认领: the description while nobody claims it, else how far the claim is and what is next."""
    one = load(request, number)
    if request.method == "POST" or one.item.status in MOVES["describe"].states:
        return _describe(request, one)
    if not one.claims:
        state = {"state": one.item.get_status_display()}
        return blocked(request, one, "describe", _("现在是“%(state)s”，不能登记认领。") % state)
    return page(request, "lostfound/claim_state.html", context(request, one))


def _describe(request: StaffRequest, one: Claiming) -> HttpResponse:
    step = f"describe-{len(one.claims) + 1}"
    form = _description(request, one, step, forms.DescribeForm)

    def shown() -> dict[str, Any]:
        # Somebody was faster: the same words may be sent as those of a rival.
        status = load(request, one.item.case.number).item.status if form.is_bound else ""
        return _public(one) | {"offers_rival": status in MOVES["rival"].states}

    act = partial(_take_in, workflow.describe, one, request.user)
    return form_page(request, one, step, form, act, _("描述已保存。"), shown)


@staff_view
@GET_POST
def claim_rival(request: StaffRequest, number: str) -> HttpResponse:
    """异议认领: somebody else claims it, too; of the first claim this page says nothing."""
    one = load(request, number, "rival")
    if request.method != "POST" and one.item.status not in MOVES["rival"].states:
        return done(request, url(one))
    step = f"rival-{len(one.claims) + 1}"
    form = _description(request, one, step, forms.RivalForm)
    act = partial(_take_in, workflow.rival, one, request.user)
    said = _("已登记，物品锁定，等物业经理裁定。")
    return form_page(request, one, step, form, act, said, lambda: _public(one))


def _public(one: Claiming) -> dict[str, Any]:
    """Where it was found, as roughly as on the public notice: where exactly is for him to say."""
    return {"area": reports.rough_place(one.item)}


def _description(
    request: StaffRequest, one: Claiming, step: str, form: type[forms.DescribeForm]
) -> forms.DescribeForm:
    """Empty, as it was left, or with the number of the lost report he comes from."""
    initial = typed(request, one, step)
    if lost := request.GET.get("lost", "").replace("\x00", "")[:20]:
        initial["lost"] = lost
    return form(request.POST or None, initial=initial, item=one.item, user=request.user)


def _take_in(act: Any, one: Claiming, by: User, data: dict[str, Any]) -> Claim:
    guest = Guest(
        name=data["name"],
        honorific=data["honorific"],
        phone=data["phone"],
        kind=data["kind"] or Person.Kind.RESIDENT,
        address=data["address"],
    )
    claimant = workflow.Claimant(guest, data["way"], data["lost"])
    found: Claim = act(one.item, claimant, data["description"], by=by)
    return found


# --- 核对、证件 ----------------------------------------------------------------------------


@staff_view
@GET_POST
def claim_verify(request: StaffRequest, number: str, seq: int) -> HttpResponse:
    """核对: what he said beside what was found; opens only once his description is saved (L-E)."""
    one = load(request, number, "verify")
    row, step = one.numbered(seq), f"verify-{seq}"
    if reason := closed(one, row):
        return blocked(request, one, step, reason)
    if row is None or row.state != State.DESCRIBED:
        return done(request, url(one))
    lines = queries.contents(one.item)
    form = forms.VerifyForm(
        request.POST or None,
        request.FILES or None,
        initial=typed(request, one, step),
        item=one.item,
        user=request.user,
        claim=row,
        lines=lines,
    )

    def shown() -> HttpResponse | dict[str, Any]:
        now = load(request, number, "verify") if form.is_bound else one
        if reason := closed(now, now.numbered(seq)):
            return blocked(request, one, step, reason)
        return _details(one) | {"claim": row, "lines": lines}

    act = partial(_verify, row, request.user)
    said = _("核对通过，请认领人签名。")
    return form_page(request, one, step, form, act, said, shown)


def _details(one: Claiming) -> dict[str, Any]:
    """What a claimant never sees before he has said what it is."""
    return {"photos": list(photos_of(one.item.pk).order_by("pk"))}


def _verify(row: Claim, by: User, data: dict[str, Any]) -> None:
    picture, guard = data["authorisation"], data.get("guard")
    proof = workflow.Proof(
        checks=[workflow.Check(*each) for each in data["checks"]],
        id_type=data["id_type"],
        id_number=data["id_number"],
        way=data["way"],
        proxy=Guest(name=data["proxy_name"], phone=data["proxy_phone"], kind="outsider"),
        authorisation=picture.read() if picture else None,
    )
    second = workflow.Second(guard, data["guard_password"]) if guard else None
    workflow.verify(row, proof, by=by, second=second)


# --- 签名、归还 ----------------------------------------------------------------------------


@staff_view
@GET_POST
def claim_sign(request: StaffRequest, number: str, seq: int) -> HttpResponse:
    """签名、归还: the claimant signs, both of the house confirm; no feature of the thing is here."""
    one = load(request, number, "return_item")
    row, step = one.numbered(seq), f"sign-{seq}"
    if reason := closed(one, row):
        return blocked(request, one, step, reason)
    if row is None or row.state != State.VERIFIED:
        return blocked(request, one, step, _("先核对并查验证件，再办归还。"))
    form = forms.ReturnForm(
        request.POST or None,
        request.FILES or None,
        initial=typed(request, one, step),
        item=one.item,
        user=request.user,
        claim=row,
    )
    device = request.headers.get("User-Agent", "")
    act = partial(_return, row, request.user, device)
    said = _("已归还，认领单正在生成。")
    return form_page(request, one, step, form, act, said, lambda: {"claim": row})


def _return(row: Claim, by: User, device: str, data: dict[str, Any]) -> None:
    signed = workflow.Signed(
        kind=data["kind"],
        data=data["data"],
        signed_at=data["signed_at"] if data["kind"] == forms.PAPER else None,
        device=device,
        consents=data["consents"],
        courier=data.get("courier", ""),
        tracking=data.get("tracking", ""),
        fee=data.get("fee") or Decimal(0),
    )
    guard = workflow.Second(data["guard"], data["guard_password"])
    workflow.return_item(row, signed, guard, data["password"], by=by)


@staff_view
@GET_POST
def claim_scan(request: StaffRequest, number: str, seq: int) -> HttpResponse:
    """补传签名件 of a slip that was signed on paper."""
    one = load(request, number, "add_scan")
    row = one.numbered(seq)
    if row is None or row.paper_signed_at is None or row.scan_id is not None:
        return blocked(request, one, "scan", _("这张认领单没有要补传的签名件。"))
    form = forms.ScanForm(
        request.POST or None, request.FILES or None, item=one.item, user=request.user
    )

    def act(data: dict[str, Any]) -> None:
        workflow.add_scan(row, data["photo"].read(), by=request.user)

    return form_page(request, one, "scan", form, act, _("签名件已保存。"), lambda: {"claim": row})


# --- 结束、裁定 ----------------------------------------------------------------------------


@staff_view
@GET_POST
def claim_refuse(request: StaffRequest, number: str, seq: int) -> HttpResponse:
    """不予认领: what he said does not agree."""
    said = _("已登记不予认领，物品放回原来的状态。")
    one = load(request, number, "refuse_claim")
    return _end(request, one, seq, f"refuse-{seq}", "refuse_claim", _("确认不予认领"), said)


@staff_view
@GET_POST
def claim_withdraw(request: StaffRequest, number: str, seq: int) -> HttpResponse:
    """撤回认领: he does not want it after all; whoever waited is next."""
    one = load(request, number, "withdraw_claim")
    action = "withdraw_claim"
    if one.item.status in MOVES["withdraw_disputed"].states:
        action = "withdraw_disputed"
        workflow.permit(one.item, action, request.user)
    said = _("认领已撤回。")
    return _end(request, one, seq, f"withdraw-{seq}", action, _("确认撤回认领"), said)


def _end(
    request: StaffRequest, one: Claiming, seq: int, step: str, action: str, submit: str, said: str
) -> HttpResponse:
    row = one.numbered(seq)
    if row not in one.open or one.item.status not in MOVES[action].states:
        return blocked(request, one, step, _("这次认领已经结束或已锁定，请看最新情况。"))
    form = forms.EndForm(
        request.POST or None,
        initial=typed(request, one, step),
        submit=submit,
        item=one.item,
        user=request.user,
    )

    def act(data: dict[str, Any]) -> None:
        getattr(workflow, action)(row, by=request.user, reason=data["reason"])

    return form_page(request, one, step, form, act, said, lambda: {"claim": row})


@staff_view
@GET_POST
def claim_dispute(request: StaffRequest, number: str) -> HttpResponse:
    """裁定异议: what each of them said, beside what was found; a manager decides."""
    one = load(request, number, "resolve_dispute")
    step = f"dispute-{len(one.claims)}"
    if one.item.status not in MOVES["resolve_dispute"].states:
        return blocked(request, one, step, _("这件物品没有等待裁定的异议。"))
    form = forms.ResolveForm(
        request.POST or None,
        initial=typed(request, one, step),
        item=one.item,
        user=request.user,
        claims=one.open,
    )

    def act(data: dict[str, Any]) -> None:
        workflow.resolve_dispute(one.item, data["claim"], by=request.user, reason=data["reason"])

    def shown() -> dict[str, Any]:
        return _details(one) | {"lines": queries.contents(one.item)}

    return form_page(request, one, step, form, act, _("裁定已登记。"), shown)


@staff_view
@GET_POST
def claim_unmask(request: StaffRequest, number: str, seq: int, who: str) -> HttpResponse:
    """查看完整号码 of the claimant, or of whoever comes for him: with a purpose, for 60 seconds."""
    one = load(request, number, "unmask")
    row = one.numbered(seq)
    person = getattr(row, f"{who}_id", None) if who in ("owner", "proxy") else None
    if person is None:
        raise Http404
    form = UnmaskForm(request.POST or None, item=one.item, user=request.user)

    def act(data: dict[str, Any]) -> None:
        workflow.unmask(one.item, person, by=request.user, reason=data["reason"])

    said = _("完整号码显示60秒。")
    return form_page(request, one, "unmask", form, act, said, lambda: {"claim": row})


@staff_view
@require_POST
def claim_draft(request: StaffRequest, number: str, step: str) -> HttpResponse:
    """Keep what is being typed for one claim ("verify-2"); answers 204."""
    one = load(request, number)
    name, _dash, seq = step.partition("-")
    if name not in STEPS or not seq.isdecimal():
        raise Http404
    drafts.keep(request.user, key(one, step), dict(request.POST.lists()))
    return HttpResponse(status=204)
