"""The report, papers and photos through their pages."""

import hashlib
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from incidents import workflow
from incidents.models import Complaint
from propdesk.core import rendering
from propdesk.core.models import Attachment, CopyLog, Document, Draft, RenderJob, Report, User
from propdesk.core.roles import Role
from tests.factories import PASSWORD, member
from tests.incidents import moves
from tests.incidents.journey import House, drawn
from tests.incidents.test_bad_input import upload

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 sealed"
FORM = {"secrecy": "internal", "injured": "0", "loss_yuan": "0", "narrative": "经过如下"}


def web(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def document(complaint: Complaint, kind: str, **fields: Any) -> Document:
    """A paper as the worker leaves it behind."""
    row = Document(
        case=complaint.case,
        kind=kind,
        version=1,
        sha256=hashlib.sha256(PDF).hexdigest(),
        data_sha256="0" * 64,
        verify_code="ABCD-EFGH-JKLM-NPQR",
        pages=2,
        size=len(PDF),
        created_at=timezone.now(),
        **({"number": complaint.case.number, "sealed": False} | fields),
    )
    row.file.save("paper.pdf", ContentFile(PDF), save=False)
    row.save(force_insert=True)
    return row


def sealed(complaint: Complaint, user: User) -> Document:
    """The report of the complaint, sealed."""
    report = complaint.case.reports.get()
    return document(
        complaint, "incident_report", report=report, number="SG-20261123-001", sealed=True
    )


# --- the report ----------------------------------------------------------------------------


def test_report_opens_filled_in_and_is_saved() -> None:
    house = House()
    complaint = house.reviewed()
    client, url = web(house.dm), f"{complaint.get_absolute_url()}report/"
    form = client.get(url).context["form"]
    assert "已更换风扇" in form.initial["measures"]

    response = client.post(url, FORM)

    report = Report.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"{url}submit/")
    assert (report.narrative, report.author, report.severity) == ("经过如下", house.dm, "normal")


def test_report_keeps_a_draft_on_the_button_and_on_refusal() -> None:
    house = House()
    complaint = house.reviewed()
    client, url = web(house.dm), f"{complaint.get_absolute_url()}report/"
    client.post(url, FORM | {"narrative": "写到一半", "save_draft": "1"})
    assert (Report.objects.count(), "写到一半" in client.get(url).content.decode()) == (0, True)

    assert client.post(url, FORM | {"injured": "两"}).status_code == 422
    assert "经过如下" in client.get(url).content.decode()
    client.post(url, FORM)
    assert Draft.objects.count() == 0


def test_report_is_submitted_signed_and_sent_back_through_its_pages() -> None:
    house = House()
    complaint = moves.drafted(house)
    base = f"{complaint.get_absolute_url()}report/"
    author, boss = web(house.dm), web(house.pm)
    assert author.post(f"{base}submit/", {"password": PASSWORD}).status_code == 302
    assert Report.objects.get().state == "submitted"
    assert author.get(base).context["report"].state == "submitted"

    sent = {"send_back": "1", "back-reason": "经过不全"}
    assert boss.post(f"{base}sign/", sent).status_code == 302
    assert Report.objects.get().state == "sent_back"
    assert "经过不全" in author.get(base).content.decode()

    author.post(f"{base}submit/", {"password": PASSWORD})
    boss.post(f"{base}sign/", {"password": PASSWORD, "opinion": "情况属实"})
    assert Report.objects.get().state == "signed"


def test_page_opened_before_the_report_was_changed_signs_nothing() -> None:
    house = House()
    complaint = moves.drafted(house)
    base = f"{complaint.get_absolute_url()}report/"
    author, boss = web(house.dm), web(house.pm)
    old = author.get(f"{base}submit/").context["seen"]
    workflow.edit_report(Report.objects.get(), {"result": "改过"}, by=house.dm)

    slip = author.post(f"{base}submit/", {"password": "mistyped", "seen": old})
    assert slip.context["seen"] == old, "he has not been told yet"
    stale = author.post(f"{base}submit/", {"password": PASSWORD, "seen": old})
    assert (stale.status_code, Report.objects.get().state) == (409, "draft")
    again = {"password": PASSWORD, "seen": stale.context["seen"]}
    assert author.post(f"{base}submit/", again).status_code == 302

    old = boss.get(f"{base}sign/").context["seen"]
    boss.post(f"{base}sign/", {"send_back": "1", "back-reason": "金额不对", "seen": old})
    workflow.edit_report(Report.objects.get(), {"loss_yuan": 88_000}, by=house.dm)
    workflow.submit_report(Report.objects.get(), by=house.dm, password=PASSWORD)
    before = moves.fingerprint()
    for words in ({"password": PASSWORD, "opinion": "行\n" * 205}, {"send_back": "1"}):
        assert boss.post(f"{base}sign/", words | {"seen": old}).context["seen"] == old
    for words in ({"password": PASSWORD}, {"send_back": "1", "back-reason": "不全"}):
        stale = boss.post(f"{base}sign/", words | {"seen": old})
        assert (stale.status_code, moves.fingerprint()) == (409, before)
        assert "请重新看过文书再签" in stale.content.decode()
    now = re.findall(r'name="seen" value="(\w+)"', stale.content.decode())
    assert now == [stale.context["seen"]] * 2 != [old] * 2
    boss.post(f"{base}sign/", {"password": PASSWORD, "seen": now[0]})
    assert Report.objects.get().state == "signed"


