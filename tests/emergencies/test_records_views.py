"""The pages of papers: filled in, refused with a sentence, signed by keyboard, secret to all but readers."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from emergencies.models import Event, EventRecord
from emergencies.queries import records as queries
from propdesk.core.models import Draft, Report, User
from propdesk.core.persons import Guest
from tests.emergencies.journey import House, fresh
from tests.emergencies.recording import PASSWORD, W, drafted, filled, made, read, submitted
from tests.test_budgets import Till

pytestmark = pytest.mark.django_db
PAGE, LIST = 10, 6


def web(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url(event: Event, name: str, *args: object) -> str:
    return reverse(f"emergencies:{name}", args=[event.case.property.code, event.case.number, *args])


def drunk(house: House) -> Event:
    event = house.answered(house.started("drunk_guest"), aggressive="yes")
    W.add_party(event, "guest", Guest(name="刘洋", phone="13800005678"), by=house.dm)
    return fresh(event)


def hurt(house: House) -> Event:
    event = house.started("medical")
    for key, value in {"kind": "injury", "on_premises": "yes"}.items():
        house.answer(event, key, value)
    return fresh(event)


WRITTEN = {
    "f_resident": "no",
    "f_consciousness": "awake",
    "f_conduct": "大声吵闹",
    "f_present": "两名保安",
    "f_measures": "劝回房间",
    "f_police": "no",
}


def test_new_paper_opens_filled_in_and_is_saved_with_whom_it_is_about() -> None:
    house = House()
    event = drunk(house)
    party = event.parties.get().person
    client, here = web(house.dm), url(event, "record_new", "disturbance_record")
    form = client.get(here).context["form"]
    assert form.initial["f_guest"] == f"person:{party.pk}"
    assert (form.initial["f_resident"], form.initial["f_consciousness"]) == ("no", "awake")

    response = client.post(here, WRITTEN | {"f_guest": f"person:{party.pk}"})

    record = EventRecord.objects.get()
    assert (response.status_code, response["Location"]) == (
        302,
        url(event, "submit_record", record.pk),
    )
    assert record.values["guest"] == {"person": party.pk}
    assert client.get(here)["Location"] == url(event, "record", record.pk)


def test_refused_paper_keeps_every_word_and_says_what_to_do() -> None:
    house = House()
    event = drunk(house)
    client, here = web(house.dm), url(event, "record_new", "disturbance_record")
    response = client.post(here, WRITTEN | {"f_consciousness": "夜里", "f_conduct": "摔了杯子"})

    assert (response.status_code, EventRecord.objects.count()) == (422, 0)
    assert "没有这个选项，请从列出的选项里重新选。" in response.content.decode()
    assert "摔了杯子" in client.get(here).content.decode()
    assert Draft.objects.get().form == f"{event.case.number}:record-disturbance_record"


def test_submit_page_lists_what_is_open_each_with_its_place() -> None:
    house = House()
    event = drunk(house)
    record = drafted(event, "disturbance_record", house.dm, conduct="")
    client, here = web(house.dm), url(event, "submit_record", record.pk)
    page = client.get(here)
    assert page.context["missing"] == (("f_conduct", "还没有填写“言行（客观用语）”。"),)
    assert f"{url(event, 'record', record.pk)}#id_f_conduct" in page.content.decode()

    response = client.post(here, {"password": PASSWORD})
    assert (response.status_code, read(record).state) == (409, "draft")


def test_paper_is_submitted_signed_from_the_inbox_and_the_next_one_follows() -> None:
    house = House()
    event = drunk(house)
    record = drafted(event, "disturbance_record", house.dm)
    author, there = web(house.dm), url(event, "submit_record", record.pk)
    old = {"seen": author.get(there).context["seen"]}
    values = filled(event, "disturbance_record", house.dm, conduct="改过")
    W.edit_record(record, values, by=house.dm)
    assert author.post(there, {"password": "mistyped"} | old).context["seen"] == old["seen"]
    stale = author.post(there, {"password": PASSWORD} | old)
    assert (stale.status_code, read(record).state) == (409, "draft")
    sent = author.post(there, {"password": PASSWORD, "seen": stale.context["seen"]})
    assert (sent.status_code, read(record).state) == (302, "submitted")

    guard = web(house.guard)
    for words in ({"password": PASSWORD}, {"send_back": "1", "back-reason": "不全"}):
        stale = guard.post(url(event, "sign_record", record.pk), words | old)
        assert (stale.status_code, read(record).state) == (409, "submitted")
    inbox = guard.get(reverse("desk:sign", args=[house.prop.code]))
    here = url(event, "sign_record", record.pk)
    assert [(row["title"], row["url"]) for row in inbox.context["rows"]] == [
        ("《醉酒闹事记录》", here)
    ]
    assert guard.get(here).status_code == 200
    now = {"seen": guard.get(here).context["seen"]}
    done = guard.post(here, {"opinion": "属实", "password": PASSWORD} | now)
    assert done["Location"] == reverse("desk:sign", args=[house.prop.code])
    assert read(record).state == "signed"
    assert guard.get(inbox.request["PATH_INFO"]).context["rows"] == []
    assert web(house.dm).get(here)["Location"] == url(event, "record", record.pk)


def test_guest_signs_or_does_not_on_the_page() -> None:
    house = House()
    event = house.started("theft")
    W.add_party(event, "victim", Guest(name="王晓梅"), by=house.dm)
    record = submitted(fresh(event), "theft_statement", house.dm)
    client, here = web(house.dm), url(event, "outside_record", record.pk)
    who = str(event.parties.get().person_id)
    nothing = client.post(here, {"who": who, "kind": "here"})
    assert (nothing.status_code, read(record).state) == (422, "submitted")
    assert "签在纸上的，选“签在纸上”" in nothing.content.decode()

    old = {"who": who, "kind": "paper", "seen": "0" * 32}
    assert client.post(here, old).status_code == 409
    now = {"seen": client.get(here).context["seen"]}
    done = client.post(here, old | now)
    assert (done.status_code, read(record).state) == (302, "signed")
    assert queries.boxes(read(record))[0].person.name == "王晓梅"

    other = house.started("theft")
    record = submitted(other, "theft_statement", house.dm)
    words = {"decline": "1", "no-reason": "已离店", "no-password": PASSWORD}
    assert client.post(url(other, "outside_record", record.pk), words | old).status_code == 409
    done = client.post(url(other, "outside_record", record.pk), words)
    assert (done.status_code, queries.boxes(read(record))[0].decision) == (302, "declined")


def test_report_opens_filled_in_and_goes_to_its_signers() -> None:
    house = House()
    event = house.ended("power_outage")
    client, here = web(house.dm), url(event, "report")
    form = client.get(here).context["form"]
    assert form.initial["result"] == "已处置完毕"
    words: dict[str, Any] = {
        name: form.initial[name]
        for name in ("secrecy", "place", "narrative", "measures", "police", "result", "injured")
    }
    times = ("occurred_at", "discovered_at", "reported_at")
    words |= {t: f"{form.initial[t]:%Y-%m-%d} 00:01" for t in times}
    words |= {
        "loss_yuan": "0",
        "cause_direct": "变压器跳闸",
        "improvement": "加装备用电源",
        "improve_department": str(house.security.pk),
        "improve_by": "2030-01-01",
    }
    assert client.post(here, words)["Location"] == url(event, "submit_report")
    assert client.post(url(event, "submit_report"), {"password": PASSWORD}).status_code == 302

    pm = web(house.pm)
    inbox = pm.get(reverse("desk:sign", args=[house.prop.code]))
    assert [row["url"] for row in inbox.context["rows"]] == [url(event, "sign_report")]
    old = {"seen": pm.get(url(event, "sign_report")).context["seen"]}
    sends_back = {"send_back": "1", "back-reason": "原因写细些"}
    back = pm.post(url(event, "sign_report"), sends_back | old)
    assert (back.status_code, Report.objects.get().state) == (302, "sent_back")

    W.edit_report(Report.objects.get(), {"result": "改过"}, by=house.dm)
    submit = {"password": PASSWORD, "seen": client.get(url(event, "submit_report")).context["seen"]}
    assert client.post(url(event, "submit_report"), submit | old).status_code == 409
    assert client.post(url(event, "submit_report"), submit).status_code == 302
    slip = pm.post(url(event, "sign_report"), {"password": "mistyped"} | old)
    assert slip.context["seen"] == old["seen"]
    for words in ({"password": PASSWORD}, sends_back):
        stale = pm.post(url(event, "sign_report"), words | old)
        assert (stale.status_code, Report.objects.get().state) == (409, "submitted")
    now = {"password": PASSWORD, "seen": stale.context["seen"]}
    assert pm.post(url(event, "sign_report"), now).status_code == 302


def test_secret_paper_does_not_exist_for_others_and_its_file_has_no_name() -> None:
    house = House()
    event = hurt(house)
    record = submitted(event, "guest_accident_report", event.commander)
    names = ["record", "sign_record", "outside_record", "record_paper", "rewrite_record"]
    for user in (house.dm2, house.desk):
        client = web(user)
        assert {client.get(url(event, n, record.pk)).status_code for n in names} == {404}
        assert {client.get(url(event, n)).status_code for n in ("records", "report")} == {404}
        assert client.get(reverse("desk:sign", args=[house.prop.code])).context["rows"] == []

    pm = web(house.pm)
    row = pm.get(reverse("desk:sign", args=[house.prop.code])).context["rows"][0]
    assert (row["title"], row["number"]) == ("保密事项", record.number)
    page = pm.get(url(event, "sign_record", record.pk)).content.decode()
    title = re.search(r"<title>([^<]*)</title>", page)
    assert title is not None
    assert title[1].startswith(f"{event.case.number} 保密事项 ·")

    waits = pm.get(url(event, "record_paper", record.pk))
    assert waits.status_code == 202
    document = made(event.case.render_jobs.get())
    served = pm.get(url(event, "record_file", record.pk, document.pk))
    assert served["Content-Disposition"] == f'inline; filename="{record.number}.pdf"'


def test_paper_of_an_open_event_is_called_what_it_is() -> None:
    house = House()
    event = drunk(house)
    record = drafted(event, "disturbance_record", house.dm)
    client = web(house.dm)
    assert client.get(url(event, "record_paper", record.pk)).status_code == 202
    document = made(event.case.render_jobs.get())
    ready = client.get(url(event, "record_paper", record.pk))
    assert ready["Location"] == url(event, "record_file", record.pk, document.pk)
    served = client.get(ready["Location"])
    assert served["Content-Type"] == "application/pdf"
    assert "%E9%86%89%E9%85%92" in served["Content-Disposition"]


def test_pages_cost_few_statements_however_many_papers_there_are() -> None:
    house = House()
    event = house.started("theft")
    W.add_party(event, "victim", Guest(name="王晓梅"), by=house.dm)
    event = fresh(event)
    record = drafted(event, "theft_statement", house.dm)
    pages = {
        "shelf": url(event, "records"),
        "new": url(event, "record_new", "statement"),
        "edit": url(event, "record", record.pk),
        "report": url(event, "report"),
        "event": event.get_absolute_url(),
    }
    one = {name: Till(house.dm).cost(address) for name, address in pages.items()}
    for _n in range(3):
        drafted(event, "statement", house.dm)
        W.add_party(fresh(event), "witness", Guest(name="赵某"), by=house.dm)
    three = {name: Till(house.dm).cost(address) for name, address in pages.items()}

    assert three == one
    proposes = one.pop("report")  # reads the whole event once to propose its words
    assert (max(one.values()) <= PAGE, proposes <= 2 * PAGE) == (True, True), one


def test_signing_pages_cost_few_statements() -> None:
    house = House()
    event = drunk(house)
    record = submitted(event, "disturbance_record", house.dm)
    theft = house.started("theft")
    told = submitted(theft, "theft_statement", house.dm)
    guard, dm = Till(house.guard), Till(house.dm)
    found = {
        "sign": guard.cost(url(event, "sign_record", record.pk)),
        "shown": guard.cost(url(event, "record", record.pk)),
        "outside": dm.cost(url(theft, "outside_record", told.pk)),
        "inbox": guard.cost(reverse("desk:sign", args=[house.prop.code])),
    }
    assert {name: n for name, n in found.items() if n > (LIST if name == "inbox" else PAGE)} == {}
    for _n in range(3):
        submitted(house.started("theft"), "statement", house.dm)
    assert guard.cost(reverse("desk:sign", args=[house.prop.code])) == found["inbox"]


def test_shelf_says_whose_turn_it_is() -> None:
    house = House()
    event = house.started("theft")
    submitted(event, "theft_statement", house.dm)
    papers = queries.shelf(fresh(event))
    assert [(p.title, p.row.state if p.row else "", p.whose) for p in papers] == [
        ("《失窃情况说明》", "submitted", "客户"),
        ("《监控调取登记》", "", ""),
        ("《情况说明》", "", ""),
        ("《事故报告》", "", ""),
    ]
    page = web(house.dm).get(event.get_absolute_url()).content.decode()
    assert "等客户签" in page


def test_papers_of_what_calls_him_not_do_not_exist_for_him() -> None:
    house = House()
    event = drunk(house)
    medic = web(house.medic)
    assert medic.get(url(event, "record_new", "disturbance_record")).status_code == 404
    assert medic.get(url(event, "report")).status_code == 404
