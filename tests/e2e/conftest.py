"""A browser on the live server. Whatever goes wrong in a page fails the test that opened it."""

import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import connections
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from propdesk.core.models import User
from tests.e2e.team import Team

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
]
MISSING = (
    "No Chromium. As root: apt-get install -y chromium (or set PROPDESK_CHROMIUM to its path); "
    "without a browser: script/test --no-browser"
)
PATIENCE = 20_000
"""Milliseconds for one step: two cores may be shared with the rest of the suite."""
STATUS = re.compile(r"(?:status of|Status Error Code) (\d{3})")
ARROW = "Loading the image 'data:image/svg+xml,%3csvg xmlns="
"""Bootstrap's arrow of a list, asked for while our own style sheet is still on its way."""


@dataclass
class Desk:
    """Opens pages of staff and keeps what went wrong in any of them."""

    browser: Browser
    base: str
    problems: list[str] = field(default_factory=list)
    allowed: set[int] = field(default_factory=set)
    contexts: list[BrowserContext] = field(default_factory=list)

    def allow(self, *statuses: int) -> None:
        """A browser writes every refused page into the console; these are meant to be refused."""
        self.allowed |= set(statuses)

    def context(
        self,
        user: User | None = None,
        *,
        width: int = 1280,
        js: bool = True,
        dark: bool = False,
        touch: bool = False,
    ) -> BrowserContext:
        """A browser of its own, logged in as ``user`` by cookie when one is given."""
        context = self.browser.new_context(
            base_url=self.base,
            viewport={"width": width, "height": 844 if width < 700 else 900},
            has_touch=touch,
            is_mobile=touch,
            java_script_enabled=js,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
        )
        context.set_default_timeout(PATIENCE)
        context.on("page", self._watch)
        if user is not None:
            self.log_in(context, user)
        self.contexts.append(context)
        return context

    def log_in(self, context: BrowserContext, user: User) -> None:
        """Give the browser a session, fresh enough for pages that ask for the password again."""
        client = Client()
        client.force_login(user)
        session = client.session
        session["account_authentication_methods"] = [
            {"method": "password", "at": time.time(), "username": user.username}
        ]
        session.save()
        name = settings.SESSION_COOKIE_NAME
        cookie: Any = {"name": name, "value": session.session_key, "url": self.base}
        context.add_cookies([cookie])

    def page_as(self, user: User | None = None, **options: Any) -> Page:
        """A page of a new browser; see ``context``."""
        return self.context(user, **options).new_page()

    def _watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: {error}"))
        page.on("console", lambda message: self._console(page, message))
        page.on("dialog", self._dialog)

    def _console(self, page: Page, message: Any) -> None:
        if message.type not in {"error", "warning"}:
            return
        if message.text.startswith(ARROW):
            return
        status = STATUS.search(message.text)
        if status and int(status[1]) in self.allowed:
            return
        self.problems.append(f"{page.url}: {message.text}")

    def _dialog(self, dialog: Any) -> None:
        self.problems.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium of the system: nothing is downloaded."""
    path = os.environ.get("PROPDESK_CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.fail(MISSING)
    patch = pytest.MonkeyPatch()
    # Playwright keeps a loop in this thread, which Django takes for asynchronous code.
    patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    expect.set_options(timeout=PATIENCE)
    # From here on Django keeps other connections for this thread, and nobody would close these.
    connections.close_all()
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
    patch.undo()


@contextmanager
def in_flight() -> Iterator[Callable[[], None]]:
    """Count the requests the live server answers; what is yielded waits until there are none.

    An open board asks every five seconds, also in the moment its browser is closed: the tables must
    not be emptied under an answer that is still being made.
    """
    running: set[Any] = set()
    begins = partial(_begins, running)
    ends = partial(_ends, running)
    request_started.connect(begins)
    request_finished.connect(ends)

    def wait() -> None:
        until = time.monotonic() + 10
        while running and time.monotonic() < until:
            time.sleep(0.02)

    try:
        yield wait
    finally:
        request_started.disconnect(begins)
        request_finished.disconnect(ends)


def _begins(running: set[Any], **_kwargs: Any) -> None:
    running.add(threading.get_ident())


def _ends(running: set[Any], **_kwargs: Any) -> None:
    running.discard(threading.get_ident())


@pytest.fixture
def desk(browser: Browser, live_server: Any) -> Iterator[Desk]:
    """Pages on the live server; at the end no page may have complained."""
    desk = Desk(browser, live_server.url)
    with in_flight() as wait:
        yield desk
        for context in desk.contexts:
            context.close()
        wait()
    assert desk.problems == []


@pytest.fixture
def team(desk: Desk) -> Team:
    """A house with rooms and one person for every part of a complaint."""
    return Team()
