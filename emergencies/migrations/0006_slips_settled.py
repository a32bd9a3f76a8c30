import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

from propdesk.core.guards import frozen, refused
from propdesk.core.together import Together

OPENED = ["event_id", "property_id", "number", "created_by_id", "created_at"]
TALK = [
    "total",
    "reduced_by",
    "basis",
    "priced_by_id",
    "informed_at",
    "informed_via",
    "informed_by_id",
    "position",
    "objection",
    "needs_decision",
    "decision",
    "decision_reason",
    "decided_by_id",
    "decided_at",
    "decider_signature_id",
]
SIGNED = [
    "payer_id",
    "signature_id",
    "scan_id",
    "signed_at",
    "signed_amount",
    "manager_id",
    "manager_signature_id",
    "declined_at",
    "declined_note",
]
POSTED = [
    "status",
    "payment",
    "account",
    "voucher_no",
    "posted_amount",
    "posted_at",
    "posted_by_id",
    "poster_signature_id",
    "cancelled_reason",
]
SLIP = "SELECT 1 FROM emergencies_compensation c WHERE c.event_id = OLD.case_id AND c.status"
IS_OPEN = (
    "NEW.status <> OLD.status AND NOT OLD.is_drill AND ("
    "(NEW.status IN ('signing', 'archived') AND EXISTS "
    f"({SLIP} NOT IN ('posted', 'waived', 'cancelled'))) OR "
    f"(NEW.status = 'voided' AND EXISTS ({SLIP} IN ('signed', 'declined', 'posted'))))"
)
"""No event ends before its slip is settled, and none with a claim in writing was a mistake (E-2)."""
BACK = (
    "(OLD.status = 'cancelled' AND NEW.status <> 'cancelled') OR "
    "(OLD.status IN ('signed', 'declined') "
    "AND NEW.status NOT IN (OLD.status, 'posted', 'cancelled'))"
)
TELLER = (
    "(NEW.decided_by_id IS DISTINCT FROM OLD.decided_by_id OR "
    "NEW.decided_at IS DISTINCT FROM OLD.decided_at) AND "
    "NEW.decided_by_id IN (OLD.informed_by_id, NEW.informed_by_id)"
)
"""Who told the guest does not decide; who decided may tell him (decision 32)."""


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0006_confidential_stays"),
        ("emergencies", "0005_starter_reads_briefly"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [Together([
        migrations.RemoveConstraint(
            model_name="compensation",
            name="emergencies_compensation_decided_complete",
        ),
        migrations.RemoveConstraint(
            model_name="compensation",
            name="emergencies_compensation_dispute_blocks",
        ),
        migrations.RemoveConstraint(
            model_name="compensation",
            name="emergencies_compensation_other_decides",
        ),
        migrations.RemoveConstraint(
            model_name="compensation",
            name="emergencies_compensation_signed",
        ),
        migrations.AddField(
            model_name="compensation",
            name="decider_signature",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="core.staffsignature",
            ),
        ),
        migrations.AddField(
            model_name="compensation",
            name="declined_at",
            field=models.DateTimeField(null=True, verbose_name="拒签时间"),
        ),
        migrations.AddField(
            model_name="compensation",
            name="declined_note",
            field=models.CharField(blank=True, max_length=200, verbose_name="拒签理由"),
        ),
        migrations.AddField(
            model_name="compensation",
            name="disputed_at",
            field=models.DateTimeField(null=True, verbose_name="首次提出异议"),
        ),
        migrations.AddField(
            model_name="compensation",
            name="priced_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="historicalcompensation",
            name="decider_signature",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="core.staffsignature",
            ),
        ),
        migrations.AddField(
            model_name="historicalcompensation",
            name="declined_at",
            field=models.DateTimeField(null=True, verbose_name="拒签时间"),
        ),
        migrations.AddField(
            model_name="historicalcompensation",
            name="declined_note",
            field=models.CharField(blank=True, max_length=200, verbose_name="拒签理由"),
        ),
        migrations.AddField(
            model_name="historicalcompensation",
            name="disputed_at",
            field=models.DateTimeField(null=True, verbose_name="首次提出异议"),
        ),
        migrations.AddField(
            model_name="historicalcompensation",
            name="priced_by",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="compensation",
            name="status",
            field=models.CharField(
                choices=[
                    ("draft", "核价中"),
                    ("informed", "已告知客户"),
                    ("signed", "已签字，待入账"),
                    ("declined", "客户拒签，待入账"),
                    ("posted", "已入账"),
                    ("waived", "已免收"),
                    ("cancelled", "已作废"),
                ],
                default="draft",
                max_length=9,
                verbose_name="状态",
            ),
        ),
        migrations.AlterField(
            model_name="historicalcompensation",
            name="status",
            field=models.CharField(
                choices=[
                    ("draft", "核价中"),
                    ("informed", "已告知客户"),
                    ("signed", "已签字，待入账"),
                    ("declined", "客户拒签，待入账"),
                    ("posted", "已入账"),
                    ("waived", "已免收"),
                    ("cancelled", "已作废"),
                ],
                default="draft",
                max_length=9,
                verbose_name="状态",
            ),
        ),
        migrations.AddConstraint(
            model_name="compensation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decided_at", None),
                        ("decided_by", None),
                        ("decider_signature", None),
                        ("decision", ""),
                    ),
                    models.Q(
                        models.Q(("decision", ""), _negated=True),
                        models.Q(("decision_reason", ""), _negated=True),
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        ("decider_signature__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="emergencies_compensation_decided_complete",
                violation_error_message="批示要写明理由，由本人签名。",
            ),
        ),
        migrations.AddConstraint(
            model_name="compensation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("status__in", ["signed", "declined", "posted", "waived"]), _negated=True
                    ),
                    ("needs_decision", False),
                    ("decision__in", ["uphold", "reduce", "waive"]),
                    _connector="OR",
                ),
                name="emergencies_compensation_dispute_blocks",
                violation_error_message="有争议或超权限，先等上级批示。",
            ),
        ),
        migrations.AddConstraint(
            model_name="compensation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_by", None),
                    models.Q(("decided_by", models.F("priced_by")), _negated=True),
                    _connector="OR",
                ),
                name="emergencies_compensation_other_decides",
                violation_error_message="批示人不能是核价的本人。",
            ),
        ),
        migrations.AddConstraint(
            model_name="compensation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("disputed_at", None), models.Q(("position", "dispute"), _negated=True)
                    ),
                    models.Q(("disputed_at__isnull", False), ("needs_decision", True)),
                    _connector="OR",
                ),
                name="emergencies_compensation_dispute_stays",
                violation_error_message="客户提过异议，要有上级批示。",
            ),
        ),
        migrations.AddConstraint(
            model_name="compensation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["signed", "declined", "posted"]), _negated=True),
                    models.Q(
                        ("manager__isnull", False),
                        ("manager_signature__isnull", False),
                        ("payer__isnull", False),
                        (
                            "signed_amount",
                            django.db.models.expressions.CombinedExpression(
                                models.F("total"), "-", models.F("reduced_by")
                            ),
                        ),
                        models.Q(
                            models.Q(
                                ("declined_at", None),
                                ("position", "agree"),
                                ("signed_at__isnull", False),
                                models.Q(("status", "declined"), _negated=True),
                                models.Q(
                                    ("signature__isnull", False),
                                    ("scan__isnull", False),
                                    _connector="OR",
                                ),
                            ),
                            models.Q(
                                ("declined_at__isnull", False),
                                ("scan", None),
                                ("signature", None),
                                ("signed_at", None),
                                ("decision__in", ["uphold", "reduce"]),
                                ("position__in", ["agree", "dispute"]),
                                models.Q(("status", "signed"), _negated=True),
                                models.Q(("declined_note", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="emergencies_compensation_signed",
                violation_error_message="客户同意并签字，或按批示登记拒签以后才能入账。",
            ),
        ),
        migrations.AddConstraint(
            model_name="compensation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("declined_at", None),
                    models.Q(("manager", models.F("decided_by")), _negated=True),
                    _connector="OR",
                ),
                name="emergencies_compensation_declined",
                violation_error_message="拒签不能由批示的本人登记。",
            ),
        ),
        migrations.AddConstraint(
            model_name="compensation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("posted_by", None),
                    models.Q(("posted_by", models.F("manager")), _negated=True),
                    _connector="OR",
                ),
                name="emergencies_compensation_other_posts",
                violation_error_message="入账的不能是签单的本人。",
            ),
        ),
        frozen("emergencies_compensation", OPENED, "TRUE", "emergencies_compensation_frozen"),
        frozen(
            "emergencies_compensation",
            TALK + SIGNED,
            "OLD.status IN ('signed', 'declined', 'posted')",
            "emergencies_compensation_signed_frozen",
        ),
        frozen(
            "emergencies_compensation",
            POSTED,
            "OLD.status = 'posted'",
            "emergencies_compensation_posted_final",
        ),
        refused(
            "emergencies_compensation",
            BACK,
            "emergencies_compensation_never_back",
        ),
        frozen(
            "emergencies_compensation",
            ["disputed_at"],
            "OLD.disputed_at IS NOT NULL",
            "emergencies_compensation_dispute_final",
        ),
        refused("emergencies_compensation", TELLER, "emergencies_compensation_teller_decides"),
        refused("emergencies_event", IS_OPEN, "emergencies_event_slip_settled"),
    ])]
