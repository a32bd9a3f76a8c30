"""Complaints of the demo house: one at every stage, made by the transitions themselves."""

import io
import math
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from PIL import Image, ImageDraw

from incidents import reports, workflow
from incidents.models import Complaint
from propdesk.core import places, signatures, signoff
from propdesk.core.models import Department, Membership, Property, User
from propdesk.core.persons import Guest
from propdesk.core.roles import Role

SIGNERS = (
    Role.DUTY_MANAGER,
    Role.DEPARTMENT_MANAGER,
    Role.PROPERTY_MANAGER,
    Role.GENERAL_MANAGER,
)
ROUTINE = {letter: workflow.Tick(done=True) for letter in "ABCDE"}


def seed(prop: Property, password: str) -> None:
    """Eight complaints from 受理中 to 已结案; called once, on an empty database."""
    people: dict[str, User] = {}
    for held in Membership.objects.filter(property=prop).select_related("user").order_by("pk"):
        people.setdefault(held.role, held.user)
    for number, role in enumerate(SIGNERS):
        signatures.keep(people[role], _signature(number))
    house = _House(prop, people, password)
    house.fresh()
    house.late()
    house.over_limit()
    house.waiting_for_choice()
    house.working()
    house.to_review()
    house.to_sign()
    house.closed()


