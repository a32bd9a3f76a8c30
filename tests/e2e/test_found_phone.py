"""A guard finds something and logs it on his phone in under a minute: six taps and a sentence."""

import io
import re
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from PIL import Image
from playwright.sync_api import expect

from lostfound.models import FoundItem
from propdesk.core.models import Attachment
from tests.e2e import found_road as road
from tests.e2e.conftest import Desk
from tests.e2e.found_road import at
from tests.factories import PASSWORD

pytestmark = pytest.mark.e2e
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
MOST_TAPS = 6
FORM = "lostfound/new/"


def test_guard_logs_a_find_with_six_taps_and_one_text_field(desk: Desk, tmp_path: Path) -> None:
    house = road.house()
    page = desk.page_as(house.guard, width=390, touch=True)
    thumb, effort = road.phone(page)
    photos = road.snapshots(tmp_path, 3)
    manager = at(desk, house.dm)
    manager.go(house.url("notices/"))
    expect(manager.main).not_to_contain_text("请接收")

    # Nothing was found at this place before: building, floor and spot are three taps.
    thumb.go(house.url())
    thumb.begin("拾物登记")
    expect(page.get_by_role("heading", level=1)).to_have_text("拾物登记")
    assert page.evaluate(FITS)
    effort.start()
    road.photograph(thumb, photos)
    thumb.pick("是什么", "手机")
    thumb.unfold("B座")
    thumb.unfold("1层")
    thumb.main.get_by_text("大堂沙发", exact=True).tap()
    thumb.fill("特征", road.WORDS)
    thumb.press("提交登记")
    number = road.numbered(thumb)

    assert effort.taps == ["photos", "手机", "B座", "1层", "大堂沙发", "提交登记"]
    assert len(effort.taps) <= MOST_TAPS
    assert (effort.fields, effort.entered) == ({"features"}, 1)
    assert page.evaluate(FITS)
    expect(thumb.main).to_contain_text("周敏")
    expect(thumb.main.get_by_role("img", name=f"{number} 的二维码")).to_be_visible()

    manager.go(house.url("notices/"))
    expect(manager.main).to_contain_text(f"【拾获物品，请接收】{number} · 手机")
    manager.go(house.url())
    expect(manager.main.locator("[data-rows]")).to_contain_text(number)
    manager.main.get_by_role("link", name="接收入库").first.click()
    manager.stands("待接收")
    expect(manager.main.locator(".hero")).to_contain_text("共 3 张")
    _kept_small_and_bare(manager, number)


def _kept_small_and_bare(manager: road.Hand, number: str) -> None:
    """The browser shrank the photos, the server took off whatever a phone writes into them."""
    stored = Attachment.objects.filter(case__number=number)
    assert {max(row.width, row.height) for row in stored} == {1600}
    shown = manager.main.locator(".hero .photo img").get_attribute("src")
    answer = manager.page.request.get(f"{shown}".replace("/small/", "/full/"))
    kept = Image.open(io.BytesIO(answer.body()))
    assert (kept.format, dict(kept.getexif())) == ("JPEG", {})


def test_next_find_takes_six_taps_from_the_first_screen(desk: Desk, tmp_path: Path) -> None:
    house = road.house()
    house.logged(place=house.sofa, place_note="")
    page = desk.page_as(house.guard, width=390, touch=True)
    thumb, effort = road.phone(page)
    thumb.go(house.url())
    expect(page.get_by_role("heading", level=1)).to_have_text("值班台")
    effort.start()
    thumb.begin("拾物登记")
    road.photograph(thumb, road.snapshots(tmp_path))
    thumb.pick("是什么", "钥匙门卡")
    thumb.main.locator(".near").get_by_text("B座 1层 大堂沙发").tap()
    thumb.fill("特征", "铜钥匙三把，红色绳圈")
    thumb.press("提交登记")
    number = road.numbered(thumb)

    assert len(effort.taps) == MOST_TAPS
    assert (effort.fields, effort.entered) == ({"features"}, 1)
    item = FoundItem.objects.get(case__number=number)
    assert (item.place, item.name, item.unit, item.finder_user) == (
        house.sofa,
        "钥匙门卡",
        "串",
        house.guard,
    )


