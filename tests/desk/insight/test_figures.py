"""Every figure of 统计 against plain SQL, against the rows it opens, and for each who may look."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import resolve
from django.utils import timezone

from emergencies.models import Kind
from emergencies.playbooks import PLAYBOOKS
from emergencies.queries import drills
from incidents import queries_insight as complaints
from incidents import workflow
from incidents.models import Complaint
from propdesk.core import notices, paging
from propdesk.core.models import Delivery
from propdesk.core.notices import Message
from propdesk.core.periods import Period
from propdesk.core.roles import Role
from propdesk.desk.handover import workflow as handover
from propdesk.desk.insight import queries
from propdesk.desk.insight.blocks import Block, Line, gather, percent
from propdesk.desk.insight.figures import opened
from propdesk.desk.insight.pages import DUE
from propdesk.desk.insight.queries import Asked
from tests.desk.handover.shifts import Night
from tests.desk.insight.month import Month
from tests.factories import at, fresh, member
from tests.incidents.journey import fresh as fresh_case

pytestmark = pytest.mark.django_db
SATISFIED = {"satisfaction": "satisfied", "comment": ""}
ANGRY = {"satisfaction": "dissatisfied", "comment": "没修好"}
AWAY = {"satisfaction": "unreachable", "comment": ""}


@pytest.fixture(autouse=True)
def clock():
    """The middle of a month: what is promised for some hours later is due in the same one."""
    with time_machine.travel(at("2026-11-16 12:00"), tick=True) as clock:
        yield clock


def lines(block: Block) -> list[Line]:
    return [*block.lines, block.total]


def behind(asked: Asked, url: str) -> list[Any]:
    """The rows a figure opens, page by page, as the page itself reads them."""
    parts = urlsplit(url)
    figure, params = resolve(parts.path).kwargs["figure"], dict(parse_qsl(parts.query))
    assert params["first"] == asked.period.first.isoformat()
    assert params["last"] == asked.period.last.isoformat()
    if figure in DUE:
        due = queries.drills_due(asked)
        return [row for row in due if figure == "drills_due" or row.is_missed]
    found, after, rows = opened(asked, figure, params), "", []
    while True:
        shown = found.figure.kind.page(asked, found.rows, after)
        rows += shown.rows
        for row in shown.rows:
            cells = found.figure.kind.cells(row)
            assert len(cells) == len(found.figure.kind.columns)
            assert found.figure.kind.url(asked, row) != "" or figure == "notices"
        after = shown.after
        if not after:
            return rows


# --- the SQL oracle --------------------------------------------------------------------------

CASE = "FROM core_case c JOIN {table} t ON t.case_id = c.id WHERE c.property_id = %(prop)s"
OPENED = "c.opened_at >= %(start)s AND c.opened_at < %(end)s"
CLOSED = "c.closed_at >= %(start)s AND c.closed_at < %(end)s"
COMPLAINT = CASE.format(table="incidents_complaint") + " AND t.status <> 'voided'"
PROMISE = (
    "SELECT count(*) FROM incidents_promise p JOIN incidents_complaint t ON t.case_id = p.complaint_id"
    " JOIN core_case c ON c.id = t.case_id WHERE c.property_id = %(prop)s AND t.status <> 'voided'"
    " AND p.due_at >= %(start)s AND p.due_at < %(end)s AND p.outcome "
)
LATE = "IN ('open', 'broken') AND (p.outcome = 'broken' OR p.due_at < %(now)s)"
ANSWER = (
    "SELECT count(*) FROM (SELECT DISTINCT ON (b.complaint_id, b.cycle) b.* FROM incidents_callback b"
    " ORDER BY b.complaint_id, b.cycle, b.id DESC) b JOIN core_case c ON c.id = b.complaint_id"
    " WHERE c.property_id = %(prop)s AND b.asked_at >= %(start)s AND b.asked_at < %(end)s"
    " AND b.satisfaction = "
)
THING = "SELECT count(*) " + CASE.format(table="lostfound_founditem") + " AND t.status "
ROOMS = (
    "AND t.place_id IN (SELECT id FROM core_place WHERE kind = 'room')"
    " GROUP BY t.place_id HAVING count(*) > 1) r"
)
SEEN = (
    " AND (c.restricted IS NOT TRUE OR EXISTS (SELECT 1 FROM emergencies_reader r"
    " WHERE r.event_id = c.id AND r.user_id = %(user)s AND r.ended_at IS NULL))"
)
EVENT = CASE.format(table="emergencies_event") + " AND t.status <> 'voided'" + SEEN
NOTICE = (
    "FROM core_delivery d JOIN core_notice n ON n.id = d.notice_id"
    " LEFT JOIN core_case c ON c.id = n.case_id LEFT JOIN emergencies_event e ON e.case_id = c.id"
    " LEFT JOIN incidents_complaint k ON k.case_id = c.id"
    " LEFT JOIN lostfound_founditem f ON f.case_id = c.id"
    " LEFT JOIN desk_handover h ON h.case_id = c.id"
    " WHERE d.property_id = %(prop)s AND d.channel = 'inbox' AND d.state <> 'merged'"
    " AND d.created_at >= %(start)s AND d.created_at < %(end)s AND e.is_drill IS NOT TRUE"
    " AND 'voided' NOT IN (coalesce(e.status, ''), coalesce(k.status, ''), coalesce(f.status, ''),"
    " coalesce(h.status, ''))"
) + SEEN
UNPROMISED = (
    f"SELECT count(*) {COMPLAINT} AND {OPENED} AND EXISTS (SELECT 1 FROM core_clock k"  # noqa: S608 -- words of this test
    " WHERE k.case_id = c.id AND k.rule = 'incidents.promise_late' AND k.fired_at IS NOT NULL)"
)
DRILL = (
    "emergencies_event e JOIN core_case c ON c.id = e.case_id WHERE c.property_id = %(prop)s"
    " AND e.kind = k.kind AND e.is_drill AND e.status = 'archived' AND e.reported_at"
)
DUE_ON = (
    "SELECT count(*) FROM unnest(%(kinds)s::text[], %(months)s::int[]) AS k(kind, months)"  # noqa: S608 -- words of this test
    " CROSS JOIN LATERAL (SELECT coalesce((SELECT max((e.reported_at AT TIME ZONE 'Asia/Shanghai')::date)"
    f" FROM {DRILL} < %(start)s), %(since)s::date) + make_interval(months => k.months) AS day) d"
    " WHERE d.day <= %(last)s"
)
ORACLE = {
    ("promises", "按时兑现"): PROMISE + "= 'kept'",
    ("promises", "按时通报后延期"): PROMISE + "= 'moved'",
    ("promises", "未兑现"): PROMISE + LATE,
    ("promises", "到期的承诺"): f"SELECT ({PROMISE}IN ('kept', 'moved')) + ({PROMISE}{LATE})",
    ("late_department", "未兑现"): PROMISE + LATE,
    ("late_category", "未兑现"): PROMISE + LATE,
    ("complaints", "受理的投诉"): f"SELECT count(*) {COMPLAINT} AND {OPENED}",
    ("complaints", "设施"): f"SELECT count(*) {COMPLAINT} AND {OPENED} AND t.category = 'facility'",
    ("complaints", "未分类"): f"SELECT count(*) {COMPLAINT} AND {OPENED} AND t.category = ''",
    ("unpromised", "超时未约定时限"): UNPROMISED,
    ("time_owner", "共用时"): f"SELECT count(*) {COMPLAINT} AND {CLOSED} AND t.status = 'closed'",
    ("answers", "满意"): ANSWER + "'satisfied'",
    ("answers", "不满意"): ANSWER + "'dissatisfied'",
    ("rooms", "房间"): f"SELECT count(*) FROM (SELECT place_id {COMPLAINT} AND {OPENED} {ROOMS}",  # noqa: S608 -- words of this test
    ("things", "登记的失物"): THING + f"<> 'voided' AND {OPENED}",
    ("things", "已归还"): THING + f"= 'returned' AND {CLOSED}",
    ("things", "已处置"): THING + f"= 'disposed' AND {CLOSED}",
    ("things", "已移交公安"): THING + f"= 'police' AND {CLOSED}",
    ("notices", "发出的通知"): f"SELECT count(*) {NOTICE}",
    ("notices", "已确认"): f"SELECT count(*) {NOTICE} AND d.acknowledged_at IS NOT NULL",
    ("notices", "未确认"): f"SELECT count(*) {NOTICE} AND d.acknowledged_at IS NULL",
    ("events", "特殊事件"): f"SELECT count(*) {EVENT} AND {OPENED} AND NOT t.is_drill",
    (
        "events",
        "保密事项",
    ): f"SELECT count(*) {EVENT} AND {OPENED} AND NOT t.is_drill AND c.restricted",
    ("drills", "应演练"): DUE_ON,
    ("drills", "应演练而没有"): (
        f"{DUE_ON} AND d.day < %(today)s AND NOT EXISTS (SELECT 1 FROM {DRILL}"  # noqa: S608 -- words of this test
        " >= %(start)s AND e.reported_at < %(end)s)"
    ),
    ("drills", "完成的演练"): (
        f"SELECT count(*) {EVENT} AND {OPENED} AND t.is_drill AND t.status = 'archived'"
    ),
}
GROUPED = {
    "late_department": PROMISE.replace("count(*)", "d.name, count(*)").replace(
        " WHERE ", " JOIN core_department d ON d.id = p.department_id WHERE ", 1
    )
    + f"{LATE} GROUP BY 1",
    "late_category": PROMISE.replace("count(*)", "t.category, count(*)") + f"{LATE} GROUP BY 1",
    "unpromised": UNPROMISED.replace("count(*)", "t.category, count(*)") + " GROUP BY 1",
    "complaints": f"SELECT t.category, count(*) {COMPLAINT} AND {OPENED} GROUP BY 1",
    "rooms": (
        f"SELECT r.label, count(*) {COMPLAINT} AND {OPENED} GROUP BY r.id HAVING count(*) > 1"
    ).replace(" WHERE ", " JOIN core_place r ON r.id = t.place_id AND r.kind = 'room' WHERE ", 1),
    "events": (
        "SELECT CASE WHEN c.restricted THEN 'restricted' ELSE t.kind END, count(*)"
        f" {EVENT} AND {OPENED} AND NOT t.is_drill GROUP BY 1"
    ),
}
"""By block the name or code of each of its lines, and how many: told apart by SQL."""
WORDS = dict(Complaint.Category.choices) | {"": "未分类"}
WORDS |= dict(Kind.choices) | {"restricted": "保密事项"}


def grouped(asked: Asked, sql: str) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params(asked))
        return {str(WORDS.get(code, code)): n for code, n in cursor.fetchall()}


def oracle(asked: Asked, sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, params(asked))
        return cursor.fetchone()[0]


def params(asked: Asked) -> dict[str, Any]:
    return {
        "prop": asked.prop.pk,
        "user": asked.user.pk,
        "start": asked.period.start,
        "end": asked.period.end,
        "now": asked.now,
        "kinds": [kind for kind, book in PLAYBOOKS.items() if book.drill],
        "months": [book.drill.every_months for book in PLAYBOOKS.values() if book.drill],
        "since": drills.since(asked.prop),
        "last": asked.period.last,
        "today": timezone.localdate(asked.now),
    }


@pytest.fixture
def month() -> Month:
    return Month().fill()


def readers(month: Month) -> dict[str, Any]:
    """Who may see figures: a manager since before the confidential event began, and two after."""
    return {
        "reader": month.pm,
        "manager": member(month.prop, Role.PROPERTY_MANAGER),
        "general": member(month.prop, Role.GENERAL_MANAGER),
    }


def test_every_figure_equals_sql_and_the_rows_it_opens(month, monkeypatch):
    monkeypatch.setattr(paging, "PAGE", 2)
    month.prop.settings.first_run_done_at = timezone.now() - BEGAN
    told = {}
    for who, user in readers(month).items():
        asked = month.asked(fresh(user))
        blocks = gather(asked)
        for block in blocks:
            for line in lines(block):
                assert len(behind(asked, line.url)) == line.rows, (who, block.key, line.label)
        found = {(b.key, line.label): line.rows for b in blocks for line in lines(b)}
        plain = {key: oracle(asked, sql) for key, sql in ORACLE.items()}
        assert {key: found.get(key, 0) for key in ORACLE} == plain, who
        for block in blocks:
            if sql := GROUPED.get(block.key):
                one_by_one = {line.label: line.rows for line in block.lines}
                assert one_by_one == grouped(asked, sql) != {}, (who, block.key)
        told[who] = plain

    assert told["reader"]["events", "保密事项"] == 1
    assert told["manager"]["events", "保密事项"] == told["general"]["events", "保密事项"] == 0
    assert told["reader"]["notices", "发出的通知"] > told["manager"]["notices", "发出的通知"]
    shown = {key: n for key, n in told["reader"].items() if key[0] != "time_owner"}
    nothing = {("answers", "不满意"), ("things", "已处置"), ("things", "已移交公安")}
    assert {key for key, n in shown.items() if n == 0} == nothing


HOLDER = {
    "owner": "h.owner_id",
    "department": "CASE WHEN h.status = 'in_progress' AND h.department_done_at IS NULL"
    " THEN COALESCE(h.department_id, 0) ELSE 0 END",
}
TIME_OF = """SELECT holder, SUM(ends - begins) FROM (
  SELECT CASE WHEN h.status = 'closed' THEN -1 ELSE {holder} END AS holder,
    GREATEST(t.received_at, CASE WHEN EXISTS (SELECT 1 FROM incidents_historicalcomplaint e
      WHERE e.case_id = h.case_id AND (e.history_date, e.history_id) < (h.history_date, h.history_id))
      THEN h.history_date ELSE t.received_at END) AS begins,
    LEAST(c.closed_at, COALESCE((SELECT n.history_date FROM incidents_historicalcomplaint n
      WHERE n.case_id = h.case_id AND (n.history_date, n.history_id) > (h.history_date, h.history_id)
      ORDER BY n.history_date, n.history_id LIMIT 1), c.closed_at)) AS ends
  FROM incidents_historicalcomplaint h
  JOIN incidents_complaint t ON t.case_id = h.case_id JOIN core_case c ON c.id = h.case_id
  WHERE c.property_id = %(prop)s AND t.status = 'closed' AND NOT c.is_open
    AND c.closed_at >= %(start)s AND c.closed_at < %(end)s) AS held
