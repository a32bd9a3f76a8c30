"""Pages of 设置: departments, deputies and the roster."""

from datetime import timedelta
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from propdesk.core import clock_text, house
from propdesk.core.http import StaffRequest, attempt, done, staff_view
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from propdesk.desk.house import queries
from propdesk.desk.house.forms import DepartmentForm, DeputyForm, ReasonForm, ShiftForm
from propdesk.desk.house.frame import allow, allowed, form_page, link, show


@staff_view
def departments(request: StaffRequest) -> HttpResponse:
    """All departments with how many people each has."""
    allow(request, "read_house")
    return show(request, "departments", "departments", {"rows": queries.departments(request.prop)})


@staff_view
def department_new(request: StaffRequest) -> HttpResponse:
    """A new department."""
    allow(request, "create_department")
    back = link(request, "departments")
    form = DepartmentForm(request.POST or None, back_url=back)
    status = 200
    if form.is_valid():
        data = form.cleaned_data
        create = partial(house.create_department, request.prop, data["name"], data["extension"])
        status = attempt(form, partial(create, by=request.user))
        if status == 200:
            return done(request, back, _("部门已新建。"))
    return form_page(request, "departments", _("新建部门"), form, status=status)


@staff_view
def department_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Rename a department or change its internal number."""
    allow(request, "edit_department")
    row = queries.department(request.prop, pk)
    back = link(request, "departments")
    initial = {"name": row.name, "extension": row.extension}
    form = DepartmentForm(request.POST or None, initial=initial, back_url=back)
    status = 200
    if form.is_valid():
        data = form.cleaned_data
        edit = partial(house.edit_department, row, data["name"], data["extension"])
        status = attempt(form, partial(edit, by=request.user))
        if status == 200:
            return done(request, back, _("部门已保存。"))
    return form_page(request, "departments", _("修改部门"), form, status=status)


@staff_view
def department_retire(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a department out of use, or back."""
    allow(request, "retire_department")
    row = queries.department(request.prop, pk)
    back = link(request, "departments")
    title = _("停用部门") if row.is_active else _("恢复部门")
    form = ReasonForm(request.POST or None, label=title, back_url=back, danger=row.is_active)
    status = 200
    if form.is_valid():
        retire = partial(house.retire_department, row, active=not row.is_active)
        reason = form.cleaned_data["reason"]
        status = attempt(form, partial(retire, by=request.user, reason=reason))
        if status == 200:
            return done(request, back, _("已保存。"))
    lead = row.name
    if row.is_active:
        lead = _("停用“%(name)s”？此后不能再指派给它，以前的记录不变。") % {"name": row.name}
    return form_page(request, "departments", title, form, status=status, lead=lead)


@staff_view
def deputies(request: StaffRequest) -> HttpResponse:
    """My own roles first, then who acts for whom."""
    everybody = allowed(request, "read_house")
    rows = queries.deputies(request.prop, None if everybody else request.user)
    context = {
        "posts": queries.my_posts(request.prop, request.user),
        "rows": rows,
        "everybody": everybody,
        "manage": allowed(request, "revoke_deputy"),
        "now": timezone.now(),
    }
    return show(request, "deputies", "deputies", context)


@staff_view
def deputy_new(request: StaffRequest, pk: int) -> HttpResponse:
    """A deputy for one role."""
    post = queries.membership(request.prop, pk)
    allow(request, "name_deputy", owns=post.user_id == request.user.pk)
    back = link(request, "deputies")
    form = DeputyForm(request.prop, post, request.POST or None, back_url=back)
    status = 200
    if form.is_valid():
        data: dict[str, Any] = dict(form.cleaned_data)
        name = partial(house.name_deputy, post, data.pop("deputy"), by=request.user)
        status = attempt(form, partial(name, **data))
        if status == 200:
            return done(request, back, _("代理人已指定。"))
    return form_page(request, "deputies", _("指定代理人"), form, status=status, lead=str(post))


