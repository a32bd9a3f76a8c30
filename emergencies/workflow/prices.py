"""赔偿价目: what the house publishes; every change with a reason (E-2)."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from emergencies.models import PriceItem
from emergencies.permissions import ACTIONS
from propdesk.core import audit
from propdesk.core.models import Property, User
from propdesk.core.roles import ensure
from propdesk.core.transitions import RefusedInput, require

MAX_PRICES = 300


@dataclass(frozen=True, slots=True)
class Price:
    """One item as it is to be published."""

    name: str
    unit: str
    price: Decimal
    is_active: bool = True


@transaction.atomic
def put_price(
    prop: Property, item: PriceItem | None, what: Price, *, by: User, reason: str
) -> PriceItem:
    """登记或修改价目: managers only; slips that are priced already keep their own figures.

    RefusedInput without a reason, and for a name that is on the list already.
    """
    ensure(by, "edit_prices", ACTIONS, prop=prop)
    if not reason.strip():
        raise RefusedInput(reason=_("请写明为什么登记或修改这个价。"))
    # Two who add the same item at once: the second waits here and finds it.
    Property.objects.select_for_update(no_key=True, of=("self",)).get(pk=prop.pk)
    others = prop.prices.exclude(pk=item.pk) if item else prop.prices.all()
    if others.filter(name=what.name.strip()).exists():
        raise RefusedInput(name=_("价目里已有这一项，请修改原来那一项。"))
    require(item is not None or others.count() < MAX_PRICES, _("价目最多300项，停用的也算。"))
    row = item or PriceItem(property=prop)
    row.name, row.unit = what.name.strip()[:40], what.unit.strip()[:8]
    row.price, row.is_active = what.price, what.is_active
    fields = ("name", "unit", "price", "is_active") if item else ()
    audit.save(row, *fields, by=by, reason=reason.strip()[:200])
    return row
