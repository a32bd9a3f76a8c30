"""How long personal data stay: terms, holds, the purge, and its proof over every table and file."""

import hashlib
import re
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from emergencies.models import Event
from incidents import workflow
from incidents.models import Complaint
from propdesk.core import audit, cases, demo, drafts, guards, persons, verifying
from propdesk.core.cases import url_of
from propdesk.core.models import (
    Case,
    CaseLink,
    Document,
    Erasure,
    LegalHold,
    Notice,
    Person,
    PersonChange,
    PurgeRun,
    SearchText,
    SweepRun,
)
from propdesk.core.retention import declared, erasing, holds, proof, running, terms
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.factories import fresh, web
from tests.incidents.journey import GUEST, House
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db
AGO = timedelta(days=3 * 366 + 1)


def old(*cases: Case, by: timedelta = AGO) -> None:
    """Let these closed cases have ended long ago; the columns are in no digest."""
    Case.objects.filter(pk__in=[c.pk for c in cases]).update(closed_at=F("closed_at") - by)


def purge(house, as_owner, **options):
    with as_owner():
        return running.purge(house.prop, by=fresh(house.pm), reason="年度清理", **options)


# --- what is declared ----------------------------------------------------------------------


def test_every_text_is_of_a_case_or_of_the_house():
    known = {*declared.OWNED, *declared.DERIVED, *declared.OF_THE_HOUSE, *declared.BY_DATE}
    ours = [
        model
        for model in apps.get_models()
        if model.__module__.split(".")[0] in ("propdesk", "incidents", "lostfound", "emergencies")
        and not hasattr(model, "instance_type")
    ]

    assert {m._meta.label for m in ours if declared.texts(m)} - known == set()
    assert known - {m._meta.label for m in ours} == set()


def test_what_is_declared_is_there_and_holds_the_mark():
    for label in (*declared.OWNED, *declared.BY_DATE):
        model = apps.get_model(label)
        names = {field.name for field in declared.texts(model)}
        assert declared.KEPT.get(label, set()) <= names
        for field in declared.taken(model):
            assert (getattr(field, "max_length", None) or 99) >= len(declared.MARK), field


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("desk.Handover", "outcome"),
        ("lostfound.StocktakeDifference", "outcome"),
        ("lostfound.FoundItem", "old_number"),
        ("lostfound.StocktakeEntry", "tag"),
        ("lostfound.StocktakeDifference", "tag"),
    ],
)
def test_what_somebody_types_is_not_kept(label, name):
    assert name in {field.name for field in declared.taken(apps.get_model(label))}


# --- terms ---------------------------------------------------------------------------------


def test_term_ends_with_the_same_day_and_is_due_the_next():
    house = House()
    complaint = house.closed()
    ended = complaint.case.closed_at
    day = timezone.localtime(ended).replace(hour=0, minute=0, second=0, microsecond=0)

    def due(moment):
        return terms.due(house.prop, moment).exists()

    last = day.replace(year=day.year + 3)
    assert (due(last + timedelta(hours=23)), due(last + timedelta(days=1))) == (False, True)


def test_open_held_and_hurt_are_never_due(as_owner):
    house = House()
    done, running_, kept, hurt = house.closed(), house.new(), house.closed(), house.closed()
    old(done.case, kept.case, hurt.case)
    holds.set_hold(kept.case, by=house.pm, reason="诉讼中")
    with as_owner(), transaction.atomic(), erasing.through_the_guards():
        hurt.case.reports.update(injured=1)

    now = timezone.now()
    found = running.plan(house.prop, now)
    assert set(terms.due(house.prop, now)) == {done.case}
    assert found.held == [kept.case.number]
    assert found.lasting == [hurt.case.number]
    assert running_.case.is_open


def test_plan_shows_some_numbers_and_counts_all(monkeypatch):
    house = House()
    kept, due = [house.closed().case for _each in range(2)], house.closed().case
    old(*kept, due)
    for case in kept:
        holds.set_hold(case, by=house.pm, reason="诉讼中")
    monkeypatch.setattr(running, "SHOWN", 1)

    found = running.plan(house.prop, timezone.now())

    assert (found.held, found.held_count) == ([kept[0].number], 2)
    assert (found.kinds, found.skipped) == ({"complaint": 1}, 2)


