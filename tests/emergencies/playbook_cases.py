"""Full evidence for a playbook under given answers, and what closes each of the eight."""

import itertools
from dataclasses import replace

from emergencies.playbooks import PLAYBOOKS, board, conditions

FAVOURABLE = {
    "theft": {"place": "room", "police_requested": True, "major_loss": False,
              "forced_entry": False, "item_recovered": True},
    "property_damage": {"cause": "accident", "hazard": True, "guest_position": "agree",
                        "over_limit": True},
    "drunk_guest": {"consciousness": "confused", "aggressive": True, "danger": True,
                    "fighting": True, "resident": True, "damage": True, "settled": True},
    "fight": {"ongoing": False, "weapon": True, "group": False, "injured": True,
              "damage": True, "minor_involved": True},
    "medical": {"breathing": "none", "ambulance": "called", "kind": "injury", "on_premises": True,
                "infectious": True, "guardian_absent": True, "died": True},
    "death": {"certainly_dead": False, "at_premises": True, "suspicious": False, "foreign": True,
              "police_released": True, "body_removed": True},
    "power_outage": {"lift_trapped": True, "scope": "area", "planned": False, "backup": "running",
                     "vulnerable": True, "restored": True},
    "fire": {"confirmed": "real", "evacuate": "building", "trapped": True, "injured": True,
             "small": True, "source": "detector", "fire_out": True},
}  # fmt: skip
"""Answers of an event that can be closed and in which as much as possible has to be done."""


def every_answer(book):
    """Every combination of answers, also to questions that then do not arise."""
    keys = [fact.key for fact in book.facts]
    for answers in itertools.product(*(fact.answers for fact in book.facts)):
        yield dict(zip(keys, answers, strict=True))


def in_order(book, answers):
    """Evidence with the answers alone, numbered from 1 in the playbook's order."""
    keys = [fact.key for fact in book.facts if fact.key in answers]
    return board.Evidence(
        facts={key: answers[key] for key in keys},
        fact_seq={key: number for number, key in enumerate(keys, start=1)},
    )


def complete(book, answers):
    """Evidence of an event in which everything that applies has been done."""
    bare = in_order(book, answers)
    now = board.look(book, bare)
    marks = {
        line.step.id: board.Mark(
            "round" if line.step.repeat else "done", board.basis(book, line.step.id, bare)
        )
        for line in now.steps
        if line.applies and line.step.required
    }
    return replace(
        bare,
        steps=marks,
        told=frozenset(line.notice.id for line in now.notices if line.applies),
        acked=frozenset(line.notice.id for line in now.notices if line.applies),
        signed=frozenset(line.record.form for line in now.records if line.needed),
        linked=frozenset(line.step.opens for line in now.steps if line.applies and line.step.opens),
        fields={leaf.field_zero: 0 for leaf in book.leaves if leaf.field_zero},
        active={str(leaf.no_active): 0 for leaf in book.leaves if leaf.no_active},
    )


def favourable(code, **changed):
    """The playbook and complete evidence under its favourable answers, some of them changed."""
    book = PLAYBOOKS[code]
    return book, complete(book, FAVOURABLE[code] | changed)


def without_step(evidence, *step_ids):
    """The evidence before these steps were marked."""
    return replace(
        evidence, steps={key: m for key, m in evidence.steps.items() if key not in step_ids}
    )


def answer(book, evidence, key, value):
    """The evidence after a fact was answered anew: its number grows past all others."""
    number = max(evidence.fact_seq.values(), default=0) + 1
    return replace(
        evidence,
        facts={**evidence.facts, key: value},
        fact_seq={**evidence.fact_seq, key: number},
    )


def missing(book, evidence, stage="archive"):
    """What is missing, as (kind, id) pairs."""
    return [(one.kind, one.id) for one in board.look(book, evidence).missing(stage)]


def counting(book, answers):
    return conditions.in_force(book.facts, answers)
