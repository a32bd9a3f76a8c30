"""Acts of what single events have of their own: slip, loss list, households, review."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from emergencies import acts, workflow
from emergencies.acts import Act
from emergencies.forms import aftermath, damage
from emergencies.models import Event, Party
from emergencies.queries import aftermath as rows
from emergencies.register_acts import REGISTERS, SEALS, find
from propdesk.core.models import User
from propdesk.core.persons import Guest


def _slip(action: str) -> Callable[[Any, Any], None]:
    """Whether the act may be done with the slip as the page has read it."""
    return lambda one, slip: workflow.check_slip(one.event, slip, action, one.user)


def _price(event: Event, by: User, form: Any) -> Any:
    return workflow.price(
        event, form.lines, by=by, basis=form.cleaned_data["basis"], seen=form.version
    )


def _decide(event: Event, by: User, form: Any) -> Any:
    form.keep_signature()
    return workflow.decide_damage(event, form.ruling(), by=by, seen=form.version)


def _payer(event: Event, by: User, form: Any) -> Party:
    payer: Party | None = form.people.get(form.cleaned_data["payer"])
    if payer is None:
        guest = Guest(name=form.cleaned_data["name"])
        payer = workflow.add_party(event, Party.Part.GUEST, guest, by=by)
    return payer


def _sign(event: Event, by: User, form: Any) -> Any:
    form.keep_signature()
    signed = form.signed(_payer(event, by, form))
    return workflow.sign_damage(event, signed, by=by, seen=form.version)


def _decline(event: Event, by: User, form: Any) -> Any:
    form.keep_signature()
    declined = form.declined(_payer(event, by, form))
    return workflow.decline_damage(event, declined, by=by, seen=form.version)


def _post(event: Event, by: User, form: Any) -> Any:
    form.keep_signature()
    return workflow.post_damage(event, form.posting(), by=by, seen=form.version)


def _cancel(event: Event, by: User, form: Any) -> Any:
    return workflow.cancel_damage(event, by=by, seen=form.version, **form.cleaned_data)


def _affected(event: Event, by: User, form: Any) -> Any:
    return [workflow.add_affected(event, hit, by=by) for hit in form.hits()]


def _inform_affected(event: Event, by: User, form: Any) -> Any:
    data = form.cleaned_data
    return workflow.inform_affected(event, form.picked, by=by, via=data["via"], at=data["at"])


def _review(event: Event, by: User, form: Any) -> Any:
    return workflow.review(event, form.cleaned_data.get("text", ""), form.actions, by=by)


DAMAGE: dict[str, Act] = {
    "price": Act(
        _("核价"),
        damage.PriceForm,
        _price,
        _("明细已保存，请告知客户。"),
        "price",
        "cash-coin",
        ready=_slip("price"),
    ),
    "inform-guest": Act(
        _("告知客户"),
        damage.InformForm,
        lambda event, by, form: workflow.inform_guest(event, form.said(), by=by, seen=form.version),
        _("已登记客户的意见。"),
        "inform_guest",
        "chat-left-text",
        ready=_slip("inform_guest"),
    ),
    "decide-damage": Act(
        _("批示赔偿"),
        damage.DecideForm,
        _decide,
        _("已批示，值班经理已收到通知。"),
        "decide_damage",
        "patch-check",
        ready=_slip("decide_damage"),
    ),
    "sign-damage": Act(
        _("签赔偿单"),
        damage.SignDamageForm,
        _sign,
        _("已签字，收银员已收到通知。"),
        "sign_damage",
        "pen",
        ready=_slip("sign_damage"),
    ),
    "decline-damage": Act(
        _("登记客户拒签"),
        damage.DeclineDamageForm,
        _decline,
        _("已登记拒签，收银员已收到通知。"),
        "decline_damage",
        "pen",
        ready=_slip("decline_damage"),
    ),
    "post-damage": Act(
        _("登记入账"),
        damage.PostForm,
        _post,
        _("已入账。"),
        "post_damage",
        "cash",
        ready=_slip("post_damage"),
    ),
    "cancel-damage": Act(
        _("作废赔偿单"),
        damage.CancelDamageForm,
        _cancel,
        _("已作废，编号保留，可以另开一张。"),
        "cancel_damage",
        "slash-circle",
        ready=_slip("cancel_damage"),
    ),
}

AFTERMATH: dict[str, Act] = {
    "list-losses": Act(
        _("登记失窃物品"),
        aftermath.LossesForm,
        lambda event, by, form: workflow.list_losses(event, form.losses, by=by),
        _("已登记。"),
        "list_losses",
        "list-check",
        ready=lambda one, _row: workflow.check_losses(one.event),
    ),
    "add-affected": Act(
        _("登记受影响客户"),
        aftermath.AffectedForm,
        _affected,
        _("已登记。"),
        "add_affected",
        "people",
    ),
    "inform-affected": Act(
        _("登记已告知"),
        aftermath.InformAffectedForm,
        _inform_affected,
        _("已登记告知。"),
        "inform_affected",
        "megaphone",
        ready=lambda one, _row: workflow.check_inform_affected(one.event),
    ),
    "review": Act(
        _("复盘"), aftermath.ReviewForm, _review, _("复盘已登记。"), "review", "lightbulb"
    ),
}

EVERY: dict[str, Act] = acts.ACTS | DAMAGE | AFTERMATH | REGISTERS
"""All acts of an event by the word in their address."""


def _item(run: Any) -> Any:
    """A transition that takes the row it is about, then the fields of the form."""
    return lambda event, row, by, form: run(event, row, by=by, **form.cleaned_data)


ITEMS: dict[str, tuple[Act, Any]] = {
    "strike-loss": (
        Act(
            _("删去这一行"),
            aftermath.StrikeForm,
            _item(workflow.strike_loss),
            _("已删去，原因已记下。"),
            "list_losses",
            "trash",
        ),
        rows.loss,
    ),
    "recover-loss": (
        Act(
            _("登记找回"),
            aftermath.RecoverForm,
            _item(workflow.recover_loss),
            _("已登记找回。"),
            "recover_loss",
            "bag-check",
            ready=lambda _one, row: workflow.check_recover(row),
        ),
        rows.loss,
    ),
    "link-claim": (
        Act(
            _("关联诉求"),
            aftermath.LinkClaimForm,
            _item(workflow.link_claim),
            _("已关联。"),
            "link",
            "link-45deg",
        ),
        rows.household,
    ),
    "finish-action": (
        Act(
            _("登记整改完成"),
            aftermath.FinishActionForm,
            _item(workflow.finish_action),
            _("已登记完成。"),
            "finish_action",
            "check2-circle",
            ready=lambda one, row: workflow.check_finish(row, one.mine.roles, one.user),
        ),
        rows.action,
    ),
}
ITEMS |= {name: (act, find) for name, act in SEALS.items()}
"""Acts on one row of an event, with how the row is found."""
