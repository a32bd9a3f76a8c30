"""The old book as a table: dry run, a sentence for each wrong row, the others in one go or not at all."""

import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from lostfound import importing, retention, workflow
from lostfound.models import FoundItem, RetentionPolicy
from lostfound.workflow.sweep import flag_due
from propdesk.core import audit, search
from propdesk.core.models import Clock, Draft, Notice, Person
from propdesk.core.roles import MANAGERS, Role
from propdesk.core.search_terms import Reach
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.factories import PASSWORD, at, member
from tests.factories import fresh as read
from tests.incidents.moves import fingerprint, refuses
from tests.lostfound.journey import House, S, fresh

pytestmark = pytest.mark.django_db
HEAD = [column.heading for column in importing.COLUMNS]
ROW: dict[str, Any] = {
    "原编号": "2026-031",
    "物品名称": "折叠伞",
    "类别": "雨伞",
    "数量": "2",
    "特征": "黑色，木柄有刻字",
    "拾获时间": "2026-03-02 18:30",
    "拾获地点": "A座大堂",
    "拾获人": "李强",
    "接收日期": "2026-03-03",
    "估价": "60.00",
    "存放位置": "G2-1",
    "备注": "",
}
EMPTY = "这一格必填。"


def row(**changes: Any) -> dict[str, Any]:
    return {**ROW, **changes}


def numbered(count: int, **changes: Any) -> list[dict[str, Any]]:
    return [row(原编号=f"OLD-{n}", **changes) for n in range(count)]


def workbook(*rows: dict[str, Any]) -> bytes:
    book = Workbook()
    book.worksheets[0].append(HEAD)
    for each in rows:
        book.worksheets[0].append([each.get(name) for name in HEAD])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def uploaded(house: House, *rows: dict[str, Any], by: Any = None) -> importing.Plan:
    raw = workbook(*rows)
    by = by or read(house.pm)
    return importing.upload(house.prop, io.BytesIO(raw), "旧本.xlsx", len(raw), by=by)


def imported(house: House, *rows: dict[str, Any], by: Any = None) -> list[FoundItem]:
    by = by or read(house.pm)
    plan = uploaded(house, *rows, by=by)
    return importing.confirm(house.prop, plan.seen, workflow.Second(house.guard, PASSWORD), by=by)


def problems(plan: importing.Plan) -> list[tuple[int, str, str]]:
    return [(each.row, each.column, each.text) for each in plan.problems]


def url(house: House, name: str) -> str:
    return reverse(f"lostfound:{name}", args=[house.prop.code])


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def sent(*rows: dict[str, Any], name: str = "旧本.xlsx") -> dict[str, Any]:
    return {"file": SimpleUploadedFile(name, workbook(*rows))}


# --- what a row becomes --------------------------------------------------------------------


def test_row_becomes_a_thing_in_joint_custody() -> None:
    house = House()

    (item,) = imported(house, row(备注="失主可能是1806"))

    item = fresh(item)
    found, received = item.custody.order_by("seq")
    assert (item.status, item.category, item.name, item.quantity, item.unit) == (
        S.STORED,
        "umbrella",
        "折叠伞",
        2,
        "把",
    )
    assert item.features == "黑色，木柄有刻字\n备注：失主可能是1806"
    assert (item.place, item.place_note, item.old_number) == (house.lobby, "", "2026-031")
    assert (item.found_at, item.handed_at, item.received_on) == (
        at("2026-03-02 18:30"),
        at("2026-03-03 00:00"),
        date(2026, 3, 3),
    )
    assert (item.finder_user, item.finder, item.received_by) == (house.guard, None, house.pm)
    assert (item.value, item.valuation, item.valued_by) == (Decimal(60), "valued", house.pm)
    assert (item.expires_on, item.next_due_at) == (date(2026, 6, 3), at("2026-06-04 00:00"))
    assert (found.kind, found.holder, found.at) == ("found", house.guard, item.found_at)
    assert (received.kind, received.manager, received.guard, received.storage) == (
        "receive",
        house.pm,
        house.guard,
        house.shelf,
    )
    assert found.ended_at == received.at == received.guard_at == received.manager_at


