"""C-G: options, their approval, telling, choosing and refusing."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from incidents import workflow
from incidents.models import Option
from propdesk.core.models import Notice, Task
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.factories import DeputyFactory, MembershipFactory, UserFactory, fresh, member
from tests.incidents import moves
from tests.incidents.journey import House
from tests.incidents.journey import fresh as read
from tests.incidents.moves import fingerprint, refuses

pytestmark = pytest.mark.django_db
Offer = workflow.Offer


def tell(complaint, house, **changes):
    values = {"by": house.dm, "told_at": timezone.now(), "told_via": "phone"} | changes
    return workflow.tell_options(complaint, **values)


def offer(complaint, house, *offers, by=None):
    return workflow.offer(complaint, list(offers), by=by or house.dm)


# --- offering ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cost", "approval"),
    [("0", "not_needed"), ("500.00", "not_needed"), ("500.01", "pending"), ("9000", "pending")],
)
def test_option_above_the_limit_of_the_house_needs_approval(cost, approval):
    house = House()

    (option,) = offer(house.recorded(), house, Offer("减免", cost=Decimal(cost)))

    assert option.approval == approval


def test_option_beyond_authority_needs_approval_at_any_cost():
    house = House()

    (option,) = offer(house.recorded(), house, Offer("书面致歉", beyond_authority=True))

    assert option.approval == "pending"


def test_limit_of_the_house_is_its_own():
    house = House()
    house.prop.settings.dm_limit_yuan = Decimal(80)
    house.prop.settings.save()

    (option,) = offer(house.recorded(), house, Offer("果盘", cost=Decimal(100)))

    assert option.approval == "pending"


@pytest.mark.parametrize(
    ("offers", "field"),
    [([], "text"), ([Offer("飞一趟", feasible=False)], "feasible"), ([Offer("x")] * 10, "text")],
    ids=["none", "not-feasible", "too-many"],
)
def test_offer_refusals(offers, field):
    house = House()
    complaint = house.recorded()
    before = fingerprint()

    with pytest.raises(RefusedInput) as refusal:
        workflow.offer(complaint, offers, by=house.dm)

    assert list(refusal.value.errors) == [field]
    assert fingerprint() == before


def test_option_over_the_limit_asks_the_property_manager():
    house = House()

    (option,) = offer(house.recorded(), house, Offer("免房费", cost=Decimal(800)))

    task = Task.objects.get()
    assert (task.role, task.kind, task.done_at) == (
        Role.PROPERTY_MANAGER,
        f"decide_option:{option.pk}",
        None,
    )
    asked = Notice.objects.filter(rule="incidents.decide_option")
    assert list(asked.values_list("recipient", flat=True)) == [house.pm.pk]


@pytest.mark.parametrize(
    ("author", "role", "told"),
    [("pm", Role.GENERAL_MANAGER, "gm"), ("gm", Role.PROPERTY_MANAGER, "pm")],
)
def test_option_of_a_manager_is_for_the_other_manager(author, role, told):
    house = House()

    offer(
        house.recorded(),
        house,
        Offer("免房费", cost=Decimal(800)),
        by=fresh(getattr(house, author)),
    )

    assert Task.objects.get().role == role
    asked = Notice.objects.filter(rule="incidents.decide_option")
    assert list(asked.values_list("recipient", flat=True)) == [getattr(house, told).pk]


# --- approving -----------------------------------------------------------------------------


def test_approval_records_who_and_when_and_ends_the_task():
    house = House()
    (option,) = offer(house.recorded(), house, Offer("免房费", cost=Decimal(800)))

    workflow.decide_option(option, by=house.pm, approve=True, note="同意")

    option.refresh_from_db()
    assert (option.approval, option.decided_by, option.decision_note) == (
        "approved",
        house.pm,
        "同意",
    )
    task = Task.objects.get()
    assert (task.done_by, task.outcome) == (house.pm, "approved")
    told = Notice.objects.filter(rule="incidents.option_decided")
    assert list(told.values_list("recipient", flat=True)) == [house.dm.pk]


def test_rejection_needs_a_reason():
    house = House()
    (option,) = offer(house.recorded(), house, Offer("免房费", cost=Decimal(800)))

    with refuses(RefusedInput) as refusal:
        workflow.decide_option(option, by=house.pm, approve=False)

    assert list(refusal.value.errors) == ["note"]
    option.refresh_from_db()
    assert option.approval == "pending"


def test_option_is_decided_once():
    house = House()
    (option,) = offer(house.recorded(), house, Offer("免房费", cost=Decimal(800)))
    workflow.decide_option(option, by=house.pm, approve=False, note="太多")
    before = fingerprint()

    with pytest.raises(ConflictError):
        workflow.decide_option(option, by=house.gm, approve=True)

    assert fingerprint() == before


@pytest.mark.parametrize("who", ["author", "deputy"])
def test_proposer_and_his_deputy_cannot_approve(who):
    house = House()
    proposer = fresh(house.pm)
    deputy = UserFactory()
    DeputyFactory(for_membership=house.pm.memberships.get(), by_user=deputy)
    (option,) = offer(house.recorded(), house, Offer("免房费", cost=Decimal(800)), by=proposer)
    by = proposer if who == "author" else fresh(deputy)
    before = fingerprint()

    with pytest.raises(ConflictError):
        workflow.decide_option(option, by=by, approve=True)

    assert fingerprint() == before


def test_deputy_of_another_manager_may_approve():
    house = House()
    deputy = UserFactory()
    DeputyFactory(for_membership=house.gm.memberships.get(), by_user=deputy)
    DeputyFactory(for_membership=house.pm.memberships.get(), by_user=deputy)
    (option,) = offer(
        house.recorded(), house, Offer("免房费", cost=Decimal(800)), by=fresh(house.pm)
    )

    workflow.decide_option(option, by=fresh(deputy), approve=True)

    option.refresh_from_db()
    assert option.approval == "approved"


def test_duty_manager_who_stands_in_for_the_property_manager_cannot_approve_his_own():
    house = House()
    DeputyFactory(for_membership=house.pm.memberships.get(), by_user=house.dm)
    (option,) = offer(
        house.recorded(), house, Offer("免房费", cost=Decimal(800)), by=fresh(house.dm)
    )

    with refuses(ConflictError):
        workflow.decide_option(option, by=fresh(house.dm), approve=True)

    assert Task.objects.get().role == Role.GENERAL_MANAGER


# --- telling -------------------------------------------------------------------------------


def test_unapproved_option_is_not_among_those_told():
    house = House()
    complaint = house.offered()
    (costly,) = offer(complaint, house, Offer("免房费", cost=Decimal(800)))

    told = tell(complaint, house)

    costly.refresh_from_db()
    assert (told.status, costly.told_at) == ("awaiting_choice", None)
    assert complaint.options.exclude(told_at=None).count() == 2


@pytest.mark.parametrize("approve", [None, False], ids=["pending", "rejected"])
def test_option_over_the_limit_alone_cannot_be_told(approve):
    house = House()
    complaint = house.recorded()
    (option,) = offer(complaint, house, Offer("免房费", cost=Decimal(800)))
    if approve is False:
        workflow.decide_option(option, by=house.pm, approve=False, note="太多")
    before = fingerprint()

    with pytest.raises(ConflictError):
        tell(complaint, house, single_reason="只有它")

    assert fingerprint() == before


def test_unapproved_option_cannot_be_chosen():
    house = House()
    complaint = house.offered()
    (costly,) = offer(complaint, house, Offer("免房费", cost=Decimal(800)))
    tell(complaint, house)
    before = fingerprint()

    with pytest.raises(ConflictError):
        workflow.choose(complaint, costly, by=house.dm, chosen_at=timezone.now())

    assert fingerprint() == before


def test_approved_option_is_told_and_chosen():
    house = House()
    complaint = house.offered()
    (costly,) = offer(complaint, house, Offer("免房费", cost=Decimal(800)))
    workflow.decide_option(costly, by=house.pm, approve=True)

    tell(complaint, house)
    workflow.choose(complaint, costly, by=house.dm, chosen_at=timezone.now())

    assert list(Option.objects.filter(chosen=True)) == [costly]


def test_single_option_needs_a_reason_which_is_kept():
    house = House()
    complaint = house.recorded()
    offer(complaint, house, Offer("换房"))

    with refuses(RefusedInput) as refusal:
        tell(complaint, house)
    told = tell(complaint, house, single_reason="今晚满房")

    assert list(refusal.value.errors) == ["single_reason"]
    assert told.single_option_reason == "今晚满房"


def test_withdrawn_option_is_neither_told_nor_chosen():
    house = House()
    complaint = house.offered()
    (extra,) = offer(complaint, house, Offer("第三种"))
    workflow.withdraw_option(extra, by=house.dm)

    tell(complaint, house)

    extra.refresh_from_db()
    assert (extra.told_at, extra.withdrawn_at is None) == (None, False)
    with refuses(ConflictError):
        workflow.choose(complaint, extra, by=house.dm, chosen_at=timezone.now())


def test_told_option_cannot_be_withdrawn():
    house = House()
    complaint = house.told()
    option = complaint.options.first()

    with refuses(ConflictError):
        workflow.withdraw_option(option, by=house.dm)


def test_withdrawing_a_costly_option_ends_its_task():
    house = House()
    (option,) = offer(house.recorded(), house, Offer("免房费", cost=Decimal(800)))

    workflow.withdraw_option(option, by=house.dm)

    assert list(Task.objects.values_list("outcome", flat=True)) == ["withdrawn"]


@pytest.mark.parametrize(
    "shift", [timedelta(minutes=1), -timedelta(hours=1)], ids=["future", "before-receipt"]
)
def test_telling_at_an_impossible_time_is_refused(shift):
    house = House()
    complaint = house.offered()

    with refuses(RefusedInput) as refusal:
        tell(complaint, house, told_at=timezone.now() + shift)

    assert list(refusal.value.errors) == ["told_at"]


def test_telling_nobody_is_only_for_anonymous_complaints():
    house = House()
    complaint = house.offered()

    with refuses(RefusedInput) as refusal:
        tell(complaint, house, by=house.pm, told_via="not_possible")

    assert list(refusal.value.errors) == ["told_via"]


def test_telling_nobody_of_an_anonymous_complaint_is_for_managers():
    house = House()
    complaint = moves.anonymous(house)
    before = fingerprint()

    with pytest.raises(PermissionDenied):
        tell(complaint, house, told_via="not_possible")
    assert fingerprint() == before

    told = tell(complaint, house, by=house.pm, told_via="not_possible")
    assert (told.status, told.told_options_via) == ("awaiting_choice", "not_possible")


# --- choosing and refusing -----------------------------------------------------------------


def test_choice_is_made_once():
    house = House()
    complaint = house.chosen()
    before = fingerprint()

    for act in (
        lambda: workflow.choose(
            complaint, complaint.options.first(), by=house.dm, chosen_at=timezone.now()
        ),
        lambda: workflow.refuse(complaint, by=house.dm, reason="不要"),
        lambda: offer(complaint, house, Offer("再来一种")),
        lambda: tell(complaint, house),
    ):
        with pytest.raises(ConflictError):
            act()

    assert fingerprint() == before


def test_choice_of_another_complaint_is_refused():
    house = House()
    complaint, other = house.told(), house.told()

    with refuses(ConflictError):
        workflow.choose(complaint, other.options.first(), by=house.dm, chosen_at=timezone.now())


def test_refusal_creates_one_task_for_the_property_manager():
    house = House()
    complaint = moves.refused(house)

    assert complaint.status == "awaiting_choice"
    assert list(Task.objects.values_list("kind", "role")) == [
        ("decide_refusal", Role.PROPERTY_MANAGER)
    ]
    told = Notice.objects.filter(rule="incidents.refused")
    assert list(told.values_list("recipient", "urgent")) == [(house.pm.pk, True)]


def test_refusal_needs_a_reason_and_is_noted_once():
    house = House()
    complaint = house.told()

    with refuses(RefusedInput):
        workflow.refuse(complaint, by=house.dm, reason="")
    workflow.refuse(complaint, by=house.dm, reason="都不合适")

    with refuses(ConflictError):
        workflow.refuse(complaint, by=house.dm, reason="还是不行")


def test_refused_options_wait_for_the_manager():
    house = House()
    complaint = moves.refused(house)
    offer(complaint, house, Offer("再加一种"))
    before = fingerprint()

    for act in (
        lambda: tell(complaint, house),
        lambda: workflow.choose(
            complaint, complaint.options.first(), by=house.dm, chosen_at=timezone.now()
        ),
        lambda: workflow.promise(complaint, house.word(), by=house.dm, department=house.department),
    ):
        with pytest.raises(ConflictError):
            act()

    assert fingerprint() == before


def test_decision_for_new_options_leads_back_to_the_offer():
    house = House()
    complaint = moves.refused(house)

    decided = workflow.decide_refusal(
        complaint, by=house.pm, choice="new_options", reason="换个方向"
    )

    assert (decided.status, decided.refused_at, decided.told_options_at) == ("recorded", None, None)
    assert complaint.options.filter(withdrawn_at=None).count() == 0
    assert list(Task.objects.values_list("outcome", "done_by")) == [("new_options", house.pm.pk)]
    assert read(house.chosen(decided)).chosen_at is not None


def test_decision_to_proceed_takes_a_told_option():
    house = House()
    complaint = moves.refused(house)
    option = complaint.options.first()

    workflow.decide_refusal(
        complaint, by=house.pm, choice="proceed", reason="按合同", option=option
    )

    option.refresh_from_db()
    decision = complaint.decisions.get()
    assert (option.chosen, decision.choice, decision.reason, decision.by) == (
        True,
        "proceed",
        "按合同",
        house.pm,
    )
    written = complaint.case.entries.get(action="decide_refusal")
    assert ["incidents.decision", decision.pk] in [[row["m"], row["pk"]] for row in written.rows]


def test_decision_to_proceed_with_an_option_of_an_earlier_round_is_refused():
    house = House()
    complaint = house.reopened()
    old = complaint.options.get(chosen=False)
    complaint = house.told(complaint)
    workflow.refuse(complaint, by=house.dm, reason="都不合适")
    before = fingerprint()

    with pytest.raises(ConflictError):
        workflow.decide_refusal(complaint, by=house.pm, choice="proceed", reason="旧的", option=old)

    assert fingerprint() == before


@pytest.mark.parametrize(
    ("choice", "reason", "error"),
    [
        ("new_options", "", RefusedInput),
        ("proceed", "按合同", RefusedInput),
        ("forget", "算了", ConflictError),
    ],
    ids=["no-reason", "no-option", "no-such-choice"],
)
def test_decision_on_a_refusal_refusals(choice, reason, error):
    house = House()
    complaint = moves.refused(house)
    before = fingerprint()

    with pytest.raises(error):
        workflow.decide_refusal(complaint, by=house.pm, choice=choice, reason=reason)

    assert fingerprint() == before


def test_manager_does_not_decide_on_the_refusal_he_noted_himself():
    house = House()
    complaint = workflow.refuse(house.told(), by=fresh(house.pm), reason="都不合适")
    assert Task.objects.get().role == Role.GENERAL_MANAGER

    with refuses(ConflictError):
        workflow.decide_refusal(complaint, by=house.pm, choice="new_options", reason="再想")

    decided = workflow.decide_refusal(complaint, by=house.gm, choice="new_options", reason="再想")
    assert decided.status == "recorded"


def test_nothing_waits_for_a_decision_without_a_refusal():
    house = House()
    complaint = house.told()

    with refuses(ConflictError):
        workflow.decide_refusal(complaint, by=house.pm, choice="new_options", reason="再想")


def test_manager_of_both_ranks_is_not_asked_about_his_own_option():
    house = House()
    both = member(house.prop, Role.PROPERTY_MANAGER)
    MembershipFactory(user=both, property=house.prop, role=Role.GENERAL_MANAGER)

    offer(house.recorded(), house, Offer("免房费", cost=Decimal(800)), by=fresh(both))

    asked = Notice.objects.filter(rule="incidents.decide_option")
    assert list(asked.values_list("recipient", flat=True)) == [house.gm.pk]


# --- what the choice leaves over -----------------------------------------------------------


def waiting(house):
    complaint = house.told()
    offer(complaint, house, Offer("免房费", cost=Decimal(800)))
    return complaint


def test_choice_withdraws_what_still_waited_for_approval():
    house = House()
    complaint = waiting(house)
    pending = moves.option_of(house, complaint)

    workflow.choose(
        complaint,
        complaint.options.order_by("position").first(),
        by=house.dm,
        chosen_at=timezone.now(),
    )

    pending.refresh_from_db()
    assert pending.withdrawn_at is not None
    assert list(Task.objects.values_list("outcome", flat=True)) == ["withdrawn"]


def test_new_options_after_a_refusal_withdraw_the_request_for_approval():
    house = House()
    complaint = waiting(house)
    workflow.refuse(complaint, by=house.dm, reason="都不合适")

    workflow.decide_refusal(complaint, by=house.pm, choice="new_options", reason="再想想")

    assert Task.objects.filter(done_at=None).count() == 0
    assert complaint.options.filter(withdrawn_at=None).count() == 0


def test_approved_option_is_told_in_the_minute_of_its_approval():
    house = House()
    complaint = moves.costly(house)
    option = workflow.decide_option(moves.option_of(house, complaint), by=house.pm, approve=True)
    minute = option.decided_at.replace(second=0, microsecond=0)

    told = tell(read(complaint), house, told_at=minute)

    assert told.told_options_at == minute
