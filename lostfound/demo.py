"""Found things of the demo house: one at every stage, made by the transitions themselves."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from unittest import mock

from django.utils import timezone
from PIL import Image, ImageDraw

from lostfound import workflow
from lostfound.models import FoundItem, StoragePlace
from propdesk.core import places, signatures
from propdesk.core.models import Membership, Property, User
from propdesk.core.persons import Guest
from propdesk.core.roles import Role

Colour = tuple[int, int, int]
NAVY: Colour = (38, 52, 92)
BLACK: Colour = (42, 44, 48)
BROWN: Colour = (128, 84, 52)
RED: Colour = (176, 52, 48)
SILVER: Colour = (176, 180, 186)
GREEN: Colour = (58, 118, 84)
GOLD: Colour = (198, 160, 84)
CREAM: Colour = (222, 206, 176)


def seed(prop: Property, password: str) -> None:
    """Storage places and things from 待接收 to 已归还; called once, on an empty database."""
    people: dict[str, User] = {}
    for held in Membership.objects.filter(property=prop).select_related("user").order_by("pk"):
        people.setdefault(held.role, held.user)
    guard = people[Role.SECURITY]
    if signatures.current(guard) is None:
        signatures.keep(guard, scrawl())
    house = _House(prop, people, password)
    for part in (house.old, house.traced, house.owned, house.recent, house.fresh, house.missed):
        part()
    house.over()


class _House:
    def __init__(self, prop: Property, people: dict[str, User], password: str) -> None:
        self.prop, self.password = prop, password
        self.dm, self.pm = people[Role.DUTY_MANAGER], people[Role.PROPERTY_MANAGER]
        self.guard, self.cleaner = people[Role.SECURITY], people[Role.HOUSEKEEPING]
        self.desk = people[Role.FRONT_DESK]
        made = workflow.default_storage(prop, by=self.dm)
        self.shelves: dict[str, StoragePlace] = {row.code: row for row in made}

    def log(
        self,
        category: str,
        name: str,
        features: str,
        where: str,
        colour: Colour | None = None,
        *,
        by: User | None = None,
        minutes: int = 5,
        note: str = "",
        reason: str = "",
    ) -> FoundItem:
        place = places.find(self.prop, where)
        find = workflow.Find(
            category=category,
            name=name,
            features=features,
            place=place,
            place_note=note if place else where,
            found_at=timezone.now() - timedelta(minutes=minutes),
            late_reason=reason,
        )
        pictures = [picture(colour, category)] if colour else []
        return workflow.log(self.prop, find, pictures, by=by or self.guard)

    def store(
        self,
        item: FoundItem,
        value: str | None,
        basis: str = "",
        shelf: str = "G1-1",
        *,
        seal: str = "",
        contents: Sequence[workflow.Content] = (),
        here: bool = True,
    ) -> FoundItem:
        receipt = workflow.Receipt(
            guard=self.guard,
            guard_password=self.password if here else "",
            storage=self.shelves[shelf],
            seal=seal,
            value=Decimal(value) if value else None,
            is_unvalued=value is None,
            basis=basis,
            contents=contents,
        )
        return workflow.receive(item, receipt, by=self.dm)

    @property
    def second(self) -> workflow.Second:
        return workflow.Second(self.guard, self.password)

    def old(self) -> None:
        """Expired after three months; without an owner since two."""
        with days_ago(96):
            toy = self.log("toy", "毛绒兔子", "灰色毛绒兔，左耳有补丁", "儿童乐园", CREAM)
            toy = self.store(toy, "30.00", "同类玩具市价", "G1-2")
            workflow.decide_clue(toy, "no", by=self.dm)
        with days_ago(95):
            workflow.acknowledge(toy, by=self.pm, note="照常保管，公告栏贴一下。")
            workflow.announce(
                toy,
                by=self.dm,
                published_on=timezone.localdate(),
                channel="board",
                note="大堂公告栏",
            )
        with days_ago(58):
            coat = self.log(
                "clothing", "深蓝色羽绒服", "深蓝，XL，内衬橙色，右袖口磨破", "健身房", NAVY
            )
            coat = self.store(coat, "260.00", "同款网店二手价", "G1-2")
            workflow.decide_clue(coat, "no", by=self.dm)
            workflow.acknowledge(coat, by=self.pm)

    def traced(self) -> None:
        """With a clue, tried three times, announced; and one whose owner was found and came."""
        with days_ago(17):
            laptop = self.log(
                "electronics",
                "银色笔记本电脑",
                "银色，贴一张猫的贴纸，右下角有凹痕",
                "会议室",
                SILVER,
                note="靠窗座位",
            )
            laptop = self.store(laptop, "4200.00", "同型号二手行情", "BX", seal="F-00231")
            laptop = workflow.decide_clue(laptop, "yes", by=self.dm, text="开机画面写着 C-204")
            workflow.trace(
                laptop, by=self.dm, via="phone", text="打登记电话，关机", outcome="no_answer"
            )
        with days_ago(16):
            workflow.trace(
                laptop, by=self.guard, via="in_person", text="上门，无人应门", outcome="no_answer"
            )
            workflow.announce(
                laptop, by=self.dm, published_on=timezone.localdate(), channel="wechat"
            )
        with days_ago(12):
            umbrella = self.log(
                "umbrella", "长柄黑伞", "黑色长柄，木质弯钩，伞骨断一根", "A座大堂", BLACK
            )
            umbrella = self.store(umbrella, "60.00", "同类雨伞市价")
            workflow.decide_clue(umbrella, "no", by=self.dm)

    def owned(self) -> None:
        """Two that somebody claims: one given back, one being checked."""
        with days_ago(3):
            glasses = self.log("glasses", "老花镜", "棕色玳瑁框，镜腿缠胶布", "西餐厅", BROWN)
            glasses = self.store(glasses, "80.00", "眼镜店同款")
            claim = workflow.describe(
                glasses,
                workflow.Claimant(Guest(name="郑国英", honorific="ms", phone="13700002233")),
                "棕色的老花镜，左边镜腿用白胶布缠过",
                by=self.dm,
            )
            checks = (workflow.Check("棕色玳瑁框", True), workflow.Check("镜腿缠胶布", True))
            proof = workflow.Proof(checks, "passport", "E00001234")
            claim = workflow.verify(claim, proof, by=self.dm)
            signed = workflow.Signed("drawn", scrawl(), consents=True)
            workflow.return_item(claim, signed, self.second, self.password, by=self.dm)
        with days_ago(0.4):
            watch = self.log(
                "jewellery", "女式手表", "金色表链，表盘罗马数字，背面刻字", "游泳池", GOLD
            )
            watch = self.store(watch, "1800.00", "同款专柜价折半", "BX", seal="F-00236")
            workflow.decide_clue(watch, "yes", by=self.dm, text="背面刻有姓名缩写")
            workflow.describe(
                watch,
                workflow.Claimant(Guest(name="林静", honorific="ms", phone="13800004455")),
                "金色的表，背面有我名字的缩写",
                by=self.dm,
            )

    def recent(self) -> None:
        """Of today: a purse two have counted, a cake that waits for a signature, a value to approve."""
        purse = self.log("wallet", "棕色长钱包", "棕色真皮，拉链头是小马", "快递柜", BROWN)
        inside = [
            workflow.Content("超市会员卡", 2),
            workflow.Content("地铁票", 1),
            workflow.Content("", 3, "CNY", Decimal(100)),
            workflow.Content("", 4, "CNY", Decimal(5)),
        ]
        self.store(purse, "450.00", "钱包二手价加现金", "BX", seal="F-00239", contents=inside)
        cake = self.log("food", "生日蛋糕", "六寸，粉色盒子，丝带完好", "B座大堂", RED)
        self.store(cake, "98.00", "同款标价", "G1-2", here=False)
        racket = self.log("other", "羽毛球拍", "红黑相间，拍柄缠绿色手胶", "健身房", GREEN)
        racket = self.store(racket, "180.00", "同款二手价")
        workflow.decide_clue(racket, "yes", by=self.dm, text="拍套里有俱乐部会员名牌")
        workflow.revalue(
            racket, Decimal(90), by=self.dm, basis="体育用品店报价", reason="拍框有裂纹，折价"
        )

    def fresh(self) -> None:
        """Not received yet: keys in a guard's hands, a bag a housekeeper found, a bottle nobody touches."""
        self.log(
            "bag", "黑色双肩包", "黑色，侧袋有保温杯，拉链挂小熊", "A-402", BLACK, by=self.cleaner
        )
        self.log(
            "key",
            "一串钥匙",
            "三把钥匙，蓝色卡通扣",
            "停车场 B1",
            NAVY,
            minutes=75,
            note="23号车位旁",
        )
        self.log("contraband", "不明液体瓶", "棕色玻璃瓶，无标签，有刺鼻气味", "B座 洗衣房", BROWN)

    def missed(self) -> None:
        """Two that guests miss: one of them was found, as the comparison will say."""
        now = timezone.now()
        room = places.find(self.prop, "A-402")
        bag = workflow.Loss(
            category="bag",
            name="双肩包",
            features="黑色双肩包，拉链上挂着小熊，里面有保温杯",
            lost_from=now - timedelta(hours=6),
            lost_to=now - timedelta(minutes=20),
            places=[room] if room else [],
        )
        owner = Guest(name="周子涵", honorific="ms", phone="13600006677", room=room)
        workflow.report_lost(self.prop, bag, owner, by=self.desk)
        ring = workflow.Loss(
            category="jewellery",
            name="银戒指",
            features="银色素圈，内侧刻日期",
            lost_from=now - timedelta(days=2),
            lost_to=now - timedelta(days=1),
            place_note="泳池更衣室",
        )
        guest = Guest(name="高远", honorific="mr", phone="13500007788")
        workflow.report_lost(self.prop, ring, guest, by=self.desk)

    def over(self) -> None:
        """A paper of disposal that waits for the property manager; the toy is not on it yet."""
        asked = []
        with days_ago(100):
            for name, features, colour in (
                ("帆布伞套", "蓝白条纹，抽绳断", NAVY),
                ("塑料水杯", "透明，杯盖缺角", SILVER),
            ):
                item = self.log("other", name, features, "健身房", colour)
                item = self.store(item, "15.00", "同类市价", "G1-2")
                asked.append(workflow.decide_clue(item, "no", by=self.dm))
        with days_ago(99):
            for item in asked:
                workflow.acknowledge(item, by=self.pm)
        workflow.flag_due(timezone.now())
        asks = [workflow.Ask(fresh(item), "destroy", "已无使用价值") for item in asked]
        opinion = "公告栏张贴三个月，无人认领，物品破损，建议销毁。"
        batch = workflow.start_batch(self.prop, asks, opinion, by=self.dm)
        workflow.submit_batch(batch, self.second, self.password, by=self.dm)


