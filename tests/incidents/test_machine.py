"""Random walks: a small model of the procedure against the application, step by step.

``PROPDESK_WALKS=400`` walks longer; the ordinary run keeps within a minute.
"""

import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from incidents import workflow
from incidents.models import Complaint, Promise
from propdesk.core import audit
from propdesk.core.models import Report, Task
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.factories import PASSWORD, at
from tests.incidents.journey import POINTS, House
from tests.incidents.journey import fresh as read

WALKS = int(os.environ.get("PROPDESK_WALKS", "25"))
STEPS = 40
BEFORE_CHOICE = {"recorded", "awaiting_choice", "reopened"}
OPEN = BEFORE_CHOICE | {"intake", "in_progress", "resolved"}


@dataclass
class Choice:
    """What the model knows of one option."""

    pk: int
    approval: str
    told: bool = False
    withdrawn: bool = False


@dataclass
class Model:
    """The procedure in a nutshell, written without a look at the code."""

    status: str = "intake"
    cycle: int = 1
    conducted: bool = False
    options: list[Choice] = field(default_factory=list)
    chosen: bool = False
    refused: bool = False
    extensions: int = 0
    asked: bool = False
    granted: bool = False
    wish: datetime | None = None
    until: datetime | None = None
    started: bool = False
    done: bool = False
    satisfaction: str = ""
    decided: bool = False
    tries: list[datetime] = field(default_factory=list)
    summed_up: bool = False
    report: str = ""
    override: bool = False

    def report_is_out(self) -> bool:
        return self.report in {"submitted", "signed"}

    def choice_is_made(self) -> None:
        """What still waited for approval falls away."""
        self.chosen = True
        for choice in self.options:
            choice.withdrawn = choice.withdrawn or choice.approval == "pending"

    def waits_for_decision(self) -> bool:
        return self.satisfaction == "dissatisfied" and not self.decided

    def may_close(self) -> bool:
        asked = self.satisfaction != "" and not self.waits_for_decision()
        return asked and self.summed_up and self.report == "signed"

    def new_round(self) -> None:
        fresh_model = Model(status="reopened", cycle=self.cycle + 1, conducted=True)
        self.__dict__.update(fresh_model.__dict__)


def three_apart(tries: list[datetime]) -> bool:
    gap = timedelta(hours=2)
    return any(b - a >= gap and c - b >= gap for a, b, c in combinations(tries, 3))


