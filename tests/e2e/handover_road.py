"""The road of a hand-over in the browser: write, sign, take over line by line."""

from playwright.sync_api import Locator, expect

from propdesk.core.models import User
from tests.e2e.hands import Hand
from tests.factories import PASSWORD

STEP = "换风扇后回访"


def line(hand: Hand, number: str) -> Locator:
    """What is handed over of one case."""
    return hand.main.locator(".q", has_text=number)


def area(hand: Hand, name: str) -> Locator:
    """One area of the patrol."""
    legend = hand.page.locator("legend", has_text=name)
    return hand.main.locator(".q").filter(has=legend)


def tell(hand: Hand, *numbers: str) -> None:
    """The next step of every line, and that the next shift was told."""
    for number in numbers:
        line(hand, number).get_by_label("下一步").fill(STEP)
        line(hand, number).get_by_label("已告知接班人").check()


def count(hand: Hand, what: str, there: int, why: str = "") -> None:
    """What is there of a thing that is counted."""
    row = hand.main.locator(".q", has_text=what)
    row.get_by_label("实有").fill(str(there))
    if why:
        row.get_by_label("不符的原因").fill(why)


def in_order(hand: Hand, *areas: str) -> None:
    """Areas where the patrol found nothing."""
    for name in areas:
        area(hand, name).get_by_text("正常", exact=True).click()


def sign(hand: Hand) -> None:
    """Who goes signs; a wrong password first."""
    hand.press("保存，去签名")
    hand.fill("您的登录密码", "wrong")
    hand.press("签名交班")
    expect(hand.main).to_contain_text("密码不对")
    hand.fill("您的登录密码", PASSWORD)
    hand.press("签名交班")
    hand.says("请接班人逐条接班")


def take(hand: Hand, *numbers: str) -> None:
    """接下 of each."""
    for number in numbers:
        line(hand, number).get_by_text("接下", exact=True).click()


def come(hand: Hand, who: User) -> None:
    """Who comes signs on the screen of who goes."""
    hand.field("接班人").select_option(value=str(who.pk))
    hand.fill("接班人的登录密码", PASSWORD)
    hand.press("签名接班")
    hand.says("已接班")
