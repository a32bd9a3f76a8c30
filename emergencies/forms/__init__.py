"""Forms of special events: they check what was typed; the workflow decides."""

from emergencies.forms.answering import AnswerForm
from emergencies.forms.base import NOW_FIELDS, ActForm, ReasonForm
from emergencies.forms.ending import (
    ArchiveForm,
    EndForm,
    OverrideForm,
    ReopenForm,
    VoidForm,
)
from emergencies.forms.people import (
    CorrectPlaceForm,
    EditPartyForm,
    EndReaderForm,
    HandOverForm,
    PartyForm,
    ReaderForm,
    TakeCommandForm,
    UnmaskForm,
)
from emergencies.forms.start import StartForm
from emergencies.forms.step import AgainForm, SkipForm, StepForm
from emergencies.forms.telling import NotToldForm, TellForm
from emergencies.forms.writing import LinkForm, NoteForm, PhotoForm, RemovePhotoForm

__all__ = [
    "NOW_FIELDS",
    "ActForm",
    "AgainForm",
    "AnswerForm",
    "ArchiveForm",
    "CorrectPlaceForm",
    "EditPartyForm",
    "EndForm",
    "EndReaderForm",
    "HandOverForm",
    "LinkForm",
    "NotToldForm",
    "NoteForm",
    "OverrideForm",
    "PartyForm",
    "PhotoForm",
    "ReaderForm",
    "ReasonForm",
    "RemovePhotoForm",
    "ReopenForm",
    "SkipForm",
    "StartForm",
    "StepForm",
    "TakeCommandForm",
    "TellForm",
    "UnmaskForm",
    "VoidForm",
]
