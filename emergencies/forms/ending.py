"""结束处置, 特批, 归档, 重新处置, 误启动."""

from django.utils.translation import gettext_lazy as _

from emergencies.forms.base import ActForm, ReasonForm, area
from propdesk.core.text import CleanTextField


class EndForm(ActForm):
    submit = _("结束处置")
    icon = "flag"
    summary = CleanTextField(label=_("处理结果"), widget=area(3), max_length=2000)


class OverrideForm(EndForm):
    submit = _("特批结束处置")
    danger = True
    reason = CleanTextField(label=_("为什么特批"), widget=area(2), max_length=200)


class ArchiveForm(ActForm):
    submit = _("归档")
    icon = "archive"


class ReopenForm(ReasonForm):
    submit = _("重新处置")


class VoidForm(ReasonForm):
    submit = _("作废，是误启动")
    danger = True
    icon = "slash-circle"
