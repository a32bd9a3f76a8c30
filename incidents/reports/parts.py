"""The tables of the papers: steps, options, promises, decisions, notices, photos, boxes. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from incidents.models import Complaint, Decision, Option, Severity
from incidents.reports.dossier import Dossier
from incidents.reports.wording import clause, people, satisfaction_labels, short, yuan
from propdesk.core import papers, rendering
from propdesk.core.clock_text import local
from propdesk.core.models import Delivery, Notice, ReportBox
from propdesk.core.papers import Notification, Override, Photo, SignBox, Tick, ticks
from propdesk.core.roles import Role

MOST = 40
"""Notices printed; the register holds the rest."""

REMARKS = {
    Role.PROPERTY_MANAGER: "（审核）",
    Role.GENERAL_MANAGER: "（批示）",
}


def year_of(dossier: Dossier) -> int:
    """The year short times leave out."""
    return dossier.complaint.received_at.year


def options(dossier: Dossier) -> tuple[papers.Option, ...]:
    """Every option anybody heard of or decided on; later rounds are marked."""
    kept = [o for o in dossier.options if o.told_at or o.decided_by or o.withdrawn_at is None]
    return tuple(_option(o, dossier) for o in kept)


def _option(option: Option, dossier: Dossier) -> papers.Option:
    round_ = _("第%(n)d轮 ") % {"n": option.cycle} if len(dossier.rounds) > 1 else ""
    promises = dossier.of_cycle(option.cycle)
    approval = option.get_approval_display()
    if option.decided_by is not None:
        approval = f"{option.decided_by.name} {approval}"
    due = short(promises[-1].due_at, year_of(dossier)) if option.chosen and promises else ""
    return papers.Option(
        text=f"{round_}{option.position}. {option.text}",
        due=due,
        condition=option.limits,
        cost=yuan(option.cost),
        approval=approval,
        chosen=option.chosen,
    )


def choice(dossier: Dossier) -> str:
    """客户选择 in one line."""
    last = dossier.last
    for option in reversed(dossier.options):
        if option.chosen and option.cycle == last.cycle and last.chosen_at:
            when = short(last.chosen_at, year_of(dossier))
            return _("方案 %(n)d，%(when)s") % {"n": option.position, "when": when}
    return ""


def promises(dossier: Dossier) -> tuple[papers.Promise, ...]:
    """The ledger: each promised time with what became of it; an extension names the old time."""
    year = year_of(dossier)
    rows = []
    for at, row in enumerate(dossier.promises):
        moved = row.seq > 1
        rows.append(
            papers.Promise(
                due=short(row.due_at, year),
                original=short(dossier.promises[at - 1].due_at, year) if moved else "",
                reason=row.reason,
                told_at=short(row.told_at, year),
                told_via=str(row.get_told_via_display()),
                outcome=str(row.get_outcome_display()),
            )
        )
    return tuple(rows)


def overrides(dossier: Dossier) -> tuple[Override, ...]:
    """What a manager approved or decided, oldest first: limits, extensions, refusals, closing."""
    found = [*_approvals(dossier), *_decisions(dossier)]
    found.sort(key=lambda item: item[0])
    return tuple(
        Override(rule, reason, who, short(at, year_of(dossier))) for at, rule, reason, who in found
    )


Ruling = tuple[datetime, str, str, str]


def _approvals(dossier: Dossier) -> Iterator[Ruling]:
    for option in dossier.options:
        if option.decided_by is not None and option.decided_at is not None:
            rule = _("方案 %(n)d（%(yuan)s 元）%(verdict)s") % {
                "n": option.position,
                "yuan": yuan(option.cost),
                "verdict": option.get_approval_display(),
            }
            yield option.decided_at, rule, option.decision_note, option.decided_by.name
    for row in dossier.promises:
        if row.approved_by is not None:
            rule = _("第 %(n)d 次延期") % {"n": row.seq - 1}
            yield row.created_at, rule, row.reason, row.approved_by.name


def _decisions(dossier: Dossier) -> Iterator[Ruling]:
    for row in dossier.decisions:
        yield row.at, _decided(row, dossier), row.reason, row.by.name


def _decided(row: Decision, dossier: Dossier) -> str:
    texts = {
        (Decision.Kind.REFUSAL, "proceed"): _("客户不接受，按原方案办理"),
        (Decision.Kind.REFUSAL, "new_options"): _("客户不接受，重新提出方案"),
        (Decision.Kind.DISSATISFIED, "close"): _("客户不满意，可以结案"),
        (Decision.Kind.DISSATISFIED, "redo"): _("客户不满意，重新处理"),
    }
    if row.kind == Decision.Kind.OVERRIDE:
        missing = _missing(row, dossier)
        return _("越过门槛结案：%(missing)s") % {"missing": missing}
    return texts.get((Decision.Kind(row.kind), row.choice)) or str(row.get_kind_display())


def _missing(row: Decision, dossier: Dossier) -> str:
    """What was not done when the case was closed all the same; its entry says so."""
    for entry in dossier.entries:
        if entry.action == "close" and entry.at >= row.at:
            return "、".join((entry.content or {}).get("info", {}).get("missing", ()))
    return ""


def notifications(dossier: Dossier) -> tuple[Notification, ...]:
    """Who of the staff was told what, when and whether he confirmed; one line per message."""
    groups: dict[str, list[Notice]] = {}
    for notice in dossier.notices:
        groups.setdefault(notice.key, []).append(notice)
    lines = [_notification(group, dossier) for group in list(groups.values())[:MOST]]
    if len(groups) > MOST:
        lines.append(Notification(to=_("另有 %(n)d 条，见系统记录") % {"n": len(groups) - MOST}))
    return tuple(lines)


def _notification(group: list[Notice], dossier: Dossier) -> Notification:
    names = [_person(n, dossier) for n in group]
    subject = group[0].text.partition("】")[0].lstrip("【")
    return Notification(
        to=people(names),
        at=short(group[0].created_at, year_of(dossier)),
        via=f"{_ways(group)}（{subject}）",
        confirmed=_confirmed(group, dossier),
    )


def _person(notice: Notice, dossier: Dossier) -> str:
    role = dossier.roles.get(notice.recipient_id)
    return f"{role.label if role else ''} {notice.recipient.name}".strip()


def _ways(group: list[Notice]) -> str:
    kinds = {d.channel for n in group for d in n.deliveries.all()}
    return "、".join(str(c.label) for c in Delivery.Channel if c in kinds)


def _confirmed(group: list[Notice], dossier: Dossier) -> str:
    rows = [d for n in group for d in n.deliveries.all()]
    times = sorted(
        d.acknowledged_at for d in rows if d.acknowledged_at and d.acknowledged_at <= dossier.until
    )
    if len(group) > 1:
        return _("%(n)d 人中 %(done)d 人已确认") % {"n": len(group), "done": len(times)}
    if times:
        return _("已确认 %(when)s") % {"when": short(times[0], year_of(dossier))}
    merged = any(d.state == Delivery.State.MERGED for d in rows)
    return _("已合并") if merged else _("未确认")


def photos(dossier: Dossier) -> tuple[tuple[Photo, ...], dict[str, bytes], tuple[str, ...]]:
    """The pictures that stand, their print copies by asset name, and remarks on struck-out ones."""
    rows: list[Photo] = []
    files: dict[str, bytes] = {}
    remarks: list[str] = []
    for picture in dossier.photos:
        if picture.removed_at is not None and picture.removed_at <= dossier.until:
            who = picture.removed_by.name if picture.removed_by else ""
            when = short(picture.removed_at, year_of(dossier))
            remarks.append(
                _("照片已撤下（%(who)s %(when)s：%(why)s）")
                % {"who": who, "when": when, "why": clause(picture.removed_reason)}
            )
            continue
        name = f"pd:photo-{len(rows) + 1}"
        taken = f"{picture.uploaded_by.name} {short(picture.uploaded_at, year_of(dossier))}"
        rows.append(Photo(name, f"{picture.caption or _('现场')}（{taken}）", picture.sha256))
        files[name] = rendering.picture(picture)
    return tuple(rows), files, tuple(remarks)


def satisfaction(dossier: Dossier) -> tuple[Tick, ...]:
    """The choices with the guest's answer ticked."""
    answer = dossier.last.satisfaction
    chosen = str(Complaint.Satisfaction(answer).label) if answer else None
    return ticks(satisfaction_labels(dossier.complaint), chosen)


