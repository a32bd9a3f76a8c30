"""暂缓清除: what a dispute, an inquiry or a court still needs is not purged, whatever its age."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import audit, notices
from propdesk.core.models import Case, Erasure, LegalHold, User
from propdesk.core.permissions import ACTIONS
from propdesk.core.roles import Role, ensure
from propdesk.core.transitions import RefusedInput, is_reason, lock, require


@transaction.atomic
def set_hold(case: Case, *, by: User, reason: str) -> LegalHold:
    """Keep a case beyond its term; the caller has checked that ``by`` may see it.

    PermissionDenied (403); ConflictError (409) when it is held already or was purged; RefusedInput
    (422) without a reason. Open cases may be held too: the hold is there when they close.
    """
    ensure(by, "set_hold", ACTIONS, prop=case.property)
    case = lock(case)
    require(not is_purged(case), _("这一件的个人信息已按保存期限清除，不能再暂缓。"))
    require(not is_held(case), _("这一件已经暂缓清除。"))
    _check(reason)
    hold = LegalHold(case=case, reason=reason.strip(), set_by=by, set_at=timezone.now())
    audit.save(hold, by=by, reason=hold.reason)
    audit.record(case, hold, by=by, action="set_hold", reason=hold.reason)
    text = _("%(number)s 已暂缓清除，保存期满也不清除。") % {"number": _number(case)}
    _tell(case, by, "set_hold", text, hold)
    return hold


@transaction.atomic
def lift_hold(hold: LegalHold, *, by: User, reason: str) -> LegalHold:
    """End a hold; 总物业经理 only. PermissionDenied (403), ConflictError (409), RefusedInput (422)."""
    ensure(by, "lift_hold", ACTIONS, prop=hold.case.property)
    case = lock(hold.case)
    hold = lock(hold)
    require(hold.lifted_at is None, _("这一件的暂缓已经解除。"))
    _check(reason)
    hold.lifted_by, hold.lifted_at, hold.lifted_reason = by, timezone.now(), reason.strip()
    audit.save(hold, "lifted_by", "lifted_at", "lifted_reason", by=by, reason=hold.lifted_reason)
    audit.record(case, hold, by=by, action="lift_hold", reason=hold.lifted_reason)
    text = _("%(number)s 的暂缓已解除，保存期满即清除。") % {"number": _number(case)}
    _tell(case, by, "lift_hold", text, hold)
    return hold


def is_held(case: Case) -> bool:
    """Whether a hold is in force."""
    return bool(LegalHold.objects.filter(case=case, lifted_at=None).exists())


def is_purged(case: Case) -> bool:
    """Whether the personal data of a case are gone."""
    return purged_at(case) is not None


def purged_at(case: Case) -> datetime | None:
    """When the personal data of a case went; None while they are there."""
    return Erasure.objects.filter(case=case).values_list("at", flat=True).first()


def _check(reason: str) -> None:
    if not is_reason(reason):
        raise RefusedInput(reason=_("请写明原因，例如哪一起诉讼或哪一项调查。"))


def _number(case: Case) -> str:
    return _("一件保密案件") if case.restricted else case.number


def _tell(case: Case, by: User, rule: str, text: str, hold: LegalHold) -> None:
    """Of a confidential case nobody hears but who set the hold."""
    notices.notify(
        case,
        *(() if case.restricted else (Role.GENERAL_MANAGER,)),
        rule=f"core.{rule}",
        text=text,
        key=f"{rule}:{hold.pk}",
        also=[hold.set_by],
        except_for=by,
    )
