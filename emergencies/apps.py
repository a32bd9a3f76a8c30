from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EmergenciesConfig(AppConfig):
    name = "emergencies"
    verbose_name = _("特殊事件")

    def ready(self) -> None:
        from emergencies import checks, workflow
        from propdesk.core import cases, notices, sweeps

        checks.register_all()
        cases.PAGES["event"] = "emergencies:detail"
        notices.CONFIRMED.append(workflow.confirmed_in_inbox)
        sweeps.register("emergencies.climb", workflow.climb)
        sweeps.register("emergencies.flag_due", workflow.flag_due)
        sweeps.register("emergencies.drills", workflow.remind_drills)
