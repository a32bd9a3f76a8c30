"""L-E: somebody says the thing is his; what he says agrees, or does not; two say so at once."""

from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lostfound.models import Claim, FoundItem, LostReport
from lostfound.permissions import ACTIONS
from lostfound.queries.claims import LIVE
from lostfound.workflow import disposal
from lostfound.workflow.base import (
    CLAIM_WITHIN,
    Rule,
    begin,
    finish,
    neutral,
    next_due,
    not_contraband,
    resting,
)
from lostfound.workflow.table import S
from lostfound.workflow.terms import rearm
from propdesk.core import audit, bulk, cases, clocks, persons, search
from propdesk.core.models import Task, User
from propdesk.core.notices import notify
from propdesk.core.persons import Guest
from propdesk.core.roles import Role, Standing
from propdesk.core.transitions import RefusedInput, require

State = Claim.State
Way = Claim.Way
DISPUTE = "dispute"
SENT = frozenset({Way.POST, Way.DELIVERED})
TOLD_OF_A_LOCK = (Role.SECURITY, Role.SECURITY_MANAGER, Role.PROPERTY_MANAGER)


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who says the thing is his and how he wants it; ``guest.address`` is where it is sent."""

    guest: Guest
    way: str = Way.IN_PERSON
    lost_report: LostReport | None = None
    """His telephone is taken from here when none is given."""


@transaction.atomic
def describe(item: FoundItem, claimant: Claimant, description: str, *, by: User) -> Claim:
    """登记认领 (L-E): his own words, before he is shown anything; from now on the thing waits for him.

    409 while somebody else claims it: then ``rival``. A line of a paper of disposal that has not
    been carried out gives way (L-H).
    """
    item, _stand = begin(item, "describe", by)
    not_contraband(item)
    now = timezone.now()
    claim = _written(item, claimant, description, State.DESCRIBED, by, now)
    lines = disposal.withdraw_for_claim(item, by=by, now=now)
    item.status = S.CLAIMED
    fields = _await_end(item, now)
    info = {"claim": claim.seq, "way": claim.way}
    # As ``finish`` does, in one statement: somebody stands at the desk and waits.
    page = bulk.Sheet(by, "describe", at=now)
    page.change([item], *fields)
    page.acts([audit.Act(item.case, "describe", by, info=info, rows=[item, claim, *lines])])
    page.write()
    return claim


@transaction.atomic
def rival(item: FoundItem, claimant: Claimant, description: str, *, by: User) -> Claim:
    """异议认领 (L-E): another one claims it, too; nobody gets it until a manager has decided.

    保安部 and the property manager hear of it at once.
    """
    item, _stand = begin(item, "rival", by)
    not_contraband(item)
    now = timezone.now()
    claim = _written(item, claimant, description, State.RIVAL, by, now)
    item.status = S.DISPUTED
    fields = _await_anew(item, now)
    tasks = _ask_manager(item, by)
    notify(
        item.case,
        *TOLD_OF_A_LOCK,
        rule="lostfound.rival",
        text=f"【{_('异议认领，已锁定')}】{neutral(item)}",
        key=f"rival:{claim.seq}",
        except_for=by,
        urgent=True,
    )
    info = {"claim": claim.seq, "way": claim.way}
    finish(item, fields, claim, *tasks, by=by, action="rival", info=info)
    return claim


def _written(
    item: FoundItem, claimant: Claimant, description: str, state: str, by: User, now: datetime
) -> Claim:
    guest = _known(item, claimant)
    _check(guest, claimant.way, description)
    newest = item.claims.order_by("-seq").values_list("seq", flat=True).first()
    claim = Claim(
        item=item,
        seq=(newest or 0) + 1,
        state=state,
        way=claimant.way,
        owner=persons.create(item.case.property, guest),
        lost_report=claimant.lost_report,
        description=description,
        described_at=now,
        described_by=by,
    )
    audit.save(claim, by=by, reason=_("登记认领"))
    search.add_claimants(item.case, claim.owner)
    return claim


def _known(item: FoundItem, claimant: Claimant) -> Guest:
    """The claimant, his number from the lost report when he was not asked for it again."""
    guest, report = claimant.guest, claimant.lost_report
    if report is None:
        return guest
    rows = LostReport.objects.filter(case__property=item.case.property, status="open")
    found = rows.select_related("guest").filter(pk=report.pk).first()
    if found is None:
        raise RefusedInput(lost=_("没有找到这张查找中的遗失登记，请核对单号，没有就留空。"))
    if guest.phone:
        return guest
    return Guest(
        name=guest.name,
        honorific=guest.honorific,
        phone=found.guest.phone,
        kind=guest.kind,
        room=guest.room,
        address=guest.address,
    )


def _check(guest: Guest, way: str, description: str) -> None:
    errors = {}
    if not description:
        errors["description"] = _("请先记下认领人自己的描述，再给他看物品。")
    if not guest.name:
        errors["name"] = _("请填写认领人姓名。")
    if not guest.phone:
        errors["phone"] = _("请填写认领人的电话。")
    if way not in Way.values:
        errors["way"] = _("请选择认领方式。")
    if way in SENT and not guest.address:
        errors["address"] = _("请填写寄到或送到哪里。")
    if errors:
        raise RefusedInput(**errors)


def _await_end(item: FoundItem, now: datetime) -> list[str]:
    """The clock of 认领还没有办完 from now; returns the fields of the thing to save."""
    clocks.arm(item.case, (Rule.CLAIM_LATE, now + CLAIM_WITHIN))
    item.next_due_at = next_due(item, now)
    return ["status", "next_due_at"]


def _await_anew(item: FoundItem, now: datetime) -> list[str]:
    """The same once a claim has changed hands: the clock that runs stops."""
    clocks.stop(item.case, [Rule.CLAIM_LATE], now)
    return _await_end(item, now)


def _ask_manager(item: FoundItem, by: User) -> list[Task]:
    """One task however many claim it."""
    if Task.objects.filter(case=item.case, kind=DISPUTE, done_at=None).exists():
        return []
    text = _("两人认领同一件物品，请裁定 · %(case)s") % {"case": neutral(item)}
    return [cases.open_task(item.case, DISPUTE, Role.PROPERTY_MANAGER, text, by=by)]


def begin_claim(claim: Claim, action: str, by: User) -> tuple[FoundItem, Claim, Standing]:
    """Thing and case under lock, then this claim; 403 and 409 as for any act on the thing."""
    item, stand = begin(FoundItem(pk=claim.item_id), action, by)
    rows = Claim.objects.select_for_update(no_key=True, of=("self",)).filter(item=item)
    found = rows.select_related("owner", "proxy", "authorisation", "signature").get(pk=claim.pk)
    return item, found, stand


@transaction.atomic
def refuse_claim(claim: Claim, *, by: User, reason: str) -> Claim:
    """不予认领 (L-E): what he said does not agree; the thing goes back to where it was."""
    item, claim, _stand = begin_claim(claim, "refuse_claim", by)
    return _ended(item, claim, State.REFUSED, "refuse_claim", by, reason)


@transaction.atomic
def withdraw_claim(claim: Claim, *, by: User, reason: str) -> Claim:
    """撤回认领: he does not want it, or it is not his; nobody else claims it, so it rests again."""
    item, claim, _stand = begin_claim(claim, "withdraw_claim", by)
    return _ended(item, claim, State.WITHDRAWN, "withdraw_claim", by, reason)


@transaction.atomic
def withdraw_disputed(claim: Claim, *, by: User, reason: str) -> Claim:
    """撤回异议中的认领 (L-E): it may open the lock, so a manager does it, with four eyes (decision 32).

    The oldest rival's claim goes on; with more than one left the thing stays locked. 409 for whoever
    took in or checked one of the claims. 物业经理 and 保安部 hear of it.
    """
    item, claim, stand = begin_claim(claim, "withdraw_disputed", by)
    for each in item.claims.filter(state__in=[*LIVE, State.RIVAL]):
        _four_eyes(each, by, stand, "withdraw_disputed")
    claim = _ended(item, claim, State.WITHDRAWN, "withdraw_disputed", by, reason)
    locked = item.status == S.DISPUTED
    word = _("撤回一份认领，仍锁定") if locked else _("撤回认领，异议已解除")
    _tell(item, word, f"withdrawn:{claim.seq}", by)
    return claim


def _ended(item: FoundItem, claim: Claim, state: str, action: str, by: User, reason: str) -> Claim:
    require(claim.state in (*LIVE, State.RIVAL), _("这次认领已经结束。"))
    if not reason:
        raise RefusedInput(reason=_("请写明原因。"))
    now = timezone.now()
    _close(claim, state, by, reason, now)
    rows, fields = _go_on(item, by, now)
    info = {"claim": claim.seq}
    finish(item, fields, claim, *rows, by=by, action=action, reason=reason, info=info)
    return claim


def _close(claim: Claim, state: str, by: User, reason: str, now: datetime) -> None:
    claim.state, claim.ended_at, claim.ended_reason = state, now, reason
    audit.save(claim, "state", "ended_at", "ended_reason", by=by, reason=reason)


def _go_on(item: FoundItem, by: User, now: datetime) -> tuple[list[models.Model], list[str]]:
    """What the thing is now that a claim has ended: the next one's, locked as before, or at rest."""
    left = list(
        item.claims.select_for_update(no_key=True)
        .filter(state__in=[*LIVE, State.RIVAL])
        .order_by("seq")
    )
    if not left:
        return list(_settled(item, by)), _rest(item, now)
    rows: list[models.Model] = []
    if not any(claim.state in LIVE for claim in left):
        left[0].state = State.DESCRIBED
        audit.save(left[0], "state", by=by, reason=_("前一位认领结束"))
        rows.append(left[0])
    if len(left) > 1:
        return rows, []
    item.status = S.CLAIMED
    return [*rows, *_settled(item, by)], _await_anew(item, now)


