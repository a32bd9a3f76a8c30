"""Price list, drills and playbooks of the house."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from emergencies import playbooks, workflow
from emergencies.models import Event, Kind, PlaybookVersion, PriceItem
from emergencies.queries import content
from propdesk.core.transitions import RefusedInput
from tests.emergencies import moves
from tests.emergencies.journey import House, fresh
from tests.emergencies.recording import signed_off, submitted
from tests.emergencies.test_damage_pages import said, web
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return House()


def url(house: House, name: str, *args: object) -> str:
    return reverse(f"emergencies:{name}", args=[house.prop.code, *args])


# --- prices --------------------------------------------------------------------------------

LAMP = {"name": "台灯", "unit": "盏", "price": "260", "reason": "2026年公示"}


def test_price_is_published_changed_with_a_reason_and_taken_out_of_use(house: House) -> None:
    client = web(house.pm)

    client.post(url(house, "price_new"), LAMP)
    item = PriceItem.objects.get()
    client.post(url(house, "price_edit", item.pk), LAMP | {"price": "240", "reason": "调价"})

    item.refresh_from_db()
    assert (item.price, item.is_active) == (Decimal(240), False)
    reasons = item.history.order_by("history_date").values_list("history_change_reason", flat=True)
    assert list(reasons) == ["2026年公示", "调价"]
    assert "调价" in said(client.get(url(house, "price_edit", item.pk)))


def test_price_of_the_same_name_and_one_without_reason_are_refused(house: House) -> None:
    what = workflow.Price("台灯", "盏", Decimal(1))
    workflow.put_price(house.prop, None, what, by=house.pm, reason="公示")

    with refuses(RefusedInput, match="价目里已有这一项"):
        workflow.put_price(house.prop, None, what, by=house.pm, reason="公示")
    with refuses(RefusedInput, match="为什么"):
        workflow.put_price(house.prop, None, what, by=house.pm, reason=" ")


# --- drills --------------------------------------------------------------------------------


def test_drills_say_what_is_overdue_and_start_one_as_a_drill(house: House) -> None:
    settings = house.prop.settings
    settings.first_run_done_at = timezone.now() - timedelta(days=400)
    settings.save()

    page = web(house.dm).get(url(house, "drills"))

    assert "已过期" in said(page)
    assert f"{url(house, 'new', 'fire')}?drill=1" in page.content.decode()


def test_drill_that_was_run_to_its_end_moves_the_due_day(house: House) -> None:
    event = moves.drilled(house)
    signed_off(house, submitted(event, "drill_record", house.guard))
    workflow.archive(fresh(event), by=house.dm)

    text = said(web(house.dm).get(url(house, "drills")))

    assert f"上次{timezone.localdate().isoformat()}" in text
    assert event.case.number in text


# --- playbooks -----------------------------------------------------------------------------


def test_looking_at_playbooks_stores_nothing(house: House) -> None:
    client = web(house.dm)

    seen = [client.get(url(house, "playbook", kind)).status_code for kind in Kind.values]
    seen += [client.get(url(house, "rehearse", kind)).status_code for kind in Kind.values]
    seen.append(client.get(url(house, "playbooks")).status_code)

    assert seen == [200] * 17
    assert (PlaybookVersion.objects.count(), Event.objects.count()) == (0, 0)


@pytest.mark.parametrize("kind", Kind.values)
def test_page_of_a_playbook_prints_every_step_question_notice_and_rule(
    house: House, kind: str
) -> None:
    book = playbooks.PLAYBOOKS[kind]

    text = said(web(house.dm).get(url(house, "playbook", kind)))

    wanted = [fact.ask for fact in book.facts] + [rule.zh for rule in book.close_when]
    wanted += [*book.do, *book.dont]
    missing = [words for words in wanted if "".join(words.split()) not in text]
    assert missing == []
    assert [step for step in book.steps if step not in text] == []


def test_rehearsal_branches_by_the_answers_in_the_address(house: House) -> None:
    client = web(house.dm)
    here = url(house, "rehearse", "fire")

    open_, false, real = (
        client.get(here + tail).context for tail in ("", "?confirmed=false", "?confirmed=real")
    )

    ids = [{step.id for step in seen["on"]} for seen in (open_, false, real)]
    assert "R20" in ids[2]
    assert "R20" not in ids[0] | ids[1]
    assert PlaybookVersion.objects.count() == 0


def test_nonsense_in_the_address_of_a_rehearsal_is_no_answer(house: House) -> None:
    seen = web(house.dm).get(url(house, "rehearse", "fire") + "?confirmed=banana&x=1").context

    assert [option[2] for option in seen["asked"][0].options] == [False] * len(
        seen["asked"][0].options
    )


def switched(house: House, **data: str) -> Any:
    return web(house.pm).post(url(house, "playbook_steps", "theft"), data)


def test_practice_step_is_switched_off_for_events_to_come(house: House) -> None:
    before = house.started("theft")

    response = switched(house, off_T13="on", reason="本处没有失物柜")
    after = house.started("theft")

    assert response.status_code == 302
    steps = [
        workflow.in_force(house.prop, "theft").off,
        "T13" in _steps(before),
        "T13" in _steps(after),
    ]
    assert steps == [["T13"], True, False]


def _steps(event: Event) -> set[str]:
    from emergencies.queries import evidence

    return set(evidence.playbook_of(fresh(event)).steps)


def test_switching_without_a_reason_and_without_a_change_is_refused(house: House) -> None:
    house.started("theft")

    assert switched(house, off_T13="on").status_code == 422
    assert switched(house, reason="没改").status_code == 409
    assert PlaybookVersion.objects.filter(source="switched").count() == 0


def inside(answer: Any) -> str:
    """What the page says below its head, which counts what waits for the reader."""
    main = answer.content.decode().partition('class="page-head">')[2].partition("</main>")[0]
    return strip_tags(main)


@pytest.mark.parametrize("who", ["dm2", "cleaner", "pm"])
def test_pages_of_a_playbook_are_the_same_before_and_after_the_first_death(
    house: House, who: str
) -> None:
    client = web(getattr(house, who))
    pages = [url(house, name, "death") for name in ("playbook", "rehearse")]
    pages += [url(house, "playbooks"), url(house, "playbook", "death") + "?n=1"]
    data = {"reason": "没改"}
    changes = [url(house, name, "death") for name in ("playbook_steps", "playbook_bundled")]

    def seen() -> list[tuple[int, str]]:
        answers = [client.get(page) for page in pages]
        answers += [client.post(page, data) for page in changes if who == "pm"]
        return [(answer.status_code, inside(answer)) for answer in answers]

    before = seen()
    workflow.start(house.prop, workflow.Start("death", place=house.room), by=house.dm)

    assert seen() == before
    assert PlaybookVersion.objects.filter(code="death").count() == 1


def test_versions_are_counted_without_those_the_program_stored(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.started("theft")
    switched(house, off_T13="on", reason="本处没有失物柜")
    client = web(house.gm)
    client.post(url(house, "playbook_bundled", "theft"), {"reason": "恢复"})
    before = inside(client.get(url(house, "playbook", "theft")))
    monkeypatch.setattr(playbooks, "sha256", lambda _book: "0" * 64)  # a new release
    house.started("theft")

    seen = content.versions(house.prop, "theft")

    assert [(one.nth, one.row.source, one.is_current) for one in seen] == [
        (2, "bundled", True),
        (1, "switched", False),
    ]
    assert inside(client.get(url(house, "playbook", "theft"))) == before
    assert PlaybookVersion.objects.filter(code="theft").count() == 4


def own_text() -> str:
    text = (playbooks.FOLDER / "theft.yaml").read_text(encoding="utf-8")
    assert "马上叫保安到场" in text
    return text.replace("马上叫保安到场", "马上叫两名保安到场")


def test_own_playbook_is_put_in_place_and_taken_back(house: House) -> None:
    client = web(house.gm)

    client.post(url(house, "playbook_own", "theft"), {"text": own_text(), "reason": "两人到场"})
    own = content.one(house.prop, "theft")
    client.post(url(house, "playbook_bundled", "theft"), {"reason": "恢复"})

    assert (own.source, "马上叫两名保安到场" in content.text_of(own)) == ("本处预案", True)
    assert content.one(house.prop, "theft").is_own is False
    history = [one.row.source for one in content.versions(house.prop, "theft")]
    assert history == ["bundled", "override"]
    old = client.get(url(house, "playbook", "theft") + "?n=1")
    assert "马上叫两名保安到场" in said(old)


def test_faults_of_an_own_playbook_are_told_line_by_line_and_the_text_stays(house: House) -> None:
    text = own_text().replace("clause: E-1", "clause: E-9").replace("type: bool", "type: maybe", 1)

    response = web(house.pm).post(
        url(house, "playbook_own", "theft"), {"text": text, "reason": "试"}
    )

    assert response.status_code == 422
    errors = response.context["form"].errors["text"]
    assert len(errors) >= 2
    assert all(error.startswith("第") and "行" in error for error in errors)
    assert "type: maybe" in response.context["form"]["text"].value()
    assert PlaybookVersion.objects.count() == 0


def test_playbook_that_drops_a_step_of_the_procedure_is_refused(house: House) -> None:
    book = playbooks.PLAYBOOKS["fire"]
    kept = [step for step in book.steps.values() if step.basis != "practice"]
    text = (playbooks.FOLDER / "fire.yaml").read_text(encoding="utf-8")
    broken = text.replace(f"id: {kept[0].id}\n", "id: R99\n", 1)

    response = web(house.pm).post(
        url(house, "playbook_own", "fire"), {"text": broken, "reason": "试"}
    )

    assert response.status_code == 422
    assert kept[0].id in "".join(response.context["form"].errors["text"])


def test_download_is_a_playbook_that_may_be_put_in_again(house: House) -> None:
    switched(house, off_T13="on", reason="本处没有失物柜")

    response = web(house.pm).get(url(house, "playbook_yaml", "theft"))

    text = response.content.decode()
    assert response["Content-Disposition"] == 'attachment; filename="theft.yaml"'
    assert "T13" not in playbooks.override(text, playbooks.PLAYBOOKS["theft"]).steps


def test_newer_bundled_playbook_is_told_where_the_house_has_its_own(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    switched(house, off_T13="on", reason="本处没有失物柜")
    monkeypatch.setattr(playbooks, "sha256", lambda _book: "0" * 64)

    page, shelf = (
        said(web(house.dm).get(here))
        for here in (url(house, "playbook", "theft"), url(house, "playbooks"))
    )

    assert "随系统的预案已经更新，本处还在用自己的版本。" in page
    assert "系统的已更新" in shelf
