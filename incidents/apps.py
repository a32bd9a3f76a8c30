from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IncidentsConfig(AppConfig):
    name = "incidents"
    verbose_name = _("投诉")

    def ready(self) -> None:
        from incidents import checks, reports, workflow
        from propdesk.core import rendering, sweeps

        checks.register_all()
        sweeps.register("incidents.flag_due", workflow.flag_due)
        rendering.register("incident_report", reports.incident_report)
        rendering.register("complaint_record", reports.complaint_record)
