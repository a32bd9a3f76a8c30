"""Every form of the site with what nobody types by hand: no 5xx, nothing runs, nothing leads away.

The forms are those of the code: one that no page here shows fails, and so does a kind of field that
nobody wrote a strategy for. Two payloads to each, then what hypothesis thinks of: 200 a form, behind
the marker ``soak``:

    pytest tests/test_fuzz_forms.py -m soak -s    # prints the seed; FUZZ_SEED=… repeats a run
"""

import importlib
import io
import itertools
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.utils import timezone
from django.utils.html import escape
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from PIL import Image

from emergencies import own_acts
from incidents import acts as incidents_acts
from lostfound import acts as lostfound_acts
from lostfound import lost_acts
from propdesk.core.models import User
from propdesk.desk import shell
from tests import test_access_foreign as foreign
from tests.core.test_log_in import leaves
from tests.e2e import pages
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[1]
APPS = ("propdesk", "incidents", "lostfound", "emergencies")
READ_EVERY = 10
"""Of so many answers one is written out as a page and read, and both of the payloads: all others end
with the view."""
MANY = int(os.environ.get("FUZZ_EXAMPLES") or 200)
"""Examples of hypothesis after the two payloads. None in the ordinary run, which thereby sends the same
each time: their first is always the simplest, an empty form, and the walk sends that to each anyway.
"""

# --- what is sent --------------------------------------------------------------------------

MARK = "<zq"
"""Begins every piece of markup sent; a page that holds it as it is has not escaped it."""
NAUGHTY = (
    '"><zq onload=alert(1)>',
    "'><zq/onmouseover=alert(1)//",
    "<zq><script>alert(1)</script>",
    "</textarea><zq src=x onerror=alert(1)>",
    "javascript:alert(1)//<zq>",
    "{{ 7*7 }}{% debug %}${7*7}#{7*7}<zq>",
    "'; DROP TABLE core_user; --",
    "' OR '1'='1",
    "1) UNION SELECT password FROM core_user--",
    '=HYPERLINK("http://evil.example")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "\t=1+1",
    "../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "file:///etc/passwd",
    "//evil.example/",
    "https://evil.example/",
    "%00%0d%0aSet-Cookie: a=b",
    "a\r\nSet-Cookie: zq=1",
    "a\x00b",
    "\ufeff\u200b\u202e反写\u2066",
    "👩‍👩‍👧‍👦🇨🇳",
    "𠮷野家𪚥",
    "Ａ１２　３",
    "null",
    "NaN",
    "undefined",
    "True",
    "-0",
    "1e999",
    "9" * 40,
    "９９９９９９９９９９",
    "0x7f",
    "٣٤",
    "2026-02-30",
    "0000-00-00",
    "99999-12-31T25:61",
    "9999-12-31T23:59",
    "0001-01-01T00:00",
    '{"__proto__": {"a": 1}}',
    "[" * 200,
    "\n" * 300,
    "字" * 9000,
    " ",
    "",
)


def any_text() -> SearchStrategy[str]:
    return st.one_of(
        st.sampled_from(NAUGHTY),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
        st.sampled_from(("客人来电说明情况", "已处理", "13800005678", "A座1806", PASSWORD)),
    )


def choices_of(field: Any) -> list[str]:
    if hasattr(field, "queryset"):
        return [str(pk) for pk in field.queryset.values_list("pk", flat=True)[:8]]
    return [str(key) for key, _label in _flat(field.choices)][:60]


def of_choice(field: Any) -> SearchStrategy[Any]:
    keys = choices_of(field)
    return st.one_of(st.sampled_from(keys), any_text()) if keys else any_text()


def _flat(choices: Any) -> Iterator[tuple[Any, Any]]:
    for key, label in choices:
        if isinstance(label, list | tuple):
            yield from label
        else:
            yield key, label


def of_choices(field: Any) -> SearchStrategy[Any]:
    return st.lists(of_choice(field), max_size=4)


def of_text(_field: Any) -> SearchStrategy[Any]:
    return any_text()


def of_number(_field: Any) -> SearchStrategy[Any]:
    whole = st.integers(-(2**70), 2**70).map(str)
    return st.one_of(st.integers(0, 9).map(str), whole, st.floats().map(str), any_text())


def of_tick(_field: Any) -> SearchStrategy[Any]:
    return st.one_of(st.sampled_from(("on", "", "1", "false")), any_text())


def _near(form: str) -> list[str]:
    now = timezone.localtime()
    return [f"{now + timedelta(days=n):{form}}" for n in (-400, -1, 0, 1, 30)]


def of_moment(_field: Any) -> SearchStrategy[Any]:
    return st.one_of(st.sampled_from(_near("%Y-%m-%dT%H:%M")), st.datetimes().map(str), any_text())


