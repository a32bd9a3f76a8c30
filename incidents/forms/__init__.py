"""One form per act on a complaint, by noun as in the workflow; they check, the workflow decides."""

from incidents.forms.base import ActForm, area, guest_of
from incidents.forms.keeping import (
    ArrivedForm,
    GuestForm,
    HandOverForm,
    LinkForm,
    PhotoForm,
    RemovePhotoForm,
    SecurityForm,
    SeverityForm,
    UnmaskForm,
)
from incidents.forms.offer import (
    ChooseForm,
    DecideOptionForm,
    DecideRefusalForm,
    OfferForm,
    RefuseForm,
    TellForm,
    WithdrawForm,
)
from incidents.forms.promising import ExtendForm, ProgressForm, PromiseForm, ResolveForm
from incidents.forms.record import ConductForm, CorrectionForm, IntakeForm, RecordForm
from incidents.forms.review import (
    CallBackForm,
    CloseForm,
    DecideDissatisfiedForm,
    OverrideForm,
    ReopenForm,
    SummaryForm,
    VoidForm,
)

__all__ = [
    "ActForm",
    "ArrivedForm",
    "CallBackForm",
    "ChooseForm",
    "CloseForm",
    "ConductForm",
    "CorrectionForm",
    "DecideDissatisfiedForm",
    "DecideOptionForm",
    "DecideRefusalForm",
    "ExtendForm",
    "GuestForm",
    "HandOverForm",
    "IntakeForm",
    "LinkForm",
    "OfferForm",
    "OverrideForm",
    "PhotoForm",
    "ProgressForm",
    "PromiseForm",
    "RecordForm",
    "RefuseForm",
    "RemovePhotoForm",
    "ReopenForm",
    "ResolveForm",
    "SecurityForm",
    "SeverityForm",
    "SummaryForm",
    "TellForm",
    "UnmaskForm",
    "VoidForm",
    "WithdrawForm",
    "area",
    "guest_of",
]
