"""Every page of found things with somebody who may open it, in a house where each has content."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from lostfound import exporting, importing, lost_acts, workflow
from lostfound.acts import ACTS
from lostfound.models import (
    DisposalBatch,
    FoundItem,
    LostReport,
    MatchPair,
    Stocktake,
    StocktakeDifference,
)
from lostfound.queries.item import Filters
from propdesk.core import rendering
from propdesk.core.models import User
from propdesk.core.roles import Role
from tests.e2e import found_road as road
from tests.factories import PASSWORD, MembershipFactory, PropertyFactory
from tests.lostfound import claiming, counting, disposing, losing, moves
from tests.lostfound.journey import House, photo

if TYPE_CHECKING:
    from tests.e2e.pages import Row, World

    Rows = Iterator[Row]

NOT_PAGES = {
    "lostfound:log_draft": "answers a POST",
    "lostfound:draft": "answers a POST",
    "lostfound:claim_draft": "answers a POST",
    "lostfound:lost_draft": "answers a POST",
    "lostfound:lost_act_draft": "answers a POST",
    "lostfound:lost_match": "answers a POST",
    "lostfound:notice_print": "answers a POST",
    "lostfound:batch_draft": "answers a POST",
    "lostfound:stocktake_count": "answers a POST",
    "lostfound:stocktake_paste": "answers a POST",
    "lostfound:storage_default": "answers a POST",
    "lostfound:import_confirm": "answers a POST",
    "lostfound:import_template": "a workbook",
    "lostfound:export": "a workbook",
    "lostfound:qr": "a picture",
    "lostfound:photo": "a picture",
    "lostfound:batch_photo": "a picture",
    "lostfound:paper_file": "a PDF",
    "lostfound:list_file": "a PDF",
}


class Things:
    """The house of the site's pages as those see it who find and keep things."""

    def __init__(self, world: "World") -> None:
        self.world, self.house = world, House(world.prop)

    def page(self, name: str, user: User | None = None, *args: Any, case: str = "") -> "Row":
        """A page of the register, for the duty manager unless another is named."""
        return self.world.page(f"lostfound:{name}", user or self.house.dm, *args, case=case)

    def of(
        self,
        name: str,
        row: FoundItem | LostReport | Stocktake | DisposalBatch,
        *args: Any,
        case: str = "",
        user: User | None = None,
    ) -> "Row":
        """A page of one thing, report or count."""
        return self.page(name, user, row.case.number, *args, case=case)

    def purse(self) -> FoundItem:
        """A purse with things and money of two kinds in it, not counted yet."""
        return self.house.logged(category="wallet", features="红色短款，搭扣", name="短钱包")

    def counted(self) -> FoundItem:
        """The same in the store."""
        inside = (
            workflow.Content("名片", 3),
            workflow.Content("", 2, "CNY", Decimal(100)),
            workflow.Content("", 1, "HKD", Decimal(500)),
        )
        return self.house.stored(self.purse(), seal="FQ-0009", contents=inside)


def things(world: "World") -> "Rows":
    """The register and the pages of a thing in every state."""
    see = Things(world)
    house, page, of = see.house, see.page, see.of
    yield page("log", house.guard, case="first")
    pair = losing.suggested(house)
    yield of("detail", FoundItem.objects.get(pk=pair.found_id), case="suggested")
    new = house.logged(pictures=[photo("red"), photo("green"), photo("blue")])
    yield page("log", house.guard)
    yield of("logged", new, user=house.guard)
    yield of("tag", new)
    yield of("detail", see.purse(), case="receive")
    yield of("detail", new, case="holder", user=house.guard)
    for status in FoundItem.Status:
        yield of("detail", claiming.at(house, status), case=str(status))
    traced = house.traced(see.counted())
    workflow.announce(traced, by=house.dm, published_on=timezone.localdate(), channel="board")
    yield of("detail", traced, case="contents")
    yield of("detail", moves.unsigned(house), case="unsigned")
    yield of("detail", moves.revalued_down(house), case="value", user=house.pm)
    yield of("detail", traced, case="neutral", user=house.desk)
    yield of("timeline", traced)
    yield of("history", traced)
    yield of("remove_photo", new, new.case.attachments.order_by("pk")[0].pk)


