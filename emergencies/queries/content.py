"""Which playbook a house runs by, and how it came to that; read only, nothing is stored by looking."""

from dataclasses import dataclass

import yaml
from django.db.models import QuerySet

from emergencies import playbooks
from emergencies.models import Kind, PlaybookVersion
from emergencies.playbooks.schema import Playbook
from emergencies.playbooks.vocabulary import SITE
from propdesk.core.models import Property

Source = PlaybookVersion.Source
VERSIONS = 50
"""Versions shown at most."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """A playbook as the house runs it now; no row before its first event and its first change."""

    code: str
    book: Playbook
    row: PlaybookVersion | None

    @property
    def label(self) -> str:
        return str(Kind(self.code).label)

    @property
    def is_own(self) -> bool:
        """Whether the house changed it."""
        return self.row is not None and self.row.source != Source.BUNDLED

    @property
    def source(self) -> str:
        return str(Source(self.row.source if self.row else Source.BUNDLED).label)

    @property
    def is_behind(self) -> bool:
        """Whether the bundled one is newer than what the house made its own from."""
        return self.is_own and self.row is not None and _is_behind(self.row)


def _is_behind(row: PlaybookVersion) -> bool:
    return row.base_sha256 != playbooks.sha256(playbooks.PLAYBOOKS[row.code])


def site_of(prop: Property) -> dict[str, str]:
    """Facts of the house that texts of a playbook name."""
    return {key: str(getattr(prop.settings, key, "") or "") for key in SITE}


def shelf(prop: Property) -> list[Shelved]:
    """The eight in the order of the procedure: one statement."""
    rows = {row.code: row for row in _current(prop)}
    return [_shelved(code, rows.get(code)) for code in playbooks.PLAYBOOKS]


def one(prop: Property, code: str) -> Shelved:
    """The playbook of this kind as it runs now."""
    return _shelved(code, _current(prop).filter(code=code).first())


def _current(prop: Property) -> "QuerySet[PlaybookVersion]":
    return PlaybookVersion.objects.filter(property=prop, superseded_at=None).select_related("by")


def _shelved(code: str, row: PlaybookVersion | None) -> Shelved:
    """A stored bundled one gives way to the newer release at the next event: so it reads already."""
    if row is None or row.source == Source.BUNDLED:
        return Shelved(code, playbooks.PLAYBOOKS[code], row)
    return Shelved(code, playbooks.from_json(row.content), row)


@dataclass(frozen=True, slots=True)
class Version:
    """A version somebody of the house made, by its place among those: 1 is the first."""

    nth: int
    row: PlaybookVersion
    is_current: bool


def versions(prop: Property, code: str) -> list[Version]:
    """The newest versions the house made, the newest first, without the texts.

    What the program stores at the first event of a kind is not among them and is not counted: it
    would tell everybody that somebody died here (E-6).
    """
    rows = _made(prop, code).select_related("by").defer("content", "text").order_by("-number")
    found, count = list(rows[:VERSIONS]), _made(prop, code).count()
    return [Version(count - n, row, is_current=n == 0) for n, row in enumerate(found)]


def version(prop: Property, code: str, nth: int) -> Version | None:
    """One version the house made, by its place."""
    rows = list(_made(prop, code).order_by("number")[max(nth, 1) - 1 :][:2])
    return Version(nth, rows[0], is_current=len(rows) == 1) if rows and nth > 0 else None


def _made(prop: Property, code: str) -> "QuerySet[PlaybookVersion]":
    return PlaybookVersion.objects.filter(property=prop, code=code, by__isnull=False)


def text_of(shelved: Shelved) -> str:
    """The playbook as YAML, to begin an own version with: as put in, as shipped, or written anew."""
    row = shelved.row
    if row is not None and row.text:
        return row.text
    if not shelved.is_own:
        return (playbooks.FOLDER / f"{shelved.code}.yaml").read_text(encoding="utf-8")
    data = shelved.book.model_dump(mode="json", by_alias=True, exclude_none=True)
    written: str = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=110)
    return written
