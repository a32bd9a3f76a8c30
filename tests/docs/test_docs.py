"""What the documents name is there: links, pictures, options, variables, folders, commands."""

import argparse
import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest
from PIL import Image

from propdesk.core import db_roles
from propdesk.localstack import listen

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DEPLOY = ROOT / "docs" / "deploy.md"
PERFORMANCE = ROOT / "docs" / "performance.md"
IMAGES = ROOT / "docs" / "images"
LARGEST_PICTURE = 250_000

LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)\s>]+)>?\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
VARIABLE = re.compile(r"\b(?:PROPDESK_[A-Z_]*[A-Z]|DATABASE_URL|REDIS_URL)\b")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*[a-z]")
FOREIGN = {"--build", "--no-deps", "--rm"}
"""Options of other people's commands that the documents show."""


def _shipped(*suffixes):
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"],  # noqa: S607 -- git of the PATH
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.name.endswith(suffixes) and path.is_file()]


def _read(path):
    return path.read_text(encoding="utf-8")


def _broken(page, text):
    """Addresses in the text of a page that lead to no file; other sites are not asked."""
    targets = LINK.findall(FENCE.sub("", text))
    local = [unquote(t.partition("#")[0]) for t in targets if not re.match(r"[a-z]+:|#", t)]
    return [t for t in local if not (page.parent / t).exists()]


def _code():
    """All lines that read options and variables: not the documents, not this test."""
    paths = [*_shipped(".py", ".sh", "Dockerfile", ".yaml"), *(ROOT / "script").iterdir()]
    return "\n".join(_read(p) for p in paths if p.is_file() and p.parent != Path(__file__).parent)


