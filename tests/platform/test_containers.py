"""The container files are well-formed and keep the rules of docs/deploy.md (they are not run)."""

import json
import subprocess
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema
import pytest
import yaml

from propdesk.localstack.paths import APP_ROLE, BASE_DIR

# The Compose Specification's own schema, Apache-2.0, as published in npm dclint 3.1.0.
SCHEMA = Path(__file__).with_name("compose-spec.json")


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((BASE_DIR / "compose.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def dockerfile():
    text = (BASE_DIR / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    return [line.split(None, 1) for line in text.splitlines() if line and line[0] != "#"]


def test_compose_follows_its_schema(compose):
    jsonschema.Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(compose)


def test_schema_refuses_a_misspelt_service(compose):
    broken = {**compose, "services": {"web": {"imagee": "x"}}}

    with pytest.raises(jsonschema.ValidationError, match="imagee"):
        jsonschema.Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(broken)


def test_every_service_has_a_health_check(compose):
    image_default = {"web"}
    without = {
        name for name, service in compose["services"].items() if "healthcheck" not in service
    }

    assert without == image_default


def test_only_migrate_connects_as_owner(compose):
    environment = compose["services"]["web"]["environment"]

    assert urlsplit(environment["DATABASE_URL"].replace("${APP_DB_PASSWORD:?}", "x")).username == (
        APP_ROLE
    )
    assert compose["services"]["migrate"]["command"][2] == "prepare"


def test_keys_of_before_reach_every_service(compose):
    """What they closed would open nowhere after a change of the key."""
    services = [
        s for s in compose["services"].values() if "PROPDESK_SECRET_KEY" in s.get("environment", {})
    ]

    assert services != []
    assert [s for s in services if "PROPDESK_SECRET_KEY_OLD" not in s["environment"]] == []


def test_nothing_but_the_web_server_is_published(compose):
    published = {name: s["ports"] for name, s in compose["services"].items() if "ports" in s}

    assert published == {"web": ["127.0.0.1:8000:8000"]}


def test_image_does_not_run_as_root(dockerfile):
    steps = [word for word, _rest in dockerfile]
    users = [rest for word, rest in dockerfile if word == "USER"]

    assert users == ["propdesk"]
    assert steps.index("USER") < steps.index("CMD")


def test_image_installs_by_hash(dockerfile):
    installs = [rest for word, rest in dockerfile if word == "RUN" and "pip install" in rest]

    assert len(installs) == 1
    assert "--require-hashes" in installs[0]


def test_lock_files_name_no_server():
    texts = [(BASE_DIR / f"requirements{kind}.txt").read_text() for kind in ("", "-dev")]

    assert [("://" in text, "--index" in text, "--find-links" in text) for text in texts] == [
        (False, False, False)
    ] * 2


def test_lock_files_hold_the_declared_pins():
    project = tomllib.loads((BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))
    locked = (BASE_DIR / "requirements.txt").read_text().splitlines()
    pins = {
        spec.split(";")[0].strip().partition("[")[0].partition("==")[0].lower(): spec.split(";")[0]
        .strip()
        .rpartition("==")[2]
        for spec in project["project"]["dependencies"]
        if "==" in spec
    }

    found = {
        line.partition("==")[0].partition("[")[0]: line.partition("==")[2].split()[0]
        for line in locked
        if "==" in line and line[0].isalnum()
    }

    assert {name: found.get(name) for name in pins} == pins


@pytest.mark.parametrize("script", ["script/server", "script/lib.sh", ".ci/run", "deploy/roles.sh"])
def test_script_is_posix_shell(script):
    assert subprocess.run(["/bin/sh", "-n", BASE_DIR / script], check=False).returncode == 0
