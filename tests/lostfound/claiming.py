"""Claims walked to a given state, and every act on a claim as data for the tests of roles and states."""

import io
from dataclasses import replace
from typing import Any

from django.db import connection
from django.utils import timezone
from PIL import Image

from lostfound import workflow
from lostfound.models import Claim, DisposalBatch, FoundItem, LostReport
from propdesk.core.models import Person, User
from propdesk.core.persons import Guest
from tests.factories import PASSWORD, PersonFactory
from tests.incidents.journey import drawn
from tests.lostfound import disposing
from tests.lostfound.journey import House, S, ago, fresh, photo
from tests.lostfound.moves import Act

W = workflow
GUEST = Guest(name="林小雨", honorific="ms", phone="13900002222", address="A座1806")
PROXY = Guest(name="林大川", phone="13900003333")
CLAIMANT = W.Claimant(GUEST)
WORDS = "我的手机，屏幕角上摔裂了，套着蓝色的壳"
OTHER_WORDS = "是我的手机，黑色的"
CHECKS = (W.Check("右上角裂纹", True), W.Check("蓝色硅胶壳", True), W.Check("黑色", False))
ID_CARD, PASSPORT = "11010519491231002X", "E12345678"
PROOF = W.Proof(CHECKS, "id_card", ID_CARD)
CHEAP = {"value": "80.00"}


def claim_of(item: FoundItem) -> Claim:
    """The newest claim read anew, or a stray one that no transition wrote."""
    found = Claim.objects.filter(item=item).order_by("-seq").first()
    return found or Claim.objects.create(
        item=item,
        seq=1,
        state=Claim.State.WITHDRAWN,
        owner=PersonFactory(property=item.case.property),
        description="?",
        described_at=timezone.now(),
        described_by=item.logged_by,
        ended_at=timezone.now(),
        ended_reason="?",
    )


def live(item: FoundItem) -> Claim:
    return Claim.objects.get(item=item, state__in=["described", "verified"])


# --- getting ready -------------------------------------------------------------------------


def described(house: House, item: FoundItem | None = None, **changes: Any) -> FoundItem:
    item = item or house.stored()
    workflow.describe(item, replace(CLAIMANT, **changes), WORDS, by=house.desk)
    return fresh(item)


def verified(house: House, item: FoundItem | None = None, **changes: Any) -> FoundItem:
    """Worth 1,500 yuan, so two look at it."""
    item = item if item and item.status == S.CLAIMED else described(house, item)
    second = workflow.Second(house.guard, PASSWORD)
    workflow.verify(live(item), replace(PROOF, **changes), by=house.dm, second=second)
    return fresh(item)


def disputed(house: House, item: FoundItem | None = None, *, rivals: int = 1) -> FoundItem:
    item = item or described(house)
    for number in range(rivals):
        guest = replace(GUEST, name=f"周{number}", phone=f"1380000{number:04}")
        workflow.rival(item, W.Claimant(guest), OTHER_WORDS, by=house.desk)
    return fresh(item)


def signed(**changes: Any) -> W.Signed:
    return replace(W.Signed("drawn", drawn(), device="Test/1.0", consents=True), **changes)


def give_back(house: House, item: FoundItem, by: User | None = None, **changes: Any) -> Claim:
    guard = workflow.Second(house.guard, PASSWORD)
    return workflow.return_item(
        claim_of(item), signed(**changes), guard, PASSWORD, by=by or house.dm
    )


def returned(house: House, item: FoundItem | None = None, **changes: Any) -> FoundItem:
    item = item or verified(house)
    give_back(house, item, **changes)
    return fresh(item)


def on_paper(house: House) -> FoundItem:
    return returned(house, kind="paper", data=b"", consents=False)


def proxied(house: House, item: FoundItem | None = None) -> FoundItem:
    item = described(house, item, way="proxy")
    return verified(house, item, proxy=PROXY, authorisation=photo("red"))


def expired(house: House, count: int = 1) -> list[FoundItem]:
    """Things of small value whose three months are over."""
    return disposing.expired(house, count, since=ago(days=120))


def in_batch(house: House, count: int = 1) -> tuple[list[FoundItem], DisposalBatch]:
    """Things on a paper of disposal that nobody has decided yet."""
    items = expired(house, count)
    return items, disposing.drafted(house, items)


def decided(house: House, method: str, count: int = 1) -> tuple[list[FoundItem], DisposalBatch]:
    """Things on a paper that is decided and waits to be carried out."""
    items, batch = in_batch(house, count)
    reviewed = disposing.reviewed(house, disposing.submitted(house, batch))
    batch = disposing.decided(house, reviewed, method)
    return [fresh(item) for item in items], batch


