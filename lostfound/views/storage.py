"""存放位置: the tree, what lies in a place, and the labels to print."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lostfound import workflow
from lostfound.forms.storage import ReasonForm, StorageEditForm, StorageForm
from lostfound.models import StoragePlace
from lostfound.queries import storage as queries
from lostfound.views.frame import allow, allowed, form_page, link
from propdesk.core.http import StaffRequest, attempt, done, page, staff_view
from propdesk.core.transitions import ConflictError

GET_POST = require_http_methods(["GET", "HEAD", "POST"])


def _crumbs(request: StaffRequest, place: StoragePlace | None = None) -> list[tuple[str, str]]:
    found = [(link(request, "board"), _("失物")), (link(request, "storage"), _("存放位置"))]
    if place is not None:
        found.append((link(request, "storage_place", place.code), place.label))
    return found


def _place(request: StaffRequest, code: str) -> StoragePlace:
    found = queries.place(request.prop, code)
    if found is None:
        raise Http404
    return found


@staff_view
@require_GET
def storage(request: StaffRequest) -> HttpResponse:
    """The tree with how much lies where; an empty one offers to begin."""
    allow(request, "read_register")
    return _tree_page(request)


def _tree_page(request: StaffRequest, *, status: int = 200, problem: str = "") -> HttpResponse:
    nodes = queries.tree(request.prop)
    shown = [node for node in nodes if node.place.is_active or node.total]
    context = {
        "nodes": shown,
        "gone": [node for node in nodes if node not in shown],
        "edits": allowed(request, "edit_storage"),
        "counts": allowed(request, "start_stocktake"),
        "problem": problem,
    }
    return page(request, "lostfound/storage.html", context, status=status)


@staff_view
@require_POST
def storage_default(request: StaffRequest) -> HttpResponse:
    """建立默认柜位."""
    try:
        made = workflow.default_storage(request.prop, by=request.user)
    except ConflictError as conflict:
        return _tree_page(request, status=409, problem=str(conflict))
    message = _("已建立 %(n)d 个存放位置，可以改名，也可以打印柜签。") % {"n": len(made)}
    return done(request, link(request, "storage"), message)


@staff_view
@GET_POST
def storage_new(request: StaffRequest) -> HttpResponse:
    """新建存放位置; ``?parent=<code>`` chooses the one it stands in."""
    allow(request, "edit_storage")
    parent = queries.place(request.prop, request.GET.get("parent", "").replace("\x00", "")[:12])
    back = link(request, "storage")
    initial = {"parent": parent}
    form = StorageForm(request.prop, request.POST or None, initial=initial, back_url=back)
    status = 200
    if form.is_valid():
        create = partial(workflow.create_storage, request.prop, form.shelf())
        status = attempt(form, partial(create, form.cleaned_data["parent"], by=request.user))
        if status == 200:
            return done(request, back, _("存放位置已新建。"))
    return form_page(request, _("新建存放位置"), form, _crumbs(request), status=status)


@staff_view
@require_GET
def storage_place(request: StaffRequest, shelf: str) -> HttpResponse:
    """What lies in a place and below; while it is counted nobody is told."""
    allow(request, "read_register")
    place = _place(request, shelf)
    nodes = queries.below(queries.tree(request.prop), place.code)
    hidden = nodes[0].is_counting
    after = request.GET.get("after", "")
    found = None if hidden else queries.lying(nodes, after)
    edits = allowed(request, "edit_storage")
    context = {
        "place": place,
        "node": nodes[0],
        "hidden": hidden,
        "page": found,
        "is_first": not after,
        "edits": edits,
        "counts": allowed(request, "start_stocktake"),
        "changes": queries.changes(place) if edits else [],
        "crumbs": _crumbs(request),
    }
    return page(request, "lostfound/storage_place.html", context)


@staff_view
@GET_POST
def storage_edit(request: StaffRequest, shelf: str) -> HttpResponse:
    """Another name or code."""
    allow(request, "edit_storage")
    place = _place(request, shelf)
    back = link(request, "storage_place", place.code)
    form = StorageEditForm(place, request.POST or None, back_url=back)
    status = 200
    if form.is_valid():
        edit = partial(workflow.edit_storage, place, form.shelf(), by=request.user)
        saved: list[StoragePlace] = []
        reason = form.cleaned_data["reason"]
        status = attempt(form, lambda: saved.append(edit(reason=reason)))
        if status == 200:
            url = link(request, "storage_place", saved[0].code)
            return done(request, url, _("已保存。代码或名称改了，请重新打印柜签。"))
    return form_page(request, _("修改存放位置"), form, _crumbs(request, place), status=status)


@staff_view
@GET_POST
def storage_retire(request: StaffRequest, shelf: str) -> HttpResponse:
    """停用, refused while anything lies there; or back into use."""
    allow(request, "edit_storage")
    place = _place(request, shelf)
    title = _("停用存放位置") if place.is_active else _("恢复存放位置")
    back = link(request, "storage_place", place.code)
    danger = place.is_active
    form = ReasonForm(request.POST or None, label=title, back_url=back, danger=danger)
    status = 200
    if form.is_valid():
        retire = partial(workflow.retire_storage, place, active=not place.is_active)
        reason = form.cleaned_data["reason"]
        status = attempt(form, partial(retire, by=request.user, reason=reason))
        if status == 200:
            return done(request, link(request, "storage"), _("已保存。"))
    lead = _("停用“%(label)s”和它里面的位置？以前的记录不变。") if danger else "%(label)s"
    context: dict[str, Any] = {"lead": lead % {"label": place.label}, "status": status}
    return form_page(request, title, form, _crumbs(request, place), **context)


@staff_view
@require_GET
def storage_labels(request: StaffRequest) -> HttpResponse:
    """柜签 to print: the code opens what lies there."""
    allow(request, "read_register")
    rows = [
        _label(request, row.label, row.code, link(request, "storage_place", row.code))
        for row in queries.places(request.prop)
    ]
    context = {"labels": rows, "title": _("柜签"), "crumbs": _crumbs(request), "after": ""}
    return page(request, "lostfound/storage_labels.html", context)


@staff_view
@require_GET
def storage_spots(request: StaffRequest) -> HttpResponse:
    """地点码 to print: whoever finds something there scans it and begins with the place filled in."""
    allow(request, "read_register")
    after = request.GET.get("after", "").replace("\x00", "")
    found = queries.spots(request.prop, after)
    log = link(request, "log")
    rows = [
        _label(request, row.label, row.code, f"{log}?{urlencode({'spot': row.code or row.label})}")
        for row in found.rows
    ]
    title = _("地点码（扫码登记拾获物品）")
    context = {"labels": rows, "title": title, "crumbs": _crumbs(request), "after": found.after}
    return page(request, "lostfound/storage_labels.html", context)


def _label(request: StaffRequest, label: str, code: str, path: str) -> dict[str, Any]:
    url = request.build_absolute_uri(path)
    return {"label": label, "code": code, "url": url, "svg": _svg(url)}


def _svg(url: str) -> SafeString:
    """A QR code as inline SVG; it draws squares only, whatever the address says."""
    import segno

    code = segno.make(url, error="m", micro=False)
    svg = code.svg_inline(border=2, omitsize=True, svgclass=None, lineclass=None)
    return mark_safe(svg)  # noqa: S308 -- made of numbers, no text of ours or anybody's is in it