def test_signature_drawn_with_the_submit_is_kept() -> None:
    house = House()
    complaint = house.reviewed()
    dm = member(house.prop, Role.DUTY_MANAGER)
    house.dm = dm
    house.report(complaint)
    data = {"password": PASSWORD, "signature_scan": upload(drawn(), "s.png")}
    web(dm).post(f"{complaint.get_absolute_url()}report/submit/", data)
    assert (Report.objects.get().state, dm.signatures.count()) == ("submitted", 1)


def test_report_of_a_closed_complaint_is_signed_and_not_offered_to_be_sent_back() -> None:
    house = House()
    complaint = moves.submitted(house)
    page = complaint.get_absolute_url() + "report/sign/"
    offered = ["退回修改" in web(house.pm).get(page).content.decode()]

    workflow.close(complaint, by=house.gm, override="客户已离店")

    response = web(house.pm).get(page)
    offered.append("退回修改" in response.content.decode())
    assert (response.status_code, offered) == (200, [True, False])


def test_nobody_signs_out_of_turn() -> None:
    house = House()
    complaint = moves.submitted(house)
    url = f"{complaint.get_absolute_url()}report/"
    response = web(house.dm).get(f"{url}sign/")
    assert (response.status_code, response["Location"]) == (302, url)


# --- papers --------------------------------------------------------------------------------


def took(complaint: Complaint, seconds: int) -> None:
    """A paper of the complaint, asked for so many seconds before it was there."""
    job = rendering.request(complaint.case, "complaint_record", by=None)
    made = document(complaint, job.kind)
    asked = timezone.now() - timedelta(seconds=seconds)
    RenderJob.objects.filter(pk=job.pk).update(
        state="done", document=made, attempts=1, requested_at=asked
    )


def shown(page: str) -> str:
    """The words of the page that say how far the paper is."""
    found = re.search(r'role="status">(.*?)</span>', page, re.DOTALL)
    assert found is not None
    return " ".join(strip_tags(found[1]).split())


def test_paper_waits_as_one_job_however_often_it_is_looked_at() -> None:
    house = House()
    complaint = house.recorded()
    client = web(house.dm)
    url = f"{complaint.get_absolute_url()}paper/complaint_record/"
    pages = [client.get(url) for _n in range(3)]
    assert [page.status_code for page in pages] == [202, 202, 202]
    assert "正在排版" in pages[0].content.decode()
    assert RenderJob.objects.count() == 1


def test_waiting_page_tells_the_place_in_the_queue_and_the_seconds() -> None:
    house = House()
    urls = [f"{house.recorded().get_absolute_url()}paper/complaint_record/" for _each in range(2)]
    client = web(house.dm)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client.get(urls[0])
        client.get(urls[1])
        clock.shift(7)
        pages = [client.get(url).content.decode() for url in urls]

    assert [shown(page) for page in pages] == [
        "轮到这一份，正在排版。 已等 7 秒。",
        "排队中，前面还有 1 份；已等 7 秒。",
    ]


@pytest.mark.parametrize(
    ("waited", "says", "bar"),
    [
        (7, "已等 7 秒，近来这种文书一般要 9 秒。", True),
        (9, "已等 9 秒，比近来的 9 秒久，还在等。", False),
    ],
)
def test_waiting_page_compares_with_what_such_a_paper_took(
    waited: int, says: str, bar: bool
) -> None:
    house = House()
    url = f"{house.recorded().get_absolute_url()}paper/complaint_record/"
    client = web(house.dm)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        took(house.recorded(), 9)
        client.get(url)
        clock.shift(waited)
        page = client.get(url).content.decode()

    assert shown(page) == f"轮到这一份，正在排版。 {says}"
    assert ('<progress class="bar" max="9" value="7"' in page) == bar


