"""Numbers of identity papers: which can exist, and what is kept of one that was seen."""

import pytest

from propdesk.core import id_numbers, persons
from propdesk.core.transitions import RefusedInput
from tests.factories import PersonFactory

CARD = "11010519491231002X"


@pytest.mark.parametrize(
    ("typed", "bare"),
    [("110105 19491231-002x", CARD), ("Ｅ１２３４５６７８", "E12345678"), ("", "")],
)
def test_number_is_kept_without_spaces_dashes_and_wide_signs(typed, bare):
    assert id_numbers.normalise(typed) == bare


@pytest.mark.parametrize(
    ("id_type", "number", "valid"),
    [
        ("id_card", CARD, True),
        ("id_card", "110105194912310021", False),
        ("id_card", "11010519491331002X", False),
        ("id_card", "11010519491231002", False),
        ("passport", "E12345678", True),
        ("passport", "E1", False),
        ("other", "A" * 25, False),
    ],
)
def test_number_that_cannot_exist_is_known_by_its_check_digit_date_or_length(
    id_type, number, valid
):
    assert id_numbers.is_valid(id_type, number) is valid


def test_hash_tells_papers_apart_and_knows_the_same_one_again():
    same = id_numbers.keyed_hash("id_card", CARD)

    assert id_numbers.keyed_hash("id_card", CARD) == same
    assert id_numbers.keyed_hash("passport", CARD) != same
    assert CARD not in same


@pytest.mark.django_db
def test_paper_that_was_seen_leaves_its_tail_and_hash_only():
    person = PersonFactory()

    persons.see_id(person, "id_card", "110105 19491231 002x")

    person.refresh_from_db()
    assert (person.id_type, person.id_last4) == ("id_card", "002X")
    assert person.id_hash == id_numbers.keyed_hash("id_card", CARD)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("id_type", "number", "field", "sentence"),
    [
        ("library", CARD, "id_type", "请选择证件类型。"),
        ("id_card", "110105194912310021", "id_number", "证件号不对，请对着证件再核对一遍。"),
    ],
)
def test_paper_of_no_type_or_with_an_impossible_number_is_refused(id_type, number, field, sentence):
    person = PersonFactory()

    with pytest.raises(RefusedInput) as refusal:
        persons.see_id(person, id_type, number)

    assert refusal.value.errors == {field: sentence}
    person.refresh_from_db()
    assert (person.id_type, person.id_hash) == ("", "")