def test_managers_are_told_once_and_it_is_asked_once_a_day(django_assert_num_queries):
    house = House()
    old(house.closed().case)
    nine = timezone.localtime().replace(hour=9, minute=5)

    assert [running.propose(nine), running.propose(nine)] == [2, 0]
    SweepRun.objects.create(name=running.SWEEP, started_at=nine, finished_at=nine)
    with django_assert_num_queries(1):
        assert running.propose(nine + timedelta(minutes=1)) == 0


# --- holds ---------------------------------------------------------------------------------


def test_hold_is_set_by_managers_and_lifted_by_the_general_manager():
    house = House()
    case = house.closed().case
    with refuses(PermissionDenied):
        holds.set_hold(case, by=house.dm, reason="诉讼中")
    with refuses(RefusedInput):
        holds.set_hold(case, by=house.pm, reason=" ")

    hold = holds.set_hold(case, by=house.pm, reason="诉讼中")

    with refuses(ConflictError, match="已经暂缓"):
        holds.set_hold(case, by=house.gm, reason="再来")
    with refuses(PermissionDenied):
        holds.lift_hold(hold, by=house.pm, reason="撤诉")
    holds.lift_hold(hold, by=house.gm, reason="撤诉")
    with refuses(ConflictError, match="已经解除"):
        holds.lift_hold(hold, by=house.gm, reason="撤诉")
    entries = case.entries.filter(action__in=["set_hold", "lift_hold"]).order_by("seq")
    assert [(e.action, e.by, e.content["reason"]) for e in entries] == [
        ("set_hold", house.pm, "诉讼中"),
        ("lift_hold", house.gm, "撤诉"),
    ]
    assert Notice.objects.filter(rule="core.lift_hold", recipient=house.pm).count() == 1
    assert audit.problems(Case.objects.get(pk=case.pk)) == []


# --- who may -------------------------------------------------------------------------------


def test_purge_asks_for_a_manager_a_reason_and_the_owner_of_the_tables(as_owner):
    house = House()
    with refuses(ConflictError, match="不能改历史记录"):
        running.purge(house.prop, by=house.pm, reason="年度清理")
    with as_owner(), refuses(PermissionDenied):
        running.purge(house.prop, by=house.dm, reason="年度清理")
    with as_owner(), refuses(RefusedInput):
        running.purge(house.prop, by=house.pm, reason="")


def test_word_of_the_purge_is_nothing_in_the_mouth_of_the_application():
    workflow_paper(House().closed())
    for statement, refusal in (
        ("UPDATE incidents_progress SET text = 'x'", IntegrityError),
        ("UPDATE core_document SET number = 'x'", IntegrityError),
        ("UPDATE incidents_historicalcomplaint SET summary = ''", ProgrammingError),
        ("UPDATE core_auditentry SET content = NULL", ProgrammingError),
        ("INSERT INTO core_erasure (case_id, run_id, at) VALUES (1, 1, now())", ProgrammingError),
        ("DELETE FROM core_purgerun", ProgrammingError),
    ):
        with pytest.raises(refusal):
            said("on", statement)


@transaction.atomic
def said(word: str, statement: str) -> None:
    """Run a statement after the word of a purge, whoever one is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('propdesk.purging', %s, true)", [word])
        cursor.execute(statement)


PAPER = b"%PDF-1.7 13800005678"


def workflow_paper(complaint) -> Document:
    """A sealed paper of the case, whatever is in it."""
    document = Document(
        case=complaint.case,
        kind="complaint_record",
        number="TS-20200101-777",
        version=1,
        sealed=True,
        sha256=hashlib.sha256(PAPER).hexdigest(),
        data_sha256="0" * 64,
        verify_code="ABCD-EFGH-JKLM-NPQR",
        pages=1,
        size=len(PAPER),
        created_at=timezone.now(),
    )
    document.file.save("paper.pdf", ContentFile(PAPER), save=False)
    audit.save(document, by=None, reason="制表")
    return document


def test_guards_of_a_database_in_use_learn_the_word(as_owner):
    """The migration finds those that were made before there was one, and leaves the rest as they are."""
    migration = import_module("propdesk.core.migrations.0023_purge_guards")
    old_guard = guards.refused("made_before", "TRUE", "made_before_frozen").sql.replace(
        guards.PURGING, ""
    )
    assert "propdesk.purging" not in old_guard
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE made_before (text text)")
        cursor.execute("INSERT INTO made_before VALUES ('x')")
        cursor.execute(old_guard)
        with pytest.raises(IntegrityError):
            said("on", "UPDATE made_before SET text = 'y'")

        cursor.execute(migration.LET_THROUGH)
        cursor.execute(migration.LET_THROUGH)

        said("on", "UPDATE made_before SET text = 'y'")
        for word, statement in (
            ("off", "UPDATE made_before SET text = 'z'"),
            ("on", "DELETE FROM made_before"),
        ):
            with pytest.raises(IntegrityError):
                said(word, statement)


def test_owner_without_the_word_is_refused_and_rows_are_never_deleted(as_owner):
    House().started()
    for word, statement in (
        ("off", "UPDATE incidents_progress SET text = 'x'"),
        ("on", "DELETE FROM incidents_progress"),
    ):
        with as_owner(), pytest.raises(IntegrityError):
            said(word, statement)


# --- the purge -----------------------------------------------------------------------------

SECRETS = [f"密{n:02}号暗语" for n in range(50)]


def everything() -> str:
    """All rows of all tables as text, and the bytes of all files: what a dump and a copy would hold."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608 -- names of our own tables
            found += [row[0] for row in cursor.fetchall()]
    for path in Path(settings.MEDIA_ROOT).rglob("*"):
        if path.is_file():
            found.append(path.read_bytes().decode("utf-8", "replace"))
    return "\n".join(found)


