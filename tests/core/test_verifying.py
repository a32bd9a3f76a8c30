"""What is told of a sealed paper: nothing for one left alone, everything somebody did to it."""

import hashlib
import json

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents import workflow
from propdesk.core import (
    appendices,
    copies,
    house_people,
    notices,
    persons,
    rendering,
    verifying,
)
from propdesk.core.clock_text import paper_time
from propdesk.core.house_people import Details
from propdesk.core.models import (
    CopyLog,
    Delivery,
    Document,
    Membership,
    Notice,
    RenderJob,
    User,
)
from propdesk.core.pdf import signing
from propdesk.core.persons import Guest
from propdesk.core.roles import Role
from propdesk.core.signatures import Second
from tests.core.test_pdf_signing import edited
from tests.core.test_pdf_signing import house as other_house
from tests.factories import PASSWORD, member
from tests.incidents.journey import House, fresh
from tests.incidents.moves import jpeg

pytestmark = pytest.mark.django_db
APPENDED = "在封存的文书后面追加了内容，不是原件。"
OTHER = "内容与封存的文书不同，不是原件。"
WHAT = ("封存的文件", "数字签名", "文书内附的数据", "数据库里的登记", "留痕链")


class Sealed:
    """A complaint with its signed report, and the sealed paper of it."""

    def __init__(self, photos=()):
        self.house = House()
        complaint = self.house.reviewed()
        for colour in photos:
            workflow.attach(fresh(complaint), jpeg(colour), by=self.house.dm)
        self.complaint = self.house.signed(fresh(complaint))
        rendering.render_due(timezone.now())
        self.document = Document.objects.get(case=self.complaint.case, sealed=True)

    def says(self):
        """What each comparison says, by what it compares."""
        verdict = verifying.by_code(self.document.verify_code)[0]
        return {finding.what: str(finding.says) for finding in verdict.findings}

    def changed(self):
        return [what for what, says in self.says().items() if says != "same"]

    def write(self, data):
        with self.document.file.storage.open(self.document.file.name, "wb") as file:
            file.write(data)


def test_untouched_paper_is_the_same_in_every_way():
    sealed = Sealed()

    assert sealed.says() == dict.fromkeys(WHAT, "same")
    verdict = verifying.by_code(sealed.document.verify_code)[0]
    assert (str(verdict.says), verdict.kind) == ("same", "事故报告")
    assert verdict.findings[1].words == "本公寓的封存章和 2 个签批签名都成立。"


def test_document_keeps_both_hashes_and_the_number_of_signatures():
    document = Sealed().document

    stored = rendering.stored(document)
    assert (document.signatures, document.size) == (3, len(stored))
    assert document.sha256 != document.unsigned_sha256
    assert document.seal.kind == "seal"


def test_paper_stays_the_same_whatever_is_done_on_the_pages_afterwards():
    sealed = Sealed()
    house, complaint = sealed.house, sealed.complaint
    for delivery in Delivery.objects.filter(acknowledged_at=None).select_related("recipient"):
        notices.acknowledge(delivery, by=delivery.recipient)
    workflow.close(fresh(complaint), by=house.dm)
    workflow.reopen(fresh(complaint), by=house.dm, reason="异响又出现")
    persons.change(
        complaint.guest, Guest(name="王小梅", phone="13900000000"), by=house.dm, reason="改名"
    )
    rendering.render_due(timezone.now())

    assert sealed.changed() == []


def test_colleague_who_left_or_was_promoted_since_is_told_as_he_was_then():
    sealed = Sealed()
    prop, today = sealed.house.prop, timezone.localdate()
    told = User.objects.filter(
        pk__in=Notice.objects.values("recipient"), memberships__property=prop
    )
    assert told.exists()
    told.update(is_active=False)
    for user in told:
        Membership(user=user, property=prop, role=Role.GENERAL_MANAGER, starts_on=today).save()
    for notice in Notice.objects.filter(case=sealed.complaint.case):
        Delivery.objects.create(
            notice=notice,
            recipient=notice.recipient,
            property=prop,
            channel=Delivery.Channel.EMAIL,
            created_at=timezone.now(),
            next_try_at=timezone.now(),
        )

    assert sealed.changed() == []


def test_names_changed_on_our_pages_are_told_and_are_no_change():
    sealed = Sealed()
    admin = member(sealed.house.prop, Role.ADMIN)
    details = Details(name="周明敏", phone="", email="")
    house_people.edit_user(sealed.house.prop, sealed.house.dm, details, by=admin, reason="改名")

    verdict = verifying.by_code(sealed.document.verify_code)[0]

    assert [str(each.says) for each in verdict.findings] == ["same"] * 5
    assert verdict.findings[3].words == (
        "与封存的内容相同；只有人员、部门或地点后来改过名称，均有记录。"
    )


