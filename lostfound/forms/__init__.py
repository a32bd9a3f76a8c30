"""One form per act, by noun as in the workflow; they check, the workflow decides."""

from lostfound.forms.base import (
    NOW_FIELDS,
    ActForm,
    ReasonForm,
    RowField,
    SecondFields,
    area,
    money,
)
from lostfound.forms.custody import (
    CosignForm,
    CountForm,
    HandInForm,
    MoveForm,
    OpenSealForm,
    ReceiveForm,
    ResealForm,
)
from lostfound.forms.keeping import (
    CorrectForm,
    LinkForm,
    PhotoForm,
    PoliceForm,
    RemovePhotoForm,
    UnmaskForm,
    VoidForm,
    VoidStoredForm,
)
from lostfound.forms.log import LogForm
from lostfound.forms.tracing import (
    AcknowledgeForm,
    AnnounceForm,
    ClueForm,
    OwnerlessForm,
    TraceForm,
)
from lostfound.forms.valuing import DecideValueForm, PolicyForm, RevalueForm

__all__ = [
    "NOW_FIELDS",
    "AcknowledgeForm",
    "ActForm",
    "AnnounceForm",
    "ClueForm",
    "CorrectForm",
    "CosignForm",
    "CountForm",
    "DecideValueForm",
    "HandInForm",
    "LinkForm",
    "LogForm",
    "MoveForm",
    "OpenSealForm",
    "OwnerlessForm",
    "PhotoForm",
    "PoliceForm",
    "PolicyForm",
    "ReasonForm",
    "ReceiveForm",
    "RemovePhotoForm",
    "ResealForm",
    "RevalueForm",
    "RowField",
    "SecondFields",
    "TraceForm",
    "UnmaskForm",
    "VoidForm",
    "VoidStoredForm",
    "area",
    "money",
]
