"""The register: one line per found thing, with what its reader may know of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from lostfound import categories
from lostfound.detail import TONES
from lostfound.models import FoundItem
from lostfound.permissions import ACTIONS
from lostfound.queries import item as queries
from propdesk.core import choices, clock_text
from propdesk.core.models import Property, User
from propdesk.core.paging import Page
from propdesk.core.roles import standing

S = FoundItem.Status

STATES = (
    ("open", _l("在管")),
    ("overdue", _l("已超时")),
    ("logged", _l("待接收")),
    ("stored", _l("在库")),
    ("tracing", _l("查找中")),
    ("ownerless", _l("无主")),
    ("claims", _l("认领中")),
    ("disposal", _l("待处置")),
    ("ended", _l("已了结")),
    ("all", _l("全部")),
)
NEXT = {
    S.LOGGED: _l("接收入库"),
    S.STORED: _l("看有无线索"),
    S.TRACING: _l("查找失主"),
    S.OWNERLESS: _l("公告招领"),
    S.CLAIMED: _l("核对认领"),
    S.DISPUTED: _l("裁定异议"),
    S.EXPIRED: _l("申请处置"),
    S.DISPOSING: _l("执行批示"),
}
NEXT_ACTS = {
    S.LOGGED: "receive",
    S.STORED: "decide_clue",
    S.TRACING: "trace",
    S.OWNERLESS: "announce",
    S.CLAIMED: "verify",
    S.DISPUTED: "resolve_dispute",
    S.EXPIRED: "propose_disposal",
    S.DISPOSING: "execute_line",
}

LINKS = (
    ("lost_board", "read_lost", "search", _l("遗失登记")),
    ("storage", "read_register", "safe", _l("存放位置")),
    ("stocktakes", "read_stocktake", "list-check", _l("盘点")),
    ("batches", "read_batch", "archive", _l("到期处置")),
    ("notice", "announce", "megaphone", _l("招领公告")),
    ("register_print", "print", "printer", _l("打印登记表")),
    ("policy", "read_register", "journal-text", _l("保管规则")),
    ("book", "export", "file-earmark-spreadsheet", _l("导入导出")),
)
"""Pages round the register: address, what it takes, icon, name; the first stands by itself."""


def links(prop: Property, user: User) -> list[dict[str, str]]:
    """The ways on from the register that are open to this user."""
    roles = standing(user, prop).roles
    found = []
    for name, action, icon, label in LINKS:
        grant = ACTIONS[action]
        if roles & (grant.any | grant.own):
            url = reverse(f"lostfound:{name}", args=[prop.code])
            found.append({"url": url, "icon": icon, "label": str(label)})
    return found


@dataclass(frozen=True, slots=True)
class ListRow:
    """One found thing in a list; the board of the desk prints it like a complaint."""

    number: str
    url: str
    who: str
    """Its name, or its category to whom details are closed."""
    category: str
    category_icon: str
    place: str
    owner: str
    """Where it lies or who has it now; "" to whom details are closed."""
    status: str
    tone: str
    icon: str
    due: datetime | None
    received: str
    next: str
    words: str = ""
    extended: bool = False
    act: str = ""
    """What somebody must be allowed to do for ``next`` to be his; "" while it waits for others."""


def list_row(prop: Property, row: Any, user: User, *, details: bool) -> ListRow:
    """A list row of ``queries.listed``; ``details``: whether those of every thing are open to him."""
    tone, icon = TONES[S(row.status)]
    here = row.lies[0] if row.lies and row.status != S.VOIDED else {}
    opens = details or user.pk in (row.logged_by_id, row.finder_user_id)
    category = choices.label(row, "category")
    act, word = _next(row, here)
    name = row.name if opens else category
    return ListRow(
        number=row.case.number,
        url=reverse("lostfound:detail", args=[prop.code, row.case.number]),
        who=f"{name} × {row.quantity}" if row.quantity > 1 else name,
        category=category,
        category_icon=categories.rule(row.category).icon,
        place=row.place.label if row.place else (row.place_note if opens else ""),
        owner=_where(here, blind=row.is_blind) if opens else "",
        status=choices.label(row, "status"),
        tone=tone,
        icon=icon,
        due=row.next_due_at,
        received=clock_text.list_time(row.found_at),
        next=word,
        act=act,
    )


def _where(here: dict[str, Any], *, blind: bool) -> str:
    """The place, or who has it. Whoever counts reads no place at all: a list of what is hidden from
    him would be the list he counts without.
    """
    if blind and here.get("storage"):
        return _("盘点中")
    return here.get("storage") or here.get("holder") or here.get("department") or ""


def _next(row: Any, here: dict[str, Any]) -> tuple[str, str]:
    """(act, word) of what is to be done: a missing co-signature comes before what the state asks."""
    joint = here.get("manager_id") is not None
    if row.ended_at is None and joint and not (here["manager_at"] and here["guard_at"]):
        return "cosign", _("等会签")
    if row.status == S.LOGGED and categories.rule(row.category).to_police_at_once:
        return "hand_to_police", _("移交公安")
    if row.status == S.EXPIRED and row.on_paper:
        return "", _("等批示")
    if row.status == S.OWNERLESS and row.ownerless_acked_at is None:
        return "acknowledge", _("物业经理知悉")
    if row.status == S.OWNERLESS and row.announced_on is not None:
        return "", _("按期保管")
    return NEXT_ACTS.get(S(row.status), ""), str(NEXT.get(S(row.status), ""))


def board_context(
    prop: Property,
    user: User,
    filters: queries.Filters,
    found: Page,
    now: datetime,
    after: str,
) -> dict[str, Any]:
    """Everything the list page prints."""
    base = reverse("lostfound:board", args=[prop.code])
    older = filters.params() | {"after": found.after}
    details = queries.sees_all_details(user, prop)

    def with_state(state: str) -> str:
        params = {k: v for k, v in filters.params().items() if k != "state"}
        return f"{base}?{urlencode(params | ({'state': state} if state != 'open' else {}))}"

    return {
        "rows": [list_row(prop, row, user, details=details) for row in found.rows],
        "details": details,
        "links": links(prop, user),
        "filters": filters,
        "states": [(code, label, with_state(code)) for code, label in STATES],
        "categories": categories.Category.choices,
        "older_url": f"{base}?{urlencode(older)}" if found.after else "",
        "newer_url": f"{base}?{urlencode(filters.params())}" if after else "",
        "filtered": bool(set(filters.params()) - {"state"}),
        "now": now,
        "base": base,
    }
