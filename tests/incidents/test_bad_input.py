"""Everything that is refused, in one list: what is sent, the status, the sentence on the page.

Nothing is changed by a refusal and nothing typed is lost. The list is held against the source:
a sentence nobody tests fails the last test of this file.
"""

import ast
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from PIL import Image

from incidents import workflow
from incidents.models import Complaint
from propdesk.core import images, persons, photos, signatures, signoff, stale
from propdesk.core.layouts import helper
from propdesk.core.models import Attachment, Membership, User
from propdesk.core.roles import Role
from propdesk.core.text import validate_text
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.factories import PASSWORD, DepartmentFactory, DeputyFactory, member
from tests.factories import fresh as reread
from tests.incidents import moves
from tests.incidents.journey import GUEST, POINTS, House, drawn, fresh
from tests.incidents.moves import OTHER, fingerprint, jpeg, option_of, photo_of, report_of

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
Data = dict[str, Any]
Ready = Callable[[Any], Complaint]
TYPED = "空调半夜“咔咔”响 <两晚>"
STATE = "现在是“{}”，不能{}。页面可能已经过时，请看最新情况。"


def when(**ago: float) -> str:
    """A moment from now as the date picker sends it."""
    return f"{timezone.localtime(timezone.now() + timedelta(**ago)):%Y-%m-%dT%H:%M}"


@dataclass(frozen=True)
class Page:
    """A form sent through its page: status and sentence, and the typed text is still there."""

    id: str
    ready: Ready
    where: str
    data: "Data | Callable[[House, Complaint], Data]"
    sentence: str
    status: int = 422
    by: str = "dm"
    typed: str = ""
    also: tuple[str, ...] = field(default=())

    def check(self) -> None:
        house = BareHouse()
        complaint = self.ready(house)
        client = Client()
        client.force_login(getattr(house, self.by))
        data = self.data(house, complaint) if callable(self.data) else self.data
        before = _rows()

        data = data | {"csrfmiddlewaretoken": "as every form sends it"}
        response = client.post(_url(self.where, house, complaint), data)

        page = response.content.decode()
        assert response.status_code == self.status
        missing = [s for s in (self.sentence, *self.also, self.typed) if escape(s) not in page]
        assert missing == []
        assert _rows() == before


@dataclass(frozen=True)
class Call:
    """A refusal behind the form: what the page cannot send, the workflow refuses all the same."""

    id: str
    ready: Ready
    do: Callable[[House, Complaint], Any]
    sentence: str
    error: type[Exception] = ConflictError

    def check(self) -> None:
        house = House()
        complaint = self.ready(house)
        before = _rows()
        with pytest.raises(self.error) as caught:
            self.do(house, complaint)
        assert self.sentence in _said(caught.value)
        assert _rows() == before


@dataclass(frozen=True)
class Refused:
    """What a field of any form says; its own sentences are those of ``layouts.helper``."""

    id: str
    field: forms.Field
    value: Any
    sentence: str

    def check(self) -> None:
        form = type("Probe", (forms.Form,), {"it": self.field})({"it": self.value}, self._files())
        helper(form)
        assert form.errors["it"] == [self.sentence]

    def _files(self) -> Any:
        return {"it": self.value} if isinstance(self.field, forms.FileField) else None


def _said(error: BaseException) -> str:
    return "；".join(error.messages) if isinstance(error, ValidationError) else str(error)


def _rows() -> Data:
    """All rows of the application but the drafts, which keep what was typed."""
    found: Data = dict(fingerprint())
    del found["core_draft"]
    return found


def _url(where: str, house: House, complaint: Complaint) -> str:
    code, number = house.prop.code, complaint.case.number
    if where == "intake":
        return reverse("incidents:intake", args=[code])
    if where == "me":
        return reverse("desk:me", args=[code])
    if where in ("decide", "withdraw"):
        option = option_of(house, complaint)
        return reverse("incidents:option_act", args=[code, number, option.pk, where])
    if where in ("report", "submit_report", "sign_report"):
        return reverse(f"incidents:{where}", args=[code, number])
    if where == "remove_photo":
        photo = photo_of(house, complaint)
        return reverse("incidents:remove_photo", args=[code, number, photo.pk])
    return reverse("incidents:act", args=[code, number, where])


# --- what is sent --------------------------------------------------------------------------


