"""Who did not answer at a roll call (E-8): by name, by room, or as he looks; what became of him."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import models
from django.utils.translation import gettext as _

from emergencies.models import Event, Missing, Party, RollCall
from propdesk.core import audit, persons
from propdesk.core.models import User
from propdesk.core.persons import Guest

UNKNOWN = ("身份不明", "不明", "不详", "不知道")
MISSING = Missing.Outcome.MISSING


@dataclass(frozen=True, slots=True)
class Absent(Guest):
    """Somebody who did not answer: by name, by room, or as he looks and where he was seen last."""

    note: str = ""


def is_somebody(who: Guest) -> bool:
    return bool(who.name.strip() or who.room or _looks(who))


def is_nameless(who: Guest) -> bool:
    """身份不明 and nothing else: nobody could look for him."""
    return who.name.strip() in UNKNOWN and not who.room and not _looks(who)


def _looks(who: Guest) -> str:
    return who.note.strip() if isinstance(who, Absent) else ""


def carried(row: RollCall, earlier: Sequence[tuple[Party, str]], by: User) -> list[models.Model]:
    """What became of those who were missing, or that they still are."""
    rows: list[models.Model] = []
    for party, outcome in earlier:
        settled = Missing(roll_call=row, party=party, outcome=outcome)
        audit.save(settled, by=by, reason=str(settled.get_outcome_display()))
        rows.append(settled)
    return rows


def named(
    event: Event, row: RollCall, people: Sequence[Guest], by: User, now: datetime
) -> list[models.Model]:
    """Who did not answer: parties of the event, their data in ``core.Person`` alone."""
    rows: list[models.Model] = []
    for who in people:
        if not is_somebody(who):
            continue
        name = who.name.strip() or ("" if who.room else _("身份不明"))
        person = persons.create(event.case.property, replace(who, name=name))
        party = Party(event=event, person=person, part=Party.Part.TRAPPED, by=by, at=now)
        party.note = _looks(who)[:200]
        audit.save(party, by=by, reason=_("点名未到"))
        gone = Missing(roll_call=row, party=party)
        audit.save(gone, by=by, reason=_("点名未到"))
        rows += [party, gone]
    return rows
