"""The package is all that is open: set equality with SQL of its own, whatever the state of the house."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emergencies import workflow as emergencies
from emergencies.models import Event, RoomSeal
from incidents import workflow as incidents
from incidents.models import Complaint
from lostfound.models import FoundItem
from propdesk.core.models import Case, Delivery, Department, Task
from propdesk.desk.handover import package
from propdesk.desk.handover.models import CountItem
from tests.desk.handover.shifts import Night
from tests.emergencies.journey import House as EventHouse
from tests.lostfound.journey import House as FoundHouse

pytestmark = pytest.mark.django_db
ORACLE = """
SELECT 'complaint:' || c.case_id FROM incidents_complaint c JOIN core_case k ON k.id = c.case_id
 WHERE k.property_id = %(prop)s AND c.status NOT IN ('closed', 'voided')
UNION ALL
SELECT 'event:' || e.case_id FROM emergencies_event e JOIN core_case k ON k.id = e.case_id
 WHERE k.property_id = %(prop)s AND e.status = 'running'
UNION ALL
SELECT 'seal:' || id FROM emergencies_roomseal
 WHERE property_id = %(prop)s AND released_at IS NULL AND NOT is_drill
UNION ALL
SELECT 'found:' || f.case_id FROM lostfound_founditem f JOIN core_case k ON k.id = f.case_id
 WHERE k.property_id = %(prop)s AND f.ended_at IS NULL
   AND (f.next_due_at < %(until)s OR f.expires_on <= %(day)s
        OR f.status IN ('logged', 'claimed', 'disputed'))
UNION ALL
SELECT 'task:' || id FROM core_task WHERE property_id = %(prop)s AND done_at IS NULL
UNION ALL
SELECT DISTINCT 'notice:' || COALESCE('case:' || n.case_id, n.id::text) FROM core_notice n
  JOIN core_delivery d ON d.notice_id = n.id
 WHERE n.property_id = %(prop)s AND n.recipient_id = %(who)s AND n.urgent
   AND d.channel = 'inbox' AND d.state IN ('pending', 'sent')
