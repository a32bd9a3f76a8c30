"""Amounts of money as Chinese papers write them: in figures and in words (大写金额)."""

from decimal import Decimal

import cn2an

FEN = Decimal("0.01")


def figures(amount: Decimal) -> str:
    """¥1,409.50: two decimals, thousands parted."""
    return f"¥{amount:,.2f}"


def in_words(amount: Decimal) -> str:
    """人民币壹仟肆佰零玖元伍角整: 整 after 元 or 角, none after 分 (rules of 票据 for amounts).

    ValueError for a negative amount or one with parts of a fen.
    """
    if amount < 0 or amount != amount.quantize(FEN):
        message = "an amount on paper is not negative and has two decimals at most"
        raise ValueError(message)
    plain = f"{amount.quantize(FEN):f}".removesuffix(".00")
    words: str = cn2an.an2cn(plain, "rmb")
    return f"人民币{words}整" if words.endswith("角") else f"人民币{words}"
