"""The pack as a paper: gathered from all registers, confidential cases left out altogether."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from emergencies.playbooks.schema import Playbook, fill
from emergencies.playbooks.vocabulary import label
from emergencies.queries import content
from emergencies.rows import playbook as words
from propdesk.core import masks, rendering
from propdesk.core.clock_text import list_time, paper_time
from propdesk.core.models import BlankForm, OutagePack, Place, Property, RenderJob
from propdesk.core.papers_outage import (
    Blank,
    CardPhase,
    CardStep,
    FloorRooms,
    Listing,
    Order,
    OutagePackPaper,
    PlaybookCard,
)
from propdesk.core.rendering import Sheet
from propdesk.core.roles import Role
from propdesk.desk.outage import queries

FORM = "V1.0"
ROSTER = timedelta(days=3)
SIDE_BY_SIDE = 4
"""Rooms in one row of the room list."""


def outage_pack(job: RenderJob) -> Sheet:
    """The pack the job names, as the house stands now."""
    pack = OutagePack.objects.select_related("property__settings").get(pk=job.params["pack"])
    prop, now = pack.property, timezone.now()
    blanks = list(pack.blanks.order_by("serial"))
    paper = OutagePackPaper(
        organisation=prop.name,
        number=pack.number,
        form_code="PD-TD-01",
        version=FORM,
        record_url=rendering.address(reverse("house:outage", args=[prop.code])),
        state="list",
        frozen_at=paper_time(now),
        secrecy=_("内部"),
        made_at=paper_time(now),
        first_serial=blanks[0].serial,
        last_serial=blanks[-1].serial,
        numbers=_numbers(prop),
        people=(_people(prop, now), _roster(prop, now)),
        cards=tuple(_card(one.book, content.site_of(prop)) for one in content.shelf(prop)),
        open_items=(_complaints(prop), _things(prop), _events(prop)),
        floors=_floors(queries.rooms(prop)),
        blanks=tuple(_blank(row) for row in blanks),
    )
    return rendering.listed(paper, now)


def _numbers(prop: Property) -> Listing:
    own = prop.settings
    lines = [
        ("119", _("火警、救援、电梯困人"), ""),
        ("120", _("急救"), ""),
        ("110", _("报警"), ""),
        (own.power_phone, _("供电服务"), own.power_supplier),
        (own.hospital_phone, _("医院急诊"), own.hospital_name),
        (own.duty_phone, _("值班经理"), ""),
        (prop.phone, _("本公寓总机"), prop.address),
    ]
    return Listing(
        title=_("应急电话"),
        columns=(_("电话"), _("做什么用"), _("单位、地址")),
        widths=("w20", "w30", ""),
        lines=tuple(cells for cells in lines if cells[0]),
    )


def _people(prop: Property, now: datetime) -> Listing:
    """The contact tree: everybody by rank, whoever leads first, with who stands in for whom."""
    return Listing(
        title=_("人员电话（自上而下找，找到为止）"),
        columns=(_("岗位"), _("姓名"), _("手机"), _("部门、内线")),
        widths=("w20", "w20", "w20", ""),
        lines=tuple(
            (
                str(Role(row.role).label),
                row.user.name,
                row.user.phone,
                _department(row.department),
            )
            for row in queries.people(prop, now)
        ),
        nothing=_("还没有登记员工。"),
    )


def _department(row: Any) -> str:
    if row is None:
        return ""
    return f"{row.name}　{row.extension}" if row.extension else row.name


def _roster(prop: Property, now: datetime) -> Listing:
    rows = queries.roster(prop, now, now + ROSTER)
    return Listing(
        title=_("三天内的排班"),
        columns=(_("起"), _("止"), _("岗位"), _("班次"), _("姓名")),
        widths=("w20", "w20", "w20", "w15", ""),
        lines=tuple(
            (
                list_time(row.starts_at),
                list_time(row.ends_at),
                str(Role(row.role).label),
                row.label,
                row.user.name,
            )
            for row in rows
        ),
        nothing=_("没有排班。"),
    )


def _card(book: Playbook, site: dict[str, str]) -> PlaybookCard:
    return PlaybookCard(
        title=book.title.zh,
        aim=fill(book.aim, site),
        orders=tuple(
            Order(fill(line.zh, site), label(line.by) if line.by else "", line.call)
            for line in book.card
        ),
        phases=tuple(
            CardPhase(phase.title.zh, tuple(_step(book, step, site) for step in phase.steps))
            for phase in book.phases
        ),
        never=tuple(fill(text, site) for text in book.dont),
        ends=tuple(rule.zh for rule in book.close_when),
    )


def _step(book: Playbook, step: Any, site: dict[str, str]) -> CardStep:
    read = words.read_step(book, step, site)
    return CardStep(step.id, read.text, read.who, read.within, read.when, read.required)


def _complaints(prop: Property) -> Listing:
    rows, more = queries.complaints(prop)
    return Listing(
        title=_("未结投诉"),
        columns=(_("编号"), _("房号、地点"), _("客户"), _("状态"), _("下一个时限"), _("跟进人")),
        widths=("w20", "w20", "w13", "w13", "w20", ""),
        lines=tuple(
            (
                row.case.number,
                place_of(row),
                masks.name(row.guest.name, row.guest.honorific),
                str(row.get_status_display()),
                list_time(row.next_due_at) if row.next_due_at else "",
                row.owner.name,
            )
            for row in rows
        ),
        nothing=_("没有未结投诉。"),
        beyond=_beyond(more),
    )


def _things(prop: Property) -> Listing:
    rows, more = queries.things(prop)
    return Listing(
        title=_("共管中的失物"),
        columns=(_("编号"), _("类别"), _("存放位置"), _("状态"), _("保管到期日")),
        widths=("w20", "w13", "w30", "w15", ""),
        lines=tuple(
            (
                row.case.number,
                str(row.get_category_display()),
                row.lies_in or "",
                str(row.get_status_display()),
                f"{row.last_day:%Y-%m-%d}" if row.last_day else "",
            )
            for row in rows
        ),
        nothing=_("没有共管中的失物。"),
        beyond=_beyond(more),
    )


def _events(prop: Property) -> Listing:
    return Listing(
        title=_("处置中的事件"),
        columns=(_("编号"), _("类别"), _("地点"), _("启动时间"), _("现场指挥")),
        widths=("w20", "w15", "w30", "w20", ""),
        lines=tuple(
            (
                row.case.number,
                _("演练") if row.is_drill else str(row.get_kind_display()),
                place_of(row),
                list_time(row.reported_at),
                row.commander.name if row.commander else "",
            )
            for row in queries.events(prop)
        ),
        nothing=_("没有处置中的事件。"),
    )


def place_of(row: Any) -> str:
    """Where it is, as people say it."""
    return str((row.place.code or row.place.label) if row.place else row.place_note)


def _beyond(more: int) -> str:
    return _("另有 %(n)d 件没有列出，见系统。") % {"n": more} if more else ""


def _floors(rooms: Iterable[Place]) -> tuple[FloorRooms, ...]:
    """Rooms by floor, as many in a row as stand side by side; a short row is filled up."""
    found = []
    rooms = sorted(
        rooms, key=lambda room: (_natural(_floor(room)), _natural(room.code or room.name))
    )
    for title, group in groupby(rooms, key=_floor):
        names = [room.code or room.name for room in group]
        rows = [
            _full(names[start : start + SIDE_BY_SIDE])
            for start in range(0, len(names), SIDE_BY_SIDE)
        ]
        found.append(FloorRooms(title or _("其他房间"), tuple(rows)))
    return tuple(found)


def _floor(room: Place) -> str:
    return room.parent.label if room.parent else ""


def _natural(text: str) -> list[tuple[int, str]]:
    """Sorts 2层 before 10层."""
    parts = re.findall(r"\d+|\D+", text)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _full(row: Sequence[str]) -> tuple[str, ...]:
    return (*row, *[""] * (SIDE_BY_SIDE - len(row)))


def _blank(row: BlankForm) -> Blank:
    return Blank(row.form, str(row.get_form_display()), row.serial)
