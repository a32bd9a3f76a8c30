"""Pages of 设置: places, and the import of places and staff."""

from functools import partial

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from propdesk.core import house_import, house_places
from propdesk.core.house_import import PREVIEW_ROWS, Kind
from propdesk.core.house_import_places import EXAMPLES as PLACE_EXAMPLES
from propdesk.core.house_import_places import PLACES
from propdesk.core.house_import_staff import EXAMPLES as STAFF_EXAMPLES
from propdesk.core.house_import_staff import STAFF
from propdesk.core.house_places import Spot
from propdesk.core.http import StaffRequest, attempt, done, staff_view
from propdesk.core.importing import template
from propdesk.core.transitions import ConflictError
from propdesk.desk.house import queries
from propdesk.desk.house.forms import PlaceEditForm, PlaceForm, ReasonForm, UploadForm
from propdesk.desk.house.frame import allow, form_page, link, show

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@staff_view
def places(request: StaffRequest) -> HttpResponse:
    """Places by their full name, fifty a page."""
    allow(request, "read_house")
    query, gone = request.GET.get("q", "").strip()[:40], request.GET.get("gone") == "1"
    after = request.GET.get("after", "").replace("\x00", "")[:120]
    rows = queries.places_page(request.prop, query, gone=gone, after=after)
    return show(request, "places", "places", {"page": rows, "query": query, "gone": gone})


@staff_view
def place_new(request: StaffRequest) -> HttpResponse:
    """A new place."""
    allow(request, "create_place")
    back = link(request, "places")
    form = PlaceForm(request.prop, request.POST or None, back_url=back)
    status = 200
    if form.is_valid():
        data = form.cleaned_data
        spot = Spot(data["kind"], data["name"], data["code"])
        create = partial(house_places.create_place, request.prop, spot, data["parent"])
        status = attempt(form, partial(create, by=request.user))
        if status == 200:
            return done(request, back, _("地点已新建。"))
    return form_page(request, "places", _("新建地点"), form, status=status)


@staff_view
def place_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Rename a place or change its number."""
    allow(request, "edit_place")
    row = queries.place(request.prop, pk)
    back = link(request, "places")
    initial = {"name": row.name, "code": row.code}
    form = PlaceEditForm(request.POST or None, initial=initial, back_url=back)
    status = 200
    if form.is_valid():
        data = form.cleaned_data
        edit = partial(house_places.edit_place, row, data["name"], data["code"])
        status = attempt(form, partial(edit, by=request.user))
        if status == 200:
            return done(request, back, _("地点已保存。"))
    lead = _("%(label)s。改名后，下级地点的全称会跟着改。") % {"label": row.label}
    return form_page(request, "places", _("修改地点"), form, status=status, lead=lead)


@staff_view
def place_retire(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a place out of use with all below it, or back into use."""
    allow(request, "retire_place")
    row = queries.place(request.prop, pk)
    back = link(request, "places")
    title = _("停用地点") if row.is_active else _("恢复地点")
    lead = row.label
    if row.is_active:
        lead = _("停用“%(label)s”和它下面的所有地点？以前的记录不变。") % {"label": row.label}
    form = ReasonForm(request.POST or None, label=title, back_url=back, danger=row.is_active)
    status = 200
    if form.is_valid():
        retire = partial(house_places.retire_place, row, active=not row.is_active)
        reason = form.cleaned_data["reason"]
        status = attempt(form, partial(retire, by=request.user, reason=reason))
        if status == 200:
            return done(request, back, _("已保存。"))
    return form_page(request, "places", title, form, status=status, lead=lead)


@staff_view
def places_import(request: StaffRequest) -> HttpResponse:
    """Upload a table of places and see what it would do."""
    return _import(request, PLACES, "places")


@staff_view
def staff_import(request: StaffRequest) -> HttpResponse:
    """Upload a table of staff and see what it would do."""
    return _import(request, STAFF, "staff")


def _import(
    request: StaffRequest, kind: Kind, part: str, *, status: int = 200, problem: str = ""
) -> HttpResponse:
    allow(request, kind.action)
    upload = request.method == "POST" and not problem
    form = UploadForm(
        request.POST if upload else None,
        request.FILES if upload else None,
        back_url=link(request, part),
    )
    if upload and not form.is_valid():
        status = 422
    elif upload:
        file = form.cleaned_data["file"]
        read = partial(house_import.upload, kind, request.prop, file, file.name, file.size)
        status = attempt(form, partial(read, by=request.user))
        if status == 200:
            return done(request, link(request, f"{part}_import"))
    if upload and request.FILES:
        # The file before this one is not the one he means: nothing of it may be confirmed now.
        house_import.discard(kind, request.prop, by=request.user)
    plan = house_import.pending(kind, request.prop, by=request.user)
    context = {
        "form": form,
        "plan": plan,
        "problem": problem,
        "most": PREVIEW_ROWS,
        "cut": f":{PREVIEW_ROWS}",
        "steps": [s for s in plan.steps if s.state != house_import.UNCHANGED] if plan else [],
        "columns": kind.columns,
        "template_url": link(request, f"{part}_template"),
        "confirm_url": link(request, f"{part}_confirm"),
        "title": _("导入楼栋与房间") if part == "places" else _("导入员工"),
    }
    return show(request, "import", part, context, status=status)


@require_POST
@staff_view
def places_confirm(request: StaffRequest) -> HttpResponse:
    """Import the places that were shown."""
    return _confirm(request, PLACES, "places")


@require_POST
@staff_view
def staff_confirm(request: StaffRequest) -> HttpResponse:
    """Import the staff that was shown; first passwords are on the answer and never again."""
    return _confirm(request, STAFF, "staff")


def _confirm(request: StaffRequest, kind: Kind, part: str) -> HttpResponse:
    if "discard" in request.POST:
        house_import.discard(kind, request.prop, by=request.user)
        return done(request, link(request, f"{part}_import"), _("文件已丢弃，没有导入。"))
    seen = request.POST.get("seen", "")
    try:
        counts, shown = house_import.confirm(kind, request.prop, seen, by=request.user)
    except ConflictError as conflict:
        return _import(request, kind, part, status=409, problem=str(conflict))
    if shown:
        return show(request, "imported", part, {"counts": counts, "accounts": shown})
    message = _("已导入：新增 %(new)d，修改 %(changed)d。") % counts
    return done(request, link(request, part), message)


@staff_view
def places_template(request: StaffRequest) -> HttpResponse:
    """An empty table of places to fill in."""
    return _template(request, PLACES, PLACE_EXAMPLES, "places.xlsx")


@staff_view
def staff_template(request: StaffRequest) -> HttpResponse:
    """An empty table of staff to fill in."""
    return _template(request, STAFF, STAFF_EXAMPLES, "staff.xlsx")


def _template(
    request: StaffRequest, kind: Kind, examples: tuple[tuple[str, ...], ...], name: str
) -> HttpResponse:
    allow(request, kind.action)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(template(kind.columns, examples), content_type=XLSX, headers=headers)
