"""A found thing walked to a given state through the workflow itself: no state is ever faked."""

import functools
import io
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from PIL import Image

from lostfound import categories, workflow
from lostfound.models import FoundItem, StoragePlace
from propdesk.core.models import Department, Place, Property, User
from propdesk.core.roles import Role
from tests.factories import (
    PASSWORD,
    DepartmentFactory,
    PlaceFactory,
    Post,
    PropertyFactory,
    members,
)
from tests.incidents.journey import keep_signatures

S = FoundItem.Status
FIND = workflow.Find(
    category="phone",
    features="黑色手机，屏幕右上角有裂纹，蓝色硅胶壳",
    place=None,
    place_note="A座大堂沙发",
)


@functools.cache
def photo(colour: str = "navy", size: tuple[int, int] = (320, 240)) -> bytes:
    """A small JPEG; another colour is another photo."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


def fresh(item: FoundItem) -> FoundItem:
    """The thing read anew with what its transitions read."""
    return FoundItem.objects.select_related("case__property__settings").get(pk=item.pk)


@dataclass
class House:
    """A property with one person per role found things need; the signers have signatures."""

    prop: Property = field(default_factory=PropertyFactory)
    taker: User | None = None
    """Who finds and logs things, when it is not the guard."""

    def __post_init__(self) -> None:
        self.security: Department = DepartmentFactory(property=self.prop, name="保安部")
        self.housekeeping: Department = DepartmentFactory(property=self.prop, name="管家部")
        self.dm, self.pm, self.gm, self.guard, self.guard2, self.cleaner, self.desk = members(
            self.prop,
            Post(Role.DUTY_MANAGER, "周敏"),
            Post(Role.PROPERTY_MANAGER, "张岚"),
            Post(Role.GENERAL_MANAGER, "陈国栋"),
            Post(Role.SECURITY, "李强", self.security),
            Post(Role.SECURITY, "赵刚", self.security),
            Post(Role.HOUSEKEEPING, "孙丽", self.housekeeping),
            Post(Role.FRONT_DESK, "钱婷"),
        )
        keep_signatures(self.dm, self.pm, self.gm, self.guard, self.guard2)
        self.lobby: Place = PlaceFactory(property=self.prop, name="A座大堂")
        self.shelf = self.storage("2号柜 上层", "G2-1")
        self.other_shelf = self.storage("2号柜 下层", "G2-2")

    def storage(self, label: str, code: str) -> StoragePlace:
        return StoragePlace.objects.create(property=self.prop, name=label, label=label, code=code)

    def logged(self, *, by: User | None = None, **changes: Any) -> FoundItem:
        find = replace(FIND, **{k: v for k, v in changes.items() if k != "pictures"})
        # Nobody photographs papers and cards.
        usual = [] if categories.rule(find.category).no_photo else [photo()]
        pictures = changes.get("pictures", usual)
        return fresh(workflow.log(self.prop, find, pictures, by=by or self.taker or self.guard))

    def receipt(self, **changes: Any) -> workflow.Receipt:
        receipt = workflow.Receipt(
            guard=self.guard,
            guard_password=PASSWORD,
            storage=self.shelf,
            value=Decimal("1500.00"),
            basis="同型号二手价",
        )
        return replace(receipt, **changes)

    def stored(self, item: FoundItem | None = None, **changes: Any) -> FoundItem:
        """In the cupboard, signed by both, no word about a clue yet."""
        item = item or self.logged()
        return fresh(workflow.receive(item, self.receipt(**changes), by=self.dm))

    def tracing(self, item: FoundItem | None = None) -> FoundItem:
        item = item or self.stored()
        return fresh(workflow.decide_clue(item, "yes", by=self.dm, text="手机锁屏有联系电话"))

    def traced(self, item: FoundItem | None = None) -> FoundItem:
        item = self.tracing(item)
        workflow.trace(item, by=self.dm, via="phone", text="拨打锁屏上的电话", outcome="no_answer")
        return fresh(item)

    def traced_again(self, item: FoundItem) -> None:
        workflow.trace(item, by=self.dm, via="records", text="查入住登记", outcome="waiting")

    def ownerless(self, item: FoundItem | None = None) -> FoundItem:
        item = item or self.stored()
        return fresh(workflow.decide_clue(item, "no", by=self.dm))

    def moved(self, item: FoundItem | None = None, **changes: Any) -> FoundItem:
        item = item or self.stored()
        second = workflow.Second(self.guard, changes.pop("password", PASSWORD))
        workflow.move(item, self.other_shelf, second, by=self.dm, reason="换柜", **changes)
        return fresh(item)


def ago(**span: float) -> Any:
    """A moment before now."""
    return timezone.now() - timedelta(**span)
