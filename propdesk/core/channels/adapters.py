"""What each robot wants to be sent, and what its answer means; pure.

All of them answer 200 to nearly everything and say in the body whether it went well, so the status
alone proves nothing. Nothing a robot says is stored or shown: its sentence may hold what was sent
or where to, so only its number is kept.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.utils.translation import gettext as _

from propdesk.core.models import Robot

Kind = Robot.Kind
SCHEMES = frozenset({"https"})
HOSTS: dict[str, tuple[str, ...]] = {
    Kind.WECOM: ("qyapi.weixin.qq.com",),
    Kind.DINGTALK: ("oapi.dingtalk.com",),
    Kind.FEISHU: ("open.feishu.cn", "open.larksuite.com"),
}
"""Where robots live; those of other systems are named by whoever runs the machine."""
_PATHS = {
    Kind.WECOM: "/cgi-bin/webhook/send",
    Kind.DINGTALK: "/robot/send",
    Kind.FEISHU: "/open-apis/bot/v2/hook/",
}
_TOKENS = {Kind.WECOM: "key", Kind.DINGTALK: "access_token"}
LIMITED = {Kind.WECOM: {45009}, Kind.DINGTALK: {130101, 410100}, Kind.FEISHU: {11232, 99991400}}
"""Too many messages; anything else a robot names is its last word."""
BUSY = {Kind.WECOM: {-1}, Kind.DINGTALK: {-1}, Kind.FEISHU: {-1}}
PAUSE = {Kind.WECOM: 60, Kind.DINGTALK: 600, Kind.FEISHU: 60, Kind.WEBHOOK: 60}
"""Seconds a robot wants to be left alone after too many messages."""
LONGEST_PAUSE = 600
LARGEST_CODE = 10**12
"""No robot numbers its answers higher; a number without end is none, and fits no row."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Address of a robot, and the key it signs with ("" for none); never printed."""

    url: str = field(repr=False)
    key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message: its text, and the same as facts for another system."""

    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """What goes over the wire."""

    url: str = field(repr=False)
    body: bytes
    headers: Mapping[str, str] = field(repr=False)


class Outcome(Enum):
    """What is to be done after an answer."""

    SENT = "sent"
    LATER = "later"
    """It may work the next time: counts as an attempt."""
    LIMITED = "limited"
    """The message is good, whoever takes it wants a pause: costs no attempt."""
    REFUSED = "refused"
    """Trying again gives the same answer."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome, why in a sentence for the manager, and the pause asked for in seconds."""

    outcome: Outcome
    why: str = ""
    pause: int = 0


def hosts_of(kind: str, own: tuple[str, ...]) -> tuple[str, ...]:
    """Hosts a robot of this kind may live on; ``own`` are those of other systems."""
    return own if kind == Kind.WEBHOOK else HOSTS[kind]


def fault_of(kind: str, secret: Secret, own: tuple[str, ...]) -> str:
    """What is wrong with an address, in a sentence; "" when messages may be sent there."""
    try:
        parts = urlsplit(secret.url)
        parts.port  # noqa: B018 -- raises for a port that is none
    except ValueError:
        return _("这不是一个网址，请从机器人的设置页复制。")
    if parts.scheme not in SCHEMES or not parts.hostname:
        return _("请填写以 https:// 开头的完整网址。")
    if parts.username or parts.password or parts.fragment:
        return _("网址里不能有用户名、密码和 # 号。")
    allowed = hosts_of(kind, own)
    if not allowed:
        return _("还没有允许的服务器，请先请管理员在服务器上登记，见部署说明。")
    if place_of(secret.url) not in allowed:
        return _("只能发到 %(hosts)s。") % {"hosts": "、".join(allowed)}
    if not _names_a_robot(kind, parts.path, parts.query):
        return _("网址不完整，请从机器人的设置页整条复制。")
    return ""


def place_of(url: str) -> str:
    """Host of an address, with its port when that is not the usual one."""
    parts = urlsplit(url)
    port = "" if parts.port in (None, 443) else f":{parts.port}"
    return f"{parts.hostname}{port}"


def _names_a_robot(kind: str, path: str, query: str) -> bool:
    if kind == Kind.WEBHOOK:
        return True
    if kind == Kind.FEISHU:
        return path.startswith(_PATHS[Kind.FEISHU]) and len(path) > len(_PATHS[Kind.FEISHU])
    named = parse_qs(query).get(_TOKENS[Kind(kind)], [""])[0]
    return path == _PATHS[Kind(kind)] and bool(named)


