"""Events of the demo house, made by the transitions themselves: a drill, an outage, a theft to sign."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

from django.utils import timezone
from PIL import Image, ImageDraw

from emergencies import workflow
from emergencies.models import Event
from propdesk.core import places, signatures
from propdesk.core.models import Membership, Property, User
from propdesk.core.persons import Guest
from propdesk.core.roles import Role

Values = dict[str, Any]


def seed(prop: Property, password: str) -> None:
    """A running outage, a running fire drill, a theft in signing; once, on an empty database."""
    people: dict[str, User] = {}
    for held in Membership.objects.filter(property=prop).select_related("user").order_by("pk"):
        people.setdefault(held.role, held.user)
    for role in (Role.SECURITY, Role.SECURITY_MANAGER):
        if signatures.current(people[role]) is None:
            signatures.keep(people[role], _scrawl())
    house = _House(prop, people)
    house.theft()
    house.outage()
    house.drill()


class _House:
    def __init__(self, prop: Property, people: dict[str, User]) -> None:
        self.prop, self.people = prop, people
        self.dm, self.guard = people[Role.DUTY_MANAGER], people[Role.SECURITY]
        self.head, self.pm = people[Role.SECURITY_MANAGER], people[Role.PROPERTY_MANAGER]
        self.engineer = people[Role.DUTY_ENGINEER]

    def start(self, kind: str, where: str, *, drill: bool = False) -> Event:
        place = places.find(self.prop, where)
        what = workflow.Start(kind, place=place, place_note="" if place else where, is_drill=drill)
        return _fresh(workflow.start(self.prop, what, by=self.dm))

    def answer(self, event: Event, **answers: str) -> None:
        for key, value in answers.items():
            workflow.answer(_fresh(event), key, value, by=self.dm)

    def do(
        self,
        event: Event,
        step: str,
        by: User,
        text: str = "",
        *,
        signed: str = "",
        **values: Any,
    ) -> None:
        pictures = [_picture()] if values.pop("picture", False) else []
        proof = workflow.Proof(
            text=text,
            values=values,
            pictures=pictures,
            contact=Guest(name=signed) if signed else None,
            drawn=_scrawl() if signed else b"",
        )
        workflow.done(_fresh(event), step, proof, by=by)

    def theft(self) -> None:
        """A watch gone from a room three days ago: asked, looked at, told; now it is to be signed."""
        with _hours_ago(76):
            event = self.start("theft", "A-305")
            workflow.acknowledge(event, "N1", by=self.guard)
            workflow.add_party(
                _fresh(event),
                "victim",
                Guest(name="韩雪", honorific="ms", phone="13900001122"),
                by=self.dm,
            )
            workflow.list_losses(_fresh(event), [workflow.Loss("女式手表，棕色表带")], by=self.dm)
            self.answer(
                event, place="room", police_requested="no", major_loss="no", forced_entry="no"
            )
            self.do(
                event,
                "T10",
                self.dm,
                "客人早上出门前还戴过，中午回来就不见了。",
                last_seen_place="床头柜",
                entries="上午保洁进房一次，有登记",
            )
            self.do(
                event,
                "T11",
                self.dm,
                officer={"user": self.guard.pk},
                arrived_at=timezone.now().isoformat(),
            )
            self.do(event, "T12", self.dm, choice="not_now")
            self.do(event, "T13", self.dm, "失物登记里没有相符的。")
            self.do(event, "T20", self.guard, "门锁、窗户完好，床头柜已拍照。", picture=True)
        with _hours_ago(74):
            self.do(
                event,
                "T22",
                self.guard,
                "走廊镜头 09:00–13:00",
                outcome="exported",
                export_no="JK-012",
            )
            self.do(event, "T23", self.guard, "门锁记录与保洁登记一致。", picture=True)
        with _hours_ago(50):
            self.do(
                event,
                "T25",
                self.guard,
                "与当班保洁谈话",
                signed="孙丽",
                account="上午十点进房打扫，床头柜没有动。",
            )
            self.answer(event, item_recovered="no")
            self.do(
                event,
                "T30",
                self.dm,
                "已电话告知进展",
                told_at=timezone.now().isoformat(),
                reaction="理解，希望再找一找",
            )
            self.do(
                event,
                "T32",
                self.head,
                conclusion="未发现外人进入，手表可能遗落在外。",
                prevention="提醒住客使用房内保险箱，走廊镜头补一个角度。",
            )
        with _hours_ago(48):
            workflow.end(_fresh(event), by=self.dm, summary="未找到失物，客人知悉结果，保留追查。")

    def outage(self) -> None:
        """Half an hour into an outage of one building."""
        with _hours_ago(0.45):
            event = self.start("power_outage", "B座")
            self.answer(event, lift_trapped="no")
        with _hours_ago(0.38):
            for call in event.calls.filter(needs_ack=True, role=Role.DUTY_ENGINEER):
                workflow.acknowledge(_fresh(event), call.notice, by=self.engineer)
            self.do(event, "P10", self.guard, lifts_checked=4, emergency_light=True)
            self.answer(event, scope="building", planned="no")
        with _hours_ago(0.3):
            self.do(
                event,
                "P20",
                self.engineer,
                started_at=(timezone.now() - timedelta(minutes=14)).isoformat(),
                cause="低压柜二路跳闸",
            )
            workflow.note(_fresh(event), "B 座二路电缆头过热，等备件。", by=self.engineer)

    def drill(self) -> None:
        """A fire drill a few minutes old."""
        with _hours_ago(0.1):
            event = self.start("fire", "A座", drill=True)
            workflow.acknowledge(event, "N1", by=self.guard)
            self.answer(event, confirmed="real", evacuate="building")


def _fresh(event: Event) -> Event:
    rows = Event.objects.select_related("case__property__settings", "playbook", "commander")
    return rows.get(pk=event.pk)


@contextmanager
def _hours_ago(hours: float) -> Iterator[None]:
    """The clock of this process set back, so that the demo has events of some days ago."""
    real, back = timezone.now, timedelta(hours=hours)

    def then() -> datetime:
        return real() - back

    with mock.patch.object(timezone, "now", then):
        yield


_shade = iter(range(60, 240, 12))


def _picture() -> bytes:
    """A fictional photo of a door, each another shade."""
    tone = next(_shade)
    image = Image.new("RGB", (960, 720), (206, 208, 204))
    pen = ImageDraw.Draw(image)
    pen.rectangle((320, 90, 640, 720), fill=(tone, 92, 70))
    pen.ellipse((580, 400, 612, 432), fill=(210, 190, 120))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=86)
    return out.getvalue()


def _scrawl() -> bytes:
    """A fictional signature."""
    image = Image.new("RGB", (600, 220), "white")
    points = [(50 + 6 * n, 110 + (60 if n % 4 < 2 else -50) * (1 - n / 90)) for n in range(80)]
    ImageDraw.Draw(image).line(points, fill=(20, 30, 60), width=6, joint="curve")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