def fresh(item: FoundItem) -> FoundItem:
    """The thing read anew: the sweep has moved it on."""
    return FoundItem.objects.select_related("case__property__settings").get(pk=item.pk)


@contextmanager
def days_ago(days: float) -> Iterator[None]:
    """The clock of this process set back, so that the demo has things of some weeks ago."""
    real, back = timezone.now, timedelta(days=days)

    def then() -> datetime:
        return real() - back

    with mock.patch.object(timezone, "now", then):
        yield


def picture(colour: Colour, shape: str = "box") -> bytes:
    """A fictional photo: a thing of this colour and kind on a table."""
    image = Image.new("RGB", (960, 720), (206, 214, 214))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 470, 960, 720), fill=(156, 120, 88))
    pen.ellipse((230, 560, 730, 640), fill=(128, 98, 72))
    r, g, b = colour
    light = (min(255, r + 38), min(255, g + 38), min(255, b + 38))
    SHAPES.get(shape, _box)(pen, colour, light)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=86)
    return out.getvalue()


def _box(pen: ImageDraw.ImageDraw, colour: Colour, light: Colour) -> None:
    pen.rounded_rectangle((250, 330, 710, 600), radius=36, fill=colour)
    pen.rounded_rectangle((250, 330, 710, 420), radius=36, fill=light)


