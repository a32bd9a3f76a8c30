"""Copies, appendices and packs at once on the live server; where a lock decides, the fault without it."""

import sys
from collections import Counter
from typing import Any

import pytest
from django.db.models import QuerySet

from propdesk.core import appendices, audit, blanks, copies
from propdesk.core.appendices import Correction
from propdesk.core.models import (
    Appendix,
    BlankForm,
    Case,
    CaseCounter,
    OutagePack,
    PaperCopy,
    RenderJob,
)
from propdesk.core.signatures import Second
from tests.core.test_blanks import IN_A_PACK, printed, sheet, taken
from tests.core.test_copies import POLICE, sealed_row
from tests.factories import PASSWORD, fresh
from tests.incidents.journey import House
from tests.incidents.test_races import Act, at_once, unlocked

__all__ = ["unlocked"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
SAID = Correction("时间", "21:00", "21:10", "监控")


# --- copies and appendices are numbered ------------------------------------------------------


def giving(house: House) -> Act:
    source = sealed_row(house)
    return lambda _i: copies.give(source, POLICE, by=fresh(house.pm))


def test_eight_copies_at_once_are_numbered_through() -> None:
    house = House()
    assert at_once(8, giving(house)) == ["done"] * 8
    assert sorted(PaperCopy.objects.values_list("nr", flat=True)) == list(range(1, 9))
    (case,) = {copy.case for copy in PaperCopy.objects.all()}
    assert audit.problems(case) == []


def test_copies_without_the_lock_collide(unlocked: Any) -> None:
    act = giving(House())
    unlocked(4, sys.modules["propdesk.core.copies"], "_check")
    outcome = at_once(4, act)
    assert set(outcome) & {"IntegrityError", "ConflictError"}
    assert PaperCopy.objects.count() == outcome.count("done") < 4


def appending(house: House) -> Act:
    source = sealed_row(house)
    second = Second(house.dm, PASSWORD)
    return lambda _i: appendices.append(source, SAID, second, by=fresh(house.pm), password=PASSWORD)


def test_appendices_at_once_are_numbered_through() -> None:
    assert at_once(4, appending(House())) == ["done"] * 4
    assert sorted(Appendix.objects.values_list("seq", flat=True)) == [1, 2, 3, 4]


def test_appendices_without_the_lock_collide(unlocked: Any) -> None:
    act = appending(House())
    unlocked(4, sys.modules["propdesk.core.appendices"], "_next_number")
    outcome = at_once(4, act)
    assert set(outcome) & {"IntegrityError", "ConflictError"}
    assert Appendix.objects.count() == outcome.count("done") < 4


# --- one pack, and one settlement of a number ------------------------------------------------


def test_eight_who_make_a_pack_make_one() -> None:
    house = House()
    assert at_once(8, lambda _i: blanks.make(house.prop, by=fresh(house.dm))) == ["done"] * 8
    assert (OutagePack.objects.count(), BlankForm.objects.count()) == (1, IN_A_PACK)
    assert RenderJob.objects.filter(kind=blanks.KIND).count() == 1


def test_packs_without_the_lock_collide(unlocked: Any) -> None:
    house = House()
    unlocked(4, sys.modules["propdesk.core.blanks"], "lock")
    outcome = at_once(4, lambda _i: blanks.make(house.prop, by=fresh(house.dm)))
    assert set(outcome) & {"IntegrityError", "ConflictError"}
    assert OutagePack.objects.count() == 1


def test_pack_that_is_taken_while_it_is_made_anew_is_never_changed() -> None:
    for _round in range(6):
        house = House()
        pack = printed(blanks.make(house.prop, by=house.dm))
        outcome = at_once(
            2,
            lambda i, house=house, pack=pack: (  # type: ignore[misc]
                blanks.make(house.prop, by=fresh(house.dm))
                if i
                else blanks.take(pack, by=fresh(house.dm))
            ),
        )
        assert outcome == ["done", "done"]
        packs = OutagePack.objects.filter(property=house.prop)
        first = packs.order_by("pk")[0]
        assert (first.pk, first.taken_at is not None, first.document) == (
            pack.pk,
            True,
            pack.job.document,  # type: ignore[union-attr]
        )
        assert packs.count() in (1, 2)
        numbers = BlankForm.objects.filter(property=house.prop).values_list("serial", flat=True)
        assert len(set(numbers)) == packs.count() * IN_A_PACK


def settling(house: House) -> tuple[BlankForm, Case, Act]:
    """A number that every other enters and the rest take out of use."""
    blank, complaint = sheet(taken(house)), house.new()

    def act(i: int) -> None:
        if i % 2:
            blanks.void([blank], "没有用到", by=fresh(house.pm), seen="")
        else:
            blanks.enter(blank, complaint.case, by=fresh(house.dm), seen="")

    return blank, complaint.case, act


def test_pack_that_is_taken_while_it_is_made_without_the_lock_breaks_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = House()
    pack = printed(blanks.make(house.prop, by=house.dm))
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, *_a, **_k: self)
    real = blanks.finished

    def taken_meanwhile(found: OutagePack) -> Any:
        monkeypatch.setattr(blanks, "finished", real)
        assert at_once(1, lambda _i: blanks.take(pack, by=fresh(house.dm))) == ["done"]
        return real(found)

    monkeypatch.setattr(blanks, "finished", taken_meanwhile)
    # The guard of the database is what is left: the night's pack breaks down in place of waiting.
    assert at_once(1, lambda _i: blanks.make(house.prop, by=fresh(house.dm))) == ["IntegrityError"]


def test_number_that_is_entered_and_voided_at_once_is_settled_once() -> None:
    blank, case, act = settling(House())
    assert Counter(at_once(8, act)) == {"done": 1, "ConflictError": 7}
    blank.refresh_from_db()
    assert bool(blank.case_id) != bool(blank.void_reason)
    assert audit.problems(Case.objects.get(pk=case.pk)) == []


def test_number_without_the_lock_is_settled_again(unlocked: Any) -> None:
    _blank, _case, act = settling(House())
    unlocked(4, sys.modules["propdesk.core.blanks"], "_begin")
    assert at_once(4, act).count("done") > 1


def test_numbers_are_never_given_twice() -> None:
    houses = [House() for _n in range(3)]
    outcome = at_once(6, lambda i: blanks.make(houses[i % 3].prop, by=None))
    assert outcome == ["done"] * 6
    assert BlankForm.objects.count() == 3 * IN_A_PACK
    assert set(CaseCounter.objects.filter(prefix="KB").values_list("last", flat=True)) == {
        IN_A_PACK
    }
