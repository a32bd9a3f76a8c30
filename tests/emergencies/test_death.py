"""保密 (E-6): nobody but the readers learns a name, a room, or what happened."""

import logging

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import CharField, TextField
from django.http import Http404
from django.utils import timezone

from emergencies import workflow
from emergencies.models import Event
from emergencies.queries.events import visible_to
from emergencies.workflow import sweep
from propdesk.core import audit, search
from propdesk.core.channels.relay import deliver
from propdesk.core.models import AuditEntry, Case, Delivery, Membership, Notice, SearchText
from propdesk.core.persons import Guest
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.emergencies.journey import House, ago, board, fresh, photo
from tests.factories import PASSWORD
from tests.factories import fresh as read
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db
W = workflow
NAME = "诸葛静"
TELLING = (
    "死亡",
    "遗体",
    "遗物",
    "封条",
    "封存",
    "death",
    "died",
    "dead",
    "1806",
    NAME,
    "刘建国",
    "吴秀英",
)
# They count what they make, and a count may hold the number of the room by chance.
TEST_LOGGERS = {"factory", "faker", "PIL"}
HEARD = "a line shows that lines are heard"
READERS = ("dm", "sec", "pm", "gm")
OTHERS = ("dm2", "guard", "guard2", "desk", "cleaner", "staff", "cashier", "medic")


def whole_story(house):
    """From the tap to the last paper handed over, with everything that tells somebody."""
    event = house.dead()
    W.add_party(event, "deceased", Guest(name=NAME, room=house.room), by=house.dm)
    seal = house.sealed(event)
    W.check_seal(seal, is_intact=False, by=house.sec, note="左下角撕开", picture=photo())
    W.name_reader(fresh(event), house.medic, by=house.gm, reason="到场确认")
    W.hand_over(fresh(event), house.pm, by=house.dm, reason="交班")
    sweep.flag_due(timezone.now() + timezone.timedelta(days=3))
    W.climb(timezone.now() + timezone.timedelta(hours=1))
    house.released(seal)
    house.counted(event)
    second = W.Second(house.pm, PASSWORD)
    W.hand_over_belongings(fresh(event), [1, 2, 3], house.receiver(), second, by=house.sec)
    return fresh(event)


def tells(text: str) -> list[str]:
    return [word for word in TELLING if word in text.lower()]


@pytest.fixture
def told(caplog, settings):
    """The whole story, with every line that was logged meanwhile."""
    settings.LOGGING_CONFIG = None
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("emergencies").debug(HEARD)
        house = House()
        event = whole_story(house)
        deliver(timezone.now())
    logged = [r.getMessage() for r in caplog.records if r.name.split(".")[0] not in TEST_LOGGERS]
    return house, event, logged


def test_no_notice_mail_or_delivery_says_what_happened(told):
    _house, event, _log = told
    texts = list(Notice.objects.filter(case=event.case).values_list("text", flat=True))

    assert len(texts) > 5
    assert {text: tells(text) for text in texts if tells(text)} == {}
    assert all(event.case.number in text and "保密事项" in text for text in texts)
    assert [
        tells(f"{m.subject} {m.body}") for m in mail.outbox if tells(f"{m.subject} {m.body}")
    ] == []
    # A key or a moment may hold the number of the room by chance: words alone tell.
    columns = [
        f.attname for f in Delivery._meta.concrete_fields if isinstance(f, CharField | TextField)
    ]
    assert "error" in columns
    deliveries = Delivery.objects.filter(notice__case=event.case).values(*columns)
    assert [row for row in deliveries if tells(str(row))] == []


def test_notices_reach_readers_alone(told):
    house, event, _log = told
    reached = set(Notice.objects.filter(case=event.case).values_list("recipient", flat=True))
    readers = set(event.readers.values_list("user", flat=True))

    assert reached <= readers
    assert reached & {getattr(house, name).pk for name in OTHERS if name != "medic"} == set()


def test_no_log_line_says_what_happened(told):
    _house, _event, log = told

    assert log[0] == HEARD
    assert [line for line in log[1:] if tells(line)] == []


def test_title_search_and_facts_of_the_chain_say_nothing(told):
    house, event, _log = told
    case = Case.objects.get(pk=event.pk)

    assert tells(case.neutral_title) == []
    assert SearchText.objects.get(case=case).text == case.number.lower()
    assert [hit.case_id for hit in search.hits(house.prop, "1806")] == []
    assert [hit.case_id for hit in search.hits(house.prop, NAME)] == []
    contents = AuditEntry.objects.filter(case=case).values_list("content", flat=True)
    codes = {"key", "kind"}  # code words of the playbook, in a chain that only readers are shown
    facts = [{k: v for k, v in each["info"].items() if k not in codes} for each in contents]
    said = [info for info in facts if tells(str(info))]
    assert said == []


@pytest.mark.parametrize("name", OTHERS)
def test_event_is_in_no_list_and_no_count_of_who_is_no_reader(name):
    house = House()
    house.sealed()

    assert visible_to(read(getattr(house, name)), house.prop).count() == 0


