"""The settings of a real installation, read by a process of its own: Django's own check has no word to say."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ASKED = """
import json, sys
import django
from django.conf import settings
from django.core.checks import run_checks

django.setup()
found = [c.id for c in run_checks(include_deployment_checks=True, databases=[]) if not c.is_silenced()]
# What this machine lacks, and what is said of one database account, are no settings.
found = [i for i in found if i not in ("core.W001", "propdesk.W001")]
names = json.loads(sys.argv[1])
print(json.dumps({"found": found, **{n: getattr(settings, n) for n in names}}))
"""
NAMES = [
    "SESSION_COOKIE_NAME",
    "CSRF_COOKIE_NAME",
    "SESSION_COOKIE_SECURE",
    "CSRF_COOKIE_SECURE",
    "SESSION_COOKIE_HTTPONLY",
    "SESSION_COOKIE_PATH",
    "SESSION_COOKIE_DOMAIN",
    "CSRF_COOKIE_PATH",
    "CSRF_COOKIE_DOMAIN",
    "SECURE_SSL_REDIRECT",
    "SECURE_HSTS_SECONDS",
    "SECURE_HSTS_INCLUDE_SUBDOMAINS",
    "SILENCED_SYSTEM_CHECKS",
    "DEBUG",
]
HOST_COOKIES = {
    "SESSION_COOKIE_NAME": "__Host-sessionid",
    "CSRF_COOKIE_NAME": "__Host-csrftoken",
    # What a browser demands of the prefix; else it drops the cookie and nobody gets in.
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "SESSION_COOKIE_PATH": "/",
    "SESSION_COOKIE_DOMAIN": None,
    "CSRF_COOKIE_PATH": "/",
    "CSRF_COOKIE_DOMAIN": None,
    "SESSION_COOKIE_HTTPONLY": True,
    "DEBUG": False,
    "found": [],
}


def settings_with(home: Path, **given: str) -> dict[str, object]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PROPDESK_", "DJANGO_"))}
    env = {
        **kept,
        "DJANGO_SETTINGS_MODULE": "propdesk.settings",
        "PROPDESK_HOME": str(home),
        "PROPDESK_SECRET_KEY": "only-for-this-test-" + "aB3" * 20,
        **given,
    }
    done = subprocess.run(
        [sys.executable, "-c", ASKED, json.dumps(NAMES)],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize(
    ("proxies", "expected"),
    [
        (
            "1",
            {
                "SECURE_SSL_REDIRECT": True,
                "SECURE_HSTS_SECONDS": 365 * 24 * 60 * 60,
                "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
                "SILENCED_SYSTEM_CHECKS": ["security.W021"],
            },
        ),
        ("0", {"SECURE_SSL_REDIRECT": False, "SECURE_HSTS_SECONDS": 0}),
    ],
    ids=["behind a proxy", "own certificate"],
)
def test_deployment_has_no_warning_and_host_cookies(
    tmp_path: Path, proxies: str, expected: dict[str, object]
) -> None:
    got = settings_with(tmp_path, PROPDESK_TLS="1", PROPDESK_PROXIES=proxies)
    wanted = HOST_COOKIES | expected
    assert {name: got[name] for name in wanted} == wanted
