"""Forms of the desk."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from propdesk.core.layouts import helper
from propdesk.core.widgets import SignatureField


class SignatureForm(forms.Form):
    """Draw one's signature once, or upload a scan."""

    use_required_attribute = False
    signature = SignatureField(label=_("手写签名"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(self, submit_label=_t("留存签名"), icon="pen")
