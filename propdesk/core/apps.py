from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "propdesk.core"
    label = "core"
    verbose_name = _("基础")

    def ready(self) -> None:
        from propdesk.core import checks, db_roles

        db_roles.connect()
        checks.register_all()
