from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "propdesk.core"
    label = "core"
    verbose_name = _("基础")

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from propdesk.core import (
            appendices,
            checks,
            db_roles,
            log_ins,
            middleware,
            rendering,
            second_step,
        )

        db_roles.connect()
        user_logged_in.connect(middleware.start_idle_clock, dispatch_uid="propdesk.idle")
        second_step.connect()
        log_ins.connect()
        checks.register_all()
        rendering.register(appendices.KIND, appendices.sheet)
