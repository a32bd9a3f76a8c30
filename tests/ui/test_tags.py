"""Icons, badges, countdowns and money."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from propdesk.core.templatetags import ui

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_icon_is_decorative_without_a_label() -> None:
    assert ui.icon("bell") == (
        '<svg class="ic " aria-hidden="true"><use href="/static/img/icons.svg#i-bell"></use></svg>'
    )


def test_icon_with_a_label_is_an_image() -> None:
    assert 'role="img" aria-label="当前"' in ui.icon("check-lg", label="当前")


def test_status_escapes_its_word() -> None:
    assert ui.status("<b>", "blue", "bell").endswith("&lt;b&gt;</span>")


@pytest.mark.parametrize(
    ("minutes", "tone", "words"),
    [
        (-72, "c-red", "已逾期 1小时12分"),
        (0, "c-orange", "剩余 不到1分钟"),
        (120, "c-orange", "剩余 2小时"),
        (121, "c-grey", "剩余 2小时1分"),
    ],
)
def test_due_turns_orange_at_two_hours_and_red_after(minutes: int, tone: str, words: str) -> None:
    html = ui.due(NOW + timedelta(minutes=minutes), NOW)
    assert (f'class="st {tone}"' in html, f">{words}<" in html) == (True, True)


def test_due_without_a_moment_is_empty() -> None:
    assert ui.due(None) == ""


@pytest.mark.parametrize(
    ("minutes", "word", "span"), [(-72, "已逾期", "1小时12分"), (24, "剩余", "24分")]
)
def test_due_left_parts_word_and_span(minutes: int, word: str, span: str) -> None:
    html = ui.due_left(NOW + timedelta(minutes=minutes), NOW)
    assert (f"data-due-word>{word}<" in html, f"data-due-span>{span}<" in html) == (True, True)


@pytest.mark.parametrize(
    ("amount", "shown"), [(None, ""), (0, "¥0.00"), (Decimal("1409.5"), "¥1,409.50")]
)
def test_money_has_two_places_and_commas(amount: Decimal | int | None, shown: str) -> None:
    assert ui.money(amount) == shown
