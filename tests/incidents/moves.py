"""Every act of the workflow as data: how to get ready for it and how to do it.

The tests of roles and states run over this table, and refuse to run without a row for each act.
"""

import functools
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone
from PIL import Image

from incidents import workflow
from incidents.models import Complaint, Option
from propdesk.core.models import Attachment, Report, ReportBox, User
from propdesk.core.roles import Role
from tests.factories import PASSWORD, CaseFactory, fresh
from tests.incidents.journey import GUEST, POINTS, House
from tests.incidents.journey import fresh as read

Ready = Callable[[House], Complaint]
Do = Callable[[House, Complaint, User], Any]


@dataclass(frozen=True, slots=True)
class Act:
    """``name`` of the function, ``action`` that permits it, and for whom it is four eyes."""

    name: str
    action: str
    ready: Ready
    do: Do
    author: str = ""
    """The relation of a person who wrote what this act decides on: 409 even with the rank."""


def jpeg(colour: str = "white") -> bytes:
    """A small photo."""
    out = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "JPEG")
    return out.getvalue()


def option_of(house: House, complaint: Complaint, **fields: Any) -> Option:
    """The newest option, or a stray one that no transition wrote."""
    found = complaint.options.order_by("-pk").first()
    return found or Option.objects.create(
        complaint=complaint,
        cycle=9,
        position=1,
        text="另外安排",
        approval=Option.Approval.PENDING,
        proposed_by=house.dm,
        proposed_at=timezone.now(),
        **fields,
    )


def report_of(house: House, complaint: Complaint) -> Report:
    """The current report, or a stray one in sign-off whose turn is the property manager's."""
    found = complaint.case.reports.exclude(state=Report.State.SUPERSEDED).first()
    if found is not None:
        return found
    report = Report.objects.create(
        case=complaint.case,
        property=house.prop,
        number="SG-20200101-001",
        version=9,
        state=Report.State.SUBMITTED,
        round=1,
        author=house.dm,
        created_at=timezone.now(),
    )
    ReportBox.objects.create(
        report=report, round=1, position=2, role=Role.PROPERTY_MANAGER, title="物业经理"
    )
    return report


def photo_of(house: House, complaint: Complaint) -> Attachment:
    """The newest photo, or a stray row of one."""
    found = complaint.case.attachments.order_by("-pk").first()
    return found or Attachment.objects.create(
        case=complaint.case,
        sha256="0" * 64,
        width=1,
        height=1,
        size=1,
        uploaded_by=house.dm,
        uploaded_at=timezone.now(),
    )


OTHER = "TS-20200101-001"


# --- getting ready -------------------------------------------------------------------------


def conducted(house: House) -> Complaint:
    return house.conduct(house.new())


def costly(house: House, cost: str = "800") -> Complaint:
    complaint = house.offered()
    workflow.offer(complaint, [workflow.Offer("免一晚房费", cost=Decimal(cost))], by=house.dm)
    return complaint


def anonymous(house: House) -> Complaint:
    complaint = house.conduct(house.new(is_anonymous=True, anonymous_reason="不愿留名"))
    points = replace(POINTS, is_anonymous=True, anonymous_reason="不愿留名")
    return house.offered(workflow.record(complaint, points, by=house.dm))


def refused(house: House) -> Complaint:
    return workflow.refuse(house.told(), by=house.dm, reason="都不合适")


def extended(house: House) -> Complaint:
    complaint = house.started()
    workflow.extend(complaint, house.word(6), by=house.dm, reason="配件未到")
    return read(complaint)


def asked_again(house: House) -> Complaint:
    complaint = extended(house)
    wish = timezone.now() + timedelta(hours=9)
    workflow.ask_extension(complaint, by=house.dm, reason="又缺配件", wish_at=wish)
    return read(complaint)


def granted(house: House) -> Complaint:
    complaint = asked_again(house)
    workflow.grant_extension(complaint, by=house.pm)
    return read(complaint)


def serious(house: House) -> Complaint:
    return house.new(severity="serious")


def dissatisfied(house: House) -> Complaint:
    return house.reviewed("dissatisfied")


def drafted(house: House) -> Complaint:
    complaint = house.reviewed()
    house.report(complaint)
    return complaint


def submitted(house: House) -> Complaint:
    complaint = drafted(house)
    workflow.submit_report(report_of(house, complaint), by=house.dm, password=PASSWORD)
    return complaint


def photographed(house: House) -> Complaint:
    complaint = house.new()
    workflow.attach(complaint, jpeg(), by=house.dm)
    return complaint


def beside_another(house: House) -> Complaint:
    CaseFactory(property=house.prop, number=OTHER, created_by=house.dm)
    return house.new()


def secured(house: House) -> Complaint:
    complaint = house.new()
    workflow.call_security(complaint, by=house.dm)
    return complaint


# --- doing ---------------------------------------------------------------------------------


