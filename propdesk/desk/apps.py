from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeskConfig(AppConfig):
    name = "propdesk.desk"
    label = "desk"
    verbose_name = _("值班台")

    def ready(self) -> None:
        from propdesk.core import blanks, copies, orphans, rendering, sweeps
        from propdesk.desk.outage import paper

        rendering.register(blanks.KIND, paper.outage_pack)
        rendering.register(copies.KIND, copies.build)
        sweeps.register("desk.outage_pack", blanks.make_nightly)
        orphans.KEPT_KINDS.add(blanks.KIND)
