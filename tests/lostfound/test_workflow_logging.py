"""L-B, L-C: the five facts, the order of times, the first links of the custody chain."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from lostfound import workflow
from lostfound.models import CustodyMove, FoundItem
from propdesk.core import audit, drafts
from propdesk.core.models import Attachment, Clock, Notice, Person, SearchText
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.factories import fresh as read
from tests.factories import member
from tests.incidents.moves import refuses
from tests.lostfound import moves
from tests.lostfound.journey import FIND, House, S, ago, fresh, photo
from tests.lostfound.moves import chain

pytestmark = pytest.mark.django_db
K = CustodyMove.Kind


def log(house, by=None, pictures=(None,), **changes):
    shown = [photo()] if pictures == (None,) else pictures
    return workflow.log(house.prop, replace(FIND, **changes), shown, by=by or house.guard)


def test_log_by_a_guard_gives_number_chain_clock_and_word_to_the_duty_manager():
    house = House()

    item = log(house)

    day = timezone.localdate()
    assert item.case.number == f"SW-{day:%Y%m%d}-001"
    assert (item.status, item.name, item.unit, item.quantity) == (S.LOGGED, "手机", "部", 1)
    links = chain(item)
    assert [(link.kind, link.holder, link.ended_at) for link in links] == [
        (K.FOUND, house.guard, None)
    ]
    clock = Clock.objects.get()
    assert (clock.rule, clock.due_at) == (
        workflow.Rule.HAND_IN_LATE,
        item.reported_at + timedelta(hours=2),
    )
    notice = Notice.objects.get()
    assert (notice.recipient, notice.text) == (
        house.dm,
        f"【拾获物品，请接收】{item.case.number} · 手机",
    )
    assert audit.problems(item.case) == []


@pytest.mark.parametrize(
    ("field", "changes", "sentence"),
    [
        ("category", {"category": "spaceship"}, "请选择类别。"),
        ("features", {"features": ""}, "请写下特征：颜色、品牌、记号。"),
        ("place", {"place_note": ""}, "请选择或写明拾获地点。"),
        ("quantity", {"quantity": 0}, "数量至少是 1。"),
        ("photo", {"pictures": ()}, "请拍一张照片；拍不了的写明原因。"),
    ],
)
def test_log_without_one_of_the_facts_names_it_and_changes_nothing(field, changes, sentence):
    house = House()

    with refuses(RefusedInput) as refusal:
        log(house, **changes)

    assert refusal.value.errors == {field: sentence}


def test_log_without_several_facts_names_all_of_them():
    house = House()

    with refuses(RefusedInput) as refusal:
        log(house, category="", features="", place_note="", quantity=0)

    assert sorted(refusal.value.errors) == ["category", "features", "place", "quantity"]


def test_log_of_a_time_to_come_or_long_ago_is_refused():
    house = House()

    with refuses(RefusedInput, match="时间还没有到"):
        log(house, found_at=timezone.now() + timedelta(minutes=2))
    with refuses(RefusedInput, match="30天以前"):
        log(house, found_at=ago(days=31))


def test_log_with_ten_photos_is_refused_and_nine_are_kept():
    house = House()
    pictures = [photo(colour) for colour in ("red", "blue", "lime", "gold", "navy")]
    pictures += [photo(colour) for colour in ("pink", "teal", "gray", "black", "white")]

    with refuses(RefusedInput, match="最多9张"):
        log(house, pictures=pictures)

    assert log(house, pictures=pictures[:9]).case.attachments.count() == 9


def test_log_with_a_broken_picture_is_refused_whole(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    house = House()

    with refuses(RefusedInput):
        log(house, pictures=[photo(), b"no picture"])

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("category", ["document", "bank_card"])
def test_log_of_papers_and_cards_needs_no_photo(category):
    house = House()

    item = log(house, category=category, pictures=())

    assert item.no_photo_reason == "证件、卡片不拍照"


@pytest.mark.parametrize("category", ["document", "bank_card"])
def test_picture_of_papers_and_cards_is_refused_and_no_file_is_kept(category, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    house = House()
    item = log(house, category=category, pictures=())

    with refuses(RefusedInput, match="证件、卡片不拍照") as refusal:
        log(house, category=category, pictures=[photo()])
    assert list(refusal.value.errors) == ["photo"]
    with refuses(RefusedInput, match="证件、卡片不拍照"):
        workflow.attach_all(item, [photo()], by=house.guard)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_log_for_a_finder_without_an_account_keeps_him_as_a_person_and_both_links():
    house = House()

    item = log(house, by=house.desk, finder_name="访客王先生", finder_phone="13800005678")

    person = Person.objects.get()
    assert (item.finder, item.finder_user, person.name) == (person, None, "访客王先生")
    assert [(x.kind, x.holder_person, x.holder, x.giver_person) for x in chain(item)] == [
        (K.FOUND, person, None, None),
        (K.HAND_IN, None, house.desk, person),
    ]


def test_log_for_a_colleague_hands_the_thing_to_whoever_logs_it():
    house = House()

    item = log(house, finder_user=house.cleaner)

    assert item.finder_department == house.housekeeping
    assert [(x.kind, x.giver, x.holder) for x in chain(item)] == [
        (K.FOUND, None, house.cleaner),
        (K.HAND_IN, house.cleaner, house.guard),
    ]


def test_log_of_contraband_is_urgent_for_security_and_managers():
    house = House()

    item = log(house, category="contraband", features="疑似管制刀具")

    told = {n.recipient for n in Notice.objects.filter(urgent=True)}
    assert told == {house.dm, house.guard2, house.pm}
    assert item.expires_on is None


def test_log_twice_with_one_token_is_one_thing():
    house = House()
    workflow.log(house.prop, FIND, [photo()], by=house.guard, token="t1")

    with refuses(drafts.DoubleSubmitError):
        workflow.log(house.prop, FIND, [photo()], by=house.guard, token="t1")

    assert FoundItem.objects.count() == 1


def test_log_is_searched_by_features_but_never_by_the_finder():
    house = House()

    item = log(house, finder_name="欧阳访客", serial="5566")

    row = SearchText.objects.get(case=item.case)
    kept = [word in row.details for word in ("蓝色硅胶壳", "5566")]
    open_ = [word in row.text for word in ("蓝色硅胶壳", "5566")]
    assert (kept, open_) == ([True, True], [False, False])
    assert [
        term for term in [row.text, row.details, *row.grams, *row.terms] if "欧阳" in term
    ] == []


@pytest.mark.parametrize(("minutes", "late"), [(30, False), (31, True)])
def test_late_report_is_asked_about_after_thirty_minutes(minutes, late):
    now = timezone.now()

    assert workflow.is_late(now - timedelta(minutes=minutes), now) is late


def test_hand_in_adds_a_receipt_and_keeps_the_first():
    house = House()
    item = log(house, by=house.cleaner)

    workflow.hand_in(item, by=house.guard)

    first, second = chain(item)
    assert (first.holder, first.ended_at) == (house.cleaner, second.at)
    assert (second.kind, second.giver, second.holder, second.department) == (
        K.HAND_IN,
        house.cleaner,
        house.guard,
        house.security,
    )


def test_hand_in_of_what_is_in_ones_own_hands_is_refused():
    house = House()
    item = log(house)

    with refuses(ConflictError, match="已经在您手里"):
        workflow.hand_in(item, by=house.guard)


def test_hand_in_of_contraband_is_refused_to_everybody():
    house = House()
    item = moves.contraband(house)

    for by in (house.desk, house.guard2, house.cleaner):
        with refuses(ConflictError, match="违禁危险品不接手"):
            workflow.hand_in(item, by=by)


def test_hand_in_opens_neither_what_is_hidden_nor_the_slip():
    house = House()
    item = house.logged()

    workflow.hand_in(item, by=house.desk)

    assert workflow.permit(fresh(item), "read", read(house.desk))
    for action in ("see_details", "correct", "attach"):
        with refuses(PermissionDenied):
            workflow.permit(fresh(item), action, read(house.desk))


def test_hand_in_by_the_duty_manager_is_the_receipt():
    house = House()
    item = log(house)

    with refuses(ConflictError, match="接收入库"):
        workflow.hand_in(item, by=house.dm)


def test_log_by_whoever_works_in_two_departments_leaves_the_department_open():
    house = House()
    both = member(house.prop, Role.SECURITY, department=house.security)
    member_row = both.memberships.get()
    member_row.pk, member_row.role, member_row.department = None, Role.STAFF, house.housekeeping
    member_row.save()

    assert log(house, by=both).finder_department is None


def test_attach_all_keeps_all_photos_of_one_upload_or_none():
    house = House()
    item = log(house)

    with refuses(RefusedInput):
        workflow.attach_all(item, [photo("red"), b"broken"], by=house.guard)
    rows = workflow.attach_all(item, [photo("red"), photo("lime")], by=house.guard)

    assert Attachment.objects.filter(case=item.case).count() == 3
    assert {row.case_id for row in rows} == {item.pk}