def build(kind: str, secret: Secret, message: Outgoing, now: datetime) -> Request:
    """The request that brings ``message`` to a robot of ``kind`` at ``now``."""
    return _BUILDERS[Kind(kind)](secret, message, now)


def _wecom(secret: Secret, message: Outgoing, _now: datetime) -> Request:
    return _json(secret.url, {"msgtype": "text", "text": {"content": message.text}})


def _dingtalk(secret: Secret, message: Outgoing, now: datetime) -> Request:
    """加签: the time in milliseconds and its HMAC ride in the address."""
    url = secret.url
    if secret.key:
        stamp = str(int(now.timestamp() * 1000))
        sign = _sha256(secret.key, f"{stamp}\n{secret.key}")
        url += "&" + urlencode({"timestamp": stamp, "sign": base64.b64encode(sign).decode()})
    return _json(url, {"msgtype": "text", "text": {"content": message.text}})


def _feishu(secret: Secret, message: Outgoing, now: datetime) -> Request:
    """签名校验: here time and key together are the key, and nothing is what is signed."""
    data: dict[str, Any] = {"msg_type": "text", "content": {"text": message.text}}
    if secret.key:
        stamp = str(int(now.timestamp()))
        sign = _sha256(f"{stamp}\n{secret.key}", "")
        data |= {"timestamp": stamp, "sign": base64.b64encode(sign).decode()}
    return _json(secret.url, data)


def _webhook(secret: Secret, message: Outgoing, now: datetime) -> Request:
    request = _json(secret.url, {"text": message.text, **message.facts})
    stamp = str(int(now.timestamp()))
    signed = _sha256(secret.key, f"{stamp}.".encode() + request.body).hex()
    headers = {
        **request.headers,
        "X-PropDesk-Timestamp": stamp,
        "X-PropDesk-Signature": f"sha256={signed}",
    }
    return Request(request.url, request.body, headers)


_BUILDERS: dict[Kind, Callable[[Secret, Outgoing, datetime], Request]] = {
    Kind.WECOM: _wecom,
    Kind.DINGTALK: _dingtalk,
    Kind.FEISHU: _feishu,
    Kind.WEBHOOK: _webhook,
}


def _json(url: str, data: Mapping[str, Any]) -> Request:
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    return Request(url, body, {"Content-Type": "application/json; charset=utf-8"})


def _sha256(key: str, text: str | bytes) -> bytes:
    raw = text.encode() if isinstance(text, str) else text
    return hmac.new(key.encode(), raw, hashlib.sha256).digest()


def judge(kind: str, status: int, body: bytes, retry_after: str = "") -> Verdict:
    """What the answer of a robot of ``kind`` means."""
    if status == 429:
        return Verdict(Outcome.LIMITED, _("发得太快，对方要求稍后再发"), _pause(kind, retry_after))
    if status == 408 or status >= 500:
        return Verdict(Outcome.LATER, _("对方服务器出错（%(n)d）") % {"n": status})
    if not 200 <= status < 300:
        return Verdict(Outcome.REFUSED, _("对方不收（%(n)d），请核对网址") % {"n": status})
    return Verdict(Outcome.SENT) if kind == Kind.WEBHOOK else _judge_code(Kind(kind), body)


def _judge_code(kind: Kind, body: bytes) -> Verdict:
    code = _code(body)
    if code is None:
        return Verdict(Outcome.LATER, _("对方的回答看不懂"))
    if code == 0:
        return Verdict(Outcome.SENT)
    number = {"n": code}
    if code in LIMITED[kind]:
        why = _("发得太快，对方要求稍后再发（%(n)d）") % number
        return Verdict(Outcome.LIMITED, why, PAUSE[kind])
    if code in BUSY[kind]:
        return Verdict(Outcome.LATER, _("对方正忙（%(n)d）") % number)
    return Verdict(Outcome.REFUSED, _("对方不收（%(n)d），请核对网址、密钥和关键词") % number)


def _code(body: bytes) -> int | None:
    """``errcode`` or ``code``; old robots of 飞书 say ``StatusCode``. None for anything else."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    for name in ("errcode", "code", "StatusCode"):
        found = data.get(name)
        if type(found) is int and abs(found) < LARGEST_CODE:
            return found
    return None


def _pause(kind: str, retry_after: str) -> int:
    asked = retry_after.strip()
    known = asked.isascii() and asked.isdigit() and len(asked) < 6
    return min(max(int(asked), 1), LONGEST_PAUSE) if known else PAUSE[Kind(kind)]
