"""Every act on a found thing as data: how to get ready for it and how to do it.

The tests of roles and states run over this table, and refuse to run without a row for each act.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from lostfound import retention, workflow
from lostfound.models import CustodyMove, FoundItem, RetentionPolicy, SealTag
from propdesk.core.models import Attachment, User
from propdesk.core.roles import DUTY, Role, standing
from tests.factories import PASSWORD, CaseFactory
from tests.lostfound.journey import FIND, House, fresh, photo

W = workflow
Ready = Callable[[House], FoundItem]
Do = Callable[[House, FoundItem, User], Any]
OTHER = "TS-20200101-001"
ANYBODY = frozenset(Role)


@dataclass(frozen=True, slots=True)
class Act:
    """``name`` of the function, ``action`` that permits it, and who is refused with 409 all the same.

    ``author``: a relation (own …) of a person who may not decide on his own work; ``conflicts``:
    roles for which this act is another one.
    """

    name: str
    action: str
    ready: Ready
    do: Do
    author: str = ""
    conflicts: frozenset[Role] = frozenset()


# --- getting ready -------------------------------------------------------------------------


def contraband(house: House) -> FoundItem:
    return house.logged(category="contraband", features="弹簧刀一把")


def unsigned(house: House) -> FoundItem:
    """Stored, but the guard has not confirmed yet."""
    return house.stored(guard_password="")


def sealed(house: House) -> FoundItem:
    return house.stored(seal=f"FQ-{house.prop.pk}-{SealTag.objects.count() + 1:04}")


def revalued_down(house: House) -> FoundItem:
    item = house.stored()
    workflow.revalue(item, Decimal("80.00"), by=house.dm, basis="旧款", reason="看错型号")
    return fresh(item)


def under_another_policy(house: House) -> FoundItem:
    item = house.stored()
    workflow.set_policy(
        house.prop,
        "handover",
        retention.PRESETS["handover"],
        timezone.localdate(),
        by=house.gm,
        reason="辖区要求",
    )
    return item


def photographed(house: House) -> FoundItem:
    return house.logged()


def beside_another(house: House) -> FoundItem:
    CaseFactory(property=house.prop, number=OTHER, created_by=house.dm)
    return house.logged()


def from_outside(house: House) -> FoundItem:
    return house.logged(finder_name="访客王先生", finder_phone="13800005678")


# --- doing ---------------------------------------------------------------------------------


def _log(house: House, _item: FoundItem, by: User) -> FoundItem:
    return workflow.log(house.prop, FIND, [photo("red")], by=by)


def _receive(house: House, item: FoundItem, by: User) -> FoundItem:
    contents = (workflow.Content("空"),) if item.category in ("bag", "wallet", "cash") else ()
    return workflow.receive(item, house.receipt(contents=contents), by=by)


def second_of(house: House, by: User, *, password: str = PASSWORD) -> workflow.Second:
    """Whoever stands beside ``by``: a guard beside the duty side, the duty manager beside a guard."""
    duty_side = bool(standing(by, house.prop).roles & DUTY)
    return workflow.Second(house.guard2 if duty_side else house.dm, password)


def _move(house: House, item: FoundItem, by: User) -> FoundItem:
    return workflow.move(item, house.other_shelf, second_of(house, by), by=by, reason="换柜")


def _open_seal(house: House, item: FoundItem, by: User) -> FoundItem:
    return workflow.open_seal(item, second_of(house, by), by=by, reason="核对")


def opened(house: House) -> FoundItem:
    item = sealed(house)
    workflow.open_seal(item, second_of(house, house.dm), by=house.dm, reason="核对")
    return fresh(item)


def _reseal(house: House, item: FoundItem, by: User) -> FoundItem:
    return workflow.reseal(item, "FQ-0002", second_of(house, by), by=by, reason="核对完")


def _count(house: House, item: FoundItem, by: User) -> FoundItem:
    lines = [workflow.Content("手机卡一张")]
    return workflow.count_contents(item, lines, second_of(house, by), by=by, reason="重新清点")


def _police(house: House, item: FoundItem, by: User) -> FoundItem:
    receipt = workflow.PoliceReceipt(proof="接收字第7号", receiver="警号 012345")
    return workflow.hand_to_police(item, receipt, second_of(house, by), by=by)


def facts(item: FoundItem, **changes: Any) -> workflow.Facts:
    names = workflow.Facts.__dataclass_fields__
    return replace(workflow.Facts(**{n: getattr(item, n) for n in names}), **changes)


def _correct(_house: House, item: FoundItem, by: User) -> FoundItem:
    return workflow.correct(item, facts(item, features="深蓝色手机"), by=by, reason="看错颜色")


def photo_of(item: FoundItem) -> Attachment:
    return item.case.attachments.order_by("-pk").first() or Attachment.objects.create(
        case=item.case,
        sha256="0" * 64,
        width=1,
        height=1,
        size=1,
        uploaded_by=item.logged_by,
        uploaded_at=timezone.now(),
    )


def _policy_of_item(house: House, item: FoundItem, by: User) -> FoundItem:
    policy = RetentionPolicy.objects.filter(property=house.prop).order_by("-version").first()
    return workflow.change_policy_of_item(item, policy, by=by, reason="失主同意移交")


def _announce(_house: House, item: FoundItem, by: User) -> Any:
    return workflow.announce(item, by=by, published_on=timezone.localdate(), channel="board")


def _unmask(_house: House, item: FoundItem, by: User) -> Any:
    return workflow.unmask(item, item.finder_id, by=by, reason="联系拾获人")


def _set_policy(house: House, _item: FoundItem, by: User) -> RetentionPolicy:
    terms = retention.PRESETS["hotel"]
    day = timezone.localdate() + timedelta(days=1)
    return workflow.set_policy(house.prop, "hotel", terms, day, by=by, reason="取得旅馆业许可")


def _trace(_house: House, item: FoundItem, by: User) -> Any:
    return workflow.trace(item, by=by, via="records", text="查入住登记", outcome="waiting")


ITEM_ACTS: tuple[Act, ...] = (
    Act("log", "log", House.logged, _log),
    Act(
        "hand_in",
        "hand_in",
        House.logged,
        lambda h, i, by: W.hand_in(i, by=by),
        author="own",
        conflicts=DUTY,
    ),
    Act("receive", "receive", House.logged, _receive),
    # Nobody of the cast is one of the two who are named; they have tests of their own.
    Act("cosign", "cosign", unsigned, lambda h, i, by: W.cosign(i, by=by), conflicts=ANYBODY),
    Act("move", "move", House.stored, _move),
    Act("open_seal", "open_seal", sealed, _open_seal),
    Act("reseal", "reseal", opened, _reseal),
    Act("count_contents", "count_contents", House.stored, _count),
    Act(
        "decide_clue",
        "decide_clue",
        House.stored,
        lambda h, i, by: W.decide_clue(i, "yes", by=by, text="有名片"),
    ),
    Act("trace", "trace", House.tracing, _trace),
    Act(
        "report_ownerless",
        "report_ownerless",
        House.traced,
        lambda h, i, by: W.report_ownerless(i, by=by),
    ),
    Act("acknowledge", "acknowledge", House.ownerless, lambda h, i, by: W.acknowledge(i, by=by)),
    Act("announce", "announce", House.stored, _announce),
    Act(
        "revalue",
        "revalue",
        House.stored,
        lambda h, i, by: W.revalue(i, Decimal(2000), by=by, basis="市价", reason="查到型号"),
    ),
    Act(
        "decide_value",
        "decide_value",
        revalued_down,
        lambda h, i, by: W.decide_value(i, by=by, approve=True),
    ),
    Act("change_policy_of_item", "change_policy_of_item", under_another_policy, _policy_of_item),
    Act("set_policy", "set_policy", House.logged, _set_policy),
    Act("hand_to_police", "hand_to_police", contraband, _police),
    Act("correct", "correct", House.stored, _correct),
    Act(
        "attach_all",
        "attach",
        House.stored,
        lambda h, i, by: W.attach_all(i, [photo("red")], by=by),
    ),
    Act(
        "remove_attachment",
        "remove_attachment",
        photographed,
        lambda h, i, by: W.remove_attachment(photo_of(i), by=by, reason="拍到人"),
    ),
    Act("link", "link", beside_another, lambda h, i, by: W.link(i, OTHER, by=by)),
    Act("unmask", "unmask", from_outside, _unmask),
    Act(
        "void",
        "void",
        House.logged,
        lambda h, i, by: W.void(i, by=by, reason="重复登记"),
        author="own",
    ),
    Act(
        "void_stored",
        "void_stored",
        House.stored,
        lambda h, i, by: W.void_stored(i, by=by, where="并入前一编号", reason="重复登记"),
        author="own",
    ),
)
BY_ID = {act.name: act for act in ITEM_ACTS}
MODULES = (
    "logging_in",
    "custody",
    "sealing",
    "cosigning",
    "tracing",
    "valuing",
    "keeping",
    "terms",
)
"""Whose transitions stand here; claims, disposal, counts and lost reports have tables of their own."""


def chain(item: FoundItem) -> list[CustodyMove]:
    """The custody chain in order."""
    return list(item.custody.order_by("seq"))
