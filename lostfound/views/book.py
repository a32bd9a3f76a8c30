"""登记本: the old one taken over from a file, the register taken out as one."""

from functools import partial

from django.http import FileResponse, HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lostfound import exporting, importing
from lostfound.forms.book import ConfirmForm, UploadForm
from lostfound.models import Category, FoundItem
from lostfound.queries.item import Filters
from lostfound.rows import book as rows
from lostfound.rows.board import STATES
from lostfound.views.frame import allow, allowed, link, not_counting
from propdesk.core import importing as tables
from propdesk.core.http import StaffRequest, attempt, done, page, staff_view

GET_POST = require_http_methods(["GET", "HEAD", "POST"])
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PREVIEW_ROWS = 100
"""How many rows and how many problems the page shows; its counts are of all."""


@staff_view
@require_GET
def book(request: StaffRequest) -> HttpResponse:
    """What goes out and in, and who took rows out last."""
    allow(request, "export")
    context = {
        "exports": rows.exports(request.prop),
        "imports": allowed(request, "import_book"),
        "most": exporting.MAX_ROWS,
        "filters": Filters.of(request.GET),
        "states": STATES,
        "categories": Category.choices,
    }
    return page(request, "lostfound/import_export.html", context)


@staff_view
@require_GET
def export(request: StaffRequest) -> FileResponse:
    """The register as Excel, under the filters of its list."""
    allow(request, "export")
    not_counting(request)
    now = timezone.now()
    file = exporting.export(request.prop, Filters.of(request.GET), now, by=request.user)
    name = exporting.file_name(timezone.localdate(now))
    headers = {
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=name),
        "Cache-Control": "private, no-store",
    }
    return FileResponse(file, content_type=XLSX, headers=headers)


@staff_view
@GET_POST
def import_book(request: StaffRequest) -> HttpResponse:
    """Upload a table of the old book and see what it would do."""
    allow(request, "import_book")
    if request.method != "POST":
        return _import_page(request)
    form = UploadForm(request.POST, request.FILES, back_url=link(request, "book"))
    status = 422
    if form.is_valid():
        file = form.cleaned_data["file"]
        read = partial(importing.upload, request.prop, file, file.name, file.size)
        status = attempt(form, partial(read, by=request.user))
        if status == 200:
            return done(request, link(request, "import_book"))
    if request.FILES:
        # The file before this one is not the one he means: nothing of it may be confirmed now.
        importing.discard(request.prop, by=request.user)
    return _import_page(request, form=form, status=status)


def _import_page(
    request: StaffRequest,
    *,
    form: UploadForm | None = None,
    confirm: ConfirmForm | None = None,
    status: int = 200,
) -> HttpResponse:
    plan = importing.pending(request.prop, by=request.user)
    if plan is not None and plan.entries and confirm is None:
        initial = {"seen": plan.seen}
        number = len(plan.entries)
        confirm = ConfirmForm(request.prop, request.user, number, initial=initial)
    context = {
        "form": form or UploadForm(back_url=link(request, "book")),
        "confirm": confirm if plan is not None else None,
        "plan": plan,
        "entries": plan.entries[:PREVIEW_ROWS] if plan else [],
        "problems": plan.problems[:PREVIEW_ROWS] if plan else [],
        "most": PREVIEW_ROWS,
        "columns": importing.COLUMNS,
    }
    return page(request, "lostfound/import.html", context, status=status)


@staff_view
@require_POST
def import_confirm(request: StaffRequest) -> HttpResponse:
    """Import the rows that were shown, or throw the file away."""
    allow(request, "import_book")
    back = link(request, "import_book")
    if "discard" in request.POST:
        importing.discard(request.prop, by=request.user)
        return done(request, back, _("文件已丢弃，没有导入。"))
    plan = importing.pending(request.prop, by=request.user)
    number = len(plan.entries) if plan else 0
    form = ConfirmForm(request.prop, request.user, number, request.POST)
    made: list[FoundItem] = []
    status = 422
    if form.is_valid():
        status = attempt(form, lambda: made.extend(_imported(request, form)))
    if not made:
        # Whoever sends the form again has looked at the plan below it.
        form.data = request.POST.dict() | ({"seen": plan.seen} if plan else {})
        return _import_page(request, confirm=form, status=status)
    message = _("已导入 %(n)d 件：%(first)s 至 %(last)s。请打印标签贴上。") % {
        "n": len(made),
        "first": made[0].case.number,
        "last": made[-1].case.number,
    }
    return done(request, link(request, "board"), message)


def _imported(request: StaffRequest, form: ConfirmForm) -> list[FoundItem]:
    seen = form.cleaned_data["seen"]
    return importing.confirm(request.prop, seen, form.second(), by=request.user)


@staff_view
@require_GET
def import_template(request: StaffRequest) -> HttpResponse:
    """An empty table of the old book, with two examples."""
    allow(request, "import_book")
    name = f"{_('旧失物登记本导入模板')}.xlsx"
    headers = {"Content-Disposition": content_disposition_header(as_attachment=True, filename=name)}
    content = tables.template(importing.COLUMNS, importing.EXAMPLES)
    return HttpResponse(content, content_type=XLSX, headers=headers)