@staff_view
def deputy_revoke(request: StaffRequest, pk: int) -> HttpResponse:
    """End a deputyship."""
    row = queries.deputy(request.prop, pk)
    allow(request, "revoke_deputy", owns=row.for_membership.user_id == request.user.pk)
    back = link(request, "deputies")
    form = ReasonForm(request.POST or None, label=_("撤销代理"), back_url=back, danger=True)
    status = 200
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        status = attempt(form, partial(house.revoke_deputy, row, by=request.user, reason=reason))
        if status == 200:
            return done(request, back, _("代理已撤销。"))
    names = {"who": row.by_user, "post": row.for_membership}
    lead = _("撤销 %(who)s 对“%(post)s”的代理？此后 %(who)s 不能再代办。") % names
    return form_page(request, "deputies", _("撤销代理"), form, status=status, lead=lead)


@staff_view
def shifts(request: StaffRequest) -> HttpResponse:
    """The roster of one week, by day."""
    allow(request, "read_shifts")
    start = queries.monday(request.GET.get("week", ""))
    role = request.GET.get("role", "")
    context = {
        "start": start,
        "last": start + timedelta(days=6),
        "before": start - house.WEEK,
        "after": start + house.WEEK,
        "rows": list(queries.week(request.prop, start, role)),
        "role": role,
        "roles": Role.choices,
        "manage": allowed(request, "plan_shift"),
        "now": timezone.now(),
    }
    return show(request, "shifts", "shifts", context)


@staff_view
def shift_new(request: StaffRequest) -> HttpResponse:
    """One shift."""
    allow(request, "plan_shift")
    back = link(request, "shifts")
    initial = {"day": request.GET.get("day", ""), "role": request.GET.get("role", "")}
    form = ShiftForm(request.prop, request.POST or None, initial=initial, back_url=back)
    status = 200
    if form.is_valid():
        data = form.cleaned_data
        plan = partial(house.plan_shift, request.prop, Role(data["role"]), data["user"])
        status = attempt(form, partial(plan, by=request.user, label=data["label"], **form.times()))
        if status == 200:
            week = f"{back}?week={data['day']:%Y-%m-%d}"
            return done(request, week, _("班次已排。"))
    return form_page(request, "shifts", _("排班"), form, status=status)


@require_POST
@staff_view
def shifts_copy(request: StaffRequest) -> HttpResponse:
    """Repeat last week's shifts in the week shown."""
    start = queries.monday(request.POST.get("week", ""))
    back = f"{link(request, 'shifts')}?week={timezone.localdate(start):%Y-%m-%d}"
    try:
        made, left_out = house.copy_week(request.prop, start, by=request.user)
    except (RefusedInput, ConflictError) as refused:
        messages.error(request, str(refused))
        return redirect(back)
    counts = {"made": made, "left": left_out}
    return done(request, back, _("已沿用上周 %(made)d 个班次，跳过 %(left)d 个。") % counts)


@staff_view
def shift_cancel(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a shift out of the roster."""
    allow(request, "cancel_shift")
    row = queries.shift(request.prop, pk)
    back = f"{link(request, 'shifts')}?week={timezone.localdate(row.starts_at):%Y-%m-%d}"
    form = ReasonForm(request.POST or None, label=_("取消班次"), back_url=back, danger=True)
    status = 200
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        status = attempt(form, partial(house.cancel_shift, row, by=request.user, reason=reason))
        if status == 200:
            return done(request, back, _("班次已取消。"))
    begins, ends = clock_text.list_time(row.starts_at), clock_text.list_time(row.ends_at)
    times = {"who": row.user, "label": row.label, "begins": begins, "ends": ends}
    lead = _("取消 %(who)s 的%(label)s（%(begins)s – %(ends)s）？") % times
    return form_page(request, "shifts", _("取消班次"), form, status=status, lead=lead)