def test_code_of_the_spot_leaves_three_taps(desk: Desk, tmp_path: Path) -> None:
    house = road.house()
    page = desk.page_as(house.guard, width=390, touch=True)
    thumb, effort = road.phone(page)
    thumb.go(house.url(f"{FORM}?spot={house.sofa.code}"))
    effort.start()
    road.photograph(thumb, road.snapshots(tmp_path))
    thumb.pick("是什么", "雨伞")
    thumb.fill("特征", "黑色长柄伞，木柄")
    thumb.press("提交登记")

    item = FoundItem.objects.get(case__number=road.numbered(thumb))
    assert item.place == house.sofa
    assert effort.taps == ["photos", "雨伞", "提交登记"]


def test_refused_log_keeps_words_place_and_photos(desk: Desk, tmp_path: Path) -> None:
    desk.allow(422)
    house = road.house()
    house.logged(place=house.sofa, place_note="")
    page = desk.page_as(house.guard, width=390, touch=True)
    thumb = road.Thumb(page)
    thumb.go(house.url(FORM))
    road.photograph(thumb, road.snapshots(tmp_path, 2))
    thumb.main.locator(".near").get_by_text("B座 1层 大堂沙发").tap()
    thumb.press("提交登记")

    alert = thumb.main.get_by_role("alert").first
    expect(alert).to_contain_text("请选择：是什么")
    expect(alert).to_contain_text("请填写：特征")
    assert FoundItem.objects.count() == 1
    expect(thumb.main.get_by_role("radio", name="B座 1层 大堂沙发").first).to_be_checked()
    expect(thumb.main.locator(".thumbs li")).to_have_count(2)
    thumb.pick("是什么", "手机")
    thumb.fill("特征", road.WORDS)
    thumb.press("提交登记")
    number = road.numbered(thumb)
    assert Attachment.objects.filter(case__number=number).count() == 2
    assert FoundItem.objects.get(case__number=number).place == house.sofa


def test_log_survives_a_lost_connection(desk: Desk, tmp_path: Path) -> None:
    house = road.house()
    page = desk.page_as(house.guard, width=390, touch=True)
    thumb = road.Thumb(page)
    thumb.go(house.url(f"{FORM}?spot={house.sofa.code}"))
    road.photograph(thumb, road.snapshots(tmp_path))
    thumb.pick("是什么", "手机")
    thumb.fill("特征", road.WORDS)
    page.context.set_offline(True)
    thumb.press("提交登记")
    expect(page.locator("#flash").get_by_role("alert")).to_be_visible()
    expect(thumb.field("特征")).to_have_value(road.WORDS)
    page.context.set_offline(False)

    thumb.press("提交登记")
    number = road.numbered(thumb)
    assert Attachment.objects.filter(case__number=number).count() == 1
    told = ("ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest")
    assert [one for one in desk.problems if not any(word in one for word in told)] == []
    desk.problems.clear()


def test_expired_log_in_keeps_words_and_photos_on_the_page(desk: Desk, tmp_path: Path) -> None:
    desk.allow(401)
    house = road.house()
    page = desk.page_as(house.guard, width=390, touch=True)
    thumb = road.Thumb(page)
    thumb.go(house.url(f"{FORM}?spot={house.sofa.code}"))
    road.photograph(thumb, road.snapshots(tmp_path))
    thumb.pick("是什么", "手机")
    thumb.fill("特征", road.WORDS)
    Session.objects.all().delete()
    thumb.press("提交登记")

    alert = page.locator("#flash").get_by_role("alert")
    expect(alert).to_contain_text("登录已过期，请重新登录")
    with page.context.expect_page() as opened:
        alert.get_by_role("link", name="在新窗口登录").tap()
    door = opened.value
    door.get_by_label("工号").fill(house.guard.username)
    door.get_by_label("密码").fill(PASSWORD)
    door.get_by_role("button", name="登录", exact=True).click()
    expect(door.get_by_role("heading", level=1)).to_have_text("值班台")
    door.close()
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(alert).to_contain_text("请再按一次提交")
    thumb.press("提交登记")

    number = road.numbered(thumb)
    assert FoundItem.objects.get(case__number=number).features == road.WORDS
    assert Attachment.objects.filter(case__number=number).count() == 1
    desk.problems.clear()