def test_row_is_in_the_chain_the_history_the_search_and_the_comparison() -> None:
    house = House()

    (item,) = imported(house, row())

    item = fresh(item)
    (entry,) = item.case.entries.all()
    record = item.history.get()
    assert (entry.action, entry.by, entry.occurred_at) == ("import_book", house.pm, item.handed_at)
    assert entry.content["info"] == {"row": 2, "old_number": "2026-031"}
    assert {each["m"] for each in entry.rows} == {
        "lostfound.founditem",
        "lostfound.custodymove",
        "lostfound.valuation",
    }
    assert audit.problems(item.case) == []
    assert (record.history_user, record.history_change_reason) == (house.pm, "旧登记本导入")
    assert [hit.case_id for hit in search.hits(house.prop, "2026-031", Reach.ALL)] == [item.pk]
    assert item.valuations.get().expires_on == item.expires_on


def test_row_without_value_is_kept_for_the_long_term() -> None:
    house = House()

    items = imported(house, *(row(原编号=f"N{n}", 估价=v) for n, v in enumerate(["", "未估价"])))

    found = [(fresh(i).valuation, fresh(i).value, fresh(i).expires_on) for i in items]
    assert found == [("unvalued", None, date(2027, 3, 3))] * 2


def test_row_of_a_finder_without_account_makes_a_person() -> None:
    house = House()

    (item,) = imported(house, row(拾获人="住户"))

    person = Person.objects.get(pk=fresh(item).finder_id)
    assert (person.name, person.kind, person.property) == ("住户", "outsider", house.prop)
    assert item.custody.get(seq=1).holder_person == person


def test_row_of_two_colleagues_of_one_name_is_nobody_of_them() -> None:
    house = House()
    member(house.prop, Role.SECURITY, name="李强")

    by_name, by_number = imported(
        house, row(原编号="1"), row(原编号="2", 拾获人=house.guard.username)
    )

    assert (fresh(by_name).finder_user, fresh(by_number).finder_user) == (None, house.guard)


def test_row_received_on_the_day_it_was_found_was_handed_in_after_that() -> None:
    house = House()

    (item,) = imported(house, row(接收日期="20260302"))

    item = fresh(item)
    assert (item.handed_at, item.received_on) == (item.found_at, date(2026, 3, 2))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02", "2026-03-02 00:00"),
        ("2026/3/2 8:05", "2026-03-02 08:05"),
        ("２０２６－０３－０２ ８：０５", "2026-03-02 08:05"),
        ("20260302", "2026-03-02 00:00"),
        ("2026年3月2日", "2026-03-02 00:00"),
        ("2026年3月2日 18时30分", "2026-03-02 18:30"),
        ("2026.03.02 18:30:59", "2026-03-02 18:30"),
        (date(2026, 3, 2), "2026-03-02 00:00"),
    ],
)
def test_day_is_read_however_it_was_written(text: Any, moment: str) -> None:
    plan = uploaded(House(), row(拾获时间=text))

    assert [entry.found_at for entry in plan.entries] == [at(moment)]


@pytest.mark.parametrize("where", ["g2-1", "2号柜 上层"])
def test_place_is_found_by_code_or_by_path(where: str) -> None:
    house = House()

    plan = uploaded(house, row(存放位置=where, 拾获地点="地下车库柱子旁"))

    (entry,) = plan.entries
    assert (entry.storage, entry.place, entry.place_note) == (house.shelf, None, "地下车库柱子旁")


# --- terms ---------------------------------------------------------------------------------


