"""Forms of the desk."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from propdesk.core import verifying
from propdesk.core.layouts import helper
from propdesk.core.models import User
from propdesk.core.report_forms import SignForm, check_password_of
from propdesk.core.signatures import Second
from propdesk.core.text import CleanCharField, CleanTextField
from propdesk.core.widgets import SignatureField

WRITTEN = ("subject", "was", "text", "reason")
"""Fields of an appendix that say what is put right."""
LARGEST_PAPER = 16 * 1024 * 1024


class CodeForm(forms.Form):
    """The verify code at the foot of a paper."""

    use_required_attribute = False
    code = forms.CharField(
        label=_("校验码"),
        max_length=40,
        help_text=_("文书页脚“校验”后面的 16 个字母和数字。"),
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "characters"}),
        error_messages={"required": _("请输入校验码，或者在下面选一个文件。")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(self, submit_label="")
        self.helper.disable_csrf = True

    def clean_code(self) -> str:
        """Letters and digits in groups, as papers print them."""
        code = verifying.grouped(self.cleaned_data["code"])
        if not code:
            raise forms.ValidationError(_t("校验码是 16 个字母和数字，请再看一遍页脚。"))
        return code


class PaperForm(forms.Form):
    """The file of a paper somebody holds."""

    use_required_attribute = False
    file = forms.FileField(
        label=_("文书的 PDF 文件"),
        help_text=_("只用来核对，不保存。最大 16 MB。"),
        widget=forms.FileInput({"accept": "application/pdf,.pdf"}),
        error_messages={
            "required": _("请选择文书的 PDF 文件。"),
            "empty": _("这个文件是空的，请重新选择。"),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(self, submit_label="")

    def clean_file(self) -> "UploadedFile[Any]":
        """The file, when it can be one of ours by size and first bytes."""
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST_PAPER:
            raise forms.ValidationError(_t("文件太大了：文书不会超过 16 MB。"))
        if not file.read(5).startswith(b"%PDF-"):
            raise forms.ValidationError(_t("这不是 PDF 文件，请选择文书的 PDF。"))
        file.seek(0)
        return file


class AppendixForm(SignForm):
    """更正附录 of a sealed paper, signed with the password."""

    subject = CleanCharField(
        label=_("更正哪一项"), max_length=60, help_text=_("例如：财物损失、发生时间。")
    )
    was = CleanTextField(
        label=_("原文书怎么写"), max_length=1000, required=False, widget=forms.Textarea({"rows": 2})
    )
    text = CleanTextField(label=_("更正为"), max_length=2000, widget=forms.Textarea({"rows": 3}))
    reason = CleanTextField(
        label=_("更正的原因和依据"),
        max_length=200,
        min_length=2,
        widget=forms.Textarea({"rows": 2}),
    )
    second = forms.ChoiceField(
        label=_("复核人"), help_text=_("另一位经理对照原文书看过，在这里输自己的密码。")
    )
    second_password = forms.CharField(
        label=_("复核人的登录密码"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    def __init__(
        self, *args: Any, back_url: str, readers: "Mapping[str, User]", **kwargs: Any
    ) -> None:
        super().__init__(*args, submit=_t("签名并封存附录"), **kwargs)
        self.readers = readers
        self.fields["second"].choices = [  # type: ignore[attr-defined]
            ("", _t("请选择")),
            *((key, user.name) for key, user in readers.items()),
        ]
        self.order_fields([*WRITTEN, "signature", "password", "second", "second_password"])
        self.helper = helper(self, submit_label=_t("签名并封存附录"), icon="pen", back_url=back_url)

    def clean(self) -> dict[str, Any]:
        """A wrong password of the second person is counted, as everywhere."""
        data = super().clean() or {}
        check_password_of(
            self, self.readers.get(data.get("second", "")), "second_password", by=self.user
        )
        return data

    def beside(self) -> Second:
        """Who read it over, with the password he typed."""
        data = self.cleaned_data
        return Second(self.readers[data["second"]], data["second_password"])


class SignatureForm(forms.Form):
    """Draw one's signature once, or upload a scan."""

    use_required_attribute = False
    signature = SignatureField(label=_("手写签名"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(self, submit_label=_t("留存签名"), icon="pen")
