"""Every page of the site with somebody who may open it, in a house where each one has content."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from emergencies import workflow as events
from incidents import workflow
from incidents.acts import ACTS
from incidents.models import Complaint, Option
from propdesk.core import blanks, copies, log_ins, rendering, seals, sweeps
from propdesk.core.models import Case, Document, Notice, Person, Place, Property, User
from propdesk.core.retention import holds
from propdesk.core.roles import Role
from propdesk.desk.calendar import workflow as feeds
from propdesk.desk.calendar.periods import around
from propdesk.desk.handover import workflow as handovers
from tests.core.channels.rows import ill_robot, unsent
from tests.core.test_blanks import printed
from tests.e2e import event_pages, found_pages, handover_pages, insight_pages
from tests.factories import (
    PASSWORD,
    DeputyFactory,
    MembershipFactory,
    PlaceFactory,
    PropertyFactory,
    SettingsFactory,
    ShiftFactory,
    member,
)
from tests.incidents import moves
from tests.incidents.journey import House

PHOTO = Path(__file__).parent.parent / "core" / "data" / "photo1.jpg"


@dataclass(frozen=True, slots=True)
class Row:
    """One page: the name of its route, what is special about it, who opens which address."""

    route: str
    case: str
    user: User | None
    url: str

    @property
    def title(self) -> str:
        """A name fit for a file."""
        return "-".join(filter(None, [self.route.replace(":", "-"), self.case]))


NOT_PAGES = {
    "healthz": "plain text for a probe",
    "ready": "JSON for a probe",
    "account_sender": "a fragment",
    "account_sessions": "only after the password was given again; tests/core/test_log_ins.py",
    "mfa_login_webauthn": "answers a POST",
    "mfa_add_webauthn": "only after the password was given again; in test_second_step",
    "mfa_remove_webauthn": "only with a passkey, which needs a device",
    "mfa_edit_webauthn": "only with a passkey, which needs a device",
    "mfa_reauthenticate_webauthn": "only with a passkey, which needs a device",
    "mfa_authenticate": "only between password and code",
    "mfa_deactivate_totp": "only with a code set up, which needs a telephone",
    "mfa_download_recovery_codes": "a text file",
    "mfa_view_recovery_codes": "only with a code set up, which needs a telephone",
    "mfa_generate_recovery_codes": "only with a code set up, which needs a telephone",
    "house:staff_template": "a workbook",
    "house:places_template": "a workbook",
    "house:seal_certificate": "a certificate",
    "house:staff_confirm": "answers a POST",
    "house:places_confirm": "answers a POST",
    "house:staff_reactivate": "answers a POST",
    "house:shifts_copy": "answers a POST",
    "incidents:intake_draft": "answers a POST",
    "incidents:draft": "answers a POST",
    "incidents:known_guests": "a fragment",
    "incidents:paper_file": "a PDF",
    "incidents:photo": "a picture",
    "desk:board_live": "a fragment",
    "desk:counts": "a fragment",
    "desk:sealed_file": "a PDF",
    "desk:copy_file": "a PDF",
    "house:outage_file": "a PDF",
    "house:outage_make": "answers a POST",
    "house:outage_take": "answers a POST",
    "desk:acknowledge": "answers a POST",
    "desk:acknowledge_all": "answers a POST",
    "house:robot_test": "answers a POST",
    "house:resend": "answers a POST",
    "house:resend_all": "answers a POST",
    "desk:signature": "a picture",
    "desk:home": "leads to the board",
    "calendar_feed": "a calendar for a telephone",
    **found_pages.NOT_PAGES,
    **event_pages.NOT_PAGES,
    **handover_pages.NOT_PAGES,
    **insight_pages.NOT_PAGES,
}


def routes() -> set[str]:
    """Names of all routes of the site."""
    return set(_walk(get_resolver(), ()))


def _walk(resolver: URLResolver, spaces: tuple[str, ...]) -> Iterator[str]:
    for each in resolver.url_patterns:
        if isinstance(each, URLPattern):
            yield ":".join([*spaces, each.name or str(each.pattern)])
        else:
            yield from _walk(each, (*spaces, each.namespace) if each.namespace else spaces)


class World:
    """A house with a complaint in every state and one of everything the settings hold."""

    def __init__(self) -> None:
        self.prop: Property = PropertyFactory(code="lanwan", name="蓝湾公寓")
        self.house = House(self.prop)
        self.admin = member(self.prop, Role.ADMIN, name="何平")
        self.guard = member(self.prop, Role.SECURITY, name="赵强")
        self.fresh: Property = PropertyFactory(code="new", name="新开的公寓", settings=None)
        SettingsFactory(property=self.fresh, first_run_done_at=None)
        MembershipFactory(user=self.admin, property=self.fresh, role=Role.ADMIN)
        sweeps.run_all(timezone.now())

    def page(self, route: str, user: User | None, *args: Any, case: str = "") -> Row:
        """A page of this house."""
        spaces = ("desk:", "house:", "incidents:", "lostfound:", "emergencies:", "handover:")
        spaces += ("calendar:", "insight:")
        inside = route.startswith(spaces) and not route.startswith("desk:verify")
        url = reverse(route, args=[self.prop.code, *args] if inside else args)
        return Row(route, case, user, url)


def entrance(world: World) -> Iterator[Row]:
    """Pages before and beside the house."""
    dm = world.house.dm
    nobody = ("account_login", "account_inactive", "account_reset_password", "account_signup")
    for route in nobody:
        yield world.page(route, None)
    for route in ("account_logout", "account_change_password", "account_reauthenticate"):
        yield world.page(route, dm)
    for route in ("mfa_index", "mfa_activate_totp", "mfa_reauthenticate", "mfa_list_webauthn"):
        yield world.page(route, dm)
    yield world.page("account_second_step", dm)
    yield world.page("desk:verify_start", None)
    yield world.page("desk:verify", None, "AAAA-BBBB-CCCC-DDDD", case="unknown")
    world.house.closed()
    rendering.render_due(timezone.now())
    sealed = Document.objects.get(sealed=True)
    yield world.page("desk:verify", None, sealed.verify_code, case="known")
    Person.objects.update(name="别人")
    yield world.page("desk:verify", None, sealed.verify_code, case="changed")


def overview(world: World) -> Iterator[Row]:
    """Pages over all registers, empty and full."""
    house, page = world.house, world.page
    for route in ("desk:board", "desk:sign", "desk:notices", "incidents:board", "desk:search"):
        yield page(route, house.gm, case="empty")
    _waiting(world.house)
    yield page("desk:board", house.dm)
    yield page("desk:board", house.pm, case="manager")
    yield page("desk:board", world.guard, case="guard")
    yield page("desk:sign", house.pm)
    yield page("desk:notices", house.pm)
    number, paper = _sealed(house)
    yield page("desk:sealed", house.pm, number)
    yield page("desk:append", house.pm, number, paper)
    yield page("desk:copies", house.pm, number)
    yield page("desk:copy_give", house.pm, number, paper)
    sealed = Document.objects.select_related("case__property").get(pk=paper)
    copies.give(sealed, copies.Order("police", "李明", "立案调查", "南山派出所"), by=house.pm)
    yield page("desk:copies", house.pm, number, case="given")
    yield page("desk:me", house.dm)
    yield page("desk:me", world.guard, case="unsigned")
    yield page("desk:own_mail", house.dm)
    yield Row("desk:board", "unknown", house.dm, "/p/nowhere/")
    yield Row("desk:board", "forbidden", house.dm, page("house:settings", None).url)
    search = page("desk:search", house.dm)
    yield Row(search.route, "found", house.dm, search.url + "?q=空调")
    listing = page("incidents:board", house.dm)
    yield listing
    yield Row(listing.route, "all", house.dm, listing.url + "?state=all")


def _sealed(house: House) -> tuple[str, int]:
    """The number of a closed complaint and the key of its sealed report."""
    number: str = house.closed().case.number
    rendering.render_due(timezone.now())
    return number, Document.objects.get(case__number=number, sealed=True).pk


def _waiting(house: House) -> Complaint:
    """A report that waits for the property manager, and cases round it."""
    for make in (house.new, house.recorded, house.told, house.started, house.closed, house.voided):
        make()
    complaint = house.reviewed()
    workflow.submit_report(house.report(complaint), by=house.dm, password=PASSWORD)
    return complaint


def complaints(world: World) -> Iterator[Row]:
    """The page of a complaint in every state, its lists and its papers."""
    house = world.house
    yield world.page("incidents:intake", house.dm)
    for status in Complaint.Status:
        yield _of(world, "incidents:detail", house.at(status), case=str(status))
    pending = _over_limit(house)
    yield _of(world, "incidents:detail", pending, case="approval", user=house.pm)
    option = Option.objects.get(complaint=pending, position=2)
    yield _of(world, "incidents:option_act", pending, option.pk, "decide", user=house.pm)
    yield _of(world, "incidents:option_act", pending, option.pk, "withdraw", case="withdraw")
    done = house.closed()
    yield _of(world, "incidents:timeline", done)
    yield _of(world, "incidents:history", done)
    reviewed = house.reviewed()
    yield _of(world, "incidents:report", reviewed, case="new")
    house.report(reviewed)
    yield _of(world, "incidents:submit_report", reviewed)
    waiting = _waiting(house)
    yield _of(world, "incidents:report", waiting, case="shown")
    yield _of(world, "incidents:sign_report", waiting, user=house.pm)
    started = house.started()
    attached = workflow.attach(started, PHOTO.read_bytes(), by=house.dm, caption="现场")
    yield _of(world, "incidents:detail", started, case="photo")
    yield _of(world, "incidents:detail", started, case="engineer", user=house.engineer)
    yield _of(world, "incidents:remove_photo", started, attached.pk)
    # Last: this page looks again by itself, which would cut off the way to another.
    yield _of(world, "incidents:paper", waiting, "complaint_record")


MANAGERS_ACT = {"decide-refusal", "decide-dissatisfied", "grant-extension", "decline-extension"}
MANAGERS_ACT |= {"override", "void"}


def acts(world: World) -> Iterator[Row]:
    """The page of every act, in a state in which it is open."""
    house = world.house
    made: dict[str, Complaint] = {}
    for name, act in ACTS.items():
        status = next(s for s in Complaint.Status if s in act.states)
        if status not in made:
            made[status] = house.at(status)
        user = house.pm if name in MANAGERS_ACT else house.dm
        yield _of(world, "incidents:act", made[status], name, case=name, user=user)


def _of(
    world: World,
    route: str,
    complaint: Complaint,
    *args: Any,
    case: str = "",
    user: User | None = None,
) -> Row:
    who = user or world.house.dm
    return world.page(route, who, complaint.case.number, *args, case=case)


def _over_limit(house: House) -> Complaint:
    complaint = house.recorded()
    offers = [
        workflow.Offer("今晚更换风扇", "约 2 小时"),
        workflow.Offer("减免半月房租", "", cost=Decimal(5000)),
    ]
    workflow.offer(complaint, offers, by=house.dm)
    return complaint


def settings(world: World) -> Iterator[Row]:
    """设置, with one of everything."""
    prop, admin, house, page = world.prop, world.admin, world.house, world.page
    building = PlaceFactory(property=prop, kind=Place.Kind.BUILDING, name="A座", code="A")
    room = PlaceFactory(
        property=prop, kind=Place.Kind.ROOM, name="1806", code="A-1806", parent=building
    )
    shift = ShiftFactory(
        property=prop, user=house.dm, starts_at=timezone.now() + timedelta(hours=1)
    )
    role = MembershipFactory(user=world.guard, property=prop, role=Role.FIRST_AIDER)
    own = house.pm.memberships.first()
    deputy = DeputyFactory(for_membership=own, by_user=house.dm)
    plain = ("index", "settings", "staff", "staff_new", "staff_import", "departments")
    plain += ("log_ins", "department_new", "deputies", "shifts", "shift_new")
    plain += ("places", "place_new", "places_import", "seal", "seal_rotate")
    yield page("house:seal", admin, case="none")
    seals.current(prop)
    log_ins.note(log_ins.What.IN, world.guard, None, "password")
    for name in plain:
        yield page(f"house:{name}", admin)
    for name in ("detail", "edit", "password", "deactivate"):
        yield page(f"house:staff_{name}", admin, world.guard.pk)
    yield page("house:role_new", admin, world.guard.pk)
    yield page("house:role_end", admin, role.pk)
    for name in ("edit", "retire"):
        yield page(f"house:department_{name}", admin, house.department.pk)
        yield page(f"house:place_{name}", admin, room.pk)
    yield page("house:deputy_new", admin, own.pk)
    yield page("house:deputy_revoke", admin, deputy.pk)
    yield page("house:shift_cancel", admin, shift.pk)
    yield page("house:index", house.dm, case="duty")
    yield from _outage(world)
    yield from _channels(world)
    yield from _retention(world)
    first = reverse("house:first_run", args=[world.fresh.code])
    yield Row("house:first_run", "", admin, first)


def _channels(world: World) -> Iterator[Row]:
    """通知渠道: none yet, one that is ill, and what it could not send."""
    prop, pm, page = world.prop, world.house.pm, world.page
    yield page("house:robots", pm, case="none")
    yield page("house:failed", pm, case="none")
    robot = ill_robot(prop)
    moves.refused(world.house)
    notice = Notice.objects.filter(property=prop)[0]
    unsent(notice, robot)
    yield page("house:robots", pm)
    yield page("house:robot_new", pm)
    yield page("house:robot_edit", pm, robot.pk)
    yield page("house:mail_rules", pm)
    yield page("house:mail_rule", pm, "security")
    yield page("house:failed", pm)


def _retention(world: World) -> Iterator[Row]:
    """保存期限: nothing due, then a case that is, one on hold, and a run."""
    house, page = world.house, world.page
    yield page("house:retention", house.pm, case="none")
    past = [house.voided().case for _ in range(3)]
    Case.objects.filter(pk__in=[case.pk for case in past]).update(
        closed_at=timezone.now() - timedelta(days=4 * 366)
    )
    hold = holds.set_hold(past[0], by=house.pm, reason="与客户诉讼中，法院要调取全部资料")
    yield page("house:retention", house.gm)
    yield page("house:hold_new", house.pm)
    yield page("house:person_export", house.pm)
    yield page("house:hold_lift", house.gm, hold.pk)


def _outage(world: World) -> Iterator[Row]:
    """停电包: in the making, ready, taken, and its forms entered and voided."""
    dm, page = world.house.dm, world.page
    blanks.make(world.prop, by=dm)
    yield page("house:outage", dm, case="making")
    pack = printed(blanks.make(world.prop, by=dm))
    yield page("house:outage", dm, case="ready")
    blanks.take(pack, by=dm)
    first, second, third = pack.blanks.order_by("serial")[:3]
    blanks.enter(first, world.house.new().case, by=dm)
    blanks.void([second], "没有用到，已销毁", by=dm)
    yield page("house:outage", dm)
    yield page("house:outage_void", dm, pack.pk)
    yield page("house:blank", dm, third.serial)
    yield page("house:blank", dm, first.serial, case="settled")
    yield page("house:blank_void", dm, third.serial)


def calendar(world: World) -> Iterator[Row]:
    """日历 with nothing on it, then with something of each kind; the feed before and after."""
    page, prop, dm = world.page, world.prop, world.house.dm
    yield page("calendar:index", world.guard, case="empty")
    yield page("calendar:period", world.guard, "2030-01-01", case="day-empty")
    now = timezone.now()
    for hours in (1, 9, 17, 25):
        begins = now + timedelta(hours=hours)
        ShiftFactory(property=prop, user=dm, starts_at=begins, ends_at=begins + timedelta(hours=8))
    for hours in (1, 2, 3, 26):
        world.house.promised(hours=hours)
    event = events.Start("fire", place_note="B座", is_drill=True)
    events.start(prop, event, by=dm)
    handovers.draft(prop, by=dm)
    yield page("calendar:index", dm)
    for kind in ("month", "week", "day"):
        key = around(kind, timezone.localdate()).key
        yield page("calendar:period", dm, key, case=kind)
    yield page("calendar:period", dm, "2026-13", case="unknown")
    yield page("calendar:feed", dm, case="none")
    feeds.make_feed(prop, by=dm)
    yield page("calendar:feed", dm)
    yield page("calendar:feed_end", dm)


GROUPS: dict[str, Callable[[World], Iterator[Row]]] = {
    "entrance": entrance,
    "overview": overview,
    "complaints": complaints,
    "acts": acts,
    "settings": settings,
    "calendar": calendar,
    **found_pages.GROUPS,
    **event_pages.GROUPS,
    **handover_pages.GROUPS,
    **insight_pages.GROUPS,
}


def group_of(route: str) -> str:
    """The group whose rows open this route; a route nobody planned for belongs to 入口."""
    if route.startswith("lostfound:") or route == "found_notice":
        return found_pages.group_of(route)
    if route.startswith("emergencies:"):
        return event_pages.group_of(route)
    if route == "incidents:act":
        return "acts"
    if route.startswith("desk:verify") or route == "incidents:board" or ":" not in route:
        outside = ":" not in route or route.startswith("desk:verify")
        return "entrance" if outside else "overview"
    spaces = {"desk": "overview", "incidents": "complaints", "house": "settings"}
    own = ("handover", "calendar", "insight")
    return (spaces | {name: name for name in own})[route.split(":")[0]]