"""


def oracle(night: Night, until: Any) -> list[str]:
    day = timezone.localdate(until) + package.EXPIRING
    given = {"prop": night.prop.pk, "until": until, "day": day, "who": night.dm.pk}
    with connection.cursor() as cursor:
        cursor.execute(ORACLE, given)
        return sorted(key for (key,) in cursor.fetchall())


def keys(night: Night, until: Any) -> list[str]:
    return sorted(item.key for item in package.gather(night.prop, night.dm.pk, until))


def world(night: Night) -> None:
    """Two or three of everything in this house, and one complaint in another."""
    for _n in range(3):
        night.new()
    events = EventHouse(prop=night.prop)
    for kind in ("theft", "death", "power_outage"):
        events.started(kind)
    # Each of these houses brings departments of its own, by the same names.
    for department in Department.objects.filter(property=night.prop):
        Department.objects.filter(pk=department.pk).update(name=f"{department.name}二部")
    found = FoundHouse(prop=night.prop)
    found.logged()
    for _n in range(2):
        found.stored()
    other = Night()
    other.new()


SPANS = st.sampled_from([-30, -1, 0, 3, 7, 8, 400])


@given(data=st.data())
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_package_is_what_sql_finds_open(built: Night, data: st.DataObject) -> None:
    until = timezone.now() + timedelta(hours=8)
    with transaction.atomic():
        _shake(built, data, until)
        found, wanted = keys(built, until), oracle(built, until)
        transaction.set_rollback(True)

    assert found == wanted


@pytest.fixture
def built(db: None) -> Night:
    night = Night()
    world(night)
    return night


def _shake(night: Night, data: st.DataObject, until: Any) -> None:
    """Put every row into some state."""
    for row in FoundItem.objects.filter(case__property=night.prop):
        hours = timedelta(hours=data.draw(SPANS))
        FoundItem.objects.filter(pk=row.pk).update(next_due_at=until + hours)
        if row.expires_on is not None:
            day = timezone.localdate(until) + timedelta(days=data.draw(SPANS))
            FoundItem.objects.filter(pk=row.pk).update(expires_on=day)
    now = timezone.now()
    for task in Task.objects.filter(property=night.prop):
        Task.objects.filter(pk=task.pk).update(done_at=data.draw(st.sampled_from([None, now])))
    for each in Delivery.objects.filter(property=night.prop):
        state = data.draw(st.sampled_from(Delivery.State.values))
        Delivery.objects.filter(pk=each.pk).update(state=state)
    for case in Case.objects.filter(property=night.prop, kind="complaint"):
        if data.draw(st.booleans()):
            Case.objects.filter(pk=case.pk).update(restricted=True)
        elif data.draw(st.booleans()):
            incidents.void(case.complaint, by=night.pm, reason="重复登记")
    for event in Event.objects.filter(case__property=night.prop, case__restricted=False):
        if data.draw(st.booleans()):
            emergencies.void(event, by=night.pm, reason="误启动")


# --- what is said of it --------------------------------------------------------------------


def test_confidential_cases_of_every_kind_say_nothing(built: Night) -> None:
    Case.objects.filter(property=built.prop, kind="complaint").update(restricted=True)
    items = package.gather(built.prop, built.dm.pk, timezone.now())

    hidden = [item for item in items if item.restricted]

    assert {item.kind for item in hidden} >= {"event", "complaint"}
    assert {tuple(item.said.values()) for item in hidden} == {("保密事项", "", None, None)}


def test_last_day_of_a_found_thing_is_said_with_its_year(built: Night) -> None:
    row = FoundItem.objects.filter(case__property=built.prop, expires_on__isnull=False)[0]
    FoundItem.objects.filter(pk=row.pk).update(next_due_at=timezone.now())

    items = package.gather(built.prop, built.dm.pk, timezone.now() + timedelta(hours=8))

    (item,) = [item for item in items if item.key == f"found:{row.pk}"]
    assert item.state.endswith(f" · {row.expires_on:%Y-%m-%d}到期")


def test_digest_changes_with_what_is_said_and_with_nothing_else(built: Night) -> None:
    def digests() -> dict[str, str]:
        return {i.key: i.digest for i in package.gather(built.prop, built.dm.pk, timezone.now())}

    before = digests()
    case = Case.objects.filter(property=built.prop, kind="complaint").first()
    Case.objects.filter(pk=case.pk).update(version=case.version + 5)
    assert digests() == before
    Complaint.objects.filter(pk=case.pk).update(category="noise")

    changed = {key for key, digest in digests().items() if before[key] != digest}
    assert changed == {f"complaint:{case.pk}"}


def test_package_costs_the_same_for_more(built: Night, django_assert_num_queries: Any) -> None:
    def gathered() -> int:
        return len(package.gather(built.prop, built.dm.pk, timezone.now()))

    with django_assert_num_queries(6):
        few = gathered()
    for _n in range(3):
        built.new()
    with django_assert_num_queries(6):
        many = gathered()

    assert many == few + 3


def test_counts_name_cupboards_seals_and_what_the_house_lists(
    built: Night, django_assert_num_queries: Any
) -> None:
    CountItem.objects.create(property=built.prop, name="总钥匙", unit="串", expected=12)
    CountItem.objects.create(
        property=built.prop, name="旧钥匙", unit="串", expected=1, is_active=False
    )

    with django_assert_num_queries(3):
        found = package.counts(built.prop)

    seals = RoomSeal.objects.filter(property=built.prop, released_at=None, is_drill=False).count()
    named = {count.name: count.expected for count in found}
    assert (named["门上封条"], named["总钥匙"], "旧钥匙" in named) == (seals, 12, False)


def test_what_happened_hides_what_is_confidential(built: Night) -> None:
    now = timezone.now()
    rows, more = package.happened(built.prop, now - timedelta(hours=1), now)

    death = Event.objects.get(case__property=built.prop, kind="death").case.number
    told = {each["number"]: (each["kind"], each["state"]) for each in rows}
    assert told[death] == ("保密事项", "")
    assert (len(told), more) == (Case.objects.filter(property=built.prop).count(), 0)
