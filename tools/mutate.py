"""Mutation testing of small pure modules: change one thing, run the tests, expect a failure.

    python -m tools.mutate lostfound.retention -- tests/lostfound/test_retention.py

What follows "--" goes to pytest. Each mutant is run over its module in a forked child, so tests must
reach the code through the module. The exit code is not zero when they fail with nothing changed.
"""

import ast
import gc
import importlib
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, ModuleType

import hypothesis
import pytest
from _pytest.runner import runtestprotocol
from django.conf import settings

SECONDS = 10  # of processor time; a mutant that needs longer hangs, and a hanging test has failed
BARE = """--disable-plugin-autoload -pno:terminal -pno:cacheprovider --noconftest --assert=plain
-s -c /dev/null"""
SKIPPED = {"annotation", "returns", "ctx", "op", "ops", "names"}
PAIRS = """Lt LtE, Gt GtE, Eq NotEq, Is IsNot, In NotIn, And Or, Add Sub, Mult FloorDiv, Mod Div,
min max, any all, short long, first last, SHORT LONG, MONTHS DAYS, RECEIVED ANNOUNCED, year month"""
OTHER = {a: b for pair in PAIRS.split(",") for a, b in (pair.split(), pair.split()[::-1])}


def mutants(source: str) -> Iterator[tuple[str, CodeType]]:
    """Yield ("line of code: old -> new", code of the whole module) of every mutant."""
    tree, lines, seen = ast.parse(source), source.splitlines(), []
    for box, key in list(_places(tree)):
        old = box[key]
        for new in _variants(old, key):
            name = f"{lines[old.lineno - 1].strip()}: {ast.unparse(old)} -> {ast.unparse(new)}"
            seen.append(name)
            box[key] = new
            code = compile(ast.fix_missing_locations(tree), name, "exec")
            yield f"{name} ({n})" if (n := seen.count(name)) > 1 else name, code
        box[key] = old


def _places(node: ast.AST) -> Iterator[tuple[dict | list, str | int]]:
    """Yield (list or dict of fields, key) of every node that may change."""
    for field, value in ast.iter_fields(node):
        box, keys = (value, range(len(value))) if isinstance(value, list) else (vars(node), [field])
        for key in () if field in SKIPPED else keys:
            if isinstance(box[key], ast.AST) and not _is_typing(box[key]):
                yield box, key
                yield from _places(box[key])


def _is_typing(node: ast.AST) -> bool:
    """Return whether the node is a docstring, an import or there for the type checker only."""
    words = ("Literal[", "from ", "import ", "if TYPE_CHECKING", "'", '"')
    return isinstance(node, ast.stmt | ast.Subscript) and ast.unparse(node).startswith(words)


def _variants(node: ast.AST, key: object) -> Iterator[ast.AST]:
    """Yield what may stand in the place of the node."""
    if key == "test":  # of if, while and the conditional expression
        yield ast.UnaryOp(ast.Not(), node)
    match node:
        case ast.Compare(ops=ops):
            other = [getattr(ast, OTHER[type(op).__name__])() for op in ops]
            yield from (_with(node, ops=[*ops[:n], o, *ops[n + 1 :]]) for n, o in enumerate(other))
        case ast.BinOp(op=op) | ast.BoolOp(op=op):
            yield _with(node, op=getattr(ast, OTHER[type(op).__name__])())
        case ast.UnaryOp(operand=operand):
            yield operand
        case ast.Constant(value=bool(value)):
            yield _with(node, value=not value)
        case ast.Constant(value=int(value)):
            yield from (_with(node, value=value + 1), _with(node, value=value - 1))
        case ast.Constant(value=str(value)):
            yield _with(node, value=f"XX{value}")
        case ast.Name(id=name) if name in OTHER:
            yield _with(node, id=OTHER[name])
        case ast.Attribute(attr=name) if name in OTHER:
            yield _with(node, attr=OTHER[name])
        case ast.Call(keywords=words):
            yield from (_with(node, keywords=words[:n] + words[n + 1 :]) for n in range(len(words)))
        case ast.Return() | ast.Raise() | ast.Expr() | ast.AugAssign():
            yield ast.Pass()


def _with(node: ast.AST, **fields: object) -> ast.AST:
    return type(node)(**(vars(node) | fields))


class Runner:
    """A pytest plugin that runs the collected tests unchanged, then once for every mutant."""

    def __init__(self, names: list[str]) -> None:
        self.modules, self.survivors, self.count = map(importlib.import_module, names), [], 0

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        session.config.option.tbstyle = "native"  # nobody reads it, and the others take longer
        gc.freeze()  # a child that collects garbage would copy all the memory of its parent
        for module in self.modules:
            source = Path(str(module.__file__)).read_text("utf-8")
            if not session.items or _failing(compile(source, "-", "exec"), module, session.items):
                sys.stderr.write("there are no tests, or they fail with nothing changed\n")
                pytest.exit("no proof", returncode=1)
            for name, code in mutants(source):
                self.count += 1
                failing = _failing(code, module, session.items)
                if failing == 0:
                    self.survivors.append(f"{module.__name__}: {name}")
                elif failing in range(1, 255):  # the test that ended it likely ends the next one
                    session.items.insert(0, session.items.pop(failing - 1))
        return True


def _failing(code: CodeType, module: ModuleType, items: list[pytest.Item]) -> int:
    """Return which test fails, from 1 on, in a child that runs `code` over the module; 0: none."""
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        exec(code, module.__dict__)  # noqa: S102 -- that is what a mutant is
        for number, item in enumerate(items, 1):
            if any(report.failed for report in runtestprotocol(item, log=False)):
                os._exit(min(number, 255))
        os._exit(0)
    finally:
        os._exit(255)


def main(arguments: list[str]) -> int:
    """Run the tests after "--" on the mutants of the modules before it; return the exit code."""
    split = arguments.index("--")
    settings.configure(USE_I18N=False)  # the source language, without a registry of apps
    quick = {"derandomize": True, "database": None, "deadline": None, "max_examples": 20}
    hypothesis.settings.register_profile("mutants", phases=[hypothesis.Phase.generate], **quick)
    hypothesis.settings.load_profile("mutants")
    runner = Runner(arguments[:split])
    status = pytest.main([*BARE.split(), *arguments[split + 1 :]], plugins=[runner])
    print(json.dumps({"mutants": runner.count, "survivors": runner.survivors}, ensure_ascii=False))
    return int(status)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
