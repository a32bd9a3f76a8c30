"""A house at work for some minutes while its programs are killed, and the oracle of what it holds.

Everybody sends a form again, token and all, until it is answered, as a person does. The words of
each complaint and the place of each event are said once in the whole run, so that SQL can count.
"""

import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from secrets import token_hex

from tests.faults.ladder import Connection
from tests.faults.person import COMPLAINTS, EVENTS, Answer, Person, at_work
from tests.platform.stack import Stack

PATIENCE = 120.0
PAGES = ("/p/lanwan/", COMPLAINTS, EVENTS, "/p/lanwan/lostfound/", "/p/lanwan/notices/")
TAKEN = """
SELECT c.opening_words, k.number FROM incidents_complaint c JOIN core_case k ON k.id = c.case_id
WHERE c.opening_words LIKE %s
"""
STARTED = """
SELECT e.place_note, k.number FROM emergencies_event e JOIN core_case k ON k.id = e.case_id
WHERE e.place_note LIKE %s
"""
CALLED = """
SELECT k.number, (SELECT count(*) FROM core_task t WHERE t.case_id = k.id AND t.kind = 'security'),
       (SELECT count(*) FROM core_auditentry a WHERE a.case_id = k.id AND a.action = 'call_security'),
       (SELECT count(*) - count(DISTINCT recipient_id) FROM core_notice n
        WHERE n.case_id = k.id AND n.rule = 'incidents.security')
FROM core_case k WHERE k.number = ANY(%s)
"""
GAPS = """
SELECT prefix, day, last, (SELECT count(*) FROM core_case k WHERE k.property_id = c.property_id
       AND k.number LIKE c.prefix || '-' || to_char(c.day, 'YYYYMMDD') || '-%%')
FROM core_casecounter c WHERE prefix = 'TS'
"""
TWICE = "SELECT key, count(*) FROM core_notice GROUP BY case_id, key, recipient_id, rule HAVING count(*) > 1"
UNSERVED = """
SELECT count(*) FROM core_notice n WHERE n.created_at <= now() AND (SELECT count(*) FROM core_delivery d WHERE d.notice_id = n.id
       AND d.channel = 'inbox' AND d.state IN ('sent', 'acknowledged', 'merged')) <> 1
"""


@dataclass
class Work:
    """What people did and were told, by the words they used."""

    stack: Stack
    tag: str = field(default_factory=lambda: token_hex(4))
    taken: dict[str, str] = field(default_factory=dict)
    started: dict[str, str] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)
    answers: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @contextmanager
    def going_on(self, numbers: list[str]) -> Iterator[None]:
        """Let each of these people work until the block ends; a form under way is finished."""
        with at_work(self._work, [Person(self.stack, number) for number in numbers]):
            yield

    def _work(self, person: Person, who: int, over: threading.Event) -> None:
        chance = random.Random(who)  # noqa: S311 -- what to do next, no secret
        nr = 0
        while not over.wait(0.05):
            nr += 1
            try:
                self._one(person, f"{self.tag} {who}-{nr}", chance.random())
            except AssertionError as error:
                self.faults.append(str(error))

    def _one(self, person: Person, words: str, lot: float) -> None:
        if lot < 0.5:
            self._ask(lambda: person.get(PAGES[int(lot * 10) % len(PAGES)]))
        elif lot < 0.9:
            form = {"words": words, "severity": "normal", "channel": "phone"}
            page = self._ask(lambda: person.get(f"{COMPLAINTS}new/"))
            form["token"] = page.hidden("token")
            answer = self._sent(person, f"{COMPLAINTS}new/", form)
            number = answer.location.rstrip("/").rpartition("/")[2]
            self.taken[words] = number
            if lot > 0.7:
                self._call(person, number)
        else:
            page = self._ask(lambda: person.get(f"{EVENTS}new/theft/"))
            form = {"kind": "theft", "place_note": words, "token": page.hidden("token")}
            answer = self._sent(person, f"{EVENTS}new/", form)
            self.started[words] = answer.location.rstrip("/").rpartition("/")[2]

    def _call(self, person: Person, number: str) -> None:
        """请保安部到场, from the page of the complaint with its token."""
        path = f"{COMPLAINTS}{number}/do/security/"
        page = self._ask(lambda: person.get(path))
        self._sent(person, path, {"form_token": page.hidden("form_token")})
        self.called.add(number)

    def _sent(self, person: Person, path: str, form: dict[str, str]) -> Answer:
        answer = self._ask(lambda: person.post(path, form))
        assert answer.status == http.client.FOUND, f"{path}: {answer.status}"
        return answer

    def _ask(self, act: Callable[[], Answer]) -> Answer:
        """Again and again until there is an answer; what failed meanwhile is counted."""
        ends = time.monotonic() + PATIENCE
        while True:
            try:
                answer = act()
            except (OSError, http.client.HTTPException):
                answer = Answer(0, "", "")
            self.answers[answer.status] += 1
            if 0 < answer.status < http.client.INTERNAL_SERVER_ERROR:
                return answer
            assert time.monotonic() < ends, f"no answer within {PATIENCE} s"
            time.sleep(0.2)


def lost_or_doubled(connection: Connection, work: Work) -> list[str]:
    """What SQL says against what people were told: each act once, each number once and no gap."""
    found = list(work.faults)
    for told, statement in ((work.taken, TAKEN), (work.started, STARTED)):
        rows = connection.execute(statement, [f"{work.tag} %"]).fetchall()
        count = Counter(words for words, _number in rows)
        found += [f"{words}: {n} cases" for words, n in count.items() if n != 1]
        found += [f"{words}: {number} lost" for words, number in told.items() if words not in count]
        found += [f"{words}: nobody was told" for words in count if words not in told]
        held = dict(rows)
        found += [f"{words}: led to {n}" for words, n in told.items() if held.get(words, n) != n]
    for number, tasks, entries, twice in connection.execute(CALLED, [list(work.called)]):
        if (tasks, entries, twice) != (1, 1, 0):
            found.append(f"{number}: {tasks} tasks, {entries} entries, {twice} notices too many")
    for prefix, day, last, cases in connection.execute(GAPS):
        if last != cases:
            found.append(f"{prefix} of {day}: {cases} cases, counted to {last}")
    found += [f"{key} told {n} times" for key, n in connection.execute(TWICE)]
    (unserved,) = connection.execute(UNSERVED).fetchone() or (0,)
    return found + ([f"{unserved} notices in no inbox"] if unserved else [])
