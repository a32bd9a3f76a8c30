"""What all pages of a house share: their menu, their permission, the page of one form."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from propdesk.core.http import StaffRequest, page
from propdesk.core.permissions import ACTIONS
from propdesk.core.roles import ensure, may

MENU = (
    ("settings", _("公寓与规则"), _("保管规则、时限、紧急电话"), "sliders", "save_settings"),
    ("staff", _("员工与岗位"), _("账号、岗位、首次密码"), "people", "read_house"),
    ("log_ins", _("登录记录"), _("谁在何时何处登录，没有通过的"), "shield-lock", "read_log_ins"),
    ("departments", _("部门"), _("名称和内线"), "diagram-3", "read_house"),
    ("deputies", _("代理人"), _("不在时由谁代办"), "person-check", "read_shifts"),
    ("shifts", _("排班"), _("谁在什么时候值班"), "calendar-event", "read_shifts"),
    ("places", _("楼栋与房间"), _("楼层、房间、公共区域"), "building", "read_house"),
    ("robots", _("通知渠道"), _("群机器人、邮件、发送失败"), "send", "read_robots"),
    ("seal", _("封存章"), _("文书的数字签名，给对方的证书"), "shield-lock", "read_seal"),
    ("retention", _("保存期限"), _("到期的个人信息、暂缓清除"), "archive", "read_retention"),
    ("outage", _("停电包"), _("打不开系统时用的纸，事后补录"), "lightning-charge", "read_pack"),
)
"""(URL name, label, hint, icon, action) of each part of 设置."""


def link(request: StaffRequest, name: str, *args: object) -> str:
    """The address of a page of this house."""
    return reverse(f"house:{name}", args=[request.prop.code, *args])


def allow(request: StaffRequest, action: str, *, owns: bool = False) -> None:
    """PermissionDenied (403) before somebody fills in a form he may not send."""
    ensure(request.user, action, ACTIONS, prop=request.prop, owns=owns)


def allowed(request: StaffRequest, action: str) -> bool:
    """Whether to show the way to ``action``."""
    return may(request.user, action, ACTIONS, prop=request.prop)


def menu(request: StaffRequest, current: str = "") -> list[dict[str, Any]]:
    """The parts of 设置 this person may open: url, label, hint, icon, current."""
    return [
        {
            "url": link(request, name),
            "label": label,
            "hint": hint,
            "icon": icon,
            "current": name == current,
        }
        for name, label, hint, icon, action in MENU
        if allowed(request, action)
    ]


def show(
    request: StaffRequest,
    template: str,
    part: str,
    context: Mapping[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    """Render a page of ``part`` with the menu beside it."""
    full = {"prop": request.prop, "menu": menu(request, part), **context}
    return page(request, f"desk/house/{template}.html", full, status=status)


def form_page(
    request: StaffRequest,
    part: str,
    title: Any,
    form: forms.BaseForm,
    *,
    status: int = 200,
    lead: Any = "",
    **context: Any,
) -> HttpResponse:
    """A page with one form; 422 when it was sent and is wrong."""
    if status == 200 and form.is_bound:
        status = 422
    whole = {"title": title, "lead": lead, "form": form, **context}
    return show(request, "form", part, whole, status=status)
