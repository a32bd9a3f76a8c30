"""How a person works a page: with the mouse, or with nothing but the keyboard."""

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

Name = str | re.Pattern[str]
STEPS = 250
"""No page of ours is so long that a field lies more tab stops away."""


class Hand:
    """A mouse: finds things by the words a person reads."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def main(self) -> Locator:
        """The page without its frame."""
        return self.page.locator("main")

    def field(self, label: str) -> Locator:
        """A field by its label; a chip may bear the same word."""
        typed = self.page.locator(":not([type=radio])")
        return self.main.get_by_label(label, exact=True).and_(typed)

    def group(self, name: Name) -> Locator:
        """A set of chips by its legend."""
        return self.main.get_by_role("group", name=name)

    def go(self, url: str) -> None:
        """Open an address."""
        self.page.goto(url)

    def fill(self, label: str, text: str) -> None:
        """Type into a field."""
        self.field(label).fill(text)

    def pick(self, group: Name, choice: str) -> None:
        """Take one of the chips."""
        self.group(group).get_by_text(choice, exact=True).click()

    def select(self, label: str, option: str) -> None:
        """Take one line of a list; of a person his name, whatever the list adds to it (当班 …)."""
        field = self.field(label)
        begins = re.compile(rf"^\s*{re.escape(option)}(?:（|\s|$)")
        value = field.locator("option").filter(has_text=begins).first.get_attribute("value")
        field.select_option(value=value or "")

    def tick(self, label: str) -> None:
        """Tick a box."""
        self.field(label).check()

    def quick_time(self, index: int = 0) -> None:
        """Take one of the times that are offered."""
        self.group("常用时间").get_by_role("button").nth(index).click()

    def press(self, button: Name, *, scope: Locator | None = None) -> None:
        """Press a button."""
        (scope or self.main).get_by_role("button", name=button).click()

    def follow(self, link: Name) -> None:
        """Follow the first link of these words."""
        self.main.get_by_role("link", name=link).first.click()

    def unfold(self, title: str) -> None:
        """Open a folded part."""
        self.main.locator("summary", has_text=title).click()

    def draw(self, scope: Locator | None = None) -> None:
        """Sign on the pad."""
        canvas = (scope or self.main).locator("canvas")
        canvas.scroll_into_view_if_needed()
        box: Any = canvas.bounding_box()
        x, y, w, h = box["x"], box["y"], box["width"], box["height"]
        mouse = self.page.mouse
        mouse.move(x + w * 0.15, y + h * 0.7)
        mouse.down()
        for across, down in ((0.3, 0.25), (0.45, 0.75), (0.6, 0.3), (0.85, 0.6)):
            mouse.move(x + w * across, y + h * down, steps=6)
        mouse.up()

    def upload(self, label: Name, file: Path) -> None:
        """Choose a file."""
        self.main.locator("input[type=file]").set_input_files(file)

    def says(self, sentence: Name) -> None:
        """Expect the note after an act."""
        expect(self.page.locator("#flash")).to_contain_text(sentence)

    def stands(self, status: str) -> None:
        """Expect the state of the complaint in its head."""
        expect(self.page.locator(".case-head .st-lg")).to_have_text(status)


class Keys(Hand):
    """The keyboard alone: every thing is reached by Tab and worked by keys."""

    def go(self, url: str) -> None:
        raise NotImplementedError("a keyboard follows links")

    def reach(self, target: Locator) -> None:
        """Press Tab until the focus is on the target."""
        expect(target).to_be_visible()
        for _step in range(STEPS):
            if target.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab never reached {target}")

    def fill(self, label: str, text: str) -> None:
        self.reach(self.field(label))
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    def pick(self, group: Name, choice: str) -> None:
        radios = self.group(group).get_by_role("radio")
        target = self.group(group).get_by_role("radio", name=choice, exact=True)
        expect(target).to_be_attached()
        for _step in range(STEPS):
            if radios.evaluate_all("all => all.includes(document.activeElement)"):
                break
            self.page.keyboard.press("Tab")
        self.page.keyboard.press("Space")
        for _step in range(radios.count()):
            if target.is_checked():
                return
            self.page.keyboard.press("ArrowRight")
        raise AssertionError(f"the keys never chose {choice}")

    def select(self, label: str, option: str) -> None:
        target = self.field(label)
        self.reach(target)
        for _step in range(STEPS):
            if target.evaluate("list => list.selectedOptions[0]?.label") == option:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"the keys never chose {option}")

    def tick(self, label: str) -> None:
        self.reach(self.field(label))
        self.page.keyboard.press("Space")

    def quick_time(self, index: int = 0) -> None:
        self.reach(self.group("常用时间").get_by_role("button").nth(index))
        self.page.keyboard.press("Enter")

    def press(self, button: Name, *, scope: Locator | None = None) -> None:
        self.reach((scope or self.main).get_by_role("button", name=button))
        self.page.keyboard.press("Enter")

    def follow(self, link: Name) -> None:
        self.reach(self.main.get_by_role("link", name=link).first)
        self.page.keyboard.press("Enter")

    def unfold(self, title: str) -> None:
        self.reach(self.main.locator("summary", has_text=title))
        self.page.keyboard.press("Enter")

    def draw(self, scope: Locator | None = None) -> None:
        raise NotImplementedError("nobody draws with a keyboard")
