"""A locked row may still be referred to: the worker that files a paper and its author do not stop each other."""

import sys
import threading
import time

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from incidents import workflow
from propdesk.core import audit, rendering, seals
from propdesk.core.models import Case, Document, RenderJob, Report
from tests.factories import PASSWORD, fresh
from tests.incidents import moves
from tests.incidents.journey import House

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
WAIT = 8
FIRST_CHECKED = "core_document_report_id_68d1d5e2_fk_core_report_id"
"""What a commit asks first of a filed paper, by the order of the triggers: is its report there?"""


class Meeting:
    """Two people's transactions, each run up to where it holds what the other wants next."""

    def __init__(self) -> None:
        self.first, self.second = threading.Event(), threading.Event()
        self.ended: dict[str, str] = {}

    def run(self, **both: "object") -> dict[str, str]:
        threads = [threading.Thread(target=self._end, args=pair) for pair in both.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return self.ended

    def _end(self, name: str, act) -> None:
        try:
            act()
            self.ended[name] = "done"
        except OperationalError as error:
            self.ended[name] = str(error).splitlines()[0]
        finally:
            connections.close_all()


@pytest.fixture
def strong(monkeypatch: pytest.MonkeyPatch):
    """Locks as they were: FOR UPDATE, which stops who refers to the row too."""
    real = QuerySet.select_for_update

    def fully(self, **how):
        return real(self, **how | {"no_key": False})

    return lambda: monkeypatch.setattr(QuerySet, "select_for_update", fully)


def filed_while_submitted(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A worker commits a draft of the paper while its author submits the report."""
    house, meet = House(), Meeting()
    report = Report.objects.get(case=moves.drafted(house).case)
    job = rendering.request(report.case, "incident_report", by=house.dm, report=report)
    module = sys.modules["incidents.workflow.reporting"]
    lock = module.lock

    def slowly(row):
        if isinstance(row, Report):
            meet.first.set()
            meet.second.wait(WAIT)
            time.sleep(0.5)  # the worker is in the middle of its commit now
        return lock(row)

    monkeypatch.setattr(module, "lock", slowly)

    def submit() -> None:
        mine = Report.objects.get(pk=report.pk)
        workflow.submit_report(mine, by=fresh(house.dm), password=PASSWORD)

    def file() -> None:
        with transaction.atomic():
            row = RenderJob.objects.select_for_update().get(pk=job.pk)
            meet.first.wait(WAIT)
            row.document = paper_of(row)
            row.state = "done"
            row.save(update_fields=["document", "state"])
            with connection.cursor() as cursor:
                cursor.execute(f"SET CONSTRAINTS {FIRST_CHECKED} IMMEDIATE")
            meet.second.set()

    ended = meet.run(submit=submit, worker=file)
    assert audit.problems(Case.objects.get(pk=report.case_id)) == []
    return ended


def paper_of(job: RenderJob) -> Document:
    paper = Document(
        case=job.case,
        property=job.property,
        report=job.report,
        kind=job.kind,
        number="x",
        version=1,
        sealed=False,
        data_sha256="0" * 64,
        sha256="1" * 64,
        pages=1,
        size=1,
        created_at=timezone.now(),
        file="papers/x.pdf",
    )
    audit.save(paper, by=None, reason="x")
    return paper


def sealed_while_signed() -> dict[str, str]:
    """The first seal of a house is made while somebody, who holds the case, writes of that house."""
    house, meet = House(), Meeting()
    complaint = house.new()

    def sign() -> None:
        with transaction.atomic():
            case = Case.objects.select_for_update(no_key=True).get(pk=complaint.pk)
            meet.first.set()
            meet.second.wait(WAIT)
            time.sleep(0.4)
            audit.record(case, by=house.dm, action="x")

    def seal() -> None:
        with transaction.atomic():
            meet.first.wait(WAIT)
            seals.current(house.prop)
            meet.second.set()
            Case.objects.select_for_update(no_key=True).get(pk=complaint.pk)

    return meet.run(submit=sign, worker=seal)


BOTH_DONE = {"submit": "done", "worker": "done"}


def test_paper_is_filed_while_its_report_is_submitted(monkeypatch):
    assert filed_while_submitted(monkeypatch) == BOTH_DONE


def test_strong_lock_stops_one_of_the_two(monkeypatch, strong):
    strong()
    assert "deadlock detected" in filed_while_submitted(monkeypatch).values()


def test_house_is_sealed_for_the_first_time_while_a_case_of_it_is_written():
    assert sealed_while_signed() == BOTH_DONE


def test_strong_lock_of_the_house_stops_one_of_the_two(strong):
    strong()
    assert "deadlock detected" in sealed_while_signed().values()


def test_row_is_still_held_by_one_alone():
    house = House()
    held = house.new()

    def second() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '300ms'")
            Case.objects.select_for_update(no_key=True).get(pk=held.pk)

    with transaction.atomic():
        Case.objects.select_for_update(no_key=True).get(pk=held.pk)
        told = Meeting().run(second=second)
    assert "lock timeout" in told["second"]