@pytest.mark.every_case
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE core_person SET name = '别人'", ["数据库里的登记"]),
        ("UPDATE core_user SET name = '别人' WHERE name = '周敏'", ["数据库里的登记"]),
        ("UPDATE core_report SET loss_yuan = 900", ["数据库里的登记", "留痕链"]),
        ("UPDATE core_report SET narrative = '没有这回事'", ["数据库里的登记", "留痕链"]),
        ("UPDATE core_reportbox SET opinion = '不同意'", ["数据库里的登记", "留痕链"]),
        ("UPDATE core_reportbox SET content_sha = 'x'", ["留痕链"]),
        ("UPDATE incidents_complaint SET severity = 'serious'", ["留痕链"]),
        ("UPDATE core_renderjob SET case_version = case_version - 1", ["数据库里的登记"]),
        ("UPDATE core_renderjob SET document_id = NULL", ["数据库里的登记"]),
        ("UPDATE core_document SET pages = 9", ["留痕链"]),
        ("UPDATE core_document SET sha256 = repeat('0', 64)", ["封存的文件", "留痕链"]),
        ("UPDATE core_document SET data_sha256 = 'x'", ["文书内附的数据", "留痕链"]),
        ("UPDATE core_document SET signatures = 2", ["数字签名", "留痕链"]),
    ],
)
def test_one_field_changed_by_sql_after_sealing_is_told(as_owner, change, told):
    sealed = Sealed()
    table = change.split()[1]
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(change)
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")

    assert sealed.changed() == told


def test_stored_file_altered_or_gone_is_told():
    sealed = Sealed()
    data = bytearray(rendering.stored(sealed.document))
    data[len(data) // 3] ^= 1

    sealed.write(bytes(data))
    assert sealed.says() == {"封存的文件": "changed", "留痕链": "same"}
    sealed.document.file.storage.delete(sealed.document.file.name)
    assert sealed.says() == {"封存的文件": "changed", "留痕链": "same"}


def test_file_and_hash_replaced_together_is_told_by_signatures_and_chain(as_owner, capsys):
    sealed = Sealed()
    stranger, _root = other_house("Theirs")
    printed = rendering.stored(sealed.document)
    first = printed[: printed.index(b"%%EOF") + 6]
    code = sealed.document.verify_code
    chain = [signing.Approval("周敏", "x"), signing.Approval("张岚", "x")]
    forged = signing.sign(first, stranger, code=code, title="x", approvals=chain)
    sealed.write(forged)
    digest = hashlib.sha256(forged).hexdigest()
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE core_document DISABLE TRIGGER USER")
        cursor.execute("UPDATE core_document SET sha256 = %s", [digest])
        cursor.execute("ALTER TABLE core_document ENABLE TRIGGER USER")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")

    assert sealed.changed() == ["数字签名", "留痕链"]
    with pytest.raises(CommandError, match="2"):
        call_command("check_integrity")
    assert f"{sealed.document.number}: 封存文书的签名不成立" in capsys.readouterr().out


def test_sealed_file_sent_back_is_the_same():
    sealed = Sealed()

    verdict = verifying.by_file(rendering.stored(sealed.document))[0]

    assert (verdict.document, str(verdict.says)) == (sealed.document, "same")
    assert verdict.findings[0].words == "与封存的文书逐字节相同。"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (edited, APPENDED),
        (lambda data: data[:500] + bytes([data[500] ^ 1]) + data[501:], OTHER),
        (lambda data: data[:-900], OTHER),
    ],
    ids=["appended", "flipped", "cut"],
)
def test_changed_copy_is_recognised_and_told(change, words):
    sealed = Sealed()

    verdict = verifying.by_file(change(rendering.stored(sealed.document)))[0]

    assert (verdict.document, str(verdict.says)) == (sealed.document, "changed")
    assert verdict.findings[0].words == words
    assert [str(each.says) for each in verdict.findings] == ["changed", *["same"] * 5]


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7 something else", b"PropDesk ABCD", b"\x00" * 99])
def test_foreign_file_is_unknown(data):
    Sealed()

    assert verifying.by_file(data) == []


def test_file_is_never_kept_and_no_look_is_logged_as_ours():
    sealed = Sealed()
    before = Document.objects.count(), RenderJob.objects.count(), CopyLog.objects.count()

    verifying.by_file(edited(rendering.stored(sealed.document)))

    assert (Document.objects.count(), RenderJob.objects.count(), CopyLog.objects.count()) == before


def test_confidential_paper_gives_no_kind():
    sealed = Sealed()
    sealed.complaint.case.restricted = True
    sealed.complaint.case.save(update_fields=["restricted"])

    assert verifying.by_code(sealed.document.verify_code)[0].kind == ""


def test_nothing_personal_is_told():
    sealed = Sealed()
    verdict = verifying.by_file(edited(rendering.stored(sealed.document)))[0]
    told = json.dumps([each.words for each in verdict.findings], ensure_ascii=False) + verdict.kind

    names = ("王晓梅", "周敏", "张岚", "1806", "空调", "13800005678")
    assert [name for name in names if name in told] == []


@pytest.mark.parametrize("code", ["", "ABCD", "ABCD-EFGH-IJKL-MNOP", "x" * 500, "\x00"])
def test_unknown_code_finds_nothing(code):
    Sealed()

    assert verifying.by_code(code) == []


