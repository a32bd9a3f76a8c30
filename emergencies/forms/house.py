"""Forms of the house: its price list, its playbooks."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from emergencies import playbooks
from emergencies.forms.base import area
from emergencies.forms.damage import money
from emergencies.models import PriceItem
from emergencies.playbooks.schema import Playbook
from emergencies.workflow.prices import Price
from propdesk.core.layouts import Row, helper
from propdesk.core.text import CleanCharField, CleanTextField

MOST_TEXT = 200_000
MOST_FAULTS = 40


class PriceItemForm(forms.Form):
    """One item of the list; a new one is in use at once."""

    use_required_attribute = False
    name = CleanCharField(label=_("物品"), max_length=40)
    unit = CleanCharField(label=_("单位"), max_length=8, help_text=_("件、只、平方米"))
    price = money(_("单价（元）"))
    is_active = forms.BooleanField(label=_("在用"), required=False, initial=True)
    reason = CleanCharField(label=_("原因"), max_length=200, help_text=_("例如：2026年价目公示"))

    def __init__(self, *args: Any, item: PriceItem | None = None, **kwargs: Any) -> None:
        if item is not None:
            names = ("name", "unit", "price", "is_active")
            known = {name: getattr(item, name) for name in names}
            kwargs["initial"] = known | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        if item is None:
            del self.fields["is_active"]
        active = ("is_active",) if item else ()
        rows = ("name", Row("unit", "price"), *active, "reason")
        self.helper = helper(self, *rows, submit_label=_t("保存"))

    def what(self) -> Price:
        """As the workflow takes it."""
        data = self.cleaned_data
        return Price(data["name"], data["unit"], data["price"], data.get("is_active", True))


class WhyForm(forms.Form):
    """Whatever changes a playbook needs a reason."""

    use_required_attribute = False
    submit = _("恢复随系统的预案")
    reason = CleanTextField(label=_("为什么修改"), widget=area(2), max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(self, *self.rows(), submit_label=str(self.submit))

    def rows(self) -> tuple[Any, ...]:
        """Fields in order."""
        return ("reason",)


class SwitchForm(WhyForm):
    """停用个别步骤: the practice steps of the bundled playbook that may be switched off."""

    submit = _("保存")

    def __init__(self, *args: Any, book: Playbook, off: list[str], **kwargs: Any) -> None:
        self.book, self.was_off = book, frozenset(off)
        self.open = [s for s in book.steps.values() if playbooks.can_switch_off(book, s.id)]
        super().__init__(*args, **kwargs)

    def rows(self) -> tuple[Any, ...]:
        for step in self.open:
            self.fields[f"off_{step.id}"] = forms.BooleanField(
                label=f"{step.id} {step.zh}", required=False, initial=step.id in self.was_off
            )
        return (*(f"off_{step.id}" for step in self.open), "reason")

    def off(self) -> list[str]:
        """Ids of the steps that are ticked."""
        return [step.id for step in self.open if self.cleaned_data.get(f"off_{step.id}")]


class OverrideForm(WhyForm):
    """启用本处预案: the whole text; each fault is told by line and field."""

    submit = _("检查并启用")
    text = forms.CharField(
        label=_("预案全文（YAML）"),
        max_length=MOST_TEXT,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false", "class": "code"}),
    )

    def __init__(self, *args: Any, base: Playbook, **kwargs: Any) -> None:
        self.base = base
        super().__init__(*args, **kwargs)

    def rows(self) -> tuple[Any, ...]:
        return ("text", "reason")

    def clean_text(self) -> str:
        """The text as it was typed, once it is a playbook that drops nothing it must keep."""
        text = str(self.cleaned_data["text"]).replace("\r\n", "\n")
        try:
            playbooks.override(text, self.base)
        except playbooks.ContentError as error:
            faults = error.faults
            said = [_fault(fault) for fault in faults[:MOST_FAULTS]]
            if len(faults) > MOST_FAULTS:
                said.append(_t("还有%(n)d处，改好这些再查。") % {"n": len(faults) - MOST_FAULTS})
            raise ValidationError(said) from error
        return text


def _fault(fault: playbooks.Fault) -> str:
    said = {"line": fault.line, "field": fault.field, "text": fault.message}
    return _t("第%(line)d行 %(field)s：%(text)s") % said