def of_day(_field: Any) -> SearchStrategy[Any]:
    return st.one_of(st.sampled_from(_near("%Y-%m-%d")), st.dates().map(str), any_text())


def of_time(_field: Any) -> SearchStrategy[Any]:
    return st.one_of(st.sampled_from(("08:30", "23:59", "24:00")), any_text())


def picture(kind: str = "JPEG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "white").save(out, kind)
    return out.getvalue()


FILES = (
    ("a.jpg", picture()),
    ("a.png", picture("PNG")),
    ("../../a.jpg", picture()),
    ('a"\r\nX: 1.jpg', picture()),
    ("a.php", b"<?php system('id');"),
    ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><zq onload='alert(1)'/></svg>"),
    ("a.jpg", picture()[:200]),
    ("a.csv", "工号,姓名\r\n=1+1,<zq>\r\n".encode()),
    ("a.xlsx", b"PK\x03\x04" + b"\0" * 60),
    ("a.pdf", b"%PDF-1.7 PD-AAAA-BBBB"),
    ("", b""),
)


def of_file(_field: Any) -> SearchStrategy[Any]:
    made = st.one_of(st.sampled_from(FILES), st.tuples(st.just("a.jpg"), st.binary(max_size=200)))
    return made.map(lambda file: SimpleUploadedFile(*file) if file[0] else "")


SIGNATURES = ("data:image/png;base64,AAAA", "data:text/html;base64,AAAA", "data:,", "x" * 5000)


def of_signature(_field: Any) -> SearchStrategy[Any]:
    return st.one_of(st.sampled_from(SIGNATURES), any_text())


def of_json(_field: Any) -> SearchStrategy[Any]:
    given_ = ('{"id": "x"}', "{}", "[]", "1", '{"response": {}, "rawId": 1, "type": "public-key"}')
    return st.one_of(st.sampled_from(given_), any_text())


STRATEGIES = {
    "CharField": of_text,
    "CleanCharField": of_text,
    "CleanTextField": of_text,
    "EmailField": of_text,
    "PasswordField": of_text,
    "SetPasswordField": of_text,
    "RegexField": of_text,
    "URLField": of_text,
    "SlugField": of_text,
    "PlaceField": of_text,
    "KeysField": of_text,
    "RowField": of_text,
    "ThingsField": of_text,
    "JSONField": of_json,
    "SignatureField": of_signature,
    "BooleanField": of_tick,
    "NullBooleanField": of_tick,
    "ChoiceField": of_choice,
    "TypedChoiceField": of_choice,
    "ModelChoiceField": of_choice,
    "PersonChoice": of_choice,
    "ColleagueField": of_choice,
    "StoragePlaceChoice": of_choice,
    "MultipleChoiceField": of_choices,
    "TypedMultipleChoiceField": of_choices,
    "ModelMultipleChoiceField": of_choices,
    "IntegerField": of_number,
    "DecimalField": of_number,
    "MoneyField": of_number,
    "DateField": of_day,
    "DateTimeField": of_moment,
    "MomentField": of_moment,
    "TimeField": of_time,
    "FileField": of_file,
    "ImageField": of_file,
    "PhotosField": of_file,
}
"""By the name of the class of a field; one that is not here fails the test."""


def fields_of(form: forms.BaseForm) -> Iterator[tuple[str, Any, Any]]:
    """What each value is sent as, the field, and the strategy of its kind."""
    for name, field in form.fields.items():
        make = STRATEGIES.get(type(field).__name__)
        assert make is not None, f"no strategy for {type(field).__name__} of {type(form)}"
        key = form.add_prefix(name)
        widget = field.widget
        parts = getattr(widget, "widgets_names", [""])
        for part in parts if isinstance(widget, forms.MultiWidget) else [""]:
            yield f"{key}{part}", field, make


def strategy(form: forms.BaseForm) -> SearchStrategy[dict[str, Any]]:
    """What is sent to this form: each field left out at times."""
    sent = {key: make(field) for key, field, make in fields_of(form)}
    return st.fixed_dictionaries({}, optional=sent)


MARKUP = [each for each in NAUGHTY if each.startswith(('"><', "'><", "<"))]
OUT_OF_BOUNDS: dict[Any, Any] = {
    of_number: "9" * 40,
    of_day: "9999-12-31T23:59",
    of_moment: "99999-12-31T25:61",
    of_time: "99999-12-31T25:61",
    of_file: FILES[5],
}


def payloads(form: forms.BaseForm) -> tuple[dict[str, Any], dict[str, Any]]:
    """Every field from ``NAUGHTY``, which is refused and shown again; and the same markup in the texts
    with what fits in all other fields, which gets further: kept, and shown on the page after.
    """
    hostile, fitting = {}, {}
    markup = itertools.cycle(MARKUP)
    now = timezone.localtime()
    for key, field, make in fields_of(form):
        evil = OUT_OF_BOUNDS.get(make) or next(markup)
        plain: Any = {
            of_number: "1",
            of_tick: "on",
            of_day: f"{now:%Y-%m-%d}",
            of_moment: f"{now:%Y-%m-%dT%H:%M}",
            of_time: "08:30",
            of_file: FILES[0],
        }.get(make, evil)
        if make in (of_choice, of_choices):
            plain = next(filter(None, choices_of(field)), evil)
        for sent, value in ((hostile, evil), (fitting, plain)):
            sent[key] = SimpleUploadedFile(*value) if isinstance(value, tuple) else value
    return hostile, fitting


# --- where the forms are -------------------------------------------------------------------


@dataclass(frozen=True)
class Spot:
    """A form on a page that takes it, and who sends it."""

    form: forms.BaseForm
    user: User | None
    url: str
    method: str
    status: int


class Walk:
    """All pages of the site once; which forms each of them makes."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.clients: dict[User | None, Client] = {}
        self.spots: dict[type, Spot] = {}
        self.made: list[forms.BaseForm] = []
        init = forms.BaseForm.__init__

        def noted(form: forms.BaseForm, *args: Any, **kwargs: Any) -> None:
            init(form, *args, **kwargs)
            self.made.append(form)

        patch.setattr(forms.BaseForm, "__init__", noted)

    def client(self, user: User | None) -> Client:
        if user not in self.clients:
            self.clients[user] = Client()
            if user is not None:
                self.clients[user].force_login(user)
        return self.clients[user]

    def look(self, row: pages.Row) -> None:
        for method in ("POST", "GET"):
            self.made.clear()
            response = send(self.client(row.user), method, row.url, {"sent": "1"})
            for form in self.made:
                spot = Spot(form, row.user, row.url, method, response.status_code)
                known = self.spots.get(type(form))
                # 422: it is the form that refused, so what is sent gets as far as it can.
                if form.is_bound and (known is None or (known.status, spot.status) == (409, 422)):
                    self.spots[type(form)] = spot
            if response.status_code != 405:
                break


@contextmanager
def unread() -> Iterator[None]:
    """Pages are not written inside: that is most of what a request costs here."""
    with mock.patch("django.template.backends.django.Template.render", return_value=""):
        yield


def send(client: Client, method: str, url: str, data: dict[str, Any]) -> Any:
    """The answer, with everything the request wrote taken back, and with it what a success leads to."""
    kept = client.cookies.copy()
    with transaction.atomic():
        ask = client.post if method == "POST" else client.get
        response = ask(url, data)
        response.shown = shown(response)
        where = response.headers.get("Location", "")
        if response.status_code == 302 and "form_token" in data:
            # The twin of a double click.
            assert ask(url, data).status_code < 500
        if response.status_code == 302 and where.startswith("/p/"):
            response.shown += shown(client.get(where))
        transaction.set_rollback(True)
    client.cookies = kept
    return response


def shown(response: Any) -> str:
    body = b"".join(response)
    kind = response.headers.get("Content-Type", "")
    return body.decode() if kind.startswith("text/html") else ""


def of_the_code() -> set[type]:
    """Every class of a form, of all modules."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*form*.py")) + sorted(
            (ROOT / app).rglob("forms/*.py")
        ):
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))

    def below(cls: type) -> Iterator[type]:
        for each in cls.__subclasses__():
            yield each
            yield from below(each)

    return {c for c in below(forms.BaseForm) if c.__module__.split(".")[0] in APPS}


