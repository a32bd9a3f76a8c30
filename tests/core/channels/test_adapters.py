"""What robots are sent and how their answers are read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propdesk.core.channels import adapters
from propdesk.core.channels.adapters import Outcome, Outgoing, Secret, build, judge
from tests.core.channels.fakes import LIMITED, OK, WRONG, Got, is_signed
from tests.factories import at

NOW = at("2026-11-23 14:00")
KEY = "SEC-of-sixteen-and-more"
URLS = {
    "wecom": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k",
    "dingtalk": "https://oapi.dingtalk.com/robot/send?access_token=k",
    "feishu": "https://open.feishu.cn/open-apis/bot/v2/hook/k",
    "webhook": "https://desk.example.org/hook",
}
OWN = ("desk.example.org", "desk.example.org:8443")


@pytest.mark.parametrize("kind", ["dingtalk", "feishu", "webhook"])
def test_message_is_signed_as_its_robot_asks(kind):
    sent = build(kind, Secret(URLS[kind], KEY), Outgoing("【测试】一"), NOW)

    got = Got(kind, sent.url, {k.lower(): v for k, v in sent.headers.items()}, sent.body)
    assert got.text == "【测试】一"
    assert (is_signed(got, KEY), is_signed(got, "another-key-is-wrong")) == (True, False)


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
def test_robot_without_a_key_is_sent_the_text_alone(kind):
    sent = build(kind, Secret(URLS[kind]), Outgoing("一"), NOW)

    assert (sent.url, len(json.loads(sent.body))) == (URLS[kind], 2)


@pytest.mark.parametrize("kind", list(URLS))
def test_address_of_each_robot_is_accepted(kind):
    assert adapters.fault_of(kind, Secret(URLS[kind]), OWN) == ""


@pytest.mark.parametrize(
    ("kind", "url", "said"),
    [
        ("wecom", "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k", "https://"),
        ("wecom", "", "https://"),
        ("wecom", "https://[", "不是一个网址"),
        ("wecom", "https://qyapi.weixin.qq.com:x/cgi-bin/webhook/send?key=k", "不是一个网址"),
        ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send", "网址不完整"),
        ("wecom", "https://qyapi.weixin.qq.com/other?key=k", "网址不完整"),
        ("wecom", "https://qyapi.weixin.qq.com.evil.org/cgi-bin/webhook/send?key=k", "只能发到"),
        ("wecom", "https://qyapi.weixin.qq.com@evil.org/cgi-bin/webhook/send?key=k", "用户名"),
        ("wecom", "https://qyapi.weixin.qq.com:444/cgi-bin/webhook/send?key=k", "只能发到"),
        ("wecom", URLS["dingtalk"], "只能发到"),
        ("dingtalk", "https://oapi.dingtalk.com/robot/send?access_token=", "网址不完整"),
        ("feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/", "网址不完整"),
        ("webhook", "https://127.0.0.1/hook", "只能发到"),
        ("webhook", "https://desk.example.org:9000/hook", "只能发到"),
        ("webhook", "file:///etc/passwd", "https://"),
    ],
)
def test_address_elsewhere_is_refused_in_words(kind, url, said):
    assert said in adapters.fault_of(kind, Secret(url), OWN)


def test_other_systems_are_refused_until_the_machine_names_them():
    assert "还没有允许的服务器" in adapters.fault_of("webhook", Secret(URLS["webhook"]), ())
    assert adapters.fault_of("webhook", Secret("https://desk.example.org:8443/"), OWN) == ""


CODED = ["wecom", "dingtalk", "feishu"]


@pytest.mark.parametrize("kind", CODED)
@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (OK, Outcome.SENT),
        (LIMITED, Outcome.LIMITED),
        (WRONG, Outcome.REFUSED),
        ({"errcode": -1, "code": -1}, Outcome.LATER),
        ({}, Outcome.LATER),
        ([0], Outcome.LATER),
        ({"errcode": "0", "code": None}, Outcome.LATER),
        ({"errcode": False, "code": False}, Outcome.LATER),
        ({"errcode": 10**400, "code": -(10**400)}, Outcome.LATER),
    ],
    ids=["ok", "limited", "wrong", "busy", "empty", "list", "text", "bool", "endless"],
)
def test_code_in_a_200_decides(kind, body, outcome):
    said = body[kind] if isinstance(body, dict) and kind in body else body

    assert judge(kind, 200, json.dumps(said).encode()).outcome is outcome


@pytest.mark.parametrize("kind", [*CODED, "webhook"])
@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (500, Outcome.LATER),
        (503, Outcome.LATER),
        (408, Outcome.LATER),
        (429, Outcome.LIMITED),
        (302, Outcome.REFUSED),
        (404, Outcome.REFUSED),
        (100, Outcome.REFUSED),
    ],
)
def test_status_decides_whatever_the_body_says(kind, status, outcome):
    assert judge(kind, status, json.dumps(OK[kind]).encode()).outcome is outcome


@pytest.mark.parametrize(
    ("asked", "pause"),
    [("90", 90), ("0", 1), ("99999", 600), ("Wed, 21 Oct", 60), ("", 60), ("-5", 60), ("²", 60)],
)
def test_pause_is_what_was_asked_for_within_reason(asked, pause):
    assert judge("webhook", 429, b"", asked).pause == pause


@given(st.binary(max_size=200))
def test_no_answer_breaks_the_reading(body):
    for kind in CODED:
        assert judge(kind, 200, body).outcome is not Outcome.LIMITED


def test_deep_nonsense_is_no_answer():
    assert judge("wecom", 200, b"[" * 16_000).outcome is Outcome.LATER


def test_secret_is_in_no_representation():
    secret = Secret(URLS["wecom"], KEY)
    sent = build("dingtalk", Secret(URLS["dingtalk"], KEY), Outgoing("一"), NOW)

    for text in (repr(secret), repr(sent), str(secret)):
        assert "key=k" not in text
        assert "access_token" not in text
        assert KEY not in text