def register(world: "World") -> "Rows":
    """The list with filters, and what is printed of it; the notice for everybody."""
    see = Things(world)
    house, page = see.house, see.page
    public = world.page("found_notice", None, world.prop.code, case="empty")
    yield public
    for name in ("notice", "board"):
        yield page(name, case="empty")
    for status in FoundItem.Status:
        claiming.at(house, status)
    board = page("board")
    yield board
    yield page("board", house.desk, case="neutral")
    yield page("board", house.guard, case="guard")
    for case, query in (("all", "?state=all"), ("nothing", "?q=没有这样的东西")):
        yield replace(board, case=case, url=board.url + query)
    yield page("notice")
    for item in (house.ownerless(), house.stored()):
        workflow.announce(item, by=house.dm, published_on=timezone.localdate(), channel="web")
    yield replace(public, case="")
    yield page("register_print")
    yield page("policy", case="first")
    moves.under_another_policy(house)
    yield page("policy", house.gm)
    yield page("policy_new", house.gm)
    job = rendering.request_list(world.prop, "found_register", {}, by=house.dm)
    # Last: these pages look again by themselves, which would cut off the way to another.
    yield page("paper", house.dm, house.stored().case.number, "claim_slip")
    yield page("list_paper", house.dm, "found_register", job.pk)


READY: dict[str, Callable[[House], FoundItem]] = {
    act.action: act.ready for act in reversed(moves.ITEM_ACTS)
}


def thing_acts(world: "World") -> "Rows":
    """The page of every act, on a thing on which it is open."""
    see = Things(world)
    house = see.house
    who = {
        "hand-in": house.guard2,
        "cosign": house.guard,
        "decide-value": house.pm,
        "acknowledge": house.pm,
        "policy": house.gm,
        "void": house.pm,
        "void-stored": house.gm,
    }
    for name, act in ACTS.items():
        item = READY[act.action](house)
        yield see.of("act", item, name, case=name, user=who.get(name))
    yield see.of("act", see.purse(), "receive", case="receive-purse")
    cash = house.logged(category="cash", features="信封里的现金")
    yield see.of("act", cash, "receive", case="receive-cash")
    yield see.of("act", see.counted(), "count-contents", case="count-purse")


def claims(world: "World") -> "Rows":
    """A claim at every step."""
    see = Things(world)
    house, of = see.house, see.of
    yield of("claim", house.stored(), case="new", user=house.desk)
    yield of("claim_verify", house.stored(), 1, case="blocked")
    said = claiming.described(house)
    yield of("claim", said, case="described")
    yield of("claim", said, case="front", user=house.desk)
    yield of("claim_rival", said, user=house.desk)
    yield of("claim_verify", said, 1)
    yield of("claim_refuse", said, 1)
    yield of("claim_withdraw", said, 1)
    yield of("claim_unmask", said, 1, "owner")
    proxy = claiming.described(house, see.counted(), way="proxy")
    yield of("claim_verify", proxy, 1, case="proxy")
    locked = claiming.disputed(house, rivals=2)
    yield of("claim", locked, case="locked")
    yield of("claim", locked, case="manager", user=house.pm)
    yield of("claim_dispute", locked, user=house.pm)
    yield of("claim", claiming.verified(house), case="verified")
    yield of("claim_sign", claiming.proxied(house), 1)
    sent = claiming.verified(house, claiming.described(house, way="post"))
    yield of("claim_sign", sent, 1, case="post")
    yield of("claim", claiming.returned(house), case="returned")
    paper = claiming.on_paper(house)
    yield of("claim", paper, case="paper")
    yield of("claim_scan", paper, 1)


def lost(world: "World") -> "Rows":
    """Lost reports: the list, one with what it may be, every act."""
    see = Things(world)
    house, page, of = see.house, see.page, see.of
    yield page("lost_board", case="empty")
    yield page("lost_new", house.desk)
    alone = losing.lost(house, category="umbrella", name="长柄伞", features="红色格子，木柄")
    yield of("lost_detail", alone, case="comparing")
    losing.compared()
    yield of("lost_detail", alone, case="nothing")
    pair = losing.suggested(house)
    report = losing.read(pair.lost)
    yield of("lost_detail", report)
    yield of("lost_detail", report, case="front", user=house.desk)
    house.logged(features="黑色手机，蓝色硅胶壳")
    losing.compared()
    other = MatchPair.objects.filter(lost=report).exclude(pk=pair.pk).get()
    workflow.decide_match(other, by=house.dm, accept=False, reason="没有裂纹")
    workflow.decide_match(pair, by=house.dm, accept=True)
    yield of("lost_detail", report, case="decided")
    yield page("lost_board")
    for name in ("lost_timeline", "lost_history"):
        yield of(name, report)
    for name in lost_acts.ACTS:
        yield of("lost_act", report, name, case=name)
    workflow.close_lost(report, "closed", by=house.desk, reason="客人说不用找了")
    yield of("lost_detail", report, case="closed")