def _bag(pen: ImageDraw.ImageDraw, colour: Colour, light: Colour) -> None:
    pen.rounded_rectangle((270, 190, 690, 600), radius=70, fill=colour)
    pen.rounded_rectangle((330, 380, 630, 560), radius=36, fill=light)
    pen.arc((400, 110, 560, 290), 180, 360, fill=colour, width=26)


def _laptop(pen: ImageDraw.ImageDraw, colour: Colour, light: Colour) -> None:
    pen.rounded_rectangle((290, 230, 670, 500), radius=18, fill=colour)
    pen.rectangle((310, 250, 650, 482), fill=(48, 62, 74))
    pen.polygon([(290, 500), (670, 500), (750, 600), (210, 600)], fill=light)


def _umbrella(pen: ImageDraw.ImageDraw, colour: Colour, light: Colour) -> None:
    pen.polygon([(480, 140), (440, 520), (520, 520)], fill=colour)
    pen.line([(480, 140), (480, 600)], fill=light, width=12)
    pen.arc((480, 560, 560, 640), 0, 180, fill=(120, 82, 48), width=16)


def _ring(pen: ImageDraw.ImageDraw, colour: Colour, light: Colour) -> None:
    pen.arc((300, 300, 660, 620), 0, 360, fill=colour, width=26)
    pen.ellipse((400, 240, 560, 400), fill=light, outline=colour, width=14)


def _bottle(pen: ImageDraw.ImageDraw, colour: Colour, light: Colour) -> None:
    pen.rectangle((450, 170, 510, 300), fill=light)
    pen.rounded_rectangle((390, 290, 570, 600), radius=40, fill=colour)


SHAPES = {
    "bag": _bag,
    "electronics": _laptop,
    "umbrella": _umbrella,
    "jewellery": _ring,
    "glasses": _ring,
    "contraband": _bottle,
}


def scrawl() -> bytes:
    """A fictional signature."""
    image = Image.new("RGB", (600, 220), "white")
    pen = ImageDraw.Draw(image)
    points = [(50 + 6 * n, 110 + (60 if n % 4 < 2 else -50) * (1 - n / 90)) for n in range(80)]
    pen.line(points, fill=(20, 30, 60), width=6, joint="curve")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
