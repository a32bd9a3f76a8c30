"""L-H: asked by two, reviewed, decided by 总物业经理 only, carried out by two; a claim goes before."""

import inspect
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lostfound import retention, workflow
from lostfound.models import CustodyMove, DisposalBatch, DisposalLine, FoundItem
from lostfound.permissions import ACTIONS
from lostfound.workflow import Rule, asking, deciding, executing
from lostfound.workflow.table import BATCH_MOVES
from propdesk.core import audit, drafts, signatures
from propdesk.core.models import Case, Clock, Membership, Notice, RenderJob, Task, User
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.factories import PASSWORD, DeputyFactory, UserFactory, member
from tests.factories import fresh as again
from tests.incidents.journey import drawn
from tests.incidents.moves import refuses
from tests.lostfound import claiming, disposing
from tests.lostfound.disposing import (
    LATER,
    OPINION,
    PROOF,
    B,
    L,
    asks,
    decide,
    decided,
    done,
    drafted,
    expired,
    in_days,
    lines,
    read,
    reviewed,
    ruled,
    signer,
    submitted,
)
from tests.lostfound.journey import House, S, fresh, photo

pytestmark = pytest.mark.django_db
W = workflow


@pytest.fixture(autouse=True)
def now():
    """Two days after what is worth 80 yuan expired."""
    with time_machine.travel(LATER, tick=False) as clock:
        yield clock


def guard_of(house) -> W.Second:
    return W.Second(house.guard, PASSWORD)


def told(batch, word):
    rows = Notice.objects.filter(case=batch.case, text__startswith=f"【{word}】")
    return sorted(rows.values_list("recipient", flat=True))


def pks(*users):
    return sorted(user.pk for user in users)


def waits(batch):
    """(kind, role) of the open tasks of a paper."""
    return list(Task.objects.filter(case=batch.case, done_at=None).values_list("kind", "role"))


def all_clean(house):
    cases = Case.objects.filter(property=house.prop)
    return [problem for case in cases for problem in audit.problems(case)]


# --- who and when --------------------------------------------------------------------------


class Undo(Exception):  # noqa: N818 -- control flow of the test
    """Rolls an attempt back."""


@pytest.mark.parametrize("name", sorted(disposing.BY_ID))
def test_act_is_open_to_the_roles_of_the_table_and_to_nobody_else(name):
    act = disposing.BY_ID[name]
    house = House()
    batch = disposing.READY[act.state](house)
    expired(house)
    signer(house, Role.GENERAL_MANAGER)
    user = UserFactory()
    signatures.keep(user, drawn())
    row = Membership.objects.create(
        user=user, property=house.prop, role=Role.STAFF, starts_on="2020-01-01"
    )
    found = {}
    for role in Role:
        try:
            with transaction.atomic():
                Membership.objects.filter(pk=row.pk).update(role=role)
                act.do(house, batch, again(user))
                found[role] = True
                raise Undo
        except PermissionDenied:
            found[role] = False
        except Undo:
            pass

    assert found == {role: role in ACTIONS[act.action].any for role in Role}


@pytest.mark.parametrize("name", sorted(disposing.BY_ID.keys() - {"start_batch"}))
def test_act_is_possible_in_the_states_of_the_table_and_in_no_other(name):
    act = disposing.BY_ID[name]
    house = House()
    by = {"decide_batch": house.gm, "send_back_batch": house.gm}.get(name, house.dm)
    by = house.pm if name.startswith("review") else by

    for state, ready in disposing.READY.items():
        batch = ready(house)
        if state in BATCH_MOVES[act.move or act.action].states:
            continue
        with refuses(ConflictError, match="|".join((str(B(state).label), "刚被别人改过"))):
            act.do(house, batch, by)


def test_table_of_acts_covers_every_transition_of_its_modules():
    transitions = {
        name
        for module in (asking, deciding, executing)
        for name, function in vars(module).items()
        if inspect.isfunction(function)
        and function.__module__ == module.__name__
        and not name.startswith("_")
        and "by" in inspect.signature(function).parameters
    }

    tried = {act.name for act in disposing.ACTS} - {"review_batch_back"}
    # One line is the many with one of them.
    assert tried | {"execute_lines"} == transitions
    assert transitions <= set(workflow.__all__)


def test_paper_of_another_house_is_nobodys_here():
    house, other = House(), House()
    batch = reviewed(house)

    with refuses(PermissionDenied):
        decide(house, batch, by=other.gm)


def test_property_manager_never_decides_even_as_the_highest_rank_there_is():
    house = House()
    batch = reviewed(house)
    highest = signer(house, Role.PROPERTY_MANAGER)

    with refuses(PermissionDenied):
        decide(house, batch, by=highest)


# --- asking --------------------------------------------------------------------------------


def test_paper_is_drafted_over_expired_things_which_stay_where_they_are():
    house = House()
    items = expired(house, 2)

    batch = W.start_batch(house.prop, asks(items, "donate", note="送社区"), OPINION, by=house.dm)

    assert (batch.status, batch.asked_by, batch.opinion) == (B.DRAFT, house.dm, OPINION)
    assert batch.case.number == "CZ-20270225-001"
    assert [(n.item, n.position, n.proposed, n.proposed_note, n.state) for n in lines(batch)] == [
        (items[0], 1, "donate", "送社区", L.PROPOSED),
        (items[1], 2, "donate", "送社区", L.PROPOSED),
    ]
    assert [n.finder for n in lines(batch)] == [house.guard, house.guard]
    assert [fresh(item).status for item in items] == [S.EXPIRED, S.EXPIRED]
    assert batch.history.count() == 1
    assert [n.history.count() for n in lines(batch)] == [1, 1]
    entry = items[0].case.entries.order_by("-seq").first()
    assert (entry.action, entry.content["info"]) == (
        "propose_disposal",
        {"batch": batch.case.number},
    )
    assert all_clean(house) == []


def test_hundred_things_take_no_more_statements_than_three():
    counts = []
    for count in (3, 40):
        house = House()
        items = expired(house, count)
        by = again(house.dm)
        with CaptureQueriesContext(connection) as captured:
            W.start_batch(house.prop, asks(items), OPINION, by=by)
        counts.append(len([q for q in captured if "SAVEPOINT" not in q["sql"]]))

    assert counts[0] == counts[1]
    assert counts[0] <= 11


