"""allauth's forms in the words of this house: 工号, what to do next, no placeholder that says the label."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account import forms as account
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from django import forms
from django.utils.translation import gettext_lazy as _

from propdesk.core import log_ins
from propdesk.core.layouts import say_what_to_do
from propdesk.core.text import CleanCharField

LABELS = {
    "login": _("工号"),
    "password": _("密码"),
    "oldpassword": _("现在的密码"),
    "password1": _("新密码"),
    "password2": _("再输一遍新密码"),
    "code": _("口令或备用码"),
    "name": _("名称"),
}


class _InOurWords(forms.Form):
    """Labels, sentences and placeholders; the fields stay allauth's own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = LABELS.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)
        say_what_to_do(self)


class LoginForm(_InOurWords, account.LoginForm):  # type: ignore[misc]
    pass


class ReauthenticateForm(_InOurWords, account.ReauthenticateForm):  # type: ignore[misc]
    pass


class ChangePasswordForm(_InOurWords, account.ChangePasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = _(
            "至少10个字；不能与姓名、工号相近，不能全是数字，不要用常见密码。"
        )

    def add_error(self, field: str | None, error: Any) -> None:
        """Say what to do where allauth only says that both must be the same."""
        if field == "password2" and not isinstance(error, forms.ValidationError):
            error = _("两次输入的新密码不一样，请重新输一遍。")
        super().add_error(field, error)


class _Code(forms.Form):
    def clean_code(self) -> str:
        """Write down who guessed too often: allauth only says so."""
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except forms.ValidationError as error:
            if error.code == "too_many_login_attempts":
                user = self.user  # type: ignore[attr-defined]
                how = Authenticator.Type.TOTP
                log_ins.refused(context.request, log_ins.What.LOCKED, user.username, how)
            raise
        return code


class AuthenticateForm(_Code, _InOurWords, mfa.AuthenticateForm):  # type: ignore[misc]
    pass


class ReauthenticateCodeForm(_Code, _InOurWords, mfa.ReauthenticateForm):  # type: ignore[misc]
    pass


class ActivateTotpForm(_InOurWords, totp.ActivateTOTPForm):  # type: ignore[misc]
    pass


@contextmanager
def _refused() -> Iterator[None]:
    """What a browser did not send, or what was signed by another key, is a wrong code and no error."""
    try:
        yield
    except (
        AttributeError,
        IndexError,
        KeyError,
        TypeError,
        ValueError,
        struct.error,
        InvalidSignature,
        UnsupportedAlgorithm,
    ) as error:
        raise get_adapter().validation_error("incorrect_code") from error


class _Passkey(forms.Form):
    def clean_credential(self) -> Authenticator:
        try:
            with _refused():
                found: Authenticator = super().clean_credential()  # type: ignore[misc]
        except forms.ValidationError:
            log_ins.wrong_passkey(getattr(self, "user", None))
            raise
        return found


class LoginPasskeyForm(_Passkey, webauthn.LoginWebAuthnForm):  # type: ignore[misc]
    pass


class AuthenticatePasskeyForm(_Passkey, webauthn.AuthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class ReauthenticatePasskeyForm(_Passkey, webauthn.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class AddPasskeyForm(_InOurWords, webauthn.AddWebAuthnForm):  # type: ignore[misc]
    """Always a passkey: kept by the device and opened by its PIN, finger or face."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["passwordless"]
        self.fields["name"] = CleanCharField(label=LABELS["name"], max_length=60, required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse one that did not ask its owner, also when the browser left that out."""
        self.cleaned_data["passwordless"] = True
        with _refused():
            return super().clean() or {}


class EditPasskeyForm(_InOurWords, webauthn.EditWebAuthnForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"] = CleanCharField(label=LABELS["name"], max_length=60)