def test_rule_of_an_old_day_is_the_first_of_the_house() -> None:
    house = House()
    today = timezone.localdate()
    first = workflow.policy_in_force(house.prop, today - timedelta(days=3))
    workflow.set_policy(
        house.prop, "handover", retention.PRESETS["handover"], today, by=house.gm, reason="辖区"
    )

    old, new = imported(
        house, row(原编号="1"), row(原编号="2", 拾获时间=f"{today}", 接收日期=f"{today}")
    )

    assert fresh(old).policy == first
    assert (fresh(new).policy.preset, fresh(new).expires_on) == (
        "handover",
        today + timedelta(days=7),
    )
    assert RetentionPolicy.objects.count() == 2


def test_rule_of_a_house_without_any_is_written_once() -> None:
    house = House()
    rows = [row(原编号=str(n), 接收日期=f"2026-03-{20 - n:02}") for n in range(3)]

    items = imported(house, *rows)

    rule = RetentionPolicy.objects.get()
    assert {fresh(item).policy for item in items} == {rule}
    assert (rule.preset, rule.valid_from) == ("sop", date(2026, 3, 18))


def test_clocks_run_to_the_end_of_the_term_and_of_food() -> None:
    house = House()
    today = timezone.localdate()

    old, food = imported(
        house,
        row(原编号="1", 拾获时间="2020-01-01", 接收日期="2020-01-02"),
        row(原编号="2", 类别="食品", 拾获时间=f"{today}", 接收日期=f"{today}"),
    )

    rules = {
        item: sorted(Clock.objects.filter(case=item.case).values_list("rule", flat=True))
        for item in (old, food)
    }
    waits = timezone.now() - Clock.objects.get(case=old.case).due_at
    assert rules == {
        old: ["lostfound.expired"],
        food: ["lostfound.category_due", "lostfound.expired", *["lostfound.expires_soon"] * 3],
    }
    assert timedelta(0) <= waits < timedelta(minutes=1)


def test_thing_that_expired_long_ago_goes_on_with_the_next_sweep() -> None:
    house = House()
    (item,) = imported(house, row(拾获时间="2020-01-01", 接收日期="2020-01-02"))

    flag_due(timezone.now())

    assert fresh(item).status == S.EXPIRED


def test_old_book_of_long_expired_things_is_told_of_by_one_count() -> None:
    house = House()
    old = {"拾获时间": "2020-01-01", "接收日期": "2020-01-02"}
    items = imported(house, *numbered(30, **old), row(原编号="X", 类别="食品", **old))

    flag_due(timezone.now() + timedelta(minutes=1))

    assert {fresh(item).status for item in items} == {S.EXPIRED}
    told = Notice.objects.filter(property=house.prop, key__startswith="clock:")
    assert sorted(told.values_list("recipient", flat=True)) == sorted(
        user.pk for user in (house.dm, house.gm, house.guard, house.guard2)
    )


