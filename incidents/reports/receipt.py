"""受理回执 for the guest, in place of internal papers (forms.md 1.1, Copies)."""

from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.models import Complaint, Promise
from propdesk.core import names, rendering
from propdesk.core.clock_text import paper_time
from propdesk.core.models import RenderJob
from propdesk.core.papers_receipt import GuestReceiptPaper
from propdesk.core.rendering import Sheet, case_of

FORM = "V1.0"


def guest_receipt(job: RenderJob) -> Sheet:
    """The receipt as things stand; what he said, was offered or was found is not on it."""
    rows = Complaint.objects.select_related("case__property__settings", "guest", "owner", "place")
    complaint = rows.get(pk=case_of(job).pk)
    prop, now = complaint.case.property, timezone.now()
    guest = names.address(complaint.guest.name, complaint.guest.honorific)
    paper = GuestReceiptPaper(
        organisation=prop.name,
        number=complaint.case.number,
        form_code="PD-HZ-01",
        version=FORM,
        record_url=rendering.address(complaint.get_absolute_url()),
        state="void" if complaint.status == Complaint.Status.VOIDED else "list",
        frozen_at=paper_time(now),
        guest=guest or _("尊敬的客户"),
        received_at=paper_time(complaint.received_at),
        place=complaint.place.label if complaint.place else complaint.place_note,
        owner=complaint.owner.name,
        promise=_promised(complaint),
        phone=prop.settings.duty_phone or prop.phone,
        address=prop.address,
    )
    return rendering.listed(paper, now)


def _promised(complaint: Complaint) -> str:
    """The time he was told last, kept or not; blank for the pen while none was told."""
    found = complaint.promises.exclude(outcome=Promise.Outcome.DROPPED).order_by("-pk").first()
    return paper_time(found.due_at) if found else ""