def severity(value: str) -> str:
    """The word for a stored severity; "" for none."""
    return str(Severity(value).label) if value else ""


def sign_boxes(rows: Sequence[ReportBox]) -> tuple[tuple[SignBox, ...], dict[str, bytes]]:
    """The boxes of one round in order, and the drawn signatures by asset name."""
    boxes: list[SignBox] = []
    files: dict[str, bytes] = {}
    for row in rows:
        box, drawing = _sign_box(row)
        boxes.append(box)
        if box.signature and drawing is not None:
            files[box.signature] = drawing
    return tuple(boxes), files


def _sign_box(row: ReportBox) -> tuple[SignBox, bytes | None]:
    title = row.title
    if row.department is not None:
        title += f"（{row.department.name}）"
    title += REMARKS.get(Role(row.role), "")
    signed = row.decision == ReportBox.Decision.APPROVED and row.signature is not None
    opinion = row.opinion
    if row.decision == ReportBox.Decision.SENT_BACK:
        opinion = _("退回修改：%(why)s") % {"why": row.opinion}
    elif signed and not opinion and row.position > 1:
        opinion = _("同意")
    box = SignBox(
        role=title,
        name=row.signer.name if row.signer else None,
        date=_day(row),
        signature=f"pd:sign-{row.position}" if signed else None,
        signature_sha256=row.signature.sha256 if row.signature and signed else None,
        opinion=opinion,
        merged="／" in row.title,
        deputy_note=_deputy(row),
    )
    return box, bytes(row.signature.image) if row.signature and signed else None


def _day(row: ReportBox) -> str | None:
    if row.decided_at is None:
        return None
    here = local(row.decided_at)
    return f"{here.year}年{here.month}月{here.day}日"


def _deputy(row: ReportBox) -> str | None:
    if row.on_behalf_of is None or row.signer is None:
        return None
    return _("代签：%(who)s代%(whom)s") % {"who": row.signer.name, "whom": row.on_behalf_of.name}
