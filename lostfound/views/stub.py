"""Addresses whose page is still being built."""

from django.http import Http404, HttpResponse

from propdesk.core.http import StaffRequest, staff_view


@staff_view
def soon(request: StaffRequest, number: str = "") -> HttpResponse:
    """Nothing here yet."""
    raise Http404
