"""Canaries: a name, a telephone and an identity number walk through the house; where are they afterwards?

In their own columns and nowhere else: no other table, session, task, mail, log line or error page.
"""

import io
import json
import logging
from dataclasses import replace

import pytest
from celery import current_app
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.urls import reverse

from incidents import workflow as incidents
from incidents.models import Complaint
from propdesk.core import id_numbers, persons, sweeps, wake
from propdesk.core.models import Person
from propdesk.logs import FramesFormatter
from tests.factories import web
from tests.incidents.journey import House
from tests.incidents.journey import fresh as read
from tests.lostfound import claiming
from tests.lostfound.journey import House as Found

pytestmark = pytest.mark.django_db
NAME, PHONE = "龘靐齉", "13987650417"
BODY = "33010219880214041"
ID = (
    BODY
    + id_numbers._CHECK[
        sum(w * int(d) for w, d in zip(id_numbers._WEIGHTS, BODY, strict=True)) % 11
    ]
)
INTAKE = {
    "name": NAME,
    "phone": PHONE,
    "words": "空调有异响",
    "severity": "normal",
    "channel": "phone",
}


def tables_with(word: str) -> set[str]:
    """Every ``table.column`` that holds the word in any row, whatever its type; sessions are opened."""
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(
                f'SELECT to_jsonb(t) FROM "{table}" t WHERE t::text LIKE %s',  # noqa: S608 -- names of our own tables
                [f"%{word}%"],
            )
            for (row,) in cursor.fetchall():
                values = json.loads(row) if isinstance(row, str) else row
                found |= {f"{table}.{key}" for key, value in values.items() if word in str(value)}
    if any(word in str(session.get_decoded()) for session in Session.objects.all()):
        found.add("sessions")
    return found


@pytest.fixture
def log():
    """What a server writes into its log: each logger of the program and of Django, as it prints them."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(FramesFormatter("%(levelname)s %(name)s %(message)s"))
    named = [logging.getLogger(name) for name in ("", "django", "django.request", "propdesk")]
    heard = [each for each in named if not (each.name != "root" and each.propagate)]
    for each in heard:
        each.addHandler(handler)
    yield out
    for each in heard:
        each.removeHandler(handler)


def test_canaries_stay_where_they_belong(monkeypatch, log, django_capture_on_commit_callbacks):
    sent = []
    monkeypatch.setattr(
        current_app,
        "send_task",
        lambda *args, **options: sent.append((args, options)),
        raising=True,
    )
    house = House()
    client = web(house.dm)
    client.raise_request_exception = False
    url = reverse("incidents:intake", args=[house.prop.code])

    # Through the page, refused, saved, corrected, looked at, exported.
    client.post(url, INTAKE | {"words": ""})
    client.post(url, INTAKE)
    complaint = Complaint.objects.select_related("guest").get()
    assert complaint.guest.phone == PHONE
    incidents.confirm_conduct(
        complaint,
        {letter: incidents.Tick(done=True) for letter in "ABCDE"},
        by=house.dm,
        private_talk="private",
    )
    persons.unmask(complaint.guest, "phone", by=house.dm, reason="回电话")
    client.get(read(complaint).get_absolute_url())
    export = reverse("house:person_export", args=[house.prop.code])
    asked = {"phone": PHONE, "id_type": "id_card", "id_number": ID, "purpose": "本人查阅"}
    assert web(house.pm).post(export, asked).status_code == 200

    # Through a claim, whose paper is seen and dropped.
    found = Found()
    proof = replace(claiming.PROOF, id_number=ID)
    claiming.verified(found, found.stored(), id_number=proof.id_number)
    assert Person.objects.filter(id_last4=ID[-4:]).count() == 1

    # Through an error of the program that has all three in its message.
    def broken(*_args, **_options):
        raise RuntimeError(f"{NAME} {PHONE} {ID}")

    monkeypatch.setattr(incidents, "intake", broken)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(url, INTAKE)
        sweeps.run_all(complaint.received_at)
        wake.now("core.render")

    logged = log.getvalue()
    assert sent != []
    assert answer.status_code == 500
    assert "builtins.RuntimeError" in logged
    page = answer.content.decode()
    outside = [logged, page, str(sent), *(str(m.message()) for m in mail.outbox)]
    assert [w for w in (NAME, PHONE, ID) for text in outside if w in text] == []
    assert tables_with(ID) == set()
    assert tables_with(PHONE) - {"core_draft.data"} == {"core_person.phone"}
    assert tables_with(NAME) - {"core_draft.data"} == {
        "core_person.name",
        "core_person.name_sort",  # letters for a known character, itself for one without
        "core_searchtext.text",
        "core_searchtext.terms",
    }
