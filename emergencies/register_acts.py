"""Acts of the registers of a death and a fire: seals, belongings, floors, roll call."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from emergencies import workflow
from emergencies.acts import Act
from emergencies.forms import belongings, headcount, seals
from emergencies.models import Event, RoomSeal
from propdesk.core.models import User


def _seal(event: Event, by: User, form: Any) -> Any:
    return workflow.seal(event, form.sealing(), form.picture(), by=by)


def _count(event: Event, by: User, form: Any) -> Any:
    return workflow.count_belongings(
        event, form.things, form.beside(), form.pictures(), by=by, **form.values()
    )


def _hand(event: Event, by: User, form: Any) -> Any:
    return workflow.hand_over_belongings(
        event, form.positions(), form.receiver(), form.beside(), by=by
    )


REGISTERS: dict[str, Act] = {
    "seal": Act(
        _("贴封条"),
        seals.SealForm,
        _seal,
        _("已封存。"),
        "seal",
        "lock",
        ready=lambda one, _row: workflow.check_sealing(one.event),
    ),
    "count-belongings": Act(
        _("清点遗物"),
        belongings.CountBelongingsForm,
        _count,
        _("清单已保存。"),
        "count_belongings",
        "list-check",
        ready=lambda one, _row: workflow.check_count(one.event),
    ),
    "hand-over-belongings": Act(
        _("移交遗物"),
        belongings.HandOverBelongingsForm,
        _hand,
        _("已登记移交。"),
        "hand_over_belongings",
        "box-arrow-right",
        ready=lambda one, _row: workflow.check_hand_over(one.event),
    ),
    "sweep-floor": Act(
        _("登记清查"),
        headcount.SweepForm,
        lambda event, by, form: workflow.sweep_floor(event, form.swept(), by=by),
        _("已登记。"),
        "sweep_floor",
        "check2-circle",
        ready=lambda one, _row: workflow.check_sweep(one.event),
    ),
    "roll-call": Act(
        _("点名"),
        headcount.RollCallForm,
        lambda event, by, form: workflow.roll_call(event, form.counted(), by=by),
        _("已登记点名。"),
        "roll_call",
        "people",
        ready=lambda one, _row: workflow.check_roll_call(one.event),
    ),
    "hand-to-fire-service": Act(
        _("移交消防"),
        headcount.FireServiceForm,
        lambda event, by, form: workflow.hand_to_fire_service(event, form.handed(), by=by),
        _("已登记移交消防。"),
        "hand_to_fire_service",
        "truck",
        ready=lambda one, _row: workflow.check_fire_service(one.event),
    ),
}


def find(event: Event, pk: int) -> RoomSeal | None:
    """A seal of this event, for an act on it."""
    return event.seals.select_related("event__case", "place").filter(pk=pk).first()


def _check(_event: Event, row: RoomSeal, by: User, form: Any) -> Any:
    return workflow.check_seal(row, by=by, **form.values())


def _renew(_event: Event, row: RoomSeal, by: User, form: Any) -> Any:
    reason = form.cleaned_data["reason"]
    return workflow.renew_seal(row, form.tag(), form.picture(), by=by, reason=reason)


def _release(_event: Event, row: RoomSeal, by: User, form: Any) -> Any:
    paper, broken = form.pictures()
    return workflow.release_seal(row, form.release(), paper, by=by, broken=broken)


def _open(_event: Event, row: RoomSeal, by: User, form: Any) -> Any:
    at = form.cleaned_data["opened_at"]
    return workflow.open_seal(row, form.beside(), by=by, opened_at=at)


SEALS: dict[str, Act] = {
    "check-seal": Act(
        _("核查封条"),
        seals.CheckForm,
        _check,
        _("已登记核查。"),
        "check_seal",
        "search",
        ready=lambda _one, row: workflow.check_active(row),
    ),
    "renew-seal": Act(
        _("换贴封条"),
        seals.RenewForm,
        _renew,
        _("已换贴。"),
        "renew_seal",
        "lock",
        ready=lambda _one, row: workflow.check_renewable(row),
    ),
    "release-seal": Act(
        _("登记公安解除"),
        seals.ReleaseForm,
        _release,
        _("已登记公安解除。"),
        "release_seal",
        "unlock",
        ready=lambda _one, row: workflow.check_active(row),
    ),
    "open-seal": Act(
        _("启封"),
        seals.OpenForm,
        _open,
        _("已登记启封。"),
        "open_seal",
        "unlock",
        ready=lambda _one, row: workflow.check_openable(row),
    ),
}
