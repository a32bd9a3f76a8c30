"""Who gets what from every address of found things: from the URLconf, held against a declared table.

A route without a row fails. Another property's thing is 404, never 403.
"""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from lostfound import workflow
from lostfound.models import MatchPair
from propdesk.core import rendering
from propdesk.core.models import Attachment, Document, RenderJob
from propdesk.core.roles import Role
from propdesk.desk import shell
from tests.factories import member
from tests.incidents.journey import House as OtherHouse
from tests.lostfound import claiming, counting, disposing, losing, printing
from tests.lostfound.journey import House
from tests.test_access_matrix import ask, routes

pytestmark = pytest.mark.django_db
WHO = ("anon", "other", "admin", "staff", "finder", "desk", "guard", "dm", "pm", "gm")
"""Nobody; a duty manager of another property; then people of the property: 管理员, 员工 with no part
in it, the cleaner who found it, 前台, 保安部, 值班经理, 物业经理, 总物业经理.
"""


@pytest.fixture(scope="module")
def names() -> dict[str, list[str]]:
    return {name: args for name, args in routes().items() if name.startswith("lostfound:")}


class World:
    """One thing of each kind and everybody who asks for it."""

    def __init__(self) -> None:
        shell._counts.clear()
        self.house = house = House()
        house.taker = house.cleaner
        self.item = claiming.described(house)
        printing.printed(rendering.request(self.item.case, "claim_slip", by=house.dm))
        self.report = losing.lost(house, by=house.desk)
        other = house.logged()
        self.pair = MatchPair.objects.create(
            lost=self.report, found=other, points=80, suggested_at=self.report.reported_at
        )
        self.batch = disposing.submitted(house, claiming.in_batch(house)[1])
        self.take = counting.started(house, house.other_shelf)
        lost_tag = counting.started(house)
        counting.scan(lost_tag, "SW-20200101-001", by=house.dm)
        workflow.finish_stocktake(lost_tag, by=house.dm)
        self.job = rendering.request_list(house.prop, "found_register", {}, by=house.dm)
        rendering.render_due(self.job.requested_at)
        self.settled = counting.latest(lost_tag)
        self.people = {
            "anon": None,
            "other": member(OtherHouse().prop, Role.DUTY_MANAGER),
            "admin": member(house.prop, Role.ADMIN),
            "staff": member(house.prop, Role.STAFF),
            "finder": house.cleaner,
            "desk": house.desk,
            "guard": house.guard,
            "dm": house.dm,
            "pm": house.pm,
            "gm": house.gm,
        }

    def client(self, who: str) -> Any:
        client = Client()
        user = self.people[who]
        if user is not None:
            client.force_login(user)
        return client

    def number(self, name: str) -> str:
        short = name.rpartition(":")[2]
        if short.startswith("lost_"):
            return str(self.report.case.number)
        if short.startswith("batch"):
            return str(self.batch.case.number)
        if short == "stocktake_settle":
            return str(self.settled.case.number)
        if short.startswith("stocktake"):
            return str(self.take.case.number)
        return str(self.item.case.number)

    @staticmethod
    def step(name: str) -> str:
        """The step of a page that has several; a draft is one claim's own."""
        if "batch" in name:
            return "review"
        return "describe-1" if name.endswith("claim_draft") else "describe"

    def address(self, name: str, args: list[str]) -> str:
        claim = claiming.live(self.item)
        keys: dict[str, Any] = {
            "code": self.house.prop.code,
            "number": self.number(name),
            "name": "edit" if name == "lostfound:lost_act" else "trace",
            "step": self.step(name),
            "seq": claim.seq,
            "who": "owner",
            "photo": Attachment.objects.filter(case=self.item.case).first().pk,
            "size": "small",
            "pair": self.pair.pk,
            "verb": "reject",
            "shelf": self.house.shelf.code,
            "difference": self.settled.differences.first().pk,
            "kind": "found_register" if "list" in name else "claim_slip",
            "job": self.job.pk,
            "document": Document.objects.filter(case=self.item.case).first().pk,
            "line": self.batch.lines.first().pk,
            "position": 1,
            "version": 1,
        }
        return reverse(name, kwargs={arg: keys[arg] for arg in args})


@pytest.fixture
def world() -> World:
    return World()


