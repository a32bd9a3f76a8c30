"""propdesk.core.text: nothing invisible gets through, nothing visible is lost."""

import unicodedata

import pytest
from django import forms
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from propdesk.core.pdf import clean as clean_of_papers
from propdesk.core.text import (
    LINE_LIMIT,
    CleanCharField,
    CleanTextField,
    TextValidator,
    clean,
    normalise,
    validate_text,
)

ANY_TEXT = st.text(st.characters(exclude_categories=[]))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("空调\x00漏水", "空调漏水"),
        ("a\x07b\x1b[0m", "ab[0m"),
        ("第一行\r\n第二行\r第三行", "第一行\n第二行\n第三行"),
        ("表\t格", "表\t格"),
        ("坏\ud83d字", "坏字"),
        ("abc\u202egpj.exe", "abcgpj.exe"),
        ("\u2066隔离\u2069", "隔离"),
        ("王\u200b女\u200d士\u2060", "王女士"),
        ("\ufeff开头", "开头"),
        ("\u3000 两边 \n", "两边"),
        ("e\u0301", "\u00e9"),
        ("\U000e0041隐\U000e007f", "隐"),
        ("\u3164\u2800\ufe0f", ""),
        ("\u200b\n\u3000", ""),
        ("𠮷野家👍", "𠮷野家👍"),
    ],
)
def test_clean_removes_only_what_cannot_be_seen(typed, kept):
    assert clean(typed) == kept


@given(ANY_TEXT)
def test_normalise_is_stable_storable_and_in_nfc(typed):
    once = normalise(typed)

    assert normalise(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert once.encode("utf-8").decode("utf-8") == once
    assert not {unicodedata.category(c) for c in once if c not in "\n\t"} & {"Cc", "Cs"}


@given(st.text(st.characters(categories=["Lo", "Nd", "Po"], max_codepoint=0x9FFF), min_size=1))
def test_normalise_keeps_letters_digits_and_punctuation(typed):
    seen = [c for c in unicodedata.normalize("NFC", typed) if c not in "\u115f\u1160\u3164"]
    kept = [c for c in normalise(typed) if c not in "\u115f\u1160\u3164"]

    assert kept == seen


def test_clean_too_long_says_how_many_are_over():
    with pytest.raises(ValidationError) as refused:
        clean("字" * 5003)

    assert refused.value.messages == ["最多 5000 个字，超出了 3 个，请删减后再提交。"]


def test_clean_without_limit_returns_everything():
    assert clean("字" * 9000, limit=None) == "字" * 9000


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("\u200b", "invisible"),
        ("有\x00字", "forbidden_character"),
        ("字" * 5001, "too_long"),
    ],
)
def test_validate_text_refuses(value, code):
    with pytest.raises(ValidationError) as refused:
        validate_text(value)

    assert refused.value.code == code


def test_validate_text_accepts_the_limit_exactly():
    assert validate_text("字" * 5000) is None


def test_text_validator_is_equal_by_limit_and_survives_a_migration():
    path, args, kwargs = TextValidator(40).deconstruct()

    assert (path, args, kwargs) == ("propdesk.core.text.TextValidator", (40,), {})
    assert TextValidator(40) == TextValidator(40)
    assert TextValidator(40) != TextValidator(41)


class _Form(forms.Form):
    points = CleanTextField()
    place = CleanCharField(max_length=10)
    note = CleanTextField(required=False)


def _errors(**data):
    return _Form({"points": "要点", "place": "大堂", **data}).errors.get_json_data()


def test_form_fields_return_cleaned_text():
    form = _Form({"points": " 一\r\n二\x00 ", "place": "A座\n 大堂\t东", "note": "\u200b"})

    assert form.is_valid()
    assert form.cleaned_data == {"points": "一\n二", "place": "A座 大堂 东", "note": ""}


def test_form_field_with_only_invisible_text_is_empty():
    assert [e["code"] for e in _errors(points="\u200b\u3164")["points"]] == ["required"]


def test_form_field_too_long_says_how_many_are_over():
    assert _errors(place="一" * 12)["place"] == [
        {"message": "最多 10 个字，超出了 2 个，请删减后再提交。", "code": "too_long"}
    ]


def test_form_field_of_more_lines_than_a_paper_prints_says_how_many():
    field = CleanTextField()

    assert LINE_LIMIT == clean_of_papers.MAX_LINES
    assert field.clean("\n".join("行" for _ in range(LINE_LIMIT))).count("\n") == LINE_LIMIT - 1
    with pytest.raises(ValidationError, match="最多 200 行，现在有 261 行"):
        field.clean("\n".join("行" for _ in range(261)))


def test_form_field_too_short_says_how_many_it_takes():
    with pytest.raises(ValidationError) as refused:
        CleanCharField(min_length=2).clean("短")
    assert refused.value.messages == ["至少写 2 个字。"]


def test_form_field_lets_the_browser_cut_nothing():
    assert "maxlength" not in str(_Form()["place"])
