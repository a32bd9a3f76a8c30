"""One search over all that hangs on found things: slips, lost reports, papers of disposal, counts."""

from typing import Any

from django.db.models import Q, QuerySet

from lostfound.permissions import ACTIONS
from lostfound.queries import item as items
from lostfound.queries import lost
from propdesk.core import search
from propdesk.core.models import Case, Property, User
from propdesk.core.roles import standing

PAPERS = {Case.Kind.DISPOSAL: "read_batch", Case.Kind.STOCKTAKE: "read_stocktake"}


def searched(user: User, prop: Property, query: str) -> "QuerySet[Case]":
    """Cases this user may read that the words hit, in no order, with the row of their register."""
    hits = search.hits(prop, query).values("case")
    roles = standing(user, prop).roles
    reports = lost.visible_to(user, prop).filter(case__in=hits)
    kinds = [kind for kind, action in PAPERS.items() if roles & ACTIONS[action].any]
    papers = Case.objects.filter(
        Q(pk__in=hits) | Q(number__startswith=query.upper()), property=prop, kind__in=kinds
    )
    parts: list[QuerySet[Any, Any]] = [
        rows.order_by().values("pk")
        for rows in (items.searched(user, prop, query), reports, papers)
    ]
    rows = Case.objects.filter(pk__in=parts[0].union(*parts[1:]))
    return rows.select_related("found_item__place", "lost_report", "disposal", "stocktake__storage")
