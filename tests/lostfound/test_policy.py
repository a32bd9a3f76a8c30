"""保管规则: what is in force and what it means; a new version of 总物业经理; what is kept stays."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from lostfound import holidays, retention, workflow
from lostfound.models import RetentionPolicy
from lostfound.queries import policy as queries
from lostfound.rows import policy as rows
from lostfound.workflow.terms import terms_of
from propdesk.core import house_settings
from propdesk.core.models import PropertySettings
from propdesk.core.roles import DUTY, Role
from propdesk.core.transitions import RefusedInput
from propdesk.desk import shell
from tests.factories import PropertyFactory, member
from tests.incidents.moves import fingerprint
from tests.lostfound.journey import House, fresh

pytestmark = pytest.mark.django_db
READERS = DUTY | {Role.SECURITY, Role.SECURITY_MANAGER}


def url(house: House, name: str = "policy") -> str:
    return reverse(f"lostfound:{name}", args=[house.prop.code])


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def answers(**changes: Any) -> dict[str, Any]:
    """The form as a browser sends it: the preset of the SOP from today on."""
    return {
        "preset": "sop",
        "limit": "100.00",
        "boundary": "short",
        "unvalued": "long",
        "short_count": "3",
        "short_unit": "months",
        "long_count": "12",
        "long_unit": "months",
        "start": "received",
        "reminders": "30、7、1",
        "rolls": "on",
        "valid_from": f"{timezone.localdate():%Y-%m-%d}",
        "reason": "年度复核",
        **changes,
    }


def lasting(house: House, **changes: Any) -> RetentionPolicy:
    """A version in force from today on, by its preset."""
    preset = changes.pop("preset", "sop")
    on = changes.pop("on", timezone.localdate())
    return workflow.set_policy(
        house.prop, preset, retention.PRESETS[preset], on, by=house.gm, reason="试", **changes
    )


@pytest.mark.parametrize("role", Role)
def test_policy_is_read_by_joint_custody_and_made_by_the_general_manager(role: Role) -> None:
    house = House()
    web = browser(member(house.prop, role))

    read, made = web.get(url(house)).status_code, web.get(url(house, "policy_new")).status_code
    sent = web.post(url(house, "policy_new"), answers()).status_code

    may = role == Role.GENERAL_MANAGER
    assert read == (200 if role in READERS else 403)
    assert (made, sent) == ((200, 302) if may else (403, 403))
    assert RetentionPolicy.objects.count() == may


@pytest.mark.parametrize("name", ["policy", "policy_new"])
def test_policy_of_another_house_is_not_found(name: str) -> None:
    answer = browser(House().gm).get(reverse(f"lostfound:{name}", args=[PropertyFactory().code]))

    assert answer.status_code == 404


def test_policy_of_a_new_house_shows_its_preset_and_writes_nothing() -> None:
    house = House(prop=PropertyFactory(settings__retention="handover"))
    web = browser(house.dm)
    web.get(url(house))
    before = fingerprint()

    html = web.get(url(house)).content.decode()

    assert "按设置：限期移交公安" in html
    assert "2026-12-07" in html
    assert fingerprint() == before


def test_policy_page_gives_the_examples_in_words_and_days() -> None:
    house = House()
    lasting(house)

    context = browser(house.dm).get(url(house)).context

    assert [(e.value, e.rule, e.last_day) for e in context["now"].examples] == [
        ("100.00元", "100.00元以内（含）保管3个月", date(2027, 2, 28)),
        ("100.01元", "超过100.00元保管1年", date(2027, 11, 30)),
        ("未估价", "未估价的物品保管1年", date(2027, 11, 30)),
    ]


def test_policy_page_shows_all_versions_with_who_when_and_why() -> None:
    house = House()
    workflow.policy_in_force(house.prop, timezone.localdate() - timedelta(days=9))
    lasting(house, preset="handover")
    lasting(house, preset="hotel", on=timezone.localdate() + timedelta(days=30))

    answer = browser(house.guard).get(url(house))

    found = [(v.row.version, v.row.preset, v.state) for v in answer.context["versions"]]
    html = answer.content.decode()
    assert found == [(3, "hotel", "later"), (2, "handover", "now"), (1, "sop", "before")]
    assert [html.count("陈国栋 · "), html.count("系统 · ")] == [2, 1]
    assert "不论价值，自招领公告之日起保管3个月，期满移交公安机关" in html


@pytest.mark.parametrize("ahead", [0, 1, 2])
def test_policy_page_names_years_without_holidays(ahead: int) -> None:
    today = date(2026, 3, 1)

    year, is_published = rows.holiday_years(today)[ahead]

    assert (year, is_published) == (2026 + ahead, holidays.is_published(2026 + ahead))


def test_policy_page_keeps_its_budget_at_any_number_of_versions() -> None:
    house = House()
    web = browser(house.gm)
    costs = []
    for preset in ("hotel", "handover"):
        lasting(house, preset=preset)
        shell._counts.clear()
        with CaptureQueriesContext(connection) as captured:
            web.get(url(house))
        costs.append(len([q for q in captured if not q["sql"].startswith(("SAVE", "RELEASE"))]))

    assert costs[0] == costs[1]
    assert costs[0] <= 10


@pytest.mark.parametrize("days", [-40, -1, 0, 1, 29, 30, 31, 90])
def test_rule_of_a_day_is_the_one_the_workflow_takes(days: int) -> None:
    house = House()
    today = timezone.localdate()
    workflow.policy_in_force(house.prop, today - timedelta(days=9))
    lasting(house, preset="hotel", on=today + timedelta(days=30))
    lasting(house, preset="handover")
    on = today + timedelta(days=days)

    assert queries.in_force(queries.versions(house.prop), on) == workflow.policy_in_force(
        house.prop, on
    )


# --- a new version -------------------------------------------------------------------------


def test_policy_new_saves_what_was_typed() -> None:
    house = House()
    data = answers(
        preset="hotel",
        limit="200",
        boundary="long",
        unvalued="short",
        short_count="30",
        short_unit="days",
        long_count="6",
        start="announced",
        reminders="1, 14 7",
        police_only="on",
        rolls="",
        valid_from="20991231",
    )

    answer = browser(house.gm).post(url(house, "policy_new"), data)

    row = RetentionPolicy.objects.get()
    assert (answer.status_code, answer.url) == (302, url(house))
    assert (row.preset, row.limit, row.boundary, row.unvalued) == (
        "hotel",
        Decimal(200),
        "long",
        "short",
    )
    assert (row.short_count, row.short_unit, row.long_count, row.long_unit) == (
        30,
        "days",
        6,
        "months",
    )
    assert (row.start, row.reminders, row.police_only, row.rolls) == (
        "announced",
        [14, 7, 1],
        True,
        False,
    )
    assert (row.valid_from, row.reason, row.by) == (date(2099, 12, 31), "年度复核", house.gm)


@pytest.mark.parametrize("limit", ["1e9", "1000000000", "999999999.99", "1e3"])
def test_policy_new_with_a_limit_no_column_holds_is_refused(limit: str) -> None:
    house = House()

    answer = browser(house.gm).post(url(house, "policy_new"), answers(limit=limit))

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["limit"])
    assert RetentionPolicy.objects.count() == 0


def test_policy_new_that_says_the_same_once_more_is_refused() -> None:
    house = House()
    client, where = browser(house.gm), url(house, "policy_new")

    first = client.post(where, answers())
    again = client.post(where, answers())

    assert (first.status_code, again.status_code) == (302, 409)
    assert "与现行规则完全相同" in again.content.decode()
    assert RetentionPolicy.objects.count() == 1


def test_policy_new_moves_nothing_that_was_received_earlier() -> None:
    house = House()
    early = house.stored()
    before = (early.policy_id, early.expires_on, list(early.case.clocks.values_list("due_at")))

    browser(house.gm).post(url(house, "policy_new"), answers(long_count="24"))

    early = fresh(early)
    late = house.stored()
    after = (early.policy_id, early.expires_on, list(early.case.clocks.values_list("due_at")))
    assert after == before
    assert late.expires_on == retention.add_months(late.received_on, 24)


@pytest.mark.parametrize("preset", ["sop", "hotel", "handover"])
def test_policy_new_begins_with_a_preset_and_saves_it_as_it_is(preset: str) -> None:
    house = House()
    web = browser(house.gm)
    address = f"{url(house, 'policy_new')}?preset={preset}"

    form = web.get(address).context["form"]
    data = {name: value for name, value in form.initial.items() if value is not False}
    web.post(address, data | {"reason": "按预设"})

    assert terms_of(RetentionPolicy.objects.get()) == retention.PRESETS[preset]


def test_policy_new_twice_by_one_form_is_one_version() -> None:
    house = House()
    web = browser(house.gm)
    data = answers(token="same")

    sent = [web.post(url(house, "policy_new"), data).status_code for _n in range(2)]

    assert sent == [302, 302]
    assert RetentionPolicy.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"limit": "-1"}, "limit", "不能小于 0，请重填。"),
        ({"limit": "1.005"}, "limit", "小数点后最多 2 位，请重填。"),
        ({"limit": ""}, "limit", "请填写：价值界线（元）。"),
        ({"short_count": "0"}, "short_count", "不能小于 1，请重填。"),
        ({"short_count": "三"}, "short_count", "请只填整数，例如 2，没有就填 0。"),
        ({"short_count": "13"}, "short_count", "短期不能比长期更长，请核对两个期限。"),
        ({"reminders": "30、30"}, "reminders", "请填不重复的天数，最多6个，例如 30、7、1。"),
        ({"reminders": "0"}, "reminders", "请填不重复的天数，最多6个，例如 30、7、1。"),
        ({"reminders": "明天"}, "reminders", "请填不重复的天数，最多6个，例如 30、7、1。"),
        ({"valid_from": "20200101"}, "valid_from", "新规则从今天或以后起生效，已入库的不受影响。"),
        ({"valid_from": "2026-02-30"}, "valid_from", "没有这一天，请填日期，例如 2026-11-23。"),
        ({"reason": " "}, "reason", "请填写：制定或修改的原因。"),
        ({"boundary": "middle"}, "boundary", "没有这个选项，请从列出的选项里重新选。"),
    ],
)
def test_policy_new_wrong_says_what_to_do_and_keeps_the_rest(
    change: Any, field: str, sentence: str
) -> None:
    house = House()

    answer = browser(house.gm).post(url(house, "policy_new"), answers(long_count="12") | change)

    assert answer.status_code == 422
    assert answer.context["form"].errors == {field: [sentence]}
    assert 'value="年度复核"' in answer.content.decode() or field == "reason"
    assert RetentionPolicy.objects.count() == 0


# --- beside 设置 ---------------------------------------------------------------------------


def test_setting_follows_the_rule_so_that_no_other_change_takes_it_back() -> None:
    house = House()
    lasting(house, preset="hotel")
    house.prop.refresh_from_db()

    house_settings.save_settings(house.prop, {"duty_phone": "8000"}, by=house.pm, reason="换号")

    settings = PropertySettings.objects.get(property=house.prop)
    record = settings.history.filter(retention="hotel").last()
    assert (settings.retention, RetentionPolicy.objects.count()) == ("hotel", 1)
    assert (record.history_user, record.history_change_reason) == (house.gm, "试")


def test_first_run_of_a_house_with_a_rule_leaves_it_to_the_general_manager() -> None:
    house = House(prop=PropertyFactory(settings__first_run_done_at=None))
    lasting(house)
    admin = member(house.prop, Role.ADMIN)
    before = fingerprint()

    with pytest.raises(RefusedInput) as refused:
        house_settings.first_run(house.prop, {"retention": "hotel"}, by=admin)

    assert list(refused.value.errors) == ["retention"]
    assert fingerprint() == before
    house_settings.first_run(house.prop, {"retention": "hotel"}, by=house.gm)
    assert workflow.policy_in_force(house.prop, timezone.localdate()).preset == "hotel"


def test_what_was_received_before_the_first_rule_is_kept_under_the_first() -> None:
    house = House()
    today = timezone.localdate()
    first = workflow.policy_in_force(house.prop, today - timedelta(days=5))
    lasting(house, preset="hotel")

    found = {
        workflow.policy_in_force(house.prop, today - timedelta(days=n)) for n in (400, 6, 5, 1)
    }

    assert found == {first}
    assert RetentionPolicy.objects.count() == 2