def test_waiting_page_of_a_sealed_paper_names_the_seal() -> None:
    house = House()
    complaint = house.signed()
    page = web(house.dm).get(f"{complaint.get_absolute_url()}paper/incident_report/")

    assert page.status_code == 202
    assert "排好就加盖封存章和签批的数字签名。" in shown(page.content.decode())


def test_failed_paper_says_why_and_is_tried_again_on_demand() -> None:
    house = House()
    complaint = house.recorded()
    client = web(house.dm)
    url = f"{complaint.get_absolute_url()}paper/complaint_record/"
    client.get(url)
    RenderJob.objects.update(state="failed", error="缺少字体")
    page = client.get(url, {"again": "1"}).content.decode()
    assert ("缺少字体" in page, "再试一次</button>" in page) == (True, True)
    assert client.post(url).status_code == 302
    assert list(RenderJob.objects.values_list("state", "error")) == [("pending", "")]


def test_ready_paper_leads_to_its_file() -> None:
    house = House()
    complaint = house.signed()
    row = sealed(complaint, house.dm)
    client = web(house.dm)
    base = complaint.get_absolute_url()
    response = client.get(f"{base}paper/incident_report/")
    assert (response.status_code, response["Location"]) == (
        302,
        f"{base}paper/incident_report/{row.pk}/",
    )


@pytest.mark.parametrize(
    ("query", "how", "disposition"), [("", "view", "inline"), ("?download=1", "download", "attach")]
)
def test_paper_is_served_under_its_name_and_logged(query: str, how: str, disposition: str) -> None:
    house = House()
    complaint = house.signed()
    row = sealed(complaint, house.dm)
    url = f"{complaint.get_absolute_url()}paper/incident_report/{row.pk}/{query}"
    response = web(house.pm).get(url)
    name = quote("SG-20261123-001_事故报告.pdf")
    assert (response.content, response["Content-Type"]) == (PDF, "application/pdf")
    assert response["Content-Disposition"].startswith(disposition)
    assert f"filename*=utf-8''{name}" in response["Content-Disposition"]
    assert (response["Cache-Control"], response["X-Content-Type-Options"]) == (
        "private, no-store",
        "nosniff",
    )
    log = CopyLog.objects.get()
    assert (log.document, log.by, log.how) == (row, house.pm, how)


@pytest.mark.parametrize("harm", [lambda p: p.write_bytes(b"%PDF forged"), Path.unlink])
def test_altered_or_missing_paper_is_never_served(harm: Any) -> None:
    house = House()
    complaint = house.signed()
    row = sealed(complaint, house.dm)
    harm(Path(row.file.path))
    response = web(house.pm).get(f"{complaint.get_absolute_url()}paper/incident_report/{row.pk}/")
    page = response.content.decode()
    assert (response.status_code, "文书不能打开" in page, "forged" in page) == (503, True, False)
    assert CopyLog.objects.count() == 0


@pytest.mark.parametrize("kind", ["nothing", "incident_report"])
def test_paper_that_does_not_exist_is_not_found(kind: str) -> None:
    house = House()
    url = house.recorded().get_absolute_url()
    assert web(house.dm).get(f"{url}paper/{kind}/").status_code == 404


# --- photos --------------------------------------------------------------------------------