def test_purge_leaves_none_of_fifty_secrets_and_the_chain_verifies(as_owner, capsys):
    house = House()
    complaint = house.closed()
    paper = workflow_paper(complaint)
    other = house.closed()
    columns = [
        (model, field)
        for label in ("incidents.Complaint", "core.Report", "core.Notice", "core.Task")
        for model in (apps.get_model(label),)
        for field in declared.taken(model)
        if not getattr(field, "unique", False)
    ]
    with as_owner(), transaction.atomic(), erasing.through_the_guards():
        for secret, (model, field) in zip(SECRETS, columns * 3, strict=False):
            way = declared.OWNED[model._meta.label][0]
            rows = model._default_manager.filter(**{way: complaint.case})
            past = getattr(getattr(model, "history", None), "model", None)
            keys = list(rows.values_list("pk", flat=True))
            rows.update(**{field.name: secret})
            if past is not None:
                past.objects.filter(**{f"{model._meta.pk.attname}__in": keys}).update(
                    **{field.name: secret}
                )
        # The chain is told, as if each had been written by an act.
        case = Case.objects.get(pk=complaint.pk)
        changed = audit.differing(audit.last_digests([case])[case.pk])
        audit.record(case, *changed, by=None, action="planted", reason=SECRETS[0])
    person = Person.objects.get(pk=complaint.guest_id)
    persons.change(
        person,
        persons.Guest(name=SECRETS[1], phone="13912340001", address=SECRETS[2]),
        by=house.dm,
        reason=SECRETS[3],
    )
    old(complaint.case)
    assert sum(secret in everything() for secret in SECRETS) > 20

    url = reverse("incidents:detail", args=[house.prop.code, complaint.case.number])
    before = web(fresh(house.pm)).get(url).content.decode()
    drafts.keep(house.dm, f"{complaint.case.number}:link", {"note": [SECRETS[4]]})

    run, taken, proof = purge(house, as_owner)

    left = everything()
    assert [secret for secret in (*SECRETS, "13912340001") if secret in left] == []
    assert (taken.cases, taken.people, proof.total, run.left) == ([complaint.pk], 1, 0, 0)
    assert not Path(paper.file.path).exists()
    assert not SearchText.objects.filter(case=complaint.pk).exists()
    assert not PersonChange.objects.filter(person=person).exists()
    call_command("check_integrity")
    assert "全部相符" in capsys.readouterr().out
    # The other case of the same guest is as it was.
    other.refresh_from_db()
    assert (other.guest.name, other.guest.purged_at) == (GUEST.name, None)
    # What is known of the paper for ever: that it was, and that it went.
    verdict = verifying.by_code(paper.verify_code)[0]
    assert [f.says for f in verdict.findings] == ["gone", "same"]
    assert "保存期限" in verdict.findings[0].words
    # Nobody compared anything, and the page does not say so; a file that somebody kept it compares.
    page = Client().get(reverse("desk:verify", args=[paper.verify_code])).content.decode()
    assert ("已按保存期限清除，不能核对" in page, "未改动" in page) == (True, False)
    assert verifying.overall(verifying.by_file(PAPER)) == "unsure"
    # Nothing is offered that would be refused; it did, while all was there.
    body = web(fresh(house.pm)).get(url).content.decode()
    acts = ["/do/reopen/", "/paper/", "/copies/"]
    assert ("本案已按保存期限清除" in body, [a for a in acts if a in body]) == (True, [])
    assert [a for a in acts if a in before] == acts
    complaint.refresh_from_db()
    with refuses(ConflictError, match="已按保存期限清除"):
        workflow.reopen(complaint, by=house.pm, reason="客户又来")
    with refuses(ConflictError, match="已按保存期限清除"):
        holds.set_hold(complaint.case, by=house.pm, reason="诉讼")


