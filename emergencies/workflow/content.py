"""Which playbook a property runs: the bundled one, with steps switched off, or its own (decision 18)."""

from django.db import transaction
from django.utils import timezone

from emergencies import playbooks
from emergencies.models import PlaybookVersion
from propdesk.core.models import Property


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


def _current(prop: Property, code: str) -> PlaybookVersion | None:
    return PlaybookVersion.objects.filter(property=prop, code=code, superseded_at=None).first()


@transaction.atomic
def _store_bundled(prop: Property, code: str) -> PlaybookVersion:
    bundled = playbooks.PLAYBOOKS[code]
    # Two first events of a kind at once: the second waits here and finds the row of the first.
    Property.objects.select_for_update(of=("self",)).get(pk=prop.pk)
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
