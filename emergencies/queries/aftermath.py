"""What loss lists and outage claims say to the steps and closing rules (E-1, E-7)."""

from django.utils.translation import gettext as _

from emergencies.models import Event
from emergencies.queries import evidence


def loss_list_missing(event: Event) -> str:
    """What keeps the guest's own account from being ticked: a list without a single thing."""
    there = event.losses.filter(removed_at=None).exists()
    return "" if there else _("请先在失窃物品清单里写下丢了什么。")


def affected_missing(event: Event) -> str:
    """What keeps the aftermath from being ticked: a household nobody has told (E-7)."""
    left = event.affected.filter(informed_at=None).count()
    return _("还有%(n)d户没有登记告知。") % {"n": left} if left else ""


def tell(event: Event, record: evidence.Record) -> None:
    """Households still to be told: counted where they are listed, else what was typed."""
    if event.kind != "power_outage":
        return
    states = list(event.affected.values_list("informed_at", flat=True))
    for step, spec in evidence.playbook_of(event).steps.items():
        if spec.own == "affected" and states:
            record.fields[f"{step}.uninformed"] = sum(at is None for at in states)


evidence.REGISTERS.append(tell)
