"""A complaint walked to a given state through the workflow itself: no state is ever faked."""

import base64
import functools
import hashlib
import io
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from PIL import Image, ImageDraw

from incidents import workflow
from incidents.models import Complaint
from propdesk.core import images
from propdesk.core.models import Department, Property, Report, StaffSignature, User
from propdesk.core.persons import Guest
from propdesk.core.roles import Role
from tests.factories import PASSWORD, DepartmentFactory, Post, PropertyFactory, members

S = Complaint.Status
GUEST = Guest(name="王晓梅", honorific="ms", phone="13800005678")
POINTS = workflow.Points(
    guest=GUEST,
    category="facility",
    severity="normal",
    key_points="主卧空调夜间有异响，两晚没有睡好。",
    core_issue="室内机风扇异响",
    expectation="今晚能安静入睡",
    place=None,
    place_note="A座1806 主卧",
    occurred_at=None,
    read_back=True,
    read_back_reason="",
    is_anonymous=False,
    anonymous_reason="",
)
REPORT = {
    "secrecy": "internal",
    "severity": "normal",
    "place": "A座1806 主卧",
    "narrative": "客户来电反映空调异响。",
    "measures": "更换风扇。",
    "result": "异响消除。",
    "police": "未报警",
    "cause_direct": "风扇支架松动",
    "improvement": "列入季度保养",
}


@functools.cache
def drawn() -> bytes:
    """A PNG with a stroke, as signature_pad sends it."""
    picture = Image.new("RGBA", (400, 160), (0, 0, 0, 0))
    ImageDraw.Draw(picture).line([(20, 120), (150, 30), (260, 130), (380, 40)], "black", 6)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


PNG = "data:image/png;base64," + base64.b64encode(drawn()).decode()
"""What a signature pad sends."""


@functools.cache
def _kept() -> bytes:
    return images.signature_png(drawn())


def keep_signatures(*users: User) -> None:
    """Each keeps the drawn signature as ``signatures.keep`` writes it, in one statement for all."""
    image, now = _kept(), timezone.now()
    digest = hashlib.sha256(image).hexdigest()
    StaffSignature.objects.bulk_create(
        StaffSignature(user=user, image=image, sha256=digest, created_at=now) for user in users
    )


@dataclass
class House:
    """A property with one person per role this journey needs; everybody has a signature."""

    prop: Property = field(default_factory=PropertyFactory)
    taker: User | None = None
    """Who takes complaints in, when it is not the duty manager."""

    def __post_init__(self) -> None:
        self.department: Department = DepartmentFactory(property=self.prop, name="工程部")
        self.dm, self.pm, self.gm, self.engineer = members(
            self.prop,
            Post(Role.DUTY_MANAGER, "周敏"),
            Post(Role.PROPERTY_MANAGER, "张岚"),
            Post(Role.GENERAL_MANAGER, "陈国栋"),
            Post(Role.ENGINEERING, department=self.department),
        )
        keep_signatures(self.dm, self.pm, self.gm)

    def new(self, *, by: User | None = None, **changes: Any) -> Complaint:
        data = workflow.Intake(words="空调有异响", guest=GUEST)
        return workflow.intake(self.prop, replace(data, **changes), by=by or self.taker or self.dm)

    def conduct(self, complaint: Complaint) -> Complaint:
        ticks = {letter: workflow.Tick(done=True) for letter in "ABCDE"}
        return workflow.confirm_conduct(complaint, ticks, by=self.dm, private_talk="private")

    def recorded(self, **changes: Any) -> Complaint:
        complaint = self.conduct(self.new())
        return workflow.record(complaint, replace(POINTS, **changes), by=self.dm)

    def offered(self, complaint: Complaint | None = None) -> Complaint:
        complaint = complaint or self.recorded()
        offers = [workflow.Offer("今晚换到 A-1612"), workflow.Offer("更换风扇", "约 2 小时")]
        workflow.offer(complaint, offers, by=self.dm)
        return complaint

    def told(self, complaint: Complaint | None = None) -> Complaint:
        complaint = self.offered(complaint)
        now = timezone.now()
        return workflow.tell_options(complaint, by=self.dm, told_at=now, told_via="in_person")

    def chosen(self, complaint: Complaint | None = None) -> Complaint:
        complaint = self.told(complaint)
        option = complaint.options.filter(cycle=complaint.cycle).order_by("position").last()
        return workflow.choose(complaint, option, by=self.dm, chosen_at=timezone.now())

    def word(self, hours: float = 3, **changes: Any) -> workflow.Word:
        now = timezone.now()
        word = workflow.Word(now + timedelta(hours=hours), now, "in_person")
        return replace(word, **changes)

    def promised(self, complaint: Complaint | None = None, hours: float = 3) -> Complaint:
        complaint = self.chosen(complaint)
        workflow.promise(complaint, self.word(hours), by=self.dm, department=self.department)
        return fresh(complaint)

    def started(self, complaint: Complaint | None = None) -> Complaint:
        complaint = complaint or self.promised()
        workflow.progress(complaint, by=self.engineer, kind="started", text="到场查看")
        return fresh(complaint)

    def resolved(self, complaint: Complaint | None = None) -> Complaint:
        complaint = self.started(complaint)
        return workflow.resolve(complaint, by=self.dm, resolution="已更换风扇，异响消除")

    def reviewed(self, satisfaction: str = "satisfied") -> Complaint:
        complaint = self.resolved()
        workflow.call_back(
            complaint,
            by=self.dm,
            via="phone",
            asked_at=timezone.now(),
            satisfaction=satisfaction,
            comment="还可以",
        )
        complaint = fresh(complaint)
        return workflow.summarise(
            complaint, by=self.dm, summary="客户来电，工程部更换风扇。", result="异响消除"
        )

    def report(self, complaint: Complaint) -> Report:
        now = timezone.now()
        values = REPORT | {
            "occurred_at": now,
            "discovered_at": now,
            "reported_at": now,
            "loss_yuan": Decimal(0),
            "improve_department": self.department,
            "improve_by": timezone.localdate() + timedelta(days=30),
        }
        return workflow.start_report(complaint, values, by=self.dm)

    def signed(self, complaint: Complaint | None = None) -> Complaint:
        complaint = complaint or self.reviewed()
        report = workflow.submit_report(self.report(complaint), by=self.dm, password=PASSWORD)
        workflow.sign_report(report, by=self.pm, password=PASSWORD, opinion="情况属实")
        return fresh(complaint)

    def closed(self) -> Complaint:
        return workflow.close(self.signed(), by=self.dm)

    def reopened(self) -> Complaint:
        return workflow.reopen(self.closed(), by=self.dm, reason="异响又出现")

    def voided(self) -> Complaint:
        return workflow.void(self.new(), by=self.pm, reason="重复登记")

    def at(self, status: str) -> Complaint:
        """A fresh complaint in the given state."""
        return {
            S.INTAKE: self.new,
            S.RECORDED: self.recorded,
            S.AWAITING_CHOICE: self.told,
            S.IN_PROGRESS: self.started,
            S.RESOLVED: self.resolved,
            S.CLOSED: self.closed,
            S.REOPENED: self.reopened,
            S.VOIDED: self.voided,
        }[S(status)]()


def fresh(complaint: Complaint) -> Complaint:
    return Complaint.objects.select_related("case__property__settings").get(pk=complaint.pk)
