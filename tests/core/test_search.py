"""Search over Chinese words: by index, rechecked, within one house."""

import pytest

from propdesk.core import search
from propdesk.core.models import SearchText
from tests.factories import CaseFactory, PropertyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    return CaseFactory()


def found(case, query):
    return list(search.hits(case.property, query).values_list("case", flat=True)) == [case.pk]


@pytest.mark.parametrize(
    ("query", "hit"),
    [
        ("空调", True),
        ("调", True),
        ("空调漏水", True),
        ("漏水空调", False),
        ("漏水 空调", True),
        ("ａ座", True),
        ("A座1806", True),
        ("1806", True),
        ("5678", True),
        ("9999", False),
        ("水管", False),
        ("空%", False),
        ("_", False),
    ],
)
def test_words_are_found_as_they_stand(case, query, hit):
    search.write(case, ["A座1806", "空调漏水", "13800005678"])

    assert found(case, query) == hit


def test_writing_again_replaces_and_adding_appends(case):
    search.write(case, ["旧的词"])
    search.write(case, ["新的词", ""])
    search.add(case, "又一句")

    assert [found(case, q) for q in ("旧的词", "新的词", "又一句")] == [False, True, True]
    assert SearchText.objects.count() == 1


def test_adding_to_a_case_without_words_begins_its_row(case):
    search.add(case, "第一句")

    assert found(case, "第一句")


def test_empty_query_narrows_nothing_and_other_houses_are_not_searched(case):
    search.write(case, ["空调"])

    assert search.hits(case.property, "  ").count() == 1
    assert search.hits(PropertyFactory(), "空调").count() == 0
