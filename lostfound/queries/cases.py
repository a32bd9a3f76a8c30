"""All that hangs on found things, for one search: slips, lost reports, papers of disposal, counts."""

from django.db.models import Q

from lostfound.permissions import ACTIONS
from lostfound.queries import item as items
from lostfound.queries import lost
from propdesk.core.models import Case, Property, User
from propdesk.core.roles import standing
from propdesk.core.search import Arm

PAPERS = {Case.Kind.DISPOSAL: "read_batch", Case.Kind.STOCKTAKE: "read_stocktake"}


def search_arms(user: User, prop: Property) -> list[Arm]:
    """What the search over all registers may look into, as far as this user reads it."""
    roles = standing(user, prop).roles
    kinds = tuple(kind for kind, action in PAPERS.items() if roles & ACTIONS[action].any)
    arms = items.search_arms(user, prop)
    if lost.reads_all(user, prop):
        arms.append(Arm((Case.Kind.LOST,)))
    else:
        reports = lost.visible_to(user, prop).order_by()
        keys = reports.values("case")
        arms.append(Arm((Case.Kind.LOST,), where=Q(pk__in=keys), own=keys))
    if kinds:
        arms.append(Arm(kinds))
    return arms
