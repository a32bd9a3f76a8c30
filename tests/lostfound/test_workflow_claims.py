"""L-E: described first, checked, disputed, ended; and every act by every role in every state."""

import inspect
import sys
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from lostfound import workflow
from lostfound.models import Claim, DisposalLine, FeatureCheck, FoundItem
from lostfound.workflow import MOVES, Check, Claimant, Rule, Second
from propdesk.core import audit
from propdesk.core.models import Attachment, Clock, Membership, Notice, Person, Task
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.factories import PASSWORD, DeputyFactory, PropertyFactory, member
from tests.factories import fresh as read
from tests.incidents.moves import fingerprint, refuses
from tests.lostfound import claiming
from tests.lostfound.claiming import (
    CHECKS,
    CLAIMANT,
    GUEST,
    ID_CARD,
    PROOF,
    PROXY,
    WORDS,
    claim_of,
    described,
    disputed,
    live,
    verified,
)
from tests.lostfound.journey import House, S, fresh, photo
from tests.lostfound.test_permissions import RELATIONS, Cast, expected, without_roles

pytestmark = pytest.mark.django_db
State = Claim.State


# --- who and when --------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(claiming.BY_ID))
def test_act_is_open_to_the_roles_of_the_table_and_to_nobody_else(name: str) -> None:
    act = claiming.BY_ID[name]
    cast = Cast.of()
    item = act.ready(cast.house)
    before = without_roles(fingerprint())
    cases = [(relation, role) for relation in RELATIONS for role in Role]

    found = {
        (relation, role): cast.attempt(act, item, relation, role, before)
        for relation, role in cases
    }

    assert found == {
        (relation, role): expected(act, item, relation, role) for relation, role in cases
    }


@pytest.mark.parametrize("status", list(S))
def test_act_is_refused_in_every_state_but_its_own(status: str) -> None:
    house = House()
    item = claiming.at(house, status)
    claim_of(item)

    for act in claiming.ACTS:
        if status not in MOVES[act.action].states:
            with refuses(ConflictError, match=f"现在是“{item.get_status_display()}”"):
                act.do(house, item, house.gm)


@pytest.mark.parametrize("name", sorted(claiming.BY_ID))
def test_act_leads_where_the_table_says(name: str) -> None:
    act = claiming.BY_ID[name]
    house = House()
    item = act.ready(house)
    before = item.status

    act.do(house, item, house.gm)

    assert fresh(item).status in (MOVES[act.action].leads_to or (before,))
    assert audit.problems(fresh(item).case) == []


def test_table_of_acts_covers_every_transition_of_its_modules() -> None:
    transitions = {
        name
        for module in claiming.MODULES
        for name, function in vars(sys.modules[f"lostfound.workflow.{module}"]).items()
        if inspect.isfunction(function)
        and function.__module__ == f"lostfound.workflow.{module}"
        and not name.startswith("_")
        and name in workflow.__all__
        and "by" in inspect.signature(function).parameters
    }

    assert {act.name for act in claiming.ACTS} == transitions
    assert len(transitions) == 9


# --- 描述 ----------------------------------------------------------------------------------


def test_description_is_kept_with_the_claimant_and_starts_the_clock() -> None:
    house = House()
    item = house.tracing()
    now = timezone.now()

    with time_machine.travel(now, tick=False):
        claim = workflow.describe(item, CLAIMANT, WORDS, by=house.desk)

    item, claim = fresh(item), claim_of(item)
    assert (item.status, item.next_due_at) == (S.CLAIMED, now + timedelta(hours=24))
    assert (claim.seq, claim.state, claim.way) == (1, State.DESCRIBED, "in_person")
    assert (claim.description, claim.described_by, claim.described_at) == (WORDS, house.desk, now)
    person = claim.owner
    assert (person.name, person.phone, person.honorific) == ("林小雨", "13900002222", "ms")
    clock = Clock.objects.get(rule=Rule.CLAIM_LATE)
    assert (clock.due_at, clock.stopped_at) == (now + timedelta(hours=24), None)
    assert item.case.entries.order_by("-seq")[0].content["info"] == {
        "claim": 1,
        "way": "in_person",
    }


