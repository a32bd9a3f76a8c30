"""Models of the shared base; fields and constraints only, written by ``propdesk.core`` functions."""

from propdesk.core.models.appendices import Appendix
from propdesk.core.models.blanks import BlankForm, OutagePack
from propdesk.core.models.cases import AuditEntry, Case, CaseCounter, CaseLink
from propdesk.core.models.copies import CopyHidden, PaperCopy
from propdesk.core.models.logins import LoginEvent
from propdesk.core.models.papers import (
    Attachment,
    CopyLog,
    Document,
    RenderJob,
    Report,
    ReportBox,
    StaffSignature,
)
from propdesk.core.models.people import Department, Deputy, Membership, Property, Shift, User
from propdesk.core.models.person import (
    Honorific,
    IdType,
    Person,
    PersonChange,
    PersonSignature,
    Unmasking,
)
from propdesk.core.models.places import Place
from propdesk.core.models.retention import Erasure, LegalHold, PurgeRun
from propdesk.core.models.robots import Level, MailRule, Robot, RobotMeter
from propdesk.core.models.seals import SealKey
from propdesk.core.models.search import SearchText
from propdesk.core.models.settings import PropertySettings
from propdesk.core.models.work import Clock, Delivery, Draft, FormToken, Notice, SweepRun, Task

__all__ = [
    "Appendix",
    "Attachment",
    "AuditEntry",
    "BlankForm",
    "Case",
    "CaseCounter",
    "CaseLink",
    "Clock",
    "CopyHidden",
    "CopyLog",
    "Delivery",
    "Department",
    "Deputy",
    "Document",
    "Draft",
    "Erasure",
    "FormToken",
    "Honorific",
    "IdType",
    "LegalHold",
    "Level",
    "LoginEvent",
    "MailRule",
    "Membership",
    "Notice",
    "OutagePack",
    "PaperCopy",
    "Person",
    "PersonChange",
    "PersonSignature",
    "Place",
    "Property",
    "PropertySettings",
    "PurgeRun",
    "RenderJob",
    "Report",
    "ReportBox",
    "Robot",
    "RobotMeter",
    "SealKey",
    "SearchText",
    "Shift",
    "StaffSignature",
    "SweepRun",
    "Task",
    "Unmasking",
    "User",
]
