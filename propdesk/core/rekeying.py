"""A new secret of the installation: what is encrypted with the one of before is encrypted anew.

Keyed hashes cannot be: what they were made of is nowhere. They stay known by the old secret, which is
kept for them (``vault.keys``).
"""

import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from propdesk import keyring
from propdesk.core import adapter, seals, vault
from propdesk.core.alone import alone
from propdesk.core.channels import sending
from propdesk.core.models import Robot, SealKey
from propdesk.core.retention.erasing import through_the_guards
from propdesk.core.transitions import require

LOCK = 7_201_002
"""Our own number among the advisory locks of the database."""


@contextmanager
def changing() -> Iterator[None]:
    """One change of the secret at a time; ConflictError for a second.

    Inside, ``settings`` say what the files say now: whoever waited may have started with the secret
    of before, and would take the new one for none of ours.
    """
    with alone(LOCK) as mine:
        require(mine, _("另一次更换密钥正在进行，请等它结束。"))
        settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS = vault.held()
        yield


def new_secret() -> None:
    """Put a new secret in place of that in the data directory, and keep the old one beside it.

    Inside ``changing``; ``settings`` follow.
    """
    older, secret = vault.held(), secrets.token_urlsafe(64)
    keyring.put(settings.HOME, secret, older)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = secret, older


@transaction.atomic
def encrypt_anew() -> tuple[int, list[str]]:
    """Encrypt with the secret of now whatever it does not open; how many, and what nothing opens.

    Under the locks of the rows, in one transaction; done again it finds nothing to do. As the owner: a
    guard holds the key of a seal that is in force.
    """
    with through_the_guards():
        found = [
            *_columns(
                SealKey.objects.exclude(private=b""),
                "private",
                seals.PURPOSE,
                lambda row: f"{row.property_id} {row.kind}",
            ),
            *_columns(
                Robot.objects.all(), "secret", sending.PURPOSE, lambda row: str(row.property_id)
            ),
            *_second_steps(),
        ]
    return sum(done for _label, done in found), [label for label, done in found if not done]


def _columns(
    rows: "QuerySet[Any]", column: str, purpose: str, bound: Callable[[Any], str]
) -> Iterator[tuple[str, bool]]:
    """What waits in one column of these rows, each bound to what ``bound`` says of it."""
    for row in rows.select_for_update(no_key=True).order_by("pk"):
        stored = bytes(getattr(row, column))
        if not vault.is_current(stored, purpose, bound(row)):
            plain = vault.opened(stored, purpose, bound(row))
            if plain is not None:
                anew = vault.closed(plain, purpose, bound(row))
                type(row)._default_manager.filter(pk=row.pk).update(**{column: anew})  # noqa: SLF001 -- Django's own name
            yield f"{row._meta.label} {row.pk}", plain is not None  # noqa: SLF001 -- Django's model API


def _second_steps() -> Iterator[tuple[str, bool]]:
    """Seeds of authenticators and of recovery codes; a passkey holds nothing secret."""
    for row in Authenticator.objects.select_for_update(no_key=True).order_by("pk"):
        closed = {
            name: b64decode(value.removeprefix(adapter.CLOSED))
            for name, value in row.data.items()
            if isinstance(value, str) and value.startswith(adapter.CLOSED)
        }
        waiting = {
            name: vault.opened(stored, adapter.SECOND_STEP, "")
            for name, stored in closed.items()
            if not vault.is_current(stored, adapter.SECOND_STEP, "")
        }
        anew = {
            name: adapter.CLOSED + b64encode(vault.closed(plain, adapter.SECOND_STEP, "")).decode()
            for name, plain in waiting.items()
            if plain is not None
        }
        if anew:
            Authenticator.objects.filter(pk=row.pk).update(data=row.data | anew)
        if waiting:
            yield f"mfa.Authenticator {row.pk}", len(anew) == len(waiting)
