"""A store with things in it and a count that runs: through the workflow, never faked."""

from typing import Any

from lostfound import workflow
from lostfound.models import FoundItem, Stocktake, StocktakeEntry, StoragePlace
from propdesk.core.models import User
from tests.factories import PASSWORD
from tests.factories import fresh as read
from tests.lostfound import claiming
from tests.lostfound.journey import House


def lying(house: House, number: int, storage: StoragePlace | None = None) -> list[FoundItem]:
    """That many umbrellas in the cupboard."""
    found = []
    for n in range(number):
        item = house.logged(
            category="umbrella", features=f"黑色长柄伞{n}", pictures=[], no_photo_reason="没电了"
        )
        found.append(house.stored(item, storage=storage or house.shelf))
    return found


def started(house: House, storage: StoragePlace | None = None, **changes: Any) -> Stocktake:
    """A count by the duty manager; the guard stands beside."""
    by = changes.pop("by", house.dm)
    witness = workflow.Second(
        changes.pop("witness", house.guard), changes.pop("password", PASSWORD)
    )
    row = workflow.start_stocktake(
        house.prop, storage or house.shelf, witness, by=read(by), **changes
    )
    return latest(row)


def scan(row: Stocktake, text: str, *, by: User) -> StocktakeEntry:
    """One tag in this count."""
    return workflow.count(row.case.property, row.case.number, text, by=by)


def latest(row: Stocktake) -> Stocktake:
    """The count read anew."""
    return Stocktake.objects.select_related("case__property", "storage").get(pk=row.pk)


def differences(row: Stocktake) -> dict[str, str]:
    """What differs: tag to kind."""
    return dict(row.differences.values_list("tag", "kind"))


def number(item: FoundItem) -> str:
    """What stands on its tag."""
    return item.case.number


def taken_home(house: House, item: FoundItem) -> FoundItem:
    """Ended on record: its owner has it again."""
    return claiming.returned(house, claiming.verified(house, item))