def test_twin_of_a_submitted_form_makes_no_second_paper():
    house = House()
    items = expired(house)
    W.start_batch(house.prop, asks(items[:1]), OPINION, by=house.dm, token="t" * 24)
    more = expired(house)

    with refuses(drafts.DoubleSubmitError), transaction.atomic():
        W.start_batch(house.prop, asks(more), OPINION, by=house.dm, token="t" * 24)


@pytest.mark.parametrize(
    ("count", "sentence"), [(0, "请至少选一件物品。"), (101, "一张审批单最多100件，请分几张提交。")]
)
def test_paper_over_none_or_too_many_things_is_refused(count, sentence):
    house = House()
    item = expired(house)[0]

    with refuses(RefusedInput, match=sentence):
        W.start_batch(house.prop, asks([item] * count), OPINION, by=house.dm)


@pytest.mark.parametrize("method", ["", "burn"])
def test_unknown_method_is_refused(method):
    house = House()
    item = expired(house)[0]

    with refuses(RefusedInput, match=f"{item.case.number}：请选择处理方式。"):
        W.start_batch(house.prop, asks([item], method), OPINION, by=house.dm)


def test_thing_listed_twice_is_refused():
    house = House()
    (item,) = expired(house)

    with refuses(ConflictError, match="同一件物品只能列一次"):
        W.start_batch(house.prop, asks([item, item]), OPINION, by=house.dm)


@pytest.mark.parametrize(
    "status",
    sorted(set(S) - {S.STORED, S.TRACING, S.OWNERLESS, S.EXPIRED, S.VOIDED, S.DISPOSING}),
)
def test_thing_that_is_not_at_rest_cannot_be_listed(status):
    house = House()
    item = claiming.at(house, status)

    with refuses(ConflictError, match=f"{item.case.number} 现在是“{item.get_status_display()}”"):
        W.start_batch(house.prop, asks([item]), OPINION, by=house.dm)


def test_thing_on_another_paper_cannot_be_listed():
    house = House()
    items = expired(house)
    batch = drafted(house, items)

    with refuses(ConflictError, match=f"{items[0].case.number} 已在 {batch.case.number} 里"):
        W.start_batch(house.prop, asks(items), OPINION, by=house.dm)


def test_second_live_line_of_a_thing_is_refused_by_the_database():
    house = House()
    batch = drafted(house)
    line = lines(batch)[0]

    with refuses(IntegrityError, match="lostfound_line_one_live"), transaction.atomic():
        DisposalLine.objects.create(batch=batch, item=line.item, position=9, proposed="police")


def test_thing_of_another_house_cannot_be_listed():
    house, other = House(), House()
    items = expired(other)

    with refuses(ConflictError, match="不能列入审批单"):
        W.start_batch(house.prop, asks(items), OPINION, by=house.dm)


# --- before the last day -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "early", "reason", "sentence"),
    [
        ("phone", "", "想腾地方", "还没有到期；只有放不久、潮湿或危险的物品可以提前申请。"),
        ("phone", "category", "放不久", "还没有到期；只有放不久、潮湿或危险的物品可以提前申请。"),
        ("phone", "wet", "", "还没有到期，请写明为什么现在就要处理。"),
        ("food", "", "", "还没有到期，请写明为什么现在就要处理。"),
    ],
)
def test_thing_before_its_day_needs_a_ground_and_a_reason(category, early, reason, sentence):
    house = House()
    item = house.stored(house.logged(category=category))

    with refuses(RefusedInput, match=f"{item.case.number} {sentence}") as refusal:
        W.start_batch(
            house.prop, asks([item], early=early, early_reason=reason), OPINION, by=house.dm
        )

    assert list(refusal.value.errors) == ["lines" if reason else "early_reason"]


@pytest.mark.parametrize(
    ("category", "early", "kept"),
    [
        ("food", "", "category"),
        ("medicine", "wet", "category"),
        ("phone", "wet", "wet"),
        ("phone", "dangerous", "dangerous"),
    ],
)
def test_thing_before_its_day_is_asked_for_with_ground_and_reason(category, early, kept):
    house = House()
    item = house.stored(house.logged(category=category))

    batch = W.start_batch(
        house.prop, asks([item], early=early, early_reason="已变质"), OPINION, by=house.dm
    )

    assert [(n.early, n.early_reason) for n in lines(batch)] == [(kept, "已变质")]
    running = item.case.clocks.filter(rule=Rule.CATEGORY_DUE, stopped_at=None, fired_at=None)
    assert (fresh(item).status, running.count()) == (S.STORED, 0)


def test_reason_for_haste_is_not_kept_for_what_has_expired():
    house = House()
    items = expired(house)

    batch = W.start_batch(
        house.prop, asks(items, early="wet", early_reason="x"), OPINION, by=house.dm
    )

    assert [(n.early, n.early_reason) for n in lines(batch)] == [("", "")]


# --- editing -------------------------------------------------------------------------------


def test_draft_takes_things_in_strikes_them_and_changes_them():
    house = House()
    items = expired(house, 3)
    batch = drafted(house, items[:2])
    first, second = lines(batch)

    W.edit_batch(
        batch,
        by=house.pm,
        add=asks(items[2:], "sell"),
        drop=[first.pk],
        change={second.pk: ("destroy", "已损坏")},
        opinion="新的意见",
    )

    assert [(n.item, n.position, n.proposed, n.state) for n in lines(batch)] == [
        (items[0], 1, "police", L.DROPPED),
        (items[1], 2, "destroy", L.PROPOSED),
        (items[2], 3, "sell", L.PROPOSED),
    ]
    assert read(batch).opinion == "新的意见"
    assert [i.case.entries.order_by("-seq").first().action for i in items] == [
        "drop_disposal",
        "propose_disposal",
        "propose_disposal",
    ]
    assert all_clean(house) == []


@pytest.mark.parametrize(
    ("edit", "error", "sentence"),
    [
        ({}, ConflictError, "没有变化"),
        ({"opinion": OPINION}, ConflictError, "没有变化"),
        ({"drop": [0]}, ConflictError, "刚被别人改过"),
        ({"change": {0: ("sell", "")}}, ConflictError, "刚被别人改过"),
        ({"drop": "all"}, RefusedInput, "至少选一件"),
        ({"change": "burn"}, RefusedInput, "请选择处理方式"),
    ],
)
def test_edit_that_changes_nothing_or_leaves_nothing_is_refused(edit, error, sentence):
    house = House()
    batch = drafted(house)
    (line,) = lines(batch)
    edit = {"drop": [line.pk]} if edit.get("drop") == "all" else edit
    edit = {"change": {line.pk: ("burn", "")}} if edit.get("change") == "burn" else edit

    with refuses(error, match=sentence):
        W.edit_batch(batch, by=house.dm, **edit)