def disposed(house: House, method: str) -> FoundItem:
    items, batch = decided(house, method)
    disposing.done(house, batch)
    return items[0]


def lost_report(house: House, **changes: Any) -> LostReport:
    now = timezone.now()
    loss = workflow.Loss("phone", "黑色手机", now, now)
    return workflow.report_lost(house.prop, loss, replace(GUEST, **changes), by=house.desk)


def at(house: House, status: str) -> FoundItem:
    """A thing in each state there is."""
    ready: dict[str, Any] = {
        S.LOGGED: house.logged,
        S.STORED: house.stored,
        S.TRACING: house.tracing,
        S.OWNERLESS: house.ownerless,
        S.CLAIMED: lambda: described(house),
        S.DISPUTED: lambda: disputed(house),
        S.EXPIRED: lambda: expired(house)[0],
        S.DISPOSING: lambda: decided(house, "donate")[0][0],
        S.RETURNED: lambda: returned(house),
        S.DISPOSED: lambda: disposed(house, "donate"),
        S.POLICE: lambda: disposed(house, "police"),
        S.VOIDED: lambda: workflow.void(house.logged(), by=house.pm, reason="重复登记"),
    }
    return fresh(ready[status]())


# --- doing ---------------------------------------------------------------------------------


def _describe(_house: House, item: FoundItem, by: User) -> Claim:
    return W.describe(item, CLAIMANT, WORDS, by=by)


def _rival(_house: House, item: FoundItem, by: User) -> Claim:
    return W.rival(item, CLAIMANT, OTHER_WORDS, by=by)


def _verify(house: House, item: FoundItem, by: User) -> Claim:
    return W.verify(claim_of(item), PROOF, by=by, second=W.Second(house.guard2, PASSWORD))


def _resolve(_house: House, item: FoundItem, by: User) -> FoundItem:
    return W.resolve_dispute(item, claim_of(item), by=by, reason="说得出锁屏图案")


ACTS: tuple[Act, ...] = (
    Act("describe", "describe", House.stored, _describe),
    Act("rival", "rival", described, _rival),
    Act("verify", "verify", described, _verify),
    Act(
        "refuse_claim",
        "refuse_claim",
        described,
        lambda _h, i, by: W.refuse_claim(claim_of(i), by=by, reason="说错颜色"),
    ),
    Act(
        "withdraw_claim",
        "withdraw_claim",
        described,
        lambda _h, i, by: W.withdraw_claim(claim_of(i), by=by, reason="认错了"),
    ),
    Act(
        "withdraw_disputed",
        "withdraw_disputed",
        disputed,
        lambda _h, i, by: W.withdraw_disputed(claim_of(i), by=by, reason="认错了"),
    ),
    Act("resolve_dispute", "resolve_dispute", disputed, _resolve),
    Act("return_item", "return_item", verified, lambda h, i, by: give_back(h, i, by)),
    Act(
        "add_scan",
        "add_scan",
        on_paper,
        lambda _h, i, by: W.add_scan(claim_of(i), photo("green"), by=by),
    ),
)
BY_ID = {act.name: act for act in ACTS}
MODULES = ("claims", "verifying", "returning")


# --- what nobody may find ------------------------------------------------------------------


def hidden(item: FoundItem) -> list[str]:
    """Every string of the thing that a claimant must not see before he has described it."""
    parts = [item.name, item.serial, item.features, *item.features.split("，")]
    parts += [line.text for line in item.contents.all()]
    return [part for part in parts if part and part != item.get_category_display()]


def columns_holding(text: str) -> list[str]:
    """Every text-like column of the database in which ``text`` stands somewhere."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema ="
            " 'public' AND data_type IN ('text', 'character varying', 'character', 'jsonb', 'ARRAY')"
        )
        found = []
        for table, column in cursor.fetchall():
            cursor.execute(
                f'SELECT count(*) FROM "{table}" WHERE "{column}"::text LIKE %s',  # noqa: S608 -- names from the catalogue
                [f"%{text}%"],
            )
            if cursor.fetchone()[0]:
                found.append(f"{table}.{column}")
        return found


def scan(colour: str = "white") -> bytes:
    """A photo of a signature on paper."""
    out = io.BytesIO()
    Image.new("RGB", (400, 300), colour).save(out, "JPEG")
    return out.getvalue()


def person(pk: int) -> Person:
    return Person.objects.get(pk=pk)
