"""Seals, appendices, copies, packs and the log of the door: what raw SQL of the application cannot do."""

import pytest

from propdesk.core import appendices, blanks, copies, log_ins, seals
from propdesk.core.copies import Order
from propdesk.core.retention import holds
from propdesk.core.signatures import Second
from tests.core.test_blanks import sheet, taken
from tests.core.test_copies import sealed_row
from tests.core.test_papers_races import SAID
from tests.factories import PASSWORD
from tests.incidents.journey import House
from tests.incidents.moves import fingerprint
from tests.incidents.test_constraints import (
    PAPER_GUARDS,
    PAPERS,
    run,
    set_,
    twin,
)

pytestmark = [pytest.mark.django_db, pytest.mark.every_case]
PACK, BLANK, COPY = "core_outagepack", "core_blankform", "core_papercopy"
APPENDIX, KEY, HOLD = "core_appendix", "core_sealkey", "core_legalhold"
DOOR = "core_loginevent"
READY = {"taken_at": "NULL", "taken_by_id": "NULL"}


@pytest.fixture(autouse=True)
def _house() -> None:
    """One of everything: a pack that was taken and one that is ready, a copy, an appendix, a seal."""
    house = House()
    source = sealed_row(house)
    seals.current(house.prop)
    blanks.enter(sheet(taken(house)), house.new().case, by=house.dm)
    blanks.make(house.prop, by=house.dm)
    log_ins.note(log_ins.What.IN, house.dm, None)
    copies.give(source, Order("police", "李明", "立案", "", ("王晓梅",)), by=house.pm)
    holds.set_hold(source.case, by=house.pm, reason="诉讼中")
    lifted = holds.set_hold(house.new().case, by=house.pm, reason="调查中")
    holds.lift_hold(lifted, by=house.gm, reason="调查结束")
    appendices.append(source, SAID, Second(house.dm, PASSWORD), by=house.pm, password=PASSWORD)


CONSTRAINTS = {
    "core_appendix_four_eyes": lambda: twin(APPENDIX, seq="2", second_id="by_id"),
    "core_appendix_complete": lambda: twin(APPENDIX, seq="2", text="''"),
    "core_appendix_number": lambda: twin(APPENDIX),
    "core_blankform_serial": lambda: twin(BLANK),
    "core_blankform_settled": lambda: twin(
        BLANK,
        serial="'x'",
        settled_at="NULL",
        settled_by_id="NULL",
        case_id="NULL",
        void_reason="'y'",
    ),
    "core_document_signed_complete": lambda: twin("core_document", signatures="1"),
    "core_legalhold_lifted_complete": lambda: twin(HOLD, lifted_at="now()", lifted_reason="''"),
    "core_legalhold_one": lambda: twin(HOLD, where="lifted_at IS NULL"),
    "core_legalhold_reason": lambda: twin(HOLD, where="lifted_at IS NOT NULL", reason="''"),
    "core_loginevent_who": lambda: twin(DOOR, user_id="NULL"),
    "core_outagepack_number": lambda: twin(PACK, taken_at="now()"),
    "core_outagepack_one_ready": lambda: twin(PACK, number="'x'", **READY),
    "core_outagepack_taken": lambda: twin(
        PACK, number="'x'", taken_at="NULL", taken_by_id="(SELECT max(id) FROM core_user)"
    ),
    "core_papercopy_nr": lambda: twin(COPY),
    "core_papercopy_purpose": lambda: twin(COPY, nr="9", purpose="''"),
    # Updated, not inserted: a house has one row of settings.
    "core_propertysettings_keep": lambda: set_("core_propertysettings", "keep_cases_years = 2"),
    "core_sealkey_current": lambda: twin(KEY),
    "core_sealkey_issued": lambda: twin(KEY, kind="'seal'", issuer_id="NULL"),
    "core_sealkey_retired_complete": lambda: twin(KEY, retired_at="now()", retired_reason="''"),
}
GUARDS = {
    "core_appendix_frozen": set_(APPENDIX, "text = 'x'"),
    "core_blankform_serial_frozen": set_(BLANK, "serial = 'x' || id"),
    "core_blankform_stays_settled": set_(
        BLANK,
        "settled_at = NULL, settled_by_id = NULL, case_id = NULL, void_reason = ''",
        "settled_at IS NOT NULL",
    ),
    "core_copyhidden_append_only": set_("core_copyhidden", "person_id = person_id"),
    "core_legalhold_frozen": set_(HOLD, "reason = 'x'"),
    "core_legalhold_lifted_final": set_(HOLD, "lifted_reason = 'x'", "lifted_at IS NOT NULL"),
    "core_loginevent_insert_only": set_(DOOR, "at = now()"),
    "core_outagepack_number_frozen": set_(PACK, "number = 'x' || id"),
    "core_outagepack_taken_frozen": set_(PACK, "made_at = now()", "taken_at IS NOT NULL"),
    "core_papercopy_append_only": set_(COPY, "purpose = 'x'"),
    "core_sealkey_frozen": set_(KEY, "certificate = ''"),
}


@pytest.mark.parametrize("name", sorted(CONSTRAINTS))
def test_constraint_refuses_the_row(name: str) -> None:
    before = fingerprint()
    assert run(CONSTRAINTS[name]()) == name
    assert fingerprint() == before


@pytest.mark.parametrize("name", sorted(GUARDS))
def test_guard_refuses_to_rewrite(name: str) -> None:
    before = fingerprint()
    assert run(GUARDS[name]) == name
    assert fingerprint() == before


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM core_appendix",
        "DELETE FROM core_blankform",
        "DELETE FROM core_copyhidden",
        "DELETE FROM core_legalhold",
        "DELETE FROM core_loginevent",
        "DELETE FROM core_outagepack",
        "DELETE FROM core_papercopy",
        "DELETE FROM core_sealkey",
    ],
)
def test_nothing_is_deleted(statement: str) -> None:
    before = fingerprint()
    assert run(statement) in GUARDS
    assert fingerprint() == before


def test_every_one_has_its_case() -> None:
    assert (set(CONSTRAINTS), set(GUARDS)) == (PAPERS, PAPER_GUARDS)
