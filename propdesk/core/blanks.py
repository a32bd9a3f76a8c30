"""停电包 and its blank forms: made, taken, and each number entered or voided afterwards (F11).

Nothing here needs the broker: a pack is rows and a ``RenderJob``; the command prints it in its own
process. What the pack shows is gathered by the desk, which knows all registers.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import audit, rendering
from propdesk.core.models import (
    AuditEntry,
    BlankForm,
    Case,
    Document,
    OutagePack,
    Property,
    RenderJob,
    User,
)
from propdesk.core.numbering import next_number, next_numbers
from propdesk.core.permissions import ACTIONS
from propdesk.core.roles import ensure
from propdesk.core.transitions import RefusedInput, lock, require

log = logging.getLogger(__name__)
KIND = "outage_pack"
PACK, BLANK = "TD", "KB"
ENTERED, UNLINKED = "blank_entered", "blank_unlinked"
"""Entries of a case: it was written on a blank form first; it was not after all."""
F = BlankForm.Form
FORMS = ((F.COMPLAINT, 4), (F.FOUND, 4), (F.LOST, 2), (F.CLAIM, 2), (F.EVENT, 4))
"""How many of each form lie in a pack: one bad night; more are printed with the next pack."""
KINDS = {
    F.COMPLAINT: Case.Kind.COMPLAINT,
    F.FOUND: Case.Kind.FOUND,
    F.LOST: Case.Kind.LOST,
    F.CLAIM: Case.Kind.FOUND,
    F.EVENT: Case.Kind.EVENT,
}
"""Under which kind of case each form is entered."""
NIGHT_HOUR = 3
"""Local hour from which the night's pack is due."""


@transaction.atomic
def make(prop: Property, *, by: User | None, now: datetime | None = None) -> OutagePack:
    """The pack nobody took yet, with today's content; a new one with new numbers when all are taken.

    So numbers are only used up by paper. PermissionDenied (403) unless the table lets ``by``;
    ``by=None`` is the night sweep or the command.
    """
    if by is not None:
        ensure(by, "make_pack", ACTIONS, prop=prop)
    prop, now = lock(prop), now or timezone.now()
    # Locked: who takes it meanwhile leaves no pack to be made again, and a new one is begun.
    ready = OutagePack.objects.filter(property=prop, taken_at=None)
    pack = ready.select_for_update(no_key=True, of=("self",)).first()
    reason = _("制作停电包")
    if pack is None:
        number = next_number(prop, PACK, now)
        pack = OutagePack(property=prop, number=number, made_at=now, made_by=by)
        audit.save(pack, by=by, reason=reason)
        _add_blanks(pack, by, now)
    elif pack.job is not None and pack.job.state == RenderJob.State.PENDING:
        return pack
    pack.document = finished(pack)
    pack.job = rendering.request_list(prop, KIND, {"pack": pack.pk}, by=by)
    pack.made_at, pack.made_by = now, by
    audit.save(pack, "job", "document", "made_at", "made_by", by=by, reason=reason)
    return pack


def _add_blanks(pack: OutagePack, by: User | None, now: datetime) -> None:
    wanted = [form for form, count in FORMS for _n in range(count)]
    serials = next_numbers(pack.property, BLANK, now, len(wanted))
    for serial, form in zip(serials, wanted, strict=True):
        row = BlankForm(property=pack.property, pack=pack, serial=serial, form=form)
        audit.save(row, by=by, reason=_("随停电包编号"))


def finished(pack: OutagePack) -> Document | None:
    """The newest PDF of the pack that came out well."""
    done = pack.job is not None and pack.job.document_id is not None
    return pack.job.document if done and pack.job else pack.document


@transaction.atomic
def take(pack: OutagePack, *, by: User | None) -> OutagePack:
    """Somebody opens the PDF: from now on its numbers are out in the house. Again: nothing changes.

    Raises PermissionDenied (403), and ConflictError (409) while it is not printed yet.
    """
    if by is not None:
        ensure(by, "read_pack", ACTIONS, prop=pack.property)
    pack = lock(pack)
    document = finished(pack)
    require(document is not None, _("停电包还没有做好，请稍等。"))
    if pack.taken_at is None:
        pack.document, pack.taken_at, pack.taken_by = document, timezone.now(), by
        fields = ("document", "taken_at", "taken_by")
        audit.save(pack, *fields, by=by, reason=_("取用停电包"))
    return pack


@transaction.atomic
def enter(
    blank: BlankForm, case: Case | None, *, by: User, reason: str = "", seen: str | None = None
) -> BlankForm:
    """补录: the sheet now stands in the register as ``case``, whose own history says so.

    ``case`` is what ``by`` may see under the number he typed; None: nothing. Putting right what was
    settled before needs a reason. ``seen`` is the ``state_of`` it was shown in. Raises
    PermissionDenied (403), RefusedInput (422) for no case of this house, one of another kind, one that
    was over before the sheet existed, and one that has its sheet already (all but a thing two people
    claim), ConflictError (409) while the pack lies unopened, or when a colleague settled it meanwhile.
    """
    blank = _begin(blank, by, reason, seen)
    if case is None or case.property_id != blank.property_id:
        raise RefusedInput(number=_("没有这个编号，请核对后再填。"))
    kind = KINDS[F(blank.form)]
    if case.kind != kind:
        said = _("%(form)s要补录成“%(kind)s”，这个编号不是。")
        words = {"form": blank.get_form_display(), "kind": Case.Kind(kind).label}
        raise RefusedInput(number=said % words)
    held = _hold({case.pk, blank.case_id or case.pk})
    before, case = held.get(blank.case_id or 0), held[case.pk]
    _may_stand_for(blank, case)
    if before is not None and before.pk != case.pk:
        _unlink(blank, before, by, reason)
    _settle(blank, by, reason or _("补录"), case=case, void_reason="")
    info = {"serial": blank.serial}
    audit.record(case, blank, by=by, action=ENTERED, reason=reason, info=info)
    return blank


