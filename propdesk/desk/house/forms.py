"""Forms of the pages of a house."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from propdesk.core.house_import_staff import PHONE, USERNAME
from propdesk.core.house_people import Details, Post
from propdesk.core.layouts import Row, helper
from propdesk.core.models import Department, IdType, Membership, Place, Property, User
from propdesk.core.permissions import TOP
from propdesk.core.roles import Role
from propdesk.core.text import CleanCharField
from propdesk.core.widgets import Chips, DateLocal, DateTimeLocal
from propdesk.desk.house import queries

phone_number = RegexValidator(rf"^{PHONE.pattern}$", _("请填电话号码，例如 13800000000。"))
DAY_FORMATS = ["%Y-%m-%d", "%Y%m%d"]
MOMENT_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y%m%d %H:%M"]


class PersonChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable at run time
    """A member of staff, shown with the staff number: names repeat."""

    def label_from_instance(self, obj: Any) -> str:
        """Return "1001 沈若琳"."""
        return f"{obj.username} {obj.name}"


def _reason() -> CleanCharField:
    return CleanCharField(label=_("原因"), max_length=200, min_length=2)


def _day(label: Any, **kwargs: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=DateLocal(), input_formats=DAY_FORMATS, **kwargs)


def _moment(label: Any) -> forms.DateTimeField:
    return forms.DateTimeField(label=label, widget=DateTimeLocal(), input_formats=MOMENT_FORMATS)


class ReasonForm(forms.Form):
    """A confirmation that asks why."""

    reason = _reason()

    def __init__(self, *args: Any, label: str, back_url: str, danger: bool = False, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.helper = helper(self, submit_label=label, back_url=back_url, danger=danger)


class RotateForm(ReasonForm):
    """Why the seal is changed; a new authority goes with it only when the old one leaked."""

    everything = forms.BooleanField(
        label=_("连根证书一起换（密钥可能外泄；对方要重新导入证书）"), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label=str(_("换封存章")), danger=True, **kwargs)


class HoldForm(ReasonForm):
    """Which case is kept beyond its term, and why."""

    number = CleanCharField(label=_("编号"), max_length=20)
    field_order = ("number", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label=str(_("暂缓清除")), **kwargs)


class PersonForm(forms.Form):
    """Whose data somebody asks for, and what for: a number tells him from others of his name."""

    phone = CleanCharField(
        label=_("电话"), max_length=30, required=False, validators=[phone_number]
    )
    name = CleanCharField(
        label=_("姓名"),
        max_length=60,
        required=False,
        help_text=_("几个人用一个电话的才要填。"),
    )
    id_type = forms.ChoiceField(
        label=_("证件类型"), choices=[("", "—"), *IdType.choices], required=False
    )
    id_number = CleanCharField(label=_("证件号"), max_length=30, required=False)
    purpose = CleanCharField(label=_("用途"), max_length=200, min_length=2)

    def __init__(self, *args: Any, back_url: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parts = (Row("phone", "name"), Row("id_type", "id_number"), "purpose")
        self.helper = helper(self, *parts, submit_label=str(_("导出")), back_url=back_url)


class ResetForm(ReasonForm):
    """A new first password; the second step of log-in goes only for who has lost the telephone."""

    drop_second = forms.BooleanField(
        label=_("同时停用两步登录（手机丢了，验证码和备用码都没有）"), required=False
    )


class DetailsForm(forms.Form):
    """Name and how to reach a member of staff."""

    name = CleanCharField(label=_("姓名"), max_length=40)
    phone = CleanCharField(
        label=_("手机"), max_length=30, required=False, validators=[phone_number]
    )
    email = forms.EmailField(label=_("邮箱"), max_length=254, required=False)

    def details(self) -> Details:
        """Return the cleaned details."""
        data = self.cleaned_data
        return Details(data["name"], data["phone"], data["email"])


class StaffEditForm(DetailsForm):
    """Change what is known of a member of staff."""

    reason = _reason()

    def __init__(self, *args: Any, back_url: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(
            self,
            "name",
            Row("phone", "email"),
            "reason",
            submit_label=str(_("保存资料")),
            back_url=back_url,
        )


class PostForm(forms.Form):
    """A role with its department and dates."""

    role = forms.ChoiceField(label=_("岗位"))
    department = forms.ModelChoiceField(
        Department.objects.none(), label=_("部门"), required=False, empty_label=_("不属于部门")
    )
    starts_on = _day(_("任职起日"), required=False, help_text=_("不填即从今天起。"))
    ends_on = _day(_("任职止日"), required=False, help_text=_("不填即长期。"))

    def __init__(self, prop: Property, *args: Any, top: bool, **kwargs: Any) -> None:
        """``top``: whether high ranks may be chosen too."""
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [  # type: ignore[attr-defined]
            ("", _("请选择")),
            *((role.value, role.label) for role in Role if top or role not in TOP),
        ]
        rows = prop.departments.filter(is_active=True).order_by("name")
        self.fields["department"].queryset = rows  # type: ignore[attr-defined]

    def post(self) -> Post:
        """Return the cleaned role."""
        data = self.cleaned_data
        return Post(Role(data["role"]), data["department"], data["starts_on"], data["ends_on"])


class StaffForm(PostForm, DetailsForm):
    """A new account with its first role."""

    username = CleanCharField(
        label=_("工号"),
        max_length=30,
        help_text=_("登录用，以后不能改。"),
        validators=[RegexValidator(rf"^{USERNAME.pattern}$", _("只能用字母、数字和 . _ -。"))],
    )
    ends_on = None  # type: ignore[assignment]

    def __init__(self, prop: Property, *args: Any, back_url: str, **kwargs: Any) -> None:
        super().__init__(prop, *args, **kwargs)
        self.helper = helper(
            self,
            Row("username", "name"),
            Row("role", "department"),
            Row("phone", "email"),
            "starts_on",
            submit_label=str(_("新建账号")),
            back_url=back_url,
        )

    def post(self) -> Post:
        """Return the cleaned role."""
        data = self.cleaned_data
        return Post(Role(data["role"]), data["department"], data["starts_on"])


class RoleForm(PostForm):
    """One more role for somebody."""

    reason = _reason()

    def __init__(self, prop: Property, *args: Any, back_url: str, **kwargs: Any) -> None:
        super().__init__(prop, *args, **kwargs)
        self.helper = helper(
            self,
            Row("role", "department"),
            Row("starts_on", "ends_on"),
            "reason",
            submit_label=str(_("任命")),
            back_url=back_url,
        )


class EndRoleForm(ReasonForm):
    """The last day of a role."""

    ends_on = _day(_("最后一天"), help_text=_("当天仍有权限；要立即停止，请填昨天的日期。"))
    field_order = ["ends_on", "reason"]


class DepartmentForm(forms.Form):
    """A department: which ones exist is data."""

    name = CleanCharField(label=_("名称"), max_length=40)
    extension = CleanCharField(label=_("内线"), max_length=20, required=False)

    def __init__(self, *args: Any, back_url: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = Row("name", "extension")
        self.helper = helper(self, row, submit_label=str(_("保存部门")), back_url=back_url)


class DeputyForm(forms.Form):
    """Who acts for the holder of a role, and when."""

    deputy = PersonChoice(User.objects.none(), label=_("代理人"), empty_label=_("请选择"))
    starts_at = _moment(_("开始"))
    ends_at = _moment(_("截止"))
    reason = _reason()

    def __init__(self, prop: Property, post: Membership, *args: Any, back_url: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        rows = queries.staff_choices(prop).exclude(pk=post.user_id)
        self.fields["deputy"].queryset = rows  # type: ignore[attr-defined]
        self.helper = helper(
            self,
            "deputy",
            Row("starts_at", "ends_at"),
            "reason",
            submit_label=str(_("指定代理人")),
            back_url=back_url,
        )


class ShiftForm(forms.Form):
    """One shift on one day; an end before the beginning is on the next day."""

    role = forms.ChoiceField(label=_("岗位"), choices=[("", _("请选择")), *Role.choices])
    user = PersonChoice(User.objects.none(), label=_("值班人"), empty_label=_("请选择"))
    label = CleanCharField(label=_("班次"), max_length=10, help_text=_("例如 早班、中班、夜班。"))
    day = _day(_("日期"))
    begins = forms.TimeField(label=_("上班"), widget=forms.TimeInput({"type": "time"}, "%H:%M"))
    ends = forms.TimeField(
        label=_("下班"),
        widget=forms.TimeInput({"type": "time"}, "%H:%M"),
        help_text=_("不晚于上班时间的，算第二天。"),
    )

    def __init__(self, prop: Property, *args: Any, back_url: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = queries.staff_choices(prop)  # type: ignore[attr-defined]
        self.helper = helper(
            self,
            Row("role", "user"),
            Row("label", "day"),
            Row("begins", "ends", keep=True),
            submit_label=str(_("排班")),
            back_url=back_url,
        )

    def times(self) -> dict[str, datetime]:
        """Return ``starts_at`` and ``ends_at`` as aware moments."""
        data = self.cleaned_data
        day: date = data["day"]
        last = day if data["ends"] > data["begins"] else day + timedelta(days=1)
        return {
            "starts_at": timezone.make_aware(datetime.combine(day, data["begins"])),
            "ends_at": timezone.make_aware(datetime.combine(last, data["ends"])),
        }


class PlaceEditForm(forms.Form):
    """What a place is called."""

    name = CleanCharField(label=_("名称"), max_length=40)
    code = CleanCharField(
        label=_("房号或代码"), max_length=20, required=False, help_text=_("例如 A-1806。")
    )

    def __init__(self, *args: Any, back_url: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = Row("name", "code")
        self.helper = helper(self, row, submit_label=str(_("保存地点")), back_url=back_url)


class PlaceForm(PlaceEditForm):
    """A new place."""

    kind = forms.ChoiceField(
        label=_("类型"), choices=Place.Kind.choices, widget=Chips(css="chips-fill")
    )
    parent = forms.ModelChoiceField(
        Place.objects.none(), label=_("上级地点"), required=False, empty_label=_("没有上级")
    )

    def __init__(self, prop: Property, *args: Any, back_url: str, **kwargs: Any) -> None:
        super().__init__(*args, back_url=back_url, **kwargs)
        self.fields["parent"].queryset = queries.parents(prop)  # type: ignore[attr-defined]
        self.helper = helper(
            self,
            "kind",
            "parent",
            Row("name", "code"),
            submit_label=str(_("新建地点")),
            back_url=back_url,
        )


class UploadForm(forms.Form):
    """A table to import."""

    file = forms.FileField(
        label=_("表格文件"),
        help_text=_(".xlsx 或 .csv，最多 5 MB、5000 行。先检查给您看，确认后才写入。"),
        widget=forms.FileInput({"accept": ".xlsx,.csv"}),
    )

    def __init__(self, *args: Any, back_url: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(
            self, submit_label=str(_("检查文件")), icon="search", back_url=back_url
        )
