"""Every page of the event desk with somebody who may open it, in a house where each has content."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from emergencies import workflow
from emergencies.acts import ACTS
from emergencies.models import Event, Kind
from propdesk.core.models import User
from propdesk.core.persons import Guest
from tests.emergencies.journey import House, fresh, photo

if TYPE_CHECKING:
    from tests.e2e.pages import Row, World

    Rows = Iterator[Row]

NOT_PAGES = {
    "emergencies:live": "a fragment",
    "emergencies:draft": "answers a POST",
    "emergencies:still": "answers a POST",
    "emergencies:open_child": "answers a POST",
    "emergencies:acknowledge": "answers a POST",
    "emergencies:photo": "a picture",
}
SHUT = {"take-command", "end", "override-end", "archive"}
"""Acts that say why they cannot be done as these events stand, and show no form."""
MANAGERS_ACT = {"void", "override-end", "reopen", "name-reader"}


class Events:
    """The house of the site's pages as those see it who handle events."""

    def __init__(self, world: "World") -> None:
        self.world, self.house = world, House(world.prop)

    def page(self, name: str, user: User | None = None, *args: Any, case: str = "") -> "Row":
        """A page of the event desk, for the duty manager unless another is named."""
        return self.world.page(f"emergencies:{name}", user or self.house.dm, *args, case=case)

    def of(
        self, name: str, event: Event, *args: Any, case: str = "", user: User | None = None
    ) -> "Row":
        """A page of one event."""
        return self.page(name, user, event.case.number, *args, case=case)


def desk(world: "World") -> "Rows":
    """The board, empty and full, and the start of each kind."""
    see = Events(world)
    house, page = see.house, see.page
    yield page("board", case="empty")
    yield page("choose", house.guard)
    for kind in Kind.values:
        yield page("new", house.guard, kind, case=kind)
    for kind in ("power_outage", "death", "fire"):
        house.started(kind, is_drill=kind == "fire")
    house.ended("theft")
    yield page("board")


def events(world: "World") -> "Rows":
    """The page of an event of each kind, and in each state."""
    see = Events(world)
    house, of = see.house, see.of
    for kind in Kind.values:
        yield of("detail", house.answered(house.started(kind), late=False), case=kind)
    outage = house.started("power_outage", place=house.floor)
    yield of("detail", outage, case="first", user=house.guard)
    workflow.add_party(outage, "guest", Guest(name="王晓梅", phone="13800005678"), by=house.dm)
    (picture,) = workflow.attach(fresh(outage), [photo()], by=house.dm)
    workflow.note(fresh(outage), "备件到了，正在换。", by=house.guard)
    yield of("detail", outage, case="engineer", user=house.engineering)
    yield of("timeline", outage)
    yield of("history", outage)
    yield of("remove_photo", outage, picture.pk)
    party = outage.parties.get()
    yield of("edit_party", outage, party.pk)
    yield of("unmask", outage, party.pk)
    ended = house.ended("theft")
    yield of("detail", ended, case="signing")
    yield of("detail", _voided(house), case="voided")


def _voided(house: House) -> Event:
    event = house.started("drunk_guest")
    workflow.void(event, by=house.pm, reason="误按")
    return fresh(event)


def steps(world: "World") -> "Rows":
    """The forms of questions, steps, notices and acts."""
    see = Events(world)
    house, of = see.house, see.of
    outage = house.answered(house.started("power_outage", place=house.floor), late=False)
    yield of("answer", outage, "backup", case="again")
    yield of("answer", outage, "restored")
    yield of("step", outage, "P20")
    yield of("step", outage, "P30", case="round")
    yield of("step", house.started("theft"), "T25", case="signature")
    yield of("skip", outage, "P31")
    yield of("tell", outage, "N1")
    yield of("not_told", outage, "N1")
    death = house.started("death")
    fixed = death.readers.exclude(user=death.commander).exclude(user=house.pm).first()
    yield of("end_reader", death, fixed.pk, user=house.pm, case="fixed blocked")
    workflow.name_reader(death, house.engineering, by=house.pm, reason="协助查电")
    named = death.readers.get(user=house.engineering, ended_at=None)
    yield of("end_reader", fresh(death), named.pk, user=house.pm)
    yield of("act", house.ready("power_outage"), "end", case="ready")
    yield of("act", outage, "take-command", case="other", user=house.pm)
    ended = house.ended("theft")
    for name, act in ACTS.items():
        event = death if name == "name-reader" else outage
        if "running" not in workflow.MOVES[act.action].states:
            event = ended
        user = house.pm if name in MANAGERS_ACT else house.dm
        case = f"{name} blocked" if name in SHUT else name
        yield of("act", event, name, case=case, user=user)


GROUPS: "dict[str, Callable[[World], Rows]]" = {
    "events desk": desk,
    "events": events,
    "event steps": steps,
}


def group_of(route: str) -> str:
    """The group whose rows open this route."""
    name = route.partition(":")[2]
    if name in {"board", "choose", "new"}:
        return "events desk"
    if name in {"detail", "timeline", "history", "remove_photo", "edit_party", "unmask"}:
        return "events"
    forms = {"answer", "step", "skip", "tell", "not_told", "end_reader", "act"}
    # Papers, registers and playbooks have pages of their own, walked by their journeys.
    return "event steps" if name in forms else "event papers"
