"""The pages of 统计: who may look, which days, what each figure opens, and what leaves the house."""

import io
import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from openpyxl import load_workbook

from propdesk.core import paging, rendering
from propdesk.core.models import RenderJob
from propdesk.core.periods import Period
from propdesk.core.roles import DUTY, MANAGERS, Role
from propdesk.desk.insight import figures
from propdesk.desk.insight.blocks import gather
from propdesk.desk.insight.paper import insight_report
from tests.desk.insight.month import Month
from tests.factories import fresh, member, web
from tests.incidents.journey import House
from tests.lostfound import counting
from tests.lostfound.journey import House as Things

pytestmark = pytest.mark.django_db


def url(house: House, name: str = "index", *args: object, **params: object) -> str:
    base = reverse(f"insight:{name}", args=[house.prop.code, *args])
    return f"{base}?{urlencode(params)}" if params else base


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    return response.content.decode()


# --- who -----------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role)
def test_figures_are_for_managers(role):
    house = Month()
    client = web(member(house.prop, role))

    got = {"index": client.get(url(house)).status_code}
    got["rows"] = client.get(url(house, "rows", "promises")).status_code
    response = client.get(url(house, "export"))
    b"".join(response)  # a file is closed when it was read
    got["export"] = response.status_code
    got["print"] = client.post(url(house, "print")).status_code

    allowed = role in MANAGERS
    assert got == {
        "index": 200 if allowed else 403,
        "export": 200 if allowed else 403,
        "rows": 200 if allowed else 403,
        "print": 302 if allowed else 403,
    }
    assert RenderJob.objects.count() == allowed


def test_navigation_shows_the_way_to_managers_alone():
    house = Month()
    board = reverse("desk:board", args=[house.prop.code])

    shown = [f'href="{url(house)}"' in text(web(user), board) for user in (house.pm, house.dm)]

    assert shown == [True, False]


def test_rows_of_another_house_are_not_counted():
    house, other = Month(), Month()
    other.new()

    assert "受理投诉 0 件" in text(web(house.pm), url(house))
    assert "受理投诉 1 件" in text(web(other.pm), url(other))


def test_confidential_event_is_told_to_its_readers_alone():
    house = Month()
    house.add_events()
    stranger = member(house.prop, Role.PROPERTY_MANAGER)

    own = text(web(house.pm), url(house, "rows", "events"))
    others = text(web(stranger), url(house, "rows", "events"))

    number = house.secret.case.number
    assert (number in own, number in others) == (True, False)
    assert "客户死亡" not in own
    assert text(web(house.pm), url(house, "rows", "events", sort="death")).count("<tr>") == 0


# --- which days ----------------------------------------------------------------------------


def test_page_shows_this_month_unless_asked():
    house = Month()
    house.new()
    client = web(house.pm)
    month = Period.month_of(timezone.localdate())
    before = Period.month_of(month.first - timedelta(days=1))

    assert f'value="{month.first}"' in text(client, url(house))
    assert "受理投诉 1 件" in text(client, url(house, **month.params()))
    assert "受理投诉 0 件" in text(client, url(house, **before.params()))


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        ("2026-11-30", "2026-11-01", "止日不能早于起日。"),
        ("2025-01-01", "2026-01-02", "一次最多看 366 天，请把日期改近一些。"),
        ("1999-01-01", "1999-01-02", "年份不对，请核对日期。"),
        ("明天", "2026-01-02", "输入一个有效的日期。"),
        ("", "2026-01-02", "这个字段是必填项。"),
    ],
    ids=["backwards", "long", "old", "words", "empty"],
)
def test_page_refuses_days_that_are_no_period(first, last, sentence):
    house = Month()
    client = web(house.pm)

    page = text(client, url(house, first=first, last=last), 422)

    assert (sentence in page, f'value="{last}"' in page) == (True, True)
    assert ("本月" in page, "今年以来" in page) == (True, True)
    assert client.get(url(house, "rows", "promises", first=first, last=last)).status_code == 404


