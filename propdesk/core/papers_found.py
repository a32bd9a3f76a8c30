"""The printed papers of found things: slip, approval of disposal, register, public notice.

As in ``papers``: frozen text, ready to print; nothing here reads the database.
"""

from dataclasses import dataclass

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from propdesk.core.papers import Paper, Text, Tick


@dataclass(frozen=True)
class Hop:
    """One link of the custody chain: when, what, from whom to whom, where it lies, who stood by."""

    at: Text = None
    what: Text = None
    hands: Text = None
    place: Text = None
    together: Text = None


@dataclass(frozen=True)
class Attempt:
    """查找记录: when, how, what came of it, what was asked, by whom."""

    at: Text = None
    via: Text = None
    outcome: Text = None
    text: Text = None
    by: Text = None


@dataclass(frozen=True)
class Receipt:
    """第二联: all that the claimant reads. No feature, place of storage or sum has a field here."""

    item: Text = None
    quantity: Text = None
    contents: Text = None
    found_on: Text = None
    place: Text = None
    claimant: Text = None
    id_paper: Text = None
    phone: Text = None
    way: Text = None
    way_detail: Text = None
    returned_at: Text = None
    contact: Text = None


@dataclass(frozen=True, kw_only=True)
class ClaimSlipPaper(Paper):
    """《失物认领单》: 存根 for the file and 客户 for the claimant, two copies on one A4 (forms 1.4)."""

    template = "core/print/claim_slip.html"
    title = _("失物认领单")
    schema = "propdesk.claim_slip/1"

    name: Text = None
    quantity: Text = None
    features: Text = None
    serial: Text = None
    contents: Text = None
    no_photo: Text = None
    found_at: Text = None
    place: Text = None
    finder: Text = None
    reported_at: Text = None
    handed_at: Text = None
    received_by: Text = None
    value: Text = None
    valued_by: Text = None
    term: Text = None
    expires_on: Text = None
    statutory: Text = None
    storage: Text = None
    seal: Text = None
    clue: tuple[Tick, ...] = ()
    clue_text: Text = None
    announced: Text = None
    hops: tuple[Hop, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    claimant: Text = None
    id_paper: Text = None
    phone: Text = None
    description: Text = None
    checks: tuple[Tick, ...] = ()
    checked_by: Text = None
    ways: tuple[Tick, ...] = ()
    way_detail: Text = None
    signed_digest: Text = None
    receipt: Receipt = Receipt()

    @property
    def draft_mark(self) -> str:
        """A slip that is not returned yet may be signed by pen, and then it counts."""
        return gettext("手写签名后有效")


@dataclass(frozen=True)
class DisposalRow:
    """One thing of the approval: what it is, what was asked and decided, how it was carried out."""

    number: str
    name: Text = None
    quantity: Text = None
    value: Text = None
    stored_on: Text = None
    due_on: Text = None
    statutory: Text = None
    search: Text = None
    proposed: Text = None
    decided: tuple[Tick, ...] = ()
    reason: Text = None
    risk: Text = None
    done: Text = None


@dataclass(frozen=True, kw_only=True)
class DisposalApprovalPaper(Paper):
    """《过期失物处理审批单》: asked by two, reviewed, decided by 总物业经理 (forms 1.5)."""

    template = "core/print/disposal_approval.html"
    title = _("过期失物处理审批单")
    title_size = "long"
    schema = "propdesk.disposal_approval/1"

    opinion: Text = None
    decided_on: Text = None
    rows: tuple[DisposalRow, ...] = ()

    @property
    def draft_mark(self) -> str:
        """Signed by all, it is no draft any more, but not carried out either."""
        return gettext("已批示（未办结）") if self.decided_on else super().draft_mark


@dataclass(frozen=True)
class RegisterRow:
    """One line of the register, a page wide."""

    number: str
    name: Text = None
    features: Text = None
    found: Text = None
    finder: Text = None
    received: Text = None
    value: Text = None
    storage: Text = None
    expires_on: Text = None
    outcome: Text = None
    moved: Text = None


@dataclass(frozen=True, kw_only=True)
class FoundRegisterPaper(Paper):
    """失物招领登记表: the register as a list, landscape."""

    template = "core/print/found_register.html"
    title = _("失物招领登记表")
    title_size = "long"
    schema = "propdesk.found_register/1"

    scope: Text = None
    rows: tuple[RegisterRow, ...] = ()
    beyond: Text = None


@dataclass(frozen=True)
class NoticeRow:
    """One thing of the public notice: what kind, when and roughly where; nothing that proves it."""

    number: str
    category: Text = None
    found_on: Text = None
    place: Text = None


@dataclass(frozen=True, kw_only=True)
class FoundNoticePaper(Paper):
    """招领公告 for the notice board."""

    template = "core/print/found_notice.html"
    title = _("招领公告")
    schema = "propdesk.found_notice/1"

    published_on: Text = None
    rows: tuple[NoticeRow, ...] = ()
    where: Text = None
    phone: Text = None
    beyond: Text = None
