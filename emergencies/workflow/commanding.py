"""Who commands, who may read, who is concerned, what else was seen: the people of an event."""

from collections.abc import Callable, Collection
from datetime import datetime

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from emergencies.models import Command, Event, Note, Party, Reader
from emergencies.workflow.base import (
    Rule,
    begin,
    finish,
    is_late_entry,
    may_read,
    neutral,
    now_and,
    permit,
    say,
)
from propdesk.core import audit, cases, persons, photos, search, signoff
from propdesk.core.models import Attachment, CaseLink, Person, Place, Unmasking, User
from propdesk.core.persons import Guest
from propdesk.core.roles import ALL_STAFF, MANAGERS, Role, standing
from propdesk.core.transitions import RefusedInput, happened, require

ALWAYS_READ = MANAGERS | {Role.SECURITY_MANAGER}
"""They answer for a restricted event; without 总物业经理 nothing could ever be released (E-6)."""
PROOFS: list[Callable[[Attachment], bool]] = []
"""Registers that say whether a photo is a proof of theirs and stays."""


@transaction.atomic
def hand_over(event: Event, to: User, *, by: User, reason: str = "") -> Command:
    """交出指挥: by whoever commands or the duty side, to a colleague, who is told at once.

    Of a restricted event to one of its readers: only a manager makes somebody a reader (decision 33).
    """
    event, stand = begin(event, "hand_over", by)
    require(to.pk != event.commander_id, _("此人已经在指挥。"))
    if not standing(to, event.case.property).roles & ALL_STAFF:
        raise RefusedInput(to=_("请选择本处在职的同事。"))
    if not (stand.roles & MANAGERS or may_read(event, to)):
        raise RefusedInput(to=_("此人还不能查看这件，请物业经理先加为可查看人，或由物业经理交接。"))
    return _command(event, to, by=by, reason=reason, action="hand_over")


@transaction.atomic
def take_command(event: Event, *, by: User, reason: str = "") -> Command:
    """接手指挥: somebody of the duty side steps in; who commanded so far is told."""
    event, _stand = begin(event, "take_command", by)
    check_take(event, by)
    return _command(event, by, by=by, reason=reason, action="take_command")


def check_take(event: Event, by: User) -> None:
    """ConflictError for who commands already."""
    require(by.pk != event.commander_id, _("您已经在指挥。"))


def _command(event: Event, to: User, *, by: User, reason: str, action: str) -> Command:
    now = timezone.now()
    before = event.commands.select_for_update(no_key=True).get(ended_at=None)
    before.ended_at = now
    audit.save(before, "ended_at", by=by, reason=reason or action)
    row = Command(event=event, seq=before.seq + 1, user=to, at=now, by=by, reason=reason[:200])
    audit.save(row, by=by, reason=reason or action)
    rows: list[models.Model] = [before, row]
    if event.case.restricted:
        rows += _let_read(event, to, _("接手指挥"), by, now)
    event.commander = to
    info = {"to": to.pk}
    finish(event, ["commander"], *rows, by=by, action=action, reason=reason, info=info)
    text = f"【{_('指挥已交接')}】{neutral(event)}"
    people = [to, before.user]
    say(event, rule=Rule.CALL, text=text, key=f"command:{row.seq}", also=people, by=by)
    return row


def _let_read(event: Event, user: User, reason: str, by: User, now: datetime) -> list[Reader]:
    """The new row first; who read until the event was in hand reads from now on for good."""
    known = event.readers.select_for_update(no_key=True).filter(user=user, ended_at=None).first()
    if known is not None and not known.is_brief:
        return []
    if known is not None:
        known.ended_at, known.ended_by = now, by
        audit.save(known, "ended_at", "ended_by", by=by, reason=reason)
    row = Reader(event=event, user=user, reason=reason[:200], by=by, at=now)
    audit.save(row, by=by, reason=reason)
    return [row, known] if known is not None else [row]


def check_readers(event: Event) -> None:
    """ConflictError for an event that everybody may read."""
    require(event.case.restricted, _("这件不是保密事项，不用指定可查看人。"))


