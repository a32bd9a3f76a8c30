"""《统计月报》: what the page shows of a period, for whoever asked, on paper (a list, never sealed)."""

from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import rendering
from propdesk.core.clock_text import paper_time
from propdesk.core.models import RenderJob
from propdesk.core.papers_insight import Bar, BarGroup, InsightPaper
from propdesk.core.periods import Period
from propdesk.core.rendering import Sheet
from propdesk.core.roles import ensure
from propdesk.desk.insight.blocks import Block, Line, gather
from propdesk.desk.insight.kinds import link
from propdesk.desk.insight.permissions import ACTIONS
from propdesk.desk.insight.queries import Asked

KIND = "insight"
FORM = "V1.0"
MOST = 20
"""Bars of one question; the rest is on the page."""


def insight_report(job: RenderJob) -> Sheet:
    """The figures of the days the job names, as its asker may see them now."""
    prop, user, period = job.property, job.requested_by, Period.read(job.params)
    if prop is None or user is None or period is None:
        raise TypeError(f"render job {job.pk} names no house, person or period")
    ensure(user, "read_insight", ACTIONS, prop=prop)
    now = timezone.now()
    paper = InsightPaper(
        organisation=prop.name,
        number=f"TJ-{period.first:%Y%m%d}-{period.last:%Y%m%d}",
        form_code="PD-TJ-01",
        version=FORM,
        record_url=rendering.address(link(prop, "index", period)),
        state="list",
        frozen_at=paper_time(now),
        secrecy=_("内部"),
        span=_("%(first)s 至 %(last)s") % period.params(),
        asked_by=user.name,
        groups=tuple(_group(block) for block in gather(Asked(user, prop, period, now))),
    )
    return rendering.listed(paper, now)


def _group(block: Block) -> BarGroup:
    longest = max((line.bar for line in block.lines), default=0)
    drawn = longest if block.drawn else 0
    return BarGroup(
        title=block.title,
        bars=tuple(_bar(line, drawn) for line in block.lines[:MOST]),
        total=f"{block.total.label}：{block.total.shown}",
        note=block.note or None,
    )


def _bar(line: Line, longest: float) -> Bar:
    length = round(line.bar * 100 / longest) if longest else 0
    return Bar(line.label, line.shown, str(length))
