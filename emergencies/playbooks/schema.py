"""A playbook as frozen models (schema propdesk.playbook/2, decision 18).

What one model can say about itself is checked here; what needs the whole playbook, or all eight,
stands in `soundness`. Conditions and rules are data and are read by `conditions` and `board`.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator
from pydantic import model_validator as after_all

from emergencies.playbooks.parts import (
    Answer,
    Bilingual,
    Code,
    Condition,
    Doer,
    Happened,
    House,
    Minutes,
    NoticeId,
    Option,
    Rule,
    RuleId,
    StepId,
    Strict,
    Text,
    Who,
    Zh,
    check_options,
    fill,
    leaves_of,
    once,
)
from emergencies.playbooks.vocabulary import (
    AUTOMATIC,
    CALLS,
    SITE,
    Basis,
    FieldType,
    Party,
    Proof,
    Register,
    Via,
    Whose,
    label,
)

__all__ = [
    "AUTOMATIC",
    "CALLS",
    "SITE",
    "Answer",
    "Basis",
    "Bilingual",
    "CardLine",
    "CloseRule",
    "Condition",
    "Fact",
    "FieldType",
    "Notice",
    "Option",
    "Party",
    "Phase",
    "Playbook",
    "Proof",
    "Record",
    "Register",
    "Repeat",
    "Rule",
    "Rung",
    "Step",
    "StepField",
    "Via",
    "Whose",
    "fill",
    "label",
]


class Fact(Strict):
    """A question whose answer branches the rest (SOP 3: every section has its own)."""

    key: Code
    type: Literal["bool", "choice"]
    options: tuple[Option, ...] = ()
    required: bool
    """Unanswered while asked, it blocks the closing."""
    ask: Zh
    en: Text
    when: Condition | None = None
    """It is asked only then; its answer counts only while it is asked."""
    late: bool = False
    """Usually answered at the end (is the power back?), so never among the first questions."""

    @after_all(mode="after")
    def _options_of_choices(self) -> Fact:
        check_options(self.options, self.type == "choice")
        return self

    @property
    def answers(self) -> tuple[Answer, ...]:
        """Every answer it may have."""
        return (True, False) if self.type == "bool" else tuple(o.code for o in self.options)

    def says(self, answer: Answer) -> str:
        """Return the answer in Chinese; KeyError for one that does not exist."""
        if self.type == "bool":
            return {True: "是", False: "否"}[bool(answer)]
        return {o.code: o.zh for o in self.options}[str(answer)]


class Rung(Strict):
    """One step of the ladder: who is told when nobody has acknowledged so many minutes on."""

    after_min: Annotated[int, Field(ge=1)]
    to: House


class Notice(Strict):
    """Somebody to tell: one row with the times of sending and of acknowledging."""

    id: NoticeId
    to: Who
    within_min: Minutes | None = None
    """From the report; None: no target."""
    via: Annotated[tuple[Via, ...], Field(min_length=1)]
    basis: Basis
    say: Zh
    when: Condition | None = None
    unless: Condition | None = None
    """Called while this is open, asked for no more once it is known to hold (E-8: 误报)."""
    fallback: House | None = None
    """Told instead when nobody holds the role."""
    ack: bool = False
    """It must be acknowledged in the system, and climbs the ladder until it is."""
    ladder: tuple[Rung, ...] = ()

    @property
    def automatic(self) -> tuple[Via, ...]:
        """The ways the system uses by itself."""
        return tuple(via for via in self.via if via in AUTOMATIC)

    @property
    def by_hand(self) -> tuple[Via, ...]:
        """The ways a person uses and ticks."""
        return tuple(via for via in self.via if via not in AUTOMATIC)

    @after_all(mode="after")
    def _reachable(self) -> Notice:
        if self.to in Party.values and self.automatic:
            raise ValueError(f"{self.to} is not in the system: app, robot and mail do not reach it")
        if (self.ack or self.ladder) and Via.APP not in self.via:
            raise ValueError("ack and ladder need the way app")
        if self.ladder and not self.ack:
            raise ValueError("a ladder without ack never stops")
        minutes = [rung.after_min for rung in self.ladder]
        if minutes != sorted(set(minutes)):
            raise ValueError("the rungs of a ladder must rise")
        return self


class StepField(Strict):
    """One thing written down with a step; forms and papers are filled from it."""

    key: Code
    type: FieldType
    zh: Zh
    required: bool = True
    options: tuple[Option, ...] = ()
    when: Condition | None = None
    """On a fact, or on another field of the step; it is required only then."""
    by: House | None = None
    """Only this rank may say it: the reason of 总物业经理 is nobody else's (E-6)."""
    who: Whose | None = None
    """Of people: staff, or never staff; None: anybody."""
    role: House | None = None
    """Of staff: whose people are offered first."""
    role_only: bool = False
    """Nobody else will do: the procedure names the role (E-1: 保安部到场)."""
    ahead: bool = False
    """A time that may lie ahead: what is expected, not what was done."""
    must: bool = False
    """Only yes will do: the step is not done while this is not (复位)."""

    @after_all(mode="after")
    def _options_of_choices(self) -> StepField:
        check_options(self.options, self.type is FieldType.CHOICE)
        if self.who is not None and self.type is not FieldType.PERSON:
            raise ValueError("who belongs to fields of type person")
        if self.role is not None and self.who is not Whose.STAFF:
            raise ValueError("role belongs to fields of staff")
        if self.role_only and self.role is None:
            raise ValueError("role_only needs a role")
        if self.ahead and self.type is not FieldType.TIME:
            raise ValueError("ahead belongs to fields of type time")
        if self.must and not (self.type is FieldType.BOOL and self.required):
            raise ValueError("must belongs to required fields of type bool")
        return self


