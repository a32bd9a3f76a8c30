"""Pages of 设置: the entrance, the first-run questions, the values, staff and their roles."""

from datetime import date
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import house_people, house_settings
from propdesk.core.http import StaffRequest, attempt, done, staff_view
from propdesk.core.models import Membership
from propdesk.core.permissions import TOP
from propdesk.core.roles import DUTY, standing
from propdesk.desk.house import queries
from propdesk.desk.house.forms import (
    EndRoleForm,
    ReasonForm,
    ResetForm,
    RoleForm,
    StaffEditForm,
    StaffForm,
)
from propdesk.desk.house.forms_settings import FirstRunForm, SettingsForm
from propdesk.desk.house.frame import allow, allowed, form_page, link, show


@staff_view
def index(request: StaffRequest) -> HttpResponse:
    """The parts of 设置; the first-run questions come first while they are open."""
    mine = standing(request.user, request.prop)
    if house_settings.needs_first_run(request.prop, mine):
        return redirect(link(request, "first_run"))
    return show(request, "index", "index", {})


@staff_view
def first_run(request: StaffRequest) -> HttpResponse:
    """The questions of the first day, on one page."""
    allow(request, "first_run")
    if request.prop.settings.first_run_done_at:
        return redirect(link(request, "settings"))
    form = FirstRunForm(request.prop, request.POST or None)
    status = 200
    if form.is_valid():
        act = partial(house_settings.first_run, request.prop, form.values(), by=request.user)
        status = attempt(form, act)
        if status == 200:
            return done(request, link(request, "index"), _("设置已保存，可以开始使用。"))
    elif form.is_bound:
        status = 422
    return show(request, "first_run", "index", {"form": form}, status=status)


@staff_view
def settings(request: StaffRequest) -> HttpResponse:
    """All values of the house, and who changed what."""
    allow(request, "save_settings")
    url = link(request, "settings")
    reads = standing(request.user, request.prop).roles & DUTY
    rule_url = reverse("lostfound:policy", args=[request.prop.code]) if reads else ""
    form = SettingsForm(
        request.prop, request.POST or None, back_url=link(request, "index"), rule_url=rule_url
    )
    status = 422 if form.is_bound else 200
    if form.is_valid():
        data = form.cleaned_data
        status = attempt(
            form,
            partial(
                house_settings.save_settings,
                request.prop,
                form.values(),
                by=request.user,
                reason=data["reason"],
                seen=data["seen"],
            ),
        )
        if status == 200:
            return done(request, url, _("设置已保存。"))
    context = {"form": form, "history": house_settings.history(request.prop)}
    return show(request, "settings", "settings", context, status=status)


@staff_view
def staff(request: StaffRequest) -> HttpResponse:
    """Staff by name, fifty a page."""
    allow(request, "read_house")
    query, gone = request.GET.get("q", "").strip()[:40], request.GET.get("gone") == "1"
    rows = queries.staff_page(request.prop, query, gone=gone, after=request.GET.get("after", ""))
    return show(request, "staff", "staff", {"page": rows, "query": query, "gone": gone})


@staff_view
def staff_new(request: StaffRequest) -> HttpResponse:
    """A new account; its first password is shown on the answer and never again."""
    allow(request, "create_user")
    top = allowed(request, "give_top_role")
    form = StaffForm(request.prop, request.POST or None, top=top, back_url=link(request, "staff"))
    status = 200
    if form.is_valid():
        made: list[Any] = []

        def act() -> None:
            number = form.cleaned_data["username"]
            made.extend(
                house_people.create_user(
                    request.prop, number, form.details(), form.post(), by=request.user
                )
            )

        status = attempt(form, act)
        if status == 200:
            return _password(request, *made)
    return form_page(request, "staff", _("新建账号"), form, status=status)


def _password(request: StaffRequest, person: Any, password: str) -> HttpResponse:
    context = {"person": person, "password": password}
    return show(request, "password", "staff", context)


@staff_view
def staff_detail(request: StaffRequest, pk: int) -> HttpResponse:
    """One member of staff: what he is here, and what can be done about it."""
    allow(request, "read_house")
    person = queries.staff_member(request.prop, pk)
    context = {
        "person": person,
        "today": timezone.localdate(),
        "mine": person.pk == request.user.pk,
        "manage": house_people.may_look_after(request.user, person, request.prop, "edit_user"),
        "top": allowed(request, "give_top_role"),
        "top_roles": [role.value for role in TOP],
    }
    return show(request, "staff_detail", "staff", context)


