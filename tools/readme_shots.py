"""Takes the pictures of README and manual from a running demo house.

    python tools/readme_shots.py http://127.0.0.1:8000 PASSWORD [--property lanwan] [--out DIR]

Reads pages only; nothing is submitted except the log-in, so the demo stays as it is (a paper that
was never made is made once). Pictures are cut to a palette: text stays sharp, files stay small.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
LIMIT_BYTES = 250_000
COLOURS = 128
DESK = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
DUTY_MANAGER, PROPERTY_MANAGER, GUARD, DEPARTMENT_MANAGER = "1001", "1010", "1030", "1044"
PAPER_SECONDS = 60
PAPER_WIDTH = 1000
# An empty field shows its format in the language of the browser, which is English here.
NO_FORMATS = "input[type=datetime-local]:not([value])::-webkit-datetime-edit { opacity: 0 }"


@dataclass
class Demo:
    """Where the demo runs, how to log in, where pictures go."""

    base: str
    password: str
    prop: str
    out: Path

    def url(self, path: str = "") -> str:
        """Return the address of a page of the property."""
        return f"{self.base}/p/{self.prop}/{path}"

    def keep(self, name: str, picture: Image.Image) -> None:
        """Write a picture as a small PNG; too large a file is an error, not a surprise later."""
        path = self.out / f"{name}.png"
        small = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        small.save(path, optimize=True)
        size = path.stat().st_size
        if size > LIMIT_BYTES:
            message = f"{path} has {size} bytes, more than {LIMIT_BYTES}"
            raise SystemExit(message)
        print(f"{path.name}  {size // 1000} kB")

    def shoot(self, page: Page, name: str) -> None:
        """Keep what the window shows."""
        page.wait_for_load_state("networkidle")
        page.evaluate("document.fonts.ready.then(() => true)")
        page.add_style_tag(content=NO_FORMATS)
        self.keep(name, Image.open(io.BytesIO(page.screenshot(animations="disabled"))))


@contextmanager
def logged_in(browser: Browser, demo: Demo, number: str, size: dict[str, int]) -> Iterator[Page]:
    """Yield a page of somebody who has logged in."""
    touch = size is PHONE
    context: BrowserContext = browser.new_context(
        viewport=size,  # type: ignore[arg-type]
        has_touch=touch,
        is_mobile=touch,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
        ignore_https_errors=True,
        bypass_csp=True,
    )
    page = context.new_page()
    page.goto(f"{demo.base}/accounts/login/")
    page.get_by_label("工号").fill(number)
    page.get_by_label("密码").fill(demo.password)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(re.compile(r"/p/"))
    yield page
    context.close()


def complaint(page: Page, demo: Demo, status: str, words: str = "") -> str:
    """Return the address of the first complaint in a state, as the list shows it."""
    page.goto(demo.url("incidents/?state=all"))
    row = page.locator("tr", has=page.locator("td", has_text=status)).filter(has_text=words).first
    return demo.base + str(row.locator("a.what").get_attribute("href"))


def desk(page: Page, demo: Demo, suffix: str) -> None:
    """What the duty manager sees, at the width of the window."""
    page.goto(demo.url())
    demo.shoot(page, f"board-{suffix}")
    page.goto(complaint(page, demo, "受理中"))
    demo.shoot(page, f"conduct-{suffix}")
    page.goto(complaint(page, demo, "处理中"))
    demo.shoot(page, f"complaint-{suffix}")


def lists(page: Page, demo: Demo, suffix: str) -> None:
    """The list of complaints and the shifts."""
    page.goto(demo.url("incidents/"))
    demo.shoot(page, f"list-{suffix}")
    page.goto(demo.url("settings/shifts/"))
    demo.shoot(page, f"shifts-{suffix}")


def events(page: Page, demo: Demo, suffix: str) -> None:
    """The tiles of the special events, and the one that runs."""
    page.goto(demo.url("emergencies/"))
    demo.shoot(page, f"events-{suffix}")
    page.locator("main a[href*='/emergencies/SJ-']").first.click()
    demo.shoot(page, f"event-{suffix}")


def manager(page: Page, demo: Demo, suffix: str) -> None:
    """What the property manager sets."""
    page.goto(demo.url("settings/"))
    demo.shoot(page, f"settings-{suffix}")


def signer(page: Page, demo: Demo, suffix: str) -> None:
    """What waits for somebody's signature."""
    page.goto(demo.url("sign/"))
    demo.shoot(page, f"inbox-{suffix}")


def guard(page: Page, demo: Demo, suffix: str) -> None:
    """How somebody on his round takes a complaint in."""
    page.goto(demo.url("incidents/new/"))
    demo.shoot(page, f"intake-{suffix}")


def paper(page: Page, demo: Demo, suffix: str) -> None:
    """The first page of the signed report, drawn from the PDF itself."""
    address = f"{complaint(page, demo, '已结案')}paper/incident_report/"
    deadline = time.monotonic() + PAPER_SECONDS
    while True:
        answer = page.request.get(address)
        if answer.body()[:5] == b"%PDF-":
            break
        if time.monotonic() > deadline:
            message = f"no paper at {address} after {PAPER_SECONDS} s"
            raise SystemExit(message)
        time.sleep(2)
    sheet = pypdfium2.PdfDocument(answer.body())[0]
    scale = PAPER_WIDTH / sheet.get_width()
    demo.keep(f"report-{suffix}", sheet.render(scale=scale).to_pil())


SHOTS: tuple[tuple[str, dict[str, int], str, Callable[[Page, Demo, str], None]], ...] = (
    (DUTY_MANAGER, DESK, "1280", desk),
    (DUTY_MANAGER, PHONE, "390", desk),
    (DUTY_MANAGER, DESK, "1280", lists),
    (DUTY_MANAGER, DESK, "1280", events),
    (DUTY_MANAGER, PHONE, "390", events),
    (PROPERTY_MANAGER, DESK, "1280", manager),
    (DEPARTMENT_MANAGER, PHONE, "390", signer),
    (GUARD, PHONE, "390", guard),
    (DUTY_MANAGER, DESK, "a4", paper),
)


def main() -> int:
    """Take every picture; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base", help="address of the running demo")
    parser.add_argument("password", help="password of the demo accounts")
    parser.add_argument("--property", default="lanwan", help="code of the demo house")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    demo = Demo(options.base.rstrip("/"), options.password, options.property, options.out)
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=options.chromium,
            args=["--no-sandbox", "--force-color-profile=srgb"],
        )
        for number, size, suffix, take in SHOTS:
            with logged_in(browser, demo, number, size) as page:
                take(page, demo, suffix)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