WRONG = {
    "description": (CLAIMANT, "", "先记下认领人自己的描述"),
    "name": (Claimant(replace(GUEST, name="")), WORDS, "认领人姓名"),
    "phone": (Claimant(replace(GUEST, phone="")), WORDS, "认领人的电话"),
    "masked": (Claimant(replace(GUEST, phone="139****2222")), WORDS, "电话里有星号"),
    "way": (replace(CLAIMANT, way="pigeon"), WORDS, "认领方式"),
    "post": (Claimant(replace(GUEST, address=""), "post"), WORDS, "寄到或送到哪里"),
    "delivered": (Claimant(replace(GUEST, address=None), "delivered"), WORDS, "寄到或送到哪里"),
}


@pytest.mark.parametrize("act", ["describe", "rival"])
@pytest.mark.parametrize("name", WRONG)
def test_description_with_something_missing_is_refused(act: str, name: str) -> None:
    house = House()
    item = house.stored() if act == "describe" else described(house)
    claimant, words, sentence = WRONG[name]

    with refuses(RefusedInput, match=sentence):
        getattr(workflow, act)(item, claimant, words, by=house.desk)


def test_second_claim_is_refused_and_nothing_of_it_stays() -> None:
    house = House()
    item = described(house)

    with refuses(ConflictError, match="不能登记认领"):
        workflow.describe(item, CLAIMANT, WORDS, by=house.dm)


def test_description_takes_the_number_from_the_report_of_the_loss() -> None:
    house = House()
    report = claiming.lost_report(house)
    claimant = Claimant(replace(GUEST, phone=""), lost_report=report)

    workflow.describe(item := house.stored(), claimant, WORDS, by=house.desk)

    claim = claim_of(item)
    assert (claim.lost_report, claim.owner.phone) == (report, "13900002222")
    assert claim.owner_id != report.guest_id


@pytest.mark.parametrize("where", ["elsewhere", "ended"])
def test_report_of_the_loss_that_is_not_open_here_is_refused(where: str) -> None:
    house = House()
    report = claiming.lost_report(house if where == "ended" else House(PropertyFactory()))
    if where == "ended":
        workflow.close_lost(report, "closed", by=house.desk, reason="已找回")

    item = house.stored()

    with refuses(RefusedInput, match="没有找到这张查找中的遗失登记"):
        workflow.describe(item, Claimant(GUEST, lost_report=report), WORDS, by=house.desk)


@pytest.mark.parametrize("status", [S.STORED, S.TRACING, S.OWNERLESS, S.EXPIRED, S.DISPOSING])
def test_thing_can_be_claimed_until_it_is_gone(status: str) -> None:
    house = House()
    item = claiming.at(house, status)

    workflow.describe(item, CLAIMANT, WORDS, by=house.desk)

    assert fresh(item).status == S.CLAIMED


@pytest.mark.parametrize("ready", [claiming.in_batch, lambda h, n: claiming.decided(h, "sell", n)])
def test_claim_takes_the_thing_out_of_the_paper_of_disposal(ready: Any) -> None:
    house = House()
    (item, _other), batch = ready(house, 2)
    status = batch.status

    workflow.describe(item, CLAIMANT, WORDS, by=house.desk)

    states = DisposalLine.objects.filter(batch=batch).order_by("position")
    first, second = states.values_list("state", flat=True)
    batch.refresh_from_db()
    assert (fresh(item).status, first, batch.status) == (S.CLAIMED, "claimed", status)
    assert second in ("proposed", "decided")
    batch.case.refresh_from_db()
    assert [audit.problems(each) for each in (batch.case, fresh(item).case)] == [[], []]


