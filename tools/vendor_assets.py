"""Rebuild the committed browser assets from the exact npm versions in ``frontend/``.

Run ``python tools/vendor_assets.py`` after changing ``frontend/package.json`` (then
``npm install --package-lock-only`` in that folder). Needs Node and npm; nothing that
installs or runs PropDesk does.
"""

import hashlib
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FRONTEND = ROOT / "frontend"
VENDOR = ROOT / "static" / "vendor"
MANIFEST = VENDOR / "VENDOR.json"
SPRITE = Path("static/img/icons.svg")
AXE = Path("tests/e2e/vendor/axe.min.js")

# package -> (file inside the package, file name kept); the first one is the asset itself.
COPIED: dict[str, list[tuple[str, str]]] = {
    "bootstrap": [
        ("dist/css/bootstrap.min.css", "bootstrap.min.css"),
        ("LICENSE", "LICENSE"),
    ],
    "htmx.org": [("dist/htmx.min.js", "htmx.min.js"), ("LICENSE", "LICENSE")],
    "signature_pad": [
        ("dist/signature_pad.umd.min.js", "signature_pad.umd.min.js"),
        ("LICENSE", "LICENSE"),
    ],
    "bootstrap-icons": [("LICENSE", "LICENSE")],
    "echarts": [("LICENSE", "LICENSE"), ("NOTICE", "NOTICE")],
}
# package -> (entry in ``frontend/`` that names the parts in use, file name, global name)
BUILT: dict[str, tuple[str, str, str]] = {"echarts": ("echarts.js", "echarts.min.js", "echarts")}
TOOLS = ("axe-core", "esbuild")
"""Packages of which nothing is served: one tests pages, one builds."""
SOURCE_MAP = re.compile(rb"\n?(/\*# sourceMappingURL=[^*]*\*/|//# sourceMappingURL=[^\n]*)\n?")
VIEW_BOX = re.compile(r'viewBox="([^"]+)"')
BODY = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


def sha256(path: Path) -> str:
    """Return the hex SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def strip_source_map(content: bytes) -> bytes:
    """Drop the source map reference: manifest storage fails on a map that is not shipped."""
    return SOURCE_MAP.sub(b"\n", content).rstrip() + b"\n"


def build_sprite(icons: Path, names: list[str]) -> str:
    """Return one SVG with a ``<symbol id="i-NAME">`` per icon of ``names``."""
    symbols = []
    for name in names:
        source = (icons / f"{name}.svg").read_text(encoding="utf-8")
        box, body = VIEW_BOX.search(source), BODY.search(source)
        if box is None or body is None:
            raise ValueError(f"unexpected icon file: {name}.svg")
        inner = re.sub(r">\s+<", "><", body.group(1).strip())
        symbols.append(f'<symbol id="i-{name}" viewBox="{box.group(1)}">{inner}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def icon_names() -> list[str]:
    """Return the sorted icon names of ``frontend/icons.txt``."""
    return sorted(set((FRONTEND / "icons.txt").read_text(encoding="utf-8").split()))


def install(workdir: Path) -> Path:
    """Install the locked packages below ``workdir`` and return ``node_modules``."""
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(FRONTEND / name, workdir / name)
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm is needed to rebuild the browser assets")
    subprocess.run([npm, "ci", "--ignore-scripts"], cwd=workdir, check=True)
    return workdir / "node_modules"


def bundle(modules: Path, name: str) -> bytes:
    """Return one script with just those parts of a package that its entry imports."""
    entry, _kept, variable = BUILT[name]
    shutil.copy(FRONTEND / entry, modules.parent / entry)
    made = subprocess.run(
        [
            modules / ".bin" / "esbuild",
            entry,
            "--bundle",
            "--minify",
            "--format=iife",
            f"--global-name={variable}",
            "--target=es2020",
            "--legal-comments=inline",
        ],
        cwd=modules.parent,
        check=True,
        capture_output=True,
    )
    return made.stdout


def write(target: Path, content: bytes) -> Path:
    """Write ``content`` below the repository and return the full path."""
    path = ROOT / target
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def vendor_package(modules: Path, name: str) -> dict[str, object]:
    """Copy the chosen files of one package and return its manifest entry."""
    meta = json.loads((modules / name / "package.json").read_text(encoding="utf-8"))
    folder = Path("static/vendor") / f"{name.removesuffix('.org')}-{meta['version']}"
    files = {}
    for source, kept in COPIED.get(name, []):
        path = write(folder / kept, strip_source_map((modules / name / source).read_bytes()))
        files[(folder / kept).as_posix()] = sha256(path)
    if name in BUILT:
        path = write(folder / BUILT[name][1], bundle(modules, name))
        files[(folder / BUILT[name][1]).as_posix()] = sha256(path)
    if name == "bootstrap-icons":
        sprite = build_sprite(modules / name / "icons", icon_names())
        files[SPRITE.as_posix()] = sha256(write(SPRITE, sprite.encode()))
    if name == "axe-core":
        axe = strip_source_map((modules / name / "axe.min.js").read_bytes())
        files[AXE.as_posix()] = sha256(write(AXE, axe))
    return {"version": meta["version"], "licence": meta["license"], "files": files}


def main() -> None:
    """Replace everything generated by an earlier run."""
    for folder in VENDOR.glob("*-*"):
        shutil.rmtree(folder)
    with tempfile.TemporaryDirectory() as temp:
        modules = install(Path(temp))
        entries = {name: vendor_package(modules, name) for name in [*sorted(COPIED), *TOOLS]}
    MANIFEST.parent.mkdir(parents=True, exist_ok=True)
    MANIFEST.write_text(json.dumps(entries, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
