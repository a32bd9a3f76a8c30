"""Drafts and form tokens: nothing typed is lost, nothing is entered twice."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import QueryDict
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from propdesk.core import drafts
from propdesk.core.models import Draft, FormToken
from tests.factories import UserFactory, at
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db
T0 = at("2026-11-23 14:00")


def test_draft_replaces_the_last_one_of_its_form_and_owner():
    one, two = UserFactory(), UserFactory()
    drafts.keep(one, "f", {"words": ["旧"]})
    drafts.keep(two, "f", {"words": ["别人"]})

    drafts.keep(one, "f", {"words": ["新"], "tags": ["a", "b"]})

    assert drafts.recall(one, "f").data == {"words": ["新"], "tags": ["a", "b"]}
    assert drafts.recall(two, "f").data == {"words": ["别人"]}
    assert drafts.recall(one, "g") is None


def test_draft_never_holds_secrets_nor_signatures():
    user = UserFactory()

    drafts.keep(
        user,
        "f",
        {
            "csrfmiddlewaretoken": ["x"],
            "password": ["x"],
            "guard_password": ["x"],
            "id_number": ["11010519491231002X"],
            "signature_png": ["data:…"],
            "words": ["留下\x00"],
        },
    )

    assert drafts.recall(user, "f").data == {"words": ["留下"]}


def test_submit_is_known_again_without_its_secrets():
    """A digest of the number of a paper could be tried out: there are few enough of them."""
    one = QueryDict("form_token=t&words=a&id_number=1&password=x&guard_password=y")
    two = QueryDict("form_token=t&words=a&id_number=2&password=p&guard_password=q")
    other = QueryDict("form_token=t&words=b")

    kept, again, another = (drafts.once("f", each, MultiValueDict()) for each in (one, two, other))

    assert (kept == again, kept == another) == (True, False)


def test_draft_of_any_length_is_cut_not_refused():
    user = UserFactory()

    drafts.keep(user, "f" * 500, {"a": ["字" * 50_000], "b": ["字" * 50_000]})

    data = drafts.recall(user, "f" * 500).data
    assert [len(data[name][0]) for name in "ab"] == [50_000, 10_000]


def test_draft_is_gone_after_a_day():
    user = UserFactory()
    with time_machine.travel(T0, tick=False) as clock:
        drafts.keep(user, "f", {"a": ["b"]})
        clock.shift(timedelta(hours=24) - timedelta(seconds=1))
        assert drafts.recall(user, "f") is not None
        assert drafts.purge(timezone.now()) == 0
        clock.shift(1)
        assert drafts.recall(user, "f") is None
        assert drafts.purge(timezone.now()) == 1
    assert Draft.objects.count() == 0


def test_draft_forgotten_is_gone_at_once():
    user = UserFactory()
    drafts.keep(user, "f", {"a": ["b"]})

    drafts.forget(user, "f")

    assert drafts.recall(user, "f") is None


def test_token_is_used_once_by_its_owner_and_takes_the_draft_along():
    one, two = UserFactory(), UserFactory()
    drafts.keep(one, "f", {"a": ["b"]})

    drafts.use_token(one, "t", "/first", form="f")
    drafts.use_token(two, "t", "/other", form="f")

    assert drafts.recall(one, "f") is None
    with refuses(drafts.DoubleSubmitError), transaction.atomic():
        drafts.use_token(one, "t", "/second", form="f")
    assert (drafts.token_url(one, "t"), drafts.token_url(two, "t")) == ("/first", "/other")
    assert drafts.token_url(one, "u") is None


def test_form_without_a_token_drops_its_draft_only():
    user = UserFactory()
    drafts.keep(user, "f", {"a": ["b"]})

    drafts.use_token(user, "", "/first", form="f")

    assert (drafts.recall(user, "f"), FormToken.objects.count()) == (None, 0)


def test_tokens_are_purged_after_a_day_and_differ():
    user = UserFactory()
    with time_machine.travel(T0, tick=False):
        drafts.use_token(user, drafts.new_token(), "/", form="f")
        drafts.use_token(user, drafts.new_token(), "/", form="f")

    assert drafts.purge(T0 + timedelta(hours=24)) == 2


def test_draft_of_many_values_stays_within_its_bound():
    user = UserFactory()

    drafts.keep(user, "f", {"a": ["x" * 60_001, "y" * 60_001], "b\x00": ["z" * 9]})

    data = drafts.recall(user, "f").data
    assert {name: [len(v) for v in values] for name, values in data.items()} == {
        "a": [60_000, 0],
        "b": [0],
    }


def test_ended_sessions_are_purged():
    Session.objects.create(session_key="old", session_data="", expire_date=T0)
    Session.objects.create(session_key="new", session_data="", expire_date=T0 + drafts.KEEP)

    assert drafts.purge(T0 + timedelta(seconds=1)) == 1
    assert Session.objects.get().session_key == "new"
