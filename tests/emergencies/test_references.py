"""A number or words that point at somebody of another event name nobody here (X-7, decision 3)."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone

from emergencies import playbooks, reports
from emergencies.models import Event, StepMark
from emergencies.queries import cells, prefill, records
from emergencies.queries import people as on_record
from emergencies.reports.record import event_record
from emergencies.workflow import proofs
from propdesk.core.models import Person, RenderJob, User
from propdesk.core.persons import Guest
from propdesk.core.transitions import RefusedInput
from tests.emergencies.journey import House, fresh, photo
from tests.emergencies.recording import W, drafted, filled, job, printed, text_of
from tests.emergencies.test_damage_pages import said, web
from tests.incidents.journey import drawn
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db
SECRET, AWAY = "欧阳雪莲", "司徒远山"
WAYS = (
    "party:{party}",
    "person:{person}",
    "user:{user}",
    " party:{party} ",
    '{{"person": {person}}}',
)


class Two:
    """A fight beside a death of the same house, and a death of another house."""

    def __init__(self) -> None:
        self.house, self.away = House(), House()
        self.dead = self._deceased(self.house, SECRET)
        self.far = self._deceased(self.away, AWAY)
        self.event = self.house.answered(
            self.house.started("fight", by=self.house.dm2), weapon="yes"
        )

    def _deceased(self, house: House, name: str) -> Any:
        return W.add_party(house.dead(), "deceased", Guest(name=name), by=house.dm)

    @property
    def foreign(self) -> list[tuple[Any, User]]:
        """Who must not be read, with a colleague of the house he is of."""
        return [(self.dead, self.away.desk), (self.far, self.away.desk)]

    def typed(self) -> list[str]:
        return [
            way.format(party=p.pk, person=p.person_id, user=u.pk)
            for p, u in self.foreign
            for way in WAYS
        ]

    def everywhere(self) -> str:
        """All that somebody may read of the event: pages, forms, what a paper would say, papers."""
        event = fresh(self.event)
        client, base = web(self.house.dm2), event.get_absolute_url()
        pages = ["", "timeline/", "steps/F30/", "steps/F21/", "records/", "party/add/"]
        found = []
        for page in pages + [f"records/new/{spec}/" for spec in records.specs(event)]:
            answer = client.get(base + page)
            if answer.status_code == 200:
                found.append(answer.content.decode())
        sources = prefill.Sources(event)
        for spec in records.specs(event).values():
            values = prefill.proposed(spec.form, sources)
            found += [str({k: getattr(v, "name", v) for k, v in values.items()})]
        for row in event.records.all():
            found += [str(event_record(job(row)).paper)]
        found.append(json.dumps(reports.prefill_report(event), default=str, ensure_ascii=False))
        return "\n".join(found)

    def is_safe(self) -> None:
        seen = self.everywhere()
        assert SECRET not in seen
        assert AWAY not in seen
        assert self.away.desk.name not in seen or self.away.desk.name == self.house.desk.name


@pytest.fixture
def two() -> Two:
    return Two()


def handed(officer: Any) -> Any:
    values = {"officer": officer, "unit": "派出所", "receipt_no": "88", "handed_over": "录像"}
    values["handed_at"] = timezone.now().isoformat()
    return W.Proof(values=values, contact=Guest(name="刘警官"), drawn=drawn())


def test_reference_typed_into_a_step_is_a_name_and_stays_one(two: Two) -> None:
    for text in two.typed():
        data = {"field_officer_other": text, "field_unit": "派出所", "field_receipt_no": "88"}
        data |= {"field_handed_over": "录像", "contact_name": text, "text": text}
        data |= {"photo": [SimpleUploadedFile("a.jpg", photo(), "image/jpeg")]}
        data |= {"seen": str(StepMark.objects.filter(event=two.event, step="F30").count())}
        data |= {"field_handed_at": timezone.localtime().strftime("%Y-%m-%dT%H:%M")}
        answer = web(two.house.dm2).post(two.event.get_absolute_url() + "steps/F30/", data)
        assert answer.status_code == 302, said(answer)
    kept = StepMark.objects.filter(event=two.event, step="F30")
    W.done(fresh(two.event), "F30", handed(two.typed()[0]), by=two.house.dm2, seen=len(kept))

    last = kept.order_by("-seq").first()
    assert last is not None
    who = Person.objects.get(pk=last.values["officer"]["person"])
    assert (who.name, who.property) == (two.typed()[0], two.house.prop)
    page = web(two.house.dm2).get(two.event.get_absolute_url() + "records/new/police_handover/")
    assert (page.status_code, page.context["form"].initial["f_officer"]) == (
        200,
        f"person:{who.pk}",
    )
    two.is_safe()


def test_number_of_a_stranger_is_refused_by_a_step_whoever_writes_it(two: Two) -> None:
    for party, user in two.foreign:
        for value in ({"person": party.person_id}, {"party": party.pk}):
            with refuses(RefusedInput, "有关人员"), transaction.atomic():
                W.done(fresh(two.event), "F30", handed(value), by=two.house.dm2)
        for value in ({"person": party.person_id}, {"party": party.pk}, {"user": user.pk}):
            with refuses(RefusedInput, "有关人员"), transaction.atomic():
                proof = W.Proof(values={"person": value, "account": "看见"}, pictures=[photo()])
                W.done(fresh(two.event), "F21", proof, by=two.house.dm2)


def test_posted_choice_of_a_step_is_one_of_this_event(two: Two) -> None:
    for party, user in two.foreign:
        for value in (f"person:{party.person_id}", f"party:{party.pk}", f"user:{user.pk}"):
            data: dict[str, Any] = {"field_person": value, "field_account": "看见"}
            data |= {"photo": [SimpleUploadedFile("a.jpg", photo(), "image/jpeg")]}
            answer = web(two.house.dm2).post(two.event.get_absolute_url() + "steps/F21/", data)
            assert answer.status_code == 422, value
            assert SECRET not in said(answer)
    assert not two.event.marks.filter(step="F21").exists()


def test_number_that_stands_in_a_step_all_the_same_reads_as_nothing(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it was kept before steps refused it."""
    monkeypatch.setattr(proofs, "_wrong_people", lambda *_all: {})
    form = playbooks.form("police_handover")
    kept = [{"person": p.person_id} for p, _u in two.foreign] + [{"user": two.away.desk.pk}]
    for seen, value in enumerate(kept):
        W.done(fresh(two.event), "F30", handed(value), by=two.house.dm2, seen=seen)
        assert two.event.marks.get(step="F30", superseded_at=None).values["officer"] == value
        found = prefill.proposed(form, prefill.Sources(fresh(two.event)))
        assert getattr(found["officer"], "name", None) in (None, "刘警官")
        assert not {p.person_id for p, _u in two.foreign} & on_record.known_people(two.event)
        two.is_safe()


