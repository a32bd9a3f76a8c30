"""The small parts playbooks and papers are made of: texts, options, conditions, rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
)
from pydantic import model_validator as after_all

from emergencies.playbooks.vocabulary import DOERS, PARTIES, ROLES, SITE, Register
from propdesk.core.roles import Role

Answer = str | bool
"""An answer to a fact: yes or no, or the code of an option."""

_HALF_WIDTH = re.compile(r"[,;!?()]|(?<!\d):|:(?!\d)|\.(?!\d)")  # 18:30 and 1.5 stay
_PLACEHOLDER = re.compile(r"\{(\w*)\}")


def _full_width(text: str) -> str:
    if found := _HALF_WIDTH.search(text):
        raise ValueError(f"half-width punctuation {found[0]!r} in Chinese text")
    if unknown := set(_PLACEHOLDER.findall(text)) - set(SITE):
        raise ValueError(f"unknown placeholder {min(unknown)!r}")
    return text


def _one_of(known: frozenset[str], what: str) -> AfterValidator:
    def check(value: str) -> str:
        if value not in known:
            raise ValueError(f"unknown {what} {value!r}")
        return value

    return AfterValidator(check)


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=600)]
Zh = Annotated[Text, AfterValidator(_full_width)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=30)]
StepId = Annotated[str, StringConstraints(pattern=r"^[A-Z][1-9][0-9]$")]
NoticeId = Annotated[str, StringConstraints(pattern=r"^N[1-9][0-9]?$")]
RuleId = Annotated[str, StringConstraints(pattern=r"^C[1-9][0-9]?$")]
FieldRef = Annotated[str, StringConstraints(pattern=r"^[A-Z][1-9][0-9]\.[a-z][a-z0-9_]*$")]
"""A field of a step: "R32.missing"."""
Happened = Annotated[
    str, StringConstraints(pattern=r"^[A-Z][1-9][0-9](\.[a-z][a-z0-9_]*=[a-z][a-z0-9_]*)?$")
]
"""A step that is done, "T21", or done with this choice, "T12.choice=by_us"."""

Who = Annotated[str, _one_of(PARTIES, "role or party")]
Doer = Annotated[str, _one_of(DOERS, "role")]
House = Annotated[Role, _one_of(ROLES, "role")]
Minutes = Annotated[int, Field(ge=0)]


def fill(text: str, site: Mapping[str, str]) -> str:
    """Return `text` with the facts of the house filled in; what is not set is named in words."""
    return _PLACEHOLDER.sub(lambda found: site.get(found[1]) or SITE[found[1]], text)


class Strict(BaseModel):
    """Cannot be changed, and takes no key it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Bilingual(Strict):
    """One text in Chinese (full-width punctuation) and English."""

    zh: Zh
    en: Text


class Option(Bilingual):
    """One possible answer; its code never reads as a YAML boolean."""

    code: Code


class Condition(Strict):
    """When something applies: exactly one of the forms below.

    `{fact: key, is: value}`, `{fact: key, in: [codes]}`, `{all: […]}`, `{any: […]}`, `{not: …}`.
    Inside a step, `{field: key, is|in: …}` asks another field of the same step.
    """

    fact: Code | None = None
    field: Code | None = None
    is_: Annotated[StrictBool | Code | None, Field(alias="is")] = None
    in_: Annotated[tuple[Code, ...] | None, Field(alias="in", min_length=1)] = None
    all_: Annotated[tuple[Condition, ...] | None, Field(alias="all", min_length=1)] = None
    any_: Annotated[tuple[Condition, ...] | None, Field(alias="any", min_length=1)] = None
    not_: Annotated[Condition | None, Field(alias="not")] = None

    @after_all(mode="after")
    def _exactly_one(self) -> Condition:
        _one_form(self, ("fact", "field", "all_", "any_", "not_"))
        return self


class Rule(Strict):
    """What must hold before a case is closed: exactly one of the forms below.

    `step_done: id` (a step that does not apply counts as met), `any_done: [ids]` (it does not),
    `form_signed: form`, `notice_acked: id`, `linked_opened: [step ids]`, `field_zero: "R32.missing"`
    (unknown is never zero), `no_active: register`, `{fact, is|in}`, `{if, then}`, `all`, `any`,
    `not`.
    """

    step_done: StepId | None = None
    any_done: Annotated[tuple[StepId, ...] | None, Field(min_length=1)] = None
    form_signed: Code | None = None
    notice_acked: NoticeId | None = None
    linked_opened: Annotated[tuple[StepId, ...] | None, Field(min_length=1)] = None
    field_zero: FieldRef | None = None
    no_active: Register | None = None
    fact: Code | None = None
    is_: Annotated[StrictBool | Code | None, Field(alias="is")] = None
    in_: Annotated[tuple[Code, ...] | None, Field(alias="in", min_length=1)] = None
    if_: Annotated[Condition | None, Field(alias="if")] = None
    then: Rule | None = None
    all_: Annotated[tuple[Rule, ...] | None, Field(alias="all", min_length=1)] = None
    any_: Annotated[tuple[Rule, ...] | None, Field(alias="any", min_length=1)] = None
    not_: Annotated[Condition | None, Field(alias="not")] = None

    @after_all(mode="after")
    def _exactly_one(self) -> Rule:
        forms = ("step_done", "any_done", "form_signed", "notice_acked", "linked_opened")
        rest = ("field_zero", "no_active", "fact", "if_", "all_", "any_", "not_")
        _one_form(self, forms + rest)
        if (self.if_ is None) != (self.then is None):
            raise ValueError("if and then belong together")
        return self


def _one_form(node: Condition | Rule, forms: tuple[str, ...]) -> None:
    given = [name for name in forms if getattr(node, name) is not None]
    if len(given) != 1:
        named = ", ".join(name.rstrip("_") for name in given) or "none"
        raise ValueError(f"exactly one form of condition is needed, found {named}")
    asks = given[0] in {"fact", "field"}
    if asks != ((node.is_ is None) != (node.in_ is None)):
        raise ValueError("is or in belongs to a fact (or field), and exactly one of them")


def leaves_of(rule: Rule) -> tuple[Rule, ...]:
    """Return the rules inside a rule that hold no rules themselves."""
    inside = (rule.all_ or ()) + (rule.any_ or ()) + ((rule.then,) if rule.then else ())
    return tuple(leaf for one in inside for leaf in leaves_of(one)) or (rule,)


def check_options(options: tuple[Option, ...], wanted: bool) -> None:
    """Raise ValueError unless there are options exactly when they are wanted, each once."""
    if bool(options) != wanted:
        raise ValueError("options belong to type choice, and to no other")
    once([option.code for option in options], "option")


def once(keys: list[str], what: str) -> None:
    """Raise ValueError, which names it, for the first key that stands twice."""
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        raise ValueError(f"{what} {twice[0]!r} given twice")