@pytest.mark.parametrize("name", READERS)
def test_event_is_there_for_its_readers(name):
    house = House()
    event = house.sealed().event

    assert list(visible_to(read(getattr(house, name)), house.prop)) == [event]


def test_reader_who_is_named_reads_and_who_is_taken_out_does_not():
    house = House()
    event = house.dead()
    seen = []

    for act in (
        lambda: None,
        lambda: W.name_reader(fresh(event), house.dm2, by=house.gm, reason="接班"),
        lambda: W.end_reader(fresh(event), house.dm2, by=house.gm, reason="已下班"),
    ):
        act()
        seen.append(visible_to(read(house.dm2), house.prop).exists())

    assert seen == [False, True, False]


# --- who starts it, who commands it, who stays (decision 33, ADR 0026) -------------------------


def reads(user, house) -> bool:
    return visible_to(read(user), house.prop).exists()


def test_finder_reads_until_the_commander_acts_and_keeps_the_first_minute():
    house = House()
    event = house.started("death", by=house.cleaner)
    W.answer(event, "certainly_dead", "yes", by=house.cleaner)
    values = {"found_at": ago(minutes=1).isoformat(), "path": "走廊", "state": "躺在床上"}
    W.done(fresh(event), "X11", W.Proof(values=values), by=house.cleaner)
    before = reads(house.cleaner, house)

    W.answer(fresh(event), "foreign", "no", by=house.dm)

    row = event.readers.get(user=house.cleaner)
    assert (before, reads(house.cleaner, house)) == (True, False)
    assert (row.is_brief, row.ended_by) == (True, house.dm)
    assert audit.problems(fresh(event).case) == []
    with refuses(Http404), transaction.atomic():
        W.answer(fresh(event), "at_premises", "no", by=house.cleaner)


ENDS = {
    "a manager hands command over": lambda h, e: W.hand_over(e, h.pm, by=h.gm),
    "a manager takes command": lambda h, e: W.take_command(e, by=h.pm),
    "a manager ends it": lambda h, e: W.end_reader(e, h.cleaner, by=h.gm, reason="已问清"),
    "it is voided": lambda h, e: W.void(e, by=h.gm, reason="误点"),
}


@pytest.mark.parametrize("how", sorted(ENDS))
def test_finder_stops_reading_when(how):
    house = House()
    event = house.started("death", by=house.cleaner)

    ENDS[how](house, fresh(event))

    assert reads(house.cleaner, house) is False
    assert {reads(getattr(house, name), house) for name in READERS} == {True}


def test_acts_of_the_finder_and_of_others_do_not_end_his_reading():
    house = House()
    event = house.started("death", by=house.cleaner)

    W.note(fresh(event), "门是开着的", by=house.cleaner)
    W.acknowledge(fresh(event), "N2", by=house.sec)

    assert reads(house.cleaner, house) is True


def test_finder_whom_a_manager_names_stays():
    house = House()
    event = house.started("death", by=house.cleaner)

    W.name_reader(fresh(event), house.cleaner, by=house.gm, reason="要配合公安")
    W.note(fresh(event), "已到场", by=house.dm)

    rows = event.readers.filter(user=house.cleaner).order_by("pk")
    assert [(row.is_brief, row.ended_at is None) for row in rows] == [(True, False), (False, True)]
    assert reads(house.cleaner, house) is True


def test_starter_who_commands_for_want_of_anybody_reads_while_he_commands():
    house = House()
    Membership.objects.filter(role__in=["duty_manager", "property_manager"]).update(
        ends_on="2020-02-01"
    )
    Membership.objects.filter(role="general_manager").update(ends_on="2020-02-01")
    event = house.started("death", by=house.cleaner)
    commands = event.commander_id == house.cleaner.pk
    W.note(event, "门是开着的", by=house.cleaner)
    seen = reads(house.cleaner, house)

    W.hand_over(fresh(event), read(house.sec), by=house.cleaner)

    assert (commands, seen, reads(house.cleaner, house)) == (True, True, False)


def test_starter_who_does_not_command_hands_nothing_over(client):
    house = House()
    event = house.started("death", by=house.cleaner)
    theft = house.started("theft", by=house.cleaner)

    for each, to in ((event, house.pm), (event, house.cashier), (theft, house.cashier)):
        with refuses(PermissionDenied), transaction.atomic():
            W.hand_over(fresh(each), to, by=house.cleaner)
    client.force_login(house.cleaner)
    page = client.get(theft.get_absolute_url()).content.decode()
    assert "do/hand-over/" not in page
    assert client.get(theft.get_absolute_url() + "do/hand-over/").status_code == 403


def test_command_of_a_death_goes_to_a_reader_unless_a_manager_gives_it():
    house = House()
    event = house.dead()

    with refuses(RefusedInput) as refused, transaction.atomic():
        W.hand_over(fresh(event), house.dm2, by=house.dm)
    W.hand_over(fresh(event), house.dm2, by=house.pm)

    assert set(refused.value.errors) == {"to"}
    assert (fresh(event).commander_id, reads(house.dm2, house)) == (house.dm2.pk, True)


