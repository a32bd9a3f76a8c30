"""fontTools left out: not loaded by printing, whole for whoever asks later, a clear error if missed."""

import subprocess
import sys
from pathlib import Path

import pytest

from propdesk.core.pdf.without_font_tools import Unloaded, without_font_tools

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
from django.conf import settings
settings.configure(USE_I18N=False)
from propdesk.core.pdf import limited, render
limited.warm_up()
assert "fontTools.ttLib" not in sys.modules
assert "lxml.etree" not in sys.modules
from fontTools import subset
from fontTools.ttLib import TTFont
with TTFont(render.HERE / "fonts" / "PropDeskSans-Regular.ttf") as font:
    print(font["head"].unitsPerEm, subset.Options().hinting)
"""


def test_printing_does_not_load_it_and_others_still_can() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, check=True, capture_output=True, timeout=60
    )

    assert done.stdout.split() == [b"1000", b"True"]


def test_loaded_already_is_left_alone() -> None:
    from fontTools import ttLib

    with without_font_tools():
        assert sys.modules["fontTools.ttLib"] is ttLib


def test_stand_in_fails_when_used() -> None:
    with pytest.raises(RuntimeError, match="fontTools"):
        Unloaded("font.ttf", fontNumber=0)
