"""A manager is led to a passkey, adds one, and logs in with it; the browser's authenticator is a virtual one."""

import re

import pytest
from playwright.sync_api import Page, expect

from propdesk.core.models import PropertySettings
from tests.e2e.conftest import Desk
from tests.e2e.team import Team
from tests.factories import PASSWORD

pytestmark = pytest.mark.e2e
PLATFORM = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
}


def log_in(page: Page, name: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("工号").fill(name)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()


def prove(page: Page) -> None:
    """The password once more, before anything of the log-in is changed."""
    expect(page.get_by_role("heading", level=1)).to_have_text("再确认一次身份")
    page.get_by_role("textbox", name="密码").fill(PASSWORD)
    page.get_by_role("button", name="确认是我").click()


def test_manager_adds_a_passkey_and_logs_in_with_it(desk: Desk, team: Team) -> None:
    PropertySettings.objects.update(second_step=PropertySettings.SecondStep.MANAGERS)
    page = desk.page_as()
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": PLATFORM})
    log_in(page, team.pm.username)

    expect(page.get_by_role("heading", level=1)).to_have_text("先启用两步登录")
    page.goto(team.url("settings/"))
    expect(page.get_by_role("heading", level=1)).to_have_text("先启用两步登录")
    page.get_by_role("link", name="添加通行密钥").click()
    prove(page)
    page.get_by_role("textbox", name="名称").fill("前台电脑")
    page.get_by_role("button", name="用这台设备添加").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("备用码")
    expect(page.locator(".codes li")).to_have_count(10)

    page.goto("/accounts/logout/")
    page.get_by_role("button", name="退出").click()
    page.get_by_role("button", name="用通行密钥登录").click()
    expect(page).to_have_url(re.compile(team.url() + "$"))
    expect(page.get_by_text(team.pm.name).first).to_be_attached()

    page.goto("/accounts/2fa/webauthn/")
    expect(page.get_by_role("main")).to_contain_text("前台电脑")

    # As the second step after a password the same key serves.
    page.goto("/accounts/logout/")
    page.get_by_role("button", name="退出").click()
    log_in(page, team.pm.username)
    page.get_by_role("button", name="用通行密钥确认").click()
    expect(page).to_have_url(re.compile(team.url() + "$"))


def test_browser_without_passkeys_says_so_and_offers_the_authenticator(
    desk: Desk, team: Team
) -> None:
    page = desk.page_as()
    page.add_init_script("delete window.PublicKeyCredential")
    log_in(page, team.pm.username)
    page.goto("/accounts/2fa/webauthn/add/")
    prove(page)
    expect(page.get_by_role("alert")).to_contain_text("请用验证器")
    expect(page.get_by_role("button", name="用这台设备添加")).to_be_hidden()
