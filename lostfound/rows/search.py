"""Hits of the search over all registers, whichever table they come from."""

from typing import Any

from django.utils.translation import gettext as _

from lostfound import categories
from lostfound.detail import TONES
from lostfound.models import FoundItem, LostReport
from propdesk.core import cases, clock_text
from propdesk.core.models import Case, Property, User
from propdesk.core.search import Hit

REPORT_TONES = {"open": ("blue", "search"), "found": ("green", "bag-check")}


def hit(prop: Property, case: Any, user: User, *, details: bool) -> Hit:
    """A line of the result; ``details`` as for ``list_row``."""
    if case.kind == Case.Kind.FOUND:
        title, icon, place, look = _thing(case.found_item, user, details=details)
        row: Any = case.found_item
    elif case.kind == Case.Kind.LOST:
        row = case.lost_report
        title, icon, place, look = _report(row)
    else:
        row = case.disposal if case.kind == Case.Kind.DISPOSAL else case.stocktake
        is_count = case.kind == Case.Kind.STOCKTAKE
        place = row.storage.label if is_count else ""
        title, icon = case.get_kind_display(), "list-check" if is_count else "archive"
        look = ("grey", "circle")
    return Hit(
        number=case.number,
        url=cases.url_of(prop.code, case.kind, case.number),
        kind=case.get_kind_display(),
        icon=icon,
        title=title,
        place=place,
        status=row.get_status_display(),
        tone=look[0],
        mark=look[1],
        opened=clock_text.list_time(case.opened_at),
    )


def _thing(row: FoundItem, user: User, *, details: bool) -> tuple[str, str, str, tuple[str, str]]:
    opens = details or user.pk in (row.logged_by_id, row.finder_user_id)
    title = row.name if opens else row.get_category_display()
    place = row.place.label if row.place else (row.place_note if opens else "")
    look = TONES[FoundItem.Status(row.status)]
    return title, categories.rule(row.category).icon, place, look


def _report(row: LostReport) -> tuple[str, str, str, tuple[str, str]]:
    title = _("报失：%(name)s") % {"name": row.name}
    icon = categories.rule(row.category).icon
    return title, icon, row.place_note, REPORT_TONES.get(row.status, ("grey", "circle"))