def upload(data: bytes, name: str = "a.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def bomb() -> bytes:
    """A small PNG that would unpack to 60 million pixels."""
    out = io.BytesIO()
    Image.new("1", (10_000, 6_000)).save(out, "PNG")
    return out.getvalue()


def black(size: tuple[int, int] = (300, 200), colour: str = "black") -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", size, colour).save(out, "PNG")
    return out.getvalue()


INTAKE = {"words": TYPED, "severity": "normal", "channel": "phone", "name": "王晓梅"}
RECORD = {
    "name": "王晓梅",
    "honorific": "ms",
    "room": "A座1806",
    "category": "noise",
    "severity": "normal",
    "key_points": TYPED,
    "core_issue": "风扇",
    "expectation": "安静",
    "read_back": "on",
}
REPORT = {"secrecy": "internal", "injured": "0", "loss_yuan": "0", "narrative": TYPED}


def without(data: Data, *names: str, **more: Any) -> Data:
    return {k: v for k, v in data.items() if k not in names} | more


def promised_to(**changes: Any) -> Callable[[House, Complaint], Data]:
    """A promise as the form sends it; callables among the changes are asked when it is sent."""

    def made(house: House, _complaint: Complaint) -> Data:
        data = {
            "due_at": when(hours=3),
            "told_at": when(),
            "told_via": "phone",
            "department": house.department.pk,
            "what": TYPED,
            "reason": TYPED,
        }
        return data | {k: v() if callable(v) else v for k, v in changes.items()}

    return made


def chosen_at(moment: Callable[[], str]) -> Callable[[House, Complaint], Data]:
    return lambda house, c: {"option": option_of(house, c).pk, "chosen_at": moment()}


def at_time(field_: str, moment: Callable[[], str], **data: Any) -> Callable[..., Data]:
    return lambda _house, _c: data | {field_: moment()}


# --- getting ready -------------------------------------------------------------------------


def two_hours_old(house: House) -> Complaint:
    complaint = house.conduct(house.new(received_at=timezone.now() - timedelta(hours=2)))
    return house.started(house.promised(workflow.record(complaint, POINTS, by=house.dm)))


def chosen_today(house: House) -> Complaint:
    complaint = house.conduct(house.new(received_at=timezone.now() - timedelta(hours=2)))
    return house.chosen(workflow.record(complaint, POINTS, by=house.dm))


def approved_now(house: House) -> Complaint:
    complaint = house.conduct(house.new(received_at=timezone.now() - timedelta(hours=2)))
    complaint = workflow.record(complaint, POINTS, by=house.dm)
    workflow.offer(complaint, [workflow.Offer("免房费", cost=Decimal(800))], by=house.dm)
    workflow.decide_option(option_of(house, complaint), by=house.pm, approve=True)
    return complaint


def asked_extension_by_pm(house: House) -> Complaint:
    complaint = moves.extended(house)
    wish = timezone.now() + timedelta(hours=9)
    workflow.ask_extension(complaint, by=house.pm, reason="缺配件", wish_at=wish)
    return fresh(complaint)


def written_by_all(house: House) -> Complaint:
    complaint = moves.drafted(house)
    for user in (house.pm, house.gm):
        workflow.edit_report(report_of(house, complaint), {}, by=user)
    workflow.edit_report(report_of(house, complaint), {}, by=house.dm)
    return complaint


def summed_up_by_another(house: House) -> Complaint:
    complaint = house.resolved()
    workflow.summarise(complaint, by=house.pm, summary="别人写的经过", result="别人写的结果")
    return fresh(complaint)


def serious_of_pm(house: House) -> Complaint:
    return house.new(severity="serious", by=house.pm)


def dissatisfied_with_report(house: House) -> Complaint:
    complaint = moves.dissatisfied(house)
    house.report(complaint)
    return complaint


def called_and_signed(house: House) -> Complaint:
    complaint = house.signed()
    workflow.call_security(complaint, by=house.dm)
    return fresh(complaint)


def photographed_and_submitted(house: House) -> Complaint:
    complaint = house.reviewed()
    workflow.attach(complaint, jpeg("green"), by=house.dm)
    workflow.submit_report(house.report(complaint), by=house.dm, password=PASSWORD)
    return fresh(complaint)


def submitted_beside_another(house: House) -> Complaint:
    complaint = moves.submitted(house)
    moves.beside_another(house)
    return complaint


def deputy_of_pm(house: House) -> Complaint:
    complaint = moves.anonymous(house)
    row = Membership.objects.get(user=house.pm)
    DeputyFactory(for_membership=row, by_user=house.dm)
    return complaint


def second_round(house: House) -> Complaint:
    complaint = two_hours_old(house)
    workflow.resolve(complaint, by=house.dm, resolution="好了")
    workflow.call_back(
        complaint,
        by=house.dm,
        via="phone",
        asked_at=timezone.now(),
        satisfaction="dissatisfied",
        comment="还响",
    )
    return workflow.decide_dissatisfied(complaint, by=house.pm, choice="redo", reason="重做")


def one_option(house: House) -> Complaint:
    complaint = house.recorded()
    workflow.offer(complaint, [workflow.Offer("换房")], by=house.dm)
    return complaint


def nine_options(house: House) -> Complaint:
    complaint = house.offered()
    for _round in range(3):
        house.offered(complaint)
    return complaint


def costly_of_pm(house: House) -> Complaint:
    complaint = house.recorded()
    offer = workflow.Offer("免房费", cost=Decimal(800))
    workflow.offer(complaint, [offer], by=house.pm)
    return complaint


def decided(house: House) -> Complaint:
    complaint = moves.costly(house)
    workflow.decide_option(option_of(house, complaint), by=house.pm, approve=True)
    return complaint


def refused_by_pm(house: House) -> Complaint:
    return workflow.refuse(house.told(), by=house.pm, reason="都不合适")


def asked_by_pm(house: House) -> Complaint:
    complaint = house.resolved()
    workflow.call_back(
        complaint,
        by=house.pm,
        via="phone",
        asked_at=timezone.now(),
        satisfaction="dissatisfied",
        comment="还是响",
    )
    return fresh(complaint)


def owned_by_pm(house: House) -> Complaint:
    house.taker = house.pm
    return house.resolved()


def anonymous_resolved(house: House) -> Complaint:
    complaint = moves.anonymous(house)
    now = timezone.now()
    workflow.tell_options(complaint, by=house.pm, told_at=now, told_via="not_possible")
    workflow.choose(complaint, option_of(house, complaint), by=house.dm, chosen_at=now)
    word = house.word(told_via="not_possible")
    workflow.promise(complaint, word, by=house.pm, department=house.department)
    workflow.progress(complaint, by=house.dm, kind="started", text="到场")
    return workflow.resolve(complaint, by=house.dm, resolution="好了")


def done_by_department(house: House) -> Complaint:
    complaint = house.started()
    workflow.progress(complaint, by=house.engineer, kind="done", text="已换")
    return fresh(complaint)


def summarised_only(house: House) -> Complaint:
    complaint = house.resolved()
    workflow.summarise(complaint, by=house.dm, summary="经过", result="结果")
    house.report(complaint)
    return fresh(complaint)


def half_written(house: House) -> Complaint:
    complaint = house.reviewed()
    workflow.start_report(complaint, {"narrative": "经过"}, by=house.dm)
    return complaint


def full_of_photos(house: House) -> Complaint:
    complaint = house.new()
    Attachment.objects.bulk_create(
        Attachment(
            case=complaint.case,
            sha256=f"{n:064}",
            width=1,
            height=1,
            size=1,
            uploaded_by=house.dm,
            uploaded_at=timezone.now(),
        )
        for n in range(photos.MAX_PER_CASE)
    )
    return complaint


def struck_out(house: House) -> Complaint:
    complaint = moves.photographed(house)
    workflow.remove_attachment(photo_of(house, complaint), by=house.dm, reason="拍错")
    return complaint


def linked(house: House) -> Complaint:
    complaint = moves.beside_another(house)
    workflow.link(complaint, OTHER, by=house.dm)
    return complaint


@dataclass
class BareHouse(House):
    """A house with one more duty manager, who has no signature yet."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.bare: User = member(self.prop, Role.DUTY_MANAGER)


def unsigned_draft(house: BareHouse) -> Complaint:
    complaint = house.reviewed()
    workflow.start_report(complaint, {"narrative": "经过"}, by=house.bare)
    return complaint


def locked_out(house: House) -> Complaint:
    complaint = moves.submitted(house)
    for _guess in range(signatures.MAX_WRONG):
        with pytest.raises(ValidationError):
            signatures.check_password(house.pm, "guess")
    return complaint


W = workflow
BAD: tuple[Page | Call | Refused, ...] = (
    # Intake
    Page(
        "words",
        House.new,
        "intake",
        without(INTAKE, "words"),
        "请填写：客户怎么说。",
        typed="王晓梅",
    ),
    Page("blank", House.new, "intake", INTAKE | {"words": "\u200b \u3164"}, "请填写：客户怎么说。"),
    Page(
        "words-long",
        House.new,
        "intake",
        INTAKE | {"words": "响" * 5001},
        "最多 5000 个字，超出了 1 个，请删减后再提交。",
        typed="响" * 5001,
    ),
    Page(
        "words-of-too-many-lines",
        House.new,
        "intake",
        INTAKE | {"words": "响\n" * 200 + "响"},
        "最多 200 行，现在有 201 行，请把短行合并后再提交。",
        typed="响\n响",
    ),
    Page(
        "name-long",
        House.new,
        "intake",
        INTAKE | {"name": "王" * 63},
        "最多 60 个字，超出了 3 个，请删减后再提交。",
        typed="王" * 63,
    ),
    Call(
        "severity-lower",
        moves.serious,
        lambda h, c: W.change_severity(c, by=h.dm, severity="normal", reason="误选"),
        "调低等级须由物业经理办理：请先按“严重”办，再请物业经理用“调整等级”调低。",
        PermissionDenied,
    ),
    Call(
        "severity-lower-at-f",
        lambda h: h.conduct(h.new(severity="serious")),
        lambda h, c: W.record(c, POINTS, by=h.dm),
        "调低等级须由物业经理办理：请先按“严重”办，再请物业经理用“调整等级”调低。",
        PermissionDenied,
    ),
    Page(
        "severity-unknown",
        House.new,
        "intake",
        INTAKE | {"severity": "huge"},
        "没有这个选项，请从列出的选项里重新选。",
        typed=TYPED,
    ),
    Page(
        "anonymous-intake",
        House.new,
        "intake",
        INTAKE | {"is_anonymous": "on"},
        "匿名投诉请写明说明。",
        typed=TYPED,
    ),
    Page(
        "received-vague",
        House.new,
        "intake",
        INTAKE | {"received_at": "刚才"},
        "请写具体的日期和钟点，例如 2026-11-23 18:30，不写“尽快”“稍后”。",
        typed=TYPED,
    ),
    Page(
        "received-impossible",
        House.new,
        "intake",
        INTAKE | {"received_at": "2026-02-30T10:00"},
        "请写具体的日期和钟点，例如 2026-11-23 18:30，不写“尽快”“稍后”。",
        typed="2026-02-30T10:00",
    ),
    Page(
        "received-year",
        House.new,
        "intake",
        INTAKE | {"received_at": "0206-11-23T10:00"},
        "年份不对，请核对日期。",
        typed="0206-11-23T10:00",
    ),
    Page(
        "received-future",
        House.new,
        "intake",
        at_time("received_at", lambda: when(hours=1), **INTAKE),
        "时间还没有到，请填写实际发生的时间。",
        typed=TYPED,
    ),
    Page(
        "received-old",
        House.new,
        "intake",
        at_time("received_at", lambda: when(days=-31), **INTAKE),
        "时间在30天以前，请核对日期。",
        typed=TYPED,
    ),
    Call(
        "intake-no-words",
        House.new,
        lambda h, _c: W.intake(h.prop, W.Intake(words="", guest=GUEST), by=h.dm),
        "请写下客户怎么说。",
        RefusedInput,
    ),
    Call(
        "text-invisible",
        House.new,
        lambda _h, _c: validate_text("\u200b"),
        "请填写看得见的文字。",
        ValidationError,
    ),
    Call(
        "text-bidi",
        House.new,
        lambda _h, _c: validate_text("a\u202eb"),
        "文字里有看不见的控制字符，请删去后重新输入。",
        ValidationError,
    ),
    # A–E
    Page("no-tick", House.new, "conduct", {"reason_A": TYPED}, "请至少确认一项。", typed=TYPED),
    Page("na", House.new, "conduct", {"tick_A": "na"}, "标为不适用，请写明原因。"),
    Page("private", House.new, "conduct", {"tick_B": "yes"}, "请选择是否单独会谈。"),
    Page(
        "private-na",
        House.new,
        "conduct",
        {"tick_B": "yes", "private_talk": "not_applicable", "private_talk_reason": TYPED},
        "这是当面投诉，请如实选择是否单独会谈。",
        typed=TYPED,
    ),
    Page(
        "private-why",
        House.new,
        "conduct",
        {"tick_B": "yes", "private_talk": "not_possible"},
        "当面投诉未能单独会谈，请写明原因。",
    ),
    Call(
        "letter",
        House.new,
        lambda h, c: W.confirm_conduct(c, {"Z": W.Tick(done=True)}, by=h.dm),
        "没有这一项谈话要领。",
    ),
    # F
    Page(
        "record-too-early",
        House.new,
        "record",
        RECORD,
        "还不能完成记录：先确认谈话要领。",
        409,
        typed=TYPED,
        also=("A 还没有确认，也没有注明不适用", "E 还没有确认，也没有注明不适用"),
    ),
    Page(
        "record-name",
        moves.conducted,
        "record",
        without(RECORD, "name"),
        "请填写客户姓名和称呼，或选择匿名。",
        typed=TYPED,
    ),
    Page(
        "record-anonymous",
        moves.conducted,
        "record",
        RECORD | {"is_anonymous": "on"},
        "匿名投诉请写明说明。",
        typed=TYPED,
    ),
    Page(
        "record-place",
        moves.conducted,
        "record",
        without(RECORD, "room"),
        "请填写地点。",
        typed=TYPED,
    ),
    Page(
        "record-read-back",
        moves.conducted,
        "record",
        without(RECORD, "read_back"),
        "没有念给客户核对，请写明原因。",
        typed=TYPED,
    ),
    Page(
        "record-year",
        moves.conducted,
        "record",
        at_time("occurred_at", lambda: when(days=-400), **RECORD),
        "发生时间在一年以前，请核对年份。",
        typed=TYPED,
    ),
    Page(
        "record-ticks",
        House.new,
        "record",
        RECORD | {"tick_A": "na", "reason_A": ""},
        "谈话要领还有没填好的地方。",
        typed=TYPED,
        also=("标为不适用，请写明原因。",),
    ),
    Page(
        "record-future",
        moves.conducted,
        "record",
        at_time("occurred_at", lambda: when(hours=2), **RECORD),
        "发生时间还没有到，请核对后重填。",
        typed=TYPED,
    ),
    Page(
        "record-stale",
        House.recorded,
        "record",
        RECORD,
        STATE.format("已记录", "完成记录"),
        409,
        typed=TYPED,
    ),
    *(
        Call(
            f"record-{name}",
            moves.conducted,
            lambda h, c, name=name: W.record(c, replace(POINTS, **{name: ""}), by=h.dm),
            sentence,
            RefusedInput,
        )
        for name, sentence in (
            ("category", "请选择投诉类别。"),
            ("key_points", "请写下要点。"),
            ("core_issue", "请写明问题症结。"),
            ("expectation", "请写明客户诉求。"),
        )
    ),
    Page(
        "correct-same",
        House.recorded,
        "correct",
        {"field": "core_issue", "text": POINTS.core_issue},
        "与现在的内容相同，没有需要更正的。",
        typed=POINTS.core_issue,
    ),
    Page(
        "correct-early",
        House.new,
        "correct",
        {"field": "core_issue", "text": TYPED},
        STATE.format("受理中", "更正记录"),
        409,
        typed=TYPED,
    ),
    Call(
        "correct-field",
        House.recorded,
        lambda h, c: W.correct(c, "status", "closed", by=h.dm),
        "请选择要更正的一项。",
        RefusedInput,
    ),
    # G
    Page(
        "infeasible",
        House.recorded,
        "offer",
        {"text_1": TYPED},
        "办不到的不要提，请先确认。",
        typed=TYPED,
    ),
    Page(
        "cost",
        House.recorded,
        "offer",
        {"text_1": TYPED, "cost_1": "三百", "feasible": "on"},
        "请只填数字，例如 1200.50，不带“元”字。",
        typed="三百",
    ),
    Page(
        "cost-negative",
        House.recorded,
        "offer",
        {"text_1": TYPED, "cost_1": "-1", "feasible": "on"},
        "不能小于 0，请重填。",
        typed=TYPED,
    ),
    Page(
        "offer-cost-cents",
        House.recorded,
        "offer",
        {"text_1": TYPED, "cost_1": "12.345", "feasible": "on"},
        "小数点后最多 2 位，请重填。",
        typed=TYPED,
    ),
    Page(
        "offer-cost-long",
        House.recorded,
        "offer",
        {"text_1": TYPED, "cost_1": "12345678901", "feasible": "on"},
        "数字太长，请核对后重填。",
        typed=TYPED,
    ),
    Page(
        "offer-after-choice",
        House.chosen,
        "offer",
        {"text_1": TYPED, "feasible": "on"},
        "客户已选定方案，不能再加方案。",
        409,
        typed=TYPED,
    ),
    Page(
        "offer-many",
        nine_options,
        "offer",
        {"text_1": TYPED, "text_2": "再换", "feasible": "on"},
        "方案太多，请先撤回不用的。",
        typed=TYPED,
    ),
    Call(
        "offer-none",
        House.recorded,
        lambda h, c: W.offer(c, [], by=h.dm),
        "请至少写一种办得到的方案。",
        RefusedInput,
    ),
    Call(
        "offer-infeasible",
        House.recorded,
        lambda h, c: W.offer(c, [W.Offer("飞", feasible=False)], by=h.dm),
        "办不到的方案不能提出，请先确认办得到。",
        RefusedInput,
    ),
    Page(
        "decide-own",
        costly_of_pm,
        "decide",
        {"approve": "yes", "note": TYPED},
        "自己或被代理人提出的方案须由另一位经理批准。",
        409,
        by="pm",
        typed=TYPED,
    ),
    Page(
        "decide-why",
        moves.costly,
        "decide",
        {"approve": "no"},
        "不批准请写明原因，好让值班经理另想办法。",
        by="pm",
    ),
    Page(
        "decide-twice",
        decided,
        "decide",
        {"approve": "no", "note": TYPED},
        "这个方案已经有决定，或已撤回。",
        409,
        by="gm",
        typed=TYPED,
    ),
    Page(
        "decide-rank",
        moves.costly,
        "decide",
        {"approve": "yes"},
        "您的岗位不能办理这一步，请交由有权限的同事办理。",
        403,
    ),
    Page(
        "withdraw-told",
        House.told,
        "withdraw",
        {},
        "已经告知客户或已撤回的方案不能再撤回。",
        409,
    ),
    Page(
        "tell-future",
        House.offered,
        "tell",
        at_time("told_at", lambda: when(hours=1), told_via="phone", single_reason=TYPED),
        "时间还没有到，请填写实际发生的时间。",
        typed=TYPED,
    ),
    Page(
        "tell-before",
        House.offered,
        "tell",
        at_time("told_at", lambda: when(hours=-5), told_via="phone", single_reason=TYPED),
        "时间早于上一步，请核对后重填。",
        typed=TYPED,
    ),
    Page(
        "tell-unapproved",
        approved_now,
        "tell",
        at_time("told_at", lambda: when(hours=-1), told_via="phone", single_reason=TYPED),
        "才批准，告知时间不能早于批准。",
        typed=TYPED,
    ),
    Page(
        "tell-single",
        one_option,
        "tell",
        at_time("told_at", when, told_via="phone"),
        "只有一种方案，请写明原因。",
    ),
    Page(
        "tell-refused",
        moves.refused,
        "tell",
        at_time("told_at", when, told_via="phone", single_reason=TYPED),
        "客户不接受方案，等物业经理决定。",
        409,
        typed=TYPED,
    ),
    Page(
        "tell-nothing",
        House.recorded,
        "tell",
        at_time("told_at", when, told_via="phone", single_reason=TYPED),
        "还没有可以告知的方案：先写方案，超出权限的先等批准。",
        409,
        typed=TYPED,
    ),
    Page(
        "tell-chosen",
        House.chosen,
        "tell",
        at_time("told_at", when, told_via="phone", single_reason=TYPED),
        "客户已经选定方案。",
        409,
        typed=TYPED,
    ),
    Call(
        "tell-known",
        House.offered,
        lambda h, c: W.tell_options(c, by=h.pm, told_at=timezone.now(), told_via="not_possible"),
        "客户不是匿名，请实际告知后再登记。",
        RefusedInput,
    ),
    Page(
        "choose-future",
        House.told,
        "choose",
        chosen_at(lambda: when(hours=1)),
        "时间还没有到，请填写实际发生的时间。",
    ),
    Page(
        "choose-before",
        House.told,
        "choose",
        chosen_at(lambda: when(hours=-1)),
        "时间早于上一步，请核对后重填。",
    ),
    Page("choose-twice", House.chosen, "choose", chosen_at(when), "客户已经选定方案。", 409),
    Page(
        "choose-refused",
        moves.refused,
        "choose",
        chosen_at(when),
        "客户不接受方案，等物业经理决定。",
        409,
    ),
    Call(
        "choose-foreign",
        lambda h: (h.told(), h.told())[1],
        lambda h, c: W.choose(
            c,
            Complaint.objects.exclude(pk=c.pk).get().options.first(),
            by=h.dm,
            chosen_at=timezone.now(),
        ),
        "这个方案不属于本轮。",
    ),
    Call(
        "choose-untold",
        lambda h: h.offered(h.told()),
        lambda h, c: W.choose(c, option_of(h, c), by=h.dm, chosen_at=timezone.now()),
        "只能选定已告知客户的方案。",
    ),
    Page(
        "refuse-twice",
        moves.refused,
        "refuse",
        {"reason": TYPED},
        "已经登记过客户不接受，等物业经理决定。",
        409,
        typed=TYPED,
    ),
    Page(
        "refuse-chosen",
        House.chosen,
        "refuse",
        {"reason": TYPED},
        "客户已经选定方案。",
        409,
        typed=TYPED,
    ),
    Call(
        "refuse-why",
        House.told,
        lambda h, c: W.refuse(c, by=h.dm, reason=""),
        "请写明客户不接受的原因。",
        RefusedInput,
    ),
    Page(
        "refusal-none",
        House.told,
        "decide-refusal",
        {"choice": "new_options", "reason": TYPED},
        "没有等待决定的客户意见。",
        409,
        by="pm",
        typed=TYPED,
    ),
    Page(
        "refusal-own",
        refused_by_pm,
        "decide-refusal",
        {"choice": "new_options", "reason": TYPED},
        "自己或被代理人登记的意见须由另一位经理决定。",
        409,
        by="pm",
        typed=TYPED,
    ),
    Page(
        "refusal-which",
        moves.refused,
        "decide-refusal",
        {"choice": "proceed", "reason": TYPED},
        "请选择按哪一个方案办理。",
        by="pm",
        typed=TYPED,
    ),
    Call(
        "refusal-why",
        moves.refused,
        lambda h, c: W.decide_refusal(c, by=h.pm, choice="new_options", reason=""),
        "请写明决定的理由。",
        RefusedInput,
    ),
    Call(
        "refusal-choice",
        moves.refused,
        lambda h, c: W.decide_refusal(c, by=h.pm, choice="x", reason="理由"),
        "请选择一种决定。",
    ),
    # H
    Page(
        "due-vague",
        House.chosen,
        "promise",
        promised_to(due_at="尽快"),
        "请写具体的日期和钟点，例如 2026-11-23 18:30，不写“尽快”“稍后”。",
        typed="尽快",
    ),
    Page(
        "due-bare-date",
        House.chosen,
        "promise",
        promised_to(due_at="2026-12-24"),
        "请写具体的日期和钟点，例如 2026-11-23 18:30，不写“尽快”“稍后”。",
        typed="2026-12-24",
    ),
    Page(
        "due-past",
        House.chosen,
        "promise",
        promised_to(due_at=lambda: when(minutes=-1)),
        "承诺完成时间已经过去，请填写一个晚于现在的时间。",
        typed=TYPED,
    ),
    Page(
        "due-soon",
        House.chosen,
        "promise",
        promised_to(due_at=lambda: when(minutes=3)),
        "从告知到完成不足 5 分钟，请填写来得及做到的时间。",
        typed=TYPED,
    ),
    Page(
        "due-far",
        House.chosen,
        "promise",
        promised_to(due_at=lambda: when(days=91)),
        "承诺完成时间在告知 90 天以后，请核对日期。",
        typed=TYPED,
    ),
    Page(
        "told-future",
        House.chosen,
        "promise",
        promised_to(told_at=lambda: when(hours=1)),
        "告知客户的时间还没有到，请填写实际告知的时间。",
        typed=TYPED,
    ),
    Page(
        "told-before",
        House.chosen,
        "promise",
        promised_to(told_at=lambda: when(hours=-9)),
        "告知时间早于受理时间，请核对后重填。",
        typed=TYPED,
    ),
    Page(
        "contact",
        House.chosen,
        "promise",
        promised_to(next_contact_at=lambda: when(hours=9)),
        "下次联系要晚于现在、不晚于承诺时间。",
        typed=TYPED,
    ),
    Page(
        "promise-department",
        House.chosen,
        "promise",
        lambda h, c: promised_to(department=DepartmentFactory().pk)(h, c),
        "没有这个选项，请从列出的选项里重新选。",
        typed=TYPED,
    ),
    Page(
        "promise-early",
        House.told,
        "promise",
        promised_to(),
        "还不能约定时限：先登记客户选定的方案。",
        409,
        typed=TYPED,
    ),
    Page(
        "promise-before-round",
        second_round,
        "promise",
        promised_to(told_at=lambda: when(hours=-1)),
        "告知时间早于这一轮处理的开始，请核对后重填。",
        typed=TYPED,
    ),
    Call(
        "promise-foreign",
        House.chosen,
        lambda h, c: W.promise(c, h.word(), by=h.dm, department=_elsewhere()),
        "请选择本处的部门。",
        RefusedInput,
    ),
    Page(
        "promise-before-options",
        chosen_today,
        "promise",
        promised_to(told_at=lambda: when(hours=-1)),
        "才选定方案，告知时限的时间不能更早。",
        typed=TYPED,
    ),
    # I
    Page(
        "ask-early",
        moves.extended,
        "ask-extension",
        at_time("wish_at", lambda: when(hours=1), reason=TYPED),
        "希望延到的时间要晚于现在和原时限。",
        typed=TYPED,
    ),
    Call(
        "ask-why",
        moves.extended,
        lambda h, c: W.ask_extension(c, by=h.dm, reason="", wish_at=h.word(9).due_at),
        "请写明延误的原因。",
        RefusedInput,
    ),
    Page(
        "ask-first",
        House.started,
        "ask-extension",
        at_time("wish_at", lambda: when(hours=9), reason=TYPED),
        "第一次延期可以直接登记，不用请示。",
        409,
        typed=TYPED,
    ),
    Page(
        "ask-twice",
        moves.asked_again,
        "ask-extension",
        at_time("wish_at", lambda: when(hours=9), reason=TYPED),
        "已经请示过，正在等物业经理答复。",
        409,
        typed=TYPED,
    ),
    Page(
        "decline-nothing",
        moves.extended,
        "decline-extension",
        {"reason": TYPED},
        "没有等待答复的延期请示，可能已经有人答复；请看最新情况。",
        409,
        "pm",
        typed=TYPED,
    ),
    Page(
        "decline-own",
        asked_extension_by_pm,
        "decline-extension",
        {"reason": TYPED},
        "自己或被代理人的请示须由另一位经理答复。",
        409,
        "pm",
        typed=TYPED,
    ),
    Page(
        "extend-beyond-grant",
        moves.granted,
        "extend",
        promised_to(due_at=lambda: when(hours=30)),
        "更晚要再请示。",
        typed=TYPED,
        also=("物业经理同意延到",),
    ),
    Call(
        "decline-why",
        moves.asked_again,
        lambda h, c: W.decline_extension(c, by=h.pm, reason=""),
        "请写明不同意的理由。",
        RefusedInput,
    ),
    Call(
        "progress-kind",
        House.started,
        lambda h, c: W.progress(c, by=h.dm, kind="asked", text="请示"),
        "请选择进展的类别。",
    ),
    Page(
        "extend-earlier",
        House.started,
        "extend",
        promised_to(due_at=lambda: when(hours=2)),
        "新时限要晚于原时限。",
        typed=TYPED,
    ),
    Page(
        "extend-told-before",
        two_hours_old,
        "extend",
        promised_to(due_at=lambda: when(hours=9), told_at=lambda: when(hours=-1)),
        "通报时间早于上一次约定，请核对后重填。",
        typed=TYPED,
    ),
    Page(
        "extend-again",
        moves.extended,
        "extend",
        promised_to(due_at=lambda: when(hours=9)),
        "您的岗位不能办理这一步，请交由有权限的同事办理。",
        403,
        typed=TYPED,
    ),
    Call(
        "extend-why",
        House.started,
        lambda h, c: W.extend(c, h.word(9), by=h.dm, reason=""),
        "请写明延误的原因。",
        RefusedInput,
    ),
    Page(
        "progress-future",
        House.started,
        "progress",
        at_time("occurred_at", lambda: when(hours=1), kind="progress", text=TYPED),
        "时间还没有到，请填写实际发生的时间。",
        typed=TYPED,
    ),
    Page(
        "progress-started-again",
        House.started,
        "progress",
        {"kind": "started", "text": TYPED},
        "没有这个选项，请从列出的选项里重新选。",
        typed=TYPED,
    ),
    Call(
        "progress-empty",
        House.started,
        lambda h, c: W.progress(c, by=h.dm, kind="progress", text=""),
        "请写一句做了什么。",
        RefusedInput,
    ),
    Call(
        "done-unstarted",
        House.promised,
        lambda h, c: W.progress(c, by=h.dm, kind="done", text="好"),
        "还没有登记开工。",
    ),
    Call(
        "not-done-unreported",
        House.started,
        lambda h, c: W.progress(c, by=h.dm, kind="not_done", text="还响"),
        "部门还没有报过完成。",
    ),
    Call(
        "started-twice",
        House.started,
        lambda h, c: W.progress(c, by=h.dm, kind="started", text="又来"),
        "这一轮已经登记开工。",
    ),
    Call(
        "done-twice",
        done_by_department,
        lambda h, c: W.progress(c, by=h.dm, kind="done", text="好"),
        "部门已经报过完成。",
    ),
    Page(
        "resolve-unstarted",
        House.promised,
        "resolve",
        {"resolution": TYPED},
        "还不能标记已解决：先登记开工。",
        409,
        typed=TYPED,
    ),
    Page(
        "resolve-before",
        House.started,
        "resolve",
        at_time("resolved_at", lambda: when(hours=-3), resolution=TYPED),
        "时间早于上一步，请核对后重填。",
        typed=TYPED,
    ),
    Call(
        "resolve-empty",
        House.started,
        lambda h, c: W.resolve(c, by=h.dm, resolution=""),
        "请写明处理结果。",
        RefusedInput,
    ),
    # J
    Page(
        "review-comment",
        House.resolved,
        "call-back",
        at_time("asked_at", when, satisfaction="dissatisfied", via="phone"),
        "客户不满意，请记下客户怎么说。",
    ),
    Page(
        "review-waiting",
        moves.dissatisfied,
        "call-back",
        at_time("asked_at", when, satisfaction="satisfied", via="phone", comment=TYPED),
        "客户不满意，等物业经理决定。",
        409,
        typed=TYPED,
    ),
    Page(
        "review-anonymous",
        anonymous_resolved,
        "call-back",
        at_time("asked_at", when, satisfaction="satisfied", via="not_possible", comment=TYPED),
        "没有联系客户，满意度只能选“不适用”。",
        by="pm",
        typed=TYPED,
    ),
    Page(
        "dissatisfied-none",
        House.resolved,
        "decide-dissatisfied",
        {"choice": "redo", "reason": TYPED},
        "没有等待决定的回访。",
        409,
        by="pm",
        typed=TYPED,
    ),
    Page(
        "dissatisfied-own",
        asked_by_pm,
        "decide-dissatisfied",
        {"choice": "redo", "reason": TYPED},
        "自己或被代理人回访的结果须由另一位经理决定。",
        409,
        by="pm",
        typed=TYPED,
    ),
    Call(
        "dissatisfied-why",
        moves.dissatisfied,
        lambda h, c: W.decide_dissatisfied(c, by=h.pm, choice="redo", reason=""),
        "请写明决定的理由。",
        RefusedInput,
    ),
    Call(
        "dissatisfied-choice",
        moves.dissatisfied,
        lambda h, c: W.decide_dissatisfied(c, by=h.pm, choice="x", reason="理由"),
        "请选择一种决定。",
    ),
    Call(
        "summary-empty",
        House.resolved,
        lambda h, c: W.summarise(c, by=h.dm, summary="", result=""),
        "请写明经过与采取的措施。；请写明处理结果。",
        RefusedInput,
    ),
    Page(
        "close-early",
        House.resolved,
        "close",
        {},
        "还不能结案：",
        409,
        also=("未登记满意度", "未写明经过、措施与结果", "《事故报告》未签批"),
    ),
    Page(
        "close-undecided",
        moves.dissatisfied,
        "close",
        {},
        "客户不满意，物业经理尚未决定",
        409,
    ),
    Page(
        "override-own",
        owned_by_pm,
        "override",
        {"reason": TYPED},
        "自己或被代理人跟进的投诉须由另一位经理越过门槛。",
        409,
        by="pm",
        typed=TYPED,
    ),
    Page(
        "override-undecided",
        moves.dissatisfied,
        "override",
        {"reason": TYPED},
        "客户不满意，须先作出决定，不能越过。",
        409,
        by="gm",
        typed=TYPED,
    ),
    Page(
        "reopen-open",
        House.resolved,
        "reopen",
        {"reason": TYPED},
        STATE.format("待复查", "重新处理"),
        409,
        typed=TYPED,
    ),
    Call(
        "reopen-why",
        House.closed,
        lambda h, c: W.reopen(c, by=h.dm, reason=""),
        "请写明重新处理的原因。",
        RefusedInput,
    ),
    # At any time
    Page(
        "void-own",
        lambda h: h.new(by=h.pm),
        "void",
        {"reason": TYPED},
        "自己或被代理人登记的投诉须由另一位经理作废。",
        409,
        by="pm",
        typed=TYPED,
    ),
    Page(
        "void-twice",
        House.voided,
        "void",
        {"reason": TYPED},
        STATE.format("已作废", "作废"),
        409,
        by="pm",
        typed=TYPED,
    ),
    Call(
        "void-why",
        House.new,
        lambda h, c: W.void(c, by=h.pm, reason=""),
        "请写明作废的原因。",
        RefusedInput,
    ),
    Page(
        "hand-over-engineer",
        House.new,
        "hand-over",
        lambda h, _c: {"to": h.engineer.pk, "reason": TYPED},
        "没有这个选项，请从列出的选项里重新选。",
        typed=TYPED,
    ),
    Call(
        "hand-over-same",
        House.new,
        lambda h, c: W.hand_over(c, by=h.pm, to=h.dm, reason="交班"),
        "跟进人已经是这位同事。",
    ),
    Call(
        "hand-over-rank",
        House.new,
        lambda h, c: W.hand_over(c, by=h.pm, to=h.engineer, reason="交班"),
        "只能移交给值班经理、物业经理或总物业经理。",
        RefusedInput,
    ),
    Page(
        "severity-same",
        House.new,
        "severity",
        {"severity": "normal", "reason": TYPED},
        "已经是这个等级。",
        409,
        typed=TYPED,
    ),
    Page(
        "severity-submitted",
        moves.submitted,
        "severity",
        {"severity": "major", "reason": TYPED},
        "《事故报告》已提交签批，不能再改；需要修改请由签批人退回。",
        409,
        typed=TYPED,
    ),
    Call(
        "severity-none",
        House.new,
        lambda h, c: W.change_severity(c, by=h.dm, severity="x", reason="理由"),
        "没有这个等级。",
    ),
    Call(
        "severity-why",
        House.new,
        lambda h, c: W.change_severity(c, by=h.dm, severity="major", reason=""),
        "请写明调整等级的原因。",
        RefusedInput,
    ),
    Page(
        "security-twice",
        moves.secured,
        "security",
        {"reason": TYPED},
        "已经请过保安部，正在等他们到场。",
        409,
        typed=TYPED,
    ),
    Page(
        "arrived-uncalled",
        House.new,
        "arrived",
        {"outcome": TYPED},
        "没有等待保安部的待办。",
        409,
        typed=TYPED,
    ),
    Page(
        "guest-name",
        House.recorded,
        "guest",
        {"name": "", "phone": "13900001111", "reason": TYPED},
        "请填写客户姓名。",
        typed=TYPED,
    ),
    Page(
        "guest-same",
        House.new,
        "guest",
        {
            "name": GUEST.name,
            "honorific": GUEST.honorific,
            "phone": GUEST.phone,
            "kind": GUEST.kind,
            "reason": TYPED,
        },
        "客户资料没有变化。",
        409,
        typed=TYPED,
    ),
    Page("unmask", House.new, "unmask", {"reason": "x"}, "请写明查看完整号码的事由。"),
    Call(
        "unmask-field",
        House.new,
        lambda h, c: persons.unmask(c.guest, "name", by=h.dm, reason="回电"),
        "这一项不能查看。",
        RefusedInput,
    ),
    Page(
        "link-unknown",
        House.new,
        "link",
        {"number": "TS-19990101-001", "note": TYPED},
        "没有找到这个编号，请核对后再填。",
        typed=TYPED,
    ),
    Page(
        "link-twice",
        linked,
        "link",
        {"number": OTHER, "note": TYPED},
        "这两件已经关联。",
        409,
        typed=TYPED,
    ),
    Page(
        "link-self",
        House.new,
        "link",
        lambda _h, c: {"number": c.case.number, "note": TYPED},
        "没有找到这个编号，请核对后再填。",
        typed=TYPED,
    ),
    # Photos
    Page("photo-none", House.new, "photo", {"caption": TYPED}, "请选择要上传的照片。", typed=TYPED),
    Page(
        "photo-pdf",
        House.new,
        "photo",
        lambda _h, _c: {"photo": upload(b"%PDF-1.7 \n" * 30), "caption": TYPED},
        "只接受 JPEG、PNG、WebP 或 HEIC 图片。",
        typed=TYPED,
    ),
    Page(
        "photo-svg",
        House.new,
        "photo",
        lambda _h, _c: {"photo": upload(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg")},
        "只接受 JPEG、PNG、WebP 或 HEIC 图片。",
    ),
    Page(
        "photo-bomb",
        House.new,
        "photo",
        lambda _h, _c: {"photo": upload(bomb())},
        "图片像素过大（超过 5000 万像素），请缩小后再上传。",
    ),
    Page(
        "photo-broken",
        House.new,
        "photo",
        lambda _h, _c: {"photo": upload(jpeg()[:150])},
        "图片已损坏或格式不受支持，请换一张。",
    ),
    Page(
        "photo-empty",
        House.new,
        "photo",
        lambda _h, _c: {"photo": upload(b"")},
        "文件是空的，请换一个再传。",
    ),
    Page(
        "photo-twin",
        moves.photographed,
        "photo",
        lambda _h, _c: {"photo": upload(jpeg()), "caption": TYPED},
        "这张照片已经上传过。",
        409,
        typed=TYPED,
    ),
    Page(
        "photo-one-of-two",
        House.new,
        "photo",
        lambda _h, _c: {"photo": [upload(jpeg()), upload(b"GIF89a")], "caption": TYPED},
        "只接受 JPEG、PNG、WebP 或 HEIC 图片。",
        typed=TYPED,
    ),
    Page(
        "photo-seven",
        House.new,
        "photo",
        lambda _h, _c: {"photo": [upload(b"x") for _n in range(7)]},
        "一次最多上传 6 个文件，请分次上传。",
    ),
    Page(
        "photo-sixty",
        full_of_photos,
        "photo",
        lambda _h, _c: {"photo": upload(jpeg()), "caption": TYPED},
        "这件已有60张照片，请先撤下不需要的。",
        typed=TYPED,
    ),
    Call(
        "photo-heavy",
        House.new,
        lambda _h, _c: images.normalise(bytes(images.MAX_BYTES + 1)),
        "图片超过 25 MB，请压缩后再上传。",
        images.ImageRefused,
    ),
    Call(
        "photo-no-bytes",
        House.new,
        lambda _h, _c: images.normalise(b""),
        "文件是空的，请重新选择图片。",
        images.ImageRefused,
    ),
    Call(
        "photo-struck-out-twice",
        struck_out,
        lambda h, c: W.remove_attachment(photo_of(h, c), by=h.dm, reason="再撤"),
        "这张照片已经撤下。",
    ),
    Call(
        "photo-strike-why",
        moves.photographed,
        lambda h, c: W.remove_attachment(photo_of(h, c), by=h.dm, reason=""),
        "请写明撤下照片的原因。",
        RefusedInput,
    ),
    # Kinds of fields that complaints have no example of
    Refused("field-list", forms.MultipleChoiceField(), "x", "请从列出的选项里选。"),
    Refused("field-pick", forms.ChoiceField(label="等级"), "", "请选择：等级。"),
    Refused("field-moment", forms.DateTimeField(), "x", "请填日期和钟点，例如 2026-11-23 18:30。"),
    Refused("field-time", forms.TimeField(), "25:00", "请填24小时制的钟点，例如 18:30。"),
    Refused(
        "field-mail", forms.EmailField(), "a@", "邮箱写得不完整，请填成 name@example.com 的样子。"
    ),
    Refused("field-tick", forms.BooleanField(label="已核对"), "", "请勾选：已核对。"),
    Refused("field-most", forms.IntegerField(max_value=9), "10", "不能大于 9，请重填。"),
    Refused("field-long", forms.CharField(max_length=2), "三个字", "最多 2 个字，请删减后再提交。"),
    Refused("field-null", forms.CharField(), "a\0", "文字里有看不见的字符，请重新输入。"),
    Refused("field-file", forms.FileField(label="表格"), "", "请选择文件：表格。"),
    Refused("field-no-file", forms.FileField(), "x", "文件没有传上来，请重新选择。"),
    Refused(
        "field-file-name",
        forms.FileField(max_length=3),
        upload(b"x", "long.csv"),
        "文件名太长，请改短后再传。",
    ),
    # Stale edits and what is signed already
    Call(
        "not-told-deputy",
        deputy_of_pm,
        lambda h, c: W.tell_options(
            c, by=reread(h.dm), told_at=timezone.now(), told_via="not_possible"
        ),
        "自己登记、跟进的匿名投诉，代理人不能代登记“不适用”。",
    ),
    Page(
        "guest-phone",
        House.new,
        "guest",
        {"name": "王晓梅", "phone": "找前台问", "reason": TYPED},
        "请填能拨通的号码，例如 13800000000 或 0755-26001234转8。",
        typed=TYPED,
    ),
    Page(
        "summary-signed",
        House.signed,
        "summary",
        {"summary": TYPED, "result": "好"},
        "《事故报告》已签批，不能再改。客户又有话说：先结案，再“重新处理”。",
        409,
        typed=TYPED,
    ),
    Page(
        "guest-mask",
        House.new,
        "guest",
        {"name": "王晓梅", "phone": "138****5678", "reason": TYPED},
        "电话里有星号：请填完整号码，不改就留空。",
        typed=TYPED,
    ),
    Page(
        "intake-mask",
        House.new,
        "intake",
        INTAKE | {"phone": "138＊＊＊＊5678"},
        "电话里有星号：请填完整号码，不改就留空。",
        typed=TYPED,
    ),
    Page(
        "summary-stale",
        summed_up_by_another,
        "summary",
        lambda _h, c: {"summary": TYPED, "result": "好", "seen": stale.seen({"summary": ""})},
        "这一页打开之后别人改过。您写的还在下面，请对照后再提交。",
        409,
        typed=TYPED,
        also=("现在的“经过与措施”：别人写的经过",),
    ),
    Page(
        "guest-stale",
        House.new,
        "guest",
        {"name": "王小美", "reason": TYPED, "seen": "0" * 32},
        "这一页打开之后别人改过。您写的还在下面，请对照后再提交。",
        409,
        typed=TYPED,
    ),
    Page(
        "report-edited-meanwhile",
        moves.drafted,
        "report",
        REPORT | {"seen": "0" * 32},
        "这一页打开之后别人改过。您写的还在下面，请对照后再提交。",
        409,
        typed=TYPED,
        also=("现在的“事件经过”：客户来电反映空调异响。",),
    ),
    *(
        Call(
            f"signed-over-{name}",
            ready,
            do,
            "《事故报告》已提交签批，不能再改；需要修改请由签批人退回。",
        )
        for name, ready, do in (
            ("photo", moves.submitted, lambda h, c: W.attach(c, jpeg(), by=h.dm)),
            ("photos", moves.submitted, lambda h, c: W.attach_all(c, [jpeg()], by=h.dm)),
            ("correct", moves.submitted, lambda h, c: W.correct(c, "place", "1807", by=h.dm)),
            ("link", submitted_beside_another, lambda h, c: W.link(c, OTHER, by=h.dm)),
            (
                "remove",
                photographed_and_submitted,
                lambda h, c: W.remove_attachment(photo_of(h, c), by=h.dm, reason="拍错"),
            ),
        )
    ),
    Call(
        "guest-why",
        House.new,
        lambda h, c: W.edit_guest(c, replace(GUEST, name="王小美"), by=h.dm, reason=""),
        "请写明更正的原因。",
        RefusedInput,
    ),
    Call(
        "hand-over-why",
        House.new,
        lambda h, c: W.hand_over(c, by=h.dm, to=h.gm, reason=""),
        "请写明移交的原因。",
        RefusedInput,
    ),
    Call(
        "severity-lower-own",
        serious_of_pm,
        lambda h, c: W.change_severity(c, by=h.pm, severity="normal", reason="误选"),
        "自己或被代理人登记、跟进的投诉须由另一位经理调低等级。",
    ),
    Call(
        "submit-undecided",
        dissatisfied_with_report,
        lambda h, c: W.submit_report(report_of(h, c), by=h.dm, password=PASSWORD),
        "还不能提交：客户不满意，须先由物业经理决定，报告里要写。",
    ),
    Page(
        "close-security",
        called_and_signed,
        "close",
        {},
        "还不能结案：",
        409,
        also=("请了保安部，还没有登记到场和结果",),
    ),
    # The report and its signatures
    Page(
        "report-early",
        House.resolved,
        "report",
        REPORT,
        "先写明经过、措施与结果，再起草《事故报告》。",
        409,
        typed=TYPED,
    ),
    Page(
        "report-state",
        House.started,
        "report",
        REPORT,
        STATE.format("处理中", "填写《事故报告》"),
        409,
        typed=TYPED,
    ),
    Page(
        "report-injured",
        House.reviewed,
        "report",
        REPORT | {"injured": "两人"},
        "请只填整数，例如 2，没有就填 0。",
        typed="两人",
    ),
    Page(
        "report-order",
        House.reviewed,
        "report",
        lambda _h, _c: (
            REPORT
            | {
                "occurred_at": when(hours=-1),
                "discovered_at": when(hours=-2),
                "reported_at": when(hours=-3),
            }
        ),
        "发现时间早于发生时间，请核对后重填。",
        typed=TYPED,
        also=("报告时间早于发现或发生的时间，请核对后重填。",),
    ),
    Page(
        "report-future",
        House.reviewed,
        "report",
        at_time("reported_at", lambda: when(hours=1), **REPORT),
        "时间还没有到，请填写实际发生的时间。",
        typed=TYPED,
    ),
    Page(
        "report-improve",
        moves.drafted,
        "report",
        REPORT | {"improve_by": "2026-01-31"},
        "完成期限已经过去，请填今天或以后的日期。",
        typed=TYPED,
    ),
    Call(
        "report-nobody-left",
        written_by_all,
        lambda h, c: W.submit_report(report_of(h, c), by=h.dm, password=PASSWORD),
        "没有人能签“物业经理”一栏：有这个岗位的人都写过这份报告。请先在设置里为这个岗位增加一人。",
    ),
    Page(
        "report-date",
        House.reviewed,
        "report",
        REPORT | {"improve_by": "2026-02-30"},
        "没有这一天，请填日期，例如 2026-11-23。",
        typed=TYPED,
    ),
    Page(
        "report-stale",
        moves.submitted,
        "report",
        REPORT,
        "《事故报告》已提交签批，不能再改；需要修改请由签批人退回。",
        409,
        typed=TYPED,
    ),
    Call(
        "report-second",
        moves.drafted,
        lambda h, c: W.start_report(c, {"narrative": "经过"}, by=h.dm),
        "这件已有一份《事故报告》。",
    ),
    Page(
        "submit-empty",
        half_written,
        "submit_report",
        {"password": PASSWORD},
        "《事故报告》还没有填完：",
        409,
        also=("未填写发生时间", "未填写地点", "未填写处理结果"),
    ),
    Page(
        "submit-unasked",
        summarised_only,
        "submit_report",
        {"password": PASSWORD},
        "还不能提交：先登记客户的满意度，报告里要写。",
        409,
    ),
    Page(
        "submit-password",
        moves.drafted,
        "submit_report",
        {"password": "wrong"},
        "密码不对，请重新输入。",
    ),
    Page(
        "submit-other",
        moves.drafted,
        "submit_report",
        {"password": PASSWORD},
        "请由填报人本人提交。",
        409,
        by="pm",
    ),
    Page(
        "submit-unsigned",
        unsigned_draft,
        "submit_report",
        {"password": PASSWORD},
        "请签名，或上传签名的照片。",
        by="bare",
    ),
    Page(
        "submit-drawn-unfinished",
        unsigned_draft,
        "submit_report",
        lambda _h, _c: {"password": PASSWORD, "signature_scan": upload(drawn(), "s.png")},
        "《事故报告》还没有填完：",
        409,
        by="bare",
    ),
    Call(
        "submit-no-signature",
        House.new,
        lambda h, _c: signatures.confirmed(h.engineer, PASSWORD),
        "您还没有留存签名，请先在下方手写签名。",
        RefusedInput,
    ),
    Page(
        "sign-password",
        moves.submitted,
        "sign_report",
        {"password": "wrong", "opinion": TYPED},
        "密码不对，请重新输入。",
        by="pm",
        typed=TYPED,
    ),
    Page(
        "sign-locked",
        locked_out,
        "sign_report",
        {"password": PASSWORD, "opinion": TYPED},
        "密码连续输错，请15分钟后再试。",
        by="pm",
        typed=TYPED,
    ),
    Page(
        "sign-too-late",
        lambda h: h.signed(),
        "sign_report",
        {"password": PASSWORD, "opinion": TYPED},
        "这份《事故报告》现在不在签批中。",
        409,
        by="pm",
        typed=TYPED,
    ),
    Page(
        "sign-author",
        moves.submitted,
        "sign_report",
        {"password": PASSWORD, "opinion": TYPED},
        "现在不是由您签批：本人填报的、已签过的或不属于您岗位的不能签。",
        403,
        typed=TYPED,
    ),
    Page(
        "sign-opinion-long",
        moves.submitted,
        "sign_report",
        {"password": PASSWORD, "opinion": "好" * 501},
        "最多 500 个字，超出了 1 个，请删减后再提交。",
        by="pm",
        typed="好" * 501,
    ),
    Page(
        "send-back-why",
        moves.submitted,
        "sign_report",
        {"send_back": "1", "back-reason": ""},
        "请填写：退回原因。",
        by="pm",
    ),
    Call(
        "send-back-empty",
        moves.submitted,
        lambda h, c: W.send_back_report(report_of(h, c), by=h.pm, reason=""),
        "退回修改请写明原因。",
        RefusedInput,
    ),
    Call(
        "sign-own",
        moves.submitted,
        lambda h, c: W.sign_report(report_of(h, c), by=h.dm, password=PASSWORD),
        "现在不是由您签批：本人填报的、已签过的或不属于您岗位的不能签。",
        PermissionDenied,
    ),
    Call(
        "sign-draft",
        moves.drafted,
        lambda h, c: signoff.sign(report_of(h, c), by=h.pm, password=PASSWORD),
        "这份《事故报告》现在不在签批中。",
    ),
    Page("signature-none", House.new, "me", {}, "请签名，或上传签名的照片。"),
    Page(
        "signature-cut",
        House.new,
        "me",
        {"signature": "data:image/png;base64,AAAA"},
        "签名没有传完整，请重新签一次。",
    ),
    Page(
        "signature-large",
        House.new,
        "me",
        {"signature": "data:image/png;base64," + "A" * 700_000},
        "签名文件太大，请重新签一次。",
    ),
    Page(
        "signature-blank",
        House.new,
        "me",
        lambda _h, _c: {"signature_scan": upload(black(colour="white"), "s.png")},
        "请先签名。",
    ),
    Page(
        "signature-black",
        House.new,
        "me",
        lambda _h, _c: {"signature_scan": upload(_black_on_clear(), "s.png")},
        "看不清签名，请在白纸上重新拍照或在屏幕上签名。",
    ),
    Call(
        "signature-data",
        House.new,
        lambda _h, _c: images.signature_png("data:text/html;base64,AAAA"),
        "签名数据无效，请重新签名。",
        images.ImageRefused,
    ),
)


def _elsewhere() -> Any:
    from propdesk.core.models import Department

    return Department(pk=2**31, property_id=2**31, name="别处")


def _black_on_clear() -> bytes:
    out = io.BytesIO()
    picture = Image.new("RGBA", (300, 200), (0, 0, 0, 0))
    picture.paste("black", (5, 5, 290, 195))
    picture.save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.id)
def test_bad_input_is_refused_with_its_sentence(bad: Page | Call | Refused) -> None:
    bad.check()


def test_ids_of_bad_input_are_unique() -> None:
    ids = [bad.id for bad in BAD]
    assert sorted(ids) == sorted(set(ids))


# --- the list holds every sentence of the source -------------------------------------------

EXEMPT = {
    "请写明承诺做什么。": "a promise always follows a choice, whose words are taken over",
    "请选择证件类型。": "no complaint asks for a paper; tests/core/test_id_numbers.py",
    "证件号不对，请对着证件再核对一遍。": "the same",
    "《事故报告》已签批，这一项不能再改。写错的请写更正附录；处置还没有完的，请先重新处置。": (
        "of events; tests/emergencies/test_papers_report.py"
    ),
    "报告内容与前面签名时不一致，不能签名。请退回修改，并请管理员核查留痕。": (
        "takes raw SQL; tests/core/test_signoff.py"
    ),
    "您打开这一页以后，报告改过或退回过，没有签名。这一页已是最新的，请重新看过文书再签。": (
        "takes two people at once; tests/incidents/test_paper_views.py"
    ),
    "这件事是保密的，报告的密级也须是保密。": (
        "no complaint is secret; tests/emergencies/test_papers_report.py"
    ),
}
CORE = "layouts photos images signatures signoff persons stale cases text moments roles widgets "
CORE += "transitions"
RAISERS = {
    "StaleError",
    "ValidationError",
    "RefusedInput",
    "ConflictError",
    "ImageRefused",
    "PermissionDenied",
    "require",
    "add_error",
}
NAMES = {
    "errors",
    "needed",
    "mine",
    "default_error_messages",
    "error_messages",
    "_SENTENCES",
    "_PICK",
}


def _name(node: ast.AST) -> str:
    return getattr(node, "id", "") or getattr(node, "attr", "")


def _literals(node: ast.AST) -> Iterator[str]:
    """Texts given to gettext below ``node``."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and _name(call.func) in {"_", "_t", "_l"}:
            yield from (a.value for a in call.args if isinstance(a, ast.Constant))


def _refuses(node: ast.AST) -> bool:
    """Whether ``node`` raises or collects sentences of refusal."""
    if isinstance(node, ast.Call):
        owner = getattr(node.func, "value", None)
        return _name(node.func) in RAISERS or (
            _name(node.func) == "append" and _name(owner) == "missing"  # type: ignore[arg-type]
        )
    if isinstance(node, ast.keyword):
        return node.arg == "error_messages"
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(_name(getattr(t, "value", t)) in NAMES or _name(t) in NAMES for t in targets)
    return isinstance(node, ast.FunctionDef) and node.name in {"_too_many_pixels", "missing_fields"}


def sentences() -> set[str]:
    """Every sentence of refusal in the source of complaints and of what they use."""
    files = [*(ROOT / "incidents").rglob("*.py")]
    files += [ROOT / "propdesk" / "core" / f"{name}.py" for name in CORE.split()]
    return {
        text
        for file in files
        if "migrations" not in file.parts
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if _refuses(node)
        for text in _literals(node)
    }


def test_every_sentence_of_the_source_is_in_the_list() -> None:
    listed = [s for bad in BAD for s in (bad.sentence, *getattr(bad, "also", ()))]
    untested = []
    for sentence in sentences() - set(EXEMPT):
        pattern = re.sub(r"%\\\(\w+\\\)[sd]|%\(\w+\)[sd]", ".+", re.escape(sentence))
        if not any(re.search(pattern, text) for text in listed):
            untested.append(sentence)
    assert untested == []


def test_the_source_is_really_read() -> None:
    assert len(sentences()) > 100
    assert sorted(set(EXEMPT) - sentences()) == []