def _intake(house: House, _complaint: Complaint, by: User) -> Complaint:
    return workflow.intake(house.prop, workflow.Intake(words="走廊很吵", guest=GUEST), by=by)


def _tick(_house: House, complaint: Complaint, by: User) -> Complaint:
    return workflow.confirm_conduct(complaint, {"A": workflow.Tick(done=True)}, by=by)


def _tell(house: House, complaint: Complaint, by: User, via: str = "phone") -> Complaint:
    return workflow.tell_options(complaint, by=by, told_at=timezone.now(), told_via=via)


def _promise(house: House, complaint: Complaint, by: User) -> Any:
    return workflow.promise(
        complaint, house.word(), by=by, department=house.department, what="修好"
    )


def _extend(house: House, complaint: Complaint, by: User) -> Any:
    return workflow.extend(complaint, house.word(30), by=by, reason="又缺配件")


def _ask_extension(house: House, complaint: Complaint, by: User) -> Any:
    wish = timezone.now() + timedelta(hours=30)
    return workflow.ask_extension(complaint, by=by, reason="又缺配件", wish_at=wish)


def _call_back(house: House, complaint: Complaint, by: User) -> Any:
    return workflow.call_back(
        complaint, by=by, via="phone", asked_at=timezone.now(), satisfaction="satisfied"
    )


def _submit(house: House, complaint: Complaint, by: User) -> Report:
    report = workflow.edit_report(report_of(house, complaint), {}, by=by)
    return workflow.submit_report(report, by=by, password=PASSWORD)


def _start(house: House, complaint: Complaint, by: User) -> Report:
    return workflow.start_report(complaint, {"narrative": "经过"}, by=by)


W = workflow
ACTS: tuple[Act, ...] = (
    Act("intake", "intake", House.new, _intake),
    Act("confirm_conduct", "confirm_conduct", House.new, _tick),
    Act("record", "record", conducted, lambda h, c, by: W.record(c, POINTS, by=by)),
    Act(
        "correct",
        "correct",
        House.recorded,
        lambda h, c, by: W.correct(c, "key_points", "三晚", by=by),
    ),
    Act(
        "offer",
        "offer",
        House.recorded,
        lambda h, c, by: W.offer(c, [W.Offer("换房")], by=by),
    ),
    Act(
        "decide_option",
        "decide_option",
        costly,
        lambda h, c, by: W.decide_option(option_of(h, c), by=by, approve=True),
    ),
    Act(
        "withdraw_option",
        "withdraw_option",
        House.offered,
        lambda h, c, by: W.withdraw_option(option_of(h, c), by=by),
    ),
    Act("tell_options", "tell_options", House.offered, _tell),
    Act(
        "tell_options",
        "not_told_anonymous",
        anonymous,
        lambda h, c, by: _tell(h, c, by, "not_possible"),
    ),
    Act(
        "choose",
        "choose",
        House.told,
        lambda h, c, by: W.choose(c, option_of(h, c), by=by, chosen_at=timezone.now()),
    ),
    Act("refuse", "refuse", House.told, lambda h, c, by: W.refuse(c, by=by, reason="不要")),
    Act(
        "decide_refusal",
        "decide_refusal",
        refused,
        lambda h, c, by: W.decide_refusal(c, by=by, choice="new_options", reason="再想想"),
    ),
    Act("promise", "promise", House.chosen, _promise),
    Act("extend", "extend", House.started, _extend),
    Act("extend", "extend_again", extended, _extend),
    Act("ask_extension", "ask_extension", extended, _ask_extension),
    Act(
        "grant_extension",
        "grant_extension",
        asked_again,
        lambda h, c, by: W.grant_extension(c, by=by, reason="客户已同意"),
    ),
    Act(
        "decline_extension",
        "decline_extension",
        asked_again,
        lambda h, c, by: W.decline_extension(c, by=by, reason="按原时限办"),
    ),
    Act(
        "progress",
        "progress",
        House.started,
        lambda h, c, by: W.progress(c, by=by, kind="progress", text="等配件"),
    ),
    Act("resolve", "resolve", House.started, lambda h, c, by: W.resolve(c, by=by, resolution="好")),
    Act("call_back", "call_back", House.resolved, _call_back),
    Act(
        "decide_dissatisfied",
        "decide_dissatisfied",
        dissatisfied,
        lambda h, c, by: W.decide_dissatisfied(c, by=by, choice="redo", reason="重做"),
    ),
    Act(
        "summarise",
        "summarise",
        House.resolved,
        lambda h, c, by: W.summarise(c, by=by, summary="经过", result="结果"),
    ),
    Act("start_report", "report", House.reviewed, _start),
    Act(
        "edit_report",
        "report",
        drafted,
        lambda h, c, by: W.edit_report(report_of(h, c), {"result": "好"}, by=by),
    ),
    Act("submit_report", "report", drafted, _submit),
    Act(
        "sign_report",
        "sign_report",
        submitted,
        lambda h, c, by: W.sign_report(report_of(h, c), by=by, password=PASSWORD),
    ),
    Act(
        "send_back_report",
        "send_back_report",
        submitted,
        lambda h, c, by: W.send_back_report(report_of(h, c), by=by, reason="不全"),
    ),
    Act("close", "close", House.signed, lambda h, c, by: W.close(c, by=by)),
    Act(
        "close",
        "override",
        House.resolved,
        lambda h, c, by: W.close(c, by=by, override="客户已离店"),
    ),
    Act("reopen", "reopen", House.closed, lambda h, c, by: W.reopen(c, by=by, reason="又响")),
    Act("void", "void", House.new, lambda h, c, by: W.void(c, by=by, reason="重复"), author="own"),
    Act(
        "hand_over",
        "hand_over",
        House.new,
        lambda h, c, by: W.hand_over(c, by=by, to=fresh(h.gm), reason="交班"),
    ),
    Act(
        "change_severity",
        "change_severity",
        House.new,
        lambda h, c, by: W.change_severity(c, by=by, severity="serious", reason="扩大"),
    ),
    Act(
        "change_severity",
        "lower_severity",
        serious,
        lambda h, c, by: W.change_severity(c, by=by, severity="normal", reason="误选"),
        author="own",
    ),
    Act("call_security", "call_security", House.new, lambda h, c, by: W.call_security(c, by=by)),
    Act(
        "security_arrived",
        "security_arrived",
        secured,
        lambda h, c, by: W.security_arrived(c, by=by, outcome="已劝离"),
    ),
    Act(
        "edit_guest",
        "edit_guest",
        House.new,
        lambda h, c, by: W.edit_guest(c, replace(GUEST, phone="13900001111"), by=by, reason="换号"),
    ),
    Act("unmask", "unmask", House.new, lambda h, c, by: W.unmask(c, by=by, reason="回电话")),
    Act("attach", "attach", House.new, lambda h, c, by: W.attach(c, jpeg(), by=by)),
    Act(
        "attach_all",
        "attach",
        House.new,
        lambda h, c, by: W.attach_all(c, [jpeg(), jpeg("red")], by=by),
    ),
    Act(
        "remove_attachment",
        "remove_attachment",
        photographed,
        lambda h, c, by: W.remove_attachment(photo_of(h, c), by=by, reason="拍错"),
    ),
    Act("link", "link", beside_another, lambda h, c, by: W.link(c, OTHER, by=by)),
)
BY_ID = {f"{act.name}-{act.action}": act for act in ACTS}


