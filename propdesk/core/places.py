"""Finding a place by what somebody types for it."""

from django.db.models import Case, Q, When

from propdesk.core.models import Place, Property


def find(prop: Property, text: str) -> Place | None:
    """The active place with this room number or full name; A1806, a-1806 and A-1806 are one."""
    wanted = _bare(text)
    if not wanted:
        return None
    typed = text.strip()
    meant = Q(code__iexact=typed) | Q(label=typed) | Q(code__iendswith=wanted[-3:])
    exact = Case(When(code__iexact=typed, then=0), When(label=typed, then=1), default=2)
    rows = Place.objects.filter(meant, property=prop, is_active=True).order_by(exact, "pk")[:200]
    found = list(rows)
    for same in (
        lambda place: place.code.upper() == typed.upper(),
        lambda place: _bare(place.code) == wanted,
        lambda place: place.label == typed,
    ):
        for place in found:
            if same(place):
                return place
    return None


def _bare(text: str) -> str:
    return "".join(c for c in text.upper() if c.isalnum())


def suggest(prop: Property, text: str, limit: int = 8) -> list[Place]:
    """Active places whose number starts with or whose name holds the text."""
    text = text.strip()[:20]
    if not text:
        return []
    rows = Place.objects.filter(property=prop, is_active=True, code__istartswith=text)
    return list(rows.order_by("code")[:limit])
