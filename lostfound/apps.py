from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

PEOPLE = {
    "lostfound.FoundItem.finder": "case",
    "lostfound.LostReport.guest": "case",
    "lostfound.Claim.owner": "item",
    "lostfound.Claim.proxy": "item",
    "lostfound.CustodyMove.giver_person": "item",
    "lostfound.CustodyMove.holder_person": "item",
}
"""How each link to a person leads to the case (``case_people``)."""

OWNED = {
    "lostfound.FoundItem": ("case",),
    "lostfound.ContentLine": ("item__case",),
    "lostfound.TraceAttempt": ("item__case",),
    "lostfound.Announcement": ("item__case",),
    "lostfound.Valuation": ("item__case",),
    "lostfound.LostReport": ("case",),
    "lostfound.MatchPair": ("lost__case", "found__case"),
    "lostfound.Claim": ("item__case",),
    "lostfound.FeatureCheck": ("claim__item__case",),
    "lostfound.SealTag": ("item__case",),
    "lostfound.CustodyMove": ("item__case",),
    "lostfound.DisposalBatch": ("case",),
    "lostfound.DisposalLine": ("batch__case",),
    "lostfound.Stocktake": ("case",),
    "lostfound.StocktakeEntry": ("stocktake__case",),
    "lostfound.StocktakeDifference": ("stocktake__case",),
}
KEPT = {
    "lostfound.FoundItem": {"unit"},
    "lostfound.ContentLine": {"currency"},
    "lostfound.Claim": {"slip_sha256"},
    "lostfound.SealTag": {"number"},
}
"""What a purge takes of the things and what it leaves (``core.retention``).

The tag of a count goes: where nothing was known under it, it is whatever somebody typed.
"""


class LostfoundConfig(AppConfig):
    name = "lostfound"
    verbose_name = _("失物")

    def ready(self) -> None:
        from lostfound import demo, reports, workflow
        from lostfound.models import StoragePlace
        from lostfound.queries import papers
        from propdesk.core import (
            appendices,
            case_people,
            cases,
            house_settings,
            rendering,
            sweeps,
            verifying,
        )
        from propdesk.core import demo as core_demo
        from propdesk.core.retention import declared as retention
        from propdesk.core.roles import Role

        cases.PAGES.update(
            found="lostfound:detail",
            lost="lostfound:lost_detail",
            disposal="lostfound:batch",
            stocktake="lostfound:stocktake",
        )
        core_demo.register(demo.seed)
        case_people.register(PEOPLE, {"claim_slip": papers.claimant_of})
        retention.register(
            OWNED,
            KEPT,
            derived={"lostfound.MatchProfile": "case"},
            of_the_house=(
                "lostfound.StoragePlace",
                "lostfound.RetentionPolicy",
                "lostfound.RegisterExport",
            ),
        )
        verifying.NAMED.append((StoragePlace, "label", "property"))
        house_settings.SAVED.append(workflow.follow_settings)
        sweeps.register("lostfound.flag_due", workflow.flag_due)
        sweeps.register("lostfound.remind", workflow.remind_again)
        sweeps.register("lostfound.digest", workflow.remind_weekly)
        sweeps.register("lostfound.compare_all", workflow.compare_all_matches)
        sweeps.register("lostfound.match", workflow.refresh_matches)
        rendering.register("claim_slip", reports.claim_slip)
        rendering.register("disposal_approval", reports.disposal_approval)
        # 总物业经理, or who acts for him, decides each line (L-H).
        appendices.HIGHEST["disposal_approval"] = lambda _paper: (Role.GENERAL_MANAGER,)
        rendering.register("found_register", reports.found_register)
        rendering.register("found_notice", reports.found_notice)
