"""L-A: whoever does not stand beside a move confirms it later; or two who are there take over."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lostfound.models import CustodyMove, FoundItem
from lostfound.workflow.base import Rule, begin, current, finish, neutral
from propdesk.core import audit, cases, clocks, duty
from propdesk.core.models import Task, User
from propdesk.core.notices import notify
from propdesk.core.roles import Role
from propdesk.core.transitions import require

COSIGN = "cosign"


def unsigned(row: CustodyMove) -> int | None:
    """Key of who has not confirmed a link of joint custody yet; None when both have."""
    if row.guard_at is None:
        return row.guard_id
    return row.manager_id if row.manager_at is None else None


def await_cosign(item: FoundItem, row: CustodyMove, by: User, now: datetime) -> list[Task]:
    """A task for whoever has not confirmed yet, and a clock to the end of the shift (L-A)."""
    waiting = row.guard if row.guard_at is None else row.manager if row.manager_at is None else None
    if waiting is None:
        return []
    role = Role.SECURITY if row.guard_at is None else Role.DUTY_MANAGER
    text = _("共管会签，请%(name)s确认 · %(case)s") % {"name": waiting.name, "case": neutral(item)}
    task = cases.open_task(item.case, COSIGN, role, text, by=by)
    notify(
        item.case,
        rule="lostfound.cosign",
        text=f"【{_('待会签')}】{neutral(item)}",
        key=f"cosign:{row.pk}",
        also=[waiting],
        except_for=by,
    )
    clocks.arm(item.case, (Rule.COSIGN_MISSING, duty.end_of_shift(item.case.property, now)))
    return [task]


@transaction.atomic
def cosign(item: FoundItem, *, by: User) -> FoundItem:
    """会签 (L-A): the named second person confirms on his own account that he stood beside."""
    item, _stand = begin(item, "cosign", by)
    now = timezone.now()
    row = current(item)
    if row.guard_id == by.pk and row.guard_at is None:
        row.guard_at, field = now, "guard_at"
    elif row.manager_id == by.pk and row.manager_at is None:
        row.manager_at, field = now, "manager_at"
    else:
        require(False, _("现在没有等您会签的移动。"))
        raise AssertionError
    audit.save(row, field, by=by, reason=_("会签"))
    done = cases.close_tasks(item.case, COSIGN, by=by, outcome="confirmed")
    clocks.stop(item.case, [Rule.COSIGN_MISSING], now)
    return finish(item, [], row, *done, by=by, action="cosign", info={"move": row.seq})


def instead(item: FoundItem, by: User, now: datetime) -> list[Task]:
    """The link that waited is over: so are its task and its clock; returns the tasks."""
    clocks.stop(item.case, [Rule.COSIGN_MISSING], now)
    return cases.close_tasks(item.case, COSIGN, by=by, outcome="superseded")
