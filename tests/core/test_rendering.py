"""Papers as jobs: one each, tried again, set aside, never lost; sealed bytes checked when read."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language, override

from propdesk.core import papers, photos, rendering, wake
from propdesk.core.models import CopyLog, Document, RenderJob
from propdesk.core.pdf.render import RenderFailed, RenderRefused
from tests.factories import CaseFactory, UserFactory
from tests.incidents.moves import jpeg

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 tiny"


@dataclass
class Sketch:
    """As much of a paper as the press asks for."""

    n: str
    template: str = "x"
    verify_code: str | None = "v"
    audit_head: str = "h"

    def to_data(self):
        return {"n": self.n}


@pytest.fixture
def printer(monkeypatch):
    """A press that prints ``PDF``, or raises what the test puts into it."""
    press = SimpleNamespace(error=None, printed=[])

    def build(job):
        return rendering.Sheet(Sketch(job.case.number), {}, timezone.now(), job.case.number, 1)

    def print_(html, **_kwargs):
        press.printed.append(html)
        if press.error is not None:
            raise press.error
        return SimpleNamespace(pdf=PDF, sha256=hashlib.sha256(PDF).hexdigest(), pages=1)

    monkeypatch.setattr(rendering, "BUILDERS", {})
    monkeypatch.setattr(papers, "render_to_string", lambda *_args: f"<p>{get_language()}")
    monkeypatch.setattr(rendering, "render_limited", print_)
    rendering.register("paper", build)
    return press


def test_same_paper_twice_is_one_job(printer):
    case = CaseFactory()

    one = rendering.request(case, "paper", by=None)
    two = rendering.request(case, "paper", by=UserFactory())
    sealed = rendering.request(case, "paper", by=None, sealed=True)

    assert (one == two, RenderJob.objects.count()) == (True, 2)
    assert sealed != one


def test_job_is_made_once_into_a_document(printer):
    case, user = CaseFactory(), UserFactory()
    rendering.request(case, "paper", by=user)
    assert rendering.is_waiting(timezone.now())

    assert [rendering.render_due(timezone.now()) for _twice in range(2)] == [1, 0]

    job = RenderJob.objects.get()
    assert (job.state, job.attempts, job.document) == ("done", 1, Document.objects.get())
    assert (job.document.size, job.document.pages, job.document.verify_code) == (len(PDF), 1, "v")
    assert not rendering.is_waiting(timezone.now())


def test_paper_is_laid_out_in_chinese_whatever_the_worker_speaks(printer):
    rendering.request(CaseFactory(), "paper", by=None)

    with override("en"):
        rendering.render_due(timezone.now())

    assert printer.printed == ["<p>zh-hans"]


def test_place_in_the_queue_counts_what_is_made_before(printer):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        jobs = [rendering.request(CaseFactory(), "paper", by=None) for _each in range(3)]
        jobs[0].state = RenderJob.State.FAILED
        jobs[0].save()
        clock.shift(1)
        last = rendering.request(CaseFactory(), "paper", by=None)
        clock.shift(-5)
        first = rendering.request(CaseFactory(), "paper", by=None)

    assert [rendering.ahead_of(job) for job in (first, jobs[1], jobs[2], last)] == [0, 1, 2, 3]


def test_place_in_a_long_queue_is_counted_no_further(printer, monkeypatch):
    monkeypatch.setattr(rendering, "MOST_AHEAD", 2)
    jobs = [rendering.request(CaseFactory(), "paper", by=None) for _each in range(4)]

    assert [rendering.ahead_of(job) for job in jobs] == [0, 1, 2, 2]


def took(seconds, kind="paper", **fields):
    """A paper that was there so many seconds after it was asked for."""
    job = rendering.request(CaseFactory(), kind, by=None)
    rendering.render_due(timezone.now())
    job.refresh_from_db()
    asked = job.document.created_at - timedelta(seconds=seconds)
    RenderJob.objects.filter(pk=job.pk).update(requested_at=asked, **fields)


def test_usual_time_is_the_middle_of_those_of_its_kind_made_at_once(printer):
    rendering.register("other", rendering.BUILDERS["paper"])
    job = RenderJob(kind="paper:7")
    told = [rendering.usual_seconds(job)]
    for seconds in (2, 40, 5.2):
        took(seconds)
    took(90, "paper:3", attempts=2)
    took(90, "other")
    took(-1)
    told.append(rendering.usual_seconds(job))
    took(1, "paper:3")
    took(2, "paper:4")

    assert (*told, rendering.usual_seconds(job)) == (0, 6, 2)


def test_usual_time_is_that_of_the_newest_papers(printer, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(rendering, "RECENT", 2)
    for seconds in (50, 50, 50, 3, 3):
        took(seconds)

    with django_assert_num_queries(1):
        assert rendering.usual_seconds(RenderJob(kind="paper")) == 3


def test_draft_is_ready_until_the_case_moves_on(printer):
    case = CaseFactory()
    rendering.request(case, "paper", by=None)
    rendering.render_due(timezone.now())

    ready = rendering.ready_document(case, "paper", sealed=False, report=None)
    case.version += 1

    assert ready == Document.objects.get()
    assert rendering.ready_document(case, "paper", sealed=False, report=None) is None


def test_refused_paper_fails_at_once_in_words(printer):
    printer.error = RenderRefused("缺少字符")
    rendering.request(CaseFactory(), "paper", by=None)

    rendering.render_due(timezone.now())

    job = RenderJob.objects.get()
    assert (job.state, job.error, job.attempts) == ("failed", "缺少字符", 1)


@pytest.mark.parametrize("error", [RenderFailed("子进程已终止"), OSError("disk"), KeyError("x")])
def test_paper_that_fails_is_tried_again_with_growing_gaps_and_given_up(printer, error):
    printer.error = error
    rendering.request(CaseFactory(), "paper", by=None)
    tried = []

    with time_machine.travel(timezone.now(), tick=False) as clock:
        start = timezone.now()
        for _step in range(100):
            if rendering.render_due(timezone.now()):
                tried.append((timezone.now() - start).total_seconds())
            clock.shift(10)

    assert tried == [0, 10, 70, 370]
    assert RenderJob.objects.get().state == "failed"


def failed_once(printer):
    printer.error = RenderFailed("子进程已终止")
    rendering.request(CaseFactory(), "paper", by=None)
    rendering.render_due(timezone.now())
    printer.error = None
    return RenderJob.objects.get()


def test_paper_that_waits_after_a_failure_is_made_at_once_on_demand(printer):
    job = failed_once(printer)
    assert rendering.render_due(timezone.now()) == 0

    rendering.retry(job)

    assert rendering.render_due(timezone.now()) == 1
    assert RenderJob.objects.get().state == "done"


@pytest.mark.parametrize("state", ["pending", "done"])
def test_paper_in_the_making_or_made_is_not_begun_anew(printer, state):
    rendering.request(CaseFactory(), "paper", by=None)
    RenderJob.objects.update(state=state, attempts=1)
    job = RenderJob.objects.get()

    rendering.retry(job)
    rendering.retry(None)

    assert list(RenderJob.objects.values_list("state", "attempts")) == [(state, 1)]


def test_failed_paper_is_not_begun_beside_its_twin(printer):
    job = failed_once(printer)
    RenderJob.objects.update(state="failed")
    rendering.request(job.case, "paper", by=None)

    rendering.retry(job)

    states = RenderJob.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["failed", "pending"]


@pytest.mark.parametrize(
    ("error", "reason", "said"),
    [
        (RenderFailed("打印超时"), "打印超时", "打印超时"),
        (RenderRefused("没有这些字：䶮"), "refused by its content", "没有这些字：䶮"),
        (OSError(28, "No space left", "/srv/x"), "OSError ENOSPC", "请联系管理员看看磁盘"),
        (KeyError("王晓梅"), "broke down", "请联系管理员查看日志"),
    ],
)
def test_log_says_which_paper_failed_and_why_and_nothing_personal(
    printer, caplog, error, reason, said
):
    printer.error = error
    rendering.request(CaseFactory(), "paper", by=None)

    rendering.render_due(timezone.now())

    job, line = RenderJob.objects.get(), caplog.messages[-1]
    assert line.startswith(f"render job {job.pk} (paper) ")
    assert (reason in line, "䶮" in line, "王晓梅" in line) == (True, False, False)
    assert said in job.error


def test_paper_succeeds_after_a_failure(printer):
    printer.error = RenderFailed("x")
    rendering.request(CaseFactory(), "paper", by=None)
    rendering.render_due(timezone.now())
    printer.error = None

    assert rendering.render_due(timezone.now() + timedelta(seconds=11)) == 1
    assert RenderJob.objects.get().state == "done"


def test_one_broken_paper_stops_no_other(printer):
    rendering.request(CaseFactory(), "unknown", by=None)
    rendering.request(CaseFactory(), "paper", by=None)

    rendering.render_due(timezone.now())

    states = RenderJob.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["pending", "done"]


def test_bytes_are_served_as_stored_and_each_look_is_logged(printer):
    rendering.request(CaseFactory(), "paper", by=None)
    rendering.render_due(timezone.now())
    document, user = Document.objects.get(), UserFactory()

    assert rendering.read(document, by=user, how="print") == PDF
    log = CopyLog.objects.get()
    assert (log.by, log.how, log.document) == (user, "print", document)


def test_altered_bytes_are_never_served(printer):
    rendering.request(CaseFactory(), "paper", by=None)
    rendering.render_due(timezone.now())
    document = Document.objects.get()
    with document.file.storage.open(document.file.name, "wb") as stored:
        stored.write(b"other")

    with pytest.raises(ValueError, match="does not match its hash"):
        rendering.read(document, by=UserFactory(), how="open")

    assert CopyLog.objects.count() == 0


def test_dead_broker_delays_the_paper_and_nothing_else(printer, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True) as callbacks, transaction.atomic():
        rendering.request(CaseFactory(), "paper", by=None)

    assert len(callbacks) == 1
    assert wake.now("core.render") is False
    assert rendering.render_due(timezone.now()) == 1


def test_verify_key_is_derived_and_stable(settings):
    first = rendering.key()
    settings.SECRET_KEY = "another-key-" + "y" * 50

    assert (len(first), rendering.key() == first) == (32, False)


def test_picture_swapped_on_the_disk_is_not_printed():
    photo = photos.store(CaseFactory(), photos.prepare(jpeg("red")), by=UserFactory())
    kept = rendering.picture(photo)
    Path(photo.print_file.path).write_bytes(jpeg("blue"))

    with pytest.raises(RenderRefused, match="照片的文件与上传时不符"):
        rendering.picture(photo)

    Path(photo.print_file.path).write_bytes(kept)
    assert rendering.picture(photo) == kept
