"""What was typed survives an error, a lost connection and an expired log-in (decision 5)."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, connection
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from propdesk.core.models import Case, Draft, FormToken, Membership, Property, User

KEEP = timedelta(hours=24)
MAX_CHARS = 60_000


class DoubleSubmitError(Exception):
    """This very form was already submitted."""


NEVER = frozenset({"csrfmiddlewaretoken", "form_token", "id_number"})


def _is_secret(key: str) -> bool:
    """Whether a field leaves no trace: tokens, numbers of identity papers, anybody's password."""
    return key in NEVER or "password" in key


def keep(owner: User, form: str, data: Mapping[str, Any]) -> None:
    """Store the fields of ``form``, replacing the last draft; oversized input is cut off."""
    clean: dict[str, list[str]] = {}
    left = MAX_CHARS
    for key, values in data.items():
        if _is_secret(key) or "signature" in key:
            continue
        texts = clean.setdefault(key.replace("\x00", "")[:60], [])
        for value in values:
            texts.append(str(value).replace("\x00", "")[:left])
            left -= len(texts[-1])
    Draft.objects.update_or_create(
        owner=owner, form=form[:120], defaults={"data": clean, "updated_at": timezone.now()}
    )


def recall(owner: User, form: str) -> Draft | None:
    """The draft of the last 24 hours, if any."""
    return of(owner, form).filter(form=form[:120]).first()


def of(owner: User, prefix: str) -> "QuerySet[Draft]":
    """The drafts of the last 24 hours whose form begins with ``prefix``."""
    return Draft.objects.filter(
        owner=owner, form__startswith=prefix[:120], updated_at__gt=timezone.now() - KEEP
    )


def first_values(data: Mapping[str, list[str]]) -> dict[str, str]:
    """What a draft holds, as initial values of a form."""
    return {name: values[0] for name, values in data.items() if values}


def forget(owner: User, form: str) -> None:
    """Drop the draft of a form that was submitted."""
    Draft.objects.filter(owner=owner, form=form[:120]).delete()


def forget_cases(prop: Property, cases: Iterable[Case]) -> int:
    """Drop what people of the house began to write about its cases; returns how many drafts."""
    about = reduce(or_, (Q(form__startswith=f"{case.number}:") for case in cases), Q(pk__in=()))
    staff = Membership.objects.filter(property=prop).values("user")
    return Draft.objects.filter(about, owner__in=staff).delete()[0]


def purge(now: datetime) -> int:
    """Delete drafts and form tokens of over 24 hours and ended sessions; returns how many rows."""
    drafts, _d = Draft.objects.filter(updated_at__lte=now - KEEP).delete()
    tokens, _t = FormToken.objects.filter(created_at__lte=now - KEEP).delete()
    sessions, _s = Session.objects.filter(expire_date__lt=now).delete()
    return drafts + tokens + sessions


def new_token() -> str:
    """A fresh one-time token for a form that creates something."""
    return secrets.token_urlsafe(24)


def token_url(owner: User, token: str) -> str | None:
    """Where an earlier submit of this very form led to."""
    row = FormToken.objects.filter(owner=owner, token=token[:64]).first()
    return row.url if row else None


def once(name: str, fields: QueryDict, files: "MultiValueDict[str, UploadedFile[Any]]") -> str:
    """What makes this very submit of the form ``name`` known again; "" without a token.

    The same page sent twice is the same submit; with other words in it (Back, changed, sent) or
    from another form of the page it is not.
    """
    token = fields.get("form_token", "").replace("\x00", "")[:40]
    if not token:
        return ""
    said = [(key, values) for key, values in sorted(fields.lists()) if not _is_secret(key)]
    sent = [(key, f.name, f.size) for key, found in sorted(files.lists()) for f in found]
    body = hashlib.sha256(repr((name, said, sent)).encode("utf-8", "replace")).hexdigest()
    return f"{token}.{body[:20]}"


_USE = f"""
WITH gone AS (DELETE FROM {Draft._meta.db_table} WHERE owner_id = %s AND form = %s)
INSERT INTO {FormToken._meta.db_table} (owner_id, token, url, created_at) VALUES (%s, %s, %s, %s)
"""  # noqa: S608, SLF001 -- the only interpolated text is our own table names


def use_token(owner: User, token: str, url: str, *, form: str) -> None:
    """Inside a transaction that may happen once: a twin of the same form is a DoubleSubmitError.

    The draft of ``form`` goes in the same statement. Called first, a twin waits for it and writes
    nothing; called last, the twin rolls back whole, its number included. The caller then answers
    with ``token_url``.
    """
    token = token.replace("\x00", "")
    if not token:
        forget(owner, form)
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute(_USE, [owner.pk, form[:120], owner.pk, token[:64], url, timezone.now()])
    except IntegrityError as error:
        raise DoubleSubmitError from error