def test_parameter_of_somebody_else_changes_nothing():
    house = Month()

    assert "受理投诉 0 件" in text(web(house.pm), url(house, utm_source="wecom"))


def test_page_takes_a_leap_year():
    house = Month()

    assert text(web(house.pm), url(house, first="2024-01-01", last="2024-12-31"))


# --- what a figure opens -------------------------------------------------------------------


def test_every_link_of_the_page_opens_its_rows(monkeypatch):
    house = Month().fill()
    monkeypatch.setattr(paging, "PAGE", 100)
    client = web(house.pm)
    links = {line.url: line.rows for b in gather(house.asked()) for line in (*b.lines, b.total)}
    later = {u: n for u, n in links.items() if "/promises/" not in u}

    page = text(client, url(house))

    assert [u for u in later if escape(u) not in page] == []
    opened = {u: len(re.findall(r"<tr>", text(client, u))) - 1 for u in later}
    assert {u: max(n, 0) for u, n in opened.items()} == later


@pytest.mark.parametrize(
    ("figure", "params"),
    [
        ("nonsense", {}),
        ("promises", {"result": "good"}),
        ("promises", {"department": "x"}),
        ("complaints", {"room": "0"}),
        ("closed", {"owner": "99999"}),
        ("settled", {"status": "voided"}),
        ("notices", {"state": "'; --"}),
        ("promises", {"first": "2026-11-01"}),
    ],
)
def test_rows_of_no_figure_are_not_found(figure, params):
    house = Month()

    assert web(house.pm).get(url(house, "rows", figure, **params)).status_code == 404


def test_department_of_another_house_opens_nothing():
    house, other = Month(), Month()
    address = url(house, "rows", "promises", department=other.department.pk)

    assert web(house.pm).get(address).status_code == 404


@pytest.mark.parametrize("figure", [*figures.FIGURES, "drills_due", "drills_missed"])
def test_rows_of_a_quiet_month_say_so(figure):
    house = Month()

    assert "这一期没有" in text(web(house.pm), url(house, "rows", figure))