class Repeat(Strict):
    """The step comes back: every so many minutes or every shift, until the condition holds."""

    every_min: Annotated[int, Field(ge=1)] | None = None
    every_shift: Literal[True] | None = None
    until: Condition | None = None

    @after_all(mode="after")
    def _one_rhythm(self) -> Repeat:
        if (self.every_min is None) == (self.every_shift is None):
            raise ValueError("exactly one of every_min and every_shift")
        return self


class Step(Bilingual):
    """One thing to do, by one role, with its proof."""

    id: StepId
    by: Doer
    within_min: Minutes | None = None
    """From the report; None: no target."""
    required: bool
    basis: Basis
    evidence: tuple[Proof, ...] = ()
    fields: tuple[StepField, ...] = ()
    when: Condition | None = None
    after: tuple[Happened, ...] = ()
    """What makes it apply whatever ``when`` says: the police were called, so there is a receipt."""
    tells: NoticeId | None = None
    """The notice that counts as told once this is done: one tick for the call and its record."""
    opens: Code | None = None
    """The playbook that starts as a child, once per event and kind (decision 35)."""
    repeat: Repeat | None = None
    own: Register | None = None
    """The dedicated register that fulfils it."""
    remind: tuple[Annotated[int, Field(ge=1)], ...] = ()
    """Warnings while it is open: minutes from the report (CCTV: 4 h, days 7, 20 and 27)."""
    skippable: bool | None = None
    """Whether 不需要 with a reason may stand for it; None: only for practice steps."""

    @property
    def reminders(self) -> tuple[int, ...]:
        """``remind`` without the minute of the target, which tells of it itself."""
        return tuple(m for m in self.remind if m != self.within_min)

    @field_validator("fields")
    @classmethod
    def _keys_once(cls, value: tuple[StepField, ...]) -> tuple[StepField, ...]:
        once([field.key for field in value], "field")
        return value

    @field_validator("remind")
    @classmethod
    def _rising(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if list(value) != sorted(set(value)):
            raise ValueError("the minutes of remind must rise")
        return value


class Phase(Strict):
    """Steps that belong together, under one heading."""

    id: Code
    title: Bilingual
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]


class CardLine(Bilingual):
    """One short order of the first minute, in large type; `call` is a number to tap."""

    by: Doer | None = None
    zh: Annotated[Zh, StringConstraints(max_length=30)]
    call: Literal["110", "119", "120"] | None = None
    when: Condition | None = None
    """Falls away only when this is known to be false: 110, 119, 120 stand while facts are open."""


