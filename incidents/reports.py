"""placeholder"""

from propdesk.core.models import RenderJob
from propdesk.core.rendering import Sheet


def incident_report(job: RenderJob) -> Sheet:
    raise KeyError(job.kind)


def complaint_record(job: RenderJob) -> Sheet:
    raise KeyError(job.kind)