# --- wrong rows ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "column", "sentence"),
    [
        ({"物品名称": ""}, "物品名称", EMPTY),
        ({"特征": " "}, "特征", EMPTY),
        ({"拾获人": None}, "拾获人", EMPTY),
        ({"存放位置": ""}, "存放位置", EMPTY),
        ({"物品名称": "名" * 61}, "物品名称", "最多 60 个字，请缩短。"),
        ({"原编号": "9" * 31}, "原编号", "最多 30 个字，请缩短。"),
        ({"特征": "特" * 201}, "特征", "文字太长，最多 200 个字。"),
        ({"特征": "=1+1"}, "特征", "这一格是公式，请改为文字（选择性粘贴为数值）。"),
        ({"类别": "违禁危险品"}, "类别", "违禁危险品不入库，请报警移交公安，不在这里导入。"),
        ({"数量": "0"}, "数量", "请填整数，至少是 1。"),
        ({"数量": "一把"}, "数量", "请填整数，至少是 1。"),
        ({"数量": "99999999"}, "数量", "请填整数，至少是 1。"),
        ({"拾获时间": "去年"}, "拾获时间", "看不懂这个日期，请写成 2026-03-02 或 2026-03-02 18:30。"),
        ({"拾获时间": "2026-02-30"}, "拾获时间", "看不懂这个日期，请写成 2026-03-02 或 2026-03-02 18:30。"),
        ({"拾获时间": "2026-03-02 25:00"}, "拾获时间", "看不懂这个日期，请写成 2026-03-02 或 2026-03-02 18:30。"),
        ({"拾获时间": "1999-12-31"}, "拾获时间", "年份不对，请核对日期。"),
        ({"接收日期": "2099-01-01"}, "接收日期", "这个时间还没有到，请核对。"),
        ({"接收日期": "2026-03-01"}, "接收日期", "接收日期早于拾获时间，请核对。"),
        ({"估价": "-1"}, "估价", "请填金额，如 60.00，不小于零，最多两位小数；没有就填“未估价”。"),
        ({"估价": "1.005"}, "估价", "请填金额，如 60.00，不小于零，最多两位小数；没有就填“未估价”。"),
        ({"估价": "很贵"}, "估价", "请填金额，如 60.00，不小于零，最多两位小数；没有就填“未估价”。"),
        ({"估价": "NaN"}, "估价", "请填金额，如 60.00，不小于零，最多两位小数；没有就填“未估价”。"),
        ({"存放位置": "X9"}, "存放位置", "没有这个存放位置，请填代码（如 G1-1）或全称，或先建立它。"),
    ],
)  # fmt: skip
def test_wrong_cell_is_named_and_the_other_rows_are_kept(
    changes: Any, column: str, sentence: str
) -> None:
    house = House()

    plan = uploaded(house, row(原编号="A"), row(**changes), row(原编号="C"))

    assert problems(plan) == [(3, column, sentence)]
    assert [(entry.row, entry.old_number) for entry in plan.entries] == [(2, "A"), (4, "C")]
    assert plan.wrong_rows == 1


def test_unknown_category_names_the_known_ones() -> None:
    plan = uploaded(House(), row(类别="伞"))

    ((number, column, sentence),) = problems(plan)
    assert (number, column) == (2, "类别")
    assert sentence.startswith("只能填：手机、钥匙门卡、钱包、")


def test_place_of_another_house_or_out_of_use_is_unknown() -> None:
    house, other = House(), House()
    workflow.create_storage(other.prop, workflow.Shelf("别家柜", "BJ"), by=other.dm)
    workflow.retire_storage(house.other_shelf, by=house.dm, reason="坏了")

    plan = uploaded(house, row(原编号="1", 存放位置="BJ"), row(原编号="2", 存放位置="G2-2"))

    assert [(each.row, each.column) for each in plan.problems] == [(2, "存放位置"), (3, "存放位置")]


# --- doubles -------------------------------------------------------------------------------


def test_old_number_that_is_on_record_or_twice_in_the_file_is_left_out() -> None:
    house = House()
    (before,) = imported(house, row(原编号="A-1", 物品名称="围巾", 类别="衣物鞋帽"))

    plan = uploaded(house, row(原编号="a-1"), row(原编号="B"), row(原编号="b"), row(原编号="C"))

    assert problems(plan) == [
        (2, "原编号", f"原编号与 {before.case.number} 相同。"),
        (4, "原编号", "原编号与 第 3 行 相同。"),
    ]
    assert [entry.old_number for entry in plan.entries] == ["B", "C"]


def test_same_facts_are_one_thing_unless_both_have_their_own_number() -> None:
    house = House()
    imported(house, row(原编号="A"))

    plan = uploaded(
        house,
        row(原编号="B"),  # two umbrellas of one day, each with its number
        row(原编号=""),  # the same umbrella again, or so it seems
        row(原编号="", 物品名称="另一把伞"),
        row(原编号="", 物品名称="另一把伞", 拾获时间="2026-03-02 07:00"),
        row(原编号="", 物品名称="另一把伞", 拾获时间="2026-03-01"),
        row(原编号="", 物品名称="另一把伞", 拾获地点="车库"),
    )

    assert [each.row for each in plan.problems] == [3, 5]
    assert [each.text.rpartition("相同")[2] for each in plan.problems] == [
        "（类别、名称、拾获日期和地点）。"
    ] * 2
    assert [entry.row for entry in plan.entries] == [2, 4, 6, 7]