def test_struck_thing_can_be_asked_for_on_another_paper():
    house = House()
    items = expired(house, 2)
    batch = drafted(house, items)
    W.edit_batch(batch, by=house.dm, drop=[lines(batch)[0].pk])

    second = drafted(house, items[:1])

    assert [n.item for n in lines(second)] == items[:1]


# --- submitting ----------------------------------------------------------------------------


def test_submitting_takes_both_signatures_and_asks_the_property_manager(now):
    house = House()
    batch = drafted(house)

    W.submit_batch(batch, guard_of(house), PASSWORD, by=house.dm)

    batch = read(batch)
    assert (batch.status, batch.submitted_at, batch.review_skipped) == (B.SUBMITTED, LATER, False)
    assert (batch.asked_by, batch.asked_with) == (house.dm, house.guard)
    assert batch.asked_signature.user == house.dm
    assert batch.with_signature.user == house.guard
    assert told(batch, "过期失物待审核") == pks(house.pm)
    assert waits(batch) == [("review_batch", Role.PROPERTY_MANAGER)]
    assert all_clean(house) == []


@pytest.mark.parametrize(
    ("second", "password", "field"),
    [
        (lambda h: W.Second(h.guard, "falsch"), PASSWORD, "guard_password"),
        (lambda h: W.Second(h.guard, ""), PASSWORD, "guard_password"),
        (lambda h: W.Second(h.guard, PASSWORD), "falsch", "password"),
        (lambda h: W.Second(h.dm, PASSWORD), PASSWORD, "guard"),
        (lambda h: W.Second(h.pm, PASSWORD), PASSWORD, "guard"),
        (
            lambda h: W.Second(member(h.prop, Role.SECURITY), PASSWORD),
            PASSWORD,
            "guard_password",
        ),
    ],
    ids=["wrong", "empty", "own", "same", "no guard", "no signature"],
)
def test_submitting_without_two_signatures_is_refused(second, password, field):
    house = House()
    batch = drafted(house)
    other = second(house)

    with refuses(RefusedInput) as caught:
        W.submit_batch(batch, other, password, by=house.dm)

    assert list(caught.value.errors) == [field]


def test_submitting_without_an_opinion_is_refused():
    house = House()
    batch = read(W.start_batch(house.prop, asks(expired(house)), by=house.dm))

    with refuses(RefusedInput, match="请写明申请意见"):
        W.submit_batch(batch, guard_of(house), PASSWORD, by=house.dm)


def test_paper_signed_by_one_is_refused_by_the_database():
    batch = drafted(House())

    with refuses(IntegrityError, match="lostfound_batch_asked_by_two"), transaction.atomic():
        DisposalBatch.objects.filter(pk=batch.pk).update(status="submitted")


# --- decision 32: who may review and decide ------------------------------------------------


def without_property_manager(house):
    Membership.objects.filter(user=house.pm).update(ends_on="2026-12-31")


def test_without_a_property_manager_the_paper_goes_to_the_general_manager_at_once():
    house = House()
    batch = drafted(house)
    without_property_manager(house)

    batch = submitted(house, batch)

    assert (batch.status, batch.review_skipped, batch.reviewed_by) == (B.REVIEWED, True, None)
    assert told(batch, "过期失物待批示") == pks(house.gm)
    assert waits(batch) == [("decide_batch", Role.GENERAL_MANAGER)]
    assert decided(house, batch).decided_by == house.gm


def test_property_manager_who_asks_is_not_reviewed_by_himself_but_one_rank_up():
    house = House()
    batch = drafted(house, by=house.pm)
    guard = guard_of(house)

    batch = read(W.submit_batch(batch, guard, PASSWORD, by=house.pm))

    assert (batch.status, batch.review_skipped) == (B.REVIEWED, True)


def test_general_manager_who_asks_needs_another_one_to_decide():
    house = House()
    batch = drafted(house, by=house.gm)

    with refuses(ConflictError, match="申请人以外没有总物业经理可以批示"):
        W.submit_batch(batch, guard_of(house), PASSWORD, by=house.gm)
    signer(house, Role.GENERAL_MANAGER)
    W.submit_batch(batch, guard_of(house), PASSWORD, by=house.gm)

    assert read(batch).status == B.SUBMITTED


@pytest.mark.parametrize("who", ["asker", "starter", "deputy"])
def test_nobody_reviews_what_he_wrote_nor_as_a_deputy(who):
    house = House()
    other = signer(house, Role.PROPERTY_MANAGER)
    batch = drafted(house, by=house.pm if who == "starter" else house.dm)
    by = house.pm if who != "starter" else house.dm
    batch = read(W.submit_batch(batch, guard_of(house), PASSWORD, by=by))
    reviewer = house.pm
    if who == "deputy":
        reviewer = UserFactory()
        signatures.keep(reviewer, drawn())
        DeputyFactory(for_membership=house.pm.memberships.get(), by_user=reviewer)

    with refuses(ConflictError, match="须由另一位经理审核"):
        W.review_batch(batch, by=again(reviewer), approve=True, password=PASSWORD)
    W.review_batch(batch, by=other, approve=True, password=PASSWORD)

    assert read(batch).reviewed_by == other


def test_reviewing_signs_and_asks_the_general_manager():
    house = House()

    batch = reviewed(house)

    assert (batch.status, batch.review_note) == (B.REVIEWED, "属实")
    assert (batch.reviewed_by, batch.reviewed_at) == (house.pm, LATER)
    assert batch.reviewed_signature.user == house.pm
    assert told(batch, "过期失物待批示") == pks(house.gm)
    assert waits(batch) == [("decide_batch", Role.GENERAL_MANAGER)]
    assert all_clean(house) == []


def test_only_general_manager_leaves_the_review_to_the_property_manager_there_is():
    house = House()
    batch = submitted(house)

    with refuses(ConflictError, match="您审核后就没有别人可以批示"):
        W.review_batch(batch, by=house.gm, approve=True, password=PASSWORD)


