"""The main road in a browser without scripts; a signature is then a scanned file."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e import road
from tests.e2e.conftest import Desk
from tests.e2e.hands import Hand
from tests.e2e.team import Team
from tests.factories import PASSWORD
from tests.incidents.journey import drawn

pytestmark = pytest.mark.e2e


def test_main_road_without_scripts(desk: Desk, team: Team, tmp_path: Path) -> None:
    scan = tmp_path / "签名.png"
    scan.write_bytes(drawn())
    hand = Hand(desk.page_as(team.dm, js=False))
    hand.go(team.url("incidents/new/"))
    number = road.take_in(hand)
    home = team.url(f"incidents/{number}/")
    road.conduct(hand)
    road.record(hand)
    road.offer(hand)
    road.tell(hand)
    road.choose(hand, "2 换到 A-1612 同户型")
    road.promise(hand, due=road.soon(120))
    road.start(hand)
    road.resolve(hand)
    road.call_back(hand, "满意", "安静了")
    road.summarise(hand)
    road.report(hand)
    hand.upload("签名", scan)
    road.submit(hand)

    for person in (team.head, team.pm):
        signer = Hand(desk.page_as(person, js=False))
        signer.go(team.url("sign/"))
        signer.follow("去签批")
        signer.upload("签名", scan)
        signer.fill("意见", "同意")
        signer.fill("您的登录密码", PASSWORD)
        signer.press("同意并签名")
        signer.says("已签批")

    hand.go(home)
    road.close(hand)


def test_nothing_that_needs_scripts_shows_without_them(desk: Desk, team: Team) -> None:
    page = desk.page_as(team.dm, js=False)
    page.goto(team.url("me/"))

    expect(page.locator("canvas")).to_be_hidden()
    expect(page.locator("input[type=file]")).to_be_visible()
