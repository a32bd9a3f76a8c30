"""The committed browser assets are what the vendor tool wrote, and nothing else is served."""

import json
import re

import pytest

from tools.vendor_assets import (
    MANIFEST,
    ROOT,
    VENDOR,
    icon_names,
    sha256,
    strip_source_map,
)

ENTRIES = json.loads(MANIFEST.read_text(encoding="utf-8"))
FILES = {path: digest for entry in ENTRIES.values() for path, digest in entry["files"].items()}


@pytest.mark.parametrize("path", sorted(FILES))
def test_vendored_file_has_its_recorded_hash(path: str) -> None:
    assert sha256(ROOT / path) == FILES[path]


def test_vendor_folder_holds_no_unrecorded_file() -> None:
    found = {p.relative_to(ROOT).as_posix() for p in VENDOR.glob("*/*") if p.is_file()}
    assert found == {path for path in FILES if path.startswith("static/vendor/")}


def test_vendored_versions_match_package_json() -> None:
    package = json.loads((ROOT / "frontend/package.json").read_text(encoding="utf-8"))
    wanted = package["dependencies"] | package["devDependencies"]
    assert {name: entry["version"] for name, entry in ENTRIES.items()} == wanted


def test_lock_file_names_no_address() -> None:
    assert re.findall(r"https?://", (ROOT / "frontend/package-lock.json").read_text()) == []


def test_sprite_has_every_listed_icon_once() -> None:
    sprite = (ROOT / "static/img/icons.svg").read_text(encoding="utf-8")
    assert re.findall(r'<symbol id="i-([^"]+)"', sprite) == icon_names()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a{}\n/*# sourceMappingURL=a.css.map */\n", b"a{}\n"),
        (b"f();\n//# sourceMappingURL=f.js.map\n", b"f();\n"),
        (b"f();\n", b"f();\n"),
    ],
)
def test_source_map_reference_is_removed(content: bytes, expected: bytes) -> None:
    assert strip_source_map(content) == expected
