"""Who gets what from every address: generated from the URLconf, held against a declared table.

A route without a row fails. Another property's complaint is 404, never 403: that it exists is
already too much to say.
"""

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from incidents import acts, workflow
from incidents.models import Complaint
from incidents.permissions import ACTIONS
from propdesk.core import blanks, copies, rendering, seals
from propdesk.core.models import (
    Attachment,
    Delivery,
    Document,
    Notice,
    Property,
    RenderJob,
    User,
)
from propdesk.core.retention import holds
from propdesk.core.roles import Role, standing
from propdesk.desk import shell
from propdesk.desk.calendar.workflow import make_feed
from propdesk.desk.handover import workflow as handovers
from tests.core.channels.rows import ill_robot, unsent
from tests.factories import (
    PASSWORD,
    DepartmentFactory,
    DeputyFactory,
    MembershipFactory,
    PlaceFactory,
    ShiftFactory,
    UserFactory,
    fresh,
    member,
)
from tests.incidents import moves
from tests.incidents.journey import House

pytestmark = pytest.mark.django_db
WHO = ("anon", "other", "admin", "staff", "works", "executor", "guard", "dm", "pm")
"""Nobody; a duty manager of another property; then people of the property: 管理员, 员工 and 工程部
with no part in it, the department that carries it out, the guard who took it in, 值班经理, 物业经理.
"""


PAPER = b"%PDF-1.7"


@dataclass
class World:
    """A complaint with everything that hangs on it, and the people who ask for it."""

    house: House
    complaint: Complaint
    people: dict[str, User | None]
    keys: dict[str, Any]

    def client(self, who: str, **options: Any) -> Client:
        client = Client(**options)
        user = self.people[who]
        if user is not None:
            client.force_login(user)
        return client


@pytest.fixture
def world() -> World:
    return made()


def made() -> World:
    """A house with a complaint, and everything that hangs on both."""
    shell._counts.clear()
    house = House()
    prop = house.prop
    guard = member(prop, Role.SECURITY, name="许航")
    house.taker = guard
    complaint = moves.drafted(house)
    workflow.attach(complaint, moves.jpeg(), by=house.dm)
    report = moves.report_of(house, complaint)
    workflow.submit_report(report, by=house.dm, password=PASSWORD)
    people: dict[str, User | None] = {
        "anon": None,
        "other": member(House().prop, Role.DUTY_MANAGER),
        "admin": member(prop, Role.ADMIN),
        "staff": member(prop, Role.STAFF),
        "works": member(prop, Role.ENGINEERING, department=DepartmentFactory(property=prop)),
        "executor": house.engineer,
        "guard": guard,
        "dm": house.dm,
        "pm": house.pm,
    }
    return World(house, complaint, people, _keys(house, complaint))


