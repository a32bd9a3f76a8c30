"""启动预案: one tap has to start everything (F9). Nothing stands before 119, 110 and 120."""

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from emergencies import forms, playbooks, rows, workflow
from emergencies.models import Event, Kind
from emergencies.permissions import ACTIONS
from emergencies.queries import board as lists
from propdesk.core import drafts
from propdesk.core.http import StaffRequest, attempt, done, page, staff_view
from propdesk.core.roles import ensure


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: StaffRequest) -> HttpResponse:
    """Which of the eight by GET; POST starts it, so that no address names what was started."""
    ensure(request.user, "start", ACTIONS, prop=request.prop)
    if request.method != "POST":
        return page(
            request, "emergencies/choose.html", rows.tiles_context(request.prop, request.GET)
        )
    form = forms.StartForm(request.POST, prop=request.prop)
    made: list[Event] = []
    status = 422
    if form.is_valid():
        try:
            status = attempt(form, lambda: made.append(_start(request, form)))
        except drafts.DoubleSubmitError:
            twin = drafts.token_url(request.user, form.cleaned_data["token"])
            return done(request, twin or reverse("emergencies:board", args=[request.prop.code]))
    if not made:
        return _refused(request, form, status)
    return done(
        request,
        made[0].get_absolute_url(),
        _("已启动 %(n)s，有关岗位已收到通知。") % {"n": made[0].case.number},
    )


def _start(request: StaffRequest, form: forms.StartForm) -> Event:
    data = dict(form.cleaned_data)
    token = data.pop("token")
    return workflow.start(request.prop, workflow.Start(**data), by=request.user, token=token)


def _refused(request: StaffRequest, form: forms.StartForm, status: int) -> HttpResponse:
    """The form again with its sentences; without a known kind the eight tiles."""
    kind = request.POST.get("kind", "")
    if kind not in Kind.values:
        context = rows.tiles_context(request.prop, request.POST)
        return page(request, "emergencies/choose.html", context, status=422)
    drafts.keep(request.user, f"event-start-{kind}", dict(request.POST.lists()))
    return _page(request, kind, form, status=status)


@staff_view
@require_GET
def new(request: StaffRequest, kind: str) -> HttpResponse:
    """Place and 启动; the numbers to call stand above everything."""
    if kind not in Kind.values:
        raise Http404
    ensure(request.user, "start", ACTIONS, prop=request.prop)
    draft = drafts.recall(request.user, f"event-start-{kind}")
    typed = drafts.first_values(draft.data) if draft else {}
    typed = {k: v for k, v in typed.items() if k not in ("occurred_at", "is_drill")}
    given = {
        "kind": kind,
        "token": drafts.new_token(),
        "from_number": request.GET.get("from", "").replace("\x00", "")[:20],
        "is_drill": "drill" in request.GET,
    }
    form = forms.StartForm(prop=request.prop, initial=typed | given)
    return _page(request, kind, form)


def _page(
    request: StaffRequest, kind: str, form: forms.StartForm, *, status: int = 200
) -> HttpResponse:
    card = playbooks.PLAYBOOKS[kind].card
    context = {
        "form": form,
        "kind": kind,
        "what": Kind(kind).label,
        "icon": rows.KIND_ICONS[kind],
        "calls": [line for line in card if line.call],
        "same": lists.running_of_kind(request.user, request.prop, kind),
        "now": timezone.now(),
        "card": [line for line in card if not line.call],
    }
    return page(request, "emergencies/new.html", context, status=status)
