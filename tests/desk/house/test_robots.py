"""通知渠道 on the screen: added, tried, changed; the secret never comes back."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from propdesk.core.channels import relay
from propdesk.core.models import Delivery, MailRule, Robot
from propdesk.core.roles import Role
from propdesk.desk import shell
from tests.core.channels.rows import house, robot_of, tell
from tests.factories import CaseFactory, member, web

pytestmark = pytest.mark.django_db
LEVELS = {"events": "all", "complaints": "urgent", "found": "none", "papers": "none"}


def url(prop, name, *args):
    return reverse(f"house:{name}", args=[prop.code, *args])


def manager(prop):
    return web(member(prop, Role.PROPERTY_MANAGER))


def typed(robots, kind="dingtalk", **changed):
    fields = {"kind": kind, "name": "值班群", "url": robots.url(kind), "key": "SEC-sign-key-1234"}
    return fields | LEVELS | {"per_minute": "20", "roles": ["security"]} | changed


def test_robot_is_added_tried_and_its_secret_is_never_shown_again(robots):
    prop = house()
    client = manager(prop)

    assert client.post(url(prop, "robot_new"), typed(robots)).status_code == 302
    row = Robot.objects.get()
    assert (row.roles, row.complaints, row.is_active) == (["security"], "urgent", True)
    tried = client.post(url(prop, "robot_test", row.pk), follow=True).content.decode()
    assert ("测试已发出" in tried, len(robots.got)) == (True, 1)
    for name, args in (("robots", []), ("robot_edit", [row.pk])):
        page = client.get(url(prop, name, *args)).content.decode()
        assert "access_token" not in page
        assert "SEC-sign" not in page
        assert robots.place in page


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"url": "https://evil.example.org/robot/send?access_token=k"},
            "以 https:// 开头|只能发到",
        ),
        ({"url": ""}, "请填写"),
        ({"name": ""}, "请填写"),
        ({"per_minute": "1"}, "2"),
        ({"roles": ["nobody"]}, "请从列出的选项里重新选"),
        ({"events": "some"}, "请从列出的选项里重新选"),
    ],
)
def test_what_will_not_do_is_said_and_what_was_typed_stays(robots, changed, said):
    prop = house()

    response = manager(prop).post(url(prop, "robot_new"), typed(robots, **changed))

    page = response.content.decode()
    assert response.status_code == 422
    assert any(word in page for word in said.split("|"))
    assert "SEC-sign-key-1234" in page
    assert not Robot.objects.exists()


def test_robot_is_changed_with_a_reason_and_keeps_its_secret(robots):
    prop = house()
    client, row = manager(prop), robot_of(robots, prop)
    old, here = bytes(row.secret), url(prop, "robot_edit", row.pk)
    form = typed(robots, url="", key="", reason="群改名", is_active="on")

    assert client.post(here, form | {"reason": ""}).status_code == 422
    assert client.post(here, form | {"key": "only-the-key"}).status_code == 422
    assert client.post(here, form).status_code == 302
    row.refresh_from_db()
    assert (row.name, bytes(row.secret), row.is_active) == ("值班群", old, True)
    assert "群改名" in client.get(here).content.decode()
    del form["is_active"]
    client.post(here, form | {"reason": "群解散"})
    page = client.get(url(prop, "robots")).content.decode()
    assert ("已停用" in page, "发一条测试" in page) == (True, False)


def test_test_that_fails_says_why(robots):
    robots.behaviour = "wrong"
    prop = house()
    row = robot_of(robots, prop)

    page = manager(prop).post(url(prop, "robot_test", row.pk), follow=True).content.decode()

    assert "测试没有发出：对方不收（93000）" in page
    assert "有故障" in page


def test_what_failed_is_listed_and_sent_again(robots):
    robots.behaviour = "wrong"
    prop = house()
    robot_of(robots, prop)
    tell(prop)
    relay.deliver(timezone.now())
    client, row = manager(prop), Delivery.objects.get(channel="robot")
    assert "有 1 条发送失败" in client.get(url(prop, "robots")).content.decode()
    page = client.get(url(prop, "failed")).content.decode()
    assert (row.notice.text in page, row.error in page) == (True, True)
    robots.behaviour = "right"

    assert client.post(url(prop, "resend", row.pk)).status_code == 302
    assert client.post(url(prop, "resend", row.pk)).status_code == 409
    relay.deliver(timezone.now())
    assert "没有发送失败的" in client.get(url(prop, "failed")).content.decode()
    assert client.post(url(prop, "resend_all")).status_code == 302


def test_failed_notice_of_a_restricted_case_is_not_named(robots):
    robots.behaviour = "wrong"
    prop = house()
    robot_of(robots, prop)
    tell(prop)
    relay.deliver(timezone.now())
    case = Delivery.objects.get(channel="robot").notice.case
    type(case).objects.filter(pk=case.pk).update(restricted=True)

    page = manager(prop).get(url(prop, "failed")).content.decode()

    assert ("保密事项" in page, case.number in page) == (True, False)


def test_rows_of_another_house_are_not_there(robots):
    prop, other = house(), house()
    row = robot_of(robots, other)
    tell(other)
    relay.deliver(timezone.now())
    Delivery.objects.filter(channel="robot").update(state="failed")
    failed = Delivery.objects.get(channel="robot")
    client = manager(prop)

    for name, pk in (("robot_edit", row.pk), ("robot_test", row.pk), ("resend", failed.pk)):
        assert client.post(url(prop, name, pk)).status_code == 404
    assert failed.notice.text not in client.get(url(prop, "failed")).content.decode()


def test_mail_rule_of_a_role_is_set_with_a_reason():
    prop = house()
    client, here = manager(prop), url(prop, "mail_rule", "security")

    assert client.post(here, LEVELS).status_code == 422
    assert client.post(here, LEVELS | {"reason": "夜里太多"}).status_code == 302
    assert MailRule.objects.get(role="security").complaints == "urgent"
    page = client.get(url(prop, "mail_rules")).content.decode()
    assert page.count("只发紧急") == 1
    for nobody in ("admin", "nobody"):
        assert client.get(url(prop, "mail_rule", nobody)).status_code == 404


@pytest.mark.parametrize("name", ["robots", "failed", "mail_rules"])
def test_statements_do_not_grow_with_the_rows(robots, name):
    robots.behaviour = "wrong"
    prop = house()
    client = manager(prop)
    counts = []
    for n in (1, 3):
        for _each in range(n):
            robot_of(robots, prop, name=f"r{CaseFactory().pk}")
        tell(prop, n)
        relay.deliver(timezone.now())
        shell._counts.clear()
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url(prop, name)).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]