def _keys(house: House, complaint: Complaint) -> dict[str, Any]:
    prop = house.prop
    seals.current(prop)
    document = Document(
        case=complaint.case,
        report=complaint.case.reports.get(),
        kind="incident_report",
        number="SG-20261123-001",
        version=1,
        sealed=True,
        sha256=hashlib.sha256(PAPER).hexdigest(),
        data_sha256="0" * 64,
        verify_code="ABCD-EFGH-JKLM-NPQR",
        pages=1,
        size=1,
        created_at=timezone.now(),
    )
    document.file.save("paper.pdf", ContentFile(PAPER), save=False)
    document.save(force_insert=True)
    make_feed(prop, by=house.pm)
    pack = blanks.make(prop, by=house.dm)
    sheet = pack.blanks.order_by("serial")[0]
    leaf = Document(
        property=prop,
        kind=blanks.KIND,
        number=pack.number,
        version=1,
        sealed=False,
        sha256=document.sha256,
        data_sha256="0" * 64,
        pages=1,
        size=1,
        created_at=timezone.now(),
    )
    leaf.file.save("pack.pdf", ContentFile(PAPER), save=False)
    leaf.save(force_insert=True)
    RenderJob.objects.filter(pk=pack.job_id).update(document=leaf, state="done")
    pack = blanks.take(pack, by=house.dm)
    clerk = UserFactory()
    held = MembershipFactory(user=clerk, property=prop, role=Role.HOUSEKEEPING)
    shift = ShiftFactory(property=prop, user=house.dm)
    handover = handovers.draft(prop, by=house.dm)
    record = Document(
        case=handover.case,
        kind=handovers.PAPER,
        number=handover.case.number,
        version=1,
        sealed=False,
        sha256=hashlib.sha256(PAPER).hexdigest(),
        data_sha256="0" * 64,
        pages=1,
        size=1,
        created_at=timezone.now(),
    )
    record.file.save("record.pdf", ContentFile(PAPER), save=False)
    record.save(force_insert=True)
    return {
        "code": prop.code,
        "handover": handover.case.number,
        "record": record.pk,
        "count": handovers.list_count(prop, "总钥匙", "串", Decimal(12), by=house.pm).pk,
        "number": complaint.case.number,
        "key": "2026-11",
        "token": "x" * 43,
        "name": "void",
        "option": complaint.options.first().pk,
        "verb": "decide",
        "kind": "incident_report",
        "document": document.pk,
        "photo": Attachment.objects.get(case=complaint.case).pk,
        "size": "small",
        "delivery": Delivery.objects.filter(recipient=house.dm).first().pk,
        "passkey": 1,
        "staff": clerk.pk,
        "membership": held.pk,
        "department": DepartmentFactory(property=prop).pk,
        "deputy": DeputyFactory(for_membership=held).pk,
        "shift": shift.pk,
        "place": PlaceFactory(property=prop, code="A-1806").pk,
        "pack": pack.pk,
        "serial": sheet.serial,
        "role": "security",
        **_channel_keys(house),
        "figure": "promises",
        "job": _report_of_figures(house).pk,
        "hold": holds.set_hold(complaint.case, by=house.pm, reason="诉讼中").pk,
        "copy": copies.give(document, copies.Order("police", "李明", "立案"), by=house.pm).pk,
    }


def _report_of_figures(house: House) -> RenderJob:
    """A report the property manager asked for, which is made."""
    job = rendering.request_list(house.prop, "insight", {}, by=house.pm)
    made = Document(
        property=house.prop,
        kind="insight",
        number="TJ-20261101-20261130",
        version=1,
        sealed=False,
        sha256=hashlib.sha256(PAPER).hexdigest(),
        data_sha256="0" * 64,
        pages=1,
        size=1,
        created_at=timezone.now(),
    )
    made.file.save("figures.pdf", ContentFile(PAPER), save=False)
    made.save(force_insert=True)
    RenderJob.objects.filter(pk=job.pk).update(document=made, state="done")
    return job


def _channel_keys(house: House) -> dict[str, int]:
    """A robot whose secret opens nothing, so that a test of it sends nothing; what it failed to send."""
    robot = ill_robot(house.prop)
    return {
        "robot": robot.pk,
        "failed": unsent(Notice.objects.filter(property=house.prop)[0], robot).pk,
    }


# --- the addresses -------------------------------------------------------------------------

PK = {
    "staff_detail": "staff",
    "staff_edit": "staff",
    "role_new": "staff",
    "staff_password": "staff",
    "staff_deactivate": "staff",
    "staff_reactivate": "staff",
    "mfa_remove_webauthn": "passkey",
    "mfa_edit_webauthn": "passkey",
    "role_end": "membership",
    "department_edit": "department",
    "department_retire": "department",
    "deputy_new": "membership",
    "deputy_revoke": "deputy",
    "shift_cancel": "shift",
    "place_edit": "place",
    "place_retire": "place",
    "copy_file": "copy",
    "robot_edit": "robot",
    "robot_test": "robot",
    "resend": "failed",
    "outage_take": "pack",
    "outage_file": "pack",
    "outage_void": "pack",
    "count_edit": "count",
    "hold_lift": "hold",
}
OF_HANDOVER = {"number": "handover", "document": "record"}
"""Where the pages of a hand-over find what others call by the same name."""


