"""fontTools stays out of memory: WeasyPrint 70 imports it for kinds of fonts we do not have.

Variable fonts, bitmap fonts, web fonts and cutting fonts down without HarfBuzz need it. Ours are
static TrueType files, and without HarfBuzz no paper is printed (`render.pango_problem`); it would
hold 16 MB in each process that can print.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

_UNUSED = ("ttLib", "subset", "varLib", "varLib.instancer")


class Unloaded(Exception):  # noqa: N818 -- stands for a class, an exception or a function
    """Whatever WeasyPrint asks fontTools for; may be named in `except`, fails when it is used."""

    def __init__(self, *_args: object, **_options: object) -> None:
        raise RuntimeError("this font needs fontTools, which papers go without")


class _Absent(ModuleType):
    def __getattr__(self, name: str) -> type[Unloaded]:
        if name.startswith("__"):
            raise AttributeError(name)
        return Unloaded


@contextmanager
def without_font_tools() -> Iterator[None]:
    """Give whoever imports fontTools within a stand-in, unless it is loaded already."""
    names = [f"fontTools.{name}" for name in _UNUSED]
    if not sys.modules.keys().isdisjoint(names):
        yield
        return
    sys.modules.update({name: _Absent(name) for name in names})
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]