def test_paper_sealed_before_signatures_is_judged_without(as_owner):
    sealed = Sealed()
    unsigned = rendering.stored(sealed.document)
    unsigned = unsigned[: unsigned.index(b"%%EOF") + 6]
    sealed.write(unsigned)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE core_document DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE core_document SET sha256 = unsigned_sha256, unsigned_sha256 = '', "
            "seal_id = NULL, signatures = 0"
        )
        cursor.execute("ALTER TABLE core_document ENABLE TRIGGER USER")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")

    assert sealed.says() | {"留痕链": ""} == {
        "封存的文件": "same",
        "数字签名": "unsure",
        "文书内附的数据": "same",
        "数据库里的登记": "same",
        "留痕链": "",
    }


def counted(act):
    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)


def test_statements_do_not_grow_with_the_rows():
    one, three = Sealed(["red"]), Sealed(["red", "blue", "green"])

    first = counted(lambda: verifying.by_code(one.document.verify_code))
    second = counted(lambda: verifying.by_code(three.document.verify_code))

    assert (first, second) == (first, first)
    assert first <= 45


def test_copy_is_told_from_its_original_and_names_what_was_put_right_since():
    sealed = Sealed()
    house, original = sealed.house, sealed.document
    order = copies.Order("insurer", "张经理", "漏水理赔", "平安财险")
    copy = copies.give(original, order, by=house.pm)
    rendering.render_due(timezone.now())
    document = copies.paper_of(copy)
    said = appendices.Correction("时间", "21:00", "21:10", "监控")
    second = Second(house.dm, PASSWORD)
    row = appendices.append(original, said, second, by=house.pm, password=PASSWORD)
    verdict = verifying.by_code(document.verify_code)[0]

    assert verdict.copied == (
        f"这是 {original.number} 的副本第 1 份（保险用），按用途有删减，不是原件。"
    )
    assert verdict.appendices == (row.number,)
    assert verifying.by_code(original.verify_code)[0].copied == ""


def test_copy_is_genuine_whatever_becomes_of_the_people_it_left_out():
    sealed = Sealed()
    house, complaint = sealed.house, sealed.complaint
    copies.give(sealed.document, copies.Order("insurer", "张经理", "漏水理赔"), by=house.pm)
    rendering.render_due(timezone.now())
    document = Document.objects.get(kind__startswith="copy:")
    persons.change(complaint.guest, Guest(name="客房"), by=house.dm, reason="改名")
    before = counted(lambda: verifying.by_code(document.verify_code))
    for n in range(3):
        house.recorded()
        copies.give(sealed.document, copies.Order("police", f"民警{n}", "调查"), by=house.pm)

    verdict = verifying.by_code(document.verify_code)[0]

    assert [str(finding.says) for finding in verdict.findings] == ["same"] * 5
    assert counted(lambda: verifying.by_code(document.verify_code)) == before


@pytest.mark.parametrize(
    ("pairs", "then", "now"),
    [
        ([("工程部", "工程部一组")], "工程部办理", "工程部一组办理"),
        ([("甲", "乙"), ("乙", "甲")], "甲交乙", "乙交甲"),
        ([("3层", "三层"), ("3层301", "三层301")], "3层301、3层", "三层301、三层"),
    ],
)
def test_renamed_things_read_alike_though_one_name_holds_the_other(pairs, then, now):
    assert verifying._alike({"a": then}, pairs) == verifying._alike({"a": now}, pairs)
    assert verifying._alike({"a": then}, pairs) != verifying._alike({"a": f"{now}。"}, pairs)


def test_paper_that_cannot_be_made_again_is_not_said_to_be_the_same(as_owner):
    sealed = Sealed()
    RenderJob.objects.filter(document=sealed.document).update(kind="nothing")

    verdict = verifying.by_code(sealed.document.verify_code)[0]

    assert (str(verdict.says), sealed.changed()) == ("unsure", ["数据库里的登记"])
    assert verifying.overall([verdict]) == "unsure"
    assert verifying.overall([]) == ""


def test_moment_of_sealing_is_the_one_the_paper_prints():
    """Who compares paper and page line by line must find the same minute on both."""
    with time_machine.travel(timezone.now().replace(second=58), tick=False) as clock:
        house = House()
        complaint = house.signed(house.reviewed())
        clock.shift(70)
        rendering.render_due(timezone.now())
    document = Document.objects.get(case=complaint.case, sealed=True)
    verdict = verifying.by_code(document.verify_code)[0]

    assert verdict.sealed_at == signing_moment(document)
    assert verdict.sealed_at != paper_time(document.created_at)


def signing_moment(document):
    return json.loads(signing.attached(rendering.stored(document)))["frozen_at"]


def test_code_in_full_width_letters_is_the_same_code():
    sealed = Sealed()
    code = sealed.document.verify_code
    wide = "".join(chr(ord(c) + 0xFEE0) for c in code)
    assert [row.pk for row in verifying.with_code(wide)] == [sealed.document.pk]
