"""Every page, at a desk and on a phone, by day and by night: fits, reads well, complains of nothing.

With PROPDESK_SHOTS=<directory> each page is also kept as a picture.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from propdesk.core.models import User
from tests.e2e.conftest import Desk
from tests.e2e.pages import GROUPS, NOT_PAGES, Row, World, group_of, routes
from tests.e2e.team import Team

pytestmark = pytest.mark.e2e

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
LOOKS = ((1280, False), (1280, True), (390, False), (390, True), (320, False))
"""Width and dark; at 320 only what sticks out is measured, and no light changes that."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AUDIT = """async (rules) => {
  const only = rules.length ? { type: "tag", values: rules } : { type: "rule", values: ["color-contrast"] };
  const found = await axe.run(document, { runOnly: only, resultTypes: ["violations"], iframes: false });
  return found.violations.filter((one) => ["serious", "critical"].includes(one.impact)).flatMap((one) =>
    one.nodes.slice(0, 3).map((node) => `${one.id} ${node.target.join(" ")} ${node.any[0]?.message ?? ""}`));
}"""
WIDE = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  const clipped = (one) => { for (let up = one.parentElement; up && up !== document.body; up = up.parentElement)
    if (getComputedStyle(up).overflowX !== "visible") return true; return false; };
  return [...document.querySelectorAll("body *")].filter((one) =>
    one.getBoundingClientRect().right > room + 1 && !clipped(one)).slice(0, 4).map((one) =>
    `${one.tagName}.${one.className} ${Math.round(one.getBoundingClientRect().right)}`);
}"""

SMALL = """() => {
  const wants = "a, button, summary, label.chip, label.check, input, select, textarea";
  const covered = ".skip, .chip-in, label.check input, [type=hidden]";
  const inText = (one) => one.matches("a") && getComputedStyle(one).display === "inline" &&
    [...one.parentElement.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  return [...document.querySelectorAll(wants)].filter((one) =>
    one.checkVisibility() && !one.matches(covered) && !inText(one)).flatMap((one) => {
    const box = one.getBoundingClientRect();
    if (box.height >= 43.5 && box.width >= 43.5) return [];
    const words = (one.textContent.trim() || one.getAttribute("aria-label") || one.name || "").slice(0, 16);
    return [`small ${one.tagName}.${one.className} ${Math.round(box.width)}x${Math.round(box.height)} ${words}`];
  });
}"""

STATUS = {"unknown": 404, "forbidden": 403, "blocked": 409}
WAITS = ("incidents:paper", "lostfound:paper", "lostfound:list_paper", "handover:paper")
WAITS += ("insight:paper",)
EXEMPT = "meta-refresh"
"""Nothing can be lost on the page that waits for a paper, and without scripts it cannot look else."""


@pytest.mark.parametrize("group", GROUPS)
def test_pages_of(group: str, desk: Desk) -> None:
    desk.allow(403, 404, 409)
    viewer = Viewer(desk)
    seen = set()
    for row in GROUPS[group](World()):
        viewer.look(row)
        seen.add(row.route)

    assert viewer.problems == []
    assert seen == {name for name in routes() - NOT_PAGES.keys() if group_of(name) == group}


@pytest.mark.parametrize(
    ("title", "path", "button"),
    [
        ("intake-refused", "incidents/new/", "登记，开始处理"),
        ("signature-refused", "me/", "留存签名"),
        ("place-refused", "settings/places/new/", "新建地点"),
        ("found-refused", "lostfound/new/", "提交登记"),
        ("lost-refused", "lostfound/lost/new/", "登记，马上比对"),
        ("storage-refused", "lostfound/storage/new/", "新建存放位置"),
        ("count-refused", "lostfound/stocktake/new/", "开始盘点"),
        ("batch-refused", "lostfound/disposal/new/", "列入审批单"),
    ],
)
def test_refused_form(title: str, path: str, button: str, desk: Desk, team: Team) -> None:
    desk.allow(422)
    viewer = Viewer(desk)
    page = desk.page_as(team.pm)
    page.goto(team.url(path))
    page.locator("main form").get_by_role("button", name=button).click()
    expect(page.get_by_role("alert").first).to_be_visible()

    viewer.inspect(page, title)

    assert viewer.problems == []


