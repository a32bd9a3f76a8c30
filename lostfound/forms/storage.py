"""Forms of the places in which found things lie."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lostfound.models import StoragePlace
from lostfound.queries import storage as queries
from lostfound.workflow.storing import Shelf
from propdesk.core.layouts import Row, helper
from propdesk.core.models import Property
from propdesk.core.text import CleanCharField


class StoragePlaceChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable at run time
    """A place in use, shown by its whole path and code."""

    def __init__(self, prop: Property, **kwargs: Any) -> None:
        super().__init__(queries.places(prop), **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        """Return "保安部库房 2号柜 上层（G2-1）"."""
        return f"{obj.label}（{obj.code}）"


class _ShelfForm(forms.Form):
    """Name, code and kind of a place."""

    use_required_attribute = False
    name = CleanCharField(label=_("名称"), max_length=40, help_text=_("例如 2号柜、上层、3号箱。"))
    code = CleanCharField(
        label=_("代码"), max_length=12, help_text=_("印在柜签上，例如 G2-1；字母、数字、横线。")
    )
    is_safe = forms.BooleanField(label=_("保险柜（存贵重物品）"), required=False)

    def shelf(self) -> Shelf:
        """Return what the workflow wants to know."""
        data = self.cleaned_data
        return Shelf(data["name"], data["code"], data["is_safe"])


class StorageForm(_ShelfForm):
    """新建存放位置."""

    def __init__(self, prop: Property, *args: Any, back_url: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"] = StoragePlaceChoice(
            prop, label=_("放在哪里面"), required=False, empty_label=_("最外层（库房、房间）")
        )
        self.helper = helper(
            self,
            "parent",
            Row("name", "code"),
            "is_safe",
            submit_label=str(_("新建存放位置")),
            icon="plus-lg",
            back_url=back_url,
        )


class StorageEditForm(_ShelfForm):
    """Another name or code, with the reason."""

    reason = CleanCharField(label=_("修改原因"), max_length=200)

    def __init__(self, place: StoragePlace, *args: Any, back_url: str, **kwargs: Any) -> None:
        kwargs["initial"] = {"name": place.name, "code": place.code, "is_safe": place.is_safe}
        super().__init__(*args, **kwargs)
        self.helper = helper(
            self,
            Row("name", "code"),
            "is_safe",
            "reason",
            submit_label=str(_("保存修改")),
            back_url=back_url,
        )


class ReasonForm(forms.Form):
    """A confirmation that asks why."""

    use_required_attribute = False
    reason = CleanCharField(label=_("原因"), max_length=200)

    def __init__(
        self, *args: Any, label: str, back_url: str, danger: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(self, submit_label=label, back_url=back_url, danger=danger)
