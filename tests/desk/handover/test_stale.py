"""Pages that are out of date: nobody signs, ticks or counts under what he has not read."""

from decimal import Decimal
from typing import Any

import pytest
from django.forms import BaseForm
from django.utils import timezone

from incidents import workflow as incidents
from propdesk.core.transitions import ConflictError
from propdesk.desk.handover import workflow
from propdesk.desk.handover.models import Handover, HandoverLine
from tests.desk.handover.shifts import Night, fresh, said
from tests.desk.handover.test_views import filled, taken, text_of, url
from tests.factories import PASSWORD, web
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db
S = Handover.Status
KEYS = "保险柜钥匙当面交给您"


def rewritten(night: Night, row: Handover) -> Handover:
    """The outgoing manager takes his signature back, writes other words and signs again."""
    row = workflow.take_back(row, by=night.dm)
    steps = {line.pk: (KEYS, True) for line in row.lines.all()}
    workflow.write(row, said(row, steps=steps), by=night.dm)
    return workflow.offer(row, PASSWORD, by=night.dm)


# --- the second signature ------------------------------------------------------------------


def test_page_with_the_words_of_before_is_not_signed_and_keeps_what_was_typed() -> None:
    night = Night()
    for _n in range(2):
        night.new()
    row = night.offered_over()
    first, second = row.lines.order_by("seq")
    old = taken(row, first.pk, person=str(night.next.pk))
    row = rewritten(night, row)
    incoming = web(night.next)

    answer = incoming.post(url(row, "accept/"), old)

    text = answer.content.decode()
    assert (answer.status_code, fresh(row).status) == (409, S.OFFERED)
    assert [word in text for word in ("重新签了名", KEYS, "钥匙没有交到手")] == [True] * 3
    for form in (answer.context["form"], incoming.get(url(row, "accept/")).context["form"]):
        assert [form[f"line_{n.pk}"].value() for n in (first, second)] == ["refused", None]
        assert form["seen"].value() == row.content_sha
    assert incoming.post(url(row, "accept/"), old | taken(row)).status_code == 302


@pytest.mark.parametrize("seen", ["", "0" * 64], ids=["no page", "another page"])
def test_second_signature_names_what_it_has_read(seen: str) -> None:
    night = Night()
    row = night.offered_over()

    with refuses(ConflictError):
        workflow.accept(row, night.answers(row), PASSWORD, by=night.next, seen=seen)


def test_words_changed_under_the_first_signature_are_not_taken_over() -> None:
    night = Night()
    night.new()
    row = night.offered_over()
    HandoverLine.objects.update(next_step="签名以后改的")

    with refuses(ConflictError):
        night.taken(row, night.next)


def test_group_is_not_taken_over_on_a_page_of_before() -> None:
    night = Night()
    night.new()
    row = night.offered_over()
    old = row.content_sha
    rewritten(night, row)
    incoming = web(night.next)

    answer = incoming.post(url(row, "accept/"), {"all": "complaint", "seen": old}, follow=True)

    form = answer.context["form"]
    assert form[f"line_{row.lines.get().pk}"].value() is None
    assert "重新签了名" in answer.content.decode()


# --- the page of the outgoing manager ------------------------------------------------------


def shown(form: BaseForm, *names: str) -> list[Any]:
    return [form[name].value() for name in names]


def test_line_drafted_anew_meanwhile_is_ticked_anew() -> None:
    night = Night()
    altered, same = night.new(), night.new()
    row = night.drafted()
    old = filled(row)
    incidents.change_severity(altered, by=night.dm, severity="major", reason="有人受伤")
    workflow.refresh(row, by=night.pm)
    line = row.lines.get(key=f"complaint:{altered.pk}")
    kept = row.lines.get(key=f"complaint:{same.pk}")
    dm = web(night.dm)

    answer = dm.post(url(row, "write/"), old)

    form = answer.context["form"]
    assert (answer.status_code, fresh(line).is_told, fresh(kept).is_told) == (422, False, False)
    assert list(form.errors) == [f"told_{line.pk}"]
    assert shown(form, f"told_{line.pk}", f"told_{kept.pk}") == [False, True]
    assert shown(form, f"step_{line.pk}", f"seen_{line.pk}") == ["明早回访", line.mark]
    assert "这一条有变化" in answer.content.decode()
    again = old | {f"seen_{line.pk}": line.mark}
    assert dm.post(url(row, "write/"), again).status_code == 302
    assert fresh(line).is_told


