"""Presentation tags: icons, status badges, countdowns, times and money as the interface shows them."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from django import forms, template
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from propdesk.core import cases, clock_text
from propdesk.core.widgets import PhotoInput, SignatureInput

register = template.Library()

SOON = timedelta(hours=2)
# message level -> (colour class, icon); an unknown level is shown as information.
FLASH = {
    constants.SUCCESS: ("c-green", "check-circle-fill"),
    constants.WARNING: ("c-orange", "exclamation-triangle-fill"),
    constants.ERROR: ("c-red", "x-circle-fill"),
}

# Order matters: a subclass stands before its base.
KINDS: list[tuple[type[forms.Widget], str]] = [
    (forms.RadioSelect, "chips"),
    (forms.CheckboxInput, "check"),
    (PhotoInput, "photo"),
    (forms.FileInput, "file"),
    (SignatureInput, "sign"),
    (forms.Select, "select"),
    (forms.Textarea, "text"),
]


@register.simple_tag
def icon(name: str, css: str = "", label: str = "") -> SafeString:
    """Return the icon `name` of the sprite; decorative unless `label` names it."""
    return _icon(name, css, label)


@lru_cache(maxsize=1024, typed=True)  # a page has a hundred; safe text is a type of its own
def _icon(name: str, css: str, label: str) -> SafeString:
    role = (
        format_html('role="img" aria-label="{}"', label)
        if label
        else SafeString('aria-hidden="true"')
    )
    return format_html(
        '<svg class="ic {}" {}><use href="{}#i-{}"></use></svg>',
        css,
        role,
        static("img/icons.svg"),
        name,
    )


@register.simple_tag
def status(label: str, tone: str, icon_name: str, css: str = "") -> SafeString:
    """Return a status badge: `tone` grey|blue|violet|green|orange|red|void, `css` st-lg|st-line."""
    return format_html('<span class="st c-{} {}">{}{}</span>', tone, css, icon(icon_name), label)


def _due_tone(due: datetime, now: datetime, base: str) -> tuple[str, str]:
    if now > due:
        return "red", "exclamation-circle-fill"
    return ("orange" if due - now <= SOON else base), "hourglass-split"


@register.simple_tag
def due(moment: datetime | None, now: datetime | None = None, base: str = "grey") -> SafeString:
    """Return "剩余 2小时15分" as a badge that counts on in the browser; nothing without a moment."""
    if moment is None:
        return SafeString("")
    now = now or timezone.now()
    tone, icon_name = _due_tone(moment, now, base)
    return format_html(
        '<time class="st c-{}" datetime="{iso}" data-due="{iso}" data-base="{}" title="{}">'
        "{}<span data-due-text>{}</span></time>",
        tone,
        base,
        clock_text.list_time(moment),
        icon(icon_name),
        clock_text.left(moment, now),
        iso=moment.isoformat(timespec="seconds"),
    )


@register.simple_tag
def due_left(moment: datetime, now: datetime | None = None, base: str = "grey") -> SafeString:
    """Return the first column of a board row: the word small, the span large, counting on."""
    now = now or timezone.now()
    tone, icon_name = _due_tone(moment, now, base)
    return format_html(
        '<time class="left c-{}" datetime="{iso}" data-due="{iso}" data-base="{}">'
        "<small>{}<span data-due-word>{}</span></small> <b data-due-span>{}</b></time>",
        tone,
        base,
        icon(icon_name),
        _("已逾期") if now > moment else _("剩余"),
        clock_text.span(abs(moment - now)),
        iso=moment.isoformat(timespec="seconds"),
    )


@register.filter
def due_look(moment: datetime, now: datetime) -> tuple[str, str]:
    """Return colour and icon of a time limit: red once over, orange in the last two hours."""
    return _due_tone(moment, now, "blue")


@register.filter
def money(amount: Decimal | int | None) -> str:
    """Return an amount in yuan as "¥1,409.50"; "" for nothing."""
    return "" if amount is None else f"¥{amount:,.2f}"


@register.simple_tag
def case_url(code: str, kind: str, number: str) -> str:
    """Return the address of a case's page, whichever register it belongs to."""
    return cases.url_of(code, kind, number)


@register.filter
def flash_tone(message: Message) -> str:
    """Return the colour class of a Django message."""
    return FLASH.get(message.level, ("c-blue", ""))[0]


@register.filter
def flash_icon(message: Message) -> str:
    """Return the icon name of a Django message."""
    return FLASH.get(message.level, ("", "info-circle"))[1]


@register.filter
def kind(field: forms.BoundField) -> str:
    """Return how a form field is drawn: hidden, chips, check, photo, file, sign, select, text, input."""
    if field.is_hidden:
        return "hidden"
    for widget_class, name in KINDS:
        if isinstance(field.field.widget, widget_class):
            return name
    return "input"


@register.filter
def control(field: forms.BoundField) -> SafeString:
    """Return the input of a form field with the classes of the interface."""
    widget = field.field.widget
    name = kind(field)
    own = widget.attrs.get("class", "")
    css = {"check": "", "photo": "", "select": "form-select"}.get(name, "form-control")
    return field.as_widget(attrs={"class": f"{css} {own}".strip()} if css or own else {})


@register.filter
def anchor(field: forms.BoundField) -> str:
    """Return the id that an error summary links to: the input, or its group for chips."""
    return f"div_{field.auto_id}" if kind(field) == "chips" else field.id_for_label


@register.simple_tag
def chip_icon(field: forms.BoundField, option: forms.boundfield.BoundWidget) -> SafeString:
    """Return the icon that the widget names for this choice, or nothing."""
    name = getattr(field.field.widget, "icons", {}).get(str(option.data["value"]))
    return icon(name) if name else SafeString("")