def test_thing_logged_here_is_not_imported_again() -> None:
    house = House()
    house.logged(category="umbrella", name="折叠伞", place=house.lobby, found_at=timezone.now())
    today = f"{timezone.localdate()}"

    plan = uploaded(house, row(拾获时间=today, 接收日期=today))

    assert [each.row for each in plan.problems] == [2]


def test_number_of_a_voided_slip_may_come_again() -> None:
    house = House()
    (item,) = imported(house, row())
    workflow.void_stored(fresh(item), by=house.gm, where="没有实物", reason="录错")

    assert len(imported(house, row())) == 1


# --- confirming ----------------------------------------------------------------------------


def test_upload_writes_nothing_but_the_draft() -> None:
    house = House()
    before = fingerprint()

    uploaded(house, row())

    after = fingerprint()
    assert {name for name in before if before[name] != after[name]} == {"core_draft"}


def test_confirm_takes_the_good_rows_and_forgets_the_file() -> None:
    house = House()

    items = imported(house, row(原编号="A"), row(原编号="B", 数量="无"), row(原编号="C"))

    assert [item.old_number for item in items] == ["A", "C"]
    assert Draft.objects.count() == 0
    with pytest.raises(ConflictError, match="没有等待确认的文件"):
        importing.confirm(house.prop, "", workflow.Second(house.guard, PASSWORD), by=read(house.pm))


@pytest.mark.parametrize(
    ("who", "password", "field"),
    [
        ("guard", "", "guard_password"),
        ("guard", "wrong", "guard_password"),
        ("pm", PASSWORD, "guard"),
        ("gm", PASSWORD, "guard"),
    ],
    ids=["no password", "wrong password", "himself", "no guard"],
)
def test_confirm_without_a_guard_beside_is_refused(who: str, password: str, field: str) -> None:
    house = House()
    plan = uploaded(house, row())

    with refuses(RefusedInput) as refused:
        importing.confirm(
            house.prop,
            plan.seen,
            workflow.Second(getattr(house, who), password),
            by=read(house.pm),
        )

    assert list(refused.value.errors) == [field]


def test_confirm_of_a_plan_that_has_changed_is_refused() -> None:
    house = House()
    plan = uploaded(house, row(原编号="A"), row(原编号="B"))
    imported(house, row(原编号="B", 物品名称="别的"), by=read(house.gm))

    with refuses(ConflictError, match="在您查看之后有变化"):
        importing.confirm(
            house.prop, plan.seen, workflow.Second(house.guard, PASSWORD), by=read(house.pm)
        )


def test_confirm_of_rows_that_came_on_record_meanwhile_is_refused() -> None:
    house = House()
    entries = uploaded(house, row()).entries
    imported(house, row(), by=read(house.gm))

    with refuses(ConflictError, match="在您查看之后有变化"):
        workflow.import_book(
            house.prop, entries, workflow.Second(house.guard, PASSWORD), by=read(house.pm)
        )


def test_confirm_that_fails_half_way_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from lostfound.workflow import book

    house = House()
    plan = uploaded(house, *numbered(5))
    monkeypatch.setattr(book, "BATCH", 2)
    done = []
    arm = book.arm_all

    def fail(items: Any, now: Any) -> None:
        arm(items, now)
        done.append(len(items))
        if len(done) == 2:
            raise RuntimeError

    monkeypatch.setattr(book, "arm_all", fail)
    with refuses(RuntimeError), transaction.atomic():
        importing.confirm(
            house.prop, plan.seen, workflow.Second(house.guard, PASSWORD), by=read(house.pm)
        )

    assert done == [2, 2]