# GET and then POST, each for: anon other admin staff finder desk guard dm pm gm.
TABLE = """
lostfound:book                 302 404 403 403 403 403 403 200 200 200  401 404 405 405 405 405 405 405 405 405
lostfound:import_book          302 404 403 403 403 403 403 403 200 200  401 404 403 403 403 403 403 403 422 422
lostfound:import_confirm       302 404 405 405 405 405 405 405 405 405  401 404 403 403 403 403 403 403 422 422
lostfound:import_template      302 404 403 403 403 403 403 403 200 200  401 404 405 405 405 405 405 405 405 405
lostfound:policy               302 404 403 403 403 403 200 200 200 200  401 404 405 405 405 405 405 405 405 405
lostfound:policy_new           302 404 403 403 403 403 403 403 403 200  401 404 403 403 403 403 403 403 403 422
lostfound:storage              302 404 403 403 403 403 200 200 200 200  401 404 405 405 405 405 405 405 405 405
lostfound:storage_new          302 404 403 403 403 403 403 200 200 200  401 404 403 403 403 403 403 422 422 422
lostfound:storage_default      302 404 405 405 405 405 405 405 405 405  401 404 403 403 403 403 403 409 409 409
lostfound:storage_labels       302 404 403 403 403 403 200 200 200 200  401 404 405 405 405 405 405 405 405 405
lostfound:storage_spots        302 404 403 403 403 403 200 200 200 200  401 404 405 405 405 405 405 405 405 405
lostfound:storage_place        302 404 403 403 403 403 200 200 200 200  401 404 405 405 405 405 405 405 405 405
lostfound:storage_edit         302 404 403 403 403 403 403 200 200 200  401 404 403 403 403 403 403 422 422 422
lostfound:storage_retire       302 404 403 403 403 403 403 200 200 200  401 404 403 403 403 403 403 422 422 422
lostfound:stocktakes           302 404 403 403 403 403 200 200 200 200  401 404 405 405 405 405 405 405 405 405
lostfound:stocktake_new        302 404 403 403 403 403 200 200 200 200  401 404 403 403 403 403 422 422 422 422
lostfound:stocktake            302 404 403 403 403 403 200 200 200 200  401 404 405 405 405 405 405 405 405 405
lostfound:stocktake_count      302 404 405 405 405 405 405 405 405 405  401 404 403 403 403 403 422 422 422 422
lostfound:stocktake_paste      302 404 405 405 405 405 405 405 405 405  401 404 403 403 403 403 422 422 422 422
lostfound:stocktake_finish     302 404 403 403 403 403 200 200 200 200  401 404 403 403 403 403 302 302 403 403
lostfound:stocktake_abandon    302 404 403 403 403 403 200 200 200 200  401 404 403 403 403 403 422 422 422 422
lostfound:stocktake_settle     302 404 403 403 403 403 403 403 200 200  401 404 403 403 403 403 403 403 422 422
lostfound:batches              302 404 403 403 403 403 200 200 200 200  401 404 405 405 405 405 405 405 405 405
lostfound:batch_new            302 404 403 403 403 403 403 200 200 200  401 404 403 403 403 403 403 422 422 422
lostfound:batch                302 404 403 403 403 403 200 200 200 200  401 404 405 405 405 405 405 405 405 405
lostfound:batch_step           302 404 403 403 403 403 403 403 200 200  401 404 403 403 403 403 403 403 422 422
lostfound:batch_draft          302 404 405 405 405 405 405 405 405 405  401 404 403 403 403 403 204 204 204 204
lostfound:batch_photo          302 404 403 403 403 403 404 404 404 404  401 404 405 405 405 405 405 405 405 405
lostfound:lost_board           302 404 200 200 200 200 200 200 200 200  401 404 405 405 405 405 405 405 405 405
lostfound:lost_new             302 404 403 200 200 200 200 200 200 200  401 404 403 422 422 422 422 422 422 422
lostfound:lost_draft           302 404 405 405 405 405 405 405 405 405  401 404 403 204 204 204 204 204 204 204
lostfound:lost_detail          302 404 404 404 404 200 200 200 200 200  401 404 405 405 405 405 405 405 405 405
lostfound:lost_timeline        302 404 404 404 404 200 200 200 200 200  401 404 405 405 405 405 405 405 405 405
lostfound:lost_history         302 404 404 404 404 403 403 200 200 200  401 404 405 405 405 405 405 405 405 405
lostfound:lost_act             302 404 404 404 404 200 403 200 200 200  401 404 404 404 404 422 403 422 422 422
lostfound:lost_act_draft       302 404 405 405 405 405 405 405 405 405  401 404 404 404 404 404 404 404 404 404
lostfound:lost_match           302 404 405 405 405 405 405 405 405 405  401 404 404 404 404 403 302 302 302 302
lostfound:notice               302 404 403 403 403 403 403 200 200 200  401 404 403 403 403 403 403 422 422 422
lostfound:notice_print         302 404 405 405 405 405 405 405 405 405  401 404 403 403 403 403 302 302 302 302
lostfound:register_print       302 404 403 403 403 403 403 403 200 200  401 404 403 403 403 403 403 403 302 302
lostfound:list_paper           302 404 404 404 404 404 404 403 404 404  401 404 404 404 404 404 404 403 404 404
lostfound:list_file            302 404 404 404 404 404 404 403 404 404  401 404 405 405 405 405 405 405 405 405
lostfound:paper                302 404 404 404 403 403 202 202 202 202  401 404 404 404 403 403 302 302 302 302
lostfound:paper_file           302 404 404 404 403 403 200 200 200 200  401 404 405 405 405 405 405 405 405 405
lostfound:claim                302 404 404 404 403 200 200 200 200 200  401 404 404 404 403 422 422 422 422 422
lostfound:claim_rival          302 404 404 404 403 200 200 200 200 200  401 404 404 404 403 422 422 422 422 422
lostfound:claim_dispute        302 404 404 404 403 403 403 403 409 409  401 404 404 404 403 403 403 403 409 409
lostfound:claim_draft          302 404 405 405 405 405 405 405 405 405  401 404 404 404 403 204 204 204 204 204
lostfound:claim_verify         302 404 404 404 403 403 403 200 200 200  401 404 404 404 403 403 403 422 422 422
lostfound:claim_sign           302 404 404 404 403 403 403 409 409 409  401 404 404 404 403 403 403 409 409 409
lostfound:claim_scan           302 404 404 404 403 403 403 409 409 409  401 404 404 404 403 403 403 409 409 409
lostfound:claim_refuse         302 404 404 404 403 403 403 200 200 200  401 404 404 404 403 403 403 422 422 422
lostfound:claim_withdraw       302 404 404 404 403 403 403 200 200 200  401 404 404 404 403 403 403 422 422 422
lostfound:claim_unmask         302 404 404 404 403 403 403 200 200 200  401 404 404 404 403 403 403 422 422 422
lostfound:board                302 404 200 200 200 200 200 200 200 200  401 404 405 405 405 405 405 405 405 405
lostfound:log                  302 404 403 200 200 200 200 200 200 200  401 404 403 422 422 422 422 422 422 422
lostfound:log_draft            302 404 405 405 405 405 405 405 405 405  401 404 403 204 204 204 204 204 204 204
lostfound:detail               302 404 404 404 200 200 200 200 200 200  401 404 405 405 405 405 405 405 405 405
lostfound:logged               302 404 404 404 200 200 200 200 200 200  401 404 405 405 405 405 405 405 405 405
lostfound:tag                  302 404 404 404 200 200 200 200 200 200  401 404 405 405 405 405 405 405 405 405
lostfound:qr                   302 404 404 404 200 200 200 200 200 200  401 404 405 405 405 405 405 405 405 405
lostfound:timeline             302 404 404 404 200 403 200 200 200 200  401 404 405 405 405 405 405 405 405 405
lostfound:history              302 404 404 404 403 403 403 200 200 200  401 404 405 405 405 405 405 405 405 405
lostfound:act                  302 404 404 404 403 403 200 200 200 200  401 404 404 404 403 403 422 422 422 422
lostfound:draft                302 404 405 405 405 405 405 405 405 405  401 404 404 404 204 204 204 204 204 204
lostfound:remove_photo         302 404 404 404 403 403 403 200 200 200  401 404 404 404 403 403 403 422 422 422
lostfound:photo                302 404 404 404 200 404 200 200 200 200  401 404 405 405 405 405 405 405 405 405
lostfound:export               302 404 403 403 403 403 403 403 200 200  401 404 405 405 405 405 405 405 405 405
"""
EXPECTED = {
    line.split()[0]: (" ".join(line.split()[1:11]), " ".join(line.split()[11:]))
    for line in TABLE.strip().splitlines()
}


def test_every_route_has_a_row(names: dict[str, list[str]]) -> None:
    assert sorted(names) == sorted(EXPECTED)


def test_every_address_answers_as_declared(world: World, names: dict[str, list[str]]) -> None:
    clients = {who: world.client(who) for who in WHO}
    got = {}
    for name, args in names.items():
        url = world.address(name, args)
        got[name] = tuple(
            " ".join(str(ask(clients[who], method, url)) for who in WHO)
            for method in ("GET", "POST")
        )

    assert RenderJob.objects.exists()
    assert got == EXPECTED


def test_every_post_without_a_token_is_refused(world: World, names: dict[str, list[str]]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.house.gm)

    accepted = [
        name
        for name, args in names.items()
        if ask(client, "POST", world.address(name, args)) != 403
    ]

    assert accepted == []
