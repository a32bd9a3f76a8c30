"""Every kind of sealed paper verifies after whatever the pages do later, and tells one edit by SQL."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from emergencies import workflow as events
from propdesk.core import (
    appendices,
    case_people,
    cases,
    persons,
    rendering,
    signatures,
    verifying,
)
from propdesk.core.appendices import Correction
from propdesk.core.models import Case, Document, Place, RenderJob
from propdesk.core.persons import Guest
from propdesk.core.roles import Role
from propdesk.core.signatures import Second
from tests.desk.handover.shifts import Night
from tests.emergencies.damage_walk import Desk
from tests.emergencies.journey import House as EventHouse
from tests.emergencies.journey import fresh
from tests.emergencies.recording import signed_off, submitted
from tests.emergencies.test_records_workflow import reported
from tests.factories import PASSWORD, CaseFactory, member
from tests.incidents.journey import drawn
from tests.lostfound import claiming, disposing
from tests.lostfound.journey import House as FoundHouse

pytestmark = pytest.mark.django_db


def slip() -> tuple[Case, Any]:
    house = FoundHouse()
    return claiming.returned(house).case, house.pm


def disposal() -> tuple[Case, Any]:
    house = FoundHouse()
    with time_machine.travel(disposing.LATER, tick=True):
        return disposing.done(house).case, house.pm


def event() -> tuple[Case, Any]:
    house = EventHouse()
    row = house.ended("drunk_guest", aggressive="yes")
    signed_off(house, submitted(row, "disturbance_record", row.commander))
    reported(house, row)
    events.archive(fresh(row), by=house.pm)
    return row.case, house.pm


def damage() -> tuple[Case, Any]:
    desk = Desk()
    row = desk.posted()
    return row.case, desk.pm


def handover() -> tuple[Case, Any]:
    night = Night()
    night.new()
    return night.signed().case, night.pm


KINDS: dict[str, tuple[Callable[[], tuple[Case, Any]], str]] = {
    "slip": (slip, "UPDATE lostfound_founditem SET name = '别的东西'"),
    "disposal": (disposal, "UPDATE lostfound_disposalline SET reason = '别的'"),
    "event": (event, "UPDATE emergencies_eventrecord SET values = '{}'"),
    "handover": (handover, "UPDATE desk_handover SET vips = '别的'"),
    "damage": (damage, "UPDATE emergencies_damageline SET item = '别的'"),
}


def sealed(case: Case) -> list[Document]:
    rendering.render_due(timezone.now() + timedelta(days=366))
    jobs = RenderJob.objects.filter(case=case, sealed=True)
    assert [job.error for job in jobs] == [""] * len(jobs)
    found = list(Document.objects.filter(case=case, sealed=True).order_by("pk"))
    assert found
    return found


def later(case: Case, by: Any) -> None:
    """What a house changes in its settings and on record once the paper is sealed."""
    prop = case.property
    prop.name, prop.phone, prop.address = "云栖国际", "0571-81112222", "新路 9 号"
    prop.save()
    for model, column, way in verifying.NAMED:
        for row in model.objects.filter(**{way: prop.pk}).exclude(pk=prop.pk).distinct():
            setattr(row, column, f"新{getattr(row, column)}")
            row.save()
    for person in case_people.people_of(case):
        room = Place.objects.filter(property=prop, kind=Place.Kind.ROOM).last()
        known = Guest("欧阳新", "mr", "13611112222", kind=person.kind, room=room)
        persons.change(person, known, by=by, reason="核对")
    other = CaseFactory(property=prop, kind="complaint")
    cases.link(case, other.number, by=by, note="同一户")


def findings(papers: list[Document]) -> Iterator[tuple[str, str, str]]:
    for paper in papers:
        verdict = verifying.by_code(paper.verify_code)[0]
        yield from ((paper.kind, f.what, f.words) for f in verdict.findings if f.says != "same")


@pytest.mark.parametrize("kind", KINDS)
def test_paper_verifies_and_is_told_once_a_row_was_changed_by_sql(kind: str, as_owner: Any) -> None:
    make, change = KINDS[kind]
    case, manager = make()
    papers = sealed(case)

    assert list(findings(papers)) == []
    second = member(case.property, Role.GENERAL_MANAGER)
    signatures.keep(second, drawn())
    said = Correction("时间", "", "早十分钟", "监控")
    appendices.append(papers[0], said, Second(second, PASSWORD), by=manager, password=PASSWORD)
    sealed(case)
    later(case, manager)
    assert list(findings(papers)) == []

    table = change.split()[1]
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(change)
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    told = {what for _kind, what, _words in findings(papers)}
    # Papers of found things are made of their history, which an UPDATE of the row leaves as it was.
    printed = kind in ("event", "damage", "handover")
    assert told == {"留痕链"} | ({"数据库里的登记"} if printed else set())
