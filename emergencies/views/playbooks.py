"""Playbooks of the house: read, rehearsed, and by managers switched or replaced (decision 18)."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from emergencies import playbooks as shipped
from emergencies import rows, workflow
from emergencies.forms import house as forms
from emergencies.models import Kind
from emergencies.permissions import ACTIONS
from emergencies.queries import content
from emergencies.rows import playbook as words
from propdesk.core import drafts
from propdesk.core.http import StaffRequest, attempt, done, page, staff_view
from propdesk.core.paging import number_or_none
from propdesk.core.roles import ensure, may

GET_POST = require_http_methods(["GET", "HEAD", "POST"])


def _known(request: StaffRequest, kind: str, action: str) -> content.Shelved:
    """The playbook of this kind as it runs now; 404 for none, 403 for whoever may not."""
    if kind not in Kind.values:
        raise Http404
    ensure(request.user, action, ACTIONS, prop=request.prop)
    return content.one(request.prop, kind)


def _edits(request: StaffRequest) -> bool:
    return may(request.user, "change_playbook", ACTIONS, prop=request.prop)


@staff_view
@require_GET
def shelf(request: StaffRequest) -> HttpResponse:
    """The eight, each with where it comes from."""
    ensure(request.user, "read_playbook", ACTIONS, prop=request.prop)
    context = {
        "shelf": [(rows.KIND_ICONS[one.code], one) for one in content.shelf(request.prop)],
    }
    return page(request, "emergencies/house/playbooks.html", context)


@staff_view
@require_GET
def read(request: StaffRequest, kind: str) -> HttpResponse:
    """One playbook from the first minute to the archive; ``?n=`` an older version of it."""
    one = _known(request, kind, "read_playbook")
    wanted, old = number_or_none(request.GET.get("n", "")), None
    if wanted is not None:
        old = content.version(request.prop, kind, wanted)
        if old is None:
            raise Http404
        old = None if old.is_current else old
    book = shipped.from_json(old.row.content) if old else one.book
    context = {
        "one": one,
        "old": old,
        "icon": rows.KIND_ICONS[kind],
        "edits": _edits(request),
        "versions": content.versions(request.prop, kind),
        **words.read(book, content.site_of(request.prop)),
    }
    return page(request, "emergencies/house/playbook.html", context)


@staff_view
@require_GET
def rehearse(request: StaffRequest, kind: str) -> HttpResponse:
    """推演: answers in the address alone, and what would apply then; nothing is stored."""
    one = _known(request, kind, "read_playbook")
    context = {
        "one": one,
        "icon": rows.KIND_ICONS[kind],
        **words.rehearsed(one.book, request.GET, content.site_of(request.prop)),
    }
    return page(request, "emergencies/house/rehearse.html", context)


@staff_view
@require_GET
def download(request: StaffRequest, kind: str) -> HttpResponse:
    """The playbook as YAML, to begin an own version with."""
    one = _known(request, kind, "change_playbook")
    response = HttpResponse(content.text_of(one), content_type="text/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{kind}.yaml"'
    response["Cache-Control"] = "private, no-store"
    return response


@staff_view
@GET_POST
def switch(request: StaffRequest, kind: str) -> HttpResponse:
    """停用个别步骤 of the bundled playbook."""
    one = _known(request, kind, "change_playbook")
    off = list(one.row.off) if one.row else []
    form = forms.SwitchForm(request.POST or None, book=shipped.PLAYBOOKS[kind], off=off)

    def run() -> Any:
        why = form.cleaned_data["reason"]
        return workflow.switch_steps(request.prop, kind, form.off(), by=request.user, reason=why)

    note = _("程序和法规要求的步骤不在此列，一直保留。正在处置的事件不受影响。")
    return _change(request, one, _("停用个别步骤"), form, run, note=note)


@staff_view
@GET_POST
def own(request: StaffRequest, kind: str) -> HttpResponse:
    """启用本处预案: the whole text, each fault by line and field; what was typed stays."""
    one = _known(request, kind, "change_playbook")
    key = f"playbook-{kind}"
    typed = drafts.recall(request.user, key) if request.method != "POST" else None
    kept = drafts.first_values(typed.data) if typed else {}
    form = forms.OverrideForm(
        request.POST or None,
        base=shipped.PLAYBOOKS[kind],
        initial={"text": content.text_of(one)} | kept,
    )

    def run() -> Any:
        data = form.cleaned_data
        made = workflow.put_override(
            request.prop, kind, data["text"], by=request.user, reason=data["reason"]
        )
        drafts.forget(request.user, key)
        return made

    if request.method == "POST":
        drafts.keep(request.user, key, dict(request.POST.lists()))
    note = _("在现用的全文上改。保存前逐行检查，程序和法规要求的内容不能删。")
    return _change(request, one, _("启用本处预案"), form, run, note=note, yaml=True)


@staff_view
@GET_POST
def bundled(request: StaffRequest, kind: str) -> HttpResponse:
    """恢复随系统的预案."""
    one = _known(request, kind, "change_playbook")
    form = forms.WhyForm(request.POST or None)

    def run() -> Any:
        why = form.cleaned_data["reason"]
        return workflow.back_to_bundled(request.prop, kind, by=request.user, reason=why)

    note = _("以后启动的事件按随系统的预案办；本处的版本留在历次版本里。")
    return _change(request, one, _("恢复随系统的预案"), form, run, note=note)


def _change(
    request: StaffRequest,
    one: content.Shelved,
    title: str,
    form: Any,
    run: Callable[[], Any],
    **more: Any,
) -> HttpResponse:
    """The page of a change by GET, the change by POST; then the playbook as it is now."""
    status = 422 if request.method == "POST" else 200
    if form.is_valid():
        status = attempt(form, run)
        if status == 200:
            target = reverse("emergencies:playbook", args=[request.prop.code, one.code])
            return done(request, target, _("预案已更新，以后启动的事件按新版本办。"))
    context = {"one": one, "title": title, "form": form, **more}
    return page(request, "emergencies/house/change.html", context, status=status)