def routes(resolver: Any = None, space: str = "") -> dict[str, list[str]]:
    """Every named route and the names of its arguments."""
    found: dict[str, list[str]] = {}
    outer = list(resolver.pattern.converters) if resolver else []
    for entry in (resolver or get_resolver()).url_patterns:
        if hasattr(entry, "url_patterns"):
            inner = routes(entry, f"{entry.namespace}:" if entry.namespace else space)
        else:
            inner = {f"{space}{entry.name}": list(entry.pattern.converters)}
        found |= {name: outer + args for name, args in inner.items()}
    return found


def address(world: World, name: str) -> str:
    keys = world.keys
    args = {}
    for arg in routes()[name]:
        short = name.rpartition(":")[2]
        key = PK[short] if arg == "pk" else arg
        if name.startswith("handover:"):
            key = OF_HANDOVER.get(key, key)
        args[arg] = keys[key]
    if name == "desk:verify":
        args = {"code": "ABCDEFGHJKLMNPQR"}
    return reverse(name, kwargs=args)


def ask(client: Client, method: str, url: str) -> int:
    """The status, with everything the request wrote taken back."""
    shell._counts.clear()
    kept = client.cookies.copy()
    with transaction.atomic():
        response = client.get(url) if method == "GET" else client.post(url, {"sent": "1"})
        transaction.set_rollback(True)
    b"".join(response)  # a file is closed when it was read
    client.cookies = kept
    return response.status_code


def asked(world: World, names: list[str]) -> dict[str, tuple[str, str]]:
    """The statuses of each route, for GET and for POST, in the order of ``WHO``."""
    clients = {who: world.client(who) for who in WHO}
    return {
        name: (
            " ".join(str(ask(clients[who], "GET", address(world, name))) for who in WHO),
            " ".join(str(ask(clients[who], "POST", address(world, name))) for who in WHO),
        )
        for name in names
    }


