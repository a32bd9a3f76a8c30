from django.db import migrations

from propdesk.core.guards import frozen, refused

CONTENT = (
    "secrecy severity occurred_at discovered_at reported_at place witnesses narrative measures "
    "cause_direct cause_indirect injured loss_yuan result reaction improvement "
    "improve_department_id improve_by police author_id number version case_id"
).split()
PHOTO = "case_id file print_file sha256 uploaded_by_id uploaded_at".split()
SIGNATURE = "user_id image sha256 created_at".split()


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        frozen(
            "core_report", CONTENT, "OLD.state NOT IN ('draft', 'sent_back')", "core_report_frozen"
        ),
        refused("core_document", "TRUE", "core_document_frozen"),
        refused("core_reportbox", "OLD.decision <> 'pending'", "core_reportbox_frozen"),
        frozen(
            "core_case",
            ["number", "property_id", "kind", "opened_at", "created_by_id"],
            "TRUE",
            "core_case_frozen",
        ),
        frozen("core_attachment", PHOTO, "TRUE", "core_attachment_frozen"),
        frozen("core_staffsignature", SIGNATURE, "TRUE", "core_staffsignature_frozen"),
        refused("core_caselink", "TRUE", "core_caselink_frozen"),
        refused("core_copylog", "TRUE", "core_copylog_frozen"),
    ]