def test_thing_that_was_decided_upon_waits_for_a_new_decision_when_its_claim_fails() -> None:
    house = House()
    (item, _other), _batch = claiming.decided(house, "sell", 2)
    workflow.describe(item, CLAIMANT, WORDS, by=house.desk)

    workflow.refuse_claim(live(item), by=house.dm, reason="对不上")

    assert fresh(item).status == S.EXPIRED
    assert not DisposalLine.objects.filter(item=item, state__in=["proposed", "decided"]).exists()


# --- 异议 ----------------------------------------------------------------------------------


def test_second_claimant_locks_the_thing_and_security_hears_of_it_at_once() -> None:
    house = House()
    item = described(house)

    workflow.rival(item, Claimant(replace(GUEST, name="周某")), "我的手机", by=house.desk)

    item = fresh(item)
    rows = Claim.objects.filter(item=item).order_by("seq").values_list("state", flat=True)
    assert (item.status, list(rows)) == (S.DISPUTED, [State.DESCRIBED, State.RIVAL])
    notices = Notice.objects.filter(rule="lostfound.rival")
    assert {n.recipient for n in notices} == {house.guard, house.guard2, house.pm}
    assert {(n.text, n.urgent) for n in notices} == {
        (f"【异议认领，已锁定】{item.case.number} · 手机", True)
    }
    task = Task.objects.get(case=item.case, done_at=None)
    assert (task.kind, task.role) == ("dispute", Role.PROPERTY_MANAGER)
    clocks = Clock.objects.filter(rule=Rule.CLAIM_LATE, stopped_at=None)
    assert [clock.due_at for clock in clocks] == [item.next_due_at]


def test_third_claimant_is_told_of_too_but_asks_no_second_time() -> None:
    house = House()

    item = disputed(house, rivals=2)

    assert Task.objects.filter(case=item.case, kind="dispute").count() == 1
    assert Notice.objects.filter(rule="lostfound.rival", recipient=house.pm).count() == 2


@pytest.mark.parametrize("ready", [described, verified])
def test_disputed_thing_is_neither_checked_nor_returned(ready: Any) -> None:
    house = House()
    item = disputed(house, ready(house))
    claim = live(item)

    with refuses(ConflictError, match="异议锁定"):
        workflow.verify(claim, PROOF, by=house.dm, second=Second(house.guard, PASSWORD))
    with refuses(ConflictError, match="异议锁定"):
        workflow.return_item(
            claim, claiming.signed(), Second(house.guard, PASSWORD), PASSWORD, by=house.dm
        )


def test_manager_lets_the_first_claim_go_on() -> None:
    house = House()
    item = disputed(house, verified(house))
    first, second = Claim.objects.filter(item=item).order_by("seq")

    workflow.resolve_dispute(item, first, by=house.pm, reason="说得出锁屏图案")

    first, second = Claim.objects.filter(item=item).order_by("seq")
    assert (fresh(item).status, first.state) == (S.CLAIMED, State.VERIFIED)
    assert (second.state, second.ended_reason) == (State.REFUSED, "说得出锁屏图案")
    assert second.ended_at is not None
    task = Task.objects.get(case=item.case, kind="dispute")
    assert (task.done_by, task.outcome) == (house.pm, "decided")
    told = Notice.objects.filter(rule="lostfound.resolved").values_list("recipient", "text")
    word = f"【异议已裁定】{item.case.number} · 手机"
    assert set(told) == {(who.pk, word) for who in (house.dm, house.guard, house.guard2)}


def test_manager_lets_the_rival_go_on_who_is_then_checked_anew() -> None:
    house = House()
    item = disputed(house, verified(house), rivals=2)
    _first, second, _third = Claim.objects.filter(item=item).order_by("seq")

    workflow.resolve_dispute(item, second, by=house.pm, reason="有购机发票")

    states = Claim.objects.filter(item=item).order_by("seq").values_list("state", flat=True)
    assert list(states) == [State.REFUSED, State.DESCRIBED, State.REFUSED]
    assert fresh(item).status == S.CLAIMED
    assert claiming.verified(house, fresh(item)).claims.get(state="verified").pk == second.pk