# --- the table -----------------------------------------------------------------------------
# GET and then POST, each for: anon other admin staff works executor guard dm pm.
TABLE = """
healthz                       200 200 200 200 200 200 200 200 200  405 405 405 405 405 405 405 405 405
ready                         503 503 503 503 503 503 503 503 503  405 405 405 405 405 405 405 405 405
account_login                 200 302 302 302 302 302 302 302 302  200 302 302 302 302 302 302 302 302
account_logout                302 200 200 200 200 200 200 200 200  302 302 302 302 302 302 302 302 302
account_inactive              200 200 200 200 200 200 200 200 200  405 405 405 405 405 405 405 405 405
account_change_password       302 200 200 200 200 200 200 200 200  302 200 200 200 200 200 200 200 200
account_reset_password        200 200 200 200 200 200 200 200 200  405 405 405 405 405 405 405 405 405
account_reauthenticate        302 200 200 200 200 200 200 200 200  302 200 200 200 200 200 200 200 200
account_sender                204 200 200 200 200 200 200 200 200  405 405 405 405 405 405 405 405 405
account_sessions              302 302 302 302 302 302 302 302 302  302 302 302 302 302 302 302 302 302
account_signup                200 302 302 302 302 302 302 302 302  200 302 302 302 302 302 302 302 302
account_second_step           302 200 200 200 200 200 200 200 200  405 405 405 405 405 405 405 405 405
mfa_index                     302 200 200 200 200 200 200 200 200  302 405 405 405 405 405 405 405 405
mfa_authenticate              302 302 302 302 302 302 302 302 302  302 302 302 302 302 302 302 302 302
mfa_reauthenticate            302 302 302 302 302 302 302 302 302  302 302 302 302 302 302 302 302 302
mfa_activate_totp             302 302 302 302 302 302 302 302 302  302 302 302 302 302 302 302 302 302
mfa_deactivate_totp           302 404 404 404 404 404 404 404 404  302 404 404 404 404 404 404 404 404
mfa_view_recovery_codes       302 404 404 404 404 404 404 404 404  302 405 405 405 405 405 405 405 405
mfa_generate_recovery_codes   302 302 302 302 302 302 302 302 302  302 302 302 302 302 302 302 302 302
mfa_download_recovery_codes   302 404 404 404 404 404 404 404 404  302 404 404 404 404 404 404 404 404
mfa_list_webauthn             302 200 200 200 200 200 200 200 200  302 405 405 405 405 405 405 405 405
mfa_add_webauthn              302 302 302 302 302 302 302 302 302  302 302 302 302 302 302 302 302 302
mfa_reauthenticate_webauthn   302 302 302 302 302 302 302 302 302  302 302 302 302 302 302 302 302 302
mfa_remove_webauthn           302 302 302 302 302 302 302 302 302  302 302 302 302 302 302 302 302 302
mfa_edit_webauthn             302 302 302 302 302 302 302 302 302  302 302 302 302 302 302 302 302 302
mfa_login_webauthn            302 302 302 302 302 302 302 302 302  302 302 302 302 302 302 302 302 302
house:index                   302 404 200 200 200 200 200 200 200  401 404 200 200 200 200 200 200 200
house:first_run               302 404 302 403 403 403 403 403 302  401 404 302 403 403 403 403 403 302
house:settings                302 404 200 403 403 403 403 403 200  401 404 422 403 403 403 403 403 422
house:staff                   302 404 200 403 403 403 403 403 200  401 404 200 403 403 403 403 403 200
house:staff_new               302 404 200 403 403 403 403 403 200  401 404 422 403 403 403 403 403 422
house:staff_import            302 404 200 403 403 403 403 403 200  401 404 422 403 403 403 403 403 422
house:staff_template          302 404 200 403 403 403 403 403 200  401 404 200 403 403 403 403 403 200
house:staff_confirm           405 405 405 405 405 405 405 405 405  401 404 409 403 403 403 403 403 409
house:staff_detail            302 404 200 403 403 403 403 403 200  401 404 200 403 403 403 403 403 200
house:staff_edit              302 404 200 403 403 403 403 403 200  401 404 422 403 403 403 403 403 422
house:role_new                302 404 200 403 403 403 403 403 200  401 404 422 403 403 403 403 403 422
house:staff_password          302 404 200 403 403 403 403 403 200  401 404 422 403 403 403 403 403 422
house:staff_deactivate        302 404 200 403 403 403 403 403 200  401 404 422 403 403 403 403 403 422
house:staff_reactivate        302 404 200 403 403 403 403 403 200  401 404 422 403 403 403 403 403 422
house:role_end                302 404 200 403 403 403 403 403 200  401 404 422 403 403 403 403 403 422
house:log_ins                 302 404 200 403 403 403 403 403 200  401 404 405 405 405 405 405 405 405
house:departments             302 404 200 403 403 403 403 403 200  401 404 200 403 403 403 403 403 200
house:department_new          302 404 200 403 403 403 403 403 200  401 404 422 403 403 403 403 403 422
house:department_edit         302 404 200 403 403 403 403 403 200  401 404 422 403 403 403 403 403 422
house:department_retire       302 404 200 403 403 403 403 403 200  401 404 422 403 403 403 403 403 422
house:deputies                302 404 200 200 200 200 200 200 200  401 404 200 200 200 200 200 200 200
house:deputy_new              302 404 200 403 403 403 403 403 403  401 404 422 403 403 403 403 403 403
house:deputy_revoke           302 404 200 403 403 403 403 403 403  401 404 422 403 403 403 403 403 403
house:shifts                  302 404 200 200 200 200 200 200 200  401 404 200 200 200 200 200 200 200
house:shift_new               302 404 200 403 403 403 403 200 200  401 404 422 403 403 403 403 422 422
house:shifts_copy             405 405 405 405 405 405 405 405 405  401 404 302 403 403 403 403 302 302
house:shift_cancel            302 404 200 403 403 403 403 200 200  401 404 422 403 403 403 403 422 422
house:places                  302 404 200 403 403 403 403 403 200  401 404 200 403 403 403 403 403 200
house:place_new               302 404 200 403 403 403 403 403 200  401 404 422 403 403 403 403 403 422
house:places_import           302 404 200 403 403 403 403 403 200  401 404 422 403 403 403 403 403 422
house:places_template         302 404 200 403 403 403 403 403 200  401 404 200 403 403 403 403 403 200
house:places_confirm          405 405 405 405 405 405 405 405 405  401 404 409 403 403 403 403 403 409
house:place_edit              302 404 200 403 403 403 403 403 200  401 404 422 403 403 403 403 403 422
house:place_retire            302 404 200 403 403 403 403 403 200  401 404 422 403 403 403 403 403 422
house:outage                  302 404 403 403 403 403 403 200 200  401 404 405 405 405 405 405 405 405
house:outage_make             302 404 405 405 405 405 405 405 405  401 404 403 403 403 403 403 302 302
house:outage_take             302 404 405 405 405 405 405 405 405  401 404 403 403 403 403 403 302 302
house:outage_file             302 404 403 403 403 403 403 200 200  401 404 405 405 405 405 405 405 405
house:outage_void             302 404 403 403 403 403 403 200 200  401 404 403 403 403 403 403 422 422
house:blank                   302 404 403 403 403 403 403 200 200  401 404 403 403 403 403 403 422 422
house:blank_void              302 404 403 403 403 403 403 200 200  401 404 403 403 403 403 403 422 422
house:robots                  302 404 200 403 403 403 403 403 200  401 404 405 405 405 405 405 405 405
house:robot_new               302 404 200 403 403 403 403 403 200  401 404 422 403 403 403 403 403 422
house:robot_edit              302 404 200 403 403 403 403 403 200  401 404 422 403 403 403 403 403 422
house:robot_test              302 404 405 405 405 405 405 405 405  401 404 302 403 403 403 403 403 302
house:mail_rules              302 404 200 403 403 403 403 403 200  401 404 405 405 405 405 405 405 405
house:mail_rule               302 404 200 403 403 403 403 403 200  401 404 422 403 403 403 403 403 422
house:failed                  302 404 403 403 403 403 403 403 200  401 404 405 405 405 405 405 405 405
house:resend_all              302 404 405 405 405 405 405 405 405  401 404 403 403 403 403 403 403 302
house:resend                  302 404 405 405 405 405 405 405 405  401 404 403 403 403 403 403 403 302
house:seal                    302 404 200 403 403 403 403 403 200  401 404 405 405 405 405 405 405 405
house:seal_certificate        302 404 200 403 403 403 403 403 200  401 404 405 405 405 405 405 405 405
house:seal_rotate             302 404 200 403 403 403 403 403 403  401 404 422 403 403 403 403 403 403
house:retention               302 404 403 403 403 403 403 403 200  401 404 405 405 405 405 405 405 405
house:hold_new                302 404 403 403 403 403 403 403 200  401 404 403 403 403 403 403 403 422
house:person_export           302 404 403 403 403 403 403 403 200  401 404 403 403 403 403 403 403 422
house:hold_lift               302 404 403 403 403 403 403 403 403  401 404 403 403 403 403 403 403 403
insight:index                 302 404 403 403 403 403 403 403 200  401 404 405 405 405 405 405 405 405
insight:trend                 302 404 403 403 403 403 403 403 200  401 404 405 405 405 405 405 405 405
insight:rows                  302 404 403 403 403 403 403 403 200  401 404 405 405 405 405 405 405 405
insight:export                302 404 403 403 403 403 403 403 200  401 404 405 405 405 405 405 405 405
insight:print                 302 404 405 405 405 405 405 405 405  401 404 403 403 403 403 403 403 302
insight:paper                 302 404 403 403 403 403 403 403 302  401 404 403 403 403 403 403 403 302
insight:paper_file            302 404 403 403 403 403 403 403 200  401 404 405 405 405 405 405 405 405
insight:time                  302 404 403 403 403 403 403 200 200  401 404 405 405 405 405 405 405 405
handover:index                302 404 403 403 403 403 403 200 200  401 404 405 405 405 405 405 405 405
handover:start                302 404 403 403 403 403 403 200 200  401 404 403 403 403 403 403 302 302
handover:log                  302 404 403 403 403 403 403 200 200  401 404 403 403 403 403 403 422 422
handover:counts               302 404 403 403 403 403 403 403 200  401 404 403 403 403 403 403 403 422
handover:count_edit           302 404 403 403 403 403 403 403 200  401 404 403 403 403 403 403 403 422
handover:detail               302 404 403 403 403 403 403 200 200  401 404 405 405 405 405 405 405 405
handover:write                302 404 403 403 403 403 403 200 403  401 404 403 403 403 403 403 422 403
handover:offer                302 404 403 403 403 403 403 200 403  401 404 403 403 403 403 403 422 403
handover:accept               302 404 403 403 403 403 403 302 302  401 404 403 403 403 403 403 422 422
handover:refresh              302 404 405 405 405 405 405 405 405  401 404 403 403 403 403 403 302 302
handover:take_back            302 404 405 405 405 405 405 405 405  401 404 403 403 403 403 403 302 403
handover:take_over            302 404 403 403 403 403 403 403 200  401 404 403 403 403 403 403 403 422
handover:void                 302 404 403 403 403 403 403 200 200  401 404 403 403 403 403 403 422 422
handover:settle               302 404 403 403 403 403 403 403 200  401 404 403 403 403 403 403 403 422
handover:paper                302 404 403 403 403 403 403 202 202  401 404 403 403 403 403 403 302 302
handover:paper_file           302 404 403 403 403 403 403 200 200  401 404 405 405 405 405 405 405 405
incidents:board               302 404 200 200 200 200 200 200 200  401 404 405 405 405 405 405 405 405
incidents:intake              302 404 403 200 403 403 200 200 200  401 404 403 422 403 403 422 422 422
incidents:intake_draft        302 404 405 405 405 405 405 405 405  401 404 403 204 403 403 204 204 204
incidents:known_guests        302 404 403 200 403 403 200 200 200  401 404 405 405 405 405 405 405 405
incidents:detail              302 404 404 404 404 200 200 200 200  401 404 405 405 405 405 405 405 405
incidents:timeline            302 404 404 404 404 200 200 200 200  401 404 405 405 405 405 405 405 405
incidents:history             302 404 404 404 404 403 403 200 200  401 404 405 405 405 405 405 405 405
incidents:act                 302 404 404 404 404 403 403 403 200  401 404 404 404 404 403 403 403 422
incidents:draft               302 404 405 405 405 405 405 405 405  401 404 404 404 404 204 204 204 204
incidents:option_act          302 404 404 404 404 403 403 403 200  401 404 404 404 404 403 403 403 422
incidents:report              302 404 404 404 404 403 403 200 200  401 404 404 404 404 403 403 422 422
incidents:submit_report       302 404 404 404 404 403 403 302 302  401 404 404 404 404 403 403 302 302
incidents:sign_report         302 404 404 404 404 302 302 302 200  401 404 404 404 404 302 302 422 422
incidents:paper               302 404 404 404 404 403 403 202 202  401 404 404 404 404 403 403 302 302
incidents:paper_file          302 404 404 404 404 403 403 200 200  401 404 405 405 405 405 405 405 405
incidents:remove_photo        302 404 404 404 404 403 403 200 200  401 404 404 404 404 403 403 422 422
incidents:photo               302 404 404 404 404 200 200 200 200  401 404 405 405 405 405 405 405 405
calendar_feed                 404 404 404 404 404 404 404 404 404  405 405 405 405 405 405 405 405 405
calendar:index                302 404 403 200 200 200 200 200 200  401 404 405 405 405 405 405 405 405
calendar:period               302 404 403 200 200 200 200 200 200  401 404 405 405 405 405 405 405 405
calendar:feed                 302 404 403 200 200 200 200 200 200  401 404 403 302 302 302 302 302 302
calendar:feed_end             302 404 403 200 200 200 200 200 200  401 404 403 409 409 409 409 409 302
found_notice                  200 200 200 200 200 200 200 200 200  405 405 405 405 405 405 405 405 405
desk:home                     302 302 302 302 302 302 302 302 302  405 405 405 405 405 405 405 405 405
desk:verify_start             200 200 200 200 200 200 200 200 200  422 422 422 422 422 422 422 422 422
desk:verify                   200 200 200 200 200 200 200 200 200  405 405 405 405 405 405 405 405 405
desk:sealed                   302 404 404 404 404 403 403 200 200  401 404 405 405 405 405 405 405 405
desk:sealed_file              302 404 404 404 404 403 403 200 200  401 404 405 405 405 405 405 405 405
desk:append                   302 404 404 404 404 403 403 403 200  401 404 404 404 404 403 403 403 422
desk:board                    302 404 302 200 200 200 200 200 200  401 404 405 405 405 405 405 405 405
desk:board_live               302 404 404 200 200 200 200 200 200  401 404 405 405 405 405 405 405 405
desk:counts                   302 404 200 200 200 200 200 200 200  401 404 405 405 405 405 405 405 405
desk:search                   302 404 200 200 200 200 200 200 200  401 404 405 405 405 405 405 405 405
desk:notices                  302 404 200 200 200 200 200 200 200  401 404 405 405 405 405 405 405 405
desk:acknowledge_all          302 404 405 405 405 405 405 405 405  401 404 302 302 302 302 302 302 302
desk:acknowledge              302 404 405 405 405 405 405 405 405  401 404 404 404 404 404 404 302 404
desk:sign                     302 404 200 200 200 200 200 200 200  401 404 405 405 405 405 405 405 405
desk:copies                   302 404 404 404 404 403 403 403 200  401 404 405 405 405 405 405 405 405
desk:copy_give                302 404 404 404 404 403 403 403 200  401 404 404 404 404 403 403 403 422
desk:copy_file                302 404 404 404 404 403 403 403 202  401 404 404 404 404 403 403 403 302
desk:me                       302 404 200 200 200 200 200 200 200  401 404 422 422 422 422 422 422 422
desk:own_mail                 302 404 200 200 200 200 200 200 200  401 404 422 422 422 422 422 422 422
desk:signature                302 404 404 404 404 404 404 200 200  401 404 405 405 405 405 405 405 405
"""
OWN_TABLES = ("lostfound:", "emergencies:")
"""Found things and special events have tables of their own in tests/lostfound and tests/emergencies."""
EXPECTED = {
    line.split()[0]: (" ".join(line.split()[1:10]), " ".join(line.split()[10:]))
    for line in TABLE.strip().splitlines()
}


