"""我的登录: where one is logged in, what happened at one's own door; and 登录记录 for who looks after a house."""

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from propdesk.core import log_ins
from propdesk.core.http import StaffRequest, page, staff_view
from propdesk.desk.house.frame import allow, show


class EndForm(forms.Form):
    """Which session is to end: the number of the row that began it, or none for all but this one."""

    which = forms.IntegerField(min_value=1, max_value=2**63 - 1, required=False)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required  # type: ignore[untyped-decorator]
def mine(request: HttpRequest) -> HttpResponse:
    """My running sessions and the last rows of my own log; a POST ends one, or all others."""
    if request.method == "POST":
        form = EndForm(request.POST)
        if not form.is_valid():
            return redirect("account_sessions")
        ended = log_ins.end(request, form.cleaned_data["which"])
        if ended:
            messages.success(request, _("已让 %(n)d 处退出。") % {"n": ended})
        else:
            messages.info(request, _("那一处已经退出了。"))
        return redirect("account_sessions")
    user = request.user
    context = {
        "running": log_ins.running(user, request.session.session_key),  # type: ignore[arg-type]
        "rows": log_ins.of_user(user),  # type: ignore[arg-type]
        "refused": log_ins.REFUSED,
        "now": timezone.now(),
    }
    return page(request, "account/sessions.html", context)


@staff_view
@require_GET
def of_house(request: StaffRequest) -> HttpResponse:
    """登录记录: who came in or was refused, of the people of this house."""
    allow(request, "read_log_ins")
    only = request.GET.get("only") == "refused"
    rows, after = log_ins.of_house(
        request.prop, only_refused=only, after=request.GET.get("after", "")
    )
    context = {
        "rows": rows,
        "page": {"after": after},
        "only": only,
        "refused": log_ins.REFUSED,
    }
    return show(request, "log_ins", "log_ins", context)