def test_manager_believes_nobody_and_the_thing_rests_again() -> None:
    house = House()
    item = disputed(house, described(house, house.ownerless()))

    workflow.resolve_dispute(item, None, by=house.pm, reason="都说不出特征")

    item = fresh(item)
    assert item.status == S.OWNERLESS
    assert set(item.claims.values_list("state", flat=True)) == {State.REFUSED}
    assert not Clock.objects.filter(rule=Rule.CLAIM_LATE, stopped_at=None).exists()
    assert audit.problems(item.case) == []


def test_dispute_is_decided_with_a_reason_about_a_claim_that_is_open() -> None:
    house = House()
    item = disputed(house, rivals=2)
    gone = claim_of(item)
    workflow.withdraw_disputed(gone, by=house.pm, reason="认错了")
    other = claim_of(described(house, house.stored()))

    with refuses(RefusedInput, match="裁定的理由"):
        workflow.resolve_dispute(item, live(item), by=house.pm, reason="")
    for claim in (gone, other):
        with refuses(ConflictError, match="选中的认领已经结束"):
            workflow.resolve_dispute(item, claim, by=house.pm, reason="x")


@pytest.mark.parametrize("part", ["described_by", "verified_by", "verified_with"])
@pytest.mark.parametrize("who", ["himself", "deputy"])
def test_manager_does_not_choose_a_claim_he_took_in_or_checked(part: str, who: str) -> None:
    house = House()
    item = house.stored()
    author = house.pm
    takes_in = author if part == "described_by" else house.desk
    workflow.describe(item, CLAIMANT, WORDS, by=takes_in)
    by, second = (author, house.guard) if part == "verified_by" else (house.dm, house.guard)
    second = author if part == "verified_with" else second
    workflow.verify(live(item), PROOF, by=by, second=Second(second, PASSWORD))
    item = disputed(house, fresh(item))
    manager = author
    if who == "deputy":
        manager = member(house.prop, Role.DUTY_MANAGER)
        held = Membership.objects.get(user=author, role=Role.PROPERTY_MANAGER)
        DeputyFactory(for_membership=held, by_user=manager)

    with refuses(ConflictError, match="须由另一位经理裁定"):
        workflow.resolve_dispute(item, live(item), by=manager, reason="说得出")
    workflow.resolve_dispute(item, live(item), by=house.gm, reason="说得出")

    assert fresh(item).status == S.CLAIMED


def test_manager_may_refuse_what_he_took_in_for_another_claim() -> None:
    house = House()
    item = house.stored()
    workflow.describe(item, CLAIMANT, WORDS, by=house.pm)
    item = disputed(house, fresh(item))

    workflow.resolve_dispute(item, claim_of(item), by=house.pm, reason="有发票")

    assert live(item).seq == 2


# --- 核对 ----------------------------------------------------------------------------------


def test_check_keeps_what_agreed_and_whose_paper_was_seen() -> None:
    house = House()
    item = described(house)
    now = timezone.now()

    with time_machine.travel(now, tick=False):
        workflow.verify(live(item), PROOF, by=house.dm, second=Second(house.guard, PASSWORD))

    claim = live(item)
    assert (claim.state, claim.agreeing, claim.id_seen_at) == (State.VERIFIED, 2, now)
    assert (claim.verified_by, claim.verified_with) == (house.dm, house.guard)
    rows = FeatureCheck.objects.filter(claim=claim).order_by("position")
    assert [(r.feature, r.agrees, r.by) for r in rows] == [
        (check.feature, check.agrees, house.dm) for check in CHECKS
    ]
    person = claim.owner
    assert (person.id_type, person.id_last4, len(person.id_hash)) == ("id_card", "002X", 64)


