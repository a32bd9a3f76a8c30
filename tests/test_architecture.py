"""The rules of the building: who imports whom, who writes, and that the documents tell the truth."""

import ast
import functools
import importlib
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from incidents.models import LETTERS
from propdesk.core.roles import Role
from tools import make_tables

ROOT = Path(__file__).resolve().parents[1]
APPS = ("incidents", "lostfound", "emergencies")
WRITES = re.compile(
    r"\.(?:save|delete|create|bulk_create|bulk_update|get_or_create|update_or_create)\("
    r"|\)\.update\(|\baudit\.(?:save|record)\w*\("
)
WRITERS = {"workflow", "migrations", "models", "demo"}
"""What may write in an app or the desk; everything else only reads or calls the workflow."""


def sources(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*.py") if "__pycache__" not in p.parts)


def readers() -> list[Path]:
    return [
        path
        for folder in (*APPS, "propdesk/desk")
        for path in sources(ROOT / folder)
        if not WRITERS & {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}
    ]


def views() -> list[Path]:
    return [path for path in readers() if "views" in path.name]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


# --- layers --------------------------------------------------------------------------------


def test_imports_keep_the_layers():
    """In a process of its own: the linter sets up logging, and disables every logger there is."""
    lint = (
        "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    )

    done = subprocess.run([sys.executable, "-c", lint], cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", readers(), ids=name)
def test_only_the_workflow_writes(path):
    assert WRITES.findall(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", views(), ids=name)
def test_views_never_query_by_themselves(path):
    assert re.findall(r"\w+\.objects\b|\w+\._default_manager\b", path.read_text("utf-8")) == []


def test_every_lock_leaves_others_free_to_refer_to_the_row():
    """FOR UPDATE would stop them at their commit (``tests/core/test_lock_strength.py``)."""
    asked = re.compile(r"select_for_update\((?!no_key=True)")
    places = [*APPS, "propdesk"]
    found = [name(p) for at in places for p in sources(ROOT / at) if asked.search(p.read_text())]

    assert found == []


def test_pattern_of_writes_finds_them():
    writing = [
        "row.save()",
        "Case.objects.create(x=1)",
        "rows.filter(a=1).update(b=2)",
        "audit.save(row)",
        "audit.record_many([])",
        "Case.objects.bulk_create([])",
        "row.delete()",
    ]
    reading = ["params.update(x)", "workflow.intake(data)", "rows.filter(a=1).values()"]

    assert [bool(WRITES.search(line)) for line in writing + reading] == [True] * 7 + [False] * 3


@pytest.mark.parametrize("app", [*APPS, "propdesk/desk"])
def test_status_is_set_in_the_workflow_only(app):
    assigning = [
        name(path)
        for path in sources(ROOT / app)
        if re.search(r"\.status\s*=[^=]|status=S\.\w+,$", path.read_text("utf-8"), re.MULTILINE)
    ]

    elsewhere = ("/workflow/", "/migrations/", "/demo.py")
    assert [path for path in assigning if not any(each in path for each in elsewhere)] == []


def test_case_rows_are_not_in_the_admin():
    from django.contrib import admin

    labels = {model._meta.label for model in admin.site._registry}

    assert {label for label in labels if label.split(".")[0] in APPS} == set()
    assert labels & {"core.Case", "core.Person", "core.Report", "core.AuditEntry"} == set()


def test_no_url_deletes():
    from django.urls import get_resolver

    def patterns(resolver, before=""):
        for each in resolver.url_patterns:
            route = before + str(each.pattern)
            if hasattr(each, "url_patterns"):
                yield from patterns(each, route)
            else:
                yield route

    assert [route for route in patterns(get_resolver()) if "delete" in route] == []


# --- models --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_migrations_are_complete():
    printed = io.StringIO()

    call_command("makemigrations", "--check", "--dry-run", stdout=printed, verbosity=1)

    assert printed.getvalue().strip() == "No changes detected"


# --- documents -----------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["permissions", "states"])
def test_printed_tables_are_those_of_the_code(table):
    shown = (ROOT / "docs" / f"{table}.md").read_text("utf-8")

    assert shown == getattr(make_tables, table)()


def test_printed_permissions_name_every_role():
    (head, *_rest) = [
        line for line in make_tables.permissions().splitlines() if line.startswith("| action")
    ]

    assert [cell.strip() for cell in head.strip("|").split("|")][1:] == [
        str(role.label) for role in Role
    ]


SENTENCES = {
    "C-A.1": "hear the guest out with sympathy",
    "C-A.2": "ask politely, only where needed",
    "C-A.3": "never cut the guest short",
    "C-B": "keep calm",
    "C-B.1": "talk apart from others where possible; if not, say why",
    "C-B.2": "do not defend yourself, do not argue",
    "C-C": "one person takes it on, and says so",
    "C-C.1": "accept what the guest feels",
    "C-C.2": "the guest sees that somebody can solve it",
    "C-D.1": "regard for the guest",
    "C-D.2": "speak to the guest by name",
    "C-D.3": "no complaint is too small: nothing is deleted",
    "C-E.1": "work on the matter; blame no other shift or department",
    "C-E.2": "never find fault with the guest",
    "C-E.3": "get to the core of it",
    "C-F.1": "write the points down",
    "C-F.2": "the record is taken seriously: it stays as written",
    "C-G.1": "offer what can be done, several ways where possible",
    "C-G.2": "promise nothing that cannot be done",
    "C-H.1": "say by when",
    "C-H.2": "a definite moment, not too short",
    "C-I.1": "begin as soon as the guest has chosen",
    "C-I.2": "keep an eye on the work",
    "C-I.3": "tell the guest of a delay",
    "C-J.1": "ask whether the guest is satisfied, even when it is solved",
    "C-J.2": "report the course, the measures and the result",
    "C-J.3": "fill in the incident report",
    "L-A": "duty manager and security keep, handle and hand back together",
    "L-B.1": "whoever finds something reports it at once",
    "L-B.2": "it goes to the duty manager",
    "L-C.1": "name, quantity, features, place and finder are written down",
    "L-C.2": "a department passes it on without delay",
    "L-D.1": "the duty manager fills in the claim slip",
    "L-D.2": "a clue is followed and the thing sent back",
    "L-D.3": "without a clue the property manager is told, and it is kept well",
    "L-E.1": "whoever claims a thing describes it before he sees it",
    "L-E.2": "claimed only once it agrees, in two features at least",
    "L-E.3": "his paper of identity is seen",
    "L-E.4": "above 1,000 yuan, or costly and unvalued, two colleagues check",
    "L-E.5": "two who claim it lock it until a manager decides",
    "L-F.1": "the claimant signs the slip",
    "L-F.2": "the signed slip is filed",
    "L-G": "up to 100 yuan three months, above it one year",
    "L-H": "past its term the general manager says what becomes of it",
    "E-1.1": "a reported theft goes to security at once",
    "E-1.2": "and everybody helps to find out what happened",
    "E-2.1": "the guest is told in time of what he broke",
    "E-2.2": "it is charged to his account",
    "E-2.3": "who disagrees is taken to a superior first",
    "E-3.1": "a drunk guest is led away politely, without argument",
    "E-3.2": "a guard goes with him to his room",
    "E-3.3": "a rude one is for security, and the duty manager writes it down",
    "E-4.1": "of a fight security hears first",
    "E-4.2": "calm it where possible, and mind yourself",
    "E-5.1": "the general manager and the medic are told at once",
    "E-5.2": "an ambulance, to the hospital agreed on",
    "E-5.3": "an injury in the house: the report with its six elements",
    "E-5.4": "and how it is not to happen again",
    "E-6.1": "a death disturbs no other guest",
    "E-6.2": "the general manager and security know at once",
    "E-6.3": "the door is sealed until the police say otherwise",
    "E-6.4": "out by the entrance of the staff",
    "E-6.5": "written down and kept",
    "E-7.1": "an outage is told to the duty manager and the engineer on duty, who find the cause",
    "E-7.2": "the house mends its own",
    "E-7.3": "the supplier is asked why and until when",
    "E-7.4": "guests are told, and what follows is settled",
    "E-8.1": "calm, and by the procedure for fires",
    "E-8.2": "report it",
    "E-8.3": "help every department to bring the guests out and keep order",
}
"""What each sentence of the three parts asks, in our own words; a clause alone is its heading."""

ROW = re.compile(
    r"^\| ((?:C-[A-J]|L-[A-H]|E-[1-8])(?:\.\d)?) \| ([^|]+) \| `([\w.]+)` \| `([\w/.]+)::(\w+)` \|$",
    re.MULTILINE,
)


def sop_rows() -> list[tuple[str, str, str, str, str]]:
    return ROW.findall((ROOT / "docs" / "sop-map.md").read_text("utf-8"))


def test_every_sentence_of_the_procedure_has_its_row():
    text = (ROOT / "docs" / "sop-map.md").read_text("utf-8")

    assert [row[:2] for row in sop_rows()] == list(SENTENCES.items())
    assert len(SENTENCES) == sum(text.count(f"\n| {part}-") for part in "CLE")
    parts = {f"C-{letter}" for letter in LETTERS} | {f"L-{letter}" for letter in "ABCDEFGH"}
    parts |= {f"E-{number}" for number in range(1, 9)}
    assert {clause[:3] for clause in SENTENCES} == parts


@pytest.mark.parametrize(("clause", "code"), [(c, o) for c, _w, o, *_rest in sop_rows()])
def test_code_named_by_the_map_exists(clause, code):
    parts = code.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        break
    else:
        pytest.fail(f"{clause}: {code}")

    assert functools.reduce(getattr, parts[cut:], found) is not None


GATE = re.compile(r"^\| ([^|]+) \| `([\w/.]+)::(\w+)` \|$", re.MULTILINE)


def gates() -> list[tuple[str, str, str]]:
    """What is asked of printed papers, with the test that holds it."""
    return GATE.findall((ROOT / "docs" / "architecture.md").read_text("utf-8"))


def test_gates_of_papers_are_in_the_table():
    assert len(gates()) == (ROOT / "docs" / "architecture.md").read_text("utf-8").count("::")


def faults() -> list[tuple[str, str]]:
    """The 34 ways to break the system: number and what its row says."""
    text = (ROOT / "docs" / "reliability.md").read_text("utf-8")
    return re.findall(r"^\| (\d+) \| (.+) \|$", text, re.MULTILINE)


def named_for_faults() -> list[tuple[str, str, str]]:
    """(number, file, test) of every test that page names, the ones below its table too."""
    text = (ROOT / "docs" / "reliability.md").read_text("utf-8")
    named = {test for _nr, row in faults() for test in re.findall(TEST, row)}
    rows = [(nr, *test) for nr, row in faults() for test in re.findall(TEST, row)]
    return rows + [("below", *test) for test in re.findall(TEST, text) if test not in named]


TEST = r"`(tests/[\w/.]+)::(\w+)`"


def test_every_fault_has_a_test_or_says_not_yet():
    assert [int(nr) for nr, _row in faults()] == list(range(1, 35))
    assert [nr for nr, row in faults() if "::" not in row and "**not yet**" not in row] == []


@pytest.mark.parametrize(
    ("clause", "file", "test"),
    [(c, f, t) for c, _w, _o, f, t in sop_rows()] + gates() + named_for_faults(),
)
def test_test_named_by_the_map_exists(clause, file, test):
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}

    assert test in functions, clause
