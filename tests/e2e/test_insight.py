"""统计 in a browser: bars on a canvas that lead where their figures do, and all figures without scripts."""

import re

import pytest
from playwright.sync_api import expect

from incidents import workflow
from propdesk.core.persons import Guest
from tests.e2e.conftest import Desk
from tests.e2e.team import Team

pytestmark = pytest.mark.e2e


def taken_in(team: Team, number: int) -> None:
    for _n in range(number):
        what = workflow.Intake(words="空调有异响", guest=Guest(name="王晓梅"), place=team.room)
        workflow.intake(team.prop, what, by=team.dm)


def test_bar_leads_to_the_rows_of_its_figure(desk: Desk, team: Team) -> None:
    taken_in(team, 3)
    page = desk.page_as(team.pm)
    page.goto(team.url("insight/"))
    bars = page.locator("[data-chart=rooms] canvas")
    expect(bars).to_be_visible()

    bars.click(position={"x": bars.bounding_box()["width"] / 2, "y": 20})

    expect(page).to_have_url(re.compile(rf"/insight/rows/complaints/\?.*room={team.room.pk}"))
    expect(page.locator("tbody tr")).to_have_count(3)


def test_bars_are_painted_anew_in_the_dark(desk: Desk, team: Team) -> None:
    taken_in(team, 2)
    page = desk.page_as(team.pm)
    page.goto(team.url("insight/"))
    bars = page.locator("[data-chart=complaints] canvas")
    expect(bars).to_be_visible()
    light = bars.evaluate("canvas => canvas.toDataURL()")

    page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
    page.emulate_media(color_scheme="dark")

    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.wait_for_function(
        "light => document.querySelector('[data-chart=complaints] canvas').toDataURL() !== light",
        arg=light,
    )


def test_figures_stand_in_tables_without_scripts(desk: Desk, team: Team) -> None:
    taken_in(team, 2)
    page = desk.page_as(team.pm, js=False)
    page.goto(team.url("insight/"))

    page.get_by_role("row", name="A座 1806").get_by_role("link", name="2").click()

    expect(page.locator("tbody tr")).to_have_count(2)
    assert page.locator("canvas").count() == 0