@pytest.mark.parametrize(
    ("checks", "sentence"),
    [
        ((), "至少两项相符"),
        (CHECKS[:1], "至少两项相符"),
        ((CHECKS[0], CHECKS[2]), "至少两项相符"),
        ((CHECKS[0], CHECKS[0]), "同一个特征"),
        ((CHECKS[0], Check(f" {CHECKS[0].feature} ", True)), "同一个特征"),
        ((*CHECKS, Check(" ", True)), "哪个特征"),
    ],
)
def test_fewer_than_two_features_that_agree_are_refused(checks: Any, sentence: str) -> None:
    house = House()
    item = described(house)

    with refuses(RefusedInput, match=sentence):
        workflow.verify(
            live(item),
            replace(PROOF, checks=checks),
            by=house.dm,
            second=Second(house.guard, PASSWORD),
        )


@pytest.mark.parametrize(
    ("id_type", "number", "sentence"),
    [
        ("id_card", "110105194912310021", "证件号不对"),
        ("id_card", "11010519491331002X", "证件号不对"),
        ("id_card", "", "证件号不对"),
        ("passport", "E1", "证件号不对"),
        ("", ID_CARD, "证件类型"),
    ],
)
def test_paper_that_cannot_exist_is_refused(id_type: str, number: str, sentence: str) -> None:
    house = House()
    item = described(house)

    with refuses(RefusedInput, match=sentence):
        workflow.verify(
            live(item),
            replace(PROOF, id_type=id_type, id_number=number),
            by=house.dm,
            second=Second(house.guard, PASSWORD),
        )


COSTLY = {
    "limit": ({"value": Decimal("1000.00")}, {}, False),
    "above": ({"value": Decimal("1000.01")}, {}, True),
    "unvalued phone": ({"value": None, "is_unvalued": True}, {}, False),
    "unvalued ring": ({"value": None, "is_unvalued": True}, {"category": "jewellery"}, True),
    "valued ring": ({"value": Decimal(300)}, {"category": "jewellery"}, False),
    "unvalued cash": (
        {
            "value": None,
            "is_unvalued": True,
            "contents": (workflow.Content("", 3, "CNY", Decimal(100)),),
        },
        {"category": "cash"},
        True,
    ),
    "unvalued purse with money": (
        {
            "value": None,
            "is_unvalued": True,
            "contents": (workflow.Content("", 3, "CNY", Decimal(100)),),
        },
        {"category": "wallet"},
        True,
    ),
    "unvalued purse without": (
        {"value": None, "is_unvalued": True, "contents": (workflow.Content("空"),)},
        {"category": "wallet"},
        False,
    ),
}


@pytest.mark.parametrize("name", COSTLY)
def test_costly_thing_is_checked_by_two(name: str) -> None:
    house = House()
    receipt, find, two = COSTLY[name]
    item = described(house, house.stored(house.logged(**find), **receipt))

    if two:
        with refuses(RefusedInput, match="贵重物品要两人核对"):
            workflow.verify(live(item), PROOF, by=house.dm)
        workflow.verify(live(item), PROOF, by=house.dm, second=Second(house.desk, PASSWORD))
    else:
        workflow.verify(live(item), PROOF, by=house.dm)

    assert live(item).verified_with == (house.desk if two else None)


def test_limit_for_two_is_a_setting_of_the_house() -> None:
    house = House(PropertyFactory(settings__found_two_staff_over=Decimal(2000)))

    workflow.verify(live(described(house)), PROOF, by=house.dm)

    assert Claim.objects.get().state == State.VERIFIED


@pytest.mark.parametrize(
    ("who", "password", "sentence"),
    [
        ("dm", PASSWORD, "不能是同一人"),
        ("guard", "", "输入密码"),
        ("guard", "wrong", "密码不对"),
        ("cleaner", PASSWORD, "值班经理、前台或保安部"),
    ],
)
def test_second_colleague_is_another_one_who_is_here(
    who: str, password: str, sentence: str
) -> None:
    house = House()
    item = described(house)

    with refuses(RefusedInput, match=sentence):
        workflow.verify(
            live(item), PROOF, by=house.dm, second=Second(getattr(house, who), password)
        )


