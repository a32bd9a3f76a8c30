"""Finding a place by what somebody types for it."""

from collections.abc import Callable, Mapping, Sequence

from django.db.models import Case, Q, Value, When
from django.db.models.functions import Replace

from propdesk.core.models import Place, Property, User

MOST = 200
"""Places whose number ends like the one that was typed, at most, are looked at."""

STATES: list[Callable[[User, Property], Mapping[int, str]]] = []
"""What a register says of places to those who may know (封存): id → word; each adds its own."""


def states(user: User, prop: Property) -> dict[int, str]:
    """The state of every place that has one, as far as this user may know; others see none."""
    found: dict[int, str] = {}
    for told in STATES:
        found |= told(user, prop)
    return found


def find(prop: Property, text: str) -> Place | None:
    """The active place with this room number or full name; A1806, a-1806 and A-1806 are one.

    So are A座 大堂 and A座大堂.
    """
    return find_all(prop, [text])[0]


def find_all(prop: Property, texts: Sequence[str]) -> list[Place | None]:
    """What ``find`` says of each text, in one statement for all."""
    wanted = [text.strip() for text in texts]
    meant = Q()
    for typed in filter(_bare, wanted):
        meant |= Q(code__iexact=typed) | Q(joined=_joined(typed))
        meant |= Q(code__iendswith=_bare(typed)[-3:])
    if not meant:
        return [None for _text in texts]
    exact = Case(
        When(code__in=[*wanted, *map(str.upper, wanted)], then=0),
        When(joined__in=[_joined(typed) for typed in wanted], then=1),
        default=2,
    )
    places = Place.objects.alias(joined=Replace("label", Value(" "))).filter(meant)
    rows = places.filter(property=prop, is_active=True).order_by(exact, "pk")
    found = list(rows[: MOST * len(wanted)])
    return [_best(found, typed) for typed in wanted]


def _best(found: Sequence[Place], typed: str) -> Place | None:
    bare = _bare(typed)
    if not bare:
        return None
    for same in (
        lambda place: place.code.upper() == typed.upper(),
        lambda place: _bare(place.code) == bare,
        lambda place: _joined(place.label) == _joined(typed),
    ):
        for place in found:
            if same(place):
                return place
    return None


def _joined(label: str) -> str:
    """A full name as somebody types it who leaves out the spaces between its parts."""
    return label.replace(" ", "")


def _bare(text: str) -> str:
    return "".join(c for c in text.upper() if c.isalnum())


def suggest(prop: Property, text: str, limit: int = 8) -> list[Place]:
    """Active places whose number starts with or whose name holds the text."""
    text = text.strip()[:20]
    if not text:
        return []
    rows = Place.objects.filter(property=prop, is_active=True, code__istartswith=text)
    return list(rows.order_by("code")[:limit])