# --- nothing changed -----------------------------------------------------------------------

REGISTERS = {"incidents", "lostfound", "emergencies"}
Print = dict[str, tuple[int, Decimal | None]]


@functools.cache
def _query(apps_read: frozenset[str]) -> str:
    """Count and digest of every table of these apps, in one statement.

    The digest is the sum of the hashes of 64 bits of all rows, in whatever order they lie.
    """
    tables = sorted(m._meta.db_table for m in apps.get_models() if m._meta.app_label in apps_read)
    return " UNION ALL ".join(
        f"SELECT '{table}', count(*), sum(hashtextextended(t::text, 0)) FROM \"{table}\" t"  # noqa: S608 -- names of our own tables
        for table in tables
    )


_prepared: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()
"""Statements each connection keeps: to plan a hundred tables takes far longer than to read them."""


def _statement(apps_read: frozenset[str]) -> str:
    """The name under which the connection in use keeps the query."""
    name = "_".join(["fingerprint", *sorted(apps_read)])
    connection.ensure_connection()
    kept = _prepared.setdefault(connection.connection, set())
    if name not in kept:
        # Beside Django, which would count it as a query of whatever is measured.
        connection.connection.execute(f"PREPARE {name} AS {_query(apps_read)}")
        kept.add(name)
    return name


def _apps_read() -> frozenset[str]:
    """The core and the register whose tests run: no register imports another, so none can write it."""
    running = os.environ.get("PYTEST_CURRENT_TEST", "")
    own = {name for name in REGISTERS if running.startswith(f"tests/{name}/")}
    return frozenset({"core"} | (own or REGISTERS))


def fingerprint() -> Print:
    """Count and digest of every table of the application: equal means nothing was changed."""
    name = _statement(_apps_read())
    with connection.cursor() as cursor:
        cursor.execute(f"EXECUTE {name}")
        return {table: (count, digest) for table, count, digest in cursor.fetchall()}


@contextmanager
def refuses(error: type[Exception], match: str | None = None) -> Iterator[Any]:
    """``pytest.raises``, and the database is the same before and after."""
    before = fingerprint()
    with pytest.raises(error, match=match) as caught:
        yield caught
    after = fingerprint()
    changed = [table for table in before if before[table] != after[table]]
    assert changed == [], changed