def test_paper_takes_nobody_of_another_event(two: Two) -> None:
    values = filled(two.event, "police_handover", two.house.dm2)
    here = two.event.get_absolute_url() + "records/new/police_handover/"
    for party, user in two.foreign:
        for who in (party.person, user):
            with refuses(RefusedInput), transaction.atomic():
                start = values | {"officer": who}
                W.start_record(fresh(two.event), "police_handover", start, by=two.house.dm2)
    for party, user in two.foreign:
        for value in (f"person:{party.person_id}", f"party:{party.pk}", f"user:{user.pk}"):
            answer = web(two.house.dm2).post(here, {"f_officer": value})
            assert SECRET not in said(answer)
            assert str({"person": party.person_id}) not in str(
                list(two.event.records.values_list("values", flat=True))
            )
    two.is_safe()


def test_paper_with_a_stranger_in_it_prints_nobody(two: Two) -> None:
    record = drafted(two.event, "police_handover", two.house.dm2)
    for party, _user in two.foreign:
        for value in ({"person": party.person_id}, f"party:{party.pk}"):
            type(record).objects.filter(pk=record.pk).update(
                values=record.values | {"officer": value}
            )
            page = web(two.house.dm2).get(two.event.get_absolute_url() + f"records/{record.pk}/")
            assert page.status_code == 200
            assert SECRET not in said(page)
            assert AWAY not in said(page)
            two.is_safe()
        pages = text_of(printed(two.event, W.paper_kind(record), two.house.dm2))
        assert two.event.case.number in pages
        assert SECRET not in pages
        assert AWAY not in pages


def test_roll_call_losses_and_people_keep_words_as_words() -> None:
    two = Two()
    fire = two.house.answered(two.house.started("fire", by=two.house.dm2))
    theft = two.house.answered(two.house.started("theft", by=two.house.dm2))
    for n, text in enumerate(two.typed()):
        web(two.house.dm2).post(
            fire.get_absolute_url() + "roll-call/",
            {"list": "guests", "expected": 9 + n, "present": 8 + n, "name_1": text, "rows": "3"},
        )
        W.add_party(fresh(theft), "guest", Guest(name=text), by=two.house.dm2, note=text)
        web(two.house.dm2).post(
            theft.get_absolute_url() + "losses/",
            {"name_1": text, "quantity_1": "1", "features_1": text, "rows": "3"},
        )
    for event in (fire, theft):
        two.event = event
        two.is_safe()


def test_party_of_another_event_is_no_party_of_a_roll_call() -> None:
    two = Two()
    fire = two.house.answered(two.house.started("fire", by=two.house.dm2))
    for party, _user in two.foreign:
        answer = web(two.house.dm2).post(
            fire.get_absolute_url() + "roll-call/",
            {"list": "guests", "expected": 2, "present": 2, f"party_{party.pk}": "found"},
        )
        assert SECRET not in said(answer)
    two.event = fire
    two.is_safe()


def test_report_prints_no_stranger(two: Two) -> None:
    W.done(fresh(two.event), "F30", handed(two.typed()[0]), by=two.house.dm2)
    W.start_report(fresh(two.event), reports.prefill_report(fresh(two.event)), by=two.house.dm2)
    version = fresh(two.event).case.version
    waiting = RenderJob(case=two.event.case, kind=W.REPORT_KIND, case_version=version)
    paper = str(reports.event_report(waiting).paper)
    pages = text_of(printed(two.event, W.REPORT_KIND, two.house.dm2))
    for text in (paper, pages):
        assert SECRET not in text
        assert AWAY not in text


def test_death_reads_its_own_people(two: Two) -> None:
    """The other way round nothing is lost: who is of the event is read, from every list."""
    event: Event = fresh(two.dead.event)
    people = cells.People(event.pk, {"person": two.dead.person_id}, {"user": two.house.dm.pk})
    assert people.of({"person": two.dead.person_id}) == two.dead.person
    assert people.of({"user": two.house.dm.pk}) == two.house.dm
    assert two.dead.person_id in on_record.known_people(event)


def test_colleague_who_has_left_is_still_read(two: Two) -> None:
    two.house.guard.memberships.update(ends_on=two.house.guard.memberships.get().starts_on)
    people = cells.People(two.event.pk, {"user": two.house.guard.pk})
    assert people.of({"user": two.house.guard.pk}) == two.house.guard
