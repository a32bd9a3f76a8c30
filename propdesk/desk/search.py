"""搜索: one box over all registers."""

import re
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET

from propdesk.core import cases
from propdesk.core.http import StaffRequest, page, staff_view
from propdesk.core.search import MOST_CHARACTERS
from propdesk.core.search_grams import normalise
from propdesk.desk import search_queries, search_rows

REGISTERS = (
    ("", _l("全部")),
    ("incidents", _l("投诉")),
    ("lostfound", _l("失物")),
    ("emergencies", _l("特殊事件")),
)
NUMBER = re.compile(r"[A-Z]{2}-\d{8}-\d{3,}", re.ASCII)
STATES = (("", _l("全部")), ("open", _l("未结")), ("closed", _l("已结束")))


@staff_view
@require_GET
def search(request: StaffRequest) -> HttpResponse:
    """Number, room, name, pinyin, last four digits, words; the number alone leads straight there,
    that of a paper to its case."""
    prop, user = request.prop, request.user
    filters, after = search_queries.Filters.of(request.GET), request.GET.get("after", "")
    found = search_queries.page_of(user, prop, filters, after)
    number = normalise(filters.query.typed).upper()
    if len(found.rows) == 1 and not after:
        case = found.rows[0]
        if case.number == number:
            return redirect(cases.url_of(prop.code, case.kind, case.number))
    if not found.rows and not after and NUMBER.fullmatch(number):
        other = search_queries.of_paper(user, prop, number)
        if other is not None:
            return redirect(cases.url_of(prop.code, other.kind, other.number))
    context = _context(request, filters, found, after)
    return page(request, "desk/search.html", context)


def _context(
    request: StaffRequest, filters: search_queries.Filters, found: search_queries.Found, after: str
) -> dict[str, Any]:
    prop, params = request.prop, filters.params()
    base = reverse("desk:search", args=[prop.code])
    typed = request.GET.get("q", "").strip()
    return {
        "rows": search_rows.lines(prop, request.user, found.rows, filters.query),
        "query": filters.query.typed,
        "is_cut": len(typed) > MOST_CHARACTERS,
        "most": MOST_CHARACTERS,
        "filters": filters,
        "registers": [
            (code, label, _with(base, params, register=code)) for code, label in REGISTERS
        ],
        "states": STATES,
        "base": base,
        "is_narrowed": len(params) > bool(filters.query.typed),
        "clear_url": _with(base, {}, q=filters.query.typed),
        "older_url": _with(base, params, after=found.after) if found.after else "",
        "newer_url": _with(base, params) if after else "",
    }


def _with(base: str, params: dict[str, str], **changed: str) -> str:
    values = {name: value for name, value in (params | changed).items() if value}
    return f"{base}?{urlencode(values)}" if values else base