def _may_stand_for(blank: BlankForm, case: Case) -> None:
    """The case is locked: no other sheet is entered under it meanwhile."""
    taken_at = blank.pack.taken_at
    if case.closed_at is not None and taken_at is not None and case.closed_at < taken_at:
        raise RefusedInput(number=_("这一件在取用停电包以前就办完了，请核对编号。"))
    twin = case.blank_forms.filter(form=blank.form).exclude(pk=blank.pk).first()
    if twin is not None and blank.form != F.CLAIM:
        said = _(
            "这个编号已由%(serial)s补录。同一件又写了一张的，请作废这一张，原因写“并入%(serial)s”。"
        )
        raise RefusedInput(number=said % {"serial": twin.serial})


@transaction.atomic
def void(
    blanks: Sequence[BlankForm], reason: str, *, by: User, seen: str | None = None
) -> list[BlankForm]:
    """Take these numbers out of use: lost, spoilt, or never filled in. Needs a reason (422).

    ``seen`` as in ``enter``, for each of them; PermissionDenied (403) and ConflictError (409) too.
    """
    if not reason.strip():
        raise RefusedInput(reason=_("请写明作废原因，例如“没有用到，已销毁”。"))
    rows = [_begin(blank, by, reason, seen) for blank in sorted(blanks, key=lambda each: each.pk)]
    held = _hold({row.case_id for row in rows if row.case_id})
    for row in rows:
        if row.case_id is not None:
            _unlink(row, held[row.case_id], by, reason)
        _settle(row, by, reason, case=None, void_reason=reason.strip())
    return rows


def _hold(keys: set[int]) -> dict[int, Case]:
    """The cases under lock, in one order for everybody: sheets change places from both sides."""
    rows = Case.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=keys)
    return {case.pk: case for case in rows.order_by("pk")}


def _unlink(blank: BlankForm, case: Case, by: User, reason: str) -> None:
    """The case the sheet was wrongly entered under, held by the caller, says that it is not its any more."""
    info = {"serial": blank.serial}
    audit.record(case, by=by, action=UNLINKED, reason=reason, info=info)


def state_of(blank: BlankForm) -> str:
    """A mark of how it was settled last, to see that a form is stale; "" while it is out."""
    return blank.settled_at.isoformat() if blank.settled_at else ""


def _begin(blank: BlankForm, by: User, reason: str, seen: str | None) -> BlankForm:
    ensure(by, "settle_blank", ACTIONS, prop=blank.property)
    blank = (
        BlankForm.objects.select_for_update(no_key=True, of=("self",))
        .select_related("pack", "case")
        .get(pk=blank.pk)
    )
    require(blank.pack.taken_at is not None, _("这一份还没有取用，编号还没有发出。"))
    stale = seen is not None and seen != state_of(blank)
    require(not stale, _("%(serial)s 刚由同事办过，请看最新情况。") % {"serial": blank.serial})
    if blank.settled_at is not None and not reason.strip():
        raise RefusedInput(reason=_("这个编号已经销号，更改要写明原因。"))
    return blank


def _settle(
    blank: BlankForm, by: User, reason: str, *, case: Case | None, void_reason: str
) -> None:
    blank.case, blank.void_reason = case, void_reason
    blank.settled_at, blank.settled_by = timezone.now(), by
    fields = ("case", "void_reason", "settled_at", "settled_by")
    audit.save(blank, *fields, by=by, reason=reason)


def make_nightly(now: datetime) -> int:
    """Sweep: a fresh pack for each house once a night; one statement when nothing is due."""
    local = timezone.localtime(now)
    since = local.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    if since > local:
        since -= timedelta(days=1)
    # A pack taken since then was fresh; a house without its first answers has nothing to print.
    fresh = OutagePack.objects.filter(property=OuterRef("pk"), made_at__gte=since)
    due = Property.objects.filter(~Exists(fresh), settings__first_run_done_at__isnull=False)
    houses = list(due.order_by("pk"))
    return sum(_made(prop, now) for prop in houses)


def _made(prop: Property, now: datetime) -> bool:
    """One house that cannot be made for stops no other; it is tried again with the next tick."""
    try:
        make(prop, by=None, now=now)
    except Exception:
        log.exception("outage pack of property %s", prop.pk)
        return False
    return True


def attached(entries: Iterable[AuditEntry]) -> tuple[str, ...]:
    """Lines for the list of attachments: the sheets a case was entered from, by its own entries."""
    found: dict[str, AuditEntry] = {}
    for entry in sorted(entries, key=lambda each: each.seq):
        serial = (entry.content or {}).get("info", {}).get("serial", "")
        if entry.action == ENTERED:
            found[serial] = entry
        elif entry.action == UNLINKED:
            found.pop(serial, None)
    said = _("空白表 %(serial)s（手写，%(when)s 补录）")
    return tuple(
        said % {"serial": serial, "when": f"{timezone.localtime(entry.at):%Y-%m-%d %H:%M}"}
        for serial, entry in found.items()
    )