def test_every_route_has_a_row() -> None:
    named = [name for name in routes() if not name.startswith(OWN_TABLES)]
    assert sorted(named) == sorted(EXPECTED)


@pytest.mark.parametrize(
    "space", ["", "house", "incidents", "desk", "handover", "calendar", "insight"]
)
def test_every_address_answers_as_declared(world: World, space: str) -> None:
    names = [name for name in EXPECTED if name.rpartition(":")[0] == space]
    assert asked(world, names) == {name: EXPECTED[name] for name in names}


def test_every_post_without_a_token_is_refused(world: World) -> None:
    client = world.client("pm", enforce_csrf_checks=True)
    names = [name for name in routes() if not name.startswith(OWN_TABLES)]
    accepted = [name for name in names if ask(client, "POST", address(world, name)) != 403]
    assert accepted == []


@pytest.mark.parametrize("who", ["executor", "guard", "dm", "pm"])
def test_every_act_is_open_as_the_table_of_roles_says(world: World, who: str) -> None:
    client, user = world.client(who), fresh(world.people[who])
    mine = standing(user, world.house.prop)
    owns = {"owns": who == "guard", "assigned": who == "executor"}
    code, number = world.keys["code"], world.keys["number"]
    expected, got = {}, {}
    for name, act in acts.ACTS.items():
        expected[name] = 200 if ACTIONS[act.action].allows(mine.roles, **owns) else 403
        got[name] = ask(client, "GET", reverse("incidents:act", args=[code, number, name]))
    assert got == expected


