"""Which act on a lost report is which form and which transition."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext_lazy as _

from lostfound import workflow
from lostfound.forms import lost as forms
from lostfound.models import LostReport
from propdesk.core import drafts, stale
from propdesk.core.models import Property, User
from propdesk.core.persons import Guest

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LostAct:
    """A page title, a form, the transition it calls and what is said afterwards."""

    title: "str | Lazy"
    form: type[forms.LostActForm]
    run: Callable[[LostReport, User, Data], Any]
    done: "str | Lazy"
    action: str
    icon: str

    @property
    def states(self) -> frozenset[str]:
        """Where the report may stand, by the table of the workflow; anywhere when it has no row."""
        move = workflow.LOST_MOVES.get(self.action)
        return move.states if move else frozenset(LostReport.Status)


def loss_of(data: Data) -> workflow.Loss:
    """What was lost, from a cleaned form."""
    return workflow.Loss(**{name: data[name] for name in workflow.Loss.__dataclass_fields__})


def guest_of(data: Data) -> Guest:
    """Who lost it; a number left blank while one is on record stays (None)."""
    phone = None if data.get("keep_phone") else data["phone"]
    return Guest(data["guest_name"], data["honorific"], phone, room=data["guest_room"])


def take_down(prop: Property, data: Data, *, by: User) -> LostReport:
    """A new report from a cleaned form."""
    loss, guest = loss_of(data), guest_of(data)
    return workflow.report_lost(prop, loss, guest, by=by, token=data["token"])


def _edit(report: LostReport, by: User, data: Data) -> Any:
    loss, guest = loss_of(data), guest_of(data)
    return workflow.edit_lost(report, loss, guest, by=by, reason=data["reason"], seen=data["seen"])


ACTS: dict[str, LostAct] = {
    "edit": LostAct(
        _("更正遗失登记"),
        forms.EditLostForm,
        _edit,
        _("登记已更正，会重新比对。"),
        "edit_lost",
        "pencil",
    ),
    "close": LostAct(
        _("结束遗失登记"),
        forms.CloseLostForm,
        lambda r, by, d: workflow.close_lost(r, d["outcome"], by=by, reason=d["reason"]),
        _("遗失登记已结束。"),
        "close_lost",
        "archive",
    ),
    "unmask": LostAct(
        _("查看完整号码"),
        forms.UnmaskLostForm,
        lambda r, by, d: workflow.unmask_lost(r, by=by, reason=d["reason"]),
        _("完整号码显示60秒。"),
        "unmask",
        "eye",
    ),
}


@transaction.atomic
def perform(
    name: str, report: LostReport, *, by: User, data: Data, token: str = "", seen: str = ""
) -> Any:
    """Do the act once; DoubleSubmitError, with nothing changed, for a form that comes again."""
    url = report.get_absolute_url()
    drafts.use_token(by, token, url, form=f"{report.case.number}:{name}")
    return ACTS[name].run(report, by, data | {"seen": seen})


def seen(name: str, report: LostReport) -> str:
    """What the form of 更正 was filled from, as a hidden field; "" for the others."""
    return stale.seen(workflow.edited_lost(report)) if name == "edit" else ""
