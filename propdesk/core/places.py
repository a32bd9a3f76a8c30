"""Finding a place by what somebody types for it."""

from propdesk.core.models import Place, Property


def find(prop: Property, text: str) -> Place | None:
    """The active place with this room number or full name; A1806, a-1806 and A-1806 are one."""
    wanted = _bare(text)
    if not wanted:
        return None
    exact = Place.objects.filter(property=prop, is_active=True, code__iexact=text.strip()).first()
    if exact is not None:
        return exact
    tail = wanted[-3:]
    near = Place.objects.filter(property=prop, is_active=True, code__iendswith=tail)[:200]
    for place in near:
        if _bare(place.code) == wanted:
            return place
    return Place.objects.filter(property=prop, is_active=True, label=text.strip()).first()


def _bare(text: str) -> str:
    return "".join(c for c in text.upper() if c.isalnum())


def suggest(prop: Property, text: str, limit: int = 8) -> list[Place]:
    """Active places whose number starts with or whose name holds the text."""
    text = text.strip()[:20]
    if not text:
        return []
    rows = Place.objects.filter(property=prop, is_active=True, code__istartswith=text)
    return list(rows.order_by("code")[:limit])