@transaction.atomic
def name_reader(event: Event, user: User, *, by: User, reason: str) -> Reader:
    """增加可查看人: by name and with a reason, never by role (decision 33)."""
    event, _stand = begin(event, "name_reader", by)
    check_readers(event)
    if not reason.strip():
        raise RefusedInput(reason=_("请写明为什么需要让此人查看。"))
    if not standing(user, event.case.property).roles & ALL_STAFF:
        raise RefusedInput(user=_("请选择本处在职的同事。"))
    rows = _let_read(event, user, reason.strip(), by, timezone.now())
    require(rows, _("此人已经可以查看。"))
    finish(event, [], *rows, by=by, action="name_reader", reason=reason, info={"user": user.pk})
    text = f"【{_('请查看')}】{neutral(event)}"
    say(event, rule=Rule.CALL, text=text, key=f"reader:{rows[0].pk}", also=[user], by=by)
    return rows[0]


@transaction.atomic
def end_reader(event: Event, user: User, *, by: User, reason: str) -> Reader:
    """取消可查看人: not the commander, nor the managers and 保安部经理, who answer for it."""
    event, _stand = begin(event, "end_reader", by)
    row = event.readers.select_for_update(no_key=True).filter(user=user, ended_at=None).first()
    require(row is not None, _("此人现在不在可查看人里。"))
    assert row is not None  # noqa: S101 -- for the type checker; require() has refused
    check_end_reader(event, user, by)
    if not reason.strip():
        raise RefusedInput(reason=_("请写明取消的原因。"))
    row.ended_at, row.ended_by = timezone.now(), by
    audit.save(row, "ended_at", "ended_by", by=by, reason=reason)
    finish(event, [], row, by=by, action="end_reader", reason=reason, info={"user": user.pk})
    return row


def reader_stays(event: Event, reader: int, roles: Collection[str], by: User) -> str:
    """Why ``by`` cannot take this reader off the list; "" when he can."""
    if reader in (event.commander_id, by.pk):
        return _("指挥人和本人不能取消。")
    if not ALWAYS_READ.isdisjoint(roles):
        return _("总物业经理、物业经理和保安部经理一直可以查看，不能取消。")
    return ""


def check_end_reader(event: Event, reader: User, by: User) -> None:
    """ConflictError for who commands, for oneself, and for those who answer for the event."""
    roles = standing(reader, event.case.property).roles
    stays = reader_stays(event, reader.pk, roles, by)
    require(not stays, stays)


@transaction.atomic
def correct_place(
    event: Event, place: Place | None, place_note: str, *, by: User, reason: str
) -> Event:
    """更正地点 (E-1): whoever was called learns of it at once; what was sealed stays as it was.

    RefusedInput without a place or a reason; ConflictError where nothing would change.
    """
    event, _stand = begin(event, "correct_place", by)
    words = place_note.strip()[:80]
    foreign = place is not None and place.property_id != event.case.property_id
    if foreign or (place is None and not words):
        raise RefusedInput(place=_("请选择地点，或用几个字写明在哪里。"))
    if not reason.strip():
        raise RefusedInput(reason=_("请写明更正的原因。"))
    before = event.place_id
    changed = (before, event.place_note) != (place.pk if place else None, words)
    require(changed, _("地点没有变化。"))
    event.place, event.place_note = place, words
    info = {"from": before, "to": event.place_id}
    fields = ["place", "place_note"]
    finish(event, fields, by=by, action="correct_place", reason=reason, info=info)
    if not event.case.restricted:
        search.add(event.case, " ".join([place.label if place else "", words]).strip(), place=place)
    roles = [Role(role) for role in event.involved.values_list("role", flat=True)]
    text = f"【{_('地点已更正')}】{neutral(event)}"
    key = f"place:{event.case.version}"
    say(event, *roles, rule=Rule.CALL, text=text, key=key, also=[event.commander], by=by)
    return event


@transaction.atomic
def note(event: Event, text: str, *, by: User, occurred_at: datetime | None = None) -> Note:
    """补充记录: a line on the timeline, with when it was seen and when it was entered."""
    event, _stand = begin(event, "note", by)
    signoff.stands_still(event.case)
    now, at = now_and(occurred_at)
    happened("occurred_at", at, now)
    if not text.strip():
        raise RefusedInput(text=_("请写一句看到或听到了什么。"))
    row = Note(
        event=event,
        text=text.strip(),
        occurred_at=at,
        at=now,
        by=by,
        is_late_entry=is_late_entry(at, now),
    )
    audit.save(row, by=by, reason=_("补充记录"))
    finish(event, [], row, by=by, action="note", occurred_at=at)
    return row


