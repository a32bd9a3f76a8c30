"""The papers of the events as data (forms.yaml): one form and one template serve each of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints
from pydantic import model_validator as after_all

from emergencies.playbooks.parts import (
    Bilingual,
    Code,
    Condition,
    Option,
    Strict,
    Zh,
    check_options,
)
from emergencies.playbooks.vocabulary import FieldType, Register, Whose
from propdesk.core.content import Location, load

PATH = Path(__file__).with_name("forms.yaml")

CORE_FORMS = {"incident_report": "事故报告"}
"""Papers of the core a playbook may name; their fields are not here."""

Source = Annotated[
    str,
    StringConstraints(
        pattern=r"^([A-Z][1-9][0-9]\.[a-z][a-z0-9_]*"  # a field of a step: "T20.lock"
        r"|fact:[a-z][a-z0-9_]*"  # an answer
        r"|notice:N[1-9][0-9]?(\.(sent_at|acked_at|told_by))?"  # a notice, or one of its times
        r"|event:[a-z][a-z0-9_]*"  # an attribute of the event
        r"|register:[a-z][a-z0-9_]*)$"  # the rows of a dedicated register
    ),
]
EVENT = frozenset(
    {
        "number",
        "reported_at",
        "occurred_at",
        "found_at",
        "place",
        "reporter",
        "commander",
        "parties",
        "timeline",
        "notices",
        "attachments",
        "ended_at",
    }
)
"""What `event:` may name."""


class Column(Strict):
    """One column of a table."""

    key: Code
    type: FieldType
    zh: Zh


class FormField(Strict):
    """One field; `from` lists where it is prefilled from, the first that has something wins.

    "T20.lock" is a field (or a proof) of a step, "A30.rounds" all rounds of one that repeats.
    """

    key: Code
    type: FieldType | Literal["table"]
    zh: Zh
    required: bool = True
    who: Whose | None = None
    """Of people: staff, or never staff; None: anybody."""
    options: tuple[Option, ...] = ()
    columns: tuple[Column, ...] = ()
    """Of a table: its rows come from a register, or from the rounds of a step that repeats."""
    when: Condition | None = None
    """On another field of the form (`field`), or on a fact of the event."""
    since: Code | None = None
    """Of a time: the earlier field it ends what began at; the paper says how long that was."""
    from_: Annotated[tuple[Source, ...], Field(alias="from")] = ()

    @after_all(mode="after")
    def _options_of_choices(self) -> FormField:
        check_options(self.options, self.type == FieldType.CHOICE)
        if self.who is not None and self.type != FieldType.PERSON:
            raise ValueError("who belongs to fields of type person")
        if bool(self.columns) != (self.type == "table"):
            raise ValueError("columns belong to type table, and to no other")
        return self


class Form(Strict):
    """A paper: title, number, copies, secrecy and fields. Who signs stands in the playbook."""

    code: Code
    title: Bilingual
    prefix: Literal["KS", "PC", "YL"] | None = None
    """The prefix of its own number; None: it carries the number of its event."""
    copies: Literal[1, 2] = 1
    secrecy: Literal["general", "internal", "confidential"] = "internal"
    of_shift: bool = False
    """The box of 值班经理 is for who led the event: nobody of another shift signs it (E-3)."""
    own: Register | None = None
    """A register holds its fields; the form here has only head and signatures."""
    fields: tuple[FormField, ...] = ()


class Forms(Strict):
    """The whole file."""

    schema_: Annotated[Literal["propdesk.forms/1"], Field(alias="schema")]
    head: tuple[FormField, ...]
    """Stands on every paper above its own fields."""
    forms: tuple[Form, ...]


@cache
def _content() -> Forms:
    return load(PATH, Forms, faults)


def head() -> tuple[FormField, ...]:
    """Return the fields every paper begins with; ContentError when the file is faulty."""
    return _content().head


@cache
def forms() -> dict[str, Form]:
    """Return the papers by code, read once per process; ContentError when the file is faulty."""
    return {form.code: form for form in _content().forms}


@cache
def of_shift() -> frozenset[str]:
    """Return the papers the 值班经理 of the shift signs himself."""
    return frozenset(code for code, form in forms().items() if form.of_shift)


def known() -> frozenset[str]:
    """Return every form a playbook may name."""
    return frozenset(forms()) | frozenset(CORE_FORMS)


def title(code: str) -> str:
    """Return the Chinese title with its brackets; the code itself for an unknown form."""
    form = forms().get(code)
    return f"《{form.title.zh if form else CORE_FORMS.get(code, code)}》"


def faults(content: Forms) -> list[tuple[Location, str]]:
    """Return what is wrong between the forms and inside each; the sources wait for the playbooks."""
    found: list[tuple[Location, str]] = []
    codes: set[str] = set(CORE_FORMS)
    for number, form in enumerate(content.forms):
        if form.code in codes:
            found.append((("forms", number, "code"), f"form {form.code!r} given twice"))
        codes.add(form.code)
        keys: set[str] = set()
        for index, field in enumerate(form.fields):
            if field.key in keys:
                where = ("forms", number, "fields", index, "key")
                found.append((where, f"field {field.key!r} given twice"))
            if field.since is not None and field.since not in keys:
                where = ("forms", number, "fields", index, "since")
                found.append((where, f"{field.since!r} is no earlier field of the form"))
            keys.add(field.key)
    return found