def _tree(text):
    """(path, words) of each line of the README's tree of folders."""
    block = re.search(r"^```text\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert block is not None
    return [tuple(line.split(maxsplit=1)) for line in block[1].splitlines()]


def _pages():
    return [pytest.param(path, id=path.relative_to(ROOT).as_posix()) for path in _shipped(".md")]


@pytest.mark.parametrize("page", _pages())
def test_link_leads_somewhere(page):
    assert _broken(page, _read(page)) == []


def test_link_to_nothing_is_found():
    text = "[a](README.md) ![b](docs/images/none.png) [c](https://example.org/) [d](none.md#x)"

    assert _broken(README, text) == ["docs/images/none.png", "none.md"]


def test_pictures_are_small_and_used():
    pages = "".join(_read(path) for path in _shipped(".md"))
    pictures = sorted(IMAGES.glob("*.png"))

    assert [p.name for p in pictures if p.stat().st_size > LARGEST_PICTURE] == []
    assert [p.name for p in pictures if f"images/{p.name}" not in pages] == []


def test_pictures_have_the_width_in_their_name():
    pictures = [p for p in IMAGES.glob("*.png") if p.stem.rpartition("-")[2].isdigit()]

    widths = {}
    for path in pictures:
        with Image.open(path) as picture:
            widths[path.name] = picture.width

    assert widths == {p.name: int(p.stem.rpartition("-")[2]) for p in pictures}


@pytest.mark.parametrize("page", [README, DEPLOY], ids=["readme", "deploy"])
def test_variables_named_are_read_somewhere(page):
    named = set(VARIABLE.findall(_read(page)))
    read = set(VARIABLE.findall(_code()))

    assert len(named) > 4
    assert named - read == set()


def test_variables_of_the_settings_are_documented():
    settings = _read(ROOT / "propdesk" / "settings.py")
    reads = re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", settings)

    undocumented = set(reads) - set(VARIABLE.findall(_read(DEPLOY) + _read(README)))

    # A switch for whoever works on the code; a deployment must not know it.
    assert undocumented == {"PROPDESK_DEBUG"}


def test_tables_that_are_only_added_to_are_documented():
    named = {f"core_{name}" for name in re.findall(r"`core_(\w+)`", _read(DEPLOY))}

    assert named == set(db_roles.WRITTEN_ONCE)


def test_every_bench_is_listed_with_its_command():
    listed = set(
        re.findall(r"^\.venv/bin/python (bench/\w+\.py)", _read(PERFORMANCE), re.MULTILINE)
    )

    assert listed == {f"bench/{path.name}" for path in (ROOT / "bench").glob("*.py")}


def _options_of_up():
    parser = argparse.ArgumentParser(add_help=False)
    listen.add_arguments(parser)
    return {word for action in parser._actions for word in action.option_strings}


def test_options_of_the_server_are_those_of_the_readme():
    named = set(OPTION.findall(_read(README)))
    missing = _options_of_up() - named

    assert missing == set()


@pytest.mark.parametrize("page", [README, DEPLOY], ids=["readme", "deploy"])
def test_options_named_exist(page):
    named = set(OPTION.findall(_read(page))) - FOREIGN
    known = set(OPTION.findall(_code())) | _options_of_up()

    assert len(named) > 3
    assert named - known == set()


def test_tree_names_what_is_there():
    tree = _tree(_read(README))

    assert len(tree) > 15
    assert [path for path, _words in tree if not (ROOT / path).exists()] == []
    assert [path for path, _words in tree if path.endswith("/") != (ROOT / path).is_dir()] == []


def test_tree_names_every_folder():
    folders = {
        path.relative_to(ROOT).parts[0]
        for path in _shipped("")
        if len(path.relative_to(ROOT).parts) > 1
    }
    named = {path.rstrip("/") for path, _words in _tree(_read(README))}

    assert {name for name in folders if not name.startswith(".")} - named == set()


def test_test_command_is_that_of_the_integration():
    called = re.search(r"^exec (\S+)", _read(ROOT / ".ci" / "run"), re.MULTILINE)
    commands = re.findall(r"^(script/\S+)", _read(README), re.MULTILINE)

    assert called is not None
    assert called[1] == "script/test"
    assert called[1] in commands


def test_commands_of_the_readme_are_executable():
    commands = set(re.findall(r"^(script/\S+)", _read(README), re.MULTILINE))

    assert commands == {"script/server", "script/test"}
    assert [c for c in commands if not (ROOT / c).stat().st_mode & 0o100] == []


def test_tests_named_exist():
    defined = set(re.findall(r"def (test_\w+)", "\n".join(_read(p) for p in _shipped(".py"))))
    pages = [*(ROOT / "docs").rglob("*.md"), README]
    named = {name for page in pages for name in re.findall(r"`(test_\w+)`", _read(page))}

    assert len(named) > 20
    assert named - defined == set()


def test_modules_named_exist():
    pages = [*(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "adr").glob("*.md"), README]
    where = r"(?:propdesk|incidents|tests|tools|bench|static|templates|script|frontend|core)"
    paths = {
        path
        for page in pages
        for path in re.findall(
            rf"`({where}/[\w./-]+?\.(?:py|yaml|txt|json|css|html))`", _read(page)
        )
    }

    gone = [
        path
        for path in sorted(paths)
        if not ((ROOT / path).exists() or (ROOT / "propdesk" / path).exists())
    ]

    assert len(paths) > 20
    assert gone == []


def test_decisions_are_numbered_once_and_listed():
    decisions = sorted(p.name for p in (ROOT / "docs" / "adr").glob("*.md"))
    listed = re.findall(r"\(adr/(\d{4}-[a-z0-9-]+\.md)\)", _read(ROOT / "docs" / "architecture.md"))

    assert [name[:4] for name in decisions] == [f"{n:04}" for n in range(1, len(decisions) + 1)]
    assert sorted(set(decisions) - set(listed)) == []


def test_decision_has_its_three_parts():
    parts = ["## Context", "## Decision", "## Consequences"]
    decisions = sorted((ROOT / "docs" / "adr").glob("*.md"))

    found = {p.name: re.findall(r"^## .*", _read(p), re.MULTILINE) for p in decisions}

    assert {name: each for name, each in found.items() if each != parts} == {}


ASVS = """
V1.1 1-2; V1.2 1-10; V1.3 1-11; V1.4 1-3; V1.5 1-2; V2.1 1-3; V2.2 1-3; V2.3 1-5; V2.4 1; V3.2 1-2;
V3.3 1-4; V3.4 1-6; V3.5 1-5; V3.7 1-2; V4.1 1-3; V4.2 1; V4.3 1-2; V4.4 1-4; V5.1 1; V5.2 1-3,6;
V5.3 1-2; V5.4 1-3; V6.1 1-3; V6.2 1-12; V6.3 1-4,8; V6.4 1-4; V6.5 1-5; V6.6 1-3; V6.8 1-4;
V7.1 1-3; V7.2 1-4; V7.3 1-2; V7.4 1-5; V7.5 1-2; V7.6 1-2; V8.1 1-2; V8.2 1-3; V8.3 1; V8.4 1;
V9.1 1-3; V9.2 1-4; V10.1 1-2; V10.2 1-2; V10.3 1-4; V10.4 1-11; V10.5 1-5; V10.6 1-2; V10.7 1-3;
V11.1 1-2; V11.2 1-3; V11.3 1-3; V11.4 1-4; V11.5 1; V11.6 1; V12.1 1-3; V12.2 1-2; V12.3 1-4;
V13.1 1; V13.2 1-5; V13.3 1-2; V13.4 1-5; V14.1 1-2; V14.2 1-4,7-8; V14.3 1-3; V15.1 1-3; V15.2 1-3;
V15.3 1-7; V15.4 2; V16.1 1; V16.2 1-5; V16.3 1-4; V16.4 1-3; V16.5 1-4; V17.1 1; V17.2 1-4; V17.3 1-2
"""
"""The requirements of level 1 and 2, and those of level 3 that are aimed at, by section."""


def _spread(section, numbers):
    for part in numbers.split(","):
        first, _dash, last = part.partition("-")
        yield from (f"{section}.{n}" for n in range(int(first), int(last or first) + 1))


def _claimed(cell):
    """The numbers of a first cell: "V6.6.1, V6.6.2 words" or "V6.8.1 to V6.8.4 words"."""
    if run := re.match(r"(V\d+\.\d+)\.(\d+) to \1\.(\d+)\b", cell):
        return list(_spread(run[1], f"{run[2]}-{run[3]}"))
    return re.findall(r"\bV\d+\.\d+\.\d+\b", cell)


def test_every_requirement_has_one_row():
    """Of OWASP ASVS 5.0, in docs/security.md; and each row says something."""
    wanted = [
        number
        for each in " ".join(ASVS.split()).split("; ")
        for number in _spread(*each.split(" "))
    ]
    rows = re.findall(
        r"^\| (V\d[^|]*)\|([^|]*)\|(.*)\|$", _read(ROOT / "docs" / "security.md"), re.MULTILINE
    )

    claimed = [number for cell, _level, _met in rows for number in _claimed(cell)]

    assert sorted(claimed) == sorted(wanted)
    assert [cell for cell, level, met in rows if not (level.strip() and met.strip())] == []