def test_only_general_manager_goes_on_when_the_property_manager_has_left_meanwhile():
    house = House()
    batch = submitted(house)
    without_property_manager(house)

    W.review_batch(batch, by=house.gm, approve=True, password=PASSWORD)

    batch = read(batch)
    assert (batch.status, batch.review_skipped, batch.reviewed_by) == (B.REVIEWED, True, None)
    assert decided(house, batch).status == B.DECIDED


def test_one_of_two_general_managers_reviews_and_the_other_decides():
    house = House()
    batch = submitted(house)
    other = signer(house, Role.GENERAL_MANAGER)
    W.review_batch(batch, by=other, approve=True, password=PASSWORD)

    with refuses(ConflictError, match="申请人、审核人不能批示"):
        decide(house, read(batch), by=other)

    assert decided(house, read(batch)).decided_by == house.gm


def test_review_sent_back_is_a_draft_again_with_its_reason():
    house = House()
    batch = submitted(house)

    W.review_batch(batch, by=house.pm, approve=False, note="请补招领公告")

    batch = read(batch)
    assert (batch.status, batch.returned_reason) == (B.DRAFT, "请补招领公告")
    assert (batch.asked_signature, batch.asked_with, batch.submitted_at) == (None, None, None)
    assert told(batch, "审批单退回修改") == pks(house.dm, house.guard)
    assert waits(batch) == []
    again_sent = submitted(house, batch)
    assert (again_sent.status, again_sent.returned_reason) == (B.SUBMITTED, "")
    assert all_clean(house) == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"approve": False, "note": ""}, "note"),
        ({"approve": True, "password": "falsch"}, "password"),
        ({"approve": True, "password": ""}, "password"),
    ],
)
def test_review_without_reason_or_password_is_refused(fields, field):
    house = House()
    batch = submitted(house)

    with refuses(RefusedInput) as caught:
        W.review_batch(batch, by=house.pm, **fields)

    assert list(caught.value.errors) == [field]


# --- what a paper keeps still --------------------------------------------------------------


def reminded(item):
    rows = item.case.clocks.filter(rule=Rule.CATEGORY_DUE, fired_at=None, stopped_at=None)
    return list(rows.values_list("due_at", flat=True))


@pytest.mark.parametrize("kept_for", [0, 20])
def test_food_that_leaves_its_paper_is_called_to_mind_again(now, kept_for):
    house = House()
    with disposing.on(LATER - timedelta(days=kept_for)):
        items = [house.stored(house.logged(category="food")) for _n in range(3)]
    batch = read(
        W.start_batch(house.prop, asks(items, "destroy", early_reason="放不久"), by=house.dm)
    )
    first, second, _third = lines(batch)
    drafted_, due = reminded(items[0]), retention.expires_at(items[0].received_on + timedelta(3))

    W.edit_batch(batch, by=house.dm, drop=[first.pk])
    W.describe(fresh(second.item), claiming.W.Claimant(claiming.GUEST), "我的", by=house.desk)
    W.refuse_claim(claiming.live(second.item), by=house.dm, reason="不符")
    W.withdraw_batch(read(batch), by=house.dm, reason="改天再报")

    assert drafted_ == []
    assert [reminded(item) for item in items] == 3 * [[max(due, LATER)]]


# --- deciding ------------------------------------------------------------------------------


def test_decision_of_each_line_is_written_and_two_people_are_asked(now):
    house = House()
    items = expired(house, 3)
    batch = reviewed(house, submitted(house, drafted(house, items)))

    batch = decided(house, batch, "police", "donate", "keep")

    police, donate, keep = lines(batch)
    assert (batch.status, batch.decided_by, batch.decided_at) == (B.DECIDED, house.gm, LATER)
    assert (batch.decided_signature.user, batch.on_behalf_of) == (house.gm, None)
    assert [n.state for n in (police, donate, keep)] == [L.DECIDED, L.DECIDED, L.EXECUTED]
    assert [n.method for n in (police, donate, keep)] == ["police", "donate", "keep"]
    assert [n.decided_by for n in (police, donate, keep)] == 3 * [house.gm]
    assert [fresh(i).status for i in items] == [S.DISPOSING, S.DISPOSING, S.STORED]
    assert [fresh(i).kept_until for i in items] == [None, None, in_days(30)]
    roles = (house.dm, house.guard, house.guard2)
    assert told(batch, "过期失物已批示，待执行") == pks(*roles)
    assert waits(batch) == [("execute_batch", Role.DUTY_MANAGER)]
    assert all_clean(house) == []


def test_hundred_decisions_take_no_more_statements_than_three():
    counts = []
    for count in (3, 30):
        house = House()
        batch = reviewed(house, submitted(house, drafted(house, expired(house, count))))
        ruling = ruled(batch, "keep", "donate")
        by = again(house.gm)
        with CaptureQueriesContext(connection) as captured:
            W.decide_batch(batch, ruling, PASSWORD, by=by)
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_kept_thing_expires_anew_on_its_new_day(now):
    house = House()
    (item,) = expired(house)
    batch = reviewed(house, submitted(house, drafted(house, [item])))

    batch = decided(house, batch, "keep")

    pending = item.case.clocks.filter(stopped_at=None, fired_at=None).order_by("due_at")
    assert list(pending.values_list("rule", flat=True)) == [
        Rule.EXPIRES_SOON,
        Rule.EXPIRES_SOON,
        Rule.EXPIRED,
    ]
    assert batch.status == B.DONE
    assert RenderJob.objects.get(case=batch.case).sealed is True
    now.move_to(LATER + timedelta(days=31))
    workflow.flag_due(timezone.now())
    assert fresh(item).status == S.EXPIRED
    assert drafted(house, [fresh(item)]).status == B.DRAFT
    assert all_clean(house) == []


@pytest.mark.parametrize(
    ("decision", "field", "sentence"),
    [
        (W.Decision(""), "method", "请选择 {} 的处理方式。"),
        (W.Decision("burn"), "method", "请选择 {} 的处理方式。"),
        (W.Decision("donate"), "reason", "{}：移交公安、继续保管以外的处理请写明理由。"),
        (W.Decision("finder"), "reason", "{}：移交公安、继续保管以外的处理请写明理由。"),
        (W.Decision("keep"), "keep_until", "{}：请填继续保管到哪一天。"),
        (
            W.Decision("keep", keep_until=LATER.date()),
            "keep_until",
            "{}：继续保管的日期要在今天以后。",
        ),
        (
            W.Decision("keep", keep_until=LATER.date() + timedelta(days=367)),
            "keep_until",
            "{}：最晚保管到 2028-02-26。",
        ),
        (None, "method", "请选择 {} 的处理方式。"),
    ],
)
def test_incomplete_decision_is_refused_line_by_line(decision, field, sentence):
    house = House()
    items = expired(house, 2)
    batch = reviewed(house, submitted(house, drafted(house, items)))
    second = lines(batch)[1]
    ruling = ruled(batch) | ({second.pk: decision} if decision else {})
    if decision is None:
        del ruling[second.pk]

    with refuses(RefusedInput) as caught:
        W.decide_batch(batch, ruling, PASSWORD, by=house.gm)

    number = items[1].case.number
    assert caught.value.errors == {f"{field}_{second.pk}": sentence.format(number)}


