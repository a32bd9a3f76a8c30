"""A database of the house is asked before a page has to find out."""

import pytest
from django.db import connection

from propdesk.environment import database_url
from propdesk.localstack import reach
from propdesk.localstack.paths import APP_ROLE, OWNER_ROLE

NOBODY = "postgresql://propdesk:s3cret@127.0.0.1:1/propdesk"


@pytest.fixture
def server(db, monkeypatch):
    """Both variables, for the test database."""
    at = connection.settings_dict
    for name, role in ((reach.OWNER, OWNER_ROLE), (reach.APPLICATION, APP_ROLE)):
        monkeypatch.setenv(name, database_url(role, at["HOST"], at["NAME"]))


def test_both_accounts_may_work(server, capsys):
    assert reach.main(prepared=False) == 0
    assert reach.main(prepared=True) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("variable", [reach.OWNER, reach.APPLICATION])
def test_account_that_cannot_connect_is_named(server, monkeypatch, capsys, variable):
    monkeypatch.setenv(variable, NOBODY)

    assert reach.main(prepared=False) == 1
    said = capsys.readouterr().out
    assert f"连不上数据库 127.0.0.1:1。请检查 {variable} 的地址" in said
    assert "s3cret" not in said


def test_address_that_cannot_be_right_is_a_sentence(server, monkeypatch, capsys):
    monkeypatch.setenv(reach.OWNER, "mysql://h/d")

    assert reach.main(prepared=False) == 1
    assert f"环境变量 {reach.OWNER} 应以 postgresql://" in capsys.readouterr().out


def test_account_without_rights_is_told(server):
    assert "PROPDESK_APP_ROLE" in (reach.problem(reach.APPLICATION, table="pg_authid") or "")


def test_owner_is_asked_only_when_given(server, monkeypatch):
    monkeypatch.delenv(reach.OWNER)

    assert reach.main(prepared=False) == 0
