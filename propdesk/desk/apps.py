from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeskConfig(AppConfig):
    name = "propdesk.desk"
    label = "desk"
    verbose_name = _("值班台")

    def ready(self) -> None:
        from propdesk.core import blanks, cases, copies, house_people, orphans, rendering, sweeps
        from propdesk.core import demo as core_demo
        from propdesk.core.retention import declared as retention
        from propdesk.desk.calendar import workflow as calendar
        from propdesk.desk.handover import demo, queries, workflow
        from propdesk.desk.handover import paper as handover
        from propdesk.desk.insight import paper as insight
        from propdesk.desk.outage import paper

        rendering.register(blanks.KIND, paper.outage_pack)
        rendering.register(copies.KIND, copies.build)
        sweeps.register("desk.outage_pack", blanks.make_nightly)
        core_demo.register(demo.seed)
        cases.PAGES["handover"] = "handover:detail"
        rendering.register(workflow.PAPER, handover.handover_record)
        rendering.register(insight.KIND, insight.insight_report)
        sweeps.register("desk.handover_late", workflow.flag_late)
        house_people.LEAVING.append(calendar.leave)
        retention.register(
            {
                "desk.Handover": ["case"],
                "desk.HandoverLine": ["handover__case"],
                "desk.HandoverCount": ["handover__case"],
                "desk.PatrolCheck": ["handover__case"],
            },
            {
                "desk.Handover": {"label", "content_sha"},
                "desk.HandoverLine": {"key", "state", "digest"},
                "desk.HandoverCount": {"key", "name", "unit"},
            },
            of_the_house=("desk.CalendarFeed", "desk.CountItem"),
            by_date={"desk.ShiftLogEntry": ("property", "at")},
            spared={"desk.ShiftLogEntry": queries.log_of_held},
        )
        orphans.KEPT_KINDS.add(blanks.KIND)
