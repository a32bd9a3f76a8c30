"""No text of a notice is made from a name: it is read in a group chat, by who may not know.

The sources are read, not the rows: a text made once a year is seen too. Followed are the variables
of a text, the functions beside it that make one, and what such a function is called with.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TELLS = {"notify", "Message", "say"}
PERSONAL = {"name", "phone", "email", "nickname", "id_number", "room"}
"""Attributes of people no text may be made from."""


def _called(node: ast.AST) -> str:
    func = getattr(node, "func", None)
    return getattr(func, "id", getattr(func, "attr", ""))


def _calls(tree: ast.AST, names: set[str]) -> Iterator[ast.Call]:
    return (n for n in ast.walk(tree) if isinstance(n, ast.Call) and _called(n) in names)


class Module:
    """The functions of a source, and what the texts of its notices are made from."""

    def __init__(self, source: str) -> None:
        self.functions = {
            node.name: node
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.FunctionDef)
        }
        self.seen: set[int] = set()

    def personal(self) -> list[str]:
        """Attributes of people that get into a text, as they are written."""
        found = [
            part
            for function in self.functions.values()
            for call in _calls(function, TELLS)
            for keyword in call.keywords
            if keyword.arg == "text"
            for part in self._parts(keyword.value, function)
        ]
        return [
            ast.unparse(n) for n in found if isinstance(n, ast.Attribute) and n.attr in PERSONAL
        ]

    def _parts(self, made: ast.AST, function: ast.FunctionDef) -> Iterator[ast.AST]:
        if id(made) in self.seen:
            return
        self.seen.add(id(made))
        whole = set(map(id, self._whole_rows(made)))
        for node in ast.walk(made):
            yield node
            if isinstance(node, ast.Name) and id(node) not in whole:
                yield from self._named(node.id, function)
            elif isinstance(node, ast.Call) and _called(node) in self.functions:
                beside = self.functions[_called(node)]
                returned = (n.value for n in ast.walk(beside) if isinstance(n, ast.Return))
                for value in filter(None, returned):
                    yield from self._parts(value, beside)

    def _whole_rows(self, made: ast.AST) -> Iterator[ast.AST]:
        """Variables that do not get into a text themselves: ``row.number``, ``neutral(row)``."""
        for node in ast.walk(made):
            if isinstance(node, ast.Attribute):
                yield node.value
            elif isinstance(node, ast.Call) and _called(node) not in self.functions:
                yield from node.args

    def _named(self, name: str, function: ast.FunctionDef) -> Iterator[ast.AST]:
        """What a variable was set to, or what the function was called with for it."""
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and any(
                isinstance(n, ast.Name) and n.id == name for t in node.targets for n in ast.walk(t)
            ):
                yield from self._parts(node.value, function)
        args = function.args
        named = [arg.arg for arg in (*args.posonlyargs, *args.args)]
        if name not in {*named, *(arg.arg for arg in args.kwonlyargs)}:
            return
        for caller in self.functions.values():
            for call in _calls(caller, {function.name}):
                given = [k.value for k in call.keywords if k.arg == name]
                if name in named and len(call.args) > named.index(name):
                    given.append(call.args[named.index(name)])
                for value in given:
                    yield from self._parts(value, caller)


SOURCES = [
    path
    for folder in ("incidents", "lostfound", "emergencies", "propdesk")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if any(f"{name}(" in path.read_text("utf-8") for name in TELLS)
]


def test_no_text_of_a_notice_is_made_from_a_name():
    found = {path.name: Module(path.read_text("utf-8")).personal() for path in SOURCES}

    assert len(found) > 20
    assert {name: parts for name, parts in found.items() if parts} == {}


@pytest.mark.parametrize(
    "source",
    [
        "def f(to):\n    notify(case, text=_('%(n)s') % {'n': to.name})",
        "def f(to):\n    words = {'n': to.name}\n    text = _('x') % words\n    notify(c, text=text)",
        "def f(to):\n    notify(c, text=g(to))\ndef g(to):\n    return _('x') % to.person.phone",
        "def f(to):\n    g(c, to.name)\ndef g(c, said):\n    notify(c, text=f'x {said}')",
        "def f(to):\n    g(c, said=to.name)\ndef g(c, *, said):\n    notify(c, text=f'x {said}')",
    ],
    ids=["at-once", "variable", "beside", "given", "by-name"],
)
def test_rule_follows_a_name_into_a_text(source):
    assert len(Module(source).personal()) == 1


@pytest.mark.parametrize(
    "source",
    [
        "def f(to):\n    text = _('x')\n    notify(c, text=text, also=[to], key=to.name)",
        "def f(to):\n    row = Row(to.name)\n    notify(c, text=f'{row.number} {neutral(row)}')",
    ],
    ids=["who-is-told", "row"],
)
def test_rule_leaves_alone_what_is_not_said(source):
    assert Module(source).personal() == []
