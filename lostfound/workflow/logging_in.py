"""L-B, L-C: somebody found something; the five facts, at once, from a phone."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lostfound import categories
from lostfound.models import CustodyMove, FoundItem
from lostfound.permissions import ACTIONS
from lostfound.workflow.base import (
    LATE_REPORT,
    Rule,
    begin,
    current,
    entry_of,
    finish,
    hand_on,
    neutral,
    next_due,
    permit,
    profile_row,
)
from propdesk.core import audit, bulk, drafts, persons, photos, search, wake
from propdesk.core.cases import open_case
from propdesk.core.images import Photo
from propdesk.core.models import Attachment, Case, Clock, Department, Place, Property, User
from propdesk.core.notices import notify
from propdesk.core.persons import Guest
from propdesk.core.roles import DUTY, Role, ensure, standing
from propdesk.core.transitions import RefusedInput, happened, require, to_minute

K = CustodyMove.Kind
MAX_PHOTOS = 9


@dataclass(frozen=True, slots=True)
class Find:
    """What is known when a thing is logged; name and unit default to the category's."""

    category: str
    features: str
    place: Place | None
    place_note: str = ""
    name: str = ""
    quantity: int = 1
    unit: str = ""
    serial: str = ""
    found_at: datetime | None = None
    late_reason: str = ""
    no_photo_reason: str = ""
    finder_user: User | None = None
    finder_name: str = ""
    """Somebody without an account: a guest, or a worker of a contractor."""
    finder_phone: str = ""
    finder_department: Department | None = None


@transaction.atomic
def log(
    prop: Property, find: Find, pictures: Iterable[bytes] = (), *, by: User, token: str = ""
) -> FoundItem:
    """拾物登记 (L-B, L-C): number, five facts, first link of the custody chain, word to the desk.

    RefusedInput names each fact that is missing; a photo or the reason why there is none (of papers
    and cards none is taken). DoubleSubmitError for a twin. Pictures are re-encoded before any lock.
    """
    ensure(by, "log", ACTIONS, prop=prop)
    now = timezone.now()
    find = _checked(find, now)
    ready = _pictures(pictures, find)
    item = _open(prop, find, by, now)
    rows = [_first_link(item, find, by, now)]
    if rows[0].holder_id != by.pk:
        rows.append(_taken_over(item, rows[0], by, now))
    stored = photos.store_first(item.case, ready, by=by)
    try:
        _follow(item, by, now)
        info = {"category": item.category, "photos": len(stored)}
        finish(item, [], *rows, *stored, by=by, action="log", info=info, occurred_at=item.found_at)
        drafts.use_token(by, token, item.get_absolute_url(), form="lostfound.log")
    except Exception:
        photos.discard(stored)
        raise
    return item


def _checked(find: Find, now: datetime) -> Find:
    """The facts complete and in order, or RefusedInput with one sentence for each."""
    errors = {}
    if find.category not in categories.Category.values:
        errors["category"] = _("请选择类别。")
    if not find.features:
        errors["features"] = _("请写下特征：颜色、品牌、记号。")
    if find.place is None and not find.place_note:
        errors["place"] = _("请选择或写明拾获地点。")
    if find.quantity < 1:
        errors["quantity"] = _("数量至少是 1。")
    if errors:
        raise RefusedInput(**errors)
    found_at = find.found_at or now
    happened("found_at", found_at, now)
    rule = categories.rule(find.category)
    label = str(categories.Category(find.category).label)
    return replace(
        find, name=find.name or label, unit=find.unit or str(rule.unit), found_at=found_at
    )


def _pictures(pictures: Iterable[bytes], find: Find) -> list[Photo]:
    pictures = list(pictures)
    if len(pictures) > MAX_PHOTOS:
        raise RefusedInput(photo=_("一次最多9张照片，请先选最清楚的。"))
    if pictures:
        _may_be_photographed(find.category)
    elif not find.no_photo_reason and not categories.rule(find.category).no_photo:
        raise RefusedInput(photo=_("请拍一张照片；拍不了的写明原因。"))
    return photos.prepare_all(pictures)


def _may_be_photographed(category: str) -> None:
    """RefusedInput (``photo``) for papers of identity and bank cards: no picture of one is kept."""
    if categories.rule(category).no_photo:
        raise RefusedInput(photo=_("证件、卡片不拍照，照片没有保存；写下特征即可，不抄号码。"))