# --- what lists, searches and counts give away ---------------------------------------------


@pytest.mark.parametrize("who", ["other", "admin", "staff", "works"])
def test_lists_and_searches_give_nothing_away(world: World, who: str) -> None:
    client = world.client(who)
    prop = Property.objects.get(memberships__user=world.people[who])
    board = reverse("incidents:board", args=[prop.code])
    search = reverse("desk:search", args=[prop.code])
    notices = reverse("desk:notices", args=[prop.code])
    guests = reverse("incidents:known_guests", args=[prop.code])
    urls = [f"{board}?state=all", f"{board}?state=all&q=1806", f"{board}?state=resolved", notices]
    urls += [f"{search}?q={word}" for word in (world.keys["number"], "晓梅", "5678", "空调")]
    urls += [reverse("desk:board", args=[prop.code]), f"{guests}?room=A-1806"]
    pages = "".join(client.get(url, follow=True).content.decode() for url in urls)

    told = [
        s
        for s in ("王晓梅", "王女士", "13800005678", "138****5678", "室内机", "主卧")
        if s in pages
    ]
    link = f"/incidents/{world.keys['number']}/"
    assert (told, link in pages) == ([], False)


@pytest.mark.parametrize(
    ("who", "open_cases"), [("staff", 0), ("works", 0), ("guard", 1), ("dm", 1)]
)
def test_counts_are_of_what_one_may_read(world: World, who: str, open_cases: int) -> None:
    user, prop = fresh(world.people[who]), world.house.prop
    counts = {i["key"]: i["count"] for i in shell.build(user, prop, "/", fresh=True)["nav"]}
    assert counts["incidents"] == open_cases


