"""How staff log in: by user name, no sign-up; accounts are made by the administrator."""

import hashlib
import os
from base64 import b32encode, b64decode, b64encode
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from propdesk.core import audit, log_ins, vault
from propdesk.core.models import User


class StaffAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth's adapter with sign-up closed and log-in limits counted per name and address."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": _l("工号或密码不对，请重新输入；忘记密码请找物业经理重置。"),
        "enter_current_password": _l("现在的密码不对，请重新输入。"),
        "incorrect_password": _l("密码不对，请重新输入。"),
        "too_many_login_attempts": _l("连续输错，请15分钟后再试，或请物业经理重置密码。"),
        "account_inactive": _l("这个工号已停用，请找物业经理。"),
        "rate_limited": _l("操作太频繁，请过一分钟再试。"),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse sign-up: accounts are made by the administrator only."""
        return False

    def set_password(self, user: User, password: str) -> None:
        """Store a password chosen by its owner: the first one set for him has served."""
        user.set_password(password)
        user.must_change_password = False
        audit.save(user, "password", "must_change_password", by=user, reason=str(_("本人修改密码")))

    def clean_password(self, password: str, user: Any = None) -> str:
        """Refuse what the validators refuse, and a first password kept as it was given."""
        cleaned: str = super().clean_password(password, user=user)
        if user is not None and user.pk and user.check_password(cleaned):
            raise ValidationError(_("新密码不能与现在的密码相同。"), code="same")
        return cleaned

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Stop who guessed too often, and say so in the log of the door."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            log_ins.refused(request, log_ins.What.LOCKED, credentials.get("username") or "")
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """A wrong password, at the door or where it is asked again."""
        name = credentials.get("username") or ""
        log_ins.refused(request, log_ins.What.WRONG_PASSWORD, name, "password")

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """The right password of a closed account."""
        log_ins.note(log_ins.What.CLOSED, user, request, "password")
        response: HttpResponse = super().respond_user_inactive(request, user)
        return response

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count wrong passwords per name and address, so the owner elsewhere stays free.

        And per stored password: who was given a new one, as the refusal advises, may use it at once.
        """
        key: str = super()._get_login_attempts_cache_key(request, **credentials)
        name = credentials.get("username") or ""
        stored = User.objects.filter(username__iexact=name[:150]).values_list("password", flat=True)
        mark = hashlib.sha256((stored.first() or "").encode()).hexdigest()[:16]
        return f"{key}:{self.get_client_ip(request)}:{mark}"


SECOND_STEP = "second-step"
CLOSED = "1:"
"""What is encrypted begins with it; a secret of allauth's own has no colon."""


class StaffMfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """allauth's adapter for the second step: in our words, its secrets encrypted in the row."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _l(
            "没有通过：口令不对或已用过，请填验证器现在显示的六位数字；通行密钥请再试一次。"
        ),
        "cannot_delete_authenticator": _l("这一项现在不能停用。"),
        "cannot_generate_recovery_codes": _l("请先启用验证器或通行密钥，再生成备用码。"),
    }

    def encrypt(self, text: str) -> str:
        """The secret of an authenticator or of recovery codes, as it is stored."""
        return CLOSED + b64encode(vault.closed(text.encode(), SECOND_STEP, "")).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret; after a change of the installation's secret a random one, which fits no code."""
        if not encrypted_text.startswith(CLOSED):
            return encrypted_text
        stored = b64decode(encrypted_text.removeprefix(CLOSED))
        plain = vault.opened(stored, SECOND_STEP, "")
        # Never an empty one: from that, anybody could work out the codes.
        return (b32encode(os.urandom(20)) if plain is None else plain).decode()

    def generate_authenticator_name(self, user: User, type: str) -> str:  # noqa: A002 -- allauth's name
        """What a passkey is called that its owner gave no name."""
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return _("通行密钥%(number)d") % {"number": number}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """The site as the browser names it beside a passkey; a passkey belongs to its host name."""
        entity: dict[str, str] = super().get_public_key_credential_rp_entity()
        return entity | {"name": settings.SITE_NAME}

    def _get_user_identifier(self, user: User) -> str:
        """The number of staff, never the e-mail address: it is shown on a telephone."""
        return user.username