def test_second_run_finds_nothing_and_a_killed_one_is_gone_on_with(as_owner, monkeypatch):
    house = House()
    complaints = [house.closed() for _each in range(3)]
    papers = [workflow_paper(complaint) for complaint in complaints]
    old(*(c.case for c in complaints))
    monkeypatch.setattr(erasing, "BATCH", 1)

    class Killed(BaseException):
        pass

    def kill(_taken):
        raise Killed

    with as_owner(), pytest.raises(Killed):
        running.purge(house.prop, by=fresh(house.pm), reason="年度清理", tell=kill)
    assert Erasure.objects.count() == 1
    assert PurgeRun.objects.get().finished_at is None

    run, taken, proof = purge(house, as_owner)
    again = purge(house, as_owner)

    assert (len(taken.cases), proof.left) == (2, {})
    assert [Path(p.file.path).exists() for p in papers] == [False] * 3
    assert (again[1].cases, again[1].rows, again[1].files, again[2].total) == ([], 0, 0, 0)
    assert run.finished_at is not None


def test_proof_finds_what_was_left_and_takes_no_number_for_another(as_owner):
    house = House()
    complaint, other = house.closed(), house.new()
    old(complaint.case)
    run, _taken, found = purge(house, as_owner)
    assert found.left == {}
    notice = Notice.objects.filter(case=complaint.case).first()
    with as_owner(), transaction.atomic(), erasing.through_the_guards():
        Notice.objects.filter(pk=notice.pk).update(key="给欧阳小敏回电13912340001")
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE forgotten (id int, said varchar(40)[])")
            cursor.execute("INSERT INTO forgotten VALUES (1020, ARRAY['Ng, Li 2020-12-31'])")

    def left(*values):
        return proof.search(run, values).left

    for values, where in (
        (["13912340001"], {"core.Notice": 1}),
        (["欧阳小敏", "13912340001"], {"core.Notice": 1}),
        (["Li"], {"forgotten": 1}),
        # Parts of a number and of a word, and numbers that are in any key and any time.
        (["3912340001", "139123400", "g, L", "1020", "12", "2020"], {}),
        # Names of models and codes: a chain that was emptied says them for ever.
        (["complaint", "incidents.complaint", "purged"], {}),
    ):
        assert left(*values) == where, values
    living = proof.search(run, [other.guest.phone])
    assert (living.left, living.elsewhere["core.Person"]) == ({}, 1)


