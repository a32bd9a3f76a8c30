"""失物招领登记表: the register as a list on paper, claimants and finders from outside masked."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from lostfound.models import Category, CustodyMove, DisposalLine, FoundItem
from lostfound.queries import papers as queries
from lostfound.queries.item import GROUPS
from lostfound.reports.sheet import FORM, board_url
from lostfound.reports.wording import clause, day, full, joined, quantity, short, whole_place, worth
from lostfound.workflow.base import last_day_of
from propdesk.core import masks, rendering
from propdesk.core.clock_text import local
from propdesk.core.models import Person, Property, RenderJob
from propdesk.core.papers_found import FoundRegisterPaper, RegisterRow
from propdesk.core.rendering import Sheet

S = FoundItem.Status
EVERY_YEAR = 0
"""A list is kept for years: every date in it has its own."""
LONGEST = 48
"""Characters of a cell: the sheet is a list, the record holds the rest."""
STATES = {
    "open": _l("在管"),
    "overdue": _l("已超时"),
    "claims": _l("认领中"),
    "disposal": _l("待处置"),
    "ended": _l("已了结"),
    "all": _l("全部状态"),
}


def found_register(job: RenderJob) -> Sheet:
    """The things of the scope that was asked for, at most ``IN_REGISTER`` of them."""
    prop, now, scope = house_of(job), timezone.now(), queries.Scope.of(job.params)
    found = queries.register(prop, scope, now)
    beyond = ""
    if len(found) > queries.IN_REGISTER:
        found = found[-queries.IN_REGISTER :]
        words = _("超过 %(n)d 件，只列出编号最新的 %(n)d 件；请按月份分开打印。")
        beyond = words % {"n": queries.IN_REGISTER}
    paper = FoundRegisterPaper(
        organisation=prop.name,
        number=f"SWDJ-{local(now):%Y%m%d-%H%M}",
        form_code="PD-SW-02",
        version=FORM,
        record_url=board_url(prop),
        state="list",
        frozen_at=full(now),
        secrecy=_("内部"),
        scope=scope_text(scope),
        rows=tuple(_row(item) for item in found),
        beyond=beyond,
    )
    return rendering.listed(paper, now)


def house_of(job: RenderJob) -> Property:
    """The house a list is about (TypeError for the paper of a case)."""
    if job.property is None:
        raise TypeError(f"render job {job.pk} is no list")
    return job.property


def scope_text(scope: queries.Scope) -> str:
    """The filters in words."""
    state = STATES.get(scope.state) or S(GROUPS[scope.state][0]).label
    kind = Category(scope.category).label if scope.category else _("全部类别")
    start = queries.first_day(scope.month)
    month = f"{start.year}年{start.month}月" if start else _("全部月份")
    return f"{state} · {kind} · {month}"


def _row(item: Any) -> RegisterRow:
    year = EVERY_YEAR
    links: list[CustodyMove] = item.links
    here = links[-1] if links else None
    lies = here.storage if here and item.status != S.VOIDED else None
    taken_in = next((row for row in links if row.kind == CustodyMove.Kind.RECEIVE), None)
    return RegisterRow(
        number=item.case.number,
        name=_cut(f"{item.name}（{item.get_category_display()}）{quantity(item)}"),
        features=_cut(item.features),
        found=_cut(joined([short(item.found_at, year), whole_place(item)], " ")),
        finder=_cut(_finder(item)),
        received=joined([short(item.handed_at, year), _pair(taken_in)], " "),
        value=worth(item),
        storage=_cut(lies.label if lies else ""),
        expires_on=day(last_day_of(item)),
        outcome=_cut(_outcome(item, year)),
        moved=_cut(_moved(here, year)),
    )


def _cut(text: str) -> str:
    bare = clause(text)
    return bare if len(bare) <= LONGEST else f"{bare[: LONGEST - 1]}…"


def _masked(person: Person | None) -> str:
    return masks.name(person.name, person.honorific) if person else ""


def _finder(item: FoundItem) -> str:
    name = item.finder_user.name if item.finder_user else _masked(item.finder)
    part = item.finder_department.name if item.finder_department else ""
    return f"{name}（{part}）" if part else name


def _pair(row: CustodyMove | None) -> str:
    return joined([user.name for user in (row.manager, row.guard) if user], "、") if row else ""


def _outcome(item: Any, year: int) -> str:
    """处理结果: what became of it, when, and to whom it went."""
    at = short(item.ended_at, year)
    if item.status == S.RETURNED and item.given:
        claim = item.given[0]
        return joined([at, _("归还"), _masked(claim.proxy or claim.owner)], " ")
    if item.status == S.DISPOSED and item.ends:
        line: DisposalLine = item.ends[-1]
        return joined([at, str(line.get_method_display()), line.receiver], " ")
    if item.status == S.VOIDED:
        return joined([at, _("作废"), item.void_reason], " ")
    return joined([at, str(item.get_status_display())], " ")


def _moved(row: CustodyMove | None, year: int) -> str:
    """转移记录: the last link of custody."""
    if row is None:
        return ""
    hand = _pair(row) or (row.holder.name if row.holder else _masked(row.holder_person))
    seal = _("封签 %(number)s") % {"number": row.seal.number} if row.seal else ""
    return joined([short(row.at, year), str(row.get_kind_display()), hand, seal], " ")
