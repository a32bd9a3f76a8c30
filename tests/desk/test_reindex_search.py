"""manage.py reindex_search: rows as their cases are written today, batch by batch, as often as one likes."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from emergencies import workflow as events
from incidents import workflow as incidents
from lostfound import workflow as lostfound
from propdesk.core import search_rewriting
from propdesk.core.models import SearchText
from propdesk.core.persons import Guest
from tests.factories import PlaceFactory, PropertyFactory
from tests.lostfound.journey import House

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    """A complaint, a claimed thing, a lost report, an open event and a confidential one."""
    house = House()
    prop, room = house.prop, PlaceFactory(property=house.prop, code="A-1806")
    guest = Guest(name="曾国藩", phone="13800005678")
    incidents.intake(prop, incidents.Intake(words="空调漏水", guest=guest, place=room), by=house.dm)
    claimant = lostfound.Claimant(Guest(name="欧阳修", phone="13700009876"))
    lostfound.describe(house.stored(), claimant, "黑色，背面有贴纸", by=house.dm)
    loss = lostfound.Loss("phone", "贴猫", timezone.now(), name="折叠手机", place_note="花园")
    lostfound.report_lost(prop, loss, Guest(name="John Smith", phone="13911112222"), by=house.desk)
    for kind in ("fire", "death"):
        events.start(prop, events.Start(kind, place=room), by=house.dm)
    return house


def rows() -> dict[int, tuple[Any, ...]]:
    found = SearchText.objects.order_by("pk")
    return {r.pk: (r.text, r.details, {*r.grams}, {*r.terms}) for r in found}


def spoil(**changed: Any) -> None:
    """Rows as an older version may have left them, with a telephone in the words."""
    old = {"text": "13800005678", "details": "", "grams": [], "terms": []}
    SearchText.objects.update(**(old | changed))


def run(**options: Any) -> str:
    out = StringIO()
    call_command("reindex_search", stdout=out, **options)
    return out.getvalue()


def test_every_register_is_rewritten_as_its_cases_are_written_today(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_rewriting, "BATCH", 2)
    right = rows()
    spoil()

    printed = [run(), run()]

    assert (rows(), len(right)) == (right, 5)
    assert printed[0] == printed[1]
    assert printed[0].splitlines()[-1] == f"{house.prop.code}: 完成，共 5 件。"
    assert len(printed[0].splitlines()) == 4


def test_it_goes_on_where_it_was_ended(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_rewriting, "BATCH", 2)
    right = rows()
    spoil()
    keys = list(right)

    run(property=house.prop.code, after=keys[1])

    assert [key for key in keys if rows()[key] == right[key]] == keys[2:]


def test_row_of_a_purged_case_and_of_another_house_stay_as_they_are(house: House) -> None:
    right = rows()
    gone, *left = right
    SearchText.objects.filter(pk=gone).delete()
    other = PropertyFactory()
    spoil()

    printed = run(property=other.code)
    assert (printed, {row[0] for row in rows().values()}) == (
        f"{other.code}: 完成，共 0 件。\n",
        {"13800005678"},
    )
    run()
    assert rows() == {key: right[key] for key in left}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"property": "nowhere"}, "没有这个公寓代码。"),
        ({"after": 7}, "从中间继续时，请用 --property 写明公寓代码。"),
    ],
)
def test_what_it_cannot_do_is_said(house: House, options: dict[str, Any], sentence: str) -> None:
    PropertyFactory()
    with pytest.raises(CommandError, match=sentence):
        run(**options)
