"""A playbook in words, to be read and rehearsed: conditions, steps, notices, what applies when."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from emergencies import playbooks
from emergencies.playbooks import board, conditions
from emergencies.playbooks.records import title
from emergencies.playbooks.schema import (
    Basis,
    Condition,
    Fact,
    Notice,
    Playbook,
    Proof,
    Record,
    Step,
    Via,
    fill,
    label,
)
from emergencies.queries.evidence import NO, YES

LOOK = {
    Basis.SOP: ("blue", "journal-text"),
    Basis.LAW: ("violet", "shield-check"),
    Basis.PRACTICE: ("grey", "lightbulb"),
}
"""Colour and icon of why a step is there."""


def condition_text(book: Playbook, when: Condition | None) -> str:
    """When something applies, as a reader says it: 客户的意见：有异议; "" for always."""
    if when is None or when.field is not None:
        return ""
    if when.all_ is not None:
        return _("，并且").join(_inner(book, one) for one in when.all_)
    if when.any_ is not None:
        return _("，或者").join(_inner(book, one) for one in when.any_)
    if when.not_ is not None:
        return _("不是（%(what)s）") % {"what": condition_text(book, when.not_)}
    fact = book.facts_by_key[when.fact or ""]
    answers = when.in_ if when.in_ is not None else (when.is_,)
    said = "、".join(fact.says(answer) for answer in answers if answer is not None)
    return f"{fact.ask.rstrip('？?')}：{said}"


def _inner(book: Playbook, when: Condition) -> str:
    text = condition_text(book, when)
    return f"（{text}）" if when.all_ or when.any_ else text


@dataclass(frozen=True, slots=True)
class ReadStep:
    """A step as it is read: who, by when, why it is there, what it asks for, when it applies."""

    id: str
    text: str
    en: str
    who: str
    within: str
    basis: str
    look: tuple[str, str]
    proofs: str
    fields: str
    when: str
    required: bool
    opens: str
    repeat: str
    may_switch: bool
    state: str = ""
    """In a rehearsal: whether it applies under the answers given."""


def read_step(book: Playbook, step: Step, site: Mapping[str, str], state: str = "") -> ReadStep:
    """One step in words."""
    opens = playbooks.PLAYBOOKS[step.opens].title.zh if step.opens else ""
    return ReadStep(
        id=step.id,
        text=fill(step.zh, dict(site)),
        en=fill(step.en, dict(site)),
        who=label(step.by),
        within=minutes_text(step.within_min),
        basis=str(Basis(step.basis).label),
        look=LOOK[Basis(step.basis)],
        proofs="、".join(str(Proof(one).label) for one in step.evidence),
        fields="、".join(field.zh for field in step.fields),
        when=_when(book, step),
        required=step.required,
        opens=opens,
        repeat=_repeat(step),
        may_switch=playbooks.can_switch_off(book, step.id),
        state=state,
    )


def _when(book: Playbook, step: Step) -> str:
    """When a step applies: by the answers, or because of what has been done."""
    parts = (condition_text(book, step.when), *(_past(book, one) for one in step.after))
    return str(_("，或者")).join(part for part in parts if part)


def _past(book: Playbook, what: str) -> str:
    name, _sep, choice = what.partition(".")
    key, _sep, code = choice.partition("=")
    for field in book.steps[name].fields:
        for option in field.options:
            if (field.key, option.code) == (key, code):
                return f"{field.zh}：{option.zh}"
    return _("已登记完成：%(step)s") % {"step": book.steps[name].zh.rstrip("。")}


def _repeat(step: Step) -> str:
    if step.repeat is None:
        return ""
    if step.repeat.every_shift:
        return _("每班一次")
    return _("每%(n)d分钟一次") % {"n": step.repeat.every_min}


def minutes_text(number: int | None) -> str:
    """10分钟内, 2小时内, 3天内; "" for no target."""
    if number is None:
        return ""
    if number == 0:
        return _("立即")
    for size, words in ((1440, _("%(n)d天内")), (60, _("%(n)d小时内"))):
        if number % size == 0:
            return words % {"n": number // size}
    return _("%(n)d分钟内") % {"n": number}


def read(book: Playbook, site: Mapping[str, str]) -> dict[str, Any]:
    """Everything the page of a playbook prints."""
    return {
        "book": book,
        "phases": [
            (phase.title.zh, [read_step(book, step, site) for step in phase.steps])
            for phase in book.phases
        ],
        "questions": [_question(book, fact) for fact in book.facts],
        "notices": [_notice(book, notice, site) for notice in book.notify],
        "rules": [rule.zh for rule in book.close_when],
        "papers": [
            {
                "title": title(record.form),
                "sign": _signers(book, record),
                "when": condition_text(book, record.when),
            }
            for record in book.records
        ],
        "review": _("结束后%(n)d小时内由%(who)s复盘")
        % {"n": book.after.review_hours, "who": label(book.after.reviewer)},
    }


def _signers(book: Playbook, record: Record) -> str:
    sign = "、".join(label(who) for who in record.sign)
    if record.more is None:
        return sign
    more = "、".join(label(who) for who in record.more.by)
    return f"{sign}；{condition_text(book, record.more.when)}：{more}"


def _question(book: Playbook, fact: Fact) -> dict[str, str]:
    said = "、".join(fact.says(answer) for answer in fact.answers)
    return {"ask": fact.ask, "answers": said, "when": condition_text(book, fact.when)}


def _notice(book: Playbook, notice: Notice, site: Mapping[str, str]) -> dict[str, Any]:
    return {
        "who": label(notice.to),
        "say": fill(notice.say, dict(site)),
        "within": minutes_text(notice.within_min),
        "via": "、".join(str(Via(via).label) for via in notice.via),
        "ack": notice.ack,
        "ladder": [f"{minutes_text(r.after_min)} {label(r.to)}" for r in notice.ladder],
        "when": _called_when(book, notice),
    }


def _called_when(book: Playbook, notice: Notice) -> str:
    """When somebody is told; what does away with it stands behind."""
    when, unless = condition_text(book, notice.when), condition_text(book, notice.unless)
    but = _("除非（%(what)s）") % {"what": unless} if unless else ""
    return "，".join(part for part in (when, but) if part)


# --- rehearsal -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """A question of a rehearsal as radio buttons: code, words, chosen."""

    key: str
    ask: str
    options: list[tuple[str, str, bool]]


def rehearsed(book: Playbook, given: Mapping[str, str], site: Mapping[str, str]) -> dict[str, Any]:
    """What would apply under these answers; nothing is stored, unknown answers leave it open."""
    facts = {fact.key: v for fact in book.facts if (v := _value(fact, given)) is not None}
    seen = board.look(book, board.Evidence(facts=facts))
    words = {"open": "on", "off": "off"}
    steps = [
        read_step(book, line.step, site, words.get(line.state, "perhaps")) for line in seen.steps
    ]
    counting = seen.counting
    return {
        "book": book,
        "asked": [_choice(q.fact, facts) for q in seen.questions if q.asked is not False],
        "card": seen.card,
        "on": [step for step in steps if step.state == "on"],
        "perhaps": [step for step in steps if step.state == "perhaps"],
        "off": [step for step in steps if step.state == "off"],
        "told": [_notice(book, n.notice, site) for n in seen.notices if n.applies],
        "papers": [title(r.record.form) for r in seen.records if r.needed],
        "rules": [
            rule.zh for rule in book.close_when if _arises(rule.rule.if_, counting) is not False
        ],
    }


def _arises(when: Condition | None, counting: conditions.Answers) -> bool | None:
    return conditions.evaluate(when, counting)


def _value(fact: Fact, given: Mapping[str, str]) -> bool | str | None:
    text = given.get(fact.key, "")
    value: bool | str = {YES: True, NO: False}.get(text, text) if fact.type == "bool" else text
    return value if value in fact.answers and value != "" else None


def _choice(fact: Fact, facts: Mapping[str, Any]) -> Choice:
    chosen = facts.get(fact.key)
    codes = [
        ((YES if answer else NO) if isinstance(answer, bool) else answer, answer)
        for answer in fact.answers
    ]
    options = [(code, fact.says(answer), answer == chosen) for code, answer in codes]
    return Choice(fact.key, fact.ask, options)
