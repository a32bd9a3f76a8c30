"""Papers the 值班经理 of the shift signs himself: whoever led the event (E-3)."""

from django.db.models import Exists, OuterRef, Q

from emergencies.models import Command, Event, EventRecord
from emergencies.playbooks import records as papers
from propdesk.core import duty
from propdesk.core.roles import Role


def led_by(user_id: int) -> Q:
    """Whether a box (the outer query) is open to him: of such a paper only if he led the event."""
    led = Command.objects.filter(event=OuterRef("record__event"), user=user_id)
    return ~Q(role=Role.DUTY_MANAGER, record__form__in=papers.of_shift()) | Q(Exists(led))


def led_by_holder() -> Q:
    """The same of a membership that asks for a box two queries further out."""
    box = OuterRef(OuterRef("record_id"))
    shift = EventRecord.objects.filter(pk=box, form__in=papers.of_shift())
    event = OuterRef(OuterRef("record__event"))
    led = Command.objects.filter(event=event, user=OuterRef("user_id"))
    return ~Q(asked=Role.DUTY_MANAGER) | ~Exists(shift) | Exists(led)


def of_other_shifts(event: Event) -> set[int]:
    """The 值班经理 who never led the event."""
    everybody = duty.holders(event.case.property, Role.DUTY_MANAGER).values_list("pk", flat=True)
    return set(everybody) - set(event.commands.values_list("user", flat=True))
