"""报失 (F7): what a guest misses is taken down, corrected and ended, and its suggestions are judged."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lostfound import categories
from lostfound.models import LostReport, MatchPair, MatchProfile
from lostfound.permissions import ACTIONS
from lostfound.workflow import base
from lostfound.workflow.reminding import Again, first_call
from lostfound.workflow.table import LOST_MOVES, OPEN, L
from propdesk.core import audit, bulk, clocks, drafts, persons, search, stale, wake
from propdesk.core.cases import open_case
from propdesk.core.models import Case, Place, Property, Unmasking, User
from propdesk.core.notices import notify
from propdesk.core.persons import Guest
from propdesk.core.roles import Role, Standing, ensure
from propdesk.core.transitions import RefusedInput, in_state, require

OLDEST = timedelta(days=366)
"""How long ago a thing may have been lost: nothing found is kept longer by the house's own rule."""
MAX_PLACES = 3
PLACES = ("place", "place2", "place3")
TEXTS = ("category", "name", "quantity", "features", "serial", "lost_from", "lost_to", "place_note")
GUEST = ("name", "honorific", "phone", "kind", "room_id")
JOINED = ("case__property__settings", "guest__room", *PLACES)
"""What transitions and pages read along with a report."""
P = MatchPair.State


@dataclass(frozen=True, slots=True)
class Loss:
    """What is missed, since when and where perhaps; the name defaults to the category's."""

    category: str
    features: str
    lost_from: datetime | None
    lost_to: datetime | None = None
    """When it was noticed; None is now."""
    name: str = ""
    quantity: int = 1
    serial: str = ""
    places: Sequence[Place] = ()
    place_note: str = ""


def permit_lost(report: LostReport, action: str, by: User) -> Standing:
    """PermissionDenied (403) unless the table lets ``by`` do ``action`` on this report."""
    owns = report.received_by_id == by.pk
    return ensure(by, action, ACTIONS, prop=report.case.property, owns=owns)


def permit_report(prop: Property, by: User) -> Standing:
    """403 unless ``by`` may take lost reports down in this property."""
    return ensure(by, "report_lost", ACTIONS, prop=prop)


def hold(report: LostReport) -> LostReport:
    """Lock report and case, with what transitions read."""
    rows = LostReport.objects.select_for_update(no_key=True, of=("self", "case")).select_related(
        *JOINED
    )
    return rows.get(pk=report.pk)


def begin(report: LostReport, action: str, by: User) -> LostReport:
    """The report and its case under lock, fresh; then who (403), when (409)."""
    report = hold(report)
    permit_lost(report, action, by)
    in_state(report, LOST_MOVES, action, _("这件遗失登记"))
    return report


def finish(
    report: LostReport,
    fields: Sequence[str],
    *rows: models.Model,
    by: User,
    action: str,
    reason: str = "",
    info: dict[str, Any] | None = None,
    case_fields: Sequence[str] = (),
) -> LostReport:
    """Save the report's ``fields`` and append the audit entry with all rows written."""
    if fields:
        audit.save(report, *fields, by=by, reason=reason or action)
    audit.record(
        report.case,
        report,
        *rows,
        by=by,
        action=action,
        reason=reason,
        info=info,
        case_fields=case_fields,
    )
    return report


@transaction.atomic
def report_lost(
    prop: Property, loss: Loss, guest: Guest, *, by: User, token: str = ""
) -> LostReport:
    """报失 (F7): a BS number, who misses what, and the matching is woken.

    RefusedInput names each fact that is missing or out of order; DoubleSubmitError for a twin.
    """
    permit_report(prop, by)
    now = timezone.now()
    loss = _checked(prop, loss, guest, guest.phone or "", now, now)
    case = open_case(prop, Case.Kind.LOST, "BS", by=by, at=now, title=str(_("遗失登记")))
    report = LostReport(
        case=case, guest=persons.create(prop, guest), reported_at=now, received_by=by
    )
    _write(report, loss)
    audit.save(report, by=by, reason=_("遗失登记"))
    _follow(report, now)
    finish(report, [], by=by, action="report_lost", info={"category": loss.category})
    drafts.use_token(by, token, report.get_absolute_url(), form="lostfound.lost")
    return report


