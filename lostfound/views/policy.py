"""保管规则: what is in force, what it means, and who made it so."""

from functools import partial

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from lostfound import workflow
from lostfound.forms.policy import PolicyForm
from lostfound.models import RetentionPolicy
from lostfound.rows import policy as rows
from lostfound.views.frame import allow, allowed, link
from propdesk.core import drafts
from propdesk.core.http import StaffRequest, attempt, done, page, staff_view

GET_POST = require_http_methods(["GET", "HEAD", "POST"])
PRESETS = RetentionPolicy.Preset


@staff_view
@require_GET
def policy(request: StaffRequest) -> HttpResponse:
    """The version in force with its examples, then all versions."""
    allow(request, "read_register")
    today = timezone.localdate()
    versions = rows.versions(request.prop, today)
    first = None if versions else rows.proposed(request.prop.settings)
    context = {
        "now": next((v for v in versions if v.state == "now"), None),
        "versions": versions,
        "first": first,
        "example_day": rows.EXAMPLE_DAY,
        "years": rows.holiday_years(today),
        "sets": allowed(request, "set_policy"),
    }
    return page(request, "lostfound/policy.html", context)


@staff_view
@GET_POST
def policy_new(request: StaffRequest) -> HttpResponse:
    """制定新规则; ``?preset=`` fills the form with one."""
    allow(request, "set_policy")
    preset = _preset(request)
    back = link(request, "policy")
    form = PolicyForm(preset, request.POST or None, back_url=back)
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            status = attempt(form, partial(_save, request, form))
        except drafts.DoubleSubmitError:
            return done(request, back)
        if status == 200:
            return done(request, back, _("新规则已保存，已入库的失物不受影响。"))
    address = reverse("lostfound:policy_new", args=[request.prop.code])
    presets = [
        (f"{address}?preset={code}", label, code == preset) for code, label in PRESETS.choices
    ]
    context = {"form": form, "presets": presets}
    return page(request, "lostfound/policy_new.html", context, status=status)


def _preset(request: StaffRequest) -> str:
    """The preset the form begins with or was sent with; the house's own by default."""
    wanted = request.POST.get("preset") or request.GET.get("preset", "")
    return wanted if wanted in PRESETS.values else request.prop.settings.retention


def _save(request: StaffRequest, form: PolicyForm) -> RetentionPolicy:
    data = form.cleaned_data
    return workflow.set_policy(
        request.prop,
        data["preset"],
        form.terms(),
        data["valid_from"],
        by=request.user,
        reason=data["reason"],
        rolls=data["rolls"],
        token=data["token"],
    )
