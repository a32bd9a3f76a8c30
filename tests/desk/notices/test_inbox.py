"""The inbox: unread first, confirmed by one tap, with how far each notice got elsewhere."""

import re
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from propdesk.core import notices
from propdesk.core.channels import relay
from propdesk.core.models import Delivery, MailRule
from propdesk.core.roles import Role
from propdesk.desk.notices import queries
from tests.core.channels.rows import house, robot_of, tell
from tests.factories import CaseFactory, UserFactory, at, web

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def reader(prop):
    return prop.memberships.get(role=Role.DUTY_MANAGER).user


def inbox(prop):
    return list(Delivery.objects.filter(property=prop, channel="inbox").order_by("-pk"))


def url(prop, name="notices", *args):
    return reverse(f"desk:{name}", args=[prop.code, *args])


def pages(client, address):
    """The keys of each page, to the last."""
    found: list[list[int]] = []
    while address:
        context = client.get(address).context
        found.append([line.delivery.pk for line in context["lines"]])
        address = context["older_url"]
    return found


@pytest.mark.parametrize("confirmed", [(), (0,), (1, 2, 4), (0, 1, 2, 3, 4)])
def test_unread_come_first_and_pages_neither_repeat_nor_lose(monkeypatch, confirmed):
    monkeypatch.setattr(queries, "PAGE", 2)
    prop = house()
    tell(prop, 5)
    rows = inbox(prop)
    for n in confirmed:
        notices.acknowledge(rows[n], by=rows[n].recipient)

    found = pages(web(reader(prop)), url(prop))

    unread = [row.pk for n, row in enumerate(rows) if n not in confirmed]
    read = [row.pk for n, row in enumerate(rows) if n in confirmed]
    assert [pk for page in found for pk in page] == unread + read
    assert [len(page) for page in found] == [2, 2, 1]


@pytest.mark.parametrize("key", ["x", "u", "r-1", "u1.5", "r²", "u" + "9" * 40, "'"])
def test_nonsense_for_a_key_is_the_first_page(key):
    prop = house()
    tell(prop)

    response = web(reader(prop)).get(url(prop), {"after": key})

    assert (response.status_code, len(response.context["lines"])) == (200, 1)


def test_one_tap_confirms_and_brings_the_list_and_the_count(settings):
    prop = house()
    tell(prop, 2)
    client, row = web(reader(prop)), inbox(prop)[0]

    page = client.post(url(prop, "acknowledge", row.pk), headers=HTMX).content.decode()

    assert page.count("确认收到</button>") == 1
    assert re.search(r'id="bell"[^>]*hx-swap-oob="true"[^>]*通知，1 条未读', page)
    assert 'role="status">已确认收到。' in page
    assert "<html" not in page


def test_without_script_the_same_page_comes_back():
    prop = house()
    tell(prop, 2)
    client, row = web(reader(prop)), inbox(prop)[0]

    response = client.post(url(prop, "acknowledge", row.pk), {"after": "u99"})

    assert (response.status_code, response["Location"]) == (302, f"{url(prop)}?after=u99")


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_all_that_is_shown_and_not_urgent_is_confirmed_at_once(headers):
    prop = house()
    tell(prop, 3)
    tell(prop, urgent=True)
    client = web(reader(prop))
    page = client.get(url(prop)).content.decode()
    seen = re.findall(r'name="seen" value="(\d+)"', page)
    tell(prop)  # came while he was reading

    response = client.post(url(prop, "acknowledge_all"), {"seen": seen}, headers=headers)

    assert response.status_code == (200 if headers else 302)
    states = [(row.notice.urgent, row.state) for row in inbox(prop)]
    assert states == [(False, "pending"), (True, "pending"), *[(False, "acknowledged")] * 3]


def test_nobody_confirms_for_another_nor_in_another_house():
    prop, other = house(), house()
    tell(prop)
    tell(other)
    keys = [row.pk for row in [*inbox(prop), *inbox(other)]] + ["x", "", "-1"]
    client = web(reader(other))

    client.post(url(other, "acknowledge_all"), {"seen": keys})

    assert [row.state for row in inbox(prop)] == ["pending"]
    assert [row.state for row in inbox(other)] == ["acknowledged"]


def test_robot_row_is_no_notice_of_an_inbox(robots):
    prop = house()
    robot_of(robots, prop)
    tell(prop)
    relay.deliver(timezone.now())
    row = Delivery.objects.get(channel="robot")

    assert web(reader(prop)).post(url(prop, "acknowledge", row.pk)).status_code == 404


def chips(prop: Any) -> list[list[tuple[str, str]]]:
    lines = web(reader(prop)).get(url(prop)).context["lines"]
    return [[(chip.channel, chip.word) for chip in (line.chip, *line.elsewhere)] for line in lines]


@pytest.mark.parametrize(
    ("behaviour", "count", "word"),
    [("right", 1, "已发送"), ("right", 6, "已汇总发送"), ("wrong", 1, "发送失败")],
)
def test_each_notice_says_how_far_it_got(robots, behaviour, count, word):
    robots.behaviour = behaviour
    prop = house()
    robot_of(robots, prop, name="值班群")
    tell(prop, count)
    assert chips(prop) == [[("站内", "未确认")]] * count
    relay.deliver(timezone.now())

    assert chips(prop) == [[("站内", "未确认"), ("值班群", word)]] * count


def test_what_waits_for_the_morning_says_until_when(robots):
    prop = house()
    robot_of(robots, prop, name="值班群")
    with time_machine.travel(at("2026-11-23 23:30"), tick=False):
        tell(prop)
        relay.deliver(timezone.now())
        morning = at("2026-11-24 07:00")
        Delivery.objects.filter(channel="robot").update(state="pending", next_try_at=morning)

        assert chips(prop) == [[("站内", "未确认"), ("值班群", "待发送（明天 07:00）")]]


def test_second_reader_sees_what_the_group_was_told(robots):
    prop = house()
    robot_of(robots, prop, name="值班群")
    case, other = CaseFactory(property=prop), UserFactory()
    prop.memberships.create(user=other, role=Role.SECURITY, starts_on="2020-01-01")
    people = [reader(prop), other]
    notices.notify(case, rule="incidents.overdue", text="x", key="k", also=people)
    relay.deliver(timezone.now())

    lines = web(other).get(url(prop)).context["lines"]
    assert [chip.word for chip in lines[0].elsewhere] == ["已发送"]


def test_passed_over_level_reads_merged_and_asks_for_nothing():
    prop = house()
    message = notices.Message(prop, "r", "【即将到期】", "k", (reader(prop),), merged=True)
    notices.put([message])

    page = web(reader(prop)).get(url(prop)).content.decode()

    assert ("已合并" in page, "确认收到</button>" in page) == (True, False)


def test_own_mail_is_chosen_by_everybody_for_himself(settings):
    prop = house()
    user = reader(prop)
    MailRule.objects.create(property=prop, role=Role.DUTY_MANAGER, found="none")
    client, here = web(user), url(prop, "own_mail")
    page = client.get(here)
    assert page.context["form"].initial["found"] == "none"
    assert "还没有开通邮件" in page.content.decode()
    levels = {"events": "all", "complaints": "urgent", "found": "none", "papers": "none"}

    assert client.post(here, levels | {"found": "some"}).status_code == 422
    assert not MailRule.objects.filter(user=user).exists()
    assert client.post(here, levels).status_code == 302
    assert MailRule.objects.get(user=user).complaints == "urgent"
    settings.PROPDESK_EMAIL_ENABLED = True
    assert "没有邮箱" in client.get(here).content.decode()
