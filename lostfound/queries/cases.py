"""All that hangs on found things, for one search: slips, lost reports, papers of disposal, counts."""

from lostfound.permissions import ACTIONS
from lostfound.queries import item as items
from lostfound.queries import lost
from propdesk.core.models import Case, Property, User
from propdesk.core.roles import standing
from propdesk.core.search import Arm

PAPERS = {Case.Kind.DISPOSAL: "read_batch", Case.Kind.STOCKTAKE: "read_stocktake"}


def search_arms(user: User, prop: Property) -> list[Arm]:
    """What the search over all registers may look into, as far as this user reads it."""
    cases = Case.objects.filter(property=prop)
    roles = standing(user, prop).roles
    kinds = [kind for kind, action in PAPERS.items() if roles & ACTIONS[action].any]
    reports = lost.visible_to(user, prop).order_by()
    arms = items.search_arms(user, prop)
    arms.append(Arm(cases.filter(kind=Case.Kind.LOST, pk__in=reports.values("case"))))
    if kinds:
        arms.append(Arm(cases.filter(kind__in=kinds)))
    return arms