def _checked(
    prop: Property, loss: Loss, guest: Guest, phone: str, reported_at: datetime, now: datetime
) -> Loss:
    """The loss with its defaults, or RefusedInput with one sentence for each fact."""
    loss = replace(loss, lost_to=loss.lost_to or min(reported_at, now))
    errors = _facts(prop, loss) | _times(loss, reported_at)
    if not guest.name:
        errors["guest_name"] = _("请填写失主姓名，找到后好联系。")
    if not phone and guest.room is None:
        errors["phone"] = _("请留下失主的电话；没有电话就填房号。")
    if errors:
        raise RefusedInput(**errors)
    label = str(categories.Category(loss.category).label)
    return replace(loss, name=loss.name or label)


def _facts(prop: Property, loss: Loss) -> dict[str, str]:
    errors = {}
    if loss.category not in categories.Category.values:
        errors["category"] = _("请选择类别。")
    if not loss.features:
        errors["features"] = _("请写下特征：颜色、品牌、记号，只有失主知道的最有用。")
    if loss.quantity < 1:
        errors["quantity"] = _("数量至少是 1。")
    known = [place.pk for place in loss.places if place.property_id == prop.pk]
    if len(set(known)) < len(loss.places):
        errors["place"] = _("同一个地点只填一次，并且要是本物业的地点。")
    if len(loss.places) > MAX_PLACES:
        errors["place"] = _("地点最多填三处，其余写在补充里。")
    return errors


def _times(loss: Loss, reported_at: datetime) -> dict[str, str]:
    since, until = loss.lost_from, loss.lost_to
    if since is None:
        return {"lost_from": _("请填写最后一次见到的时间；记不清就填大概最早的时间。")}
    if until is not None and until > reported_at:
        return {"lost_to": _("发现不见的时间不能晚于报失的时间，请核对。")}
    if until is not None and since > until:
        return {"lost_from": _("最后一次见到要早于发现不见，请核对两个时间。")}
    if since < reported_at - OLDEST:
        return {"lost_from": _("时间在一年以前，请核对年份。")}
    return {}


def _write(report: LostReport, loss: Loss) -> None:
    """What was lost into the row, not saved yet."""
    for name in TEXTS:
        setattr(report, name, getattr(loss, name))
    places = [*loss.places, None, None, None]
    for name, place in zip(PLACES, places, strict=False):
        setattr(report, name, place)


def _follow(report: LostReport, now: datetime) -> None:
    """Clock, search and comparison of a new report in one statement: somebody waits at the desk."""
    rows = (
        first_call(report.case, Again.LOST_OPEN, now),
        search.row_of(report.case, entry_of(report)),
        base.profile_row(report.case, is_found=False),
    )
    bulk.write([bulk.Insert([row]) for row in rows])
    wake.on_commit("lostfound.match")


def _index(report: LostReport) -> None:
    """Rewrite the search row, name and number of the guest with it, and have it compared anew."""
    search.write(report.case, entry_of(report))
    base.compare_soon(report.case, is_found=False)


def entry_of(report: LostReport) -> search.Entry:
    """What it is searched by: guest and room, where it may lie, what it is."""
    return search.Entry(
        people=[report.guest],
        places=[report.guest.room, *report.places],
        words=[
            report.get_category_display(),
            report.name,
            report.features,
            report.serial,
            report.place_note,
        ],
    )


def edited_lost(report: LostReport) -> dict[str, Any]:
    """The values behind the form of 更正遗失登记, as they stand."""
    own = {name: getattr(report, name) for name in TEXTS}
    places = {name: getattr(report, f"{name}_id") for name in PLACES}
    return own | places | {f"guest.{name}": getattr(report.guest, name) for name in GUEST}


@transaction.atomic
def edit_lost(
    report: LostReport, loss: Loss, guest: Guest, *, by: User, reason: str, seen: str = ""
) -> LostReport:
    """更正遗失登记: with reason; history keeps what stood there, the matching starts anew.

    ``seen`` is the print of what the form was filled from: ConflictError when it changed since.
    """
    report = begin(report, "edit_lost", by)
    if seen:
        # Joined to the locked row, the guest is as old as the wait for the lock.
        report.guest.refresh_from_db()
    stale.require_unchanged(seen, edited_lost(report), _labels())
    if not reason:
        raise RefusedInput(reason=_("请写明更正的原因。"))
    phone = report.guest.phone if guest.phone is None else guest.phone
    now = timezone.now()
    loss = _checked(report.case.property, loss, guest, phone, report.reported_at, now)
    before = edited_lost(report)
    persons.change(report.guest, guest, by=by, reason=reason)
    _write(report, loss)
    after = edited_lost(report)
    changed = sorted(name for name, value in after.items() if before[name] != value)
    require(changed, _("登记没有变化。"))
    _index(report)
    fields = [*TEXTS, *PLACES] if any("." not in name for name in changed) else []
    return finish(
        report, fields, by=by, action="edit_lost", reason=reason, info={"fields": changed}
    )