def test_thing_is_not_kept_for_less_than_its_own_term():
    house = House()
    item = house.stored()
    ask = W.Ask(item, "destroy", early="wet", early_reason="受潮")
    batch = reviewed(
        house, submitted(house, read(W.start_batch(house.prop, [ask], OPINION, by=house.dm)))
    )
    (line,) = lines(batch)

    with refuses(RefusedInput, match="本来就保管到 2028-02-25，继续保管不能早于这一天"):
        W.decide_batch(batch, {line.pk: W.Decision("keep", "", in_days(1))}, PASSWORD, by=house.gm)

    W.decide_batch(batch, {line.pk: W.Decision("keep", "", item.expires_on)}, PASSWORD, by=house.gm)
    assert (fresh(item).status, fresh(item).last_day) == (S.STORED, item.expires_on)


def test_kept_thing_whose_own_term_is_longer_is_kept_for_that(now):
    house = House()
    (item,) = expired(house)
    decided(house, reviewed(house, submitted(house, drafted(house, [item]))), "keep")

    W.revalue(fresh(item), Decimal(900), by=house.dm, basis="市价", reason="估错了")
    now.move_to(LATER + timedelta(days=31))
    workflow.flag_due(timezone.now())

    item = fresh(item)
    assert (item.status, item.kept_until < item.expires_on) == (S.STORED, True)
    assert item.last_day == item.expires_on


def test_decision_on_a_line_that_is_not_there_is_a_conflict():
    house = House()
    batch = reviewed(house)

    with refuses(ConflictError, match="刚被别人改过"):
        W.decide_batch(batch, ruled(batch) | {0: W.Decision("police")}, PASSWORD, by=house.gm)


def test_decision_with_a_wrong_password_is_refused():
    house = House()
    batch = reviewed(house)

    with refuses(RefusedInput, match="密码不对"):
        W.decide_batch(batch, ruled(batch), "falsch", by=house.gm)


def under_police_only(house):
    preset = retention.PRESETS["handover"]
    with disposing.on(disposing.T0):
        today = timezone.localdate()
        W.set_policy(house.prop, "handover", preset, today, by=house.gm, reason="辖区要求")
    return expired(house)


@pytest.mark.parametrize("method", ["donate", "destroy", "sell", "finder"])
def test_policy_that_ends_with_the_police_allows_no_other_way(method):
    house = House()
    items = under_police_only(house)
    batch = reviewed(house, submitted(house, drafted(house, items)))

    with refuses(RefusedInput, match="按“限期移交公安”到期只能移交公安"):
        decide(house, batch, method)


def test_policy_that_ends_with_the_police_allows_thirty_days_to_hand_over():
    house = House()
    items = under_police_only(house)
    batch = reviewed(house, submitted(house, drafted(house, items)))
    (line,) = lines(batch)

    with refuses(RefusedInput, match="最晚保管到"):
        too_long = {line.pk: W.Decision("keep", keep_until=in_days(31))}
        W.decide_batch(batch, too_long, PASSWORD, by=house.gm)

    assert decided(house, batch, "keep").status == B.DONE


def test_risk_is_written_where_the_law_is_not_over_and_never_blocks():
    house = House()
    items = expired(house, 4)
    with disposing.on(disposing.T0 + timedelta(days=1)):
        for item in items[1:]:
            W.announce(item, by=house.dm, published_on=timezone.localdate(), channel="board")
    batch = reviewed(house, submitted(house, drafted(house, items)))

    batch = decided(house, batch, "donate", "sell", "police", "keep")

    unbegun, early, police, keep = [line.risk for line in lines(batch)]
    head = "早于法定期限处理，失主仍可能主张权利。民法典第318条（招领公告后1年）："
    assert unbegun == f"{head}未起算"
    assert early == f"{head}2027-11-24"
    assert (police, keep) == ("", "")


def test_risk_ends_with_the_period_of_the_law(now):
    house = House()
    items = expired(house)
    with disposing.on(disposing.T0):
        W.announce(items[0], by=house.dm, published_on=timezone.localdate(), channel="board")
    now.move_to(disposing.T0 + timedelta(days=368))
    batch = reviewed(house, submitted(house, drafted(house, items)))

    assert lines(decided(house, batch, "donate"))[0].risk == ""


# --- four eyes of the decision -------------------------------------------------------------


def deputy_of(user):
    deputy = UserFactory()
    signatures.keep(deputy, drawn())
    DeputyFactory(for_membership=user.memberships.get(), by_user=deputy)
    return again(deputy)


def test_deputy_the_general_manager_named_decides_in_his_place():
    house = House()
    batch = reviewed(house)
    deputy = deputy_of(house.gm)

    decide(house, batch, by=deputy)

    batch = read(batch)
    assert (batch.decided_by, batch.on_behalf_of) == (deputy, house.gm)


def test_deputy_of_the_property_manager_does_not_decide():
    house = House()
    batch = reviewed(house)
    deputy = deputy_of(house.pm)

    with refuses(PermissionDenied):
        decide(house, batch, by=deputy)


@pytest.mark.parametrize("as_deputy", [False, True])
def test_finder_does_not_decide_on_what_he_found_nor_his_deputy(as_deputy):
    house = House()
    items = [*expired(house, finder_user=house.gm), *expired(house)]
    batch = reviewed(house, submitted(house, drafted(house, items)))
    by = deputy_of(house.gm) if as_deputy else house.gm

    with refuses(ConflictError, match=f"拾获人不能批示自己拾获的物品：{items[0].case.number}"):
        decide(house, batch, by=by)
    other = signer(house, Role.GENERAL_MANAGER)
    decide(house, batch, by=other)

    assert read(batch).decided_by == other