def test_claim_is_checked_once() -> None:
    house = House()
    item = verified(house)

    with refuses(ConflictError, match="已经核对过"):
        workflow.verify(live(item), PROOF, by=house.dm, second=Second(house.guard, PASSWORD))


def test_proxy_is_seen_in_place_of_the_owner() -> None:
    house = House()

    item = claiming.proxied(house)

    claim = live(item)
    assert claim.proxy is not None
    assert (claim.proxy.name, claim.proxy.id_last4) == ("林大川", "002X")
    assert (claim.owner.id_type, claim.owner.id_last4, claim.owner.id_hash) == ("", "", "")
    assert claim.authorisation == Attachment.objects.get(caption="委托书")
    assert audit.problems(fresh(item).case) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"proxy": None}, "代领人姓名"),
        ({"proxy": replace(PROXY, name="")}, "代领人姓名"),
        ({"proxy": replace(PROXY, phone="")}, "代领人的电话"),
        ({"authorisation": None}, "请拍下委托书"),
        ({"authorisation": b"not a picture"}, "图片"),
        ({"way": "pigeon"}, "认领方式"),
    ],
)
def test_proxy_without_authority_is_refused(changes: dict[str, Any], sentence: str) -> None:
    house = House()
    item = described(house, way="proxy")
    whole = replace(PROOF, proxy=PROXY, authorisation=photo("red"))

    with refuses(RefusedInput, match=sentence):
        workflow.verify(
            live(item),
            replace(whole, **changes),
            by=house.dm,
            second=Second(house.guard, PASSWORD),
        )


def test_refused_check_leaves_no_file_of_the_authority(tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    house = House()
    item = described(house, way="proxy")
    kept = sorted(tmp_path.rglob("*.jpg"))

    with refuses(RefusedInput, match="证件号不对"):
        verified(house, item, proxy=PROXY, authorisation=photo("red"), id_number="1")

    assert sorted(tmp_path.rglob("*.jpg")) == kept


def test_owner_may_send_somebody_or_have_it_sent_after_all() -> None:
    house = House()

    proxy = verified(house, way="proxy", proxy=PROXY, authorisation=photo("red"))
    post = verified(house, way="post")

    assert [live(each).way for each in (proxy, post)] == ["proxy", "post"]
    item = described(house, guest=replace(GUEST, address=""))
    with refuses(RefusedInput, match="没有登记地址"):
        verified(house, item, way="post")


def test_number_of_a_paper_is_nowhere_in_the_database() -> None:
    house = House()
    item = claiming.proxied(house)
    claiming.returned(house, item)

    bare = ID_CARD[:-1]
    assert claiming.columns_holding("002X") == ["core_person.id_last4"]
    assert [claiming.columns_holding(part) for part in (ID_CARD, bare, bare[2:14])] == [[], [], []]
    assert ID_CARD not in repr(PROOF)


# --- 结束 ----------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["refuse_claim", "withdraw_claim"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (S.STORED, S.STORED),
        (S.TRACING, S.TRACING),
        (S.OWNERLESS, S.OWNERLESS),
        (S.EXPIRED, S.EXPIRED),
        (S.DISPOSING, S.EXPIRED),
    ],
)
def test_thing_rests_again_where_it_lay(verb: str, before: str, after: str) -> None:
    house = House()
    item = described(house, claiming.at(house, before))

    getattr(workflow, verb)(live(item), by=house.dm, reason="对不上")

    item = fresh(item)
    claim = claim_of(item)
    assert (item.status, claim.ended_reason) == (after, "对不上")
    assert claim.state == {"refuse_claim": "refused", "withdraw_claim": "withdrawn"}[verb]
    assert not Clock.objects.filter(rule=Rule.CLAIM_LATE, stopped_at=None).exists()
    assert audit.problems(item.case) == []