def _labels() -> dict[str, Any]:
    """What a refusal may show of values that changed: of the thing, nothing of its owner."""
    return {f.name: f.verbose_name for f in LostReport._meta.concrete_fields if f.name in TEXTS}  # noqa: SLF001 -- model API


@transaction.atomic
def close_lost(report: LostReport, outcome: str, *, by: User, reason: str) -> LostReport:
    """结束遗失登记: got back, or nothing more to do; it leaves the matching at once."""
    report = begin(report, "close_lost", by)
    if outcome not in (L.FOUND, L.CLOSED):
        raise RefusedInput(outcome=_("请选择结果：已找回，或不再查找。"))
    if not reason:
        raise RefusedInput(reason=_("请写明怎么找回的，或为什么不再查找。"))
    now = timezone.now()
    report.status, report.ended_at, report.ended_reason = outcome, now, reason
    report.case.is_open, report.case.closed_at = False, now
    clocks.stop_all([report.case], now)
    MatchProfile.objects.filter(case=report.case).update(is_open=False, stale_at=None)
    return finish(
        report,
        ["status", "ended_at", "ended_reason"],
        by=by,
        action="close_lost",
        reason=reason,
        info={"outcome": outcome},
        case_fields=base.END,
    )


@transaction.atomic
def unmask_lost(report: LostReport, *, by: User, reason: str) -> Unmasking:
    """查看完整号码 of whoever lost it: with a purpose, for 60 seconds, on record."""
    report = hold(report)
    permit_lost(report, "unmask", by)
    row = persons.unmask(report.guest, "phone", by=by, reason=reason)
    finish(report, [], by=by, action="unmask", info={"field": "phone"})
    return row


@transaction.atomic
def decide_match(pair: MatchPair, *, by: User, accept: bool, reason: str = "") -> MatchPair:
    """就是它 or 不是 (F7): somebody judged a suggestion; both cases record it.

    What was refused is never suggested again, whatever is corrected later; only a person can take
    it back, with a reason. ConflictError when it was judged so already, or the thing is gone.
    """
    # The pair before its cases: the matching holds pairs while it waits for cases.
    pair = MatchPair.objects.select_for_update(no_key=True).get(pk=pair.pk)
    item = base.hold(pair.found)
    report = begin(pair.lost, "decide_match", by)
    state = P.ACCEPTED if accept else P.REJECTED
    require(pair.state != state, _("这一条已经判断过，结果相同。"))
    if accept:
        require(item.status in OPEN, _("这件物品已经不在库，请看它的最新情况。"))
    if pair.state in (P.ACCEPTED, P.REJECTED) and not reason:
        raise RefusedInput(reason=_("这一条判断过，要改变判断请写明原因。"))
    pair.state, pair.reason = state, reason
    pair.decided_by, pair.decided_at = by, timezone.now()
    audit.save(pair, "state", "reason", "decided_by", "decided_at", by=by, reason=reason)
    for case, other in ((item.case, report.case), (report.case, item.case)):
        info = {"number": other.number, "accepted": accept}
        audit.record(case, pair, by=by, action="decide_match", reason=reason, info=info)
    if accept:
        _tell_accepted(report, pair, by)
    return pair


def _tell_accepted(report: LostReport, pair: MatchPair, by: User) -> None:
    """The duty manager calls whoever lost it; numbers only."""
    numbers = {"lost": report.case.number, "found": pair.found.case.number}
    notify(
        report.case,
        Role.DUTY_MANAGER,
        rule="lostfound.match_accepted",
        text=_("【可能找到失主，请联系】%(lost)s · %(found)s") % numbers,
        key=f"accepted:{pair.pk}:{report.case.version}",
        except_for=by,
    )