def test_finder_who_decides_is_refused_by_the_database():
    house = House()
    batch = reviewed(house, submitted(house, drafted(house, expired(house, finder_user=house.gm))))

    with refuses(IntegrityError, match="lostfound_line_finder_decides_not"), transaction.atomic():
        DisposalLine.objects.filter(batch=batch).update(
            state="decided", method="police", decided_by=house.gm, decided_at=LATER
        )


@pytest.mark.parametrize("who", ["asked_by", "asked_with", "reviewed_by"])
def test_asker_or_reviewer_who_decides_is_refused_by_the_database(who):
    house = House()
    batch = reviewed(house)

    with refuses(IntegrityError, match="lostfound_batch_four_eyes"), transaction.atomic():
        DisposalBatch.objects.filter(pk=batch.pk).update(
            status="decided",
            decided_by=getattr(batch, who),
            decided_at=LATER,
            decided_signature=batch.asked_signature,
        )


def test_paper_decided_without_review_is_refused_by_the_database():
    house = House()
    batch = submitted(house)

    with refuses(IntegrityError, match="lostfound_batch_reviewed"), transaction.atomic():
        DisposalBatch.objects.filter(pk=batch.pk).update(status="reviewed")


def test_general_manager_who_sends_back_makes_it_a_draft():
    house = House()
    batch = reviewed(house)

    W.send_back_batch(batch, by=house.gm, reason="请先公告")

    batch = read(batch)
    assert (batch.status, batch.returned_reason, batch.reviewed_by) == (B.DRAFT, "请先公告", None)
    assert [fresh(n.item).status for n in lines(batch)] == [S.EXPIRED]


def test_sending_back_without_a_reason_is_refused():
    house = House()
    batch = reviewed(house)

    with refuses(RefusedInput, match="退回请写明要改什么"):
        W.send_back_batch(batch, by=house.gm, reason="")


def test_thing_that_is_gone_meanwhile_stops_the_decision_until_it_is_struck():
    house = House()
    items = expired(house, 2)
    batch = reviewed(house, submitted(house, drafted(house, items)))
    W.revalue(items[1], Decimal(900), by=house.dm, basis="市价", reason="估错了")

    with refuses(ConflictError, match=f"已经不在待处置，请退回修改撤下：{items[1].case.number}"):
        decide(house, batch)
    W.send_back_batch(batch, by=house.gm, reason="撤下没到期的")
    W.edit_batch(read(batch), by=house.dm, drop=[lines(batch)[1].pk])
    batch = decided(house, reviewed(house, submitted(house, read(batch))))

    assert [n.state for n in lines(batch)] == [L.DECIDED, L.DROPPED]


# --- withdrawing ---------------------------------------------------------------------------


@pytest.mark.parametrize("state", [B.DRAFT, B.SUBMITTED, B.REVIEWED])
def test_withdrawn_paper_leaves_its_things_where_they_were(state):
    house = House()
    batch = disposing.READY[state](house)

    W.withdraw_batch(batch, by=house.dm, reason="重新整理")

    batch = read(batch)
    assert (batch.status, batch.ended_at, batch.ended_reason) == (B.WITHDRAWN, LATER, "重新整理")
    assert (batch.case.is_open, batch.case.closed_at) == (False, LATER)
    assert [(n.state, fresh(n.item).status) for n in lines(batch)] == [(L.DROPPED, S.EXPIRED)]
    assert waits(batch) == []
    assert drafted(house, [fresh(n.item) for n in lines(batch)]).status == B.DRAFT
    assert all_clean(house) == []


@pytest.mark.parametrize(
    ("state", "told"),
    [(B.DRAFT, ""), (B.SUBMITTED, "guard pm gm"), (B.REVIEWED, "guard pm gm")],
)
def test_withdrawn_paper_is_told_to_whoever_signed_it_and_whose_turn_it_was(state, told):
    house = House()
    batch = disposing.READY[state](house)

    W.withdraw_batch(batch, by=house.dm, reason="重新整理")

    found = Notice.objects.filter(text=f"【过期失物审批单已撤回】{batch.case.number}")
    assert {n.recipient for n in found} == {getattr(house, who) for who in told.split()}


def test_withdrawing_needs_a_reason():
    house = House()
    batch = drafted(house)

    with refuses(RefusedInput, match="请写明撤回的原因"):
        W.withdraw_batch(batch, by=house.dm, reason="")


# --- carrying out --------------------------------------------------------------------------


def test_executed_line_ends_custody_thing_and_paper(now):
    house = House()
    (item,) = expired(house)
    batch = decided(house, reviewed(house, submitted(house, drafted(house, [item]))))
    now.shift(timedelta(hours=1))
    at = timezone.now()

    W.execute_line(lines(batch)[0], replace(PROOF, photo=photo()), guard_of(house), by=house.dm)

    batch, item, (line,) = read(batch), fresh(item), lines(batch)
    assert (line.state, line.executed_by, line.executed_with) == (L.EXECUTED, house.dm, house.guard)
    assert (line.proof, line.receiver, line.executed_at) == (PROOF.proof, PROOF.receiver, at)
    assert line.proof_photo.case_id == batch.case_id
    assert (item.status, item.ended_at, item.next_due_at) == (S.POLICE, at, None)
    assert (item.case.is_open, item.case.closed_at) == (False, at)
    move = item.custody.get(ended_at=None)
    assert (move.kind, move.manager, move.guard) == ("police", house.dm, house.guard)
    assert (move.manager_at, move.guard_at, move.storage, move.reason) == (
        at,
        at,
        None,
        f"移交公安，{PROOF.receiver}，{PROOF.proof}",
    )
    assert item.custody.filter(ended_at=at).count() == 1
    assert item.case.clocks.filter(stopped_at=None, fired_at=None).count() == 0
    assert (batch.status, batch.ended_at, batch.case.is_open) == (B.DONE, at, False)
    job = RenderJob.objects.get(case=batch.case)
    assert (job.kind, job.sealed, job.case_version) == (
        "disposal_approval",
        True,
        batch.case.version,
    )
    assert told(batch, "过期失物已全部执行") == pks(house.pm, house.gm)
    assert waits(batch) == []
    assert all_clean(house) == []


