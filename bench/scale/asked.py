"""What is asked of each size: pages as anybody opens them, and the posts that begin each journey."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from scale.house import ABSENT, BASE, COMMON, RARE

FLOOR = "floor/"
STAMP = count(1)


@dataclass(frozen=True)
class Ask:
    """One page or post: its name, what goal it has, its address, and what is sent with a token of its own."""

    name: str
    kind: str
    url: str
    data: dict[str, Any] | None = None

    def sent(self) -> dict[str, Any] | None:
        """The form, never twice the same."""
        return None if self.data is None else self.data | {"token": f"bench-{next(STAMP)}"}


def _deep(kind: str) -> str:
    """The key of a page in the middle of a register."""
    from propdesk.core.models import Case

    rows = Case.objects.filter(kind=kind, pk__gt=BASE).order_by("pk")
    row = rows[rows.count() // 2]
    return f"&after={row.opened_at.isoformat().replace('+', '%2B')}~{row.pk}"


def asks(prop: Any) -> list[Ask]:
    """All of it."""
    from django.urls import reverse

    from propdesk.core.models import Place

    def at(name: str, query: str = "") -> str:
        return reverse(name, args=[prop.code]) + query

    complaints, things, events = (
        at(f"{app}:board") for app in ("incidents", "lostfound", "emergencies")
    )
    room = Place.objects.filter(property=prop, code__startswith="C-").order_by("pk")[0]
    lobby = Place.objects.get(property=prop, name="A座大堂")
    lists = {
        "complaints, open": complaints,
        "complaints, mine": f"{complaints}?mine=1",
        "complaints, all": f"{complaints}?state=all",
        "complaints, deep": f"{complaints}?state=all{_deep('complaint')}",
        "complaints, voided": f"{complaints}?state=voided",
        "complaints, category": f"{complaints}?state=closed&category=other",
        "complaints, severity": f"{complaints}?state=all&severity=major",
        "complaints, both": f"{complaints}?state=all&category=other&severity=major",
        "things, kept": things,
        "things, all": f"{things}?state=all",
        "things, deep": f"{things}?state=all{_deep('found')}",
        "things, ended": f"{things}?state=ended",
        "things, category": f"{things}?state=all&category=other",
        "events": events,
        "events, deep": f"{events}?state=all{_deep('event')}",
        "events, kind": f"{events}?state=all&kind=power_outage",
        "events, none of it": f"{events}?state=all&kind=fire",
        "notices": at("desk:notices"),
    }
    words = {
        "1 rare": RARE[1],
        "1 common": COMMON[0],
        "2 rare": RARE,
        "2 common": COMMON,
        "2 absent": ABSENT,
    }
    words |= {"3 rare": "琉璃瓦", "4 common": "空调漏水", "5 rare": "祖母绿戒指"}
    posts = {
        "complaint taken in": Ask("", "", at("incidents:intake"), {
            "words": "主卧空调整夜异响，请今晚处理", "severity": "normal", "channel": "phone", "name": "王晓梅",
        }),
        "thing logged": Ask("", "", at("lostfound:log"), {
            "category": "document", "features": "蓝色文件夹，内有合同", "place": lobby.pk, "quantity": 1,
        }),
        "event begun": Ask("", "", at("emergencies:choose"), {"kind": "medical", "place": room.pk}),
    }  # fmt: skip
    return [
        Ask("board", "board", at("desk:board")),
        *(Ask(name, "list", url) for name, url in lists.items()),
        *(Ask(f"detail of {kind}", "detail", url) for kind, url in details().items()),
        *(
            Ask(f"search, {name}", "search", at("desk:search", f"?q={q}"))
            for name, q in words.items()
        ),
        *(Ask(name, "create", post.url, post.data) for name, post in posts.items()),
        Ask("export of things kept", "export", at("lostfound:export")),
    ]


def details() -> dict[str, str]:
    """The page of a closed case of each register."""
    from emergencies.models import Event
    from incidents.models import Complaint
    from lostfound.models import FoundItem

    found = {}
    for name, model in (("a complaint", Complaint), ("a thing", FoundItem), ("an event", Event)):
        rows = model.objects.filter(pk__gt=BASE, case__is_open=False, case__restricted=False)
        found[name] = rows.order_by("pk")[rows.count() // 2].get_absolute_url()
    return found


def sweeps() -> dict[str, Callable[[Any], int]]:
    """What runs every minute."""
    from propdesk.core import sweeps as every
    from propdesk.core.channels import relay

    return every.SWEEPS | {"core.deliver": relay.deliver}
