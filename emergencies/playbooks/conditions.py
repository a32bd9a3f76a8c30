"""Three-valued reading of conditions: True, False, or None while an answer is missing.

Answers are a mapping key → bool or option code; a key that is absent is unknown, and
`NOT_ASKED` stands for a question that does not arise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from emergencies.playbooks.schema import Answer, Condition, Fact, Playbook

Answers = Mapping[str, Answer]

NOTHING: Answers = MappingProxyType({})

NOT_ASKED = ""
"""The answer of a question that does not arise: it equals no option, so it makes nothing true."""


def evaluate(
    condition: Condition | None, answers: Answers, fields: Answers = NOTHING
) -> bool | None:
    """Return whether it holds; None while that hangs on something unknown. No condition: True.

    `answers` are those in force (see `in_force`); `fields` are read by the `{field: …}` form.
    """
    if condition is None:
        return True
    if condition.all_ is not None:
        return every(evaluate(one, answers, fields) for one in condition.all_)
    if condition.any_ is not None:
        return some(evaluate(one, answers, fields) for one in condition.any_)
    if condition.not_ is not None:
        return negated(evaluate(condition.not_, answers, fields))
    if condition.fact is not None:
        return matches(answers.get(condition.fact), condition.is_, condition.in_)
    return matches(fields.get(condition.field or ""), condition.is_, condition.in_)


def matches(answer: Answer | None, is_: Answer | None, in_: tuple[str, ...] | None) -> bool | None:
    """Return whether one answer is the one named, or among those named; None for no answer."""
    if answer is None:
        return None
    return answer == is_ if in_ is None else answer in in_


def every(values: Iterable[bool | None]) -> bool | None:
    """Return the three-valued "and"."""
    found = set(values)
    return False if False in found else None if None in found else True


def some(values: Iterable[bool | None]) -> bool | None:
    """Return the three-valued "or"."""
    found = set(values)
    return True if True in found else None if None in found else False


def negated(value: bool | None) -> bool | None:
    """Return the three-valued "not"."""
    return None if value is None else not value


def keys(condition: Condition | None) -> frozenset[str]:
    """Return the facts the condition itself names."""
    return frozenset(leaf.fact for leaf in atoms(condition) if leaf.fact)


def atoms(condition: Condition | None) -> Iterator[Condition]:
    """Yield the questions the condition is made of."""
    if condition is None:
        return
    inside = (condition.all_ or ()) + (condition.any_ or ())
    if condition.not_:
        inside += (condition.not_,)
    if not inside:
        yield condition
    for one in inside:
        yield from atoms(one)


def depends_on(playbook: Playbook, condition: Condition | None) -> frozenset[str]:
    """Return the facts the condition hangs on: those it names and what makes those be asked."""
    found: set[str] = set()
    wanted = set(keys(condition))
    while wanted:
        key = wanted.pop()
        if key not in found and key in playbook.facts_by_key:
            found.add(key)
            wanted |= keys(playbook.facts_by_key[key].when)
    return frozenset(found)


def in_force(facts: Iterable[Fact], answers: Answers) -> dict[str, Answer]:
    """Return the answers that count: only of questions that arise, `NOT_ASKED` for those that do not.

    An answer that is no answer of its question (an option taken out) counts as unknown. Facts
    stand in an order in which each is asked after those it hangs on.
    """
    counting: dict[str, Answer] = {}
    for fact in facts:
        arises = evaluate(fact.when, counting)
        answer = answers.get(fact.key)
        if arises is False:
            counting[fact.key] = NOT_ASKED
        elif arises and _belongs(fact, answer):
            counting[fact.key] = answer  # type: ignore[assignment]
    return counting


def asked(fact: Fact, counting: Answers) -> bool | None:
    """Return whether the question arises under the answers in force; None: not yet known."""
    return evaluate(fact.when, counting)


def unknown(playbook: Playbook, condition: Condition | None, counting: Answers) -> tuple[str, ...]:
    """Return the unanswered facts that keep the condition undecided, in the playbook's order."""
    if evaluate(condition, counting) is not None:
        return ()
    hangs_on = depends_on(playbook, condition)
    return tuple(
        fact.key
        for fact in playbook.facts
        if fact.key in hangs_on and fact.key not in counting and asked(fact, counting)
    )


def _belongs(fact: Fact, answer: Answer | None) -> bool:
    # True == 1, and a stored "true" is no bool: the type counts too.
    return answer is not None and any(
        type(answer) is type(one) and answer == one for one in fact.answers
    )
