"""Sixteen at one thing, on the live server: first the fault with lock and constraint off, then none."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from lostfound import workflow
from lostfound.models import Claim, FoundItem
from lostfound.workflow import Second, disposal
from propdesk.core import audit, bulk
from propdesk.core.models import PersonSignature, RenderJob, Task
from tests.factories import PASSWORD
from tests.factories import fresh as read
from tests.incidents.test_races import Act, at_once, unlocked
from tests.lostfound.claiming import (
    CLAIMANT,
    GUEST,
    PROOF,
    WORDS,
    claim_of,
    described,
    disputed,
    live,
    on_paper,
    signed,
    verified,
)
from tests.lostfound.journey import House, S, fresh, photo

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
ROUNDS, THREADS = 20, 16
LIVE = ["described", "verified", "returned"]
__all__ = ["unlocked"]


def claiming(house: House, item: FoundItem) -> Act:
    """Each comes with his own name; the front desk is read anew as by another request."""

    def act(i: int) -> Claim:
        guest = replace(GUEST, name=f"认领人{i}")
        return workflow.describe(item, workflow.Claimant(guest), WORDS, by=read(house.desk))

    return act


def live_ones(item: FoundItem) -> int:
    return Claim.objects.filter(item=item, state__in=LIVE).count()


def test_sixteen_who_claim_one_thing_give_one_live_claim_in_each_of_twenty_rounds() -> None:
    house = House()
    outcomes: Counter[str] = Counter()
    left: list[tuple[int, int, list[str]]] = []
    for _round in range(ROUNDS):
        item = house.stored()
        outcomes.update(at_once(THREADS, claiming(house, item)))
        left.append((live_ones(item), item.claims.count(), audit.problems(fresh(item).case)))

    assert outcomes == {"done": ROUNDS, "ConflictError": ROUNDS * (THREADS - 1)}
    assert left == [(1, 1, [])] * ROUNDS


@pytest.fixture
def without_constraint(as_owner: Any) -> Iterator[None]:
    """Take away what keeps a second live claim out of the table, and put it back."""
    names = ("lostfound_claim_one_live", "lostfound_claim_seq")
    rules = [rule for rule in Claim._meta.constraints if rule.name in names]

    def each(verb: str) -> None:
        with as_owner(), connection.schema_editor() as editor:
            if verb == "add_constraint":
                editor.execute("TRUNCATE lostfound_claim CASCADE")
            for rule in rules:
                getattr(editor, verb)(Claim, rule)

    each("remove_constraint")
    try:
        yield
    finally:
        each("add_constraint")


def together(unlocked: Any, monkeypatch: Any, count: int) -> None:
    """No locks, no chain of entries that would notice; all pass the last look at the state at once."""
    monkeypatch.setattr(bulk.Sheet, "write", lambda _self: None)
    unlocked(count, disposal, "withdraw_for_claim")


def test_without_lock_and_constraint_four_get_it(
    unlocked: Any, monkeypatch: Any, without_constraint: None
) -> None:
    """The control: this is the fault that the two of them keep away."""
    house = House()
    item = house.stored()
    together(unlocked, monkeypatch, 4)

    outcome = at_once(4, claiming(house, item))

    assert (outcome, live_ones(item)) == (["done"] * 4, 4)


def test_without_the_lock_the_constraint_still_lets_one_pass(
    unlocked: Any, monkeypatch: Any
) -> None:
    house = House()
    item = house.stored()
    monkeypatch.setattr(bulk.Sheet, "write", lambda _self: None)
    unlocked(4, workflow.claims, "begin")

    outcome = at_once(4, claiming(house, item))

    assert Counter(outcome) == {"done": 1, "ConflictError": 3}
    assert live_ones(item) == 1


def test_sixteen_rivals_are_all_written_down_in_order() -> None:
    house = House()
    item = described(house)

    outcome = at_once(
        THREADS,
        lambda _i: workflow.rival(item, CLAIMANT, WORDS, by=read(house.desk)),
    )

    assert outcome == ["done"] * THREADS
    assert list(item.claims.order_by("seq").values_list("seq", flat=True)) == list(range(1, 18))
    assert (live_ones(item), Task.objects.filter(kind="dispute").count()) == (1, 1)
    assert audit.problems(fresh(item).case) == []


def returning(house: House, claim: Claim) -> Any:
    guard = Second(read(house.guard), PASSWORD)
    return workflow.return_item(claim, signed(), guard, PASSWORD, by=read(house.dm))


def test_thing_goes_back_once_however_often_the_button_is_pressed() -> None:
    house = House()
    item = verified(house)
    claim = claim_of(item)

    outcome = at_once(8, lambda _i: returning(house, claim))

    assert Counter(outcome) == {"done": 1, "ConflictError": 7}
    assert (PersonSignature.objects.count(), RenderJob.objects.count()) == (1, 1)
    assert item.custody.filter(kind="return").count() == 1
    assert audit.problems(fresh(item).case) == []


@pytest.mark.parametrize("attempt", range(5))
def test_return_and_rival_at_once_end_in_one_of_the_two(attempt: int) -> None:
    house = House()
    item = verified(house)
    claim = claim_of(item)

    def act(i: int) -> Any:
        if (i + attempt) % 2:
            return returning(house, claim)
        return workflow.rival(item, CLAIMANT, WORDS, by=read(house.desk))

    outcome = at_once(2, act)

    ended = (fresh(item).status, item.claims.count())
    assert sorted(outcome) == ["ConflictError", "done"]
    assert ended in {(S.RETURNED, 1), (S.DISPUTED, 2)}
    assert audit.problems(fresh(item).case) == []


def test_two_managers_who_decide_at_once_decide_once() -> None:
    house = House()
    item = disputed(house)
    first, second = Claim.objects.filter(item=item).order_by("seq")
    chosen = {0: (first, house.pm), 1: (second, house.gm)}

    def act(i: int) -> Any:
        claim, by = chosen[i]
        return workflow.resolve_dispute(item, claim, by=read(by), reason="x")

    assert sorted(at_once(2, act)) == ["ConflictError", "done"]
    assert (live_ones(item), fresh(item).status) == (1, S.CLAIMED)


def test_all_but_one_who_withdraw_at_once_open_the_lock_for_the_last() -> None:
    house = House()
    item = disputed(house, rivals=3)
    claims = list(item.claims.order_by("seq"))

    outcome = at_once(
        4, lambda i: workflow.withdraw_disputed(claims[i], by=read(house.pm), reason="认错了")
    )

    # The fourth finds no lock any more: his claim is withdrawn as any other.
    assert sorted(outcome) == ["ConflictError", "done", "done", "done"]
    assert (fresh(item).status, live_ones(item)) == (S.CLAIMED, 1)
    assert audit.problems(fresh(item).case) == []


def test_check_and_refusal_at_once_end_in_one_of_the_two() -> None:
    house = House()
    item = described(house)
    claim = live(item)

    def act(i: int) -> Any:
        if i:
            return workflow.refuse_claim(claim, by=read(house.pm), reason="x")
        second = Second(read(house.guard), PASSWORD)
        return workflow.verify(claim, PROOF, by=read(house.dm), second=second)

    outcome = at_once(2, act)

    # Whoever refuses after the check ends it; whoever checks after the refusal comes too late.
    assert outcome[1] == "done"
    assert (fresh(item).status, claim_of(item).state) == (S.STORED, "refused")


def test_scan_is_kept_once() -> None:
    house = House()
    claim = claim_of(on_paper(house))

    outcome = at_once(4, lambda i: workflow.add_scan(claim, photo(f"#0{i}0"), by=read(house.dm)))

    assert Counter(outcome) == {"done": 1, "ConflictError": 3}