class _House:
    def __init__(self, prop: Property, people: dict[str, User], password: str) -> None:
        self.prop, self.password = prop, password
        self.dm = people[Role.DUTY_MANAGER]
        self.desk = people[Role.FRONT_DESK]
        self.pm = people[Role.PROPERTY_MANAGER]
        self.head = people[Role.DEPARTMENT_MANAGER]
        self.now = timezone.now()

    def take(self, room: str, guest: tuple[str, str, str], words: str, **changes: Any) -> Complaint:
        name, honorific, phone = guest
        place = places.find(self.prop, room)
        data = workflow.Intake(
            words=words,
            guest=Guest(name=name, honorific=honorific, phone=phone, room=place),
            place=place,
            place_note="" if place else room,
            received_at=self.now - timedelta(hours=changes.pop("hours", 0)),
            **changes,
        )
        return workflow.intake(self.prop, data, by=changes.get("by") or self.dm)

    def write(self, row: Complaint, category: str, issue: str, wish: str) -> Complaint:
        talk = "private" if row.channel == "in_person" else "not_applicable"
        row = workflow.confirm_conduct(row, ROUTINE, by=self.dm, private_talk=talk)
        points = workflow.Points(
            guest=Guest(
                row.guest.name, row.guest.honorific, row.guest.phone, row.guest.kind, row.guest.room
            ),
            category=category,
            severity=row.severity,
            key_points=row.opening_words,
            core_issue=issue,
            expectation=wish,
            place=row.place,
            place_note=row.place_note,
            occurred_at=row.received_at,
            read_back=True,
            read_back_reason="",
            is_anonymous=False,
            anonymous_reason="",
        )
        return workflow.record(row, points, by=self.dm)

    def offer(self, row: Complaint, *texts: str) -> Complaint:
        workflow.offer(row, [workflow.Offer(text) for text in texts], by=self.dm)
        return workflow.tell_options(row, by=self.dm, told_at=timezone.now(), told_via="in_person")

    def promise(self, row: Complaint, department: str, hours: float) -> Complaint:
        option = row.options.order_by("position").first()
        assert option is not None  # noqa: S101 -- offered one line above in every caller
        row = workflow.choose(row, option, by=self.dm, chosen_at=timezone.now())
        now = timezone.now()
        word = workflow.Word(now + timedelta(hours=hours), now, "in_person")
        team = Department.objects.get(property=self.prop, name=department)
        workflow.promise(row, word, by=self.dm, department=team)
        return row

    def fresh(self) -> None:
        self.take("A-306", ("王晓梅", "ms", "13800005678"), "客厅空调有异响，两晚没有睡好。")

    def late(self) -> None:
        row = self.take(
            "B-203",
            ("李建平", "mr", "13912341234"),
            "楼上半夜拖家具，连着三天，小孩一直哭。",
            hours=5,
            severity="serious",
        )
        self.write(row, "noise", "楼上住户夜间搬动家具", "今晚十一点后安静")

    def over_limit(self) -> None:
        row = self.take(
            "A-504",
            ("何丽", "ms", "13700008899"),
            "账单多收了两天清洁费，要求退还并说明。",
            hours=2,
        )
        row = self.write(row, "billing", "清洁费重复入账", "退还多收的费用")
        offers = [
            workflow.Offer("退还多收的清洁费", "三个工作日到账", Decimal(160)),
            workflow.Offer("免一个月清洁费作为补偿", "下月生效", Decimal(1200)),
        ]
        workflow.offer(row, offers, by=self.dm)

    def waiting_for_choice(self) -> None:
        row = self.take(
            "C-204", ("陈志远", "mr", "13600001122"), "固定车位被外来车占了一整天。", hours=3
        )
        row = self.write(row, "security", "车位被外来车辆占用", "今晚能停车")
        self.offer(row, "联系车主挪车，一小时内", "今晚改停 B1 备用车位")

    def working(self) -> None:
        row = self.take(
            "A-402", ("欧阳文", "mr", "13500003344"), "淋浴忽冷忽热，没法洗澡。", hours=1
        )
        row = self.write(row, "facility", "恒温阀失灵", "今晚能洗上热水")
        row = self.promise(self.offer(row, "更换恒温阀", "先换到空房洗浴"), "工程部", 3)
        workflow.progress(row, by=self.dm, kind="started", text="工程师带配件到场")

    def _resolved(self, room: str, guest: tuple[str, str, str], words: str) -> Complaint:
        row = self.take(room, guest, words, hours=20)
        row = self.write(row, "facility", "门锁电池仓接触不良", "门能正常刷开")
        row = self.promise(self.offer(row, "更换门锁电池仓", "临时配机械钥匙"), "工程部", 4)
        workflow.progress(row, by=self.dm, kind="started", text="工程师到场拆检")
        workflow.progress(row, by=self.dm, kind="done", text="更换后连刷二十次正常")
        return workflow.resolve(row, by=self.dm, resolution="更换电池仓，客户现场试用正常")

    def to_review(self) -> None:
        self._resolved("C-103", ("吴敏", "teacher", "13400005566"), "门禁刷不开，进不了门。")

    def _reviewed(self, room: str, guest: tuple[str, str, str], words: str) -> Complaint:
        row = self._resolved(room, guest, words)
        workflow.call_back(
            row,
            by=self.dm,
            via="phone",
            asked_at=timezone.now(),
            satisfaction="satisfied",
            comment="来得很快，说明也清楚。",
        )
        row = workflow.summarise(
            row,
            by=self.dm,
            summary="客户反映门锁刷不开。值班经理当面致歉，工程部当晚更换电池仓并连续测试。",
            result="门锁恢复正常，客户满意。",
            lesson="同批次门锁列入季度检查。",
        )
        report = workflow.start_report(row, reports.prefill(row), by=self.dm)
        workflow.submit_report(report, by=self.dm, password=self.password)
        return row

    def to_sign(self) -> None:
        self._reviewed("B-405", ("赵小川", "mr", "13300007788"), "回家时门锁没反应，等了半小时。")

    def closed(self) -> None:
        row = self._reviewed(
            "B-302", ("孙蕾", "ms", "13200009911"), "门锁时灵时不灵，老人进不了门。"
        )
        report = row.case.reports.get()
        for signer in (self.head, self.pm):
            if signoff.may_sign(report, signoff.next_box(report), signer):
                workflow.sign_report(
                    report, by=signer, password=self.password, opinion="情况属实，同意。"
                )
        workflow.close(row, by=self.dm)


def _signature(seed_number: int) -> bytes:
    """A fictional scrawl, each person's own."""
    picture = Image.new("RGB", (600, 220), "white")
    pen = ImageDraw.Draw(picture)
    points = []
    for step in range(160):
        t = step / 159
        x = 40 + 500 * t + 18 * math.sin(11 * t + seed_number)
        y = 110 + (60 - 25 * t) * math.sin((17 + 4 * seed_number) * t + seed_number * 2)
        points.append((x, y))
    pen.line(points, fill=(20, 30, 60), width=6, joint="curve")
    pen.line(
        [(60 + 90 * seed_number, 45), (140 + 60 * seed_number, 185)], fill=(20, 30, 60), width=5
    )
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
