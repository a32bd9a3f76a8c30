"""清查, 点名, 移交消防."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from emergencies.forms.aftermath import RowsForm
from emergencies.forms.base import ActForm, ColleagueField, moment
from emergencies.forms.damage import count
from emergencies.forms.together import PlaceField
from emergencies.models import Missing, RollCall
from emergencies.queries import headcount as queries
from emergencies.workflow import Count, Handed, Swept
from emergencies.workflow.absent import Absent
from emergencies.workflow.headcount import MOST
from propdesk.core import places
from propdesk.core.layouts import Fold, Row, Rows
from propdesk.core.text import CleanCharField
from propdesk.core.widgets import Chips

SETTLED = [
    ("", _("还没找到")),
    *((code.value, code.label) for code in (Missing.Outcome.FOUND, Missing.Outcome.LIST_ERROR)),
]


class SweepForm(ActForm):
    submit = _("这一层查完了")
    icon = "check2-circle"
    floor = PlaceField(label=_("哪一层"), max_length=40, help_text=_("例如：A座18层"))
    swept_by = ColleagueField(label=_("谁查的"))
    doors = count(_("做了记号的门"), MOST)
    people = count(_("找到几人"), MOST)
    note = CleanCharField(label=_("说明"), max_length=200, required=False)
    is_last = forms.BooleanField(label=_("要查的楼层都查完了"), required=False)
    started_at = moment(_("从什么时间开始"))
    cleared_at = moment(_("不是刚才，是什么时间查完的"))

    def prepare(self) -> None:
        self.fields["swept_by"].offer(self.colleagues())  # type: ignore[attr-defined]
        self.initial.setdefault("swept_by", str(self.user.pk))

    def layout(self) -> tuple[Any, ...]:
        times = Fold(_t("不是刚才"), Row("started_at", "cleared_at"))
        return ("floor", Row("doors", "people", keep=True), "swept_by", "note", "is_last", times)

    def swept(self) -> Swept:
        """The floor as the transition takes it: a place of the house, else the words."""
        data = dict(self.cleaned_data)
        typed = data.pop("floor")
        place = places.find(self.event.case.property, typed)
        data |= {"doors": data["doors"] or 0, "people": data["people"] or 0}
        return Swept(place=place, floor="" if place else typed, **data)


class RollCallForm(RowsForm):
    """One list; who did not answer by name or room, as far as known."""

    submit = _("登记点名")
    icon = "people"
    start = 3
    list = forms.ChoiceField(
        label=_("点的是哪张名单"), choices=RollCall.List.choices, widget=Chips(css="chips-fill")
    )
    expected = count(_("应到"), MOST, required=True)
    present = count(_("实到"), MOST, required=True)
    rest_unknown = forms.BooleanField(label=_("其余没到的还不知道是谁，先登记人数"), required=False)
    reason = CleanCharField(
        label=_("应到比上一次少的原因"),
        max_length=200,
        required=False,
        help_text=_("会印在点名表上。和上一次一样多就不用写。"),
    )
    assembly = CleanCharField(label=_("集合点"), max_length=60, required=False)
    counted_at = moment(_("不是刚才，是什么时间点的"))

    def prepare(self) -> None:
        self.earlier = {f"party_{m.party_id}": m for m in queries.still_missing(self.event)}
        for name, row in self.earlier.items():
            who = row.party.person
            words = [who.name, who.room.label if who.room else "", row.roll_call.get_list_display()]
            self.fields[name] = forms.ChoiceField(
                label=_t("此前没到：%(who)s") % {"who": " · ".join(filter(None, words))},
                choices=SETTLED,
                required=False,
                widget=Chips(css="chips-sm"),
            )
        if not queries.counts(self.event).exists():
            del self.fields["reason"]
        super().prepare()

    def line(self, n: int) -> None:
        name = _t("没到的人 %(n)s") % {"n": n}
        self.fields[f"name_{n}"] = CleanCharField(label=name, max_length=60, required=False)
        self.fields[f"room_{n}"] = CleanCharField(label=_("房号"), max_length=30, required=False)
        self.fields[f"note_{n}"] = CleanCharField(
            label=_("特征、最后在哪里"), max_length=200, required=False
        )

    def layout(self) -> tuple[Any, ...]:
        lines = [(Row(f"name_{n}", f"room_{n}"), f"note_{n}") for n in range(1, self.count + 1)]
        return (
            "list",
            Row("expected", "present", keep=True),
            *(["reason"] if "reason" in self.fields else []),
            *self.earlier,
            Rows("people", _t("再加一人"), *lines, show=1),
            "rest_unknown",
            Fold(_t("集合点、不是刚才"), "assembly", "counted_at"),
            "rows",
        )

    def clean(self) -> dict[str, Any]:
        """A room that is typed must be one of the house."""
        data = super().clean() or {}
        self.people: list[Absent] = []
        for n in range(1, self.count + 1):
            name, room, note = self.given(n, "name", "room", "note")
            place = places.find(self.event.case.property, room) if room else None
            if room and place is None:
                self.add_error(f"room_{n}", _t("没有这个房号，请核对；不知道就留空。"))
            if name or place or note:
                self.people.append(Absent(name=name or "", room=place, note=note or ""))
        self._settle(data)
        return data

    def _settle(self, data: dict[str, Any]) -> None:
        """What became of those who were missing; only of the list that is counted."""
        self.settled: dict[int, str] = {}
        for name, row in self.earlier.items():
            if not data.get(name):
                continue
            if row.roll_call.list != data.get("list"):
                text = _t("此人在“%(list)s”名单上，请点那一张。")
                self.add_error(name, text % {"list": row.roll_call.get_list_display()})
                continue
            self.settled[row.party_id] = data[name]

    def counted(self) -> Count:
        """The count as the transition takes it."""
        data = self.cleaned_data
        return Count(
            data["list"],
            data["expected"],
            data["present"],
            self.people,
            data["assembly"],
            data["counted_at"],
            data.get("reason", ""),
            self.settled,
            data["rest_unknown"],
        )


class FireServiceForm(ActForm):
    submit = _("登记移交消防")
    icon = "truck"
    officer = CleanCharField(label=_("接手的消防指挥"), max_length=60)
    unit = CleanCharField(label=_("消防单位"), max_length=60)
    note = CleanCharField(
        label=_("交了什么"),
        max_length=200,
        required=False,
        help_text=_("名单、最后见到的位置、钥匙、平面图"),
    )
    handed_at = moment(_("不是刚才，是什么时间移交的"))

    def prepare(self) -> None:
        """Who goes with it, so that the officer is told the same names."""
        counted = queries.tally(self.event)
        self.gone = queries.not_found(self.event, counted)
        self.unnamed = counted.counted["missing"] - len(self.gone)

    def layout(self) -> tuple[Any, ...]:
        return (Row("officer", "unit"), "note", Fold(_t("不是刚才"), "handed_at"))

    def handed(self) -> Handed:
        data = self.cleaned_data
        return Handed(data["officer"], data["unit"], data["note"], data["handed_at"])
