from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IncidentsConfig(AppConfig):
    name = "incidents"
    verbose_name = _("投诉")

    def ready(self) -> None:
        from incidents import checks, demo, queries, reports, workflow
        from propdesk.core import case_people, cases, house_people, rendering, sweeps
        from propdesk.core import demo as core_demo
        from propdesk.core.retention import declared as retention

        cases.PAGES["complaint"] = "incidents:detail"
        checks.register_all()
        core_demo.register(demo.seed)
        case_people.register(
            {"incidents.Complaint.guest": "case"},
            dict.fromkeys(("incident_report", "complaint_record"), queries.guest_of),
        )
        retention.register(
            {
                "incidents.Complaint": ["case"],
                "incidents.StepRecord": ["complaint__case"],
                "incidents.Correction": ["complaint__case"],
                "incidents.Callback": ["complaint__case"],
                "incidents.Decision": ["complaint__case"],
                "incidents.Option": ["complaint__case"],
                "incidents.Promise": ["complaint__case"],
                "incidents.Progress": ["complaint__case"],
            },
            {"incidents.Decision": {"choice"}},
        )
        house_people.LEAVING.append(workflow.pass_on)
        sweeps.register("incidents.flag_due", workflow.flag_due)
        rendering.register("incident_report", reports.incident_report)
        rendering.register("complaint_record", reports.complaint_record)
        rendering.register("guest_receipt", reports.guest_receipt)
