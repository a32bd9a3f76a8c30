"""The frame of every page and the pages that stand outside of it."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.template import engines
from django.template.loader import get_template, render_to_string

from tests.ui.test_static import TEMPLATES
from tools.vendor_assets import ROOT

ENGINE = engines["django"]
ERRORS = ["400", "403", "403_csrf", "404", "409", "429", "500"]


def nav(key: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "label": key, "icon": "bag", "url": f"/{key}/", "count": 0} | more


def shell(**more: Any) -> dict[str, Any]:
    return {
        "property": {"name": "澜湾公寓", "code": "LW"},
        "properties": [],
        "nav": [nav("desk", current=True, count=3, hot=True), nav("complaints")],
        "more": [nav("reports", count=2)],
        "new": [
            {"label": "登记投诉", "hint": "先选房号", "icon": "chat-left-text", "url": "/new/"}
        ],
        "duty": "值班经理 周敏 · 中班",
        "me": {"name": "周敏", "initial": "周", "url": "/me/"},
        "logout_url": "/out/",
    } | more


def page(**context: Any) -> str:
    template = ENGINE.from_string('{% extends "base.html" %}{% block main %}正文{% endblock %}')
    return template.render(context)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_template_compiles(path: Any) -> None:
    name = path.relative_to(ROOT / "templates").as_posix()
    assert get_template(name).template.name == name


def test_page_without_shell_has_neither_rail_nor_tab_bar() -> None:
    html = page(shell=None)
    assert ("正文" in html, "no-shell" in html) == (True, True)
    assert ('class="rail"' in html, 'class="tabbar"' in html) == (False, False)


def test_page_marks_the_current_entry_in_rail_and_tab_bar() -> None:
    assert page(shell=shell()).count('<a href="/desk/" aria-current="page">') == 2


def test_page_polls_only_when_told_where() -> None:
    assert "hx-get" not in page(shell=shell())
    assert 'hx-get="/counts/" hx-trigger="every 60s"' in page(shell=shell(poll_url="/counts/"))


@pytest.mark.parametrize(("alert", "hidden"), [("", True), ("定时检查迟到", False)])
def test_system_bar_shows_only_with_an_alert(alert: str, hidden: bool) -> None:
    html = render_to_string("partials/_sysbar.html", {"shell": shell(system_alert=alert)})
    assert (" hidden>" in html) is hidden
    assert alert in html


@pytest.mark.parametrize(("count", "menus"), [(1, 0), (2, 1)])
def test_property_menu_appears_with_a_choice(count: int, menus: int) -> None:
    properties = [{"name": f"楼{i}", "url": f"/p/{i}/", "current": i == 0} for i in range(count)]
    assert page(shell=shell(properties=properties)).count("place-menu") == menus


def test_counts_fragment_replaces_every_count_by_its_id() -> None:
    html = render_to_string("partials/_shell_counts.html", {"shell": shell(notices_url="/n/")})
    ids = ["rail-count-desk", "tab-count-complaints", "more-count-reports", "bell", "sysbar"]
    assert [f'id="{ident}" ' in html or f'id="{ident}"' in html for ident in ids] == [True] * 5
    assert html.count('hx-swap-oob="true"') == 2 + 2 + 1 + 2


def test_messages_carry_tone_and_icon() -> None:
    html = page(messages=[SimpleNamespace(level=40), SimpleNamespace(level=21)])
    assert ("flash c-red" in html, "flash c-blue" in html) == (True, True)
    assert ("#i-x-circle-fill" in html, "#i-info-circle" in html) == (True, True)


@pytest.mark.parametrize("name", ERRORS)
def test_error_page_renders_without_any_context(name: str) -> None:
    html = get_template(f"{name}.html").render()
    assert ("回到值班台" in html, name[:3] in html) == (True, True)


def test_page_of_a_fault_says_that_nothing_was_saved_and_how_to_get_the_text_back() -> None:
    html = get_template("500.html").render()
    said = ["没有保存", "后退", "管理员"]
    assert ([word in html for word in said], "已经记下来了" in html) == ([True] * 3, False)


def test_conflict_page_shows_the_reason_and_the_way_back() -> None:
    html = get_template("409.html").render({"message": "已由许航办理", "back_url": "/c/1/"})
    assert ("已由许航办理" in html, 'href="/c/1/"' in html) == (True, True)