NOT_WALKED: dict[str, str] = {}
"""Forms no page of the walk shows, each with the test that sends to it."""


Pages = dict[str, Callable[[], Iterator[pages.Row]]]


def every_address(*worlds: Callable[[], Any]) -> Pages:
    """The worlds of the tables of access: every address once, every act by its name, one person with
    every right. An act out of its turn makes its form all the same.
    """
    return {made.__name__: partial(addresses, made) for made in worlds}


NAMED = {
    "incidents:act": incidents_acts.ACTS,
    "lostfound:act": lostfound_acts.ACTS,
    "lostfound:lost_act": lost_acts.ACTS,
    "emergencies:act": own_acts.EVERY,
}


def addresses(made: Callable[[], Any]) -> Iterator[pages.Row]:
    world, found = made()
    users = [foreign.everybody(world.house.prop), world.house.pm]
    for name, url in found.items():
        urls = [url]
        if name in NAMED:
            urls = [f"{url.rstrip('/').rpartition('/')[0]}/{each}/" for each in NAMED[name]]
        for each in urls:
            yield from (pages.Row(name, "", user, each) for user in users[: 1 + (":" not in name)])
    if made is foreign.of_desk:
        yield from (pages.Row(name, "", None, found[name]) for name in ("account_login",))


def every_page() -> Pages:
    """The pages of the browser's tests: each form where it is due."""
    return {
        name: partial(lambda rows: rows(pages.World()), rows) for name, rows in pages.GROUPS.items()
    }