def test_rows_of_another_property_are_not_reached_through_ones_own(world: World) -> None:
    """The key of a photo, a paper, an option or a notice opens nothing under another number."""
    other = House()
    mine = moves.submitted(other)
    client = Client()
    client.force_login(other.pm)
    base = mine.get_absolute_url()
    keys = world.keys
    urls = [
        f"{base}photos/{keys['photo']}/full/",
        f"{base}photos/{keys['photo']}/remove/",
        f"{base}paper/incident_report/{keys['document']}/",
        f"{base}options/{keys['option']}/decide/",
    ]
    notice = reverse("desk:acknowledge", args=[other.prop.code, keys["delivery"]])

    assert {url: client.get(url).status_code for url in urls} == dict.fromkeys(urls, 404)
    assert client.post(notice).status_code == 404


def test_drafts_are_seen_by_their_writer_only(world: World) -> None:
    url = reverse("incidents:draft", args=[world.keys["code"], world.keys["number"], "hand-over"])
    world.client("dm").post(url, {"reason": "只有我看得到的字"})
    act = reverse("incidents:act", args=[world.keys["code"], world.keys["number"], "hand-over"])

    seen = {w: "只有我看得到" in world.client(w).get(act).content.decode() for w in ("dm", "pm")}

    assert seen == {"dm": True, "pm": False}