def _open(prop: Property, find: Find, by: User, now: datetime) -> FoundItem:
    case = open_case(prop, Case.Kind.FOUND, "SW", by=by, at=now, title=str(_("拾获物品")))
    finder_user = find.finder_user or (None if find.finder_name else by)
    person = None
    if finder_user is None:
        guest = Guest(name=find.finder_name, phone=find.finder_phone, kind="outsider")
        person = persons.create(prop, guest)
    reason = find.no_photo_reason
    if not reason and categories.rule(find.category).no_photo:
        reason = str(_("证件、卡片不拍照"))
    item = FoundItem(
        case=case,
        category=find.category,
        name=find.name,
        quantity=find.quantity,
        unit=find.unit,
        features=find.features,
        serial=find.serial,
        no_photo_reason=reason,
        place=find.place,
        place_note=find.place_note,
        found_at=find.found_at or now,
        reported_at=now,
        late_reason=find.late_reason,
        logged_by=by,
        finder_user=finder_user,
        finder=person,
        finder_department_id=(
            find.finder_department.pk if find.finder_department else _department(prop, finder_user)
        ),
    )
    item.next_due_at = next_due(item, now)
    audit.save(item, by=by, reason=_("拾物登记"))
    return item


def _department(prop: Property, user: User | None) -> int | None:
    """Key of the department he works in, when he has one only."""
    mine = standing(user, prop).departments if user is not None else frozenset()
    return next(iter(mine)) if len(mine) == 1 else None


def _first_link(item: FoundItem, find: Find, by: User, now: datetime) -> CustodyMove:
    return hand_on(
        item,
        K.FOUND,
        by=by,
        now=now,
        holder=item.finder_user,
        holder_person=item.finder,
        department_id=item.finder_department_id,
    )


def _taken_over(item: FoundItem, first: CustodyMove, by: User, now: datetime) -> CustodyMove:
    """Whoever logs what somebody else found has it from him."""
    return hand_on(
        item,
        K.HAND_IN,
        by=by,
        now=now,
        giver=first.holder,
        giver_person=first.holder_person,
        holder=by,
        department_id=_department(item.case.property, by),
    )


def _follow(item: FoundItem, by: User, now: datetime) -> None:
    """Clocks, search, and the word to whoever must take it over."""
    due = Clock(case=item.case, rule=Rule.HAND_IN_LATE, due_at=next_due(item, now))
    rows = (due, search.row_of(item.case, entry_of(item)), profile_row(item.case))
    bulk.write([bulk.Insert([row]) for row in rows])
    wake.on_commit("lostfound.match")
    urgent = categories.rule(item.category).to_police_at_once
    if not urgent and Role.DUTY_MANAGER in standing(by, item.case.property).roles:
        return  # It lies before whoever would be told.
    roles = [Role.DUTY_MANAGER]
    if urgent:
        roles += [Role.SECURITY, Role.SECURITY_MANAGER, Role.PROPERTY_MANAGER]
    text = _("【违禁危险品，立即处理】%(case)s") if urgent else _("【拾获物品，请接收】%(case)s")
    notify(
        item.case,
        *roles,
        rule="lostfound.logged",
        text=text % {"case": neutral(item)},
        key="logged",
        except_for=by,
        urgent=urgent,
    )


def is_late(find_at: datetime, now: datetime) -> bool:
    """L-B: whether reporting took so long that the form asks why (a warning, never a refusal)."""
    return to_minute(now) - to_minute(find_at) > LATE_REPORT


@transaction.atomic
def hand_in(item: FoundItem, *, by: User) -> FoundItem:
    """接手 (L-C, reading 14): one hop on the way to the duty manager; the receipt stays."""
    item, stand = begin(item, "hand_in", by)
    now = timezone.now()
    before = current(item)
    require(
        not categories.rule(item.category).to_police_at_once,
        _("违禁危险品不接手、不搬动：看守现场，报警，等公安处理。"),
    )
    require(before.holder_id != by.pk, _("物品已经在您手里。"))
    require(not stand.roles & DUTY, _("值班经理请直接办“接收入库”，由保安部一起签收。"))
    row = hand_on(
        item,
        K.HAND_IN,
        by=by,
        now=now,
        giver=before.holder,
        giver_person=before.holder_person,
        holder=by,
        department_id=_department(item.case.property, by),
    )
    info = {"holder": by.pk}
    return finish(item, [], before, row, by=by, action="hand_in", info=info)


@transaction.atomic
def attach_all(item: FoundItem, pictures: Iterable[bytes], *, by: User) -> list[Attachment]:
    """添加照片: all of one upload or none; RefusedInput for papers and cards, which are not taken."""
    permit(item, "attach", by)
    _may_be_photographed(item.category)
    ready = photos.prepare_all(pictures)
    item, _stand = begin(item, "attach", by)
    _may_be_photographed(item.category)
    with photos.all_or_none() as rows:
        for photo in ready:
            rows.append(photos.store(item.case, photo, by=by))
        finish(item, [], *rows, by=by, action="attach", info={"photos": len(rows)})
    return rows
