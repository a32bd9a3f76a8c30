"""L-F: three signatures, the frozen slip, the end of custody, and the scan that follows."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from lostfound import workflow
from lostfound.models import Claim, CustodyMove, LostReport
from lostfound.workflow import Rule, Second
from propdesk.core import audit, persons, photos, signatures
from propdesk.core.models import (
    Attachment,
    Case,
    Clock,
    Notice,
    PersonSignature,
    RenderJob,
    StaffSignature,
    Task,
)
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.factories import PASSWORD, PropertyFactory, member
from tests.factories import fresh as read
from tests.incidents.journey import drawn
from tests.incidents.moves import refuses
from tests.lostfound import claiming
from tests.lostfound.claiming import (
    CLAIMANT,
    WORDS,
    claim_of,
    described,
    give_back,
    on_paper,
    returned,
    signed,
    verified,
)
from tests.lostfound.journey import House, S, fresh, photo

pytestmark = pytest.mark.django_db
State = Claim.State
GUEST = claiming.GUEST


# --- 归还 ----------------------------------------------------------------------------------


def test_thing_goes_back_with_three_signatures_and_everything_ends() -> None:
    house = House()
    item = verified(house)
    now = timezone.now()

    with time_machine.travel(now, tick=False):
        give_back(house, item)

    item, claim = fresh(item), claim_of(item)
    assert (item.status, item.returned_at, item.ended_at, item.next_due_at) == (
        S.RETURNED,
        now,
        now,
        None,
    )
    assert (item.case.is_open, item.case.closed_at) == (False, now)
    assert (claim.state, claim.returned_at, claim.ended_at) == (State.RETURNED, now, now)
    signature = PersonSignature.objects.get()
    assert claim.signature == signature
    assert (signature.person, signature.kind, signature.signed_at) == (claim.owner, "drawn", now)
    assert (signature.content_sha, signature.device) == (claim.slip_sha256, "Test/1.0")
    assert (claim.manager, claim.manager_signature) == (house.dm, signatures.current(house.dm))
    assert (claim.guard, claim.guard_signature) == (house.guard, signatures.current(house.guard))
    assert not Clock.objects.filter(case=item.case, fired_at=None, stopped_at=None).exists()
    assert audit.problems(item.case) == []


def test_custody_ends_with_the_claimant_and_both_who_stood_by() -> None:
    house = House()
    item = returned(house)

    before, last = item.custody.order_by("seq")[1:]
    assert (before.kind, before.ended_at) == ("receive", last.at)
    assert (last.kind, last.holder_person, last.ended_at) == (
        CustodyMove.Kind.RETURN,
        claim_of(item).owner,
        None,
    )
    assert (last.manager, last.guard, last.manager_at, last.guard_at) == (
        house.dm,
        house.guard,
        last.at,
        last.at,
    )
    assert (last.storage, last.holder, last.giver) == (None, None, None)


def test_sealed_slip_is_asked_for_once_with_the_last_entry() -> None:
    house = House()
    item = returned(house)

    job = RenderJob.objects.get()
    assert (job.case, job.kind, job.sealed, job.requested_by) == (
        item.case,
        "claim_slip",
        True,
        house.dm,
    )
    assert job.case_version == item.case.version
    entry = item.case.entries.order_by("-seq")[0]
    assert entry.content["info"] == {
        "claim": 1,
        "signed": "drawn",
        "slip": claim_of(item).slip_sha256,
    }


def test_tasks_of_the_thing_end_and_nobody_is_disturbed() -> None:
    house = House()
    item = verified(house, described(house, house.ownerless()))
    told = Notice.objects.count()

    give_back(house, item)

    assert not Task.objects.filter(case=item.case, done_at=None).exists()
    assert Notice.objects.count() == told


def test_photographed_signature_is_kept_as_a_scan() -> None:
    house = House()
    returned(house, kind="scan", data=claiming.scan(), consents=False)

    signature = PersonSignature.objects.get()
    assert signature.kind == "scan"
    assert bytes(signature.image)[:3] == b"\xff\xd8\xff"


def test_proxy_signs_and_takes_it() -> None:
    house = House()
    item = returned(house, claiming.proxied(house))

    claim = claim_of(item)
    assert claim.proxy is not None
    last = item.custody.get(ended_at=None)
    assert (last.holder_person, PersonSignature.objects.get().person) == (claim.proxy, claim.proxy)


def test_posted_thing_keeps_courier_number_and_fee() -> None:
    house = House()
    item = verified(house, described(house, way="post"))

    give_back(house, item, courier="顺丰", tracking="SF1", fee=Decimal("23.50"))

    claim = claim_of(item)
    assert (claim.courier, claim.tracking, claim.fee) == ("顺丰", "SF1", Decimal("23.50"))


def test_thing_brought_to_the_owner_has_no_courier() -> None:
    house = House()
    item = verified(house, described(house, way="delivered"))

    give_back(house, item, courier="顺丰", tracking="SF1", fee=Decimal(5))

    claim = claim_of(item)
    assert (claim.courier, claim.tracking, claim.fee) == ("", "", Decimal(5))


def test_report_of_the_loss_ends_as_found_with_a_reason_in_its_own_chain() -> None:
    house = House()
    report = claiming.lost_report(house)
    item = verified(house, described(house, lost_report=report))

    give_back(house, item)

    report = LostReport.objects.get()
    number = item.case.number
    assert (report.status, report.ended_reason) == ("found", f"已找到并归还，见 {number}")
    case = Case.objects.get(pk=report.pk)
    assert (case.is_open, audit.problems(case)) == (False, [])
    assert case.entries.order_by("-seq")[0].by == house.dm


def test_report_that_somebody_ended_meanwhile_stays_as_it_is() -> None:
    house = House()
    report = claiming.lost_report(house)
    item = verified(house, described(house, lost_report=report))
    workflow.close_lost(report, "closed", by=house.desk, reason="不找了")

    give_back(house, item)

    assert LostReport.objects.get().ended_reason == "不找了"


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "kind": ({"kind": "fax"}, "怎样签名"),
    "no signature": ({"data": b""}, "请认领人签名"),
    "no scan": ({"kind": "scan", "data": b""}, "请认领人签名"),
    "broken": ({"data": b"x"}, "图片"),
    "no consent": ({"consents": False}, "同意以电子方式签署"),
    "future": ({"signed_at": timedelta(hours=1)}, "时间还没有到"),
    "too early": ({"signed_at": timedelta(hours=-2)}, "早于上一步"),
    "fee": ({"fee": Decimal(-1)}, "费用不能小于零"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_return_with_something_wrong_is_refused(name: str) -> None:
    house = House()
    item = verified(house)
    changes, sentence = REFUSED[name]
    changes = dict(changes)
    if "signed_at" in changes:
        changes["signed_at"] = timezone.now() + changes["signed_at"]

    with refuses(RefusedInput, match=sentence):
        give_back(house, item, **changes)


@pytest.mark.parametrize(("courier", "tracking"), [("", "SF1"), ("顺丰", ""), ("", "")])
def test_posted_thing_without_courier_or_number_is_refused(courier: str, tracking: str) -> None:
    house = House()
    item = verified(house, described(house, way="post"))

    with refuses(RefusedInput, match="快递"):
        give_back(house, item, courier=courier, tracking=tracking)


PEOPLE: dict[str, tuple[str, str, str, str, str]] = {
    "wrong password": ("dm", "wrong", "guard", PASSWORD, "密码不对"),
    "wrong guard password": ("dm", PASSWORD, "guard", "wrong", "密码不对"),
    "no guard password": ("dm", PASSWORD, "guard", "", "密码不对"),
    "same": ("dm", PASSWORD, "dm", PASSWORD, "不能是同一人"),
    "no guard": ("dm", PASSWORD, "pm", PASSWORD, "保安部人员"),
    "desk": ("dm", PASSWORD, "desk", PASSWORD, "保安部人员"),
}


@pytest.mark.parametrize("name", PEOPLE)
def test_return_takes_a_manager_and_a_guard_who_are_both_here(name: str) -> None:
    house = House()
    item = verified(house)
    by, password, guard, guard_password, sentence = PEOPLE[name]

    with refuses(RefusedInput, match=sentence):
        workflow.return_item(
            claim_of(item),
            signed(),
            Second(getattr(house, guard), guard_password),
            password,
            by=getattr(house, by),
        )


@pytest.mark.parametrize(
    ("role", "field"), [(Role.DUTY_MANAGER, "password"), (Role.SECURITY, "guard_password")]
)
def test_colleague_without_a_signature_is_refused_at_his_own_field(role: Role, field: str) -> None:
    house = House()
    item = verified(house)
    bare = member(house.prop, role)
    by = bare if role == Role.DUTY_MANAGER else house.dm
    guard = bare if role == Role.SECURITY else house.guard

    with refuses(RefusedInput, match="还没有留存签名") as caught:
        workflow.return_item(claim_of(item), signed(), Second(guard, PASSWORD), PASSWORD, by=by)

    assert list(caught.value.errors) == [field]


@pytest.mark.parametrize("state", ["described", "withdrawn"])
def test_claim_that_was_not_checked_is_not_returned(state: str) -> None:
    house = House()
    item = described(house)
    claim = claim_of(item)
    if state == "withdrawn":
        workflow.withdraw_claim(claim, by=house.dm, reason="认错了")
        described(house, fresh(item))

    with refuses(ConflictError, match="先核对"):
        workflow.return_item(claim, signed(), Second(house.guard, PASSWORD), PASSWORD, by=house.dm)


def test_thing_whose_receipt_was_never_cosigned_is_not_returned() -> None:
    house = House()
    item = claiming.verified(house, house.stored(guard_password=""))

    with refuses(ConflictError, match="请李强先会签"):
        claiming.give_back(house, item)
    workflow.cosign(item, by=read(house.guard))
    claiming.give_back(house, item)

    assert fresh(item).status == S.RETURNED


def test_authority_that_was_taken_down_no_longer_counts() -> None:
    house = House()
    item = claiming.proxied(house)
    with transaction.atomic():
        photos.strike_out(Attachment.objects.get(caption="委托书"), by=house.dm, reason="拍错")

    with refuses(ConflictError, match="委托书照片已被撤下"):
        give_back(house, item)


# --- the slip ------------------------------------------------------------------------------


def full(house: House) -> Any:
    """A thing of which everything is known, returned by post."""
    found = house.logged(
        category="wallet", features="棕色，内有照片", serial="No.7", place=house.lobby
    )
    contents = (
        workflow.Content("公交卡"),
        workflow.Content("", 2, "CNY", Decimal(50)),
    )
    item = house.tracing(house.stored(found, contents=contents, seal="FQ-1", value=Decimal(150)))
    workflow.trace(item, by=house.dm, via="phone", text="打了名片上的电话", outcome="found")
    workflow.announce(fresh(item), by=house.dm, published_on=timezone.localdate(), channel="board")
    report = claiming.lost_report(house)
    item = verified(house, described(house, fresh(item), way="post", lost_report=report))
    return returned(house, item, courier="顺丰", tracking="SF1", fee=Decimal(12))


def test_slip_says_the_same_for_ever() -> None:
    house = House()
    item = full(house)
    claim = claim_of(item)
    signed_over = claim.slip_sha256

    assert len(signed_over) == 64
    assert workflow.slip_digest(item, claim) == signed_over

    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_user SET name = '改名' WHERE id = %s", [house.dm.pk])
        cursor.execute("UPDATE core_place SET label = '改名' WHERE id = %s", [house.lobby.pk])
        cursor.execute("UPDATE lostfound_storageplace SET label = code || '改名'")
    later = timezone.now() + timedelta(days=1)
    with time_machine.travel(later), transaction.atomic():
        changed = replace(GUEST, name="改名", phone="13511112222")
        persons.change(claim.owner, changed, by=house.dm, reason="换号")

    assert workflow.slip_digest(fresh(item), claim_of(item)) == signed_over


CHANGES = {
    "lostfound_claim": ["courier = 'x'", "fee = 1"],
    "core_person": ["name = 'x'", "id_last4 = '9999'", "phone = '1'"],
}


@pytest.mark.parametrize(
    ("table", "change"), [(t, c) for t, changes in CHANGES.items() for c in changes]
)
def test_slip_with_another_word_has_another_digest(table: str, change: str) -> None:
    house = House()
    item = verified(house)
    before = workflow.slip_digest(item, claim_of(item))

    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {change}")  # noqa: S608 -- our own tables

    assert workflow.slip_digest(item, claim_of(item)) != before


def test_slip_holds_what_is_printed_and_no_whole_number_of_a_paper() -> None:
    house = House()
    item = full(house)
    content = workflow.slip_content(item, claim_of(item))

    assert content["number"] == item.case.number
    assert content["thing"]["contents"] == [
        ["公交卡", "", None, 1],
        ["现金", "CNY", "50.00", 2],
    ]
    assert content["claim"]["owner"] == {
        "name": "林小雨",
        "honorific": "ms",
        "phone": "13900002222",
        "address": "A座1806",
        "id_type": "id_card",
        "id_last4": "002X",
    }
    assert content["claim"]["description"] == WORDS
    assert content["kept"]["value"] == "150.00"
    assert [row[1:] for row in content["kept"]["attempts"]] == [["phone", "found"]]
    assert content["kept"]["storage"] == house.shelf.pk
    assert content["parties"] == {"manager": house.dm.pk, "guard": house.guard.pk}
    assert claiming.ID_CARD not in str(content)


@pytest.mark.parametrize(
    "change",
    [
        "state = 'verified', ended_at = NULL",
        "slip_sha256 = 'x'",
        "signature_id = NULL, paper_signed_at = now()",
        "manager_id = guard_id, guard_id = manager_id",
        "agreeing = 3",
    ],
)
def test_returned_claim_is_frozen_in_the_database(change: str) -> None:
    claim = claim_of(returned(House()))

    with pytest.raises(IntegrityError, match="frozen"), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE lostfound_claim SET " + change + " WHERE id = %s",  # noqa: S608 -- of this test
            [claim.pk],
        )


# --- 补传签名件 ----------------------------------------------------------------------------


def test_slip_signed_on_paper_waits_for_its_scan() -> None:
    house = House(PropertyFactory(settings__found_scan=90))
    item = verified(house)
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        give_back(house, item, kind="paper", data=b"", consents=False)

    claim = claim_of(item)
    assert (fresh(item).status, claim.paper_signed_at, claim.signature) == (S.RETURNED, now, None)
    (clock,) = Clock.objects.filter(case=item.case, fired_at=None, stopped_at=None)
    assert (clock.rule, clock.due_at) == (Rule.SCAN_MISSING, now + timedelta(minutes=90))


def test_scan_ends_the_wait_and_is_kept_once() -> None:
    house = House()
    item = on_paper(house)

    workflow.add_scan(claim_of(item), photo("green"), by=house.dm)

    claim = claim_of(item)
    assert claim.scan == Attachment.objects.get(caption="认领单签名件")
    assert Clock.objects.get(rule=Rule.SCAN_MISSING).stopped_at is not None
    assert audit.problems(fresh(item).case) == []
    with refuses(ConflictError, match="已经补传"):
        workflow.add_scan(claim, photo("blue"), by=house.dm)
    with pytest.raises(IntegrityError, match="frozen"), connection.cursor() as cursor:
        cursor.execute("UPDATE lostfound_claim SET scan_id = NULL WHERE id = %s", [claim.pk])


def test_claim_signed_on_the_screen_needs_no_scan() -> None:
    house = House()
    item = returned(house)

    with refuses(ConflictError, match="没有要补传"):
        workflow.add_scan(claim_of(item), photo("green"), by=house.dm)


def test_broken_scan_is_refused() -> None:
    house = House()
    item = on_paper(house)

    with refuses(RefusedInput, match="图片"):
        workflow.add_scan(claim_of(item), b"x", by=house.dm)


# --- whole ways ----------------------------------------------------------------------------


def test_chain_of_a_disputed_claim_is_whole_from_finding_to_return() -> None:
    house = House()
    item = house.traced()
    workflow.describe(item, CLAIMANT, WORDS, by=house.desk)
    item = claiming.disputed(house, fresh(item))
    rival = claim_of(item)
    workflow.resolve_dispute(item, rival, by=house.pm, reason="有购机发票")
    second = Second(house.guard, PASSWORD)
    workflow.verify(rival, claiming.PROOF, by=read(house.dm), second=second)
    give_back(house, fresh(item), data=drawn())

    item = fresh(item)
    acts = list(item.case.entries.order_by("seq").values_list("action", flat=True))
    assert acts[-5:] == ["describe", "rival", "resolve_dispute", "verify", "return_item"]
    assert audit.problems(item.case) == []
    assert StaffSignature.objects.filter(user=house.dm).count() == 1


def test_scan_is_kept_of_a_thing_with_as_many_photos_as_it_may_have(monkeypatch: Any) -> None:
    house = House()
    item = claiming.on_paper(house)
    monkeypatch.setattr(photos, "MAX_PER_CASE", item.case.attachments.count())

    workflow.add_scan(claim_of(item), photo("green"), by=house.dm)

    assert claim_of(item).scan is not None


def test_authority_is_kept_of_a_thing_with_as_many_photos_as_it_may_have(
    monkeypatch: Any,
) -> None:
    house = House()
    item = claiming.described(house, way="proxy")
    monkeypatch.setattr(photos, "MAX_PER_CASE", item.case.attachments.count())

    claiming.verified(house, item, proxy=claiming.PROXY, authorisation=photo("red"))

    assert claim_of(item).authorisation is not None
