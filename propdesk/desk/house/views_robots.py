"""通知渠道: robots of the house, what goes by e-mail, and what got nowhere."""

from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from propdesk.core import cases
from propdesk.core.channels import resending, rules
from propdesk.core.channels import robots as channels
from propdesk.core.http import StaffRequest, attempt, done, staff_view
from propdesk.core.models import Delivery, MailRule, Robot
from propdesk.core.models.robots import KINDS
from propdesk.core.roles import ALL_STAFF, Role
from propdesk.desk.house import queries_robots as queries
from propdesk.desk.house.forms_robots import EditRobotForm, MailRuleForm, NewRobotForm
from propdesk.desk.house.frame import allow, allowed, form_page, link, show


@staff_view
@require_GET
def robots(request: StaffRequest) -> HttpResponse:
    """Where notices go besides the inbox, and how each fares."""
    allow(request, "read_robots")
    now = timezone.now()
    reads = allowed(request, "read_failed")
    context = {
        "rows": [_shown(row, now) for row in queries.robots(request.prop)],
        "now": now,
        "mails": settings.PROPDESK_EMAIL_ENABLED,
        "reads_failed": reads,
        "failed": queries.failed_count(request.prop) if reads else 0,
        "house": request.prop.settings,
    }
    return show(request, "robots", "robots", context)


def _shown(row: Robot, now: Any) -> dict[str, Any]:
    meter, labels = row.meter, dict(Role.choices)
    return {
        "robot": row,
        "levels": _levels(row),
        "roles": [labels[role] for role in row.roles],
        "paused": meter.paused_until if meter.paused_until and meter.paused_until > now else None,
        "error": meter.error,
        "sent_at": meter.sent_at,
    }


def _levels(row: Robot | MailRule) -> list[tuple[str, str]]:
    """Each kind of notice and how much of it goes there, in words."""
    return [(_label(kind), getattr(row, f"get_{kind}_display")()) for kind in KINDS]


def _label(kind: str) -> str:
    return str(MailRule._meta.get_field(kind).verbose_name)  # type: ignore[union-attr]  # noqa: SLF001 -- Django's model API


@staff_view
def robot_new(request: StaffRequest) -> HttpResponse:
    """One more robot."""
    allow(request, "save_robot")
    form = NewRobotForm(request.POST or None, back_url=link(request, "robots"))
    status = 200
    if form.is_valid():
        secret, kind = form.secret(), form.cleaned_data["kind"]
        act = partial(channels.add, request.prop, kind, secret, form.values(), by=request.user)
        status = attempt(form, act)
        if status == 200:
            return done(request, link(request, "robots"), _("渠道已添加，请发一条测试。"))
    return form_page(request, "robots", _("添加通知渠道"), form, status=status)


@staff_view
def robot_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Change a robot, or switch it off."""
    row = queries.robot(request.prop, pk)
    allow(request, "save_robot")
    form = EditRobotForm(row, request.POST or None, back_url=link(request, "robots"))
    status = 422 if form.is_bound else 200
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        change = partial(channels.change, row, form.values(), by=request.user, reason=reason)
        status = attempt(form, partial(change, secret=form.new_secret()))
        if status == 200:
            return done(request, link(request, "robots"), _("渠道已保存。"))
    context = {"form": form, "row": row, "history": queries.history(row)}
    return show(request, "robot", "robots", context, status=status)


@staff_view
@require_POST
def robot_test(request: StaffRequest, pk: int) -> HttpResponse:
    """发一条测试; what came of it is said and kept."""
    row = queries.robot(request.prop, pk)
    row = channels.test(row, by=request.user)
    here = link(request, "robots")
    if row.test_error:
        said = _("测试没有发出：%(why)s。") % {"why": row.test_error.rstrip("。")}
        return done(request, here, said, level=messages.ERROR)
    return done(request, here, _("测试已发出，请到群里看。"))


@staff_view
@require_GET
def mail_rules(request: StaffRequest) -> HttpResponse:
    """What each role gets by e-mail, where a person chose nothing himself."""
    allow(request, "read_robots")
    made = rules.of_roles(request.prop)
    rows = [
        {
            "role": role,
            "levels": _levels(made[role]),
        }
        for role in Role
        if role in ALL_STAFF
    ]
    context = {
        "rows": rows,
        "kinds": [_label(kind) for kind in KINDS],
        "mails": settings.PROPDESK_EMAIL_ENABLED,
    }
    return show(request, "mail_rules", "robots", context)


@staff_view
def mail_rule(request: StaffRequest, role: str) -> HttpResponse:
    """The mail rule of one role."""
    allow(request, "save_mail_rules")
    if role not in ALL_STAFF:
        raise Http404
    rule = rules.of_roles(request.prop)[role]
    initial = {kind: getattr(rule, kind) for kind in KINDS}
    back = link(request, "mail_rules")
    form = MailRuleForm(request.POST or None, initial=initial, back_url=back)
    status = 200
    if form.is_valid():
        data = form.cleaned_data
        save = partial(rules.save_for_role, request.prop, role, data, by=request.user)
        status = attempt(form, partial(save, reason=data["reason"]))
        if status == 200:
            return done(request, back, _("规则已保存。"))
    title = _("%(role)s的邮件") % {"role": Role(role).label}
    return form_page(request, "robots", title, form, status=status)


@staff_view
@require_GET
def failed(request: StaffRequest) -> HttpResponse:
    """发送失败: what got nowhere, why, and sending it once more."""
    allow(request, "read_failed")
    rows = queries.failed(request.prop, request.GET.get("after", ""))
    obstacles = resending.obstacles(rows.rows)
    shown = [_failed_row(request.prop.code, row, obstacles[row.pk]) for row in rows.rows]
    return show(request, "failed", "robots", {"page": rows, "rows": shown, "now": timezone.now()})


def _failed_row(code: str, row: Delivery, obstacle: str) -> dict[str, Any]:
    """Of a restricted case neither number nor text: not every manager reads it."""
    case = row.notice.case
    secret = case is not None and case.restricted
    return {
        "row": row,
        "text": _("保密事项") if secret else row.notice.text,
        "url": cases.url_of(code, case.kind, case.number) if case and not secret else "",
        "where": row.robot.name if row.robot is not None else row.recipient.name,
        "obstacle": obstacle,
    }


@staff_view
@require_POST
def resend(request: StaffRequest, pk: int) -> HttpResponse:
    """重发 one."""
    resending.resend(queries.failed_one(request.prop, pk), by=request.user)
    return done(request, link(request, "failed"), _("已重新排队，几秒内发出。"))


@staff_view
@require_POST
def resend_all(request: StaffRequest) -> HttpResponse:
    """重发 all that can be brought to somebody."""
    count = resending.resend_all(request.prop, by=request.user)
    said = _("%(n)d 条已重新排队。") % {"n": count} if count else _("没有可以重发的。")
    return done(request, link(request, "failed"), said)
