"""Crispy form layouts in the markup of the interface.

A form sets ``self.helper = helper(self, submit_label=…)`` and a page writes its own ``<form>`` around
``{% crispy form %}`` (which brings the CSRF field). Field markup is in ``templates/pd_form/``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout, LayoutObject
from crispy_forms.utils import TEMPLATE_PACK
from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l


class _Box(LayoutObject):  # type: ignore[misc]
    """Fields inside one template of ours, which receives them as `fields`."""

    template = ""

    def __init__(self, *fields: Any) -> None:
        self.fields = list(fields)

    def values(self) -> dict[str, Any]:
        """Return what the template needs besides `fields`."""
        return {}

    def render(
        self, form: forms.BaseForm, context: Any, template_pack: str = TEMPLATE_PACK, **kwargs: Any
    ) -> SafeString:
        """Render the fields and put them into the template."""
        inner = self.get_rendered_fields(form, context, template_pack, **kwargs)
        return render_to_string(self.template, {"fields": inner, **self.values()})


class Row(_Box):
    """Fields side by side on a desk, one below the other on a phone (`keep`: always in a row)."""

    template = "pd_form/row.html"

    def __init__(self, *fields: Any, keep: bool = False, css: str = "") -> None:
        super().__init__(*fields)
        self.keep, self.css = keep, css

    def values(self) -> dict[str, Any]:
        """Return the layout on a phone and further classes."""
        return {"keep": self.keep, "css": self.css}


class Group(_Box):
    """Fields and rows inside one element with a class of its own."""

    template = "pd_form/group.html"

    def __init__(self, css: str, *fields: Any) -> None:
        super().__init__(*fields)
        self.css = css

    def values(self) -> dict[str, Any]:
        """Return the class."""
        return {"css": self.css}


class Section(_Box):
    """A titled group of fields."""

    template = "pd_form/section.html"

    def __init__(self, title: str, *fields: Any, hint: str = "") -> None:
        super().__init__(*fields)
        self.title, self.hint = title, hint

    def values(self) -> dict[str, Any]:
        """Return the heading."""
        return {"title": self.title, "hint": self.hint}


class Fold(Section):
    """A titled group that stays closed until someone opens it or one of its fields has an error."""

    template = "pd_form/fold.html"

    def render(
        self, form: forms.BaseForm, context: Any, template_pack: str = TEMPLATE_PACK, **kwargs: Any
    ) -> SafeString:
        """Render the group, open when it holds a wrong field."""
        names = {pointer.name for pointer in self.get_field_names()}
        inner = self.get_rendered_fields(form, context, template_pack, **kwargs)
        is_open = bool(names & set(form.errors))
        return render_to_string(self.template, {"fields": inner, "open": is_open, **self.values()})


class Picker(_Box):
    """The place picker of a form that is a ``PlacePicker``."""

    template = "partials/_place_picker.html"

    def __init__(self) -> None:
        super().__init__("place", "place_note")

    def render(
        self, form: forms.BaseForm, context: Any, template_pack: str = TEMPLATE_PACK, **kwargs: Any
    ) -> SafeString:
        """Render the picker, which draws both fields itself."""
        form.rendered_fields.update(self.fields)  # type: ignore[attr-defined]
        return render_to_string(self.template, {"form": form})


class Rows(_Box):
    """Repeated rows: without script all show; with it empty ones appear by the `label` button."""

    template = "pd_form/rows.html"

    def __init__(self, ident: str, label: str, *rows: Sequence[Any], show: int = 1) -> None:
        super().__init__(*[_Item(*row) for row in rows])
        self.ident, self.label, self.show = ident, label, show

    def values(self) -> dict[str, Any]:
        """Return the button."""
        return {"ident": self.ident, "label": self.label, "show": self.show}


class _Item(_Box):
    template = "pd_form/row_item.html"


class Actions(_Box):
    """The bar with the one primary button; a draft button and a way back when asked for.

    `address`: where the button sends the form when not to the form's own action.
    """

    template = "pd_form/actions.html"

    def __init__(
        self,
        label: str,
        *,
        icon: str = "check2-circle",
        danger: bool = False,
        draft: bool = False,
        back_url: str = "",
        hint: str = "",
        address: str = "",
    ) -> None:
        super().__init__()
        self._values = {
            "label": label,
            "icon": icon,
            "danger": danger,
            "draft": draft,
            "back_url": back_url,
            "hint": hint,
            "address": address,
        }

    def values(self) -> dict[str, Any]:
        """Return the buttons."""
        return self._values


_PICK = {
    "required": _l("请选择：%(label)s。"),
    "invalid_choice": _l("没有这个选项，请从列出的选项里重新选。"),
    "invalid_list": _l("请从列出的选项里选。"),
}
# Order matters: a subclass stands before its base. The sentences name what is typed instead.
_SENTENCES: tuple[tuple[type[forms.Field], dict[str, Any]], ...] = (
    (forms.MultipleChoiceField, _PICK),
    (forms.ChoiceField, _PICK),
    (forms.ModelChoiceField, _PICK | {"invalid_pk_value": _PICK["invalid_choice"]}),
    (
        forms.DecimalField,
        {
            "invalid": _l("请只填数字，例如 1200.50，不带“元”字。"),
            "max_digits": _l("数字太长，请核对后重填。"),
            "max_whole_digits": _l("数字太长，请核对后重填。"),
            "max_decimal_places": _l("小数点后最多 %(max)s 位，请重填。"),
        },
    ),
    (forms.IntegerField, {"invalid": _l("请只填整数，例如 2，没有就填 0。")}),
    (forms.DateField, {"invalid": _l("没有这一天，请填日期，例如 2026-11-23。")}),
    (forms.DateTimeField, {"invalid": _l("请填日期和钟点，例如 2026-11-23 18:30。")}),
    (forms.TimeField, {"invalid": _l("请填24小时制的钟点，例如 18:30。")}),
    (forms.EmailField, {"invalid": _l("邮箱写得不完整，请填成 name@example.com 的样子。")}),
    (
        forms.FileField,
        {
            "required": _l("请选择文件：%(label)s。"),
            "empty": _l("文件是空的，请换一个再传。"),
            "invalid": _l("文件没有传上来，请重新选择。"),
            "missing": _l("文件没有传上来，请重新选择。"),
            "max_length": _l("文件名太长，请改短后再传。"),
        },
    ),
    (forms.BooleanField, {"required": _l("请勾选：%(label)s。")}),
    (
        forms.Field,
        {
            "required": _l("请填写：%(label)s。"),
            "min_value": _l("不能小于 %(limit_value)s，请重填。"),
            "max_value": _l("不能大于 %(limit_value)s，请重填。"),
            "max_length": _l("最多 %(limit_value)d 个字，请删减后再提交。"),
            "null_characters_not_allowed": _l("文字里有看不见的字符，请重新输入。"),
        },
    ),
)
"""What each kind of field says instead of Django's own sentence, which says what is wrong only."""