@pytest.mark.parametrize(
    ("method", "execution", "status", "kind"),
    [
        ("police", PROOF, S.POLICE, "police"),
        ("donate", W.Execution("受赠函 3号", "社区慈善超市"), S.DISPOSED, "dispose"),
        ("destroy", W.Execution("销毁记录 1号", photo=b"?"), S.DISPOSED, "dispose"),
        ("sell", W.Execution("进账单 88号", proceeds=Decimal("35.50")), S.DISPOSED, "dispose"),
        ("finder", W.Execution("收条 5号"), S.DISPOSED, "dispose"),
    ],
)
def test_each_way_ends_in_its_state(method, execution, status, kind):
    house = House()
    (item,) = expired(house, finder_user=house.cleaner)
    batch = decided(house, reviewed(house, submitted(house, drafted(house, [item]))), method)
    if execution.photo:
        execution = replace(execution, photo=photo("red"))

    W.execute_line(lines(batch)[0], execution, guard_of(house), by=house.dm)

    assert (fresh(item).status, item.custody.get(ended_at=None).kind) == (status, kind)
    assert lines(batch)[0].proceeds == execution.proceeds
    assert all_clean(house) == []


def test_guard_may_record_with_the_duty_manager_beside_him():
    house = House()
    batch = decided(house)

    W.execute_line(lines(batch)[0], PROOF, W.Second(house.dm, PASSWORD), by=house.guard)

    line = lines(batch)[0]
    move = line.item.custody.get(ended_at=None)
    assert (line.executed_by, line.executed_with) == (house.guard, house.dm)
    assert (move.manager, move.guard) == (house.dm, house.guard)


@pytest.mark.parametrize(
    ("method", "changes", "field"),
    [
        ("police", {"proof": ""}, "proof"),
        ("police", {"receiver": ""}, "receiver"),
        ("donate", {"receiver": ""}, "receiver"),
        ("destroy", {}, "photo"),
        ("destroy", {"photo": b"no picture"}, "photo"),
        ("sell", {}, "proceeds"),
        ("sell", {"proceeds": Decimal(-1)}, "proceeds"),
        ("sell", {"proceeds": Decimal("1.005")}, "proceeds"),
        ("donate", {"proceeds": Decimal(1)}, "proceeds"),
        ("police", {"executed_at": LATER + timedelta(minutes=1)}, "executed_at"),
        ("police", {"executed_at": LATER - timedelta(minutes=1)}, "executed_at"),
    ],
)
def test_execution_without_its_proof_is_refused(method, changes, field):
    house = House()
    batch = decided(house, None, method)

    with refuses(RefusedInput) as caught:
        W.execute_line(lines(batch)[0], replace(PROOF, **changes), guard_of(house), by=house.dm)

    assert list(caught.value.errors) == [field]


@pytest.mark.parametrize(
    ("second", "field"),
    [
        (lambda h: W.Second(h.guard, ""), "guard_password"),
        (lambda h: W.Second(h.guard, "falsch"), "guard_password"),
        (lambda h: W.Second(h.dm, PASSWORD), "guard"),
        (lambda h: W.Second(h.pm, PASSWORD), "guard"),
        (lambda h: W.Second(h.cleaner, PASSWORD), "guard"),
    ],
    ids=["empty", "wrong", "same", "two managers", "no guard"],
)
def test_execution_by_one_is_refused(second, field):
    house = House()
    batch = decided(house)

    with refuses(RefusedInput) as caught:
        W.execute_line(lines(batch)[0], PROOF, second(house), by=house.dm)

    assert list(caught.value.errors) == [field]


def test_execution_by_whoever_decided_is_refused():
    house = House()
    batch = decided(house)

    with refuses(ConflictError, match="批示的人不经办执行"):
        W.execute_line(lines(batch)[0], PROOF, W.Second(house.guard, PASSWORD), by=house.gm)
    with refuses(ConflictError, match="批示的人不经办执行"):
        W.execute_line(lines(batch)[0], PROOF, W.Second(house.gm, PASSWORD), by=house.guard)


def test_line_executed_by_one_is_refused_by_the_database():
    house = House()
    batch = decided(house)

    with refuses(IntegrityError, match="lostfound_line_executed_by_two"), transaction.atomic():
        DisposalLine.objects.filter(batch=batch).update(
            state="executed",
            executed_by=house.dm,
            executed_with=house.dm,
            executed_at=LATER,
            proof="x",
        )


def test_sale_without_proceeds_is_refused_by_the_database():
    house = House()
    batch = decided(house, None, "sell")

    with refuses(IntegrityError, match="lostfound_line_proceeds"), transaction.atomic():
        DisposalLine.objects.filter(batch=batch).update(
            state="executed",
            executed_by=house.dm,
            executed_with=house.guard,
            executed_at=LATER,
            proof="x",
        )


@pytest.mark.parametrize("state", [B.DRAFT, B.SUBMITTED, B.REVIEWED])
def test_execution_without_a_decision_is_refused(state):
    house = House()
    batch = disposing.READY[state](house)

    with refuses(ConflictError, match=f"审批单现在是“{B(state).label}”，不能登记执行"):
        W.execute_line(lines(batch)[0], PROOF, guard_of(house), by=house.dm)


def test_execution_without_a_decision_is_refused_by_the_database():
    batch = reviewed(House())

    with refuses(IntegrityError, match="lostfound_line_decided"), transaction.atomic():
        DisposalLine.objects.filter(batch=batch).update(
            state="executed", executed_by=1, executed_with=2, executed_at=LATER, proof="x"
        )


@pytest.mark.parametrize("beside_him", [False, True])
def test_finder_does_not_hand_the_thing_to_himself(beside_him):
    house = House()
    items = expired(house, finder_user=house.guard)
    batch = decided(house, reviewed(house, submitted(house, drafted(house, items))), "finder")
    by, second = (house.dm, house.guard) if beside_him else (house.guard, house.dm)

    with refuses(ConflictError, match="须由拾获人以外的两个人经办"):
        W.execute_line(lines(batch)[0], PROOF, W.Second(second, PASSWORD), by=by)
    W.execute_line(lines(batch)[0], PROOF, W.Second(house.guard2, PASSWORD), by=house.dm)

    assert read(batch).status == B.DONE


def test_line_is_executed_once():
    house = House()
    items = expired(house, 2)
    batch = decided(house, reviewed(house, submitted(house, drafted(house, items))))
    W.execute_line(lines(batch)[0], PROOF, guard_of(house), by=house.dm)

    with refuses(ConflictError, match="已经执行、被认领或还没有批示"):
        W.execute_line(lines(batch)[0], PROOF, guard_of(house), by=house.dm)
    assert (read(batch).status, waits(batch)) == (B.DECIDED, [("execute_batch", "duty_manager")])


