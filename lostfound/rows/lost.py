"""Lost reports made ready for their pages: list, one report, what happened to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from lostfound import categories
from lostfound.lost_acts import ACTS, LostAct
from lostfound.models import LostReport, MatchPair
from lostfound.permissions import ACTIONS
from lostfound.queries import item as items
from lostfound.queries import lost as queries
from lostfound.queries import match
from lostfound.rows.timeline import HIDDEN
from propdesk.core import cases, choices, chronicle, clock_text, drafts, masks
from propdesk.core.models import AuditEntry, Property, User
from propdesk.core.paging import Page
from propdesk.core.roles import may

S = LostReport.Status
TONES = {
    S.OPEN: ("blue", "search"),
    S.FOUND: ("green", "check-circle-fill"),
    S.CLOSED: ("grey", "dash-circle"),
}
STATES = (
    (S.OPEN, _l("查找中")),
    (S.FOUND, _l("已找回")),
    (S.CLOSED, _l("已结束")),
    ("all", _l("全部")),
)
LOOK: dict[str, tuple[str, str, Any]] = {
    "report_lost": ("blue", "telephone", _l("登记遗失")),
    "edit_lost": ("grey", "pencil", _l("更正遗失登记")),
    "flag": ("red", "bell", _l("系统提醒：登记还没有结束")),
    "close_lost": ("green", "archive", _l("结束遗失登记")),
    "unmask": ("grey", "eye", _l("查看完整号码")),
    "link": ("grey", "link-45deg", _l("关联")),
}
JUDGED: dict[bool, tuple[str, str, Any]] = {
    True: ("green", "check2-circle", _l("认为是")),
    False: ("grey", "x-lg", _l("排除")),
}
LABELS = {field.name: field.verbose_name for field in LostReport._meta.concrete_fields}  # noqa: SLF001 -- model API


@dataclass(frozen=True, slots=True)
class LostRow:
    """One report in a list."""

    number: str
    url: str
    what: str
    who: str
    words: str
    icon: str
    category: str
    place: str
    reported: str
    status: str
    tone: str
    mark: str
    best: tuple[str, str, str] | None
    """Word, colour and icon of what is most alike; None when nothing is suggested."""
    accepted: bool


def lost_row(row: Any, prop: Property) -> LostRow:
    """A row of ``queries.board``."""
    tone, mark = TONES[S(row.status)]
    short = row.features if len(row.features) <= 40 else f"{row.features[:39]}…"
    open_best = row.best if row.status == S.OPEN and not row.accepted else None
    return LostRow(
        number=row.case.number,
        url=reverse("lostfound:lost_detail", args=[prop.code, row.case.number]),
        what=f"{row.name} × {row.quantity}" if row.quantity > 1 else row.name,
        who=masks.name(row.guest.name, row.guest.honorific) or _("失主"),
        words=short,
        icon=categories.rule(row.category).icon,
        category=choices.label(row, "category"),
        place=row.place.label if row.place else row.place_note,
        reported=clock_text.list_time(row.reported_at),
        status=choices.label(row, "status"),
        tone=tone,
        mark=mark,
        best=match.worded(open_best) if open_best is not None else None,
        accepted=row.accepted,
    )


def lost_board(
    prop: Property, user: User, filters: queries.Filters, found: Page, after: str
) -> dict[str, Any]:
    """Everything the list of lost reports prints."""
    base = reverse("lostfound:lost_board", args=[prop.code])
    older = filters.params() | {"after": found.after}

    def with_state(state: str) -> str:
        params = {k: v for k, v in filters.params().items() if k != "state"}
        return f"{base}?{urlencode(params | ({'state': state} if state != S.OPEN else {}))}"

    return {
        "rows": [lost_row(row, prop) for row in found.rows],
        "filters": filters,
        "states": [(code, label, with_state(code)) for code, label in STATES],
        "categories": categories.Category.choices,
        "older_url": f"{base}?{urlencode(older)}" if found.after else "",
        "newer_url": f"{base}?{urlencode(filters.params())}" if after else "",
        "filtered": bool(set(filters.params()) - {"state"}),
        "may_report": may(user, "report_lost", ACTIONS, prop=prop),
        "base": base,
    }


@dataclass
class LostDetail:
    """One report as its page needs it."""

    report: Any
    user: User
    now: datetime

    @cached_property
    def tone(self) -> tuple[str, str]:
        return TONES[S(self.report.status)]

    @cached_property
    def icon(self) -> str:
        return categories.rule(self.report.category).icon

    @cached_property
    def who(self) -> str:
        """How heads name whoever lost it: 林女士."""
        guest = self.report.guest
        return masks.name(guest.name, guest.honorific) or _("失主")

    @cached_property
    def what(self) -> str:
        row = self.report
        return f"{row.name} × {row.quantity}" if row.quantity > 1 else str(row.name)

    @cached_property
    def phone_until(self) -> datetime | None:
        return queries.phone_until(self.report, self.now)

    @cached_property
    def suggestions(self) -> list[match.Suggestion]:
        return match.for_report(self.report, self.user)

    def _in(self, state: str) -> list[match.Suggestion]:
        return [each for each in self.suggestions if each.state == state]

    @cached_property
    def accepted(self) -> list[match.Suggestion]:
        return self._in(MatchPair.State.ACCEPTED)

    @cached_property
    def suggested(self) -> list[match.Suggestion]:
        return self._in(MatchPair.State.SUGGESTED) if self.is_open else []

    @cached_property
    def perhaps(self) -> list[match.Suggestion]:
        """Weak ones that fill the list up to five."""
        return self._in(MatchPair.State.PERHAPS) if self.is_open else []

    @cached_property
    def rejected(self) -> list[match.Suggestion]:
        return self._in(MatchPair.State.REJECTED)

    @cached_property
    def is_open(self) -> bool:
        return bool(self.report.status == S.OPEN)

    @cached_property
    def may_decide(self) -> bool:
        return match.may_decide(self.user, self.report)

    @cached_property
    def details(self) -> bool:
        """Whether the details of every found thing are open to him (L-E)."""
        return items.sees_all_details(self.user, self.report.case.property)

    @cached_property
    def drafts(self) -> dict[str, dict[str, str]]:
        """What he typed into the forms of this report and has not sent, by act."""
        rows = self.report.draft_rows
        return {r["form"].partition(":")[2]: drafts.first_values(r["data"]) for r in rows}

    def offers(self, name: str) -> bool:
        """Whether a link to the act is worth its place: open in this state and to this user."""
        act, row = ACTS[name], self.report
        owns = row.received_by_id == self.user.pk
        allowed = may(self.user, act.action, ACTIONS, prop=row.case.property, owns=owns)
        return row.status in act.states and allowed and not cases.is_purged(row.case)

    @cached_property
    def menu(self) -> list[tuple[str, LostAct]]:
        return [(name, ACTS[name]) for name in ("close", "edit") if self.offers(name)]

    @cached_property
    def may_edit(self) -> bool:
        return self.offers("edit")

    @cached_property
    def may_close(self) -> bool:
        return self.offers("close")

    @cached_property
    def may_history(self) -> bool:
        return may(self.user, "history", ACTIONS, prop=self.report.case.property)

    @cached_property
    def may_unmask(self) -> bool:
        return self.offers("unmask")


def lost_history(one: LostDetail) -> list[dict[str, Any]]:
    """Versions of the report, newest first; what is known of its owner is not in them."""
    return chronicle.versions(one.report, one.report.case, LOOK, HIDDEN)


def lost_timeline(one: LostDetail, before: int | None) -> dict[str, Any]:
    """Entries of the case, newest first, as plain rows, and where older ones are."""
    case = one.report.case
    older = reverse("lostfound:lost_timeline", args=[case.property.code, case.number])
    here = one.report.get_absolute_url()
    return chronicle.timeline(
        case.pk, lambda entry: _entry(one, entry), here=here, older=older, before=before
    )


def _entry(one: LostDetail, entry: AuditEntry) -> dict[str, Any]:
    if chronicle.is_wordless(entry):
        return chronicle.line(entry, LOOK, "")
    info = chronicle.info_of(entry)
    if entry.action != "decide_match":
        return chronicle.line(entry, LOOK, _facts(entry.action, info))
    look = {entry.action: JUDGED[bool(info.get("accepted"))]}
    row = chronicle.line(entry, look, _facts(entry.action, info))
    # The reason speaks of the found thing, whose details are not open to everybody.
    return row if one.details else row | {"reason": ""}


def _facts(action: str, info: dict[str, Any]) -> str:
    """One line of what this act did."""
    if action == "report_lost" and "category" in info:
        return str(categories.Category(info["category"]).label)
    if action == "edit_lost":
        named = [str(LABELS[name]) for name in info.get("fields", ()) if name in LABELS]
        guest = any("." in name for name in info.get("fields", ()))
        return "、".join([*named, *([_("失主资料")] if guest else [])])
    if action == "close_lost":
        return str(S(info["outcome"]).label) if "outcome" in info else ""
    return str(info.get("number") or "")
