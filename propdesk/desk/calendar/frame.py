"""What the pages of the calendar share: addresses and permission."""

from django.urls import reverse

from propdesk.core.http import StaffRequest
from propdesk.core.roles import ensure
from propdesk.desk.calendar.permissions import ACTIONS


def link(request: StaffRequest, name: str, *args: object) -> str:
    """The address of a page of this house."""
    return reverse(f"calendar:{name}", args=[request.prop.code, *args])


def allow(request: StaffRequest, action: str) -> None:
    """PermissionDenied (403) for who may not do ``action``."""
    ensure(request.user, action, ACTIONS, prop=request.prop)
