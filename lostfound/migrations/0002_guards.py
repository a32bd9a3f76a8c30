from django.db import migrations

from propdesk.core.guards import frozen, refused

FOUND = "case_id found_at reported_at logged_by_id finder_user_id finder_id old_number".split()
RECEIVED = "handed_at received_by_id received_on".split()
LINK = (
    "item_id seq kind giver_id giver_person_id holder_id holder_person_id department_id manager_id "
    "guard_id storage_id seal_id reason by_id at"
).split()
INSIDE = "item_id position text currency denomination count counted_by_id witnessed_by_id at".split()
WORTH = "item_id seq value basis reason expires_on by_id at".split()
SAID = "item_id seq owner_id description described_at described_by_id".split()
RETURNED = (
    "state way owner_id proxy_id verified_at verified_by_id verified_with_id agreeing id_seen_at "
    "signature_id paper_signed_at manager_id manager_signature_id guard_id guard_signature_id "
    "returned_at slip_sha256 courier tracking fee authorisation_id lost_report_id ended_at ended_reason"
).split()
SEAL = "property_id item_id number applied_by_id applied_at".split()
ASKED = "opinion asked_by_id asked_signature_id asked_with_id with_signature_id submitted_at".split()
RULED = "method reason risk keep_until decided_by_id decided_at item_id batch_id".split()
TAKEN_DOWN = "case_id guest_id reported_at received_by_id".split()
APPEND_ONLY = "traceattempt announcement featurecheck stocktakeentry retentionpolicy registerexport".split()

UNCLAIMED = (
    "NEW.status = 'returned' AND NOT EXISTS (SELECT 1 FROM lostfound_claim c "
    "WHERE c.item_id = NEW.case_id AND c.state = 'returned')"
)


class Migration(migrations.Migration):
    dependencies = [("lostfound", "0001_initial"), ("core", "0005_people_sign_and_lists")]

    operations = [
        refused("lostfound_founditem", "OLD.ended_at IS NOT NULL", "lostfound_item_ended_frozen"),
        refused("lostfound_founditem", UNCLAIMED, "lostfound_item_returned_by_claim"),
        frozen("lostfound_founditem", FOUND, "TRUE", "lostfound_item_found_frozen"),
        frozen(
            "lostfound_founditem",
            RECEIVED,
            "OLD.handed_at IS NOT NULL",
            "lostfound_item_received_frozen",
        ),
        frozen("lostfound_custodymove", LINK, "TRUE", "lostfound_link_frozen"),
        frozen(
            "lostfound_custodymove",
            ["ended_at"],
            "OLD.ended_at IS NOT NULL",
            "lostfound_link_end_final",
        ),
        frozen(
            "lostfound_custodymove",
            ["manager_at"],
            "OLD.manager_at IS NOT NULL",
            "lostfound_link_manager_final",
        ),
        frozen(
            "lostfound_custodymove",
            ["guard_at"],
            "OLD.guard_at IS NOT NULL",
            "lostfound_link_guard_final",
        ),
        frozen("lostfound_contentline", INSIDE, "TRUE", "lostfound_content_frozen"),
        frozen("lostfound_valuation", WORTH, "TRUE", "lostfound_valuation_frozen"),
        frozen(
            "lostfound_valuation",
            ["state", "decided_by_id", "decided_at"],
            "OLD.state <> 'pending'",
            "lostfound_valuation_final",
        ),
        frozen("lostfound_claim", SAID, "TRUE", "lostfound_claim_words_frozen"),
        frozen(
            "lostfound_claim",
            RETURNED,
            "OLD.state IN ('returned', 'refused', 'withdrawn')",
            "lostfound_claim_ended_frozen",
        ),
        frozen(
            "lostfound_claim", ["scan_id"], "OLD.scan_id IS NOT NULL", "lostfound_claim_scan_final"
        ),
        frozen("lostfound_sealtag", SEAL, "TRUE", "lostfound_sealtag_frozen"),
        refused("lostfound_sealtag", "OLD.opened_at IS NOT NULL", "lostfound_sealtag_opened_final"),
        refused(
            "lostfound_disposalbatch",
            "OLD.status IN ('done', 'withdrawn')",
            "lostfound_batch_ended_frozen",
        ),
        frozen(
            "lostfound_disposalbatch",
            ASKED,
            "OLD.decided_at IS NOT NULL",
            "lostfound_batch_asked_frozen",
        ),
        refused(
            "lostfound_disposalline",
            "OLD.state IN ('executed', 'claimed', 'dropped')",
            "lostfound_line_ended_frozen",
        ),
        frozen(
            "lostfound_disposalline",
            RULED,
            "OLD.state = 'decided'",
            "lostfound_line_decision_frozen",
        ),
        refused("lostfound_lostreport", "OLD.ended_at IS NOT NULL", "lostfound_lost_ended_frozen"),
        frozen("lostfound_lostreport", TAKEN_DOWN, "TRUE", "lostfound_lost_taken_down_frozen"),
        *(
            refused(f"lostfound_{table}", "TRUE", f"lostfound_{table}_append_only")
            for table in APPEND_ONLY
        ),
    ]