def test_thing_whose_term_ended_meanwhile_waits_for_disposal() -> None:
    house = House()
    item = described(house)

    with time_machine.travel(timezone.now() + timedelta(days=400), tick=False):
        workflow.refuse_claim(live(item), by=read(house.dm), reason="对不上")

    assert fresh(item).status == S.EXPIRED


@pytest.mark.parametrize("verb", ["refuse_claim", "withdraw_claim"])
def test_claim_ends_once_and_with_a_reason(verb: str) -> None:
    house = House()
    item = described(house)
    gone = live(item)
    act = getattr(workflow, verb)

    with refuses(RefusedInput, match="原因"):
        act(gone, by=house.dm, reason="")
    act(gone, by=house.dm, reason="对不上")
    described(house, fresh(item))
    with refuses(ConflictError, match="已经结束"):
        act(gone, by=house.dm, reason="对不上")


@pytest.mark.parametrize("part", ["described_by", "verified_by", "verified_with", "rival"])
@pytest.mark.parametrize("who", ["himself", "deputy"])
def test_lock_is_not_opened_by_whoever_took_in_or_checked_one_of_the_claims(
    part: str, who: str
) -> None:
    house = House()
    author = house.pm
    item = house.stored()
    workflow.describe(item, CLAIMANT, WORDS, by=author if part == "described_by" else house.desk)
    second = Second(author if part == "verified_with" else house.guard, PASSWORD)
    workflow.verify(
        live(item), PROOF, by=author if part == "verified_by" else house.dm, second=second
    )
    other = Claimant(replace(GUEST, name="周某"))
    workflow.rival(fresh(item), other, "我的", by=author if part == "rival" else house.desk)
    manager = author
    if who == "deputy":
        manager = member(house.prop, Role.DUTY_MANAGER)
        held = Membership.objects.get(user=author, role=Role.PROPERTY_MANAGER)
        DeputyFactory(for_membership=held, by_user=manager)

    for claim in item.claims.all():
        with refuses(ConflictError, match="须由另一位经理裁定"):
            workflow.withdraw_disputed(claim, by=manager, reason="认错了")
    workflow.withdraw_disputed(claim_of(item), by=house.gm, reason="认错了")

    assert fresh(item).status == S.CLAIMED


def test_lock_is_not_opened_by_the_duty_manager_who_withdraws_a_claim() -> None:
    house = House()
    item = disputed(house)

    for claim in item.claims.all():
        with refuses(ConflictError, match="现在是“异议锁定”"):
            workflow.withdraw_claim(claim, by=house.dm, reason="认错了")
        with refuses(PermissionDenied):
            workflow.withdraw_disputed(claim, by=house.dm, reason="认错了")


def test_claim_withdrawn_from_a_dispute_is_told_to_the_manager_security_and_the_desk() -> None:
    house = House()
    item = disputed(house, rivals=2)
    number = item.case.number

    for claim in item.claims.order_by("-seq")[:2]:
        workflow.withdraw_disputed(claim, by=house.gm, reason="认错了")

    told = Notice.objects.filter(rule="lostfound.resolved").order_by("pk")
    people = {house.pm, house.dm, house.guard, house.guard2}
    assert [
        {n.recipient for n in told if n.text == f"【{word}】{number} · 手机"}
        for word in ("撤回一份认领，仍锁定", "撤回认领，异议已解除")
    ] == [people, people]
    assert len(told) == 8


def test_rival_goes_on_when_the_first_one_withdraws() -> None:
    house = House()
    item = disputed(house)

    workflow.withdraw_disputed(live(item), by=house.pm, reason="认错了")

    states = item.claims.order_by("seq").values_list("state", flat=True)
    assert (fresh(item).status, list(states)) == (S.CLAIMED, ["withdrawn", "described"])
    assert Task.objects.get(case=item.case, kind="dispute").outcome == "settled"
    assert Clock.objects.filter(rule=Rule.CLAIM_LATE, stopped_at=None).count() == 1
    assert audit.problems(fresh(item).case) == []


