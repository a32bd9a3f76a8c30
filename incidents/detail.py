"""What the page of one complaint shows: its rows, what is next, and how both are put."""

from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from incidents.models import Complaint
from incidents.next_steps import OK_TO_TELL, NextSteps
from incidents.sop import Step, steps
from propdesk.core import masks
from propdesk.core.copies import may_give
from propdesk.core.roles import MANAGERS, standing

S = Complaint.Status

TONES = {
    S.INTAKE: ("grey", "inbox"),
    S.RECORDED: ("grey", "journal-text"),
    S.AWAITING_CHOICE: ("blue", "hand-index-thumb"),
    S.IN_PROGRESS: ("blue", "play-circle"),
    S.RESOLVED: ("violet", "telephone-outbound"),
    S.CLOSED: ("green", "check-circle-fill"),
    S.REOPENED: ("orange", "arrow-repeat"),
    S.VOIDED: ("void", "slash-circle"),
}
"""Colour and icon of each state; never colour alone (ux.md)."""


class Detail(NextSteps):
    """One complaint as its page needs it."""

    @cached_property
    def tone(self) -> tuple[str, str]:
        return TONES[S(self.complaint.status)]

    @cached_property
    def address(self) -> str:
        """How heads and titles name the guest: 王女士, 诸葛*; 匿名客户; 客户 while no name is known."""
        guest = self.complaint.guest
        if self.complaint.is_anonymous:
            return _("匿名客户")
        return masks.name(guest.name, guest.honorific) or _("客户")

    @cached_property
    def place(self) -> str:
        row = self.complaint
        short = (row.place.code or row.place.label) if row.place else ""
        return " ".join(filter(None, [short, row.place_note]))

    @cached_property
    def step(self) -> Step | None:
        return steps().get(self.letter)

    @cached_property
    def say(self) -> list[Any]:
        """Coaching phrases with the guest's form of address and the promised time filled in."""
        if self.step is None:
            return []
        guest, promise = self.complaint.guest, next(iter(self.promises), None)
        return list(
            self.step.render_say(
                now=self.now,
                name="" if self.complaint.is_anonymous else guest.name,
                honorific=guest.honorific,
                due_at=promise.due_at if promise else None,
                contact_at=promise.next_contact_at if promise else None,
                me=self.user.name,
            )
        )

    @cached_property
    def to_tell(self) -> list[Any]:
        """Options the guest is told of when 告知客户 is sent."""
        return [o for o in self._live_options if o.approval in OK_TO_TELL]

    @cached_property
    def held_back(self) -> list[Any]:
        """Options nobody may tell the guest of: still waiting for approval, or refused it."""
        return [o for o in self._live_options if o.approval not in OK_TO_TELL]

    @property
    def _live_options(self) -> list[Any]:
        return [o for o in self.options if o.current and not o.withdrawn_at]

    @cached_property
    def may_always(self) -> bool:
        """Whether he reads it whatever its state: nothing he does can end that."""
        return bool(standing(self.user, self.complaint.case.property).roles & MANAGERS)

    @cached_property
    def may_print(self) -> bool:
        return self.allowed("print")

    @cached_property
    def may_correct(self) -> bool:
        return self.offers("correct")

    @cached_property
    def may_attach(self) -> bool:
        return self.offers("photo")

    @cached_property
    def may_unmask(self) -> bool:
        return self.can("unmask")

    @cached_property
    def may_report(self) -> bool:
        return self.allowed("report")

    @cached_property
    def may_start_event(self) -> bool:
        """转特殊事件 (C-B): whoever reads an open complaint may start an event from it."""
        return self.complaint.case.is_open and not self.is_out

    @cached_property
    def may_history(self) -> bool:
        return self.allowed("history")

    @cached_property
    def may_copy(self) -> bool:
        """Give copies of its sealed papers to others."""
        return may_give(self.user, self.complaint.case)