def disposal(world: "World") -> "Rows":
    """Papers over expired things, at every step of their way."""
    see = Things(world)
    house, page, of = see.house, see.page, see.of
    for name in ("batches", "batch_new"):
        yield page(name, case="empty")
    since = timezone.now() - timedelta(days=94)
    kept = disposing.expired(house, 3, since=since)
    house.stored(house.logged(category="food", features="蛋糕一盒"))
    new = page("batch_new")
    yield new
    yield replace(new, case="early", url=new.url + "?early=1")
    draft = disposing.drafted(house, kept[:1])
    yield of("batch", draft, case="draft")
    for name in ("edit", "withdraw"):
        yield of("batch_step", draft, name, case=name)
    workflow.withdraw_batch(draft, by=house.dm, reason="重新整理")
    yield of("batch", disposing.read(draft), case="withdrawn")
    asked = disposing.submitted(house, disposing.drafted(house, kept))
    yield of("batch", asked, case="submitted", user=house.pm)
    seen = disposing.reviewed(house, asked)
    yield of("batch", seen, case="reviewed", user=house.gm)
    for name in ("decide", "send-back"):
        yield of("batch_step", seen, name, case=name, user=house.gm)
    said = disposing.decided(house, seen, "donate", "police", "destroy")
    yield of("batch", said, case="decided")
    for way in ("donate", "destroy"):
        step = of("batch_step", said, "execute", case=way)
        yield replace(step, url=f"{step.url}?way={way}")
    guard = workflow.Second(house.guard, PASSWORD)
    for line, colour in zip(disposing.lines(said), ("red", "green", "blue"), strict=True):
        proof = replace(disposing.PROOF, photo=photo(colour))
        workflow.execute_line(line, proof, guard, by=house.dm)
    yield of("batch", disposing.read(said), case="done")
    for case, query in (("", ""), ("ended", "?state=ended")):
        listing = page("batches", case=case)
        yield replace(listing, url=listing.url + query)


def store(world: "World") -> "Rows":
    """Places in which things lie, and counts of them."""
    see = Things(world)
    house, page, of = see.house, see.page, see.of
    yield from _new_house(see)
    lying = counting.lying(house, 2)
    yield page("storage")
    for name in ("storage_new", "storage_labels", "storage_spots", "stocktake_new"):
        yield page(name)
    for name in ("storage_place", "storage_edit", "storage_retire"):
        yield page(name, None, house.shelf.code)
    yield page("stocktakes", case="empty")
    running = counting.started(house)
    counting.scan(running, lying[0].case.number, by=house.dm)
    yield page("storage_place", house.pm, house.shelf.code, case="counting")
    yield of("stocktake", running, case="counting")
    yield of("stocktake", running, case="others", user=house.pm)
    yield of("stocktake_finish", running)
    yield of("stocktake_abandon", running)
    counting.scan(running, "SW-20200101-999", by=house.dm)
    done = workflow.finish_stocktake(running, by=house.dm)
    yield of("stocktake", done, case="different", user=house.pm)
    first = StocktakeDifference.objects.order_by("pk")[0]
    yield of("stocktake_settle", done, first.pk, user=house.pm)
    empty = counting.started(house, house.other_shelf)
    yield of("stocktake", workflow.finish_stocktake(empty, by=house.dm), case="matched")
    yield page("stocktakes")


def book(world: "World") -> "Rows":
    """What goes into the register from a table, and what is handed out as one."""
    see = Things(world)
    house, page = see.house, see.page
    yield page("book", case="empty")
    yield page("import_book", house.pm, case="empty")
    for case, rows in (("half", road.old_book()), ("wrong", road.old_book("昨天"))):
        importing.upload(world.prop, BytesIO(rows), "旧登记本.csv", len(rows), by=house.pm)
        yield page("import_book", house.pm, case=case)
    house.stored()
    exporting.export(world.prop, Filters.of({}), timezone.now(), by=house.dm).close()
    yield page("book")


def _new_house(see: Things) -> "Rows":
    """The places of a house that has none yet, then with those it is offered."""
    other = PropertyFactory(code="neu", name="新开的公寓")
    MembershipFactory(user=see.house.dm, property=other, role=Role.DUTY_MANAGER)
    page = see.page("storage")
    url = page.url.replace(f"/{see.world.prop.code}/", f"/{other.code}/")
    yield replace(page, case="empty", url=url)
    workflow.default_storage(other, by=see.house.dm)
    yield replace(page, case="tree", url=url)


GROUPS: dict[str, Callable[["World"], "Rows"]] = {
    "things": things,
    "register": register,
    "thing_acts": thing_acts,
    "claims": claims,
    "lost": lost,
    "disposal": disposal,
    "store": store,
    "book": book,
}
_OF = (
    ("lostfound:act", "thing_acts"),
    ("lostfound:claim", "claims"),
    ("lostfound:lost", "lost"),
    ("lostfound:sto", "store"),
    ("lostfound:batch", "disposal"),
    ("lostfound:book", "book"),
    ("lostfound:import", "book"),
    ("found_notice", "register"),
)
_REGISTER = {"board", "notice", "register_print", "paper", "list_paper", "policy", "policy_new"}


def group_of(route: str) -> str:
    """The group whose rows open this route of found things."""
    for start, group in _OF:
        if route.startswith(start):
            return group
    return "register" if route.split(":")[1] in _REGISTER else "things"
