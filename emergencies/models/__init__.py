"""Models of special events (E-1 … E-8)."""

from emergencies.models.aftermath import Affected, LossItem, ReviewAction
from emergencies.models.belongings import Belonging, Handover, Inventory
from emergencies.models.calls import Call, Rung
from emergencies.models.content import Kind, PlaybookVersion
from emergencies.models.damage import Compensation, DamageLine, PriceItem
from emergencies.models.event import Command, Event, Involved, Party, Reader
from emergencies.models.headcount import FireHandover, FloorSweep, Missing, RollCall
from emergencies.models.progress import Answer, MarkPhoto, Note, StepMark
from emergencies.models.records import EventRecord, RecordBox
from emergencies.models.seals import RoomSeal, SealCheck, SealTag

__all__ = [
    "Affected",
    "Answer",
    "Belonging",
    "Call",
    "Command",
    "Compensation",
    "DamageLine",
    "Event",
    "EventRecord",
    "FireHandover",
    "FloorSweep",
    "Handover",
    "Inventory",
    "Involved",
    "Kind",
    "LossItem",
    "MarkPhoto",
    "Missing",
    "Note",
    "Party",
    "PlaybookVersion",
    "PriceItem",
    "Reader",
    "RecordBox",
    "ReviewAction",
    "RollCall",
    "RoomSeal",
    "Rung",
    "SealCheck",
    "SealTag",
    "StepMark",
]
