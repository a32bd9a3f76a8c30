"""What a paper does not say: numbers of confidential events, and pictures of a death (E-6, X-7)."""

import pytest

from emergencies import reports
from emergencies.models import Event
from propdesk.core.models import Attachment, RenderJob
from propdesk.core.persons import Guest
from tests.emergencies.journey import House, fresh, photo
from tests.emergencies.recording import PASSWORD, W

pytestmark = pytest.mark.django_db


def paper_of(event: Event, house: House):  # type: ignore[no-untyped-def]
    """The 《事故报告》 as it would be printed now."""
    W.start_report(fresh(event), reports.prefill_report(fresh(event)), by=house.dm)
    version = fresh(event).case.version
    job = RenderJob(case=event.case, kind=W.REPORT_KIND, case_version=version)
    return reports.event_report(job).paper


def test_report_of_an_open_event_does_not_print_its_confidential_child() -> None:
    house = House()
    event = house.started("fight")
    house.answer(event, "injured", "yes")
    house.answer(event, "damage", "yes")
    secret = W.open_child(fresh(event), "medical", by=house.dm)
    damage = W.open_child(fresh(event), "property_damage", by=house.dm)

    paper = paper_of(event, house)

    assert (secret.case.restricted, damage.case.restricted) == (True, False)
    assert paper.related == f"{event.case.number}、{damage.case.number}"
    assert secret.case.number not in str(paper)


def test_report_of_a_patient_does_not_print_the_event_he_became() -> None:
    house = House()
    patient = house.started("medical")
    W.answer(patient, "died", "yes", by=house.dm)
    death = W.open_child(fresh(patient), "death", by=house.dm)

    assert death.case.number not in str(paper_of(patient, house))
    assert patient.case.number not in paper_of(death, house).related


def test_report_of_a_death_prints_no_picture_and_says_how_many_there_are() -> None:
    house = House()
    event = house.sealed().event
    W.attach(fresh(event), [photo(), photo()], by=house.dm)

    paper = paper_of(event, house)

    assert (paper.photos, paper.attachments) == ((), ("照片3张，只存系统，不打印",))


def test_pictures_of_a_report_are_no_sheets_that_were_signed() -> None:
    house = House()
    event = house.answered(house.started("theft"), item_recovered="yes")
    proof = W.Proof(text="手表交还", contact=Guest(name="王晓梅"), pictures=[photo()])
    W.done(fresh(event), "T31", proof, by=house.dm)
    W.attach(fresh(event), [photo()], by=house.dm, caption="门锁")

    assert [p.caption.partition("（")[0] for p in paper_of(event, house).photos] == ["门锁"]


def test_pictures_of_a_report_are_no_signed_slip() -> None:
    house = House()
    event = house.answered(house.started("property_damage"), cause="accident")
    line = W.Line("台灯", 1, "盏", 180)
    W.price(fresh(event), [line], by=house.dm, basis="公示价目")
    W.inform_guest(fresh(event), W.Informed("phone", "agree"), by=house.dm)
    payer = W.add_party(fresh(event), "guest", Guest(name="刘洋"), by=house.dm)
    how = W.Signed(payer=payer, scan=photo(), password=PASSWORD)
    W.sign_damage(fresh(event), how, by=house.dm)

    sheet = Attachment.objects.get(case=event.case)

    assert sheet.sha256 not in str(paper_of(event, house))
