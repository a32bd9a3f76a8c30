"""Forms of the change of shift: what is left, what is taken over, both signatures, the log."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from propdesk.core.layouts import Row, helper
from propdesk.core.models import Department, User
from propdesk.core.moments import MomentField
from propdesk.core.report_forms import SignForm, check_password_of
from propdesk.core.text import CleanCharField, CleanTextField
from propdesk.core.widgets import Chips
from propdesk.desk.handover.models import CountItem, HandoverCount, HandoverLine, PatrolCheck
from propdesk.desk.handover.workflow import Answer, Patrolled, Written

K = HandoverLine.Kind
KIND_ICONS = {
    K.EVENT: "shield-exclamation",
    K.SEAL: "lock",
    K.COMPLAINT: "chat-left-text",
    K.FOUND: "bag",
    K.TASK: "patch-check",
    K.NOTICE: "bell",
}
NORMAL = [("yes", _("正常")), ("no", _("异常"))]
NORMAL_ICONS = {"yes": "check2-circle", "no": "exclamation-triangle"}
ANSWERS = [("accepted", _("接下")), ("refused", _("不接"))]
ANSWER_ICONS = {"accepted": "check2-circle", "refused": "x-circle"}
PASSWORD = forms.PasswordInput(attrs={"autocomplete": "off"})


@dataclass(frozen=True, slots=True)
class Asked:
    """One row of a page with the fields that belong to it."""

    row: Any
    fields: tuple[BoundField, ...] = ()
    url: str = ""
    """Where the line leads; "" for a case the reader of the page may not open."""


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one register under their heading."""

    kind: str
    label: str
    icon: str
    rows: tuple[Asked, ...]


def grouped(rows: Iterable[Asked]) -> list[Group]:
    """By register, in the order of the paper; registers with nothing open are left out."""
    found: dict[str, list[Asked]] = {}
    for each in rows:
        found.setdefault(each.row.kind, []).append(each)
    return [
        Group(kind.value, str(kind.label), KIND_ICONS[kind], tuple(found[kind]))
        for kind in K
        if kind in found
    ]


def _number(label: Any) -> forms.DecimalField:
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    return forms.DecimalField(
        label=label, required=False, min_value=0, max_digits=10, decimal_places=2, widget=widget
    )


