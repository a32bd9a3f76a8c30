"""Sealed papers of a case: to open, to verify, and what is put right beside them (附录)."""

from functools import partial

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from propdesk.core import appendices, cases, drafts, serving, signatures
from propdesk.core.http import StaffRequest, attempt, carried, done, framed, page, staff_view
from propdesk.core.models import Case, Document
from propdesk.core.permissions import ACTIONS
from propdesk.core.roles import ensure, may
from propdesk.desk import sealed_queries as queries
from propdesk.desk.forms import WRITTEN, AppendixForm
from propdesk.desk.reading import case_for


def _case(request: StaffRequest, number: str) -> Case:
    return case_for(request, number, "read_sealed")


def _document(case: Case, pk: int) -> Document:
    found = queries.sealed_paper(case, pk)
    if found is None:
        raise Http404
    return found


def _link(request: StaffRequest, name: str, *args: object) -> str:
    return reverse(f"desk:{name}", args=[request.prop.code, *args])


@staff_view
@require_GET
def papers(request: StaffRequest, number: str) -> HttpResponse:
    """封存文书: every sealed paper of the case with its appendices."""
    case = _case(request, number)
    context = {
        "case": case,
        "case_url": cases.url_of(request.prop.code, case.kind, case.number),
        "papers": queries.sealed_papers(case, request.GET.get("after", "")),
        "may_append": may(request.user, "append", ACTIONS, prop=request.prop)
        and not cases.is_purged(case),
    }
    return page(request, "desk/sealed.html", context)


@staff_view
@require_GET
@framed
def sealed_file(request: StaffRequest, number: str, document: int) -> HttpResponse:
    """The bytes of one of them; every look is logged. 503 when they are not what was sealed."""
    case = _case(request, number)
    row = _document(case, document)
    title = "" if case.restricted else _("封存文书")
    back = _link(request, "sealed", case.number)
    return serving.paper(request, row, title, again=back, back=back)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def append(request: StaffRequest, number: str, document: int) -> HttpResponse:
    """写更正附录: what is wrong, what is right, why; signed with the password."""
    case = _case(request, number)
    ensure(request.user, "append", ACTIONS, prop=request.prop)
    row = _document(case, document)
    appendices.require_original(row)
    back = _link(request, "sealed", case.number)
    key = f"{row.number}:{row.pk}:append"
    once = drafts.once(key, request.POST, request.FILES)
    if once and drafts.token_url(request.user, once):
        return done(request, back)
    kept = drafts.recall(request.user, key)
    form = AppendixForm(
        request.POST or None,
        request.FILES or None,
        initial=drafts.first_values(kept.data) if kept else {},
        user=request.user,
        has_signature=signatures.current(request.user) is not None,
        back_url=back,
        readers=queries.may_read_over(case, row, request.user),
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                status = attempt(form, partial(_write, request, row, form, once, back, key))
            except drafts.DoubleSubmitError:
                status = 200
        if status == 200:
            return done(request, back, _("附录已签名，正在封存。"))
        drafts.keep(request.user, key, dict(request.POST.lists()))
    context = {"case": case, "row": row, "form": form, "form_token": drafts.new_token()}
    context["seen"] = carried(appendices.beside(row), form)
    return page(request, "desk/append.html", context, status=status)


def _write(
    request: StaffRequest, row: Document, form: AppendixForm, once: str, back: str, key: str
) -> None:
    """The token is used up with the act: both or neither."""
    said = appendices.Correction(**{name: form.cleaned_data[name] for name in WRITTEN})

    def act(password: str) -> None:
        seen = request.POST.get("seen", "")
        appendices.append(row, said, form.beside(), by=request.user, password=password, seen=seen)
        drafts.use_token(request.user, once, back, form=key)

    form.signed(act)
