"""Gates on what the browser loads: weight, one source of colours, nothing inline, only known icons."""

import gzip
import json
import re
from pathlib import Path

import pytest

from tools.vendor_assets import ROOT, icon_names

CSS = ROOT / "static/css"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
FIRST_VISIT = [
    "vendor/bootstrap-5.3.9/bootstrap.min.css",
    "css/propdesk.css",
    "css/dark.css",
    "js/theme.js",
    "vendor/htmx-2.0.11/htmx.min.js",
    "js/propdesk.js",
    "img/icons.svg",
    "img/mark.svg",
]


def names_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_first_visit_leaves_room_for_the_page_below_100_kb() -> None:
    sizes = [len(gzip.compress((ROOT / "static" / name).read_bytes(), 9)) for name in FIRST_VISIT]
    assert sum(sizes) <= 88_000


def test_log_in_page_carries_one_script_more() -> None:
    """Its own page is a quarter of what others leave room for."""
    script = gzip.compress((ROOT / "static/js/passkey.js").read_bytes(), 9)
    assert len(script) <= 1_500


def test_dark_tokens_only_replace_light_ones() -> None:
    tokens = re.compile(r"(--(?:pd|c)-[a-z0-9-]+):")
    light = set(tokens.findall((CSS / "propdesk.css").read_text(encoding="utf-8")))
    dark = set(tokens.findall((CSS / "dark.css").read_text(encoding="utf-8")))
    assert dark - light == set()


@pytest.mark.parametrize("name", ["propdesk.css", "dark.css"])
def test_own_style_sheet_has_no_data_address(name: str) -> None:
    assert "data:" not in (CSS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["propdesk.css", "dark.css"])
def test_every_token_used_is_defined(name: str) -> None:
    css = (CSS / "propdesk.css").read_text(encoding="utf-8")
    used = set(
        re.findall(r"var\((--(?:pd|s|c)[a-z0-9-]*)", (CSS / name).read_text(encoding="utf-8"))
    )
    assert used - set(re.findall(r"(--[a-z0-9-]+):", css)) == set()


@pytest.mark.parametrize("path", TEMPLATES, ids=names_of)
def test_template_has_nothing_inline(path: Path) -> None:
    html = path.read_text(encoding="utf-8")
    assert re.findall(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|\bhx-on", html) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=names_of)
def test_template_stays_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < 120


def test_every_named_icon_is_in_the_sprite() -> None:
    sources = [p.read_text(encoding="utf-8") for p in TEMPLATES]
    used = {name for html in sources for name in re.findall(r'{% icon "([^"]+)"', html)}
    used |= {
        name
        for html in sources
        for name in re.findall(r'{% status [^%]*"(?!st-)([a-z0-9-]+)"(?: "st-[a-z]+")? *%}', html)
    }
    used |= set(re.findall(r'icon\("([^"]+)"\)', (ROOT / "static/js/propdesk.js").read_text()))
    assert used - set(icon_names()) == set()


def test_htmx_swaps_the_answers_of_a_refused_form() -> None:
    html = (ROOT / "templates/base.html").read_text(encoding="utf-8")
    config = json.loads(re.findall(r"name=\"htmx-config\" content='([^']+)'", html)[0])
    refused = next(rule for rule in config["responseHandling"] if rule["code"] == "409|422")
    assert (refused["swap"], config["allowEval"], config["includeIndicatorStyles"]) == (
        True,
        False,
        False,
    )
