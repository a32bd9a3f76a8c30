from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EmergenciesConfig(AppConfig):
    name = "emergencies"
    verbose_name = _("特殊事件")

    def ready(self) -> None:
        from emergencies import checks, demo, reports, workflow
        from emergencies.models import Reader
        from emergencies.queries import evidence, people, purging, records, seals, signed
        from propdesk.core import (
            appendices,
            case_people,
            cases,
            notices,
            places,
            rendering,
            signers,
            sweeps,
        )
        from propdesk.core import demo as core_demo
        from propdesk.core.retention import declared as retention

        checks.register_all()
        core_demo.register(demo.seed)
        cases.PAGES["event"] = "emergencies:detail"
        places.STATES.append(seals.place_states)
        notices.CONFIRMED.append(workflow.confirmed_in_inbox)
        evidence.REGISTERS.append(signed.sign_forms)
        signers.READERS["event"] = lambda case, user: Reader.objects.filter(
            event=case, user=user, ended_at=None
        )
        rendering.register("event_report", reports.event_report)
        rendering.register("record", reports.event_record)
        rendering.register("slip", reports.damage_slip)
        appendices.HIGHEST["record"] = records.signed_roles
        case_people.register(people.PATHS, people.CLIENTS, people.known_to, people.once_known_to)
        retention.register(
            purging.OWNED,
            purging.KEPT,
            of_the_house=("emergencies.PlaybookVersion", "emergencies.PriceItem"),
            lasting=purging.lasting,
        )
        sweeps.register("emergencies.climb", workflow.climb)
        sweeps.register("emergencies.flag_due", workflow.flag_due)
        sweeps.register("emergencies.drills", workflow.remind_drills)
