"""失窃清单, 受影响客户, 复盘与整改."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from emergencies.forms.base import ActForm, ColleagueField, ReasonForm, area, moment
from emergencies.forms.damage import SPARE, count, money
from emergencies.forms.telling import BY_HAND
from emergencies.queries import aftermath as queries
from emergencies.workflow import Action, Hit, Loss
from emergencies.workflow.aftermath import MAX_ACTIONS, MAX_LOSSES
from propdesk.core import places
from propdesk.core.layouts import Fold, Row, Rows
from propdesk.core.models import User
from propdesk.core.persons import Guest
from propdesk.core.text import CleanCharField, CleanTextField
from propdesk.core.widgets import Chips, DateLocal, Ticks

MAX_ROOMS = 20
ACTION_ROWS = 3


class RowsForm(ActForm):
    """A form of numbered lines; ``rows`` says how many it shows."""

    most = 30
    start = SPARE
    rows = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def prepare(self) -> None:
        given = str((self.data if self.is_bound else self.initial).get("rows") or "")
        number = int(given) if given.isdecimal() and len(given) <= 4 else 0
        self.count = number if 0 < number <= self.most else self.start
        self.initial["rows"] = self.count
        for n in range(1, self.count + 1):
            self.line(n)

    def line(self, n: int) -> None:
        """Add the fields of line ``n``."""
        raise NotImplementedError

    def given(self, n: int, *names: str) -> list[Any]:
        """What was typed into line ``n``."""
        return [self.cleaned_data.get(f"{name}_{n}") for name in names]


class LossesForm(RowsForm):
    submit = _("登记")
    icon = "list-check"
    most = MAX_LOSSES

    def line(self, n: int) -> None:
        name = _t("物品 %(n)s") % {"n": n}
        self.fields[f"name_{n}"] = CleanCharField(label=name, max_length=60, required=False)
        self.fields[f"quantity_{n}"] = count(_("数量"), 9999, 1)
        self.fields[f"features_{n}"] = CleanCharField(
            label=_("特征"), max_length=200, required=False
        )
        self.fields[f"value_{n}"] = money(_("客户自述价值（元）"), required=False)

    def layout(self) -> tuple[Any, ...]:
        lines = [
            (
                Row(f"name_{n}", f"quantity_{n}", css="row-count"),
                Row(f"features_{n}", f"value_{n}", css="row-count"),
            )
            for n in range(1, self.count + 1)
        ]
        return (Rows("losses", _t("再加一行"), *lines, show=1), "rows")

    def clean(self) -> dict[str, Any]:
        """At least one thing; a line without a name gets its sentence."""
        data = super().clean() or {}
        self.losses = []
        for n in range(1, self.count + 1):
            name, quantity, features, value = self.given(n, "name", "quantity", "features", "value")
            if name:
                self.losses.append(Loss(name, quantity or 1, features or "", value))
            elif features or value is not None:
                self.add_error(f"name_{n}", _t("请写明丢的是什么。"))
        if not self.losses and not self.errors:
            self.add_error(None, _t("请至少写一样丢失的物品。"))
        return data


class StrikeForm(ReasonForm):
    submit = _("从清单里删去")
    danger = True


class RecoverForm(ActForm):
    submit = _("登记找回")
    icon = "bag-check"
    where = CleanCharField(label=_("在哪里找回"), max_length=120)
    at = moment(_("不是刚才，是什么时间找回的"))


class AffectedForm(ActForm):
    """One or several rooms at once, or an area in words."""

    submit = _("登记受影响客户")
    icon = "people"
    rooms = CleanCharField(
        label=_("房号"),
        max_length=240,
        required=False,
        help_text=_("可以一次写几间，用空格隔开，例如 A-1801 A-1802"),
    )
    place_note = CleanCharField(
        label=_("或者写明范围"), max_length=80, required=False, help_text=_("例如：A座10至18层")
    )
    needs_help = forms.BooleanField(
        label=_("要重点照应（老人、孕妇、用医疗设备的）"), required=False
    )
    claim = CleanCharField(label=_("损失或诉求"), max_length=200, required=False)
    name = CleanCharField(label=_("联系人"), max_length=60, required=False)
    phone = CleanCharField(label=_("电话"), max_length=30, required=False)

    def layout(self) -> tuple[Any, ...]:
        contact = Fold(_t("联系人（只登记一户时）"), Row("name", "phone"))
        return ("rooms", "place_note", "needs_help", "claim", contact)

    def clean(self) -> dict[str, Any]:
        """Every room that is typed must be one of the house; a contact belongs to one household."""
        data = super().clean() or {}
        typed = data.get("rooms", "").replace("，", " ").replace("、", " ").replace(",", " ")
        rooms = list(dict.fromkeys(typed.split()))
        if len(rooms) > MAX_ROOMS:
            self.add_error("rooms", _t("一次最多登记20间，其余的再登记一次。"))
            return data
        found = places.find_all(self.event.case.property, rooms) if rooms else []
        wrong = [text for text, place in zip(rooms, found, strict=True) if place is None]
        if wrong:
            text = _t("没有这些房号：%(rooms)s。请核对，或写明范围。")
            self.add_error("rooms", text % {"rooms": "、".join(wrong)})
        if not rooms and not data.get("place_note"):
            self.add_error("rooms", _t("请填写房号，或写明范围。"))
        if len(rooms) > 1 and (data.get("name") or data.get("phone")):
            self.add_error("name", _t("联系人只能属于一户，请一户一户登记。"))
        self.places = found
        return data

    def hits(self) -> list[Hit]:
        """One a household; the area in words stands with each."""
        data = self.cleaned_data
        guest = None
        if data["name"] or data["phone"]:
            guest = Guest(name=data["name"], phone=data["phone"])
        more = {"needs_help": data["needs_help"], "claim": data["claim"], "guest": guest}
        return [
            Hit(place=place, place_note=data["place_note"], **more)
            for place in self.places or [None]
        ]


class InformAffectedForm(ActForm):
    """Which households were told, how and when; all at once with one tick."""

    submit = _("登记已告知")
    icon = "megaphone"
    everybody = forms.BooleanField(label=_("下面的都已告知"), required=False)
    households = forms.MultipleChoiceField(
        label=_("或者只勾这几户"), required=False, widget=Ticks(css="chips-sm")
    )
    via = forms.ChoiceField(label=_("怎么告知的"), choices=BY_HAND, widget=Chips(css="chips-sm"))
    at = moment(_("不是刚才，是什么时间告知的"))

    def prepare(self) -> None:
        self.open = {str(row.pk): row for row in queries.uninformed(self.event)}
        listed = [(pk, queries.where(row)) for pk, row in self.open.items()]
        self.fields["households"].choices = listed  # type: ignore[attr-defined]

    def layout(self) -> tuple[Any, ...]:
        return ("everybody", "households", "via", Fold(_t("不是刚才"), "at"))

    def clean(self) -> dict[str, Any]:
        """At least one household."""
        data = super().clean() or {}
        picked = list(self.open) if data.get("everybody") else data.get("households", [])
        self.picked = [self.open[pk] for pk in picked]
        if not self.picked and not self.errors:
            self.add_error("households", _t("请勾选已经告知的客户。"))
        return data


class LinkClaimForm(ActForm):
    submit = _("关联诉求")
    icon = "link-45deg"
    number = CleanCharField(
        label=_("编号"), max_length=20, help_text=_("投诉的编号，例如 TS-20261123-001")
    )


class ReviewForm(RowsForm):
    """复盘, once; afterwards further actions only."""

    submit = _("登记复盘")
    icon = "lightbulb"
    most = MAX_ACTIONS
    start = ACTION_ROWS
    text = CleanTextField(
        label=_("做得好的和要改进的"), widget=area(6), max_length=4000, required=False
    )

    def prepare(self) -> None:
        if self.event.reviewed_at is not None:
            del self.fields["text"]
            self.submit = _("增加整改措施")
        self.staff = self._owners()
        super().prepare()

    def _owners(self) -> list[User]:
        """Everybody who works here; of a restricted event only who may read it."""
        if not self.event.case.restricted:
            return self.colleagues()
        readers = set(self.event.readers.filter(ended_at=None).values_list("user", flat=True))
        return [person for person in self.colleagues() if person.pk in readers]

    def line(self, n: int) -> None:
        name = _t("整改措施 %(n)s") % {"n": n}
        self.fields[f"text_{n}"] = CleanCharField(label=name, max_length=200, required=False)
        owner = ColleagueField(label=_("责任人"), required=False)
        owner.offer(self.staff)
        self.fields[f"owner_{n}"] = owner
        self.fields[f"due_{n}"] = forms.DateField(
            label=_("完成期限"), widget=DateLocal(), required=False
        )

    def layout(self) -> tuple[Any, ...]:
        lines = [(f"text_{n}", Row(f"owner_{n}", f"due_{n}")) for n in range(1, self.count + 1)]
        first = ("text",) if "text" in self.fields else ()
        return (*first, Rows("actions", _t("再加一项"), *lines, show=1), "rows")

    def clean(self) -> dict[str, Any]:
        """Who and by when stand with every action."""
        data = super().clean() or {}
        self.actions = []
        for n in range(1, self.count + 1):
            text, owner, due = self.given(n, "text", "owner", "due")
            if not (text or owner or due):
                continue
            missing = {
                f"text_{n}": "" if text else _t("请写明要做什么。"),
                f"owner_{n}": "" if owner else _t("请选择责任人。"),
                f"due_{n}": "" if due else _t("请填写完成期限。"),
            }
            for name, sentence in missing.items():
                if sentence and name not in self.errors:
                    self.add_error(name, sentence)
            if text and owner and due:
                self.actions.append(Action(text, owner, due))
        return data


class FinishActionForm(ActForm):
    submit = _("登记完成")
    result = CleanTextField(label=_("做了什么"), widget=area(2), max_length=200)
