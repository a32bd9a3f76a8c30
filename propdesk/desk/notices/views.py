"""Pages of 通知: what I was told, confirming it, and what I get by e-mail."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from propdesk.core import cases, notices
from propdesk.core.channels import rules
from propdesk.core.http import StaffRequest, attempt, done, page, staff_view
from propdesk.core.paging import number_or_none
from propdesk.desk import shell as frame
from propdesk.desk.notices import queries, rows
from propdesk.desk.notices.forms import OwnMailForm


@staff_view
@require_GET
def inbox(request: StaffRequest) -> HttpResponse:
    """通知: unread ones first; each is confirmed by hand."""
    return page(request, "desk/notices/inbox.html", _context(request, request.GET.get("after", "")))


def _context(request: StaffRequest, after: str) -> dict[str, Any]:
    found = queries.inbox(request.user, request.prop, after)
    now = timezone.now()
    lines = rows.lines(request.prop, found, now)
    here = reverse("desk:notices", args=[request.prop.code])
    return {
        "lines": lines,
        "quiet": [one for one in lines if one.is_unread and not one.delivery.notice.urgent],
        "now": now,
        "after": after,
        "older_url": f"{here}?after={found.after}" if found.after else "",
        "newer_url": here if after else "",
    }


def _answer(request: StaffRequest, message: str) -> HttpResponse:
    """The same page of the inbox; htmx gets its list and the counts of the frame."""
    after = request.POST.get("after", "")[:20]
    frame.forget(request.user, request.prop)
    if not request.htmx:
        here = reverse("desk:notices", args=[request.prop.code])
        return done(request, f"{here}?after={after}" if after else here, message)
    shell = frame.build(request.user, request.prop, request.path, fresh=True)
    context = _context(request, after) | {"shell": shell, "said": message}
    return page(request, "desk/notices/answer.html", context)


@staff_view
@require_POST
def acknowledge(request: StaffRequest, delivery: int) -> HttpResponse:
    """确认收到, and on to the case when asked."""
    row = queries.delivery(request.user, request.prop, delivery)
    if row is None:
        raise Http404
    if row.state != row.State.ACKNOWLEDGED:
        notices.acknowledge(row, by=request.user)
    if "open" in request.POST and row.notice.case is not None:
        case = row.notice.case
        frame.forget(request.user, request.prop)
        return done(request, cases.url_of(request.prop.code, case.kind, case.number))
    return _answer(request, _("已确认收到。"))


@staff_view
@require_POST
def acknowledge_all(request: StaffRequest) -> HttpResponse:
    """全部确认: what the page showed and is not urgent."""
    shown = [number_or_none(text) for text in request.POST.getlist("seen")[: queries.PAGE]]
    keys = [pk for pk in shown if pk is not None]
    count = notices.acknowledge_all(request.prop, keys, by=request.user)
    said = _("已确认 %(n)d 条。") % {"n": count} if count else _("没有可以一起确认的。")
    return _answer(request, said)


@staff_view
def own_mail(request: StaffRequest) -> HttpResponse:
    """邮件提醒: what I also get by e-mail, whatever my role says."""
    user, prop = request.user, request.prop
    form = OwnMailForm(request.POST or None, initial=rules.effective(prop, user))
    status = 422 if form.is_bound else 200
    if form.is_valid():
        status = attempt(form, lambda: rules.save_own(prop, form.cleaned_data, by=user))
        if status == 200:
            return done(request, reverse("desk:me", args=[prop.code]), _("邮件提醒已保存。"))
    context = {
        "form": form,
        "sends": settings.PROPDESK_EMAIL_ENABLED,
        "address": user.email,
    }
    return page(request, "desk/notices/own_mail.html", context, status=status)