def _settled(item: FoundItem, by: User, outcome: str = "settled") -> list[Task]:
    return cases.close_tasks(item.case, DISPUTE, by=by, outcome=outcome)


def _rest(item: FoundItem, now: datetime) -> list[str]:
    """Back to where it lies when nobody claims it; returns the fields to save."""
    clocks.stop(item.case, [Rule.CLAIM_LATE], now)
    item.status = resting(item, now)
    item.next_due_at = next_due(item, now)
    rearm(item, now)
    return ["status", "next_due_at"]


@transaction.atomic
def resolve_dispute(item: FoundItem, claim: Claim | None, *, by: User, reason: str) -> FoundItem:
    """裁定异议 (L-E): a manager says whose claim goes on, or nobody's; the others are refused.

    409 for a manager who himself took in or checked the claim he chooses (decision 32).
    """
    item, stand = begin(item, "resolve_dispute", by)
    if not reason:
        raise RefusedInput(reason=_("请写明裁定的理由。"))
    open_ones = item.claims.select_for_update(no_key=True).filter(state__in=[*LIVE, State.RIVAL])
    left = list(open_ones.order_by("seq"))
    chosen = next((each for each in left if claim is not None and each.pk == claim.pk), None)
    require(claim is None or chosen is not None, _("选中的认领已经结束，请看最新情况。"))
    now = timezone.now()
    if chosen is not None:
        _four_eyes(chosen, by, stand, "resolve_dispute")
        left.remove(chosen)
    for each in left:
        _close(each, State.REFUSED, by, reason, now)
    fields = _decided(item, chosen, by, now)
    rows = [*left, *([chosen] if chosen else []), *_settled(item, by, "decided")]
    _tell(item, _("异议已裁定"), f"resolved:{item.case.version}", by)
    info = {"claim": chosen.seq if chosen else None, "refused": [each.seq for each in left]}
    finish(item, fields, *rows, by=by, action="resolve_dispute", reason=reason, info=info)
    return item


def _four_eyes(claim: Claim, by: User, stand: Standing, action: str) -> None:
    for author in (claim.described_by_id, claim.verified_by_id, claim.verified_with_id):
        allowed = author is None or (
            author != by.pk and ACTIONS[action].any & stand.without(author)
        )
        require(allowed, _("自己登记或核对过的认领须由另一位经理裁定。"))


def _decided(item: FoundItem, chosen: Claim | None, by: User, now: datetime) -> list[str]:
    if chosen is None:
        return _rest(item, now)
    if chosen.state == State.RIVAL:
        chosen.state = State.DESCRIBED
        audit.save(chosen, "state", by=by, reason=_("裁定继续办理"))
    item.status = S.CLAIMED
    return _await_anew(item, now)


def _tell(item: FoundItem, word: str, key: str, by: User) -> None:
    """Whoever was told of the lock hears what became of it, and the desk that goes on with it."""
    notify(
        item.case,
        *TOLD_OF_A_LOCK,
        Role.DUTY_MANAGER,
        rule="lostfound.resolved",
        text=f"【{word}】{neutral(item)}",
        key=key,
        except_for=by,
    )