def test_thing_stays_locked_while_two_are_left_and_the_older_one_leads() -> None:
    house = House()
    item = disputed(house, rivals=2)

    workflow.withdraw_disputed(live(item), by=house.pm, reason="认错了")

    states = item.claims.order_by("seq").values_list("state", flat=True)
    assert (fresh(item).status, list(states)) == (
        S.DISPUTED,
        ["withdrawn", "described", "rival"],
    )
    assert Task.objects.get(case=item.case, kind="dispute").done_at is None


def test_first_claim_goes_on_as_it_stood_when_the_rival_withdraws() -> None:
    house = House()
    item = disputed(house, verified(house))

    workflow.withdraw_disputed(claim_of(item), by=house.pm, reason="认错了")

    states = item.claims.order_by("seq").values_list("state", flat=True)
    assert (fresh(item).status, list(states)) == (S.CLAIMED, ["verified", "withdrawn"])


# --- what the database itself refuses ------------------------------------------------------

LIVE_SQL = (
    "INSERT INTO lostfound_claim (item_id, seq, state, way, owner_id, description, described_at,"
    " described_by_id, agreeing, courier, tracking, fee, slip_sha256, ended_reason) SELECT item_id,"
    " seq + 1, 'described', way, owner_id, description, described_at, described_by_id, 0, '', '', 0,"
    " '', '' FROM lostfound_claim WHERE id = %s"
)


def by_sql(sql: str, *values: Any) -> str:
    """The constraint that refuses a statement; "" when it is done."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
    except IntegrityError as error:
        return str(error.__cause__.diag.constraint_name)
    return ""


def test_second_live_claim_fails_in_sql() -> None:
    house = House()
    item = described(house)
    first = live(item)

    assert by_sql(LIVE_SQL, first.pk) == "lostfound_claim_one_live"

    workflow.withdraw_claim(first, by=house.dm, reason="认错了")
    assert by_sql(LIVE_SQL, first.pk) == ""


def test_claim_is_not_returned_without_signatures_in_sql() -> None:
    house = House()
    claim = live(verified(house))
    now = timezone.now()
    back = "UPDATE lostfound_claim SET state = 'returned', ended_at = %s, returned_at = %s"
    where = " WHERE id = %s"

    refused = by_sql(back + where, now, now, claim.pk)
    slip = by_sql(f"{back}, slip_sha256 = 'x'{where}", now, now, claim.pk)
    raw = Claim.objects.get(pk=claim.pk)
    raw.state, raw.ended_at, raw.returned_at = State.RETURNED, now, now
    with pytest.raises(IntegrityError, match="returned_was_signed"), transaction.atomic():
        raw.save()

    assert (refused, slip) == ("lostfound_claim_returned_was_signed",) * 2


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("state = 'verified'", "lostfound_claim_verified"),
        ("state = 'refused', ended_at = now()", "lostfound_claim_ended"),
        ("proxy_id = owner_id, way = 'proxy'", "lostfound_claim_proxy_is_another"),
        ("fee = -1", "lostfound_claim_fee"),
        ("description = 'x'", "lostfound_claim_words_frozen"),
    ],
)
def test_claim_keeps_its_rules_in_sql(change: str, constraint: str) -> None:
    claim = live(described(House()))

    update = "UPDATE lostfound_claim SET "
    where = " WHERE id = %s"

    assert by_sql(update + change + where, claim.pk) == constraint
    assert by_sql(update + "courier = 'x'" + where, claim.pk) == ""


def test_persons_of_a_claim_are_its_own() -> None:
    house = House()
    item = disputed(house)

    owners = set(item.claims.values_list("owner", flat=True))

    assert len(owners) == 2
    assert Person.objects.filter(property=house.prop).count() == 2
    assert FoundItem.objects.get(pk=item.pk).finder is None
