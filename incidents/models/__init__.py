"""投诉 A–J: fields and constraints. Rows are written only by ``incidents.workflow``."""

from incidents.models.complaint import CONDUCT, GRAVE, LETTERS, Channel, Complaint, Severity, Via
from incidents.models.record import Correction, StepRecord
from incidents.models.review import Callback, Decision
from incidents.models.work import REPORTED, Option, Progress, Promise

__all__ = [
    "CONDUCT",
    "GRAVE",
    "LETTERS",
    "REPORTED",
    "Callback",
    "Channel",
    "Complaint",
    "Correction",
    "Decision",
    "Option",
    "Progress",
    "Promise",
    "Severity",
    "StepRecord",
    "Via",
]