@transaction.atomic
def attach(event: Event, pictures: list[bytes], *, by: User, caption: str = "") -> list[Attachment]:
    """添加照片: through the one upload gate; a restricted event's photos have its readers only."""
    ready = photos.prepare_all(pictures)
    if not ready:
        raise RefusedInput(photo=_("请拍照或选择照片。"))
    event, _stand = begin(event, "attach", by)
    signoff.stands_still(event.case)
    with photos.all_or_none() as rows:
        for photo in ready:
            rows.append(photos.store(event.case, photo, by=by, caption=caption))
        finish(event, [], *rows, by=by, action="attach", info={"count": len(rows)})
    return rows


@transaction.atomic
def remove_attachment(event: Event, attachment: Attachment, *, by: User, reason: str) -> Attachment:
    """撤下照片: struck out with a reason, never deleted; the proof of a mark stays."""
    event, _stand = begin(event, "remove_attachment", by)
    signoff.stands_still(event.case)
    require(attachment.case_id == event.pk, _("这张照片不属于这件。"))
    check_removable(event, attachment)
    row = photos.strike_out(attachment, by=by, reason=reason)
    finish(event, [], row, by=by, action="remove_attachment", reason=reason)
    return row


def check_removable(event: Event, attachment: Attachment) -> None:
    """ConflictError for a photo that proves a step or stands in a register."""
    used = event.marks.filter(superseded_at=None, photos__attachment=attachment)
    proves = used.exists() or any(fn(attachment) for fn in PROOFS)
    require(not proves, _("这张照片是某一步的凭据，不能撤下。"))


@transaction.atomic
def add_party(event: Event, part: str, who: Guest, *, by: User, note: str = "") -> Party:
    """登记有关人员: his data go into ``core.Person`` and nowhere else."""
    event, _stand = begin(event, "add_party", by)
    signoff.stands_still(event.case)
    if part not in Party.Part.values:
        raise RefusedInput(part=_("请选择此人的身份。"))
    if not who.name and not who.phone and who.room is None and not note:
        raise RefusedInput(name=_("请至少填写姓名、房号、电话或体貌特征中的一项。"))
    person = persons.create(event.case.property, who)
    row = Party(event=event, person=person, part=part, note=note[:200], by=by, at=timezone.now())
    audit.save(row, by=by, reason=_("登记有关人员"))
    finish(event, [], row, by=by, action="add_party", info={"part": part})
    return row


@transaction.atomic
def edit_party(event: Event, party: Party, who: Guest, *, by: User, reason: str) -> Person:
    """更正有关人员: logged beside the person, purged with him."""
    event, _stand = begin(event, "edit_party", by)
    signoff.stands_still(event.case)
    require(party.event_id == event.pk, _("此人不属于这件。"))
    if not reason.strip():
        raise RefusedInput(reason=_("请写明更正的原因。"))
    changed = persons.change(party.person, who, by=by, reason=reason)
    require(changed, _("资料没有变化。"))
    finish(event, [], by=by, action="edit_party", reason=reason, info={"fields": changed})
    return party.person


@transaction.atomic
def unmask(event: Event, person: Person, *, by: User, reason: str) -> Unmasking:
    """查看完整号码: with a purpose, for 60 seconds, on record."""
    event, _stand = begin(event, "unmask", by)
    concerned = (
        event.parties.filter(person=person).exists() or event.marks.filter(person=person).exists()
    )
    require(concerned, _("此人不属于这件。"))
    row = persons.unmask(person, "phone", by=by, reason=reason)
    finish(event, [], by=by, action="unmask", info={"field": "phone"})
    return row


@transaction.atomic
def link(event: Event, number: str, *, by: User, note: str = "") -> CaseLink:
    """关联: one outage, many complaints; never a copy (ambiguities 33 and 34).

    A restricted event is linked to nothing: its number in another file would give it away.
    """
    permit(event, "link", by)
    cases.lock_both(Event, event.case, number)
    event, _stand = begin(event, "link", by)
    check_link(event)
    return signoff.link(event.case, number, by=by, note=note)


def check_link(event: Event) -> None:
    """ConflictError for a restricted event: its number in another file would give it away."""
    require(not event.case.restricted, _("保密事项不和其他记录关联。"))
