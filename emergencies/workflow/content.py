"""Which playbook a property runs: the bundled one, with steps switched off, or its own (decision 18)."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from emergencies import playbooks
from emergencies.models import PlaybookVersion
from emergencies.permissions import ACTIONS
from emergencies.playbooks.schema import Playbook
from propdesk.core import audit, duty
from propdesk.core.models import Property, User
from propdesk.core.notices import Message, put
from propdesk.core.roles import Role, ensure
from propdesk.core.transitions import RefusedInput, require


def in_force(prop: Property, code: str) -> PlaybookVersion:
    """The version new events of ``prop`` run by; the bundled one is stored when first used.

    A newer release of the bundled playbook replaces a stored bundled one; a version the property
    changed itself stays until the property changes it again (``is_behind`` tells the manager).
    """
    bundled = playbooks.PLAYBOOKS[code]
    row = _current(prop, code)
    if row is not None and (
        row.source != PlaybookVersion.Source.BUNDLED or row.sha256 == playbooks.sha256(bundled)
    ):
        return row
    return _store_bundled(prop, code)


def _runs_by(row: PlaybookVersion | None, code: str) -> str:
    """Digest of what the next event runs by: the same with a stored bundled row and with none."""
    if row is None or row.source == PlaybookVersion.Source.BUNDLED:
        return playbooks.sha256(playbooks.PLAYBOOKS[code])
    return row.sha256


def _current(prop: Property, code: str) -> PlaybookVersion | None:
    return PlaybookVersion.objects.filter(property=prop, code=code, superseded_at=None).first()


@transaction.atomic
def _store_bundled(prop: Property, code: str) -> PlaybookVersion:
    bundled = playbooks.PLAYBOOKS[code]
    # Two first events of a kind at once: the second waits here and finds the row of the first.
    Property.objects.select_for_update(no_key=True, of=("self",)).get(pk=prop.pk)
    row = _current(prop, code)
    digest = playbooks.sha256(bundled)
    if row is not None:
        if row.source != PlaybookVersion.Source.BUNDLED or row.sha256 == digest:
            return row
        row.superseded_at = timezone.now()
        row.save(update_fields=["superseded_at"])
    last = PlaybookVersion.objects.filter(property=prop, code=code).order_by("-number").first()
    return PlaybookVersion.objects.create(
        property=prop,
        code=code,
        number=last.number + 1 if last else 1,
        source=PlaybookVersion.Source.BUNDLED,
        content=playbooks.dump(bundled),
        sha256=digest,
        base_sha256=digest,
        at=timezone.now(),
    )


def is_behind(row: PlaybookVersion) -> bool:
    """Whether the bundled playbook has changed since the property made this version from it."""
    return row.base_sha256 != playbooks.sha256(playbooks.PLAYBOOKS[row.code])


@transaction.atomic
def switch_steps(
    prop: Property, code: str, off: Sequence[str], *, by: User, reason: str
) -> PlaybookVersion:
    """停用个别步骤: practice steps only, of the bundled playbook (decision 18).

    Events that run keep their version. RefusedInput for a step of the SOP or the law, and for one a
    closing rule names.
    """
    book = _base(prop, code, by, reason)
    wanted = sorted(set(off))
    wrong = [s for s in wanted if s not in book.steps or not playbooks.can_switch_off(book, s)]
    if wrong:
        text = _("这些步骤不能停用：%(steps)s。程序和法规要求的步骤一直保留。")
        raise RefusedInput(off=text % {"steps": "、".join(wrong)})
    source = PlaybookVersion.Source.SWITCHED if wanted else PlaybookVersion.Source.BUNDLED
    return _new_version(
        prop, playbooks.without(book, wanted), source, by=by, reason=reason, off=wanted
    )


@transaction.atomic
def put_override(prop: Property, code: str, text: str, *, by: User, reason: str) -> PlaybookVersion:
    """启用本处预案: the property's own procedure as YAML, by the same models (E-8, ambiguity 30).

    RefusedInput lists line and field of every fault, also of each step or rule it may not drop.
    """
    book = _base(prop, code, by, reason)
    try:
        own = playbooks.override(text, book)
    except playbooks.ContentError as error:
        faults = "；".join(
            _("第%(line)d行 %(field)s：%(text)s")
            % {"line": f.line, "field": f.field, "text": f.message}
            for f in error.faults[:20]
        )
        raise RefusedInput(text=faults) from error
    source = PlaybookVersion.Source.OVERRIDE
    return _new_version(prop, own, source, by=by, reason=reason, text=text)


@transaction.atomic
def back_to_bundled(prop: Property, code: str, *, by: User, reason: str) -> PlaybookVersion:
    """恢复随系统的预案: for events that start from now on."""
    book = _base(prop, code, by, reason)
    return _new_version(prop, book, PlaybookVersion.Source.BUNDLED, by=by, reason=reason)


def _base(prop: Property, code: str, by: User, reason: str) -> Playbook:
    """Who (403) and why (422); then the house is locked: one change of a playbook at a time."""
    ensure(by, "change_playbook", ACTIONS, prop=prop)
    if not reason.strip():
        raise RefusedInput(reason=_("请写明为什么修改预案。"))
    Property.objects.select_for_update(no_key=True, of=("self",)).get(pk=prop.pk)
    return playbooks.PLAYBOOKS[code]


def _new_version(
    prop: Property,
    book: Playbook,
    source: str,
    *,
    by: User,
    reason: str,
    text: str = "",
    off: Sequence[str] = (),
) -> PlaybookVersion:
    digest = playbooks.sha256(book)
    now = timezone.now()
    current = _current(prop, book.code)
    require(_runs_by(current, book.code) != digest, _("内容和现在用的一样，没有变化。"))
    if current is not None:
        current.superseded_at = now
        audit.save(current, "superseded_at", by=by, reason=reason)
    last = PlaybookVersion.objects.filter(property=prop, code=book.code).order_by("-number").first()
    row = PlaybookVersion(
        property=prop,
        code=book.code,
        number=last.number + 1 if last else 1,
        source=source,
        content=playbooks.dump(book),
        sha256=digest,
        base_sha256=playbooks.sha256(playbooks.PLAYBOOKS[book.code]),
        text=text,
        off=list(off),
        reason=reason.strip()[:200],
        by=by,
        at=now,
    )
    audit.save(row, by=by, reason=reason)
    managers = duty.holders(prop, Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER)
    told = f"【{_('预案已修改')}】{row.get_code_display()} · {row.get_source_display()}"
    key = f"playbook:{row.pk}"
    put([Message(prop, "emergencies.playbook", told, key, tuple(u for u in managers if u != by))])
    return row
