"""L-E: what the claimant said is held against the thing, and his paper is seen."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lostfound.models import Claim, FeatureCheck, FoundItem
from lostfound.permissions import DESK, SECURITY
from lostfound.queries.claims import needs_two
from lostfound.workflow.base import finish, is_here
from lostfound.workflow.claims import SENT, State, Way, begin_claim
from propdesk.core import audit, persons, photos, search
from propdesk.core.images import Photo
from propdesk.core.models import Attachment, User
from propdesk.core.persons import Guest
from propdesk.core.roles import standing
from propdesk.core.signatures import Second
from propdesk.core.transitions import RefusedInput, require

ENOUGH = 2
"""L-E: so many features have to agree."""


@dataclass(frozen=True, slots=True)
class Check:
    """One feature of the thing, and whether what the claimant said agrees with it."""

    feature: str
    agrees: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """What was compared and whose paper was seen; ``way`` "" leaves it as it was said at first."""

    checks: Sequence[Check] = ()
    id_type: str = ""
    id_number: str = field(default="", repr=False)
    way: str = ""
    proxy: Guest | None = None
    authorisation: bytes | None = field(default=None, repr=False)


@transaction.atomic
def verify(claim: Claim, proof: Proof, *, by: User, second: Second | None = None) -> Claim:
    """核对 (L-E): what he said agrees in two features at least, and his paper was seen.

    Above the limit of the house, or unvalued jewellery or money, a second colleague confirms on the
    same screen. Of an identity number type, last four and a keyed hash are kept. 422 names what is
    missing; whoever comes instead of the owner brings his authority.
    """
    ready = photos.prepare(proof.authorisation) if proof.authorisation else None
    item, claim, _stand = begin_claim(claim, "verify", by)
    require(claim.state == State.DESCRIBED, _("这次认领已经核对过，请看最新情况。"))
    now = timezone.now()
    agreeing = _compared(proof.checks)
    fields = _way_of(claim, proof.way)
    partner = _second_of(item, by, second)
    paper = _authority(item, claim, proof, ready, by)
    try:
        persons.see_id(claim.proxy or claim.owner, proof.id_type, proof.id_number)
        search.add_claimants(item.case, claim.proxy or claim.owner)
        claim.state, claim.agreeing, claim.id_seen_at = State.VERIFIED, agreeing, now
        claim.verified_at, claim.verified_by, claim.verified_with = now, by, partner
        names = (
            "state agreeing id_seen_at verified_at verified_by verified_with proxy authorisation"
        )
        audit.save(claim, *names.split(), *fields, by=by, reason=_("核对通过"))
        rows = [*_kept(claim, proof.checks, by, now), *paper]
        info = {"claim": claim.seq, "agreeing": agreeing, "two": partner is not None}
        finish(item, [], claim, *rows, by=by, action="verify", info=info)
    except Exception:
        photos.discard(paper)
        raise
    return claim


def _compared(checks: Sequence[Check]) -> int:
    """How many agree; RefusedInput below two, or when one feature stands there twice."""
    features = [check.feature.strip() for check in checks]
    if not all(features):
        raise RefusedInput(checks=_("有一行没有写是哪个特征。"))
    if len(set(features)) < len(features):
        raise RefusedInput(checks=_("同一个特征只能核对一次。"))
    agreeing = sum(check.agrees for check in checks)
    if agreeing < ENOUGH:
        raise RefusedInput(checks=_("至少两项相符才能通过；对不上就办“不予认领”。"))
    return agreeing


def _way_of(claim: Claim, way: str) -> list[str]:
    """Somebody else may come than was said at first."""
    if not way or way == claim.way:
        return []
    if way not in Way.values:
        raise RefusedInput(way=_("请选择认领方式。"))
    if way in SENT and not claim.owner.address:
        raise RefusedInput(way=_("没有登记地址，不能寄送；请撤回后重新登记认领。"))
    claim.way = way
    return ["way"]


def _second_of(item: FoundItem, by: User, second: Second | None) -> User | None:
    """The second colleague of a costly thing, who is here; RefusedInput without him (L-E)."""
    if second is None:
        if needs_two(item):
            raise RefusedInput(guard=_("贵重物品要两人核对：请另一位同事一起核对并输入密码。"))
        return None
    if second.user.pk == by.pk:
        raise RefusedInput(guard=_("核对的两个人不能是同一人。"))
    if not standing(second.user, item.case.property).roles & (DESK | SECURITY):
        raise RefusedInput(guard=_("请选择本物业的值班经理、前台或保安部人员。"))
    if not is_here(second.user, second.password):
        raise RefusedInput(guard_password=_("请一起核对的同事输入密码。"))
    return second.user


def _authority(
    item: FoundItem, claim: Claim, proof: Proof, ready: Photo | None, by: User
) -> list[Attachment]:
    """Who comes instead of the owner, and the picture of his authority, on the claim not saved yet."""
    if claim.way != Way.PROXY:
        return []
    errors = {}
    if proof.proxy is None or not proof.proxy.name:
        errors["proxy_name"] = _("请填写代领人姓名。")
    if proof.proxy is None or not proof.proxy.phone:
        errors["proxy_phone"] = _("请填写代领人的电话。")
    if ready is None:
        errors["authorisation"] = _("请拍下委托书。")
    if errors or proof.proxy is None or ready is None:
        raise RefusedInput(**errors)
    claim.proxy = persons.create(item.case.property, proof.proxy)
    claim.authorisation = photos.store(
        item.case, ready, by=by, caption=str(_("委托书")), is_paper=True
    )
    return [claim.authorisation]


def _kept(claim: Claim, checks: Sequence[Check], by: User, now: datetime) -> list[FeatureCheck]:
    rows = [
        FeatureCheck(
            claim=claim,
            position=number,
            feature=check.feature.strip(),
            agrees=check.agrees,
            at=now,
            by=by,
        )
        for number, check in enumerate(checks, start=1)
    ]
    for row in rows:
        audit.save(row, by=by, reason=_("核对"))
    return rows
