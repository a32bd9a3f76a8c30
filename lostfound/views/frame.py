"""What the pages round the register share: addresses, permission, the page of one form."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from lostfound.permissions import ACTIONS
from lostfound.queries import item as queries
from propdesk.core.http import StaffRequest, page
from propdesk.core.roles import ensure, may


def link(request: StaffRequest, name: str, *args: object) -> str:
    """The address of a page of found things in this house."""
    return reverse(f"lostfound:{name}", args=[request.prop.code, *args])


def allow(request: StaffRequest, action: str) -> None:
    """PermissionDenied (403) before somebody fills in a form he may not send."""
    ensure(request.user, action, ACTIONS, prop=request.prop)


def allowed(request: StaffRequest, action: str) -> bool:
    """Whether to show the way to ``action``."""
    return may(request.user, action, ACTIONS, prop=request.prop)


def not_counting(request: StaffRequest) -> None:
    """PermissionDenied (403) for the two of a count that runs: the register says what should be there."""
    row = queries.counting(request.user, request.prop).select_related("case").first()
    if row is not None:
        sentence = _("您正在盘点（%(number)s），结束前不能打印或导出登记表。")
        raise PermissionDenied(sentence % {"number": row.case.number})


def form_page(
    request: StaffRequest,
    title: str,
    form: forms.BaseForm,
    crumbs: list[tuple[str, str]],
    *,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """A page with one form below ``crumbs`` (address, label); 422 when it was sent and is wrong."""
    if status == 200 and form.is_bound:
        status = 422
    whole = {"title": title, "form": form, "crumbs": crumbs, **context}
    return page(request, "lostfound/storage_form.html", whole, status=status)
