"""The drawn signature a member of staff keeps; used only together with the password."""

import hashlib
import logging
from dataclasses import dataclass, field

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import audit, images
from propdesk.core.models import StaffSignature, User
from propdesk.core.transitions import RefusedInput

log = logging.getLogger(__name__)

MAX_WRONG = 5
WRONG_FOR_SECONDS = 15 * 60


@dataclass(frozen=True, slots=True)
class Second:
    """The colleague who is there too and proves it with his password on this screen (decision 13)."""

    user: User
    password: str = field(default="", repr=False)


def current(user: User) -> StaffSignature | None:
    """The signature in use, if one was drawn."""
    return StaffSignature.objects.filter(user=user, ended_at=None).first()


@transaction.atomic
def keep(user: User, data: bytes | str) -> StaffSignature:
    """Replace the user's own signature; the old one stays with the papers it signed."""
    try:
        image = images.signature_png(data)
    except images.ImageRefused as refused:
        raise RefusedInput(signature=str(refused)) from refused
    now = timezone.now()
    old = (
        StaffSignature.objects.select_for_update(no_key=True)
        .filter(user=user, ended_at=None)
        .first()
    )
    if old is not None:
        old.ended_at = now
        audit.save(old, "ended_at", by=user, reason=_("更换签名"))
    row = StaffSignature(
        user=user, image=image, sha256=hashlib.sha256(image).hexdigest(), created_at=now
    )
    audit.save(row, by=user, reason=_("留存签名"))
    return row


def check_password(user: User, password: str, *, typed_by: User | None = None) -> None:
    """ValidationError for a wrong password and, after five in 15 minutes, for any.

    Counted for whoever is logged in where it is typed (``typed_by``; himself): what a colleague
    gets wrong on his screen keeps nobody from signing on another. Outside a transaction: the count
    lives in the database cache.
    """
    typist = typed_by or user
    key = f"sign-password-{user.pk}-{typist.pk}"
    if cache.get(f"{key}-locked"):
        raise ValidationError(_("密码连续输错，请15分钟后再试。"), code="locked")
    if not user.check_password(password):
        # One entry a try: no counter is lost between two at once, and each keeps its own time.
        tries = (f"{key}-{n}" for n in range(1, MAX_WRONG))
        if not any(cache.add(each, 1, WRONG_FOR_SECONDS) for each in tries):
            cache.set(f"{key}-locked", 1, WRONG_FOR_SECONDS)
            log.warning("signing locked user=%s typed_by=%s", user.pk, typist.pk)
        raise ValidationError(_("密码不对，请重新输入。"), code="wrong")


def present(user: User, password: str, *, name: str = "second_password") -> StaffSignature:
    """The signature of a second person who proves with his password that he is here (decision 13).

    RefusedInput at the field ``name``.
    """
    try:
        prove(user, password)
    except RefusedInput as refused:
        raise RefusedInput(**{name: refused.errors["password"]}) from refused
    return kept_beside(user, name=name)


def kept_beside(user: User, *, name: str) -> StaffSignature:
    """The signature in use of somebody on the screen of a colleague, where there is no pad.

    RefusedInput at the field ``name`` that says where he draws one.
    """
    signature = current(user)
    if signature is None:
        absent = _("%(name)s还没有留存签名：请他先用自己的账号在“我”里手写签名，或换一位。")
        raise RefusedInput(**{name: absent % {"name": user.name}})
    return signature


def confirmed(by: User, password: str) -> StaffSignature:
    """The signature, after the password proved that it is he; RefusedInput otherwise."""
    prove(by, password)
    return kept(by)


def prove(by: User, password: str) -> None:
    """RefusedInput for a wrong password; it takes long, so call it before rows are locked."""
    if not by.check_password(password):
        raise RefusedInput(password=_("密码不对，请重新输入。"))


def kept(by: User) -> StaffSignature:
    """The signature in use; RefusedInput where none was drawn."""
    signature = current(by)
    if signature is None:
        raise RefusedInput(signature=_("您还没有留存签名，请先在下方手写签名。"))
    return signature
