"""The complaint steps A to J as validated content: coaching, fields and texts of the gates.

`steps()` is the way in. The gates themselves are code in `incidents.workflow`; here are the
sentences they speak.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator
from pydantic import model_validator as after_all

from propdesk.core import clock_text, names
from propdesk.core.content import ContentError, Fault, load

__all__ = ["PATH", "Content", "ContentError", "Fault", "Phrase", "Step", "content", "load", "steps"]

PATH = Path(__file__).with_name("complaint_steps.yaml")
LETTERS = "ABCDEFGHIJ"
PLACEHOLDERS = frozenset({"address", "due", "contact", "me"})

_HALF_WIDTH = re.compile(r"[,;!?()]|(?<!\d):|:(?!\d)")  # 18:30 keeps its colon
_PLACEHOLDER = re.compile(r"\{(\w*)\}")

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]*$")]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Bilingual(_Model):
    """One text in Chinese (full-width punctuation) and English."""

    zh: Text
    en: Text

    @field_validator("zh")
    @classmethod
    def _full_width(cls, value: str) -> str:
        if found := _HALF_WIDTH.search(value):
            raise ValueError(f"half-width punctuation {found[0]!r} in Chinese text")
        return value


class Phrase(Bilingual):
    """Something to say to the guest; may hold {address}, {due}, {contact} and {me}."""

    @after_all(mode="after")
    def _placeholders(self) -> Phrase:
        zh, en = (set(_PLACEHOLDER.findall(text)) for text in (self.zh, self.en))
        if zh != en:
            raise ValueError("the two languages hold different placeholders")
        if unknown := zh - PLACEHOLDERS:
            raise ValueError(f"unknown placeholder {min(unknown)!r}")
        if "address" in zh and not (
            self.zh.startswith("{address}，") and self.en.startswith("{address}, ")
        ):
            raise ValueError("{address} must open the phrase, so that it can fall away")
        return self


class Named(Bilingual):
    """A code with its name."""

    code: Code


class Input(Bilingual):
    """One field of the step's form."""

    key: Code
    type: Literal["text", "datetime", "choice", "bool", "user", "ref", "list", "file"]
    required: bool
    options: tuple[Code, ...] = ()

    @after_all(mode="after")
    def _options_of_choices(self) -> Input:
        if bool(self.options) != (self.type == "choice"):
            raise ValueError("options belong to fields of type choice, and to no other")
        return self


class Gate(Bilingual):
    """The sentence of a hard gate or of a warning."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-J][1-9]$")]


class NotApplicable(Bilingual):
    """When a conduct step may be marked 不适用; the reason is always asked for."""

    channels: tuple[Code, ...] = ()  # where it is usual, offered first


class Step(_Model):
    """One step with its coaching."""

    code: Literal["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"]
    sop_ref: str
    kind: Literal["conduct", "data"]
    title: Bilingual
    goal: Bilingual
    do: Annotated[tuple[Bilingual, ...], Field(min_length=3, max_length=4)]
    avoid: Annotated[tuple[Bilingual, ...], Field(min_length=2, max_length=3)]
    say: Annotated[tuple[Phrase, ...], Field(min_length=2, max_length=2)]
    tick: Bilingual | None = None
    not_applicable: NotApplicable | None = None
    fields_: Annotated[tuple[Input, ...], Field(alias="fields", min_length=1)]
    gates: tuple[Gate, ...]
    warns: tuple[Gate, ...]

    @after_all(mode="after")
    def _agrees_with_its_letter(self) -> Step:
        if self.sop_ref != f"C-{self.code}":
            raise ValueError(f"sop_ref of step {self.code} must be C-{self.code}")
        if (self.kind == "conduct") != (self.code in "ABCDE"):
            raise ValueError("A to E are conduct steps, F to J data steps")
        if not ((self.kind == "conduct") == bool(self.tick) == bool(self.not_applicable)):
            raise ValueError("conduct steps, and no other, need tick and not_applicable")
        if strangers := [g.id for g in (*self.gates, *self.warns) if g.id[0] != self.code]:
            raise ValueError(f"gate {strangers[0]} belongs to another step")
        return self

    def gate(self, gate_id: str) -> Gate:
        """Return the gate or warning with this id; KeyError when the step has none."""
        return {g.id: g for g in (*self.gates, *self.warns)}[gate_id]

    def render_say(
        self,
        *,
        now: datetime,
        name: str = "",
        honorific: str = "",
        due_at: datetime | None = None,
        contact_at: datetime | None = None,
        me: str = "",
    ) -> tuple[Spoken, ...]:
        """Return the phrases ready to be said to this guest, in both languages.

        `name` and `honorific` are the guest's, `me` the speaker's own name. What is not known
        yet is left out or named in words, never shown as a placeholder.
        """
        zh = {
            "address": names.address(name, honorific),
            "due": clock_text.friendly(due_at, now) if due_at else "约定的时间",
            "contact": clock_text.friendly(contact_at, now) if contact_at else "约好的时间",
            "me": me or "值班经理",
        }
        en = {
            "address": names.address_en(name, honorific),
            "due": _english_time(due_at, now) if due_at else "the agreed time",
            "contact": _english_time(contact_at, now) if contact_at else "the agreed hour",
            "me": names.address_en(me, "") or "the duty manager",
        }
        return tuple(Spoken(zh=_fill(p.zh, zh), en=_fill(p.en, en)) for p in self.say)


class Spoken(_Model):
    """A phrase with everything filled in. Names may hold any punctuation."""

    zh: str
    en: str


class Content(_Model):
    """The whole file."""

    schema_: Annotated[Literal["propdesk.complaint_steps/2"], Field(alias="schema")]
    version: int
    note: Bilingual
    statuses: tuple[Named, ...]
    derived: tuple[Named, ...]
    steps: tuple[Step, ...]

    @field_validator("steps")
    @classmethod
    def _all_in_order(cls, value: tuple[Step, ...]) -> tuple[Step, ...]:
        if (found := "".join(step.code for step in value)) != LETTERS:
            raise ValueError(f"steps must be A to J in order, found {found}")
        return value


@cache
def content() -> Content:
    """Return the validated file, read once per process; ContentError when it is faulty."""
    return load(PATH, Content)


@cache
def steps() -> dict[str, Step]:
    """Return the steps by letter, in order; ContentError when the file is faulty."""
    return {step.code: step for step in content().steps}


def _english_time(moment: datetime, now: datetime) -> str:
    here, today = clock_text.local(moment), clock_text.local(now).date()
    day = {0: "today", 1: "tomorrow"}.get((here.date() - today).days)
    return f"{here:%H:%M} {day}" if day else f"{here:%H:%M} on {here.day} {here:%B}"


def _fill(text: str, values: dict[str, str]) -> str:
    if not values["address"]:
        text = re.sub(r"^\{address\}(，|, )", "", text)
        text = text[:1].upper() + text[1:]
    return _PLACEHOLDER.sub(lambda found: values[found[1]], text)