@pytest.mark.parametrize(("who", "offered"), [("dm", False), ("gm", True)])
def test_form_of_the_handover_offers_readers_unless_a_manager_acts(client, who, offered):
    house = House()
    event = house.dead()
    W.hand_over(fresh(event), house.sec, by=house.dm)
    client.force_login(getattr(house, who))

    form = client.get(event.get_absolute_url() + "do/hand-over/").context["form"]

    others = {str(house.dm2.pk), str(house.cashier.pk)}
    assert (others <= set(form.fields["to"].rows)) is offered


@pytest.mark.parametrize("name", ["gm", "pm", "sec"])
def test_those_who_answer_for_a_death_are_never_taken_off(name):
    house = House()
    event = house.dead()
    by = house.pm if name == "gm" else house.gm

    with refuses(ConflictError, match="一直可以查看"), transaction.atomic():
        W.end_reader(event, getattr(house, name), by=by, reason="不用看了")


def test_duty_manager_of_another_shift_finds_nothing_even_by_its_number(client):
    house = House()
    event = house.sealed().event
    client.force_login(house.dm2)
    base = f"/p/{house.prop.code}/emergencies/"

    found = {
        path: client.get(f"{base}{event.case.number}/{path}").status_code
        for path in ("", "live/", "timeline/", "history/", "do/note/", "steps/X34/", "records/")
    }

    assert found == dict.fromkeys(found, 404)
    board = client.get(base)
    assert board.status_code == 200
    assert event.case.number not in board.content.decode()
    desk = client.get(f"/p/{house.prop.code}/")
    assert event.case.number not in desk.content.decode()


def test_reader_gets_the_page(client):
    house = House()
    event = house.sealed().event
    client.force_login(house.gm)

    answer = client.get(f"/p/{house.prop.code}/emergencies/{event.case.number}/")

    assert answer.status_code == 200


def test_route_that_is_not_the_staff_exit_needs_the_reason_of_the_general_manager():
    house = House()
    event = house.sealed().event
    values = {"route": "other", "left_at": ago(minutes=1).isoformat(), "vehicle": "京A"}
    values["receiver"] = "殡仪馆老陈"

    with refuses(RefusedInput) as refused, transaction.atomic():
        W.done(fresh(event), "X30", W.Proof(values=values), by=house.gm)
    values |= {"reason": "本楼没有员工通道"}
    for by in (house.sec, house.pm, house.dm):
        with refuses(PermissionDenied, match="总物业经理"), transaction.atomic():
            W.done(fresh(event), "X30", W.Proof(values=values), by=by)
    W.done(fresh(event), "X30", W.Proof(values=values), by=house.gm)

    assert set(refused.value.errors) == {"field_reason"}


def test_staff_exit_is_registered_by_whoever_was_there():
    house = House()
    event = house.sealed().event
    values = {"route": "staff_exit", "left_at": ago(minutes=1).isoformat(), "vehicle": "京A"}

    W.done(event, "X30", W.Proof(values=values | {"receiver": "殡仪馆老陈"}), by=house.sec)

    assert board(event).lines["X30"].state == "done"


def test_pages_of_a_patient_name_no_death_to_those_around_him(client):
    """Guards and first aiders read a medical event; what it turns into is for other people."""
    house = House()
    event = house.started("death")
    house.answer(event, "certainly_dead", "no")
    child = W.open_child(fresh(event), "medical", by=house.dm)
    patient = house.started("medical", place=house.other_room)
    W.answer(patient, "died", "yes", by=house.dm)
    before = client_pages(client, house.guard, patient)
    W.open_child(fresh(patient), "death", by=house.dm)

    pages = [*before, *client_pages(client, house.guard, patient)]
    pages += client_pages(client, house.guard, child)

    assert [word for word in ("死亡", "遗体", "遗物") if word in "".join(pages)] == []


def client_pages(client, user, event) -> list[str]:
    client.force_login(user)
    paths = ("", "live/", "timeline/", "steps/M24/", "records/")
    found = [client.get(event.get_absolute_url() + path) for path in paths]
    assert [page.status_code for page in found] == [200] * len(paths)
    return [page.content.decode() for page in found]


def test_steps_of_the_general_manager_are_his_alone():
    house = House()
    event = house.released().event

    with refuses(PermissionDenied), transaction.atomic():
        W.done(fresh(event), "X41", W.Proof(text="已安排"), by=house.pm)


def test_confidential_event_is_linked_to_nothing():
    house = House()
    event = house.dead()
    other = house.started("theft")

    with refuses(ConflictError), transaction.atomic():
        W.link(event, other.case.number, by=house.gm)
    with refuses(RefusedInput), transaction.atomic():
        W.link(other, event.case.number, by=house.gm)


def test_outsider_is_told_nothing_by_a_refusal():
    house = House()
    event = house.dead()

    with refuses(Http404), transaction.atomic():
        W.answer(event, "foreign", "yes", by=house.dm2)
    assert Event.objects.get(pk=event.pk).answers.filter(value="yes", key="foreign").count() == 0
