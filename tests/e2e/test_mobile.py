"""A guard on a phone: log in, take a complaint down, add a photo, see it."""

import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.e2e import road
from tests.e2e.conftest import Desk
from tests.e2e.hands import Hand
from tests.e2e.team import Team
from tests.factories import PASSWORD

pytestmark = pytest.mark.e2e
GPS, LATITUDE, MAKE = 0x8825, 2, 0x010F
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
SMALL = """() => [...document.querySelectorAll("main button, main a.btn, main label.chip, .tabbar a")]
  .filter((one) => one.offsetParent && one.getBoundingClientRect().height < 40)
  .map((one) => one.outerHTML.slice(0, 120))"""


def _snapshot(path: Path) -> Path:
    """A photo as a phone takes it: large, and with the place it was taken at."""
    picture = Image.effect_noise((2400, 1800), 40).convert("RGB")
    exif = Image.Exif()
    exif[MAKE] = "PHONE"
    exif.get_ifd(GPS)[1] = "N"
    exif.get_ifd(GPS)[LATITUDE] = (22.0, 32.0, 10.0)
    picture.save(path, "JPEG", quality=80, exif=exif)
    assert b"PHONE" in path.read_bytes()
    return path


@pytest.mark.parametrize("js", [True, False])
def test_guard_takes_a_complaint_with_a_photo(
    desk: Desk, team: Team, tmp_path: Path, js: bool
) -> None:
    hand = Hand(desk.page_as(width=390, touch=True, js=js))
    page = hand.page
    hand.go("/")
    page.get_by_label("工号").fill(team.guard.username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("值班台")
    if js:
        assert page.evaluate(FITS)
    page.locator(".tabbar summary").tap()
    page.locator(".tabbar").get_by_role("link", name="登记投诉").tap()
    number = road.take_in(hand, "三楼走廊灯坏了两天")
    expect(hand.main.locator("h1")).to_contain_text("王女士 · A-1806")

    hand.follow("添加")
    hand.upload("照片", _snapshot(tmp_path / "灯.jpg"))
    hand.fill("说明", "走廊东侧")
    if js:
        expect(hand.main.locator(".thumbs li")).to_have_count(1)
        assert page.evaluate(FITS)
        assert page.evaluate(SMALL) == []
    hand.press("上传照片")
    hand.says("照片已保存")

    photo = hand.main.get_by_role("img", name="走廊东侧")
    expect(photo).to_be_visible()
    stored = page.request.get(f"{photo.get_attribute('src')}".replace("/small/", "/full/"))
    kept = Image.open(io.BytesIO(stored.body()))
    assert kept.format == "JPEG"
    assert not kept.getexif()
    assert b"PHONE" not in stored.body()
    hand.go(team.url("incidents/"))
    expect(hand.main).to_contain_text(number)


def test_guard_sees_only_what_he_took_in(desk: Desk, team: Team) -> None:
    desk.allow(404)
    other, guard = Hand(desk.page_as(team.dm)), Hand(desk.page_as(team.guard, width=390))
    other.go(team.url("incidents/new/"))
    number = road.take_in(other)

    guard.go(team.url("incidents/"))
    expect(guard.main).to_contain_text("暂无投诉")
    answer = guard.page.goto(team.url(f"incidents/{number}/"))
    assert answer is not None
    assert answer.status == 404
