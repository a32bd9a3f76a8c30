"""失物 L-A … L-H: fields and constraints. Rows are written only by ``lostfound.workflow``."""

from lostfound.categories import Category
from lostfound.models.book import RegisterExport
from lostfound.models.claims import Claim, FeatureCheck
from lostfound.models.custody import CustodyMove
from lostfound.models.disposal import DisposalBatch, DisposalLine, Early, Method
from lostfound.models.item import Announcement, ContentLine, FoundItem, TraceAttempt, Valuation
from lostfound.models.lost import LostReport, MatchPair, MatchProfile
from lostfound.models.policy import RetentionPolicy
from lostfound.models.stocktake import Stocktake, StocktakeDifference, StocktakeEntry
from lostfound.models.storage import SealTag, StoragePlace

__all__ = [
    "Announcement",
    "Category",
    "Claim",
    "ContentLine",
    "CustodyMove",
    "DisposalBatch",
    "DisposalLine",
    "Early",
    "FeatureCheck",
    "FoundItem",
    "LostReport",
    "MatchPair",
    "MatchProfile",
    "Method",
    "RegisterExport",
    "RetentionPolicy",
    "SealTag",
    "Stocktake",
    "StocktakeDifference",
    "StocktakeEntry",
    "StoragePlace",
    "TraceAttempt",
    "Valuation",
]