def test_half_filled_log_is_there_again_on_coming_back(desk: Desk) -> None:
    house = road.house()
    page = desk.page_as(house.guard, width=390, touch=True)
    page.clock.install()
    thumb = road.Thumb(page)
    thumb.go(house.url(f"{FORM}?spot={house.sofa.code}"))
    thumb.pick("是什么", "手机")
    thumb.fill("特征", road.WORDS)
    with page.expect_response(re.compile("/new/draft/$")):
        page.clock.fast_forward(3_500)
    thumb.go(house.url(FORM))

    expect(thumb.field("特征")).to_have_value(road.WORDS)
    expect(thumb.group("是什么").get_by_role("radio", name="手机")).to_be_checked()
    expect(thumb.main.get_by_role("radio", name="B座 1层 大堂沙发").first).to_be_checked()


def test_housekeeper_finds_and_hands_in_by_way_of_her_own_phone(desk: Desk, tmp_path: Path) -> None:
    house = road.house()
    page = desk.page_as(house.cleaner, width=390, touch=True)
    thumb = road.Thumb(page)
    thumb.go(house.url(f"{FORM}?spot={house.room.code}"))
    road.photograph(thumb, road.snapshots(tmp_path))
    thumb.pick("是什么", "首饰手表")
    thumb.fill("特征", "银色手链，扣上刻着一个“林”字")
    thumb.press("提交登记")
    number = road.numbered(thumb)
    thumb.follow("看这件")
    thumb.stands("待接收")
    expect(thumb.main).to_contain_text("东西还在您手里")
    expect(thumb.main.locator(".stations .here")).to_contain_text("孙丽")
    item = FoundItem.objects.get(case__number=number)
    assert (item.finder_user, item.finder_department) == (house.cleaner, house.housekeeping)

    # What others found is none of her business.
    desk.allow(404)
    other = house.logged()
    answer = page.goto(other.get_absolute_url())
    assert answer is not None
    assert answer.status == 404


def test_guard_who_was_not_at_the_desk_confirms_on_his_phone(desk: Desk) -> None:
    house = road.house()
    item = house.stored(guard_password="")
    thumb = road.Thumb(desk.page_as(house.guard, width=390, touch=True))
    thumb.go(house.url())
    thumb.follow(re.compile("共管会签"))
    thumb.stands("在库")
    expect(thumb.main.locator(".stations .here")).to_contain_text("等李强会签")
    thumb.press("确认会签")
    thumb.says("已会签")
    expect(thumb.main.locator(".stations .here")).not_to_contain_text("会签")
    link = item.custody.get(ended_at=None)
    assert (link.manager, link.guard) == (house.dm, house.guard)
    assert link.guard_at is not None


def test_contraband_is_watched_and_goes_to_the_police_never_into_the_store(
    desk: Desk, tmp_path: Path
) -> None:
    house = road.house()
    thumb = road.Thumb(desk.page_as(house.guard, width=390, touch=True))
    thumb.go(house.url(f"{FORM}?spot={house.sofa.code}"))
    road.photograph(thumb, road.snapshots(tmp_path))
    thumb.pick("是什么", "违禁危险品")
    expect(thumb.main.locator(".advice-contraband")).to_be_visible()
    thumb.fill("特征", "弹簧刀一把，黑色柄")
    thumb.press("提交登记")
    number = road.numbered(thumb)
    expect(thumb.main).to_contain_text("立即报警")

    manager = at(desk, house.dm, width=390, touch=True)
    manager.go(house.url("notices/"))
    expect(manager.main).to_contain_text(f"【违禁危险品，立即处理】{number}")
    manager.go(house.item_url(number))
    expect(manager.main.get_by_role("button", name="接收入库")).to_have_count(0)
    manager.fill("公安接收回执编号", "接收字第7号")
    manager.fill("接收民警警号或单位", "南山派出所 012345")
    manager.fill("保安部密码（须在本机确认）", PASSWORD)
    manager.press("登记移交公安")
    manager.says("已登记移交公安")
    manager.stands("已移交公安")
