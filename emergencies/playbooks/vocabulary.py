"""The closed word lists of the playbooks: parties, ways of telling, kinds of field and proof.

Chinese labels live here; the enums are plain text choices, so that models may use them.
"""

from __future__ import annotations

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from propdesk.core.roles import Role


class Party(models.TextChoices):
    """Somebody who acts, is told or signs without being a role of the house (decision 3)."""

    REPORTER = "reporter", _("发现人")
    GUEST = "guest", _("客户")
    FAMILY = "family", _("家属")
    WITNESS = "witness", _("见证人")
    RECEIVER = "receiver", _("接收人")
    POLICE = "police", _("公安（110）")
    FIRE_SERVICE = "fire_service", _("消防（119）")
    AMBULANCE = "ambulance", _("急救（120）")
    HOSPITAL = "hospital", _("医院")
    POWER_SUPPLIER = "power_supplier", _("供电部门")
    LIFT_COMPANY = "lift_company", _("电梯维保单位")
    INSURER = "insurer", _("保险公司")
    AUTHORITY = "authority", _("主管部门")


class Via(models.TextChoices):
    """How somebody is told."""

    APP = "app", _("系统")
    ROBOT = "robot", _("群机器人")
    MAIL = "mail", _("邮件")
    PHONE = "phone", _("电话")
    RADIO = "radio", _("对讲机")
    IN_PERSON = "in_person", _("当面")
    BROADCAST = "broadcast", _("广播")
    GROUP_CHAT = "group_chat", _("住户群")
    POSTER = "poster", _("张贴告示")
    SMS = "sms", _("短信")
    THROUGH_POLICE = "through_police", _("经公安转告")


AUTOMATIC: Final = frozenset({Via.APP, Via.ROBOT, Via.MAIL})
"""Sent by the system; every other way is a tick of a person with the time (decision 18)."""


class FieldType(models.TextChoices):
    """What a field of a step or of a record takes."""

    TEXT = "text", _("短文字")
    LONG_TEXT = "long_text", _("长文字")
    NUMBER = "number", _("数字")  # a whole number from 0
    MONEY = "money", _("金额")
    TIME = "time", _("时间")  # a moment: day and clock
    DATE = "date", _("日期")
    CHOICE = "choice", _("单选")
    BOOL = "bool", _("是否")
    PERSON = "person", _("人员")


class Whose(models.TextChoices):
    """Who may stand in a field of people; nothing said: anybody."""

    CONCERNED = "concerned", _("有关人员")  # guests and witnesses, never staff
    OFFICIAL = "official", _("外单位人员")  # police, doctors: always by name
    STAFF = "staff", _("本处员工")


class Proof(models.TextChoices):
    """What a step asks for besides the tick."""

    TEXT = "text", _("文字")
    PHOTO = "photo", _("照片")
    TIME = "time", _("时间")
    SIGNATURE = "signature", _("签名")
    GUEST_SIGNATURE = "guest_signature", _("对方签名")  # drawn or on paper, never a password
    CONTACT = "contact", _("联系人")
    FILE = "file", _("附件")


class Basis(models.TextChoices):
    """Why a step stands in the playbook; a property may switch off `practice` only."""

    SOP = "sop", _("程序规定")
    LAW = "law", _("法规要求")
    PRACTICE = "practice", _("行业做法")


class Register(models.TextChoices):
    """A register of its own that fulfils a step: the step is ticked there, not by hand."""

    LOSS_LIST = "loss_list", _("失窃物品清单")
    CCTV_EXPORT = "cctv_export", _("监控调取登记")
    PRICING = "pricing", _("赔偿核价")
    INFORMING = "informing", _("告知客户")
    COMPENSATION = "compensation", _("赔偿单")
    DECISION = "decision", _("上级批示")
    POSTING = "posting", _("入账登记")
    SEAL = "seal", _("封条登记")
    SEAL_CHECK = "seal_check", _("封条核查")
    SEAL_RELEASE = "seal_release", _("公安解除记录")
    BELONGINGS = "belongings", _("遗物清点")
    ACCIDENT_REPORT = "accident_report", _("客户事故报告")
    LIFT_RESCUE = "lift_rescue", _("电梯救援")
    SUPPLIER_CALL = "supplier_call", _("供电部门答复")
    OUTAGE_UPDATE = "outage_update", _("停电通报")
    AFFECTED = "affected", _("受影响客户")
    FLOOR_SWEEP = "floor_sweep", _("逐层清查")
    ROLL_CALL = "roll_call", _("集合点名")
    FIRE_HANDOVER = "fire_handover", _("移交消防")


TABLES: Final = frozenset({"roll_call_missing"})
"""Rows of a register that are no step of their own: who did not answer at a count."""

CALLS: Final = {Party.POLICE: "110", Party.FIRE_SERVICE: "119", Party.AMBULANCE: "120"}
"""Nothing stands before these numbers; each is on the first card (decision 35)."""

SITE: Final = {
    "hospital_name": "约定就诊医院",
    "hospital_phone": "医院急诊",
    "power_supplier": "属地供电单位",
    "power_phone": "95598",
    "duty_phone": "值班经理电话",
}
"""Facts of the house a text may name in braces, with the words used while none is set.

The keys are those of `PropertySettings`.
"""

ROLES: Final = frozenset(Role) - {Role.ADMIN}
DOERS: Final = frozenset({*(role.value for role in ROLES), Party.REPORTER.value})
PARTIES: Final = frozenset({*(role.value for role in ROLES), *Party.values})


def label(party: str) -> str:
    """Return the Chinese name of a role or an outside party; ValueError for neither."""
    return str((Role(party) if party in Role.values else Party(party)).label)