def test_browser_tells_what_the_policy_forbids(desk: Desk, team: Team) -> None:
    page = desk.page_as(team.dm)
    page.goto(team.url())
    page.evaluate("document.body.append(Object.assign(new Image(), { src: 'data:,x' }))")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=color:red>x</p>')")

    expect(page.locator("p", has_text="x").last).to_be_attached()
    assert len(desk.problems) == 2
    assert all("Content Security Policy" in one for one in desk.problems)
    desk.problems.clear()


def test_audit_finds_small_contrast_a_nameless_button_and_what_sticks_out(desk: Desk) -> None:
    page = desk.page_as()
    page.set_content(
        "<html lang=en><title>t</title><main><h1>h</h1><p style='color:#ccc'>pale</p>"
        "<button></button><div style='width:2000px'>wide</div></main>"
    )
    page.evaluate(AXE)

    assert {one.split()[0] for one in page.evaluate(AUDIT, RULES)} == {
        "button-name",
        "color-contrast",
    }
    assert [one.split()[0] for one in page.evaluate(AUDIT, [])] == ["color-contrast"]
    assert page.evaluate(WIDE) == ["DIV. 2008"]


def test_measure_finds_targets_too_small_for_a_finger_but_no_link_in_a_sentence(desk: Desk) -> None:
    page = desk.page_as()
    page.set_content(
        "<p>Read <a href='#'>this</a> first.</p><a href='#' style='display:inline-block'>low</a>"
        "<button style='height:44px;width:20px'>x</button><label class=chip>chip</label>"
        "<details><summary style='height:44px'>more</summary><button>folded</button></details>"
        "<select style='height:44px;width:90px'></select><input type=hidden>"
    )

    found = [one.split()[1] for one in page.evaluate(SMALL)]
    assert found == ["A.", "BUTTON.", "LABEL.chip"]


class Viewer:
    """Opens rows in one browser per person and keeps what is wrong with them."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.pages: dict[User | None, Page] = {}
        self.problems: list[str] = []

    def look(self, row: Row) -> None:
        """Open a page once and look at it in every size and light."""
        if row.user not in self.pages:
            self.pages[row.user] = self.desk.page_as(row.user)
        page = self.pages[row.user]
        page.set_viewport_size({"width": 1280, "height": 900})
        page.emulate_media(color_scheme="light")
        answer = page.goto(row.url)
        assert answer is not None
        usual = 202 if row.route in WAITS else 200
        if answer.status != STATUS.get(row.case.rpartition(" ")[2], usual):
            self.problems.append(f"{row.title}: {answer.status} {row.url}")
            return
        self.inspect(page, row.title, exempt=EXEMPT if row.route in WAITS else "")

    def inspect(self, page: Page, title: str, *, exempt: str = "") -> None:
        """Look at what the page shows in every size and light."""
        page.evaluate(AXE)
        for width, dark in self._looks(page):
            light = "dark" if dark else "light"
            found = page.evaluate(WIDE) if not dark else []
            if width == 390 and not dark:
                found += page.evaluate(SMALL)
            if width != 320:
                found += page.evaluate(AUDIT, [] if dark else RULES)
            told = [f"{title} {width} {light}: {one}" for one in found]
            self.problems += [one for one in told if not exempt or exempt not in one]
            self._keep(page, f"{title}-{width}-{light}")

    def _looks(self, page: Page) -> Iterator[tuple[int, bool]]:
        for width, dark in LOOKS:
            page.set_viewport_size({"width": width, "height": 900 if width > 700 else 844})
            page.emulate_media(color_scheme="dark" if dark else "light")
            yield width, dark

    def _keep(self, page: Page, name: str) -> None:
        shots: Any = os.environ.get("PROPDESK_SHOTS")
        if shots and "-320-" not in name:
            Path(shots).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(shots) / f"{name}.png", full_page=True)