def test_line_that_was_not_on_the_page_is_not_ticked_by_it() -> None:
    night = Night()
    row = night.drafted()
    old = filled(row)
    night.new()
    workflow.refresh(row, by=night.pm)
    line = row.lines.get()

    answer = web(night.dm).post(url(row, "write/"), old | {f"told_{line.pk}": "on"})

    assert (answer.status_code, fresh(line).is_told) == (422, False)


def test_count_that_should_be_another_is_counted_anew() -> None:
    night = Night()
    item = workflow.list_count(night.prop, "对讲机", "部", Decimal(8), by=night.pm)
    row = night.drafted()
    old = filled(row)
    workflow.change_count(item, "部", Decimal(7), by=night.pm, active=True, reason="报废一部")
    workflow.refresh(row, by=night.pm)
    count = row.counts.get(key=f"item:{item.pk}")

    answer = web(night.dm).post(url(row, "write/"), old)

    form = answer.context["form"]
    assert (answer.status_code, fresh(count).actual) == (422, None)
    assert shown(form, f"actual_{count.pk}", f"asked_{count.pk}") == ["", "7.00"]
    assert "应有数有变化" in answer.content.decode()


# --- 更新清单 keeps what was typed ---------------------------------------------------------


def test_refresh_of_the_form_saves_what_was_typed_first() -> None:
    night = Night()
    night.new()
    row = night.drafted()
    line = row.lines.get()
    typed = filled(row)
    night.new()

    answer = web(night.dm).post(url(row, "write/"), typed | {"refresh": "1"})

    assert (answer.url, row.lines.count()) == (url(row, "write/"), 2)
    assert (fresh(line).next_step, fresh(line).is_told) == ("明早回访", True)
    assert fresh(row).room_state == "在住 168 间"


def test_refresh_of_a_form_with_a_mistake_keeps_what_was_typed() -> None:
    night = Night()
    row = night.drafted()
    count = row.counts.first()
    night.new()

    answer = web(night.dm).post(
        url(row, "write/"), filled(row) | {f"actual_{count.pk}": "99", "refresh": "1"}
    )

    form = answer.context["form"]
    assert (answer.status_code, form[f"actual_{count.pk}"].value()) == (422, "99")
    assert row.lines.count() == 0


@pytest.mark.parametrize("changed", [False, True], ids=["nothing changed", "one more"])
def test_refresh_before_the_second_signature_keeps_the_answers(changed: bool) -> None:
    night = Night()
    night.new()
    row = night.offered_over()
    line = row.lines.get()
    if changed:
        night.new()
    incoming = web(night.next)
    typed = taken(row, line.pk, person=str(night.next.pk), refresh="1")

    answer = incoming.post(url(row, "accept/"), typed)

    assert answer.url == url(row, "" if changed else "accept/")
    if changed:
        night.offered_over(fresh(row))
    form = incoming.get(url(row, "accept/")).context["form"]
    assert shown(form, f"line_{line.pk}", f"reason_{line.pk}") == ["refused", "钥匙没有交到手"]


# --- many things ---------------------------------------------------------------------------


def test_house_with_six_hundred_open_things_is_written_and_taken_over_on_one_page() -> None:
    night = Night()
    row = night.drafted()
    now = timezone.now()
    HandoverLine.objects.bulk_create(
        HandoverLine(
            handover=row,
            seq=n,
            kind="task",
            key=f"task:-{n}",
            title="待办",
            digest="0" * 64,
            drafted_at=now,
        )
        for n in range(1, 601)
    )
    dm = web(night.dm)

    written = dm.post(url(row, "write/"), filled(row))
    data = taken(fresh(row), person=str(night.next.pk))
    row.lines.update(dropped_at=now)
    workflow.offer(row, PASSWORD, by=night.dm)
    group = dm.post(url(row, "accept/"), data | {"all": "task"})

    assert (written.status_code, row.lines.filter(is_told=True).count()) == (302, 600)
    assert (len(data) > 1200, group.status_code) == (True, 302)
    assert "重新签了名" in text_of(dm, url(row, "accept/"))