class WriteForm(forms.Form):
    """填写交班: next steps and ticks, what was counted, how each area was found, the rooms."""

    use_required_attribute = False

    room_state = CleanTextField(
        label=_("房态摘要"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("例如：在住 168 间，今日预退 12、预到 9，维修房 1203。"),
    )
    vips = CleanTextField(
        label=_("重点住户"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("写房号和要留意的事，不写姓名、证件和病情。"),
    )

    def __init__(
        self,
        *args: Any,
        lines: list[HandoverLine],
        counts: list[HandoverCount],
        patrol: list[PatrolCheck],
        departments: list[Department],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.lines, self.counts, self.patrol = lines, counts, patrol
        self.departments = {str(row.pk): row for row in departments}
        for line in lines:
            self._add_line(line)
        for count in counts:
            self._add_count(count)
        for check in patrol:
            self._add_check(check)
        self.helper = helper(self, "room_state", "vips", submit_label=_t("保存"), icon="check2")

    def _add_line(self, line: HandoverLine) -> None:
        self._add_mark(f"seen_{line.pk}", line.mark)
        if not line.restricted:
            step = CleanCharField(label=_("下一步"), max_length=300, required=False)
            self.fields[f"step_{line.pk}"] = step
            self.initial.setdefault(f"step_{line.pk}", line.next_step)
        told = forms.BooleanField(label=_("已告知接班人"), required=False)
        self.fields[f"told_{line.pk}"] = told
        self.initial.setdefault(f"told_{line.pk}", line.is_told)

    def _add_mark(self, name: str, mark: str) -> None:
        self.fields[name] = forms.CharField(required=False, widget=forms.HiddenInput)
        self.initial.setdefault(name, mark)

    def _add_count(self, count: HandoverCount) -> None:
        self._add_mark(f"asked_{count.pk}", count.mark)
        self.fields[f"actual_{count.pk}"] = _number(_("实有"))
        word = CleanCharField(label=_("不符的原因"), max_length=200, required=False)
        self.fields[f"word_{count.pk}"] = word
        actual = None if count.actual is None else f"{count.actual.normalize():f}"
        self.initial.setdefault(f"actual_{count.pk}", actual)
        self.initial.setdefault(f"word_{count.pk}", count.word)

    def _add_check(self, check: PatrolCheck) -> None:
        area = check.area
        widget = Chips(icons=NORMAL_ICONS, css="chips-sm")
        label = check.get_area_display()
        choice = forms.ChoiceField(label=label, choices=NORMAL, widget=widget, required=False)
        self.fields[f"normal_{area}"] = choice
        self.fields[f"note_{area}"] = CleanCharField(
            label=_("异常情况"), max_length=200, required=False
        )
        choices = [("", _("请选择")), *((pk, d.name) for pk, d in self.departments.items())]
        self.fields[f"department_{area}"] = forms.ChoiceField(
            label=_("跟进部门"), choices=choices, required=False
        )
        self.fields[f"due_{area}"] = MomentField(label=_("期限"), required=False)
        known = {
            f"normal_{area}": {True: "yes", False: "no", None: ""}[check.is_normal],
            f"note_{area}": check.note,
            f"department_{area}": str(check.department_id or ""),
            f"due_{area}": check.due_at,
        }
        for name, value in known.items():
            self.initial.setdefault(name, value)

    def groups(self, urls: Mapping[int, str]) -> list[Group]:
        """The lines by register, each with its fields; ``urls`` by key of the line."""
        return grouped(
            Asked(
                line,
                tuple(self[name] for name in self._names(line) if name in self.fields),
                urls[line.pk],
            )
            for line in self.lines
        )

    @staticmethod
    def _names(line: HandoverLine) -> tuple[str, str, str]:
        return f"seen_{line.pk}", f"step_{line.pk}", f"told_{line.pk}"

    def renew(self) -> None:
        """After a refusal: what the page showed otherwise is to be ticked or counted anew, here and now."""
        data = cast("QueryDict", self.data).copy()
        marks = [(f"seen_{n.pk}", n.mark, f"told_{n.pk}") for n in self.lines]
        marks += [(f"asked_{c.pk}", c.mark, f"actual_{c.pk}") for c in self.counts]
        for name, mark, answer in marks:
            if data.get(name) != mark and answer in self.errors:
                data[name], data[answer] = mark, ""
        for line in self.lines:
            data.setdefault(f"step_{line.pk}", line.next_step)
        self.data = data

    @property
    def count_rows(self) -> list[Asked]:
        """What is to be counted, each with its fields."""
        names = ("asked", "actual", "word")
        return [Asked(c, tuple(self[f"{n}_{c.pk}"] for n in names)) for c in self.counts]

    @property
    def patrol_rows(self) -> list[Asked]:
        """The areas, each with its fields; the first says whether it is in order."""
        names = ("normal", "note", "department", "due")
        return [Asked(p, tuple(self[f"{n}_{p.area}"] for n in names)) for p in self.patrol]

    def said(self) -> Written:
        """All that was typed, for the workflow."""
        data = self.cleaned_data
        return Written(
            room_state=data["room_state"],
            vips=data["vips"],
            steps={n.pk: (data.get(f"step_{n.pk}", ""), data[f"told_{n.pk}"]) for n in self.lines},
            counts={c.pk: (data[f"actual_{c.pk}"], data[f"word_{c.pk}"]) for c in self.counts},
            patrol={p.area: self._patrolled(p.area) for p in self.patrol},
            seen={n.pk: data[f"seen_{n.pk}"] for n in self.lines},
            asked={c.pk: data[f"asked_{c.pk}"] for c in self.counts},
        )

    def _patrolled(self, area: str) -> Patrolled:
        """What was typed beside 正常 stays nowhere: it is said of a fault only."""
        data = self.cleaned_data
        normal = {"yes": True, "no": False}.get(data[f"normal_{area}"])
        if normal is not False:
            return Patrolled(normal)
        department = self.departments.get(data[f"department_{area}"])
        return Patrolled(False, data[f"note_{area}"], department, data[f"due_{area}"])


class OfferForm(SignForm):
    """交班签名: the password proves who leaves."""


class AcceptForm(forms.Form):
    """接班: an answer to every line, then who takes over and his password, on any screen."""

    use_required_attribute = False

    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    person = forms.ChoiceField(label=_("接班人"))
    password = forms.CharField(
        label=_("接班人的登录密码"), strip=False, max_length=128, widget=PASSWORD
    )

    def __init__(
        self, *args: Any, user: User, lines: list[HandoverLine], people: list[User], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.lines = user, lines
        self.people = {str(user.pk): user for user in people}
        named = [(pk, f"{user.username} {user.name}") for pk, user in self.people.items()]
        self.fields["person"].choices = [("", _("请选择")), *named]  # type: ignore[attr-defined]
        for line in lines:
            widget = Chips(icons=ANSWER_ICONS, css="chips-sm")
            self.fields[f"line_{line.pk}"] = forms.ChoiceField(
                label=_("接不接"), choices=ANSWERS, widget=widget, required=False
            )
            self.fields[f"reason_{line.pk}"] = CleanCharField(
                label=_("不接的原因"), max_length=200, required=False
            )
        self.helper = helper(
            self, "seen", Row("person", "password"), submit_label=_t("签名接班"), icon="pen"
        )

    def groups(self, urls: Mapping[int, str]) -> list[Group]:
        """The lines by register, each with its answer and the reason; ``urls`` by key of the line."""
        return grouped(
            Asked(line, (self[f"line_{line.pk}"], self[f"reason_{line.pk}"]), urls[line.pk])
            for line in self.lines
        )

    @property
    def unsigned(self) -> list[User]:
        """Who has to draw a signature of his own before he can take over."""
        return [user for user in self.people.values() if not user.has_signature]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The password, counted when wrong: the desk of one is no place to guess that of another."""
        data = super().clean() or {}
        check_password_of(self, self.people.get(data.get("person", "")), "password", by=self.user)
        return data

    def incoming(self) -> User:
        """Whose password it is."""
        return self.people[self.cleaned_data["person"]]

    def answers(self) -> Mapping[int, Answer]:
        """The lines that have an answer, by key."""
        data = self.cleaned_data
        chosen = {line.pk: data[f"line_{line.pk}"] for line in self.lines}
        return {
            pk: Answer(choice == "accepted", data[f"reason_{pk}"])
            for pk, choice in chosen.items()
            if choice
        }


class LogForm(forms.Form):
    """值班日志: what happened, and when where it was not just now."""

    use_required_attribute = False

    text = CleanTextField(
        label=_("记一条"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("写事情和房号，不写住户姓名、电话。记下后不能修改，写错了再记一条更正。"),
    )
    occurred_at = MomentField(label=_("发生时间（不是刚刚才填）"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(self, submit_label=_t("记入日志"), icon="journal-text")


class CountForm(forms.Form):
    """清点项目: what is counted at each hand-over, and how much there should be."""

    use_required_attribute = False

    name = CleanCharField(label=_("名称"), max_length=40)
    expected = _number(_("应有"))
    unit = CleanCharField(label=_("单位"), max_length=8)
    is_active = forms.BooleanField(label=_("每班清点"), required=False)
    reason = CleanCharField(label=_("修改的原因"), max_length=200, min_length=2)

    def __init__(self, *args: Any, item: CountItem | None, back_url: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["expected"].required = True
        dropped = ("is_active", "reason") if item is None else ("name",)
        for name in dropped:
            del self.fields[name]
        names = [name for name in ("is_active", "reason") if name in self.fields]
        label = _t("增加清点项目") if item is None else _t("保存清点项目")
        first = ["name"] if item is None else []
        numbers = Row("expected", "unit")
        self.helper = helper(self, *first, numbers, *names, submit_label=label, back_url=back_url)
