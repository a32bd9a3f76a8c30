"""招领公告 for the board of the house: what kind, when, roughly where; nothing that proves it (F5)."""

from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from lostfound.models import FoundItem
from lostfound.queries import papers as queries
from lostfound.reports.register import house_of
from lostfound.reports.sheet import FORM, public_url
from lostfound.reports.wording import found_on, full, joined, long_day, rough_place
from propdesk.core import rendering
from propdesk.core.clock_text import local
from propdesk.core.models import Property, RenderJob
from propdesk.core.papers_found import FoundNoticePaper, NoticeRow
from propdesk.core.rendering import Sheet


def found_notice(job: RenderJob) -> Sheet:
    """All that was made known and is still here, or what was published on the day ``on``."""
    prop, now = house_of(job), timezone.now()
    found = queries.on_board(prop, _day(job.params.get("on", "")))
    beyond = ""
    if len(found) > queries.ON_PAPER:
        found = found[: queries.ON_PAPER]
        beyond = _("还有更多拾获物品，请扫描二维码查看，或到认领地点询问。")
    paper = FoundNoticePaper(
        organisation=prop.name,
        number=f"ZLGG-{local(now):%Y%m%d-%H%M}",
        form_code="PD-SW-03",
        version=FORM,
        record_url=public_url(prop),
        state="list",
        frozen_at=full(now),
        published_on=long_day(now),
        rows=tuple(public_row(item) for item in found),
        where=claim_at(prop),
        phone=prop.phone,
        beyond=beyond,
    )
    return rendering.listed(paper, now)


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None


def public_row(item: FoundItem) -> NoticeRow:
    """The four facts of a thing that everybody may read, on the screen as on paper."""
    return NoticeRow(
        number=item.case.number,
        category=str(item.get_category_display()),
        found_on=found_on(item),
        place=rough_place(item),
    )


def claim_at(prop: Property) -> str:
    """Where things are claimed."""
    return joined([_("值班经理处（前台）"), prop.address], "，")
