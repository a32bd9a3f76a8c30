"""How staff log in: by user name, no sign-up; accounts are made by the administrator."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from propdesk.core import audit
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

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count wrong passwords per name and address, so the owner elsewhere stays free."""
        key: str = super()._get_login_attempts_cache_key(request, **credentials)
        return f"{key}:{self.get_client_ip(request)}"


class StaffMfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """allauth's adapter for the second step, in our words."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _l("口令不对，请填验证器现在显示的六位数字。"),
    }
