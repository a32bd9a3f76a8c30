"""What the signatures of a sealed paper cost beside its render.

    python bench/signing.py [--rounds 5]

The sample report is printed and signed in turns in one process: with the house's seal alone, with
two approvals (a normal complaint) and with four (a major one). CPU is the least of the rounds.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
GOAL = 0.12
CHAINS = (0, 2, 4)


def cpu(act: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of CPU, and what the act returned."""
    start = time.process_time()
    result = act()
    return time.process_time() - start, result


def main() -> None:
    """Print one line for each number of signatures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    sys.path.insert(0, str(ROOT))
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from propdesk.core.papers import render_html
    from propdesk.core.pdf import signing
    from propdesk.core.pdf.render import render
    from tests.core import paper_samples as samples
    from tests.core.test_pdf_signing import CHAIN, CODE, house

    paper, (signer, root) = samples.incident(), house("Bench")
    html, assets, at = render_html(paper), samples.assets(paper), datetime(2026, 11, 20, tzinfo=UTC)
    best: dict[object, float] = {}
    grown: dict[int, int] = {}
    for _round in range(rounds + 1):  # the first one warms up
        used, made = cpu(lambda: render(html, assets=assets, data=paper.to_data(), frozen_at=at))
        best["render"] = min(used, best.get("render", 9.0)) if _round else 9.0
        for count in CHAINS:
            chain = (CHAIN * 2)[:count]
            sign = partial(signing.sign, made.pdf, signer, code=CODE, title="x", approvals=chain)
            used, signed = cpu(sign)
            checked, found = cpu(partial(signing.check, signed, [root]))
            assert found.intact  # noqa: S101 -- a bench of signatures that do not hold is none
            if _round:
                best[count] = min(used, best.get(count, 9.0))
                best["check", count] = min(checked, best.get(("check", count), 9.0))
            grown[count] = len(signed) - len(made.pdf)
    print(f"render {best['render'] * 1000:.0f} ms; goal for the seal {GOAL}")
    for count in CHAINS:
        print(
            f"{1 + count} signatures: {best[count] * 1000:.0f} ms, {best[count] / best['render']:.3f} "
            f"of the render, +{grown[count] / 1000:.0f} kB, verified in {best['check', count] * 1000:.0f} ms"
        )


if __name__ == "__main__":
    main()
