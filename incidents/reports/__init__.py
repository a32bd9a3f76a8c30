"""What a complaint looks like on paper: the proposed report, the printed report, the record.

``prefill`` fills the form; ``incident_report`` and ``complaint_record`` build the sheets for
``propdesk.core.rendering``.
"""

from incidents.reports.prefill import prefill
from incidents.reports.receipt import guest_receipt
from incidents.reports.sheets import complaint_record, incident_report

__all__ = ["complaint_record", "guest_receipt", "incident_report", "prefill"]
