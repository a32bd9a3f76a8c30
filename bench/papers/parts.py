"""What each part of a paper costs beside its render: each ratio from turns within one process."""

import gc
import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from papers.measure import cost, in_turns, status_mb
from papers.sides import paper_with

Ratio = tuple[str, float, float | None]
"""What, its value, and the goal it may not exceed (None where the issue sets none)."""
ROUNDS = 5
CHAINS = {0: "seal / render", 2: "seal and two approvals / render", 4: "seal and four / render"}
ROWS_OF_PAGES = {7: 112, 99: 1768}


def archival(photos: Path) -> list[Ratio]:
    """PDF/A-3a with marks against the plain file, the attachment in both."""
    from propdesk.core.papers import render_html
    from propdesk.core.pdf import render as module

    paper, inputs = paper_with(photos)
    html = render_html(paper)

    def plain() -> None:
        with (
            mock.patch.object(module, "VARIANT", None),
            mock.patch.object(
                module, "_finish", lambda _document, pdf, **_: module.write_once(pdf)
            ),
        ):
            module.render(html, **inputs)

    best = in_turns({"plain": plain, "ours": partial(module.render, html, **inputs)}, ROUNDS)
    return [("PDF/A-3a with UA mark / plain PDF", best["ours"] / best["plain"], 1.15)]


def signing(photos: Path) -> list[Ratio]:
    """The seal of the house and the signatures on it, and what checking four costs."""
    from propdesk.core.papers import render_html
    from propdesk.core.pdf import signing as module
    from propdesk.core.pdf.render import render
    from tests.core.test_pdf_signing import CHAIN, CODE, house

    (paper, inputs), (signer, root) = paper_with(photos), house("Bench")
    html = render_html(paper)
    pdf = render(html, **inputs).pdf
    works: dict[str, Callable[[], Any]] = {"render": partial(render, html, **inputs)}
    for count, what in CHAINS.items():
        chain = (CHAIN * 2)[:count]
        works[what] = partial(module.sign, pdf, signer, code=CODE, title="x", approvals=chain)
    signed = works[CHAINS[4]]()
    works["check"] = partial(module.check, signed, [root])
    if not works["check"]().intact:
        raise SystemExit("a bench of signatures that do not hold is none")
    best = in_turns(works, ROUNDS)
    ratios: list[Ratio] = [
        (what, best[what] / best["render"], 0.12) for what in (CHAINS[0], CHAINS[2], CHAINS[4])
    ]
    ratios.append(("checking five signatures / render", best["check"] / best["render"], None))
    grown = (len(signed) - len(pdf)) / len(CHAIN * 2 + CHAIN[:1]) / 1000
    return [*ratios, ("kB each signature adds", grown, None)]


def register(_photos: Path) -> list[Ratio]:
    """Cost of a page in a long register against a short one, and without the collector against with it."""
    from propdesk.core.papers import render_html
    from propdesk.core.pdf.render import render
    from tests.core import paper_samples as samples
    from tests.core import paper_samples_found as found

    def of(rows: int) -> tuple[float, int]:
        paper = found.register(rows)
        inputs = {"assets": samples.assets(paper), "data": paper.to_data()}
        html, made = render_html(paper), []
        at = samples.FROZEN_AT
        spent = cost(lambda: made.append(render(html, **inputs, frozen_at=at).pages))
        return spent / made[0], made[0]

    short, long = ROWS_OF_PAGES.values()
    of(short)
    running, _pages = of(long)
    # As in the child that prints.
    gc.disable()
    quick, pages = min(of(short) for _ in range(ROUNDS))
    many, all_pages = of(long)
    gc.enable()
    return [
        (f"register: a page of {all_pages} / a page of {pages}", many / quick, 1.4),
        (f"page of {all_pages}: collector off / on", many / running, 0.8),
        (f"ms a page of {all_pages}", many * 1000, None),
    ]


def memory(photos: Path) -> list[Ratio]:
    """What a process holds after fifty papers against after five."""
    from propdesk.core.papers import render_html
    from propdesk.core.pdf.render import render

    paper, inputs = paper_with(photos)
    html, held = render_html(paper), {}
    for number in range(1, 51):
        render(html, **inputs)
        held[number] = status_mb("VmRSS")
    return [("MB after 50 renders / after 5", held[50] / held[5], 1.3)]


def sandbox(photos: Path) -> list[Ratio]:
    """A child with limits for each paper, by the wall clock, against the same process."""
    from propdesk.core.papers import render_html
    from propdesk.core.pdf.limited import render_limited
    from propdesk.core.pdf.render import render

    paper, inputs = paper_with(photos)
    html = render_html(paper)
    works = {
        "here": partial(render, html, **inputs),
        "child": partial(render_limited, html, **inputs),
    }
    best = in_turns(works, ROUNDS, wall=True)
    return [("child with limits / same process (wall)", best["child"] / best["here"], 1.2)]


def photos(folder: Path) -> list[Ratio]:
    """A print copy from a draft decode against a full one; an upload keeps 2,560 px as well."""
    from PIL import Image

    from propdesk.core.images import normalise

    raw = (folder / "photo-1").read_bytes()

    def shrink(*, draft: bool) -> None:
        with Image.open(io.BytesIO(raw)) as picture:
            if draft:
                picture.draft("RGB", (1000, 1000))
            # Otherwise the thumbnail would ask for a draft of its own.
            picture.load()
            picture.thumbnail((1000, 1000), Image.Resampling.LANCZOS, reducing_gap=2.0)
            picture.save(io.BytesIO(), "JPEG", quality=82)

    works = {"draft": partial(shrink, draft=True), "full": lambda: shrink(draft=False)}
    best = in_turns(works | {"upload": partial(normalise, raw)}, ROUNDS)
    return [
        ("photo: draft decode / full decode", best["draft"] / best["full"], 0.5),
        ("photo: s of an upload, both copies", best["upload"], None),
    ]


PARTS = {part.__name__: part for part in (archival, signing, register, memory, sandbox, photos)}