def fuzz(spot: Spot, client: Client, examples: int, at: int) -> bool:
    """Send the payloads and ``examples``; returns whether a page that was read showed a payload."""
    first = payloads(spot.form)
    sent = itertools.count()
    echoed = []

    def withstands(data: dict[str, Any]) -> None:
        fields = {"sent": "1", "form_token": "t"} | data
        at_hand = next(sent)
        is_read = at_hand < len(first) or at_hand % READ_EVERY == 0
        with nullcontext() if is_read else unread():
            response = send(client, spot.method, spot.url, fields)
        assert response.status_code < 500
        assert MARK not in response.shown
        assert not leaves(response.headers.get("Location", "/"))
        echoed.append(escape(MARK) in response.shown)

    for data in first:
        withstands(data)
    if not examples:
        return any(echoed)
    going_on = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    seed(at)(going_on(given(strategy(spot.form))(withstands)))()
    return any(echoed)


def run(patch: pytest.MonkeyPatch, where: Any, examples: int) -> tuple[set[type], set[type]]:
    """Send to each form where it was first made, and again where it was first made in its turn.

    Returns the forms sent to, and those of them that showed a payload again, escaped.
    """
    at = int(os.environ.get("FUZZ_SEED") or random.SystemRandom().randrange(2**32))
    told(f"FUZZ_SEED={at}")
    patch.setattr(shell, "FRESH_SECONDS", 1e9)
    sent: dict[type, int] = {}
    echoed: set[type] = set()
    failed: dict[str, str] = {}
    for name, rows in where.items():
        begun = time.monotonic()
        with transaction.atomic():
            with patch.context() as patched:
                # The counts of the frame, once: they are most of what a page costs.
                shell._counts.clear()
                walk = Walk(patched)
                for row in rows():
                    with unread():
                        walk.look(row)
            made = time.monotonic() - begun
            for kind, spot in sorted(walk.spots.items(), key=lambda each: str(each[0])):
                if kind.__module__.split(".")[0] not in APPS or spot.status == sent.get(kind):
                    continue
                if kind in sent and spot.status != 422:
                    continue
                sent[kind] = spot.status
                try:
                    if fuzz(spot, walk.client(spot.user), examples, at):
                        echoed.add(kind)
                except Exception as error:  # noqa: BLE001 -- all of them are wanted, not the first
                    notes = " ".join(getattr(error, "__notes__", []))
                    form = f"{kind.__module__}.{kind.__name__} {spot.url}"
                    failed[form] = f"{error!r} {notes}"[:1500]
                    told(f"FAILED {form}: {failed[form]}")
            transaction.set_rollback(True)
        told(
            f"{name}: {len(sent)} forms, {len(echoed)} echo, {made:.1f} + {time.monotonic() - begun - made:.1f} s"
        )
    assert failed == {}
    return set(sent), echoed


def told(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def test_every_field_of_the_code_has_a_strategy() -> None:
    fields = {type(field).__name__ for form in of_the_code() for field in form.base_fields.values()}
    assert sorted(fields - set(STRATEGIES)) == []


def test_forms_of_events_withstand_what_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The payloads to each form of events, for the seconds there are; the rest is soaked."""
    where = every_address(foreign.of_events)
    sent, echoed = run(monkeypatch, where, examples=0)
    assert len(sent) > 30
    # The control: what is read to find no markup had it in it.
    assert len(echoed) > 20


@pytest.mark.soak
def test_every_form_withstands_two_hundred(monkeypatch: pytest.MonkeyPatch) -> None:
    sent, _echoed = run(monkeypatch, every_page(), MANY)
    leaf = {c for c in of_the_code() if not c.__subclasses__() or c in sent}
    assert sorted(f"{c.__module__}.{c.__name__}" for c in leaf - sent) == sorted(NOT_WALKED)


@pytest.mark.soak
def test_every_address_withstands_two_hundred(monkeypatch: pytest.MonkeyPatch) -> None:
    """The quicker half: forms out of their turn too."""
    sent, echoed = run(monkeypatch, every_address(*foreign.WORLDS), MANY)
    assert len(sent) > 150
    assert len(echoed) > 75
