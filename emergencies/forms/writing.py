"""What is added to an event: a line, photos, a link."""

from django.utils.translation import gettext_lazy as _

from emergencies.forms.base import ActForm, ReasonForm, area, moment
from propdesk.core.layouts import Fold
from propdesk.core.text import CleanCharField, CleanTextField
from propdesk.core.widgets import PhotosField


class NoteForm(ActForm):
    submit = _("记下")
    icon = "journal-text"
    text = CleanTextField(label=_("看到或听到了什么"), widget=area(3), max_length=2000)
    occurred_at = moment()

    def layout(self) -> tuple[object, ...]:
        return ("text", Fold(str(_("不是刚才")), "occurred_at"))


class PhotoForm(ActForm):
    submit = _("保存照片")
    icon = "camera"
    photo = PhotosField(label=_("照片"))
    caption = CleanCharField(label=_("说明"), max_length=80, required=False)


class LinkForm(ActForm):
    submit = _("关联")
    icon = "link-45deg"
    number = CleanCharField(label=_("编号"), max_length=20, help_text=_("例如 TS-20261123-001"))
    note = CleanCharField(label=_("说明"), max_length=120, required=False)


class RemovePhotoForm(ReasonForm):
    submit = _("撤下照片")
    danger = True