def test_rows_go_on_page_by_page(monkeypatch):
    monkeypatch.setattr(paging, "PAGE", 2)
    house = Month()
    numbers = {house.new().case.number for _n in range(5)}
    client, seen, address = web(house.pm), [], url(house, "rows", "complaints")
    while address:
        page = text(client, address)
        seen += re.findall(r">(TS-\d{8}-\d{3})<", page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        address = older.group(1).replace("&amp;", "&") if older else ""

    assert (len(seen), set(seen)) == (5, numbers)


def test_things_are_not_listed_to_whoever_counts_them():
    house = Things()
    counting.started(house, by=house.pm)
    client, prop = web(house.pm), house.prop.code

    assert client.get(reverse("insight:rows", args=[prop, "found"])).status_code == 403
    assert client.get(reverse("insight:export", args=[prop])).status_code == 403
    assert client.get(reverse("insight:rows", args=[prop, "complaints"])).status_code == 200


# --- one complaint -------------------------------------------------------------------------


def test_time_of_one_complaint_adds_up_as_shown():
    house = Month()
    complaint = house.redone()

    page = text(web(house.pm), url(house, "time", complaint.case.number))

    spans = re.findall(r'<td class="num right"><span.*?</span>(\d+):(\d\d):(\d\d)</td>', page)
    whole = re.findall(r"共 (\d+):(\d\d):(\d\d)（时:分:秒）", page)
    sums = re.findall(r'<tr class="total">.*?(\d+):(\d\d):(\d\d)', page, re.DOTALL)
    seconds = [int(h) * 3600 + int(m) * 60 + int(s) for h, m, s in spans]
    total = [int(h) * 3600 + int(m) * 60 + int(s) for h, m, s in [*whole, *sums]]
    assert total == [sum(seconds)] * 3
    assert len(seconds) > 5


def test_time_of_two_people_of_one_name_is_told_apart():
    house = Month()
    house.second.name = house.dm.name
    house.second.save()

    page = text(web(house.pm), url(house, "time", house.redone().case.number))

    sums = page.partition("按跟进人")[2]
    assert sums.count(f'<th scope="row">{house.dm.name}</th>') == 2


@pytest.mark.parametrize("role", Role)
def test_time_of_a_complaint_is_for_who_reads_its_history(role):
    house = Month()
    address = url(house, "time", house.new().case.number)

    status = web(member(house.prop, role)).get(address).status_code

    assert status == (200 if role in DUTY else 403)


def test_complaint_leads_to_its_time():
    house = Month()
    complaint = house.new()

    page = text(web(house.dm), complaint.get_absolute_url())

    assert f'href="{url(house, "time", complaint.case.number)}"' in page


def test_time_of_a_complaint_of_another_house_is_not_found():
    house, other = Month(), Month()

    response = web(house.pm).get(url(house, "time", other.new().case.number))

    assert response.status_code == 404


# --- what leaves the house -----------------------------------------------------------------


def test_excel_holds_figures_and_rows_as_text():
    house = Month()
    house.closed()
    house.room.name = house.room.label = "=1+1"
    house.room.save()
    house.new(place=house.room)

    response = web(house.pm).get(url(house, "export"))

    book = load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    assert book.sheetnames == [
        "汇总",
        *(str(figure.title) for figure in figures.FIGURES.values()),
        "应做的演练",
    ]
    summary = {(row[1].value): row[2].value for row in book["汇总"].iter_rows(min_row=2)}
    assert (summary["受理的投诉"], summary["共用时"]) == (2, 1)
    cell = next(row[3] for row in book["受理的投诉"].iter_rows(min_row=2) if row[3].value == "=1+1")
    assert (cell.data_type, cell.quotePrefix) == ("s", True)
    assert "王" not in "".join(str(c.value) for s in book for row in s.iter_rows() for c in row)


def test_excel_says_where_it_was_cut(monkeypatch):
    monkeypatch.setattr("propdesk.desk.insight.sheet.MAX_ROWS", 1)
    house = Month()
    house.new()
    house.new()

    response = web(house.pm).get(url(house, "export"))

    book = load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    assert [row[0].value for row in book["受理的投诉"].iter_rows(min_row=3)] == [
        "只导出前 1 行，其余请分几段日期导出。"
    ]


def test_report_shows_what_the_page_shows():
    house = Month()
    house.closed()
    response = web(house.pm).post(url(house, "print", **house.period.params()))
    job = RenderJob.objects.get(kind="insight")

    paper = insight_report(job).paper

    assert response.url == url(house, "paper", job.pk)
    blocks = gather(house.asked(later=timedelta()))
    assert [group.title for group in paper.groups] == [block.title for block in blocks]
    bars = [(bar.label, bar.text) for group in paper.groups for bar in group.bars]
    shown = [(line.label, line.shown) for block in blocks for line in block.lines]
    assert bars == shown
    rendering.render_due(timezone.now())
    job.refresh_from_db()
    assert (job.state, job.error) == ("done", "")


def test_report_is_there_for_its_asker_alone():
    house = Month()
    job = rendering.request_list(house.prop, "insight", house.period.params(), by=house.pm)

    codes = [web(u).get(url(house, "paper", job.pk)).status_code for u in (house.pm, house.gm)]

    assert codes == [202, 404]


def test_second_tap_leads_to_the_report_in_the_making():
    house = Month()
    client = web(house.pm)

    first, second = (client.post(url(house, "print", **house.period.params())) for _ in range(2))
    rendering.render_due(timezone.now())
    third = client.post(url(house, "print", **house.period.params()))

    assert (first.status_code, first.url == second.url, first.url == third.url) == (
        302,
        True,
        False,
    )
    assert RenderJob.objects.filter(kind="insight").count() == 2


def test_report_is_refused_to_who_is_manager_no_more():
    house = Month()
    job = rendering.request_list(house.prop, "insight", house.period.params(), by=house.pm)
    house.pm.memberships.update(ends_on=timezone.localdate() - timedelta(days=1))

    with pytest.raises(PermissionDenied):
        insight_report(RenderJob.objects.get(pk=job.pk))

    assert fresh(house.pm).memberships.count() == 1
