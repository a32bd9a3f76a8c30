"""How typed words become part of a printed sentence: never with two stops."""

import re
from dataclasses import replace

import pytest
from django.utils import timezone

from incidents import rows, workflow
from incidents.models import Complaint
from incidents.queries import listed
from incidents.reports import prefill
from incidents.reports.wording import clause, quoted, sentence
from tests.incidents.journey import POINTS, House, fresh


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("说得很清楚。", "“说得很清楚”"),
        ("“说得很清楚。”", "“说得很清楚”"),
        ("钥匙拿不到，\n我进不了门。", "“钥匙拿不到， 我进不了门”"),
        ("怎么还没修好？", "“怎么还没修好？”"),
        ("“太慢了！”", "“太慢了！”"),
        ("等等……", "“等等……”"),
    ],
)
def test_own_words_are_quoted_without_their_last_stop(typed: str, shown: str) -> None:
    assert quoted(typed) == shown


@pytest.mark.parametrize(
    ("typed", "part", "whole"),
    [
        ("修好了。", "修好了", "修好了。"),
        ("客户说“不用再来了。”", "客户说“不用再来了”", "客户说“不用再来了”。"),
        ("客户说“不用再来了。”。", "客户说“不用再来了”", "客户说“不用再来了”。"),
        ("客户问“什么时候好？”", "客户问“什么时候好？”", "客户问“什么时候好？”"),
        ("  ", "", ""),
        ("。", "", ""),
    ],
)
def test_sentence_ends_with_one_stop(typed: str, part: str, whole: str) -> None:
    assert (clause(typed), sentence(typed)) == (part, whole)


@pytest.mark.django_db
def test_story_of_a_report_has_no_double_stop() -> None:
    house = House()
    complaint = house.conduct(house.new(words="钥匙拿不到，我进不了门。"))
    points = replace(POINTS, key_points="客户说“进不了门。”", expectation="马上开门。")
    complaint = house.resolved(house.promised(workflow.record(complaint, points, by=house.dm)))
    workflow.call_back(
        complaint,
        by=house.dm,
        via="phone",
        asked_at=timezone.now(),
        satisfaction="satisfied",
        comment="说得很清楚。",
    )
    told = " ".join(str(text) for text in prefill(fresh(complaint)).values())
    assert ("“说得很清楚”。" in told, "进不了门”，由" in told) == (True, True)
    assert re.findall("[。；，][”’]?[。；，]", told) == []


@pytest.mark.django_db
def test_list_names_the_next_step_as_its_card_does() -> None:
    house = House()
    house.recorded()
    (row,) = listed(Complaint.objects.all())
    assert rows.list_row(house.prop, row).next == "提出并告知方案"