class Walk(RuleBasedStateMachine):
    """Every act at every moment: the model says whether it may succeed."""

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.savepoint()
        self.clock = time_machine.travel(at("2026-11-23 08:00"), tick=False)
        self.now = self.clock.start()
        self.house = House()
        self.complaint = self.house.new()
        self.number = self.complaint.case.number
        self.dues: dict[int, datetime] = {}
        self.model = Model()

    def teardown(self) -> None:
        self.clock.stop()
        transaction.savepoint_rollback(self.savepoint)

    def attempt(self, allowed: bool, act: Any, *args: Any, **kwargs: Any) -> Any:
        """Do it: it succeeds exactly when ``allowed``, and leaves nothing behind when not."""
        before = read(self.complaint).case.version
        try:
            found = act(*args, **kwargs)
        except (ConflictError, PermissionDenied, RefusedInput):
            assert not allowed, f"{act.__name__} was refused in {self.model}"
            assert read(self.complaint).case.version == before
            return None
        assert allowed, f"{act.__name__} was possible in {self.model}"
        assert read(self.complaint).case.version > before
        return found or True

    # --- A to F ----------------------------------------------------------------------------

    @rule()
    def conduct(self) -> None:
        if self.attempt(self.model.status == "intake", self.house.conduct, self.complaint):
            self.model.conducted = True

    @rule()
    def record(self) -> None:
        allowed = self.model.status == "intake" and self.model.conducted
        if self.attempt(allowed, workflow.record, self.complaint, POINTS, by=self.house.dm):
            self.model.status = "recorded"

    @rule()
    def take_down_at_once(self) -> None:
        """Both steps of the beginning, so that most walks get somewhere."""
        self.conduct()
        self.record()

    # --- G ---------------------------------------------------------------------------------

    @rule(cost=st.sampled_from([0, 500, 501]))
    def offer(self, cost: int) -> None:
        model = self.model
        allowed = model.status in BEFORE_CHOICE and not model.chosen and len(model.options) < 9
        offers = [workflow.Offer("方案", cost=cost)]
        made = self.attempt(allowed, workflow.offer, self.complaint, offers, by=self.house.dm)
        if made:
            approval = "pending" if cost > 500 else "free"
            model.options.append(Choice(made[0].pk, approval))

    @rule(index=st.integers(0, 3), approve=st.booleans())
    def decide_option(self, index: int, approve: bool) -> None:
        if index >= len(self.model.options):
            return
        choice = self.model.options[index]
        allowed = (
            self.model.status in BEFORE_CHOICE
            and choice.approval == "pending"
            and not choice.withdrawn
        )
        option = self.complaint.options.get(pk=choice.pk)
        act = workflow.decide_option
        if self.attempt(allowed, act, option, by=self.house.pm, approve=approve, note="x"):
            choice.approval = "approved" if approve else "rejected"

    @rule(index=st.integers(0, 3))
    def withdraw_option(self, index: int) -> None:
        if index >= len(self.model.options):
            return
        choice = self.model.options[index]
        allowed = self.model.status in BEFORE_CHOICE and not (choice.told or choice.withdrawn)
        option = self.complaint.options.get(pk=choice.pk)
        if self.attempt(allowed, workflow.withdraw_option, option, by=self.house.dm):
            choice.withdrawn = True

    def tellable(self) -> list[Choice]:
        return [
            c for c in self.model.options if c.approval in {"free", "approved"} and not c.withdrawn
        ]

    @rule()
    def tell(self) -> None:
        model = self.model
        allowed = (
            model.status in BEFORE_CHOICE
            and not model.refused
            and not model.chosen
            and any(not c.told for c in self.tellable())
        )
        act = workflow.tell_options
        values = {"told_at": timezone.now(), "told_via": "phone", "single_reason": "x"}
        if self.attempt(allowed, act, self.complaint, by=self.house.dm, **values):
            model.status = "awaiting_choice"
            for choice in self.tellable():
                choice.told = True

    @rule(index=st.integers(0, 3))
    def choose(self, index: int) -> None:
        model = self.model
        if index >= len(model.options):
            return
        choice = model.options[index]
        allowed = (
            model.status == "awaiting_choice"
            and not model.refused
            and not model.chosen
            and choice.told
            and not choice.withdrawn
        )
        option = self.complaint.options.get(pk=choice.pk)
        values = {"by": self.house.dm, "chosen_at": timezone.now()}
        if self.attempt(allowed, workflow.choose, self.complaint, option, **values):
            model.choice_is_made()

    @rule()
    def refuse(self) -> None:
        model = self.model
        allowed = model.status == "awaiting_choice" and not model.refused and not model.chosen
        if self.attempt(allowed, workflow.refuse, self.complaint, by=self.house.dm, reason="x"):
            model.refused = True

    @rule(proceed=st.booleans())
    def decide_refusal(self, proceed: bool) -> None:
        model = self.model
        told = [c for c in model.options if c.told and not c.withdrawn]
        option = self.complaint.options.get(pk=told[0].pk) if told and proceed else None
        values = {
            "by": self.house.pm,
            "choice": "proceed" if proceed else "new_options",
            "reason": "x",
            "option": option,
        }
        if self.attempt(model.refused, workflow.decide_refusal, self.complaint, **values):
            model.refused = False
            if proceed:
                model.choice_is_made()
            else:
                model.status = "recorded"
                for choice in model.options:
                    choice.withdrawn = True

    # --- H and I ---------------------------------------------------------------------------

    @rule(hours=st.sampled_from([0, 1, 30, 200]))
    def promise(self, hours: int) -> None:
        model = self.model
        right = (model.status == "awaiting_choice" and model.chosen) or model.status == "reopened"
        values = {"by": self.house.dm, "department": self.house.department, "what": "修好"}
        word = self.house.word(hours)
        if self.attempt(right and hours > 0, workflow.promise, self.complaint, word, **values):
            model.status, model.extensions = "in_progress", 0
            model.started = model.done = model.asked = model.granted = False

    @rule(manager=st.booleans(), hours=st.sampled_from([1, 300, 600]))
    def extend(self, manager: bool, hours: int) -> None:
        model = self.model
        word = self.house.word(hours)
        open_one = self.complaint.promises.filter(outcome="open").first()
        later = open_one is not None and word.due_at > open_one.due_at
        asked_for = model.until is not None and word.due_at <= model.until
        # The manager never asks in this walk, so he may always decide himself.
        free = manager or (model.granted and asked_for)
        allowed = model.status == "in_progress" and later and (free or model.extensions == 0)
        by = self.house.pm if manager else self.house.dm
        if self.attempt(allowed, workflow.extend, self.complaint, word, by=by, reason="x"):
            model.extensions += 1
            model.done = model.asked = model.granted = False
            in_time = timezone.now() <= open_one.due_at
            open_one.refresh_from_db()
            assert open_one.outcome == ("moved" if in_time else "broken")

    @rule(hours=st.sampled_from([1, 900]))
    def ask_extension(self, hours: int) -> None:
        model = self.model
        open_one = self.complaint.promises.filter(outcome="open").first()
        wish = timezone.now() + timedelta(hours=hours)
        allowed = (
            model.status == "in_progress"
            and model.extensions > 0
            and not model.asked
            and open_one is not None
            and wish > open_one.due_at
        )
        values = {"by": self.house.dm, "reason": "x", "wish_at": wish}
        if self.attempt(allowed, workflow.ask_extension, self.complaint, **values):
            model.asked, model.wish = True, wish

    @rule(grant=st.booleans())
    def answer_extension(self, grant: bool) -> None:
        model = self.model
        allowed = model.status == "in_progress" and model.asked
        act = workflow.grant_extension if grant else workflow.decline_extension
        if self.attempt(allowed, act, self.complaint, by=self.house.pm, reason="x"):
            model.asked = False
            if grant:
                model.granted, model.until = True, model.wish

    @rule(kind=st.sampled_from(["started", "progress", "contact", "done", "not_done"]))
    def progress(self, kind: str) -> None:
        model = self.model
        allowed = model.status == "in_progress" and (
            (kind == "started" and not model.started)
            or (kind == "done" and model.started and not model.done)
            or (kind == "not_done" and model.done)
            or kind in {"progress", "contact"}
        )
        by = self.house.dm if kind == "not_done" else self.house.engineer
        values = {"by": by, "kind": kind, "text": "x"}
        if self.attempt(allowed, workflow.progress, self.complaint, **values):
            model.started = model.started or kind == "started"
            model.done = kind == "done" or (model.done and kind != "not_done")

    @rule()
    def resolve(self) -> None:
        allowed = self.model.status == "in_progress" and self.model.started
        values = {"by": self.house.dm, "resolution": "好"}
        if self.attempt(allowed, workflow.resolve, self.complaint, **values):
            self.model.status = "resolved"

    @rule()
    def work_through(self) -> None:
        """From wherever to a result: the middle of the road in one stride."""
        self.offer(0)
        self.tell()
        for index in range(len(self.model.options)):
            if not self.model.chosen:
                self.choose(index)
        self.promise(30)
        self.progress("started")
        self.resolve()

    # --- J ---------------------------------------------------------------------------------

    @rule(satisfaction=st.sampled_from(["satisfied", "acceptable", "dissatisfied", "unreachable"]))
    def call_back(self, satisfaction: str) -> None:
        model = self.model
        allowed = (
            model.status == "resolved"
            and not model.waits_for_decision()
            and not model.report_is_out()
        )
        values = {
            "by": self.house.dm,
            "via": "phone",
            "asked_at": timezone.now(),
            "satisfaction": satisfaction,
            "comment": "x",
        }
        if not self.attempt(allowed, workflow.call_back, self.complaint, **values):
            return
        if satisfaction == "unreachable":
            model.tries.append(timezone.now())
            if not three_apart(model.tries):
                return
        model.satisfaction, model.decided = satisfaction, False

    @rule(redo=st.booleans())
    def decide_dissatisfied(self, redo: bool) -> None:
        model = self.model
        allowed = model.status == "resolved" and model.waits_for_decision()
        values = {"by": self.house.pm, "choice": "redo" if redo else "close", "reason": "x"}
        if self.attempt(allowed, workflow.decide_dissatisfied, self.complaint, **values):
            model.decided = True
            if redo:
                model.new_round()

    @rule()
    def summarise(self) -> None:
        values = {"by": self.house.dm, "summary": "经过", "result": "结果"}
        allowed = self.model.status == "resolved" and not self.model.report_is_out()
        if self.attempt(allowed, workflow.summarise, self.complaint, **values):
            self.model.summed_up = True

    def current_report(self) -> Report | None:
        reports = Report.objects.filter(case=self.complaint.pk)
        return reports.exclude(state=Report.State.SUPERSEDED).first()

    @rule()
    def start_report(self) -> None:
        model = self.model
        allowed = model.status == "resolved" and model.summed_up and model.report == ""
        if self.attempt(allowed, self.house.report, self.complaint):
            model.report = "draft"

    @rule()
    def submit_report(self) -> None:
        model, report = self.model, self.current_report()
        if report is None:
            return
        writable = model.report in {"draft", "sent_back"}
        asked = model.satisfaction != "" and not model.waits_for_decision()
        allowed = model.status == "resolved" and writable and asked
        values = {"by": self.house.dm, "password": PASSWORD}
        if self.attempt(allowed, workflow.submit_report, report, **values):
            model.report = "submitted"

    @rule(back=st.booleans())
    def sign_or_send_back(self, back: bool) -> None:
        model, report = self.model, self.current_report()
        if report is None:
            return
        states = {"resolved"} if back else {"resolved", "closed"}
        allowed = model.report == "submitted" and model.status in states
        by = self.house.pm
        if back:
            if self.attempt(allowed, workflow.send_back_report, report, by=by, reason="x"):
                model.report = "sent_back"
        elif self.attempt(allowed, workflow.sign_report, report, by=by, password=PASSWORD):
            model.report = "signed"

    @rule(override=st.booleans())
    def close(self, override: bool) -> None:
        model = self.model
        allowed = model.status == "resolved" and (
            (override and not model.waits_for_decision()) or model.may_close()
        )
        by = self.house.pm if override else self.house.dm
        values = {"by": by, "override": "x" if override else ""}
        if self.attempt(allowed, workflow.close, self.complaint, **values):
            model.override = not model.may_close()
            model.status = "closed"

    @rule()
    def review_through(self) -> None:
        """From a result to the end in one stride."""
        self.call_back("satisfied")
        self.summarise()
        self.start_report()
        self.submit_report()
        self.sign_or_send_back(back=False)
        self.close(override=False)

    # --- around ----------------------------------------------------------------------------

    @rule()
    def reopen(self) -> None:
        allowed = self.model.status == "closed"
        if self.attempt(allowed, workflow.reopen, self.complaint, by=self.house.dm, reason="x"):
            self.model.new_round()

    @rule(really=st.integers(0, 5))
    def void(self, really: int) -> None:
        """Seldom: nothing comes after it."""
        if really:
            return
        allowed = self.model.status in OPEN
        if self.attempt(allowed, workflow.void, self.complaint, by=self.house.pm, reason="x"):
            self.model.status, self.model.report = "voided", ""

    @rule(hours=st.sampled_from([0.5, 2, 26, 60]))
    def time_passes(self, hours: float) -> None:
        self.now.shift(timedelta(hours=hours))
        workflow.flag_due(timezone.now())
        assert workflow.flag_due(timezone.now()) == 0

    # --- always ----------------------------------------------------------------------------

    @invariant()
    def state_is_that_of_the_model(self) -> None:
        complaint = read(self.complaint)
        assert (complaint.status, complaint.cycle, complaint.satisfaction) == (
            self.model.status,
            self.model.cycle,
            self.model.satisfaction,
        )
        assert complaint.case.number == self.number
        ended = self.model.status in {"closed", "voided"}
        assert (complaint.case.is_open, complaint.next_due_at is None) == (not ended, ended)

    @invariant()
    def one_promise_is_open_while_work_goes_on_and_none_ever_moves(self) -> None:
        rows = Promise.objects.filter(complaint=self.complaint.pk)
        dues = dict(rows.values_list("pk", "due_at"))
        assert self.dues.items() <= dues.items()
        self.dues = dues
        open_ones = rows.filter(outcome=Promise.Outcome.OPEN).count()
        assert open_ones == (self.model.status == "in_progress")

    @invariant()
    def closed_means_asked_decided_written_and_signed(self) -> None:
        complaint = read(self.complaint)
        if complaint.status != Complaint.Status.CLOSED or self.model.override:
            return
        assert complaint.satisfaction
        assert complaint.satisfaction != "dissatisfied" or complaint.dissatisfied_decided
        assert complaint.summary
        assert complaint.result
        assert self.current_report().state == Report.State.SIGNED

    @invariant()
    def nothing_waits_for_an_answer_that_cannot_come(self) -> None:
        waiting = Task.objects.filter(case=self.complaint.pk, done_at=None)
        kinds = set(waiting.values_list("kind", flat=True))
        assert ("extend" in kinds) == (self.model.status == "in_progress" and self.model.asked)
        pending = {f"decide_option:{c.pk}" for c in self.model.options if c.approval == "pending"}
        gone = {f"decide_option:{c.pk}" for c in self.model.options if c.withdrawn}
        asked = {kind for kind in kinds if kind.startswith("decide_option:")}
        assert asked == (pending - gone if self.model.status in BEFORE_CHOICE else set())

    @invariant()
    def chain_is_intact(self) -> None:
        assert audit.problems(read(self.complaint).case) == []


@pytest.mark.slow
@pytest.mark.django_db
def test_workflow_walks_as_the_model_does():
    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=WALKS,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