@pytest.mark.parametrize("size", ["full", "small"])
def test_photo_is_served_as_our_own_jpeg_with_safe_headers(size: str) -> None:
    house = House()
    complaint = moves.photographed(house)
    row = Attachment.objects.get()
    response = web(house.dm).get(f"{complaint.get_absolute_url()}photos/{row.pk}/{size}/")
    data = b"".join(response)
    assert (response["Content-Type"], data[:3]) == ("image/jpeg", b"\xff\xd8\xff")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert (
        response["Content-Security-Policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    )
    assert response["Cache-Control"] == "private, no-store"


def test_photo_taken_down_is_gone_from_page_and_address() -> None:
    house = House()
    complaint = moves.photographed(house)
    row = Attachment.objects.get()
    base = complaint.get_absolute_url()
    client = web(house.dm)
    assert client.post(f"{base}photos/{row.pk}/remove/", {"reason": "拍错房间"}).status_code == 302
    assert client.get(f"{base}photos/{row.pk}/full/").status_code == 404
    assert f"photos/{row.pk}/" not in client.get(base).content.decode()
    assert Attachment.objects.get().removed_reason == "拍错房间"


def test_photo_whose_file_is_lost_is_not_found() -> None:
    house = House()
    complaint = moves.photographed(house)
    row = Attachment.objects.get()
    Path(row.file.path).unlink()
    url = f"{complaint.get_absolute_url()}photos/{row.pk}/full/"
    assert web(house.dm).get(url).status_code == 404


@pytest.mark.parametrize("size", ["huge", "..%2f..%2fetc%2fpasswd"])
def test_photo_of_another_size_is_not_found(size: str) -> None:
    house = House()
    complaint = moves.photographed(house)
    row = Attachment.objects.get()
    url = f"{complaint.get_absolute_url()}photos/{row.pk}/{size}/"
    assert web(house.dm).get(url).status_code == 404


def test_several_photos_come_in_one_go() -> None:
    house = House()
    complaint = house.new()
    files = [upload(moves.jpeg(colour)) for colour in ("red", "green")]
    data = {"photo": files, "caption": "风口"}
    web(house.dm).post(f"{complaint.get_absolute_url()}do/photo/", data)
    assert list(Attachment.objects.values_list("caption", flat=True)) == ["风口", "风口"]


def test_refused_upload_leaves_no_file_behind() -> None:
    house = House()
    complaint = house.new()
    folder = Path(workflow.attach(complaint, moves.jpeg("blue"), by=house.dm).file.path).parent
    before = sorted(folder.iterdir())
    files = [upload(moves.jpeg("red")), upload(b"GIF89a")]
    url = f"{complaint.get_absolute_url()}do/photo/"
    assert web(house.dm).post(url, {"photo": files}).status_code == 422
    assert (sorted(folder.iterdir()), Attachment.objects.count()) == (before, 1)


def test_sealed_report_of_an_earlier_round_stays_on_the_page() -> None:
    house = House()
    complaint = house.closed()
    rendering.render_due(timezone.now())
    sealed = Document.objects.get(case=complaint.case, sealed=True)
    workflow.reopen(complaint, by=house.dm, reason="又响")
    client = web(house.dm)

    url = f"{complaint.get_absolute_url()}paper/incident_report/{sealed.pk}/"
    page = client.get(complaint.get_absolute_url()).content.decode()
    response = client.get(url)

    assert (url in page, response.status_code) == (True, 200)
    assert b"".join(response)[:5] == b"%PDF-"


# --- nobody signs what he could not see ----------------------------------------------------


@pytest.mark.parametrize(
    ("ready", "who", "page"),
    [(moves.drafted, "dm", "report/submit/"), (moves.submitted, "pm", "report/sign/")],
)
def test_page_of_signing_says_that_the_paper_comes_first(ready: Any, who: str, page: str) -> None:
    """Also without scripts and on a phone, where the preview is not shown: with a link to it."""
    house = House()
    complaint = ready(house)
    text = web(getattr(house, who)).get(f"{complaint.get_absolute_url()}{page}").content.decode()
    note = text.partition("先打开文书看过，再签名")[2].partition("</div>")[0]
    paper = f"{complaint.get_absolute_url()}paper/incident_report/"
    assert (f'href="{paper}"' in note, f'hx-get="{paper}"' in text) == (True, True)
    assert "左边" not in text


def test_state_of_a_paper_is_asked_for_until_it_is_there() -> None:
    house = House()
    complaint = moves.submitted(house)
    client, url = web(house.pm), f"{complaint.get_absolute_url()}paper/incident_report/"
    headers = {"HX-Request": "true"}

    waits = client.get(url, headers=headers)
    assert (waits.status_code, RenderJob.objects.count()) == (202, 1)
    assert ("正在生成" in waits.content.decode(), "load delay" in waits.content.decode()) == (
        True,
        True,
    )

    RenderJob.objects.update(state=RenderJob.State.FAILED)
    failed = client.get(url, headers=headers).content.decode()
    assert ("请先不要签名" in failed, "hx-get" in failed) == (True, False)

    RenderJob.objects.update(state=RenderJob.State.DONE, document=sealed(complaint, house.pm))
    there = client.get(url, headers=headers)
    assert (there.status_code, "HX-Redirect" in there) == (200, False)
    assert ("文书已生成" in there.content.decode(), "hx-get" in there.content.decode()) == (
        True,
        False,
    )
