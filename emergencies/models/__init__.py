"""Models of special events (E-1 … E-8)."""

from emergencies.models.calls import Call, Rung
from emergencies.models.content import Kind, PlaybookVersion
from emergencies.models.event import Command, Event, Involved, Party, Reader
from emergencies.models.progress import Answer, MarkPhoto, Note, StepMark

__all__ = [
    "Answer",
    "Call",
    "Command",
    "Event",
    "Involved",
    "Kind",
    "MarkPhoto",
    "Note",
    "Party",
    "PlaybookVersion",
    "Reader",
    "Rung",
    "StepMark",
]
