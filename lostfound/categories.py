"""What each kind of thing asks for: its name, its contents, how long it may lie, who must hear of it.

Pure. The SOP knows no exception from its two periods; food, medicine, wet and forbidden things follow
the trade's own (ambiguity 5): the duty manager may ask at once, the general manager decides.
"""

from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext_lazy as _


class Category(models.TextChoices):
    PHONE = "phone", _("手机")
    KEY = "key", _("钥匙门卡")
    WALLET = "wallet", _("钱包")
    BAG = "bag", _("箱包")
    DOCUMENT = "document", _("证件")
    BANK_CARD = "bank_card", _("银行卡")
    CASH = "cash", _("现金")
    ELECTRONICS = "electronics", _("电子产品")
    JEWELLERY = "jewellery", _("首饰手表")
    CLOTHING = "clothing", _("衣物鞋帽")
    GLASSES = "glasses", _("眼镜")
    UMBRELLA = "umbrella", _("雨伞")
    BOOK = "book", _("书本文件")
    TOY = "toy", _("玩具")
    COSMETICS = "cosmetics", _("化妆护理")
    FOOD = "food", _("食品")
    MEDICINE = "medicine", _("药品")
    CONTRABAND = "contraband", _("违禁危险品")
    OTHER = "other", _("其他")


_PIECE = _("件")


@dataclass(frozen=True, slots=True)
class CategoryRule:
    """How a category is treated; ``early_days`` after receipt the category's own date comes."""

    icon: str = "box-seam"
    unit: "str | Lazy" = _PIECE
    has_contents: bool = False
    """A container: what is inside is listed by two persons (L-D)."""
    is_cash: bool = False
    """Counted by currency and denomination."""
    has_market_price: bool = True
    """Papers, keys and cards have none: they stay unvalued and take the long period."""
    early_days: int | None = None
    to_police_at_once: bool = False
    """Never stored, never gets a date (旅馆业治安管理办法)."""
    no_photo: bool = False
    """Cards and papers are not photographed (PIPL 6): the reason stands there by itself."""
    advice: "str | Lazy" = ""


_PAPERS = _("证件、银行卡请尽早联系签发单位或公安，不拍照、不抄录整号。")
RULES: dict[str, CategoryRule] = {
    Category.PHONE: CategoryRule("phone", _("部")),
    Category.KEY: CategoryRule("key", _("串"), has_market_price=False),
    Category.WALLET: CategoryRule("wallet2", _("个"), has_contents=True),
    Category.BAG: CategoryRule("bag", _("个"), has_contents=True),
    Category.DOCUMENT: CategoryRule(
        "person-vcard", _("本"), has_market_price=False, no_photo=True, advice=_PAPERS
    ),
    Category.BANK_CARD: CategoryRule(
        "credit-card", _("张"), has_market_price=False, no_photo=True, advice=_PAPERS
    ),
    Category.CASH: CategoryRule("cash", _("笔"), is_cash=True),
    Category.ELECTRONICS: CategoryRule("headphones", _("件")),
    Category.JEWELLERY: CategoryRule("gem", _("件")),
    Category.CLOTHING: CategoryRule("handbag", _("件")),
    Category.GLASSES: CategoryRule("eyeglasses", _("副")),
    Category.UMBRELLA: CategoryRule("umbrella", _("把")),
    Category.BOOK: CategoryRule("journal-text", _("本")),
    Category.TOY: CategoryRule("balloon", _("个")),
    Category.COSMETICS: CategoryRule("droplet", _("件")),
    Category.FOOD: CategoryRule(
        "egg-fried", _("份"), early_days=3, advice=_("食品放不久：水果当天、其他三天内请示处理。")
    ),
    Category.MEDICINE: CategoryRule(
        "capsule", _("盒"), early_days=15, advice=_("药品十五天内请示处理，不转给他人使用。")
    ),
    Category.CONTRABAND: CategoryRule(
        "exclamation-octagon",
        _("件"),
        has_market_price=False,
        to_police_at_once=True,
        advice=_("不要触碰、不要存放：留在原处看守，立即报警，等公安处理。"),
    ),
    Category.OTHER: CategoryRule(),
}


def rule(category: str) -> CategoryRule:
    """The rule of a category; an unknown one is treated as 其他."""
    return RULES.get(category, RULES[Category.OTHER])