def test_numbers_of_several_batches_stand_in_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    from lostfound.workflow import book

    house = House()
    monkeypatch.setattr(book, "BATCH", 2)

    items = imported(house, *numbered(5))

    assert [item.case.number[-3:] for item in items] == ["001", "002", "003", "004", "005"]
    assert [item.old_number for item in items] == [f"OLD-{n}" for n in range(5)]
    assert [audit.problems(fresh(item).case) for item in items] == [[]] * 5


def test_statements_do_not_grow_with_the_rows() -> None:
    house = House()
    imported(house, *numbered(1))
    costs = []
    for count in (2, 9):
        rows = [row(原编号=f"{count}-{n}", 拾获人="客人") for n in range(count)]
        plan = uploaded(house, *rows)
        second = workflow.Second(house.guard, PASSWORD)
        by = read(house.pm)
        with CaptureQueriesContext(connection) as captured:
            importing.confirm(house.prop, plan.seen, second, by=by)
        costs.append(len(captured))

    assert costs[0] == costs[1]


@pytest.mark.parametrize("role", [role for role in Role if role not in MANAGERS])
def test_import_by_others_is_forbidden(role: Role) -> None:
    house = House()
    entries = uploaded(house, row()).entries
    person = member(house.prop, role)

    with refuses(PermissionDenied):
        workflow.import_book(house.prop, entries, workflow.Second(house.guard, PASSWORD), by=person)
    with refuses(PermissionDenied):
        uploaded(house, row(), by=person)


# --- pages ---------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role)
def test_import_pages_are_for_managers(role: Role) -> None:
    house = House()
    web = browser(member(house.prop, role))
    names = ("import_book", "import_template")

    found = {web.get(url(house, name)).status_code for name in names}
    posted = web.post(url(house, "import_confirm"), {"discard": "1"}).status_code

    assert found == {200 if role in MANAGERS else 403}
    assert posted == (302 if role in MANAGERS else 403)


def test_template_can_be_filled_in_and_sent_back() -> None:
    house = House()
    workflow.create_storage(house.prop, workflow.Shelf("1号柜", "G1-1"), by=house.dm)
    room = workflow.create_storage(house.prop, workflow.Shelf("保安部库房", "KF"), by=house.dm)
    workflow.create_storage(house.prop, workflow.Shelf("保险柜", "BX"), room, by=house.dm)
    web = browser(house.pm)

    answer = web.get(url(house, "import_template"))
    web.post(url(house, "import_book"), {"file": SimpleUploadedFile("t.xlsx", answer.content)})
    page = web.get(url(house, "import_book"))

    sheet = load_workbook(io.BytesIO(answer.content)).worksheets[0]
    assert [cell.value.rstrip("*") for cell in sheet[1]] == HEAD
    assert "filename*=utf-8''" in answer["Content-Disposition"]
    assert problems(page.context["plan"]) == []
    assert [entry.name for entry in page.context["plan"].entries] == ["折叠伞", "银行卡"]


def test_import_walks_from_file_to_register() -> None:
    house = House()
    web = browser(house.pm)

    first = web.post(url(house, "import_book"), sent(row(原编号="A"), row(原编号="B", 数量="无")))
    page = web.get(url(house, "import_book"))
    data = {
        "seen": page.context["confirm"]["seen"].value(),
        "guard": house.guard.pk,
        "guard_password": PASSWORD,
    }
    answer = web.post(url(house, "import_confirm"), data)

    html = page.content.decode()
    assert (first.status_code, first.url) == (302, url(house, "import_book"))
    assert "可以导入 1 件" in html
    assert "有问题 1 行" in html
    assert "请填整数，至少是 1。" in html
    assert "确认导入 1 件" in html
    assert (answer.status_code, answer.url) == (302, url(house, "board"))
    assert FoundItem.objects.get().old_number == "A"


