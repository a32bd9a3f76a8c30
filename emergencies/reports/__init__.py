"""What an event looks like on paper; builders for ``propdesk.core.rendering``."""

from emergencies.reports.prefill import prefill_report, result_of
from emergencies.reports.record import event_record
from emergencies.reports.report import event_report
from emergencies.reports.slip import damage_slip

__all__ = ["damage_slip", "event_record", "event_report", "prefill_report", "result_of"]
