"""propdesk.core.names: order by surname reading, initials, forms of address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propdesk.core import names


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("曾国藩", "zeng guo fan 曾国藩"),
        ("单田芳", "shan tian fang 单田芳"),
        ("万俟雅言", "mo qi ya yan 万俟雅言"),
        ("王乐天", "wang le tian 王乐天"),
        ("John Smith", "john smith John Smith"),
        ("  李明 ", "li ming 李明"),
        ("", ""),
    ],
)
def test_sort_key(name, key):
    assert names.sort_key(name) == key


def test_sort_key_orders_by_pinyin_and_then_by_character():
    wanted = ["陈一", "区一", "仇一", "张伟", "章伟", "曾国藩"]

    assert sorted(wanted, key=names.sort_key) == [
        "陈一",
        "区一",
        "仇一",
        "曾国藩",
        "张伟",
        "章伟",
    ]


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("曾国藩", "zgf"),
        ("查良镛", "zly"),
        ("欧阳修", "oyx"),
        ("John Smith", "js"),
        ("Élodie d'Arc", "ed"),
        ("吕布", "lb"),
        ("", ""),
    ],
)
def test_initials(name, letters):
    assert names.initials(name) == letters


@pytest.mark.parametrize(
    ("name", "honorific", "chinese", "english"),
    [
        ("王丽", "ms", "王女士", "Ms Wang"),
        ("李明", "mr", "李先生", "Mr Li"),
        ("欧阳娜", "ms", "欧阳女士", "Ms Ouyang"),
        ("欧阳", "teacher", "欧阳老师", "Ouyang"),
        ("单雄", "dr", "单医生", "Dr Shan"),
        ("张伟", "other", "张伟", "Zhang Wei"),
        ("张伟", "队长", "张队长", "Zhang Wei"),
        ("John Smith", "mr", "John Smith先生", "Mr John Smith"),
        ("阿卜杜拉·买买提", "mr", "阿卜杜拉·买买提先生", "Mr 阿卜杜拉·买买提"),
        ("", "ms", "", ""),
    ],
)
def test_address(name, honorific, chinese, english):
    assert names.address(name, honorific) == chinese
    assert names.address_en(name, honorific) == english


@given(st.text(max_size=20))
def test_names_of_any_kind_are_accepted(name):
    surname, given_name = names.split(name)

    assert surname + given_name == name.strip()
    assert names.sort_key(name).endswith(name.strip())
    assert " " not in names.initials(name)
