"""Papers of found things through their pages: waiting, served, logged, refused."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from propdesk.core import rendering
from propdesk.core.models import CopyLog, Document, RenderJob
from propdesk.core.roles import Role
from propdesk.desk import shell
from tests.factories import member
from tests.lostfound import claiming, disposing
from tests.lostfound.journey import House
from tests.lostfound.printing import printed, sealed_job, stored, web

pytestmark = pytest.mark.django_db
PAGE = 10
CONTROL = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")


def base(house: House) -> str:
    return f"/p/{house.prop.code}/lostfound/"


def paper(item: Any, kind: str = "claim_slip") -> str:
    house = f"/p/{item.case.property.code}/lostfound/"
    return f"{house}{item.case.number}/paper/{kind}/"


# --- papers of one case ----------------------------------------------------------------------


def test_slip_waits_as_one_job_and_leads_to_its_file() -> None:
    house = House()
    item = house.stored()
    client, url = web(house.dm), paper(item)
    pages = [client.get(url) for _n in range(3)]
    assert [page.status_code for page in pages] == [202, 202, 202]
    assert "正在排版" in pages[0].content.decode()
    waiting = RenderJob.objects.get()
    assert (waiting.case, waiting.kind, waiting.sealed) == (item.case, "claim_slip", False)

    document = printed(waiting)
    response = client.get(url)
    assert (response.status_code, response["Location"]) == (302, f"{url}{document.pk}/")


def test_number_typed_in_small_letters_is_the_same() -> None:
    house = House()
    url = paper(house.stored())

    assert web(house.dm).get(url.replace("SW-", "sw-")).status_code == 202


def test_changed_thing_gets_a_new_draft() -> None:
    house = House()
    item = house.stored()
    url, client = paper(item), web(house.dm)
    client.get(url)
    printed(RenderJob.objects.get())
    house.moved(item)

    assert client.get(url).status_code == 202
    assert RenderJob.objects.count() == 2


def test_returned_slip_is_the_sealed_one_whoever_opens_it() -> None:
    house = House()
    item = claiming.returned(house)
    client, url = web(house.guard), paper(item)
    assert client.get(url).status_code == 202
    document = printed(sealed_job(item))
    file = client.get(client.get(url)["Location"])

    assert (file.status_code, file.content) == (200, stored(document))
    assert RenderJob.objects.filter(case=item.case).count() == 1
    log = CopyLog.objects.get()
    assert (log.document, log.by, log.how) == (document, house.guard, "view")


def test_failed_slip_says_why_and_is_tried_again_on_demand() -> None:
    house = House()
    client, url = web(house.dm), paper(house.stored())
    client.get(url)
    RenderJob.objects.update(state="failed", error="缺少字体")
    page = client.get(url, {"again": "1"}).content.decode()
    assert ("缺少字体" in page, "再试一次</button>" in page) == (True, True)
    assert client.post(url).status_code == 302
    assert list(RenderJob.objects.values_list("state", "error")) == [("pending", "")]


def test_state_of_a_slip_is_asked_for_until_it_is_there() -> None:
    house = House()
    client, url = web(house.dm), paper(house.stored())
    headers = {"HX-Request": "true"}
    waits = client.get(url, headers=headers)
    printed(RenderJob.objects.get())
    ready = client.get(url, headers=headers)

    assert (waits.status_code, ready.status_code) == (202, 200)
    texts = (waits.content.decode(), ready.content.decode())
    assert ("正在生成" in texts[0], f'href="{url}"' in texts[1]) == (True, True)


@pytest.mark.parametrize(
    ("query", "how", "disposition"), [("", "view", "inline"), ("?download=1", "download", "attach")]
)
def test_slip_is_served_under_its_name_and_each_look_is_logged(
    query: str, how: str, disposition: str
) -> None:
    house = House()
    item = house.stored()
    client = web(house.dm)
    client.get(paper(item))
    document = printed(RenderJob.objects.get())
    response = client.get(f"{paper(item)}{document.pk}/{query}")

    name = quote(f"{item.case.number}_失物认领单.pdf")
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith(disposition)
    assert f"filename*=utf-8''{name}" in response["Content-Disposition"]
    assert (response["Cache-Control"], response["X-Content-Type-Options"]) == (
        "private, no-store",
        "nosniff",
    )
    assert [(log.by, log.how) for log in CopyLog.objects.all()] == [(house.dm, how)]


@pytest.mark.parametrize("harm", [lambda p: p.write_bytes(b"%PDF forged"), Path.unlink])
def test_altered_or_missing_sealed_slip_is_never_served(harm: Any) -> None:
    house = House()
    item = claiming.returned(house)
    document = printed(sealed_job(item))
    harm(Path(document.file.path))
    response = web(house.dm).get(f"{paper(item)}{document.pk}/")
    text = response.content.decode()

    assert (response.status_code, "文书不能打开" in text, "forged" in text) == (503, True, False)
    assert CopyLog.objects.count() == 0


def test_lost_draft_is_made_anew() -> None:
    house = House()
    item = house.stored()
    client = web(house.dm)
    client.get(paper(item))
    document = printed(RenderJob.objects.get())
    Path(document.file.path).unlink()

    response = client.get(f"{paper(item)}{document.pk}/")
    assert (response.status_code, response["Location"]) == (302, paper(item))


def test_approval_is_printed_from_its_own_page() -> None:
    house = House()
    with disposing.on(disposing.LATER):
        batch = disposing.drafted(house)
        response = web(house.guard).get(paper(batch, "disposal_approval"))

    assert (response.status_code, RenderJob.objects.get().case) == (202, batch.case)


@pytest.mark.parametrize("kind", ["nothing", "disposal_approval", "incident_report"])
def test_paper_of_another_kind_is_not_found(kind: str) -> None:
    house = House()
    assert web(house.dm).get(paper(house.stored(), kind)).status_code == 404


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("dm", 202),
        ("pm", 202),
        ("gm", 202),
        ("guard", 202),
        ("desk", 403),
        ("cleaner", 404),
        ("other", 404),
        ("admin", 404),
    ],
)
def test_slip_is_for_those_who_may_print(who: str, status: int) -> None:
    house = House()
    people = {"other": House().dm, "admin": member(house.prop, Role.ADMIN)}
    user = people.get(who) or getattr(house, who)

    assert web(user).get(paper(house.stored())).status_code == status
    assert RenderJob.objects.count() == (1 if status == 202 else 0)


def test_file_of_another_case_is_not_found() -> None:
    house = House()
    mine, other = house.stored(), house.stored()
    client = web(house.dm)
    client.get(paper(other))
    document = printed(RenderJob.objects.get())

    assert client.get(f"{paper(mine)}{document.pk}/").status_code == 404
    assert CopyLog.objects.count() == 0


# --- the register ----------------------------------------------------------------------------


def asked(house: House, **data: str) -> tuple[Any, str]:
    """A register the duty manager asked for: his browser and the page that waits."""
    client = web(house.dm)
    response = client.post(f"{base(house)}register/print/", data)
    assert response.status_code == 302
    return client, response["Location"]


def test_register_waits_is_made_and_each_look_is_logged() -> None:
    house = House()
    item = house.stored()
    client, url = asked(house, state="open", category="phone", month="")
    assert client.get(url).status_code == 202
    waiting = RenderJob.objects.get()
    assert waiting.params == {"state": "open", "category": "phone", "month": ""}
    document = printed(waiting)
    there = client.get(url)
    assert (there.status_code, there["Location"]) == (302, f"{url}file/")

    response = client.get(f"{url}file/")
    assert response.content == stored(document)
    name = quote(f"{document.number}_失物招领登记表.pdf")
    assert f"filename*=utf-8''{name}" in response["Content-Disposition"]
    assert [(log.by, log.how) for log in CopyLog.objects.all()] == [(house.dm, "view")]
    assert item.case.number not in url


def test_second_tap_makes_no_second_register() -> None:
    house = House()
    urls = {asked(house, state="all")[1] for _n in range(3)}

    assert (len(urls), RenderJob.objects.count()) == (1, 1)
    assert asked(house, state="ended")[1] not in urls


def test_register_page_is_filled_from_the_filters_of_the_list() -> None:
    house = House()
    url = f"{base(house)}register/print/?state=ended&category=phone&month=2026-10"
    form = web(house.dm).get(url).context["form"]

    assert form.initial == {"state": "ended", "category": "phone", "month": "2026-10"}


@pytest.mark.parametrize("month", ["十月", "2026-13", "9999-12", "0001-01", "２０２６-11"])
def test_register_with_a_wrong_month_says_how_to_write_it(month: str) -> None:
    house = House()
    url = f"{base(house)}register/print/"
    response = web(house.dm).post(url, {"month": month})
    assert web(house.dm).get(url, {"month": month}).status_code == 200

    assert (response.status_code, RenderJob.objects.count()) == (422, 0)
    assert "请写成 2026-11 的样子，或留空。" in response.content.decode()


def test_failed_register_is_begun_anew_on_demand() -> None:
    house = House()
    client, url = asked(house, state="all")
    RenderJob.objects.update(state="failed", error="打印超时")
    assert "打印超时" in client.get(url).content.decode()
    again = client.post(url)

    assert (again.status_code, again["Location"]) == (302, url)
    assert list(RenderJob.objects.values_list("state", flat=True)) == ["pending"]


def test_register_of_yesterday_leads_back_to_its_page() -> None:
    house = House()
    client, url = asked(house, state="all")
    document = printed(RenderJob.objects.get())
    Path(document.file.path).unlink()
    response = client.get(f"{url}file/")

    assert (response.status_code, response["Location"]) == (302, f"{base(house)}register/print/")


def test_register_of_somebody_else_is_not_found() -> None:
    house = House()
    _client, url = asked(house, state="all")
    printed(RenderJob.objects.get())
    others = [house.pm, house.guard, House().dm]

    statuses = {
        web(user).get(where).status_code for user in others for where in (url, f"{url}file/")
    }
    assert (statuses, CopyLog.objects.count()) == ({404}, 0)


def test_register_is_served_as_no_other_list() -> None:
    house = House()
    client, url = asked(house, state="all")
    printed(RenderJob.objects.get())

    for kind in ("found_notice", "claim_slip"):
        assert client.get(url.replace("found_register", kind)).status_code == 404


@pytest.mark.parametrize(
    ("who", "status"),
    [("dm", 200), ("guard", 200), ("pm", 200), ("desk", 403), ("cleaner", 403), ("other", 404)],
)
def test_register_page_is_for_those_who_may_print(who: str, status: int) -> None:
    house = House()
    user = House().dm if who == "other" else getattr(house, who)
    url = f"{base(house)}register/print/"
    client = web(user)

    assert client.get(url).status_code == status
    posted = client.post(url, {"state": "all"}).status_code
    assert posted == (302 if status == 200 else status)
    assert RenderJob.objects.count() == (1 if status == 200 else 0)


def test_pages_of_papers_keep_their_budget() -> None:
    house = House()
    item = house.stored()
    client, listed = asked(house, state="all")

    def cost(url: str) -> int:
        shell._counts.clear()
        with CaptureQueriesContext(connection) as captured:
            client.get(url)
        return len([q for q in captured if not q["sql"].startswith(CONTROL)])

    costs = {url: cost(url) for url in (paper(item), listed, f"{base(house)}register/print/")}
    rendering.render_due(timezone.now())
    document = Document.objects.get(case=item.case)
    costs |= {url: cost(url) for url in (f"{paper(item)}{document.pk}/", f"{listed}file/")}

    assert {url: n for url, n in costs.items() if n > PAGE} == {}