def refused_by(act) -> str:
    """The guard that refuses an act of the owner."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        act()
    return refusal.value.__cause__.diag.constraint_name


def test_guards_stand_round_what_was_purged(as_owner):
    house = House()
    held, gone, running_ = house.closed().case, house.closed().case, house.new().case
    old(held, gone)
    holds.set_hold(held, by=house.pm, reason="诉讼中")
    run, _taken, _proof = purge(house, as_owner)
    now = timezone.now()
    row = Erasure.objects.filter(case=gone)
    hold = LegalHold(case=gone, reason="诉讼", set_by=house.pm, set_at=now)

    with as_owner():
        assert [
            refused_by(lambda: Erasure.objects.create(case=held, run=run, at=now)),
            refused_by(lambda: Erasure.objects.create(case=running_, run=run, at=now)),
            refused_by(lambda: row.update(at=now)),
            refused_by(lambda: row.update(files_gone_at=None)),
            refused_by(lambda: row.delete()),
            refused_by(hold.save),
            refused_by(lambda: PurgeRun.objects.filter(pk=run.pk).update(cases=0)),
            refused_by(
                lambda: Case.objects.filter(pk=gone.pk).update(is_open=True, closed_at=None)
            ),
            refused_by(lambda: Case.objects.filter(pk=gone.pk).update(version=F("version") + 1)),
        ] == [
            "core_erasure_allowed",
            "core_erasure_allowed",
            "core_erasure_frozen",
            "core_erasure_files_final",
            "core_erasure_files_final",
            "core_legalhold_in_time",
            "core_purgerun_final",
            "core_case_purged_stays",
            "core_case_purged_stays",
        ]


def test_nothing_is_gone_on_with_whose_words_are_gone(as_owner):
    """What came after the purge would never go: every act of a register ends at its record."""
    house = House()
    gone, kept = house.closed().case, house.closed().case
    old(gone)
    purge(house, as_owner)

    with refuses(ConflictError, "不能再办理"):
        audit.record(Case.objects.get(pk=gone.pk), by=house.dm, action="x")
    audit.record(Case.objects.get(pk=kept.pk), by=house.dm, action="x")


def test_row_of_two_cases_goes_with_the_second_of_them(as_owner):
    house = House()
    first, second = house.closed().case, house.closed().case
    cases.link(first, second.number, by=house.dm, note="同一位住客王晓梅")
    old(first)
    _run, _taken, proof = purge(house, as_owner)
    assert (CaseLink.objects.get().note, proof.left) == ("同一位住客王晓梅", {})

    old(second)
    _run, _taken, proof = purge(house, as_owner)

    assert (CaseLink.objects.get().note, proof.left) == (declared.MARK, {})
    for case in (first, second):
        assert audit.problems(Case.objects.get(pk=case.pk)) == []


def test_link_that_comes_in_while_the_purge_waits_is_held_too(as_owner, monkeypatch):
    house = House()
    first, second = house.closed().case, house.closed().case
    old(first, second)
    real, asked = erasing._lock, []

    def while_it_waits(keys):
        if not asked:
            cases.link(first, second.number, by=house.dm, note="迟来的")
        asked.append(set(keys))
        return real(keys)

    monkeypatch.setattr(erasing, "_lock", while_it_waits)
    _run, taken, _proof = purge(house, as_owner, limit=1)

    assert asked == [{first.pk}, {first.pk, second.pk}]
    assert taken.cases == [first.pk]
    assert audit.problems(Case.objects.get(pk=second.pk)) == []


def test_case_with_a_broken_chain_is_passed_over_and_named(as_owner):
    house = House()
    complaint = house.closed()
    old(complaint.case)
    with as_owner(), transaction.atomic(), erasing.through_the_guards():
        Complaint.objects.filter(pk=complaint.pk).update(dissatisfied_decided=True)
    broken = audit.problems(Case.objects.get(pk=complaint.pk))
    assert broken

    run, taken, _proof = purge(house, as_owner)

    assert (taken.broken, taken.cases, run.skipped) == ([complaint.case.number], [], 1)


def test_whole_demo_house_is_purged_and_holds_and_every_page_still_opens(as_owner, capsys, client):
    """Cases of every register, closed as the demo left them or by hand; then each page is opened."""
    demo.seed("Demo-password-1")
    Case.objects.filter(is_open=True).update(is_open=False, closed_at=F("opened_at"))
    Case.objects.filter(is_open=False).update(closed_at=F("closed_at") - AGO)
    prop = Case.objects.first().property
    pm = prop.memberships.filter(role=Role.PROPERTY_MANAGER).first().user

    with as_owner():
        call_command("purge")
        planned = capsys.readouterr().out
        call_command("purge", yes=True, by=pm.username, reason="年度清理")

    out = capsys.readouterr().out
    assert ("什么也没有改动" in planned, "残留：" in out) == (True, False)
    kinds = set(Case.objects.exclude(erasure=None).values_list("kind", flat=True))
    assert kinds >= {"complaint", "found", "lost", "event"}
    lasting = Case.objects.filter(erasure=None)
    assert set(Event.objects.filter(case__in=lasting).values_list("kind", flat=True)) <= {
        "death",
        "medical",
    }
    call_command("check_integrity")
    client.force_login(pm)
    answers, silent, offered = {}, [], {}
    for case in Case.objects.exclude(erasure=None).select_related("property"):
        answer = client.get(url_of(case.property.code, case.kind, case.number))
        answers[case.number] = answer.status_code
        body = answer.content.decode()
        if "本案已按保存期限清除" not in body:
            silent.append(case.kind)
        elif acts := set(re.findall(rf"/{case.number}/do/[^\"]*", body)):
            offered[case.number] = acts
    # Of a case on paper the page is its paper; a confidential event is not the property manager's.
    assert set(answers.values()) == {200}, answers
    assert not set(silent) & {"complaint", "found", "lost", "event"}
    assert offered == {}