def test_things_that_went_at_once_are_recorded_at_once_in_constant_statements():
    counts = []
    for count in (3, 30):
        house = House()
        batch = reviewed(house, submitted(house, drafted(house, expired(house, count))))
        batch = decided(house, batch)
        keys = [line.pk for line in lines(batch)]
        by = again(house.dm)
        with CaptureQueriesContext(connection) as captured:
            W.execute_lines(batch, keys, PROOF, guard_of(house), by=by)
        counts.append(len(captured))
        assert read(batch).status == B.DONE
        assert FoundItem.objects.filter(case__property=house.prop, status=S.POLICE).count() == count
        assert all_clean(house) == []

    assert counts[0] == counts[1]


def test_things_that_go_different_ways_are_recorded_apart():
    house = House()
    batch = reviewed(house, submitted(house, drafted(house, expired(house, 2))))
    batch = decided(house, batch, "police", "donate")

    with refuses(ConflictError, match="一次只登记同一种处理方式"):
        keys = [line.pk for line in lines(batch)]
        W.execute_lines(batch, keys, PROOF, guard_of(house), by=house.dm)


def test_things_sold_are_recorded_one_by_one():
    house = House()
    batch = reviewed(house, submitted(house, drafted(house, expired(house, 2))))
    batch = decided(house, batch, "sell")
    keys = [line.pk for line in lines(batch)]
    sold = replace(PROOF, proceeds=Decimal(30))

    with refuses(RefusedInput, match="变卖请一件一件登记"):
        W.execute_lines(batch, keys, sold, guard_of(house), by=house.dm)


def test_what_waited_on_the_thing_is_done_with_it():
    house = House()
    with disposing.on(disposing.T0):
        item = house.ownerless(house.stored(value=Decimal("80.00")))
    workflow.flag_due(timezone.now())
    batch = reviewed(house, submitted(house, drafted(house, [fresh(item)])))

    done(house, decided(house, batch))

    task = Task.objects.get(case=item.case, kind="ownerless")
    assert (task.done_at, task.done_by, task.outcome) == (LATER, house.dm, "disposed")
    assert all_clean(house) == []


# --- a claim goes before -------------------------------------------------------------------


@pytest.mark.parametrize("state", [B.DRAFT, B.SUBMITTED, B.REVIEWED, B.DECIDED])
def test_claim_before_execution_wins_in_every_state_of_the_paper(state):
    house = House()
    items = expired(house, 2)
    batch = drafted(house, items)
    for step in list(disposing.READY.values())[1 : list(disposing.READY).index(state) + 1]:
        batch = step(house, batch)

    claiming.described(house, fresh(items[0]))

    assert [fresh(i).status for i in items] == [
        S.CLAIMED,
        S.DISPOSING if state == B.DECIDED else S.EXPIRED,
    ]
    live = L.DECIDED if state == B.DECIDED else L.PROPOSED
    assert [n.state for n in lines(batch)] == [L.CLAIMED, live]
    assert read(batch).status == state
    people = (house.dm, house.gm, house.guard, house.guard2)
    assert told(batch, f"{items[0].case.number} · 手机 有人认领，不再处置") == pks(*people)
    assert all_clean(house) == []


@pytest.mark.parametrize(
    ("state", "ends"), [(B.DRAFT, B.WITHDRAWN), (B.REVIEWED, B.WITHDRAWN), (B.DECIDED, B.DONE)]
)
def test_paper_whose_last_thing_is_claimed_has_ended(state, ends):
    house = House()
    batch = disposing.READY[state](house)
    (line,) = lines(batch)

    claiming.described(house, fresh(line.item))

    batch = read(batch)
    assert (batch.status, batch.ended_at, batch.case.is_open) == (ends, LATER, False)
    assert waits(batch) == []
    assert RenderJob.objects.filter(case=batch.case, sealed=True).count() == (ends == B.DONE)
    assert all_clean(house) == []


def test_claimed_line_is_never_executed_and_the_thing_rests_after_the_claim():
    house = House()
    items = expired(house, 2)
    batch = decided(house, reviewed(house, submitted(house, drafted(house, items))))
    claiming.described(house, fresh(items[0]))

    with refuses(ConflictError, match="已经执行、被认领或还没有批示"):
        W.execute_line(lines(batch)[0], PROOF, guard_of(house), by=house.dm)
    W.refuse_claim(claiming.live(items[0]), by=house.dm, reason="说错颜色")

    assert (fresh(items[0]).status, lines(batch)[0].state) == (S.EXPIRED, L.CLAIMED)
    assert drafted(house, [fresh(items[0])]).status == B.DRAFT
    assert all_clean(house) == []


def test_thing_claimed_and_returned_never_comes_back_to_the_paper():
    house = House()
    items = expired(house, 2)
    batch = decided(house, reviewed(house, submitted(house, drafted(house, items))))

    item = claiming.returned(house, claiming.verified(house, fresh(items[0])))
    W.execute_line(lines(batch)[1], PROOF, guard_of(house), by=house.dm)

    assert (fresh(item).status, read(batch).status) == (S.RETURNED, B.DONE)
    assert all_clean(house) == []


def test_claim_on_a_thing_that_stands_on_no_paper_records_nothing_there():
    house = House()
    batch = drafted(house)
    before = batch.case.version

    claiming.described(house)

    assert read(batch).case.version == before


# --- names of people and things stay where they are ----------------------------------------


def test_notices_of_a_paper_name_nobody_and_no_feature():
    house = House()
    batch = done(house)

    texts = list(Notice.objects.filter(case=batch.case).values_list("text", flat=True))

    assert set(texts) == {
        f"【{word}】{batch.case.number}"
        for word in (
            "过期失物待审核",
            "过期失物待批示",
            "过期失物已批示，待执行",
            "过期失物已全部执行",
        )
    }


def test_removed_member_who_decides_is_refused():
    house = House()
    batch = reviewed(house)
    User.objects.filter(pk=house.gm.pk).update(is_active=False)

    with refuses(PermissionDenied):
        decide(house, batch, by=again(house.gm))


def test_clocks_of_a_thing_in_disposal_do_not_run_on_after_it_is_gone():
    house = House()
    batch = done(house)
    item = lines(batch)[0].item

    assert Clock.objects.filter(case=item.case, fired_at=None, stopped_at=None).count() == 0
    assert CustodyMove.objects.filter(item=item, ended_at=None).count() == 1
