"""L-A: the seal on the bag: opened and put on anew by two who are both here."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lostfound.models import CustodyMove, FoundItem
from lostfound.workflow.base import begin, current, finish, hand_on
from lostfound.workflow.cosigning import unsigned
from lostfound.workflow.custody import new_seal, pair
from propdesk.core import audit
from propdesk.core.models import User
from propdesk.core.signatures import Second
from propdesk.core.transitions import RefusedInput, require


@transaction.atomic
def open_seal(item: FoundItem, second: Second, *, by: User, reason: str) -> FoundItem:
    """登记拆封 (L-A): by two who are both here, and why; a new seal gets a new number."""
    item, _stand = begin(item, "open_seal", by)
    now = timezone.now()
    row = item.seals.select_for_update(no_key=True).filter(opened_at=None).first()
    require(row is not None, _("这件物品没有封签。"))
    people = pair(item, by, second, now)
    if not reason:
        raise RefusedInput(reason=_("请写明拆封的原因。"))
    _both_here(people, _("拆封要两人都在场：请%(name)s输入密码。"), second)
    assert row is not None  # noqa: S101 -- for the type checker; require() has refused
    row.opened_at, row.opened_by, row.opened_with, row.opened_reason = now, by, second.user, reason
    names = "opened_at opened_by opened_with opened_reason"
    audit.save(row, *names.split(), by=by, reason=reason)
    info = {"seal": row.number, "with": second.user.pk}
    return finish(item, [], row, by=by, action="open_seal", reason=reason, info=info)


@transaction.atomic
def reseal(item: FoundItem, number: str, second: Second, *, by: User, reason: str) -> FoundItem:
    """换封签 (L-A): a new seal on the bag where it lies, after the old one was opened, or the first."""
    item, _stand = begin(item, "reseal", by)
    now = timezone.now()
    before = current(item)
    require(unsigned(before) is None, _("上一次移动还没有会签完，先会签，再换封签。"))
    require(not item.seals.filter(opened_at=None).exists(), _("袋上的封签还没有拆，先登记拆封。"))
    people = pair(item, by, second, now)
    errors = {}
    if not number:
        errors["seal"] = _("请填写新封签的号码。")
    if not reason:
        errors["reason"] = _("请写明换封签的原因。")
    if errors:
        raise RefusedInput(**errors)
    _both_here(people, _("换封签要两人都在场：请%(name)s输入密码。"), second)
    tag = new_seal(item, number, by, now)
    assert tag is not None  # noqa: S101 -- for the type checker; there is a number
    kind, place = CustodyMove.Kind.MOVE, before.storage
    row = hand_on(item, kind, by=by, now=now, storage=place, seal=tag, reason=reason, **people)
    info = {"seal": number, "with": second.user.pk}
    return finish(item, [], before, row, tag, by=by, action="reseal", reason=reason, info=info)


def _both_here(people: dict[str, object], sentence: str, second: Second) -> None:
    if people["manager_at"] is None or people["guard_at"] is None:
        raise RefusedInput(guard_password=sentence % {"name": second.user.name})