def _standard(field: forms.Field, code: str) -> Any:
    """Return what Django itself says for `code`; validators keep theirs outside the field."""
    for kind in type(field).__mro__:
        if kind.__module__.startswith("django."):
            found = kind.__dict__.get("default_error_messages", {}).get(code)
            if found is not None:
                return found
    return None


def say_what_to_do(form: forms.BaseForm) -> None:
    """Give every field of the form our sentences; one that the form itself wrote stays."""
    for field in form.fields.values():
        ours: dict[str, Any] = {}
        for kind, sentences in _SENTENCES:
            if isinstance(field, kind):
                ours = sentences | ours
        for code, sentence in ours.items():
            if field.error_messages.get(code) != _standard(field, code):
                continue
            if code == "required":
                sentence = sentence % {"label": field.label} if field.label else None
            if sentence is not None:
                field.error_messages[code] = sentence


def helper(
    form: forms.BaseForm, *layout: Any, submit_label: str | None = None, **actions: Any
) -> FormHelper:
    """Return the helper of `form`.

    `layout`: field names and the objects above, all fields in order when empty. `submit_label`:
    text of the primary button, 提交 when None, no bar of buttons when "". `actions`: see `Actions`.
    """
    say_what_to_do(form)
    result = FormHelper(form)
    result.form_tag = False
    result.include_media = False
    if layout:
        result.layout = Layout(*layout)
    label = _("提交") if submit_label is None else submit_label
    if label:
        result.layout.append(Actions(label, **actions))
    return result