@staff_view
def staff_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Name, phone and e-mail of a member of staff."""
    allow(request, "edit_user")
    person = queries.staff_member(request.prop, pk)
    back = link(request, "staff_detail", pk)
    initial = {"name": person.name, "phone": person.phone, "email": person.email}
    form = StaffEditForm(request.POST or None, initial=initial, back_url=back)
    status = 200
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        edit = partial(house_people.edit_user, request.prop, person, form.details())
        status = attempt(form, partial(edit, by=request.user, reason=reason))
        if status == 200:
            return done(request, back, _("资料已保存。"))
    return form_page(request, "staff", _("修改资料"), form, status=status, lead=str(person))


@staff_view
def role_new(request: StaffRequest, pk: int) -> HttpResponse:
    """One more role for a member of staff."""
    allow(request, "give_role")
    person = queries.staff_member(request.prop, pk)
    back = link(request, "staff_detail", pk)
    top = allowed(request, "give_top_role") and person.pk != request.user.pk
    form = RoleForm(request.prop, request.POST or None, top=top, back_url=back)
    status = 200
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        give = partial(house_people.give_role, request.prop, person, form.post())
        status = attempt(form, partial(give, by=request.user, reason=reason))
        if status == 200:
            return done(request, back, _("已任命。"))
    return form_page(request, "staff", _("任命岗位"), form, status=status, lead=str(person))


@staff_view
def role_end(request: StaffRequest, pk: int) -> HttpResponse:
    """The end of a role."""
    row = queries.membership(request.prop, pk)
    allow(request, "end_top_role" if row.role in TOP else "end_role")
    back = link(request, "staff_detail", row.user_id)
    form = EndRoleForm(
        request.POST or None,
        initial={"ends_on": timezone.localdate()},
        label=_("结束岗位"),
        back_url=back,
        danger=True,
    )
    status = 200
    if form.is_valid():
        status = attempt(form, partial(_end, row, request, form.cleaned_data))
        if status == 200:
            return done(request, back, _("岗位止日已登记。"))
    lead = _("结束“%(post)s”？止日过后不能再用这个岗位办事。") % {"post": row}
    return form_page(request, "staff", _("结束岗位"), form, status=status, lead=lead)


def _end(row: Membership, request: StaffRequest, data: dict[str, Any]) -> None:
    last: date = data["ends_on"]
    house_people.end_role(row, by=request.user, ends_on=last, reason=data["reason"])


@staff_view
def staff_password(request: StaffRequest, pk: int) -> HttpResponse:
    """A new first password, shown once."""
    allow(request, "reset_password")
    person = queries.staff_member(request.prop, pk)
    back = link(request, "staff_detail", pk)
    label = _("重置密码")
    form = ResetForm(request.POST or None, label=label, back_url=back, danger=True)
    made: list[str] = []
    status = 200
    if form.is_valid():
        reset = partial(house_people.reset_password, request.prop, person, by=request.user)
        status = attempt(form, lambda: made.append(reset(**form.cleaned_data)))
        if status == 200:
            return _password(request, person, made[0])
    lead = _("为 %(who)s 生成一个新的首次密码，旧密码立即失效。") % {"who": person}
    return form_page(request, "staff", _("重置密码"), form, status=status, lead=lead)


def _reason_form(request: StaffRequest, label: str, pk: int, *, danger: bool = True) -> ReasonForm:
    back = link(request, "staff_detail", pk)
    return ReasonForm(request.POST or None, label=label, back_url=back, danger=danger)


@staff_view
def staff_deactivate(request: StaffRequest, pk: int) -> HttpResponse:
    """Close an account and end its sessions."""
    allow(request, "deactivate_user")
    person = queries.staff_member(request.prop, pk)
    form = _reason_form(request, _("停用账号"), pk)
    status = 200
    if form.is_valid():
        close = partial(house_people.deactivate_user, request.prop, person, by=request.user)
        status = attempt(form, partial(close, reason=form.cleaned_data["reason"]))
        if status == 200:
            return done(request, link(request, "staff_detail", pk), _("账号已停用。"))
    lead = _("停用 %(who)s 的账号？此人立即退出登录，以前的记录都保留。") % {"who": person}
    return form_page(request, "staff", _("停用账号"), form, status=status, lead=lead)


@staff_view
def staff_reactivate(request: StaffRequest, pk: int) -> HttpResponse:
    """Open a closed account again, with a new first password."""
    allow(request, "reactivate_user")
    person = queries.staff_member(request.prop, pk)
    form = _reason_form(request, _("恢复账号"), pk, danger=False)
    made: list[Any] = []
    status = 200
    if form.is_valid():
        again = partial(house_people.reactivate_user, request.prop, person, by=request.user)
        reason = form.cleaned_data["reason"]
        status = attempt(form, lambda: made.extend(again(reason=reason)))
        if status == 200:
            return _password(request, *made)
    return form_page(request, "staff", _("恢复账号"), form, status=status, lead=str(person))