def test_confirm_page_wrong_password_keeps_the_file() -> None:
    house = House()
    web = browser(house.pm)
    web.post(url(house, "import_book"), sent(row()))
    seen = web.get(url(house, "import_book")).context["confirm"]["seen"].value()

    answer = web.post(
        url(house, "import_confirm"),
        {"seen": seen, "guard": house.guard.pk, "guard_password": "wrong"},
    )

    assert answer.status_code == 422
    assert answer.context["confirm"].errors == {"guard_password": ["密码不对，请重新输入。"]}
    assert "wrong" not in answer.content.decode()
    assert len(answer.context["plan"].entries) == 1
    assert FoundItem.objects.count() == 0


def test_confirm_page_shows_the_new_plan_when_it_has_changed() -> None:
    house = House()
    web = browser(house.pm)
    web.post(url(house, "import_book"), sent(row()))
    data = {"seen": "something else", "guard": house.guard.pk, "guard_password": PASSWORD}

    answer = web.post(url(house, "import_confirm"), data)
    again = web.post(
        url(house, "import_confirm"), data | {"seen": answer.context["confirm"]["seen"].value()}
    )

    assert answer.status_code == 409
    assert answer.context["confirm"].non_field_errors() == [
        "资料在您查看之后有变化，请再看一遍后确认。"
    ]
    assert again.status_code == 302


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.xls", b"x", "请上传 .xlsx 或 .csv 文件。旧的 .xls 请先另存为 .xlsx。"),
        ("a.xlsx", b"not a zip", "这个文件打不开，请用 Excel 或 WPS 另存为 .xlsx 后再上传。"),
        ("a.csv", "物品名称\n伞\n".encode(), "缺少这些列：类别、特征、拾获时间、拾获地点、拾获人、接收日期、存放位置。"),
        ("a.csv", "颜色\n黑\n".encode(), "不认识这些列：颜色。请用模板里的列名。"),
    ],
)  # fmt: skip
def test_useless_file_is_refused_and_forgets_the_one_before(
    name: str, content: bytes, sentence: str
) -> None:
    house = House()
    web = browser(house.pm)
    web.post(url(house, "import_book"), sent(row()))

    answer = web.post(url(house, "import_book"), {"file": SimpleUploadedFile(name, content)})

    assert answer.status_code == 422
    assert answer.context["form"].errors == {"file": [sentence]}
    assert answer.context["plan"] is None


def test_csv_of_an_old_computer_is_read() -> None:
    house = House()
    raw = "\n".join([",".join(HEAD), ",".join(ROW.values())]).encode("gb18030")

    plan = importing.upload(house.prop, io.BytesIO(raw), "旧本.csv", len(raw), by=house.pm)

    assert [entry.name for entry in plan.entries] == ["折叠伞"]


def test_markup_in_a_cell_is_shown_as_text() -> None:
    house = House()
    web = browser(house.pm)
    web.post(url(house, "import_book"), sent(row(物品名称="<script>x</script>")))

    html = web.get(url(house, "import_book")).content.decode()

    assert "&lt;script&gt;x&lt;/script&gt;" in html
    assert "<script>x" not in html


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("60", "60.00"),
        ("¥1,409.5", "1409.50"),
        ("100.00元", "100.00"),
        ("0", "0.00"),
        (88.5, "88.50"),
        ("￥１，２００", "1200.00"),
    ],
)
def test_amount_is_read_however_it_was_written(text: Any, value: str) -> None:
    (entry,) = uploaded(House(), row(估价=text)).entries

    assert str(entry.value) == value


@pytest.mark.parametrize("text", ["1e3", "Infinity", "1.5.2", "-0", "99999999999"])
def test_amount_that_is_none_is_refused(text: str) -> None:
    plan = uploaded(House(), row(估价=text))

    assert [each.column for each in plan.problems] == ["估价"]
