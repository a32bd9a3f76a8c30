"""Names of people: order, initials and forms of address. Pure.

One free name field (spec: foreign names are free text). A name counts as Chinese when it is one
to four ideographs; everything else is kept whole and never cut into surname and given name.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from pypinyin import lazy_pinyin

_CHINESE_NAME = re.compile("[\u3400-\u9fff\U00020000-\U000323af]{1,4}")

# Readings pypinyin gives for these characters are right in words and wrong as surnames.
SURNAME_READINGS: Final = {
    "单": "shan", "曾": "zeng", "解": "xie", "仇": "qiu", "查": "zha", "区": "ou",
    "朴": "piao", "盖": "ge", "乐": "yue", "缪": "miao", "员": "yun", "翟": "zhai",
    "覃": "qin", "召": "shao", "种": "chong", "折": "she", "黑": "he", "秘": "bi",
    "隗": "wei", "繁": "po", "长": "chang", "洗": "xian", "句": "gou", "祭": "zhai",
    "乜": "nie", "卜": "bu", "都": "du", "阚": "kan", "牟": "mu", "藏": "zang",
    "能": "nai", "佴": "nai", "薄": "bo", "适": "kuo", "炅": "gui", "颉": "xie",
    "蔚": "yu", "粘": "nian", "尉迟": "yu chi", "单于": "chan yu", "万俟": "mo qi",
    "澹台": "tan tai", "令狐": "ling hu", "长孙": "zhang sun", "乐正": "yue zheng",
}  # fmt: skip

SORT_LIMIT: Final = 120
"""Width of the columns that hold a sort key."""
_COMPOUND = (
    "欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 司徒 司空 夏侯 宇文 长孙 单于 万俟 澹台 公冶 宗政 "
    "濮阳 淳于 太叔 申屠 轩辕 钟离 闾丘 鲜于 亓官 司寇 子车 颛孙 端木 巫马 公西 漆雕 乐正 壤驷 公良 拓跋 "
    "夹谷 宰父 谷梁 东郭 呼延 羊舌 微生 梁丘 左丘 东门 西门 南门 南宫 百里 第五 独孤 闻人 赫连 完颜 纳兰 "
    "褚师 即墨"
)
COMPOUND_SURNAMES: Final = frozenset(_COMPOUND.split())

# Code of the form of address -> Chinese word after the surname, English word before the name.
_HONORIFICS: Final = {
    "mr": ("先生", "Mr"),
    "ms": ("女士", "Ms"),
    "dr": ("医生", "Dr"),
    "teacher": ("老师", ""),
    "other": ("", ""),
}


def split(name: str) -> tuple[str, str]:
    """Return (surname, given name) of a Chinese name; (name, "") of any other."""
    name = name.strip()
    if not is_chinese(name):
        return name, ""
    length = 2 if name[:2] in COMPOUND_SURNAMES else 1
    return name[:length], name[length:]


def is_chinese(name: str) -> bool:
    """Return whether `name` is one to four ideographs, and so can be cut."""
    return bool(_CHINESE_NAME.fullmatch(name.strip()))


def _syllables(name: str) -> list[str]:
    surname, given = split(name)
    reading = SURNAME_READINGS.get(surname)
    known = reading.split() if reading else lazy_pinyin(surname)
    return [s.casefold() for s in [*known, *lazy_pinyin(given)]]


def sort_key(name: str) -> str:
    """Return the key that sorts names by pinyin ("zeng guo fan 曾国藩"); compare it bytewise.

    The name itself stands last, so that people of one reading keep one order. At most
    ``SORT_LIMIT`` letters, as its columns hold: what is longer is the name of a firm.
    """
    name = name.strip()
    return f"{' '.join(' '.join(_syllables(name)).split())} {name}".strip()[:SORT_LIMIT]


def initials(name: str) -> str:
    """Return the first letters of the syllables or words, lower case: "zgf", "js"."""
    words = " ".join(_syllables(name)).split()
    return "".join(_first_letter(word) for word in words)


def _first_letter(word: str) -> str:
    for char in unicodedata.normalize("NFD", word):
        if char.isalnum():
            return char
    return ""


def address(name: str, honorific: str) -> str:
    """Return the Chinese form of address: "王女士", "欧阳老师", "John Smith先生" (SOP C-D).

    `honorific` is a code (mr, ms, dr, teacher, other) or the word itself. Without one the whole
    name is the form of address; without a name the result is "".
    """
    word = _HONORIFICS[honorific][0] if honorific in _HONORIFICS else honorific
    name = name.strip()
    if not (name and word):
        return name
    return f"{split(name)[0]}{word}"


def address_en(name: str, honorific: str) -> str:
    """Return the English form of address: "Ms Wang", "Dr Ouyang", "Mr John Smith".

    A foreign name stays whole: its order is the passport's, so the family name is not known.
    """
    surname, given = split(name)
    word = _HONORIFICS.get(honorific, ("", ""))[1]
    if is_chinese(name):
        shown = "".join(_syllables(surname)).capitalize()
        if not word and given:
            shown = f"{shown} {''.join(lazy_pinyin(given)).capitalize()}"
    else:
        shown = surname
    return f"{word} {shown}".strip() if shown else ""
