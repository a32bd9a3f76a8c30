"""Every act on a paper × every role the table leaves out × every other state: refused whole."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from emergencies import reports
from emergencies.models import Event, EventRecord
from emergencies.permissions import ACTIONS
from emergencies.queries import records as queries
from emergencies.workflow import MOVES
from propdesk.core import signatures, signoff
from propdesk.core.models import Membership, User
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError
from tests.emergencies.journey import House, S, fresh, photo
from tests.emergencies.recording import PASSWORD, W, drafted, filled, outside, read, submitted
from tests.factories import MembershipFactory, UserFactory
from tests.factories import fresh as again
from tests.incidents.journey import drawn
from tests.incidents.moves import fingerprint

pytestmark = pytest.mark.django_db
Do = Callable[[House, Event, User], Any]


@dataclass(frozen=True, slots=True)
class Act:
    """What permits it, what there must be, and how it is done."""

    action: str
    ready: Callable[[House, Event], Any]
    do: Do


def record(event: Event) -> EventRecord:
    return read(event.records.order_by("-pk")[0])


def draft(house: House, event: Event) -> None:
    drafted(event, "theft_statement", house.dm)


def out(house: House, event: Event) -> None:
    submitted(event, "theft_statement", house.dm)


def on_paper(house: House, event: Event) -> None:
    out(house, event)
    W.take_signature(record(event), outside(drawn=b"", consents=False), by=house.dm)


def report(house: House, event: Event) -> None:
    W.start_report(fresh(event), reports.prefill_report(fresh(event)), by=house.dm)


def current(event: Event) -> Any:
    found = signoff.current(fresh(event).case)
    assert found is not None
    return queries.report(found.pk)


def _start(_house: House, event: Event, by: User) -> Any:
    return W.start_record(fresh(event), "statement", filled(event, "statement", by), by=by)


def _edit(_house: House, event: Event, by: User) -> Any:
    values = filled(event, "theft_statement", by)
    return W.edit_record(record(event), values, by=by)


def _decline(_house: House, event: Event, by: User) -> Any:
    return W.decline_signature(record(event), by=by, password=PASSWORD, reason="已离店")


def _scan(_house: House, event: Event, by: User) -> Any:
    row = record(event)
    return W.add_scan(row, row.boxes.get(position=1), photo(), by=by)


def _report(_house: House, event: Event, by: User) -> Any:
    return W.start_report(fresh(event), reports.prefill_report(fresh(event)), by=by)


ACTS = {
    "start_record": Act("write_record", lambda h, e: None, _start),
    "edit_record": Act("write_record", draft, _edit),
    "submit_record": Act(
        "write_record", draft, lambda h, e, by: W.submit_record(record(e), by=by, password=PASSWORD)
    ),
    "take_signature": Act(
        "take_signature", out, lambda h, e, by: W.take_signature(record(e), outside(), by=by)
    ),
    "decline_signature": Act("decline_signature", out, _decline),
    "add_scan": Act("scan_record", on_paper, _scan),
    "rewrite_record": Act(
        "rewrite_record", on_paper, lambda h, e, by: W.rewrite_record(record(e), by=by, reason="错")
    ),
    "sign_record": Act(
        "sign_record", out, lambda h, e, by: W.sign_record(record(e), by=by, password=PASSWORD)
    ),
    "send_back_record": Act(
        "send_back_record", out, lambda h, e, by: W.send_back_record(record(e), by=by, reason="错")
    ),
    "start_report": Act("report", lambda h, e: None, _report),
    "edit_report": Act(
        "report", report, lambda h, e, by: W.edit_report(current(e), {"result": "好"}, by=by)
    ),
    "submit_report": Act(
        "submit_report",
        report,
        lambda h, e, by: W.submit_report(current(e), by=by, password=PASSWORD),
    ),
    "sign_report": Act(
        "sign_report",
        report,
        lambda h, e, by: W.sign_report(current(e), by=by, password=PASSWORD),
    ),
    "send_back_report": Act(
        "send_back_report",
        report,
        lambda h, e, by: W.send_back_report(current(e), by=by, reason="错"),
    ),
}


def test_every_action_of_papers_is_done_here() -> None:
    named = {name for name in ACTIONS if "record" in name or "report" in name}
    named |= {"take_signature", "decline_signature"}
    assert {act.action for act in ACTS.values()} == named


@pytest.mark.parametrize("name", ACTS)
def test_act_is_closed_to_the_roles_the_table_leaves_out(name: str) -> None:
    act = ACTS[name]
    house = House()
    event = house.started("theft")
    act.ready(house, event)
    stranger = UserFactory()
    signatures.keep(stranger, drawn())
    row = MembershipFactory(user=stranger, property=house.prop, role=Role.STAFF)
    involved = set(event.involved.values_list("role", flat=True))
    found, wanted = {}, {}

    for role in Role:
        held = {role, Role.SECURITY} if role == Role.SECURITY_MANAGER else {role}
        if ACTIONS[act.action].allows(
            frozenset({role}), owns=False, assigned=bool(held & involved)
        ):
            continue
        Membership.objects.filter(pk=row.pk).update(role=role)
        before, wanted[role] = fingerprint(), "403"
        try:
            with transaction.atomic():
                act.do(house, event, again(stranger))
            found[role] = "done"
        except PermissionDenied:
            found[role] = "403" if fingerprint() == before else "CHANGED"

    assert wanted
    assert found == wanted


@pytest.mark.parametrize("status", [S.RUNNING, S.ARCHIVED, S.VOIDED])
def test_act_in_any_other_state_of_the_event_conflicts_and_changes_nothing(status: str) -> None:
    house = House()
    found, wanted = {}, {}
    for name, act in ACTS.items():
        if status in MOVES[act.action].states:
            continue
        event = (
            house.ended("theft") if status in (S.SIGNING, S.ARCHIVED) else house.started("theft")
        )
        act.ready(house, event)
        _into(house, event, status)
        before, wanted[name] = fingerprint(), True
        with pytest.raises(ConflictError) as refusal, transaction.atomic():
            act.do(house, fresh(event), again(house.gm))
        said = f"现在是“{fresh(event).get_status_display()}”"
        found[name] = said in str(refusal.value) and fingerprint() == before

    assert wanted
    assert found == wanted


def _into(house: House, event: Event, status: str) -> None:
    if status == S.VOIDED:
        W.void(fresh(event), by=house.pm, reason="误报")
    if status == S.ARCHIVED:
        row = fresh(event)
        Event.objects.filter(pk=event.pk).update(
            status=status, archived_at=row.ended_at, archived_by=house.dm
        )