class MoreSigners(Strict):
    """Who signs as well, after the others, when a condition holds."""

    by: Annotated[tuple[Who, ...], Field(min_length=1)]
    when: Condition


class Record(Strict):
    """A paper to sign: its form (forms.yaml, or incident_report) and who signs, in order."""

    form: Code
    sign: Annotated[tuple[Who, ...], Field(min_length=1)]
    when: Condition | None = None
    more: MoreSigners | None = None
    required: bool = True
    """Needed for archiving when it applies; else it is there for as many as there are."""


class CloseRule(Strict):
    """One thing that must be true before the event is closed, with the words that say so."""

    id: RuleId
    zh: Zh
    rule: Rule


class After(Strict):
    """The review (复盘): by when and by whom."""

    review_hours: Annotated[int, Field(ge=1)]
    reviewer: House


class Drill(Strict):
    """How often the event is rehearsed, and the paper of it."""

    every_months: Annotated[int, Field(ge=1, le=60)]
    basis: Basis
    record: Code = "drill_record"


class Playbook(Strict):
    """One emergency, from the first minute to the archive. Clause: "E-1" to "E-8"."""

    schema_: Annotated[Literal["propdesk.playbook/2"], Field(alias="schema")]
    code: Code
    version: Annotated[int, Field(ge=1)]
    order: Annotated[int, Field(ge=1)]
    clause: Annotated[str, StringConstraints(pattern=r"^E-[1-8]$")]
    title: Bilingual
    aim: Zh
    severity: Literal["minor", "major", "critical"]
    lead: House
    owner: House
    confidential: bool
    readers: tuple[House, ...] = ()
    """Roles whose holders may read a confidential event, fixed at its start (decision 33)."""
    card: Annotated[tuple[CardLine, ...], Field(min_length=3, max_length=6)]
    facts: Annotated[tuple[Fact, ...], Field(min_length=1)]
    notify: Annotated[tuple[Notice, ...], Field(min_length=1)]
    phases: Annotated[tuple[Phase, ...], Field(min_length=1)]
    do: tuple[Zh, ...]
    dont: tuple[Zh, ...]
    say: tuple[Bilingual, ...] = ()
    """Sentences to say to the guest."""
    records: tuple[Record, ...]
    close_when: Annotated[tuple[CloseRule, ...], Field(min_length=1)]
    after: After
    drill: Drill | None = None
    retention: Literal["three_years", "permanent"] = "three_years"
    refs: tuple[Text, ...] = ()

    @cached_property
    def steps(self) -> dict[str, Step]:
        """The steps by id, in order."""
        return {step.id: step for phase in self.phases for step in phase.steps}

    @cached_property
    def facts_by_key(self) -> dict[str, Fact]:
        """The questions by key, in order."""
        return {fact.key: fact for fact in self.facts}

    @cached_property
    def notices(self) -> dict[str, Notice]:
        """The notices by id, in order."""
        return {notice.id: notice for notice in self.notify}

    @cached_property
    def leaves(self) -> tuple[Rule, ...]:
        """The closing rules taken apart: every rule without rules inside."""
        return tuple(leaf for close in self.close_when for leaf in leaves_of(close.rule))

    @cached_property
    def demanded(self) -> frozenset[str]:
        """Steps whose doing a closing rule demands: no reason stands for them."""
        once = {leaf.step_done for leaf in self.leaves if leaf.step_done}
        fields = {leaf.field_zero.split(".")[0] for leaf in self.leaves if leaf.field_zero}
        return frozenset(
            once | fields | {s for leaf in self.leaves for s in leaf.linked_opened or ()}
        )

    @cached_property
    def named_by_rules(self) -> frozenset[str]:
        """Steps any closing rule names: they cannot be switched off."""
        return self.demanded | {s for leaf in self.leaves for s in leaf.any_done or ()}

    def skippable(self, step_id: str) -> bool:
        """Whether 不需要 with a reason may stand for the step; KeyError for an unknown one.

        Never for a step whose doing a rule demands (the police release of a seal).
        """
        step = self.steps[step_id]
        allowed = step.basis is Basis.PRACTICE if step.skippable is None else step.skippable
        return allowed and step_id not in self.demanded
