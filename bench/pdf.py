"""Every engine prints the same report in one run: time, memory and size, with the goals beside.

    apt-get install fonts-noto-cjk chromium       # the fonts and the browser of the other sides
    python -m venv ENV && ENV/bin/pip install -r bench/requirements.txt
    .venv/bin/python bench/pdf.py --engines ENV/bin/python [--rounds 3]

Two pages, three photos of 12 megapixels, four signatures, a QR code. Ours is what the worker does,
in a child with limits for each paper; shrinking a photo happens once, at upload, and is shown apart.
WeasyPrint out of the box means the system's fonts, the photos as the phone made them, no PDF/A, no
attachment. Debian 12 and `pip install` bring no libharfbuzz-subset0, without which WeasyPrint cuts
fonts down with fontTools and takes twenty times as long: `--bare` shows that side too, the goals hold
against the one with the library. reportlab, typst and Chromium get our fonts and the print copies.

Each side runs in a process of its own, all of them in every round; CPU is the least of the repeats
after one warm-up and then of the rounds, the spread is the largest round against the least. An
engine that is not installed is named and left out. The exit code is 1 when a goal is missed.
"""

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from papers import content, sides
from papers.measure import Row, least
from papers.parts import PARTS, Ratio
from papers.sides import FONTS, REPEATS, ROOT

LABELS = {
    "ours": "PropDesk",
    "plain": "WeasyPrint with libharfbuzz-subset",
    "bare": "WeasyPrint as installed",
    "chromium": "Chromium",
    "reportlab": "reportlab",
    "typst": "typst",
}
SIDES = {
    "ours": sides.ours,
    "plain": sides.out_of_the_box,
    "bare": sides.as_installed,
    "chromium": sides.chromium,
}
ENGINES = ("reportlab", "typst")
ONCE = frozenset({"bare"})
CPU_GOALS = {"plain": 0.70, "chromium": 0.7, "reportlab": 1.8, "typst": 17.0}
MEMORY_GOAL = 0.25
SIZE_GOAL_MB = 0.9


def set_up(*, whole: bool) -> None:
    """Templates and texts are all a paper needs; only what signs needs the applications."""
    sys.path.insert(0, str(ROOT))
    import django
    from django.conf import settings

    if whole:
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    else:
        engine = "django.template.backends.django.DjangoTemplates"
        settings.configure(
            TEMPLATES=[{"BACKEND": engine, "DIRS": [ROOT / "templates"]}],
            INSTALLED_APPS=[],
            LANGUAGE_CODE="zh-hans",
        )
    django.setup()


def installed(engines: str, *, bare: bool) -> dict[str, str]:
    """The sides that can run here, each with the interpreter it runs in; names those that cannot."""
    found = dict.fromkeys(["ours", "plain", *(["bare"] if bare else [])], sys.executable)
    if shutil.which("chromium") and importlib.util.find_spec("playwright"):
        found["chromium"] = sys.executable
    for engine in ENGINES:
        asked = subprocess.run(
            [engines, "-c", f"import {engine}"], check=False, capture_output=True
        )
        if asked.returncode == 0:
            found[engine] = engines
    for side in ("chromium", *ENGINES):
        if side not in found:
            print(f"left out, not installed: {LABELS[side]}")
    return found


def run_child(side: str, folder: Path, interpreter: str = sys.executable) -> Any:
    """What one side or part measured, in a process of its own."""
    command = [interpreter, str(Path(__file__).resolve()), "--child", side, "--folder", str(folder)]
    if side in ENGINES:
        command = [interpreter, "-m", "papers.engines", side, str(folder), str(FONTS), str(REPEATS)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=Path(__file__).parent)
    return json.loads(done.stdout.splitlines()[-1])


def interleaved(found: dict[str, str], folder: Path, rounds: int) -> dict[str, list[Row]]:
    """What each side measured in each round."""
    runs: dict[str, list[Row]] = {side: [] for side in found}
    for number in range(rounds):
        for side, interpreter in found.items():
            if number == 0 or side not in ONCE:
                runs[side].append(run_child(side, folder, interpreter))
    return runs


def print_sides(runs: dict[str, list[Row]]) -> None:
    print(f"{'':36}{'CPU s':>9}{'spread':>8}{'peak MB':>9}{'file MB':>9}")
    for side, several in runs.items():
        row, worst = least(several), max(run["cpu"] for run in several)
        spread = f"{worst / row['cpu']:.2f}×" if len(several) > 1 else ""
        cells = f"{row['cpu']:9.3f}{spread:>8}{row['rss']:9.0f}{row['size']:9.3f}"
        print(f"{LABELS[side]:36}{cells}")


def ratios_of(runs: dict[str, list[Row]]) -> list[Ratio]:
    """Ours against each other side."""
    best = {side: least(several) for side, several in runs.items()}
    ours = best["ours"]
    found: list[Ratio] = [
        (f"CPU / {LABELS[side]}", ours["cpu"] / best[side]["cpu"], goal)
        for side, goal in CPU_GOALS.items()
        if side in best
    ]
    found += [
        ("peak memory / the harder WeasyPrint", ours["rss"] / best["plain"]["rss"], MEMORY_GOAL),
        ("file / the harder WeasyPrint", ours["size"] / best["plain"]["size"], None),
        ("MB of the report with three photos", ours["size"], SIZE_GOAL_MB),
    ]
    return found


def print_goals(ratios: Iterable[Ratio]) -> bool:
    """One line each; whether every goal is met."""
    met = True
    print(f"\n{'':48}{'value':>9}{'goal':>8}")
    for what, value, goal in ratios:
        judged = "" if goal is None else ("met" if value <= goal else "MISSED")
        shown = "" if goal is None else f"{goal:g}"
        print(f"{what:48}{value:9.3f}{shown:>8}  {judged}")
        met = met and judged != "MISSED"
    return met


def compare(rounds: int, engines: str, *, bare: bool) -> bool:
    """Print both tables; whether every goal is met."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sides.uploads(folder)
        content.write(folder)
        runs = interleaved(installed(engines, bare=bare), folder, rounds)
        parts = [tuple(ratio) for part in PARTS for ratio in run_child(part, folder)]
    print_sides(runs)
    return print_goals([*ratios_of(runs), *parts])


def main() -> None:
    """Parse the arguments; exit 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description="The sample report by every engine, in one run.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engines", default=sys.executable, help="Python with reportlab and typst")
    parser.add_argument("--bare", action="store_true", help="also without libharfbuzz-subset, slow")
    parser.add_argument("--child", choices=[*SIDES, *PARTS], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    set_up(whole=options.child == "signing")
    if options.child:
        print(json.dumps((SIDES | PARTS)[options.child](options.folder)))
    elif not compare(options.rounds, options.engines, bare=options.bare):
        raise SystemExit("a goal was missed")


if __name__ == "__main__":
    main()