WHERE ends > begins GROUP BY holder"""
"""Each row of the history holds until the one after it, found row by row and by no window."""


@pytest.mark.parametrize("whose", ["owner", "department"])
def test_time_of_all_holders_is_the_time_of_the_complaints(whose):
    """Summed over all cases, equal to plain SQL and to the segments of each cut one by one."""
    house = Month()
    house.closed()
    again = house.redone()
    assert again.status == "in_progress"
    workflow.progress(again, by=house.second, kind="started", text="到场")
    done = workflow.resolve(fresh_case(again), by=house.second, resolution="修好")
    workflow.call_back(done, by=house.second, via="phone", asked_at=timezone.now(), **SATISFIED)
    workflow.close(fresh_case(done), by=house.pm, override="客户催办")
    asked = house.asked()
    rows = complaints.closed(asked.user, asked.prop, asked.period)

    shares = complaints.time_shares(rows)[whose]

    closed = list(rows.select_related("case"))
    parts = [part for each in complaints.cut(closed, asked.now).values() for part in each]
    one_by_one: dict[int, timedelta] = {}
    for part in parts:
        key = part.owner if whose == "owner" else part.department or complaints.DESK
        key = complaints.NOBODY if part.status == "closed" else key
        one_by_one[key] = one_by_one.get(key, timedelta()) + part.length
    with connection.cursor() as cursor:
        cursor.execute(TIME_OF.format(holder=HOLDER[whose]), params(asked))
        by_sql = dict(cursor.fetchall())
    assert {share.holder: share.time for share in shares} == one_by_one == by_sql
    whole = sum((row.case.closed_at - row.received_at for row in closed), timedelta())
    assert (len(closed), sum((share.time for share in shares), timedelta())) == (2, whole)
    assert complaints.NOBODY in one_by_one
    assert len(one_by_one) == {"owner": 3, "department": 4}[whose]


def test_promise_counts_by_the_day_it_is_due():
    house = Month()
    house.promised(hours=3)
    before, after = house.asked(later=timedelta(hours=2)), house.asked(later=timedelta(hours=4))

    found = [gather(asked)[0] for asked in (before, after)]

    assert [block.total.rows for block in found] == [0, 1]
    assert (found[0].title, found[1].title) == ("本期没有到期的承诺", "承诺兑现率 0%")


def test_answer_of_an_earlier_round_stays_counted():
    house = Month()
    complaint = house.resolved()
    workflow.call_back(complaint, by=house.dm, via="phone", asked_at=timezone.now(), **ANGRY)
    workflow.decide_dissatisfied(fresh_case(complaint), by=house.pm, choice="redo", reason="重做")

    block = next(b for b in gather(house.asked()) if b.key == "answers")

    assert (block.title, block.total.rows) == ("客户满意率 0%", 1)


def test_answer_a_try_that_failed_is_none_yet():
    house = Month()
    complaint = house.resolved()
    workflow.call_back(complaint, by=house.dm, via="phone", asked_at=timezone.now(), **AWAY)

    block = next(b for b in gather(house.asked()) if b.key == "answers")

    assert (block.title, block.total.rows) == ("本期没有回访到客户", 0)


@pytest.mark.parametrize(
    ("waits", "median", "ninth"), [([4], 4, 4), ([1, 2, 9], 2, 7.6), ([10, 20], 15, 19)]
)
def test_waits_are_the_percentiles_of_what_was_confirmed(waits, median, ninth):
    house = Month()
    for number in range(len(waits) + 1):
        notices.put([Message(house.prop, "test", "【提醒】", f"k{number}", (house.pm,))])
    told = Delivery.objects.filter(property=house.prop).order_by("pk")
    for row, minutes in zip(told, waits, strict=False):
        row.state = Delivery.State.ACKNOWLEDGED
        row.acknowledged_at = row.created_at + timedelta(minutes=minutes)
        row.save()

    found = queries.waits(queries.told(house.asked()))

    assert (found.told, found.confirmed) == (len(waits) + 1, len(waits))
    assert (found.median, found.ninth) == (timedelta(minutes=median), timedelta(minutes=ninth))


BEGAN = timedelta(days=400)
ALL_DUE = [Kind.MEDICAL, Kind.OUTAGE, Kind.FIRE]


@pytest.mark.parametrize(
    ("days_ago", "due"), [(300, ALL_DUE), (60, [Kind.MEDICAL, Kind.OUTAGE])], ids=["long", "lately"]
)
def test_drill_is_due_by_the_last_one_before_the_period(days_ago, due):
    house = Month()
    house.prop.settings.first_run_done_at = timezone.now() - BEGAN
    with time_machine.travel(timezone.now() - timedelta(days=days_ago)):
        house.drilled("fire")
    before = queries.drills_due(house.asked())

    house.drilled("medical")

    after = {row.kind: row.held_on for row in queries.drills_due(house.asked())}
    assert {row.kind: row.held_on for row in before} == dict.fromkeys(due)
    assert after == dict.fromkeys(due) | {Kind.MEDICAL: timezone.localdate()}


def test_drill_is_missed_only_once_its_day_is_over(clock):
    house = Month()
    house.prop.settings.first_run_done_at = at("2026-05-20 12:00")
    found = []
    for day in ("2026-11-16", "2026-11-20", "2026-11-21"):
        clock.move_to(at(f"{day} 12:00"))
        block = next(b for b in gather(house.asked(later=timedelta())) if b.key == "drills")
        found.append([line.rows for line in block.lines])

    assert found == [[1, 0], [1, 0], [1, 1]]


def test_notice_of_a_hand_over_that_was_voided_does_not_count():
    night = Night()
    row = night.offered_over()
    asked = Asked(night.pm, night.prop, Period.month_of(timezone.localdate()), timezone.now())
    before = queries.told(asked).count()

    handover.void_handover(row, by=night.pm, reason="交错了班")

    assert (before, queries.told(asked).count(), oracle(asked, f"SELECT count(*) {NOTICE}")) == (
        1,
        0,
        0,
    )


@pytest.mark.parametrize(
    ("confirmed", "title"),
    [(0, "2 条通知还没有确认"), (1, "1 条通知还没有确认"), (2, "通知都确认了，一半在3分内")],
)
def test_block_of_notices_says_first_what_nobody_confirmed(confirmed, title):
    house = Month()
    for number in range(2):
        notices.put([Message(house.prop, "test", "【提醒】", f"k{number}", (house.pm,))])
    for row in Delivery.objects.filter(property=house.prop).order_by("pk")[:confirmed]:
        row.state = Delivery.State.ACKNOWLEDGED
        row.acknowledged_at = row.created_at + timedelta(minutes=3)
        row.save()

    block = next(b for b in gather(house.asked()) if b.key == "notices")

    assert block.title == title
    assert [(line.label, line.rows) for line in block.lines[:2]] == [
        ("未确认", 2 - confirmed),
        ("已确认", confirmed),
    ]


def test_drill_of_a_house_that_just_began_is_not_due():
    assert queries.drills_due(Month().asked()) == []


def test_figures_cost_the_same_with_one_row_and_with_three():
    house = Month()
    house.closed()
    few = cost(house)
    house.closed()
    house.told_late()
    house.new(place=house.room)

    assert (cost(house), few <= STATEMENTS) == (few, True)


STATEMENTS = 17


def cost(house: Month) -> int:
    asked = house.asked()
    with CaptureQueriesContext(connection) as captured:
        gather(asked)
    return len(captured)


@pytest.mark.parametrize(
    ("part", "whole", "said"), [(0, 0, "—"), (0, 3, "0%"), (999, 1000, "99%"), (7, 7, "100%")]
)
def test_percent_is_rounded_down(part, whole, said):
    assert percent(part, whole) == said
