"""Cases, their links and the tasks that hang on them."""

import pytest
import time_machine
from django.db import transaction

from propdesk.core import audit, cases
from propdesk.core.models import Case, CaseLink, Task
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.factories import CaseFactory, PropertyFactory, UserFactory, at
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db


@time_machine.travel(at("2026-11-23 14:00"), tick=False)
def test_case_is_numbered_by_the_day_it_is_entered_and_dated_by_its_receipt():
    user, prop = UserFactory(), PropertyFactory()

    case = cases.open_case(
        prop, Case.Kind.COMPLAINT, "TS", by=user, at=at("2026-11-20 09:00"), title="客户投诉"
    )

    assert (case.number, case.opened_at, case.is_open, case.created_by) == (
        "TS-20261123-001",
        at("2026-11-20 09:00"),
        True,
        user,
    )


def test_task_is_open_once_per_kind():
    case, user = CaseFactory(), UserFactory()
    task = cases.open_task(case, "security", Role.SECURITY, "到场", by=user)

    with refuses(ConflictError), transaction.atomic():
        cases.open_task(case, "security", Role.SECURITY, "到场", by=user)

    assert Task.objects.get() == task


def test_tasks_are_closed_by_kind_or_all_and_keep_their_first_outcome():
    case, user = CaseFactory(), UserFactory()
    for kind in "abc":
        cases.open_task(case, kind, Role.PROPERTY_MANAGER, kind, by=user)
    cases.open_task(CaseFactory(), "a", Role.PROPERTY_MANAGER, "x", by=user)

    assert cases.close_tasks(case, "a", "x", by=user, outcome="done")[0].kind == "a"
    assert len(cases.close_tasks(case, by=None, outcome="closed")) == 2
    assert cases.close_tasks(case, by=user, outcome="again") == []
    outcomes = Task.objects.filter(case=case).order_by("kind")
    assert list(outcomes.values_list("outcome", "done_by")) == [
        ("done", user.pk),
        ("closed", None),
        ("closed", None),
    ]


def test_link_is_stored_lower_first_and_chained_on_both_sides():
    prop, user = PropertyFactory(), UserFactory()
    one, two = CaseFactory(property=prop), CaseFactory(property=prop)

    cases.link(two, one.number, by=user, note="同一件事")

    assert list(CaseLink.objects.values_list("a", "b")) == [(one.pk, two.pk)]
    for case in Case.objects.all():
        assert (case.version, audit.problems(case)) == (1, [])


@pytest.mark.parametrize("which", ["itself", "restricted", "elsewhere", "unknown"])
def test_link_to_what_one_may_not_know_is_refused_alike(which):
    prop, user = PropertyFactory(), UserFactory()
    case = CaseFactory(property=prop)
    number = {
        "itself": case.number,
        "restricted": CaseFactory(property=prop, restricted=True).number,
        "elsewhere": CaseFactory().number,
        "unknown": "TS-19990101-001",
    }[which]

    with refuses(RefusedInput, match="没有找到这个编号"):
        cases.link(case, number, by=user)

    assert CaseLink.objects.count() == 0
