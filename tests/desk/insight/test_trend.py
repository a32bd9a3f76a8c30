"""近十二个月: each figure of each month against plain SQL and the rows it opens."""

from dataclasses import replace

import pytest
import time_machine
from django.urls import reverse

from propdesk.core import paging
from propdesk.desk.insight import trend
from propdesk.desk.insight.queries import Asked
from tests.desk.insight.month import Month
from tests.desk.insight.test_figures import CLOSED, LATE, OPENED, PROMISE, THING, behind, oracle
from tests.desk.insight.test_figures import COMPLAINT as RECEIVED
from tests.factories import at, web

pytestmark = pytest.mark.django_db
ORACLE = {
    "rate": f"SELECT ({PROMISE}IN ('kept', 'moved')) + ({PROMISE}{LATE})",
    "complaints": f"SELECT count(*) {RECEIVED} AND {OPENED}",
    "late": PROMISE + LATE,
    "found": THING + f"<> 'voided' AND {OPENED}",
    "returned": THING + f"= 'returned' AND {CLOSED}",
}
KEPT = PROMISE + "= 'kept'"


@pytest.fixture
def year() -> Month:
    """Something in October, in the last minutes of November and in December; nothing before."""
    with time_machine.travel(at("2026-10-16 12:00"), tick=True) as clock:
        house = Month()
        house.closed()
        house.add_things()
        clock.move_to(at("2026-11-30 23:50"))
        house.told_late()
        house.voided()
        clock.move_to(at("2026-12-01 00:05"))
        house.new()
        house.new()
    return house


def test_each_month_equals_sql_and_the_rows_it_opens(
    year: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE", 2)
    with time_machine.travel(at("2026-12-05 12:00"), tick=True):
        asked = trend.over(year.asked())
        found = trend.gather(asked)
        spans = trend.months(at("2026-12-05 12:00").date())
        assert [str(span.first)[:7] for span in spans[::11]] == ["2026-01", "2026-12"]
        for row in found:
            days = [replace(asked, period=span) for span in spans]
            for line, of in zip([*row.lines, row.total], [*days, asked], strict=True):
                assert line.rows == oracle(of, ORACLE[row.key]) == len(behind(of, line.url))
        shown = {row.key: [line.rows for line in row.lines[9:]] for row in found}
        assert shown == {
            "rate": [1, 0, 2],
            "complaints": [1, 1, 2],
            "late": [0, 0, 1],
            "found": [2, 0, 0],
            "returned": [1, 0, 0],
        }
        assert [line.shown for line in found[0].lines[9:]] == rates(spans[9:], asked)


def rates(spans: list[trend.Period], asked: Asked) -> list[str]:
    told = []
    for span in spans:
        of = replace(asked, period=span)
        whole = oracle(of, ORACLE["rate"])
        told.append(f"{oracle(of, KEPT) * 100 // whole}%" if whole else "—")
    return told


def test_page_holds_every_figure_without_a_picture(year: Month) -> None:
    url = reverse("insight:trend", args=[year.prop.code])
    with time_machine.travel(at("2026-12-05 12:00"), tick=True):
        page = web(year.pm).get(url)
    text = page.content.decode()
    table = text.partition("<tbody>")[2].partition("</tbody>")[0]
    assert (table.count("<tr"), table.count("<td")) == (13, 65)
    shown = [line for row in page.context["trends"] for line in (*row.lines, row.total)]
    assert [line for line in shown if line.url.replace("&", "&amp;") not in table] == []
    assert web(year.dm).get(url).status_code == 403


def test_twelve_months_fit_into_a_period_whatever_the_year() -> None:
    for year in (2023, 2024, 2025):
        for month in range(1, 13):
            spans = trend.months(at(f"{year}-{month:02}-15 12:00").date())
            whole = trend.Period(spans[0].first, spans[-1].last)
            assert (len(spans), (whole.last - whole.first).days in (364, 365)) == (12, True)
