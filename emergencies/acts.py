"""Which act is which form and which transition: one table behind one view."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext_lazy as _

from emergencies import forms, workflow
from emergencies.models import Event
from propdesk.core import drafts
from propdesk.core.models import User

Run = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Act:
    """A page title, a form, the transition it calls and what is said afterwards."""

    title: "str | Lazy"
    form: type[forms.ActForm]
    run: Run
    """Called with event, who acts, and the valid form."""
    done: "str | Lazy"
    action: str
    icon: str = "pencil-square"
    ready: Callable[[Any, Any], object] | None = None
    """Called with the page of the event and what it is about before a form is shown: ConflictError."""


def _party(event: Event, by: User, form: Any) -> Any:
    data = form.cleaned_data
    return workflow.add_party(event, data["part"], form.guest(), by=by, note=data["note"])


def _photos(event: Event, by: User, form: Any) -> Any:
    data = form.cleaned_data
    pictures = [photo.read() for photo in data["photo"]]
    return workflow.attach(event, pictures, by=by, caption=data["caption"])


def _data(run: Callable[..., Any]) -> Run:
    """The transition takes the fields of the form under their names."""
    return lambda event, by, form: run(event, by=by, **form.cleaned_data)


def _first(run: Callable[..., Any], name: str) -> Run:
    """The same, one field standing first."""

    def call(event: Event, by: User, form: Any) -> Any:
        data = dict(form.cleaned_data)
        return run(event, data.pop(name), by=by, **data)

    return call


ACTS: dict[str, Act] = {
    "note": Act(
        _("记一条"),
        forms.NoteForm,
        _first(workflow.note, "text"),
        _("已记下。"),
        "note",
        "journal-text",
    ),
    "photo": Act(_("添加照片"), forms.PhotoForm, _photos, _("照片已保存。"), "attach", "camera"),
    "party": Act(
        _("登记有关人员"),
        forms.PartyForm,
        _party,
        _("已登记。"),
        "add_party",
        "person-plus",
    ),
    "hand-over": Act(
        _("交出指挥"),
        forms.HandOverForm,
        _first(workflow.hand_over, "to"),
        _("指挥已交接，对方已收到通知。"),
        "hand_over",
        "arrow-left-right",
    ),
    "take-command": Act(
        _("接手指挥"),
        forms.TakeCommandForm,
        _data(workflow.take_command),
        _("现在由您指挥。"),
        "take_command",
        "flag",
        ready=lambda one, _row: workflow.check_take(one.event, one.user),
    ),
    "name-reader": Act(
        _("增加可查看人"),
        forms.ReaderForm,
        _first(workflow.name_reader, "reader"),
        _("此人现在可以查看。"),
        "name_reader",
        "eye",
        ready=lambda one, _row: workflow.check_readers(one.event),
    ),
    "correct-place": Act(
        _("更正地点"),
        forms.CorrectPlaceForm,
        _data(workflow.correct_place),
        _("地点已更正，有关岗位已收到通知。"),
        "correct_place",
        "geo-alt",
    ),
    "link": Act(
        _("关联其他编号"),
        forms.LinkForm,
        _first(workflow.link, "number"),
        _("已关联。"),
        "link",
        "link-45deg",
        ready=lambda one, _row: workflow.check_link(one.event),
    ),
    "end": Act(
        _("结束处置"),
        forms.EndForm,
        _data(workflow.end),
        _("处置已结束，等记录签批后归档。"),
        "end",
        "flag",
        ready=lambda one, _row: workflow.check_end(one.event, one.missing),
    ),
    "override-end": Act(
        _("特批结束处置"),
        forms.OverrideForm,
        _data(workflow.override_end),
        _("已特批结束，原因会印在记录上。"),
        "override_end",
        "patch-check",
        ready=lambda one, _row: workflow.check_override(one.event, one.missing, one.user),
    ),
    "archive": Act(
        _("归档"),
        forms.ArchiveForm,
        _data(workflow.archive),
        _("已归档。"),
        "archive",
        "archive",
        ready=lambda one, _row: workflow.check_archive(one.event, one.missing),
    ),
    "reopen": Act(
        _("重新处置"),
        forms.ReopenForm,
        _data(workflow.reopen),
        _("已重新处置。"),
        "reopen",
        "arrow-repeat",
    ),
    "void": Act(
        _("误启动，作废"),
        forms.VoidForm,
        _data(workflow.void),
        _("已作废，编号保留。"),
        "void",
        "slash-circle",
        ready=lambda one, _row: workflow.check_void(one.event, one.user),
    ),
}


@transaction.atomic
def once(event: Event, name: str, run: Callable[[], Any], *, by: User, token: str) -> Any:
    """Do it once; DoubleSubmitError, with nothing changed, for a form that comes again.

    The token goes first: the twin of a form that is being sent waits here and writes nothing. The
    draft of the form goes with it.
    """
    drafts.use_token(by, token, event.get_absolute_url(), form=f"{event.case.number}:{name}")
    return run()
