"""Numbers and names that tell one thing from another: serials, tails, rooms, amounts. Pure.

A tail of three characters and more counts as unique; masked names ("王**") are compared by what is
shown of them. Texts here are normalised: NFKC, lower case.
"""

from __future__ import annotations

import re
from typing import Final, Literal

Verdict = Literal["same", "similar", "different", "unknown"]

LABELS: Final = frozenset({"imei", "sn", "no", "id", "vin", "vip"})
UNIQUE: Final = 3  # characters of a tail
LEAST: Final = 2  # characters that may contradict
SLIP_FROM: Final = 4  # characters of which one may be misread
_CODE: Final = re.compile(r"[a-z0-9]+(?:[-.&_][a-z0-9]+)*(?![a-z0-9]|\s?[*＊×…]|\s?\.\.)")
_MASK: Final = re.compile(r"[*＊×某x…·•.]+")
_BEGINNING: Final = re.compile(r"([a-z0-9]{2,}?)(?=x{2,}|\s?[*＊×…]|\s?\.\.)")
_LOOKALIKES: Final = str.maketrans("oil", "011")
_KINDS: Final = {
    "imei": re.compile("imei|串号|串码"),
    "serial": re.compile("序列号|机身|s/?n"),
    "plate": re.compile("车牌"),
    "phone": re.compile("手机号|电话"),
    "card": re.compile("卡号|身份证"),
}
_GROUPED: Final = re.compile(r"(?<=\d)[\s·](?=\d)")
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_CUES: Final = (
    "imei|串号|串码|序列号|机身号|机身编号|编号|编码|号码|卡号|证号|车牌号?|尾号|尾数|尾|末[一二两三四五六0-9]*位"
    "|最?后[一二两三四五六七八0-9]+位|最后几位|最后|末尾|结尾|s/n|sn|学号|工号|no"
)
_TAIL: Final = re.compile(
    rf"(?P<label>(?:(?:{_CUES})[数字号是为的:：\.…\s“\"'末尾后最几四三五六位]*)+)"
    rf"(?P<code>[a-z0-9]{{2,}}(?:-[a-z0-9]+)*)"
)
_ENDING: Final = re.compile(r"(?P<code>[a-z0-9]{3,}(?:-[a-z0-9]+)*)(?:结尾|收尾|打头)")
_ROOM: Final = re.compile(
    r"(?<![a-z0-9.])(\d{1,2})\s*(?:楼|层|-)\s*(\d{1,2})(?![\d:点月日号]|\s*年)"
)
_DIGITS: Final = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0, "俩": 2}
_UNITS: Final = {"十": 10, "百": 100, "千": 1000, "万": 10000}
_HAN_NUMBER: Final = "零〇一二两三四五六七八九十百千万"
_SERIAL: Final = re.compile(
    r"(?<![a-z0-9-])(?=[a-z0-9-]*[a-z])(?=(?:[a-z-]*\d){3})[a-z0-9]{2,}-[a-z0-9-]{3,}"
)
_BARE: Final = re.compile(
    rf"(?<![\d.,])\d{{2,6}}(?![\d.年月日号楼层])|[{_HAN_NUMBER}]{{2,}}(?![张个月日号楼层])"
)
_AMOUNT: Final = re.compile(
    rf"(?:¥|￥|rmb\s*)?(?P<n>\d[\d,]*(?:\.\d+)?|[{_HAN_NUMBER}]+)(?P<more>多|来|几)?"
    r"\s*(?P<unit>元|块钱?|圆|人民币|现金|美元|美金|欧元|港币|港元|日元|日币|韩元|韩币|泰铢|英镑|美刀)"
)
_UNIT_FIRST: Final = re.compile(
    r"(?P<unit>人民币|现金|美元|美金|欧元|港币|港元|日元|日币|韩元|英镑|泰铢)\s*(?P<n>\d[\d,]*)(?!\d*[张枚元块])"
)
_CURRENCIES: Final = {
    "港元": "港币",
    "美金": "美元",
    "美刀": "美元",
    "日币": "日元",
    "韩币": "韩元",
}
_MEASURE: Final = re.compile(
    rf"(?P<n>\d+(?:\.\d+)?万?|[{_HAN_NUMBER}]+)\s*"
    r"(?P<unit>毫升|ml|升|l(?![a-z])|瓦|w(?![a-z])|毫安时?|mah|码|克|g(?![a-z])|gb|tb|度|岁|年级|厘米|cm|米|分)"
)
_SAME_UNIT: Final = {"毫升": "ml", "升": "l", "瓦": "w", "毫安": "mah", "毫安时": "mah", "克": "g", "厘米": "cm"}  # fmt: skip
_COUNT: Final = re.compile(
    rf"(?P<n>\d{{1,3}}|[{_HAN_NUMBER}俩]{{1,3}})\s*(?P<unit>[把张双枚颗串套本册支瓶盒条片份]|个钥匙)"
)
SURNAMES: Final = "欧阳|司徒|上官|诸葛|司马|皇甫|尉迟|公孙|慕容|令狐|夏侯|东方|端木|南宫|轩辕|长孙|宇文|独孤|亓官|闻人|百里|呼延|淳于|单于|太史|申屠|澹台|万俟|濮阳|钟离|拓跋|完颜|纳兰"
# Surnames common enough to be told from other words before 先生 or 某.
_COMMON: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢"
    "姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤柯甘褚"
    "邝鄢宓荀聂殷楚司欧阎祝季温庄柳舒鲁牛葛蒙翟申"
)
_NAMED: Final = re.compile(
    rf"(?:姓名|名字|户名|持卡人|署名|姓(?!名|氏))(?![贴牌])[是为叫:：\s“\"]*(?P<name>{SURNAMES}|[\u4e00-\u9fff])"
)
_TITLED: Final = re.compile(
    rf"(?P<name>{SURNAMES}|[{_COMMON}])(?:先生|女士|小姐|经理|老师|某某|某|总(?=[”\"，,。\s]|$))"
)
_NO_NAME: Final = frozenset("贴牌的一是在名了我不个这那客和有人老氏")


def serials(one: str, other: str) -> Verdict:
    """Compare two values of the field for numbers: "same" is unique, "different" a contradiction."""
    if not one or not other:
        return "unknown"
    codes, codes_other = tails(one), tails(other)
    if any(same_tail(a, b) for a in codes for b in codes_other):
        return "same"
    # Who gives "G000" for "G000…5T" has read the beginning.
    begun = set(codes) & set(beginnings(other)) or set(codes_other) & set(beginnings(one))
    if begun or _label(one, other):
        return "unknown"
    if codes and codes_other:
        if any(a in b or b in a for a in codes for b in codes_other):
            return "unknown"
        comparable = [(a, b) for a in codes for b in codes_other if _kind(a) == _kind(b)]
        return "different" if comparable else "unknown"
    return _masked(one, other)


def tails(serial: str) -> list[str]:
    """Return the codes in a field for numbers: "E…337" gives ["337"], "138****5678" gives ["5678"].

    What stands before a mask is the beginning many numbers share and is left out. People cannot
    tell O from 0 or I from 1, so they are one.
    """
    codes = [re.split(r"x{2,}", each)[-1] for each in _CODE.findall(_GROUPED.sub("", serial))]
    plain = [re.sub("[-._]", "", code) for code in codes]
    return [alike(code) for code in plain if len(code) >= LEAST and code not in LABELS]


def beginnings(serial: str) -> list[str]:
    """Return what a field for numbers shows before a mask: "G000…5T" gives ["g000"]."""
    return [alike(code) for code in _BEGINNING.findall(_GROUPED.sub("", serial))]


def alike(code: str) -> str:
    """Return a code with digits for the letters that look like them."""
    return code.translate(_LOOKALIKES) if any(char.isdigit() for char in code) else code


def slipped(one: str, other: str) -> bool:
    """Return whether two values differ by what is misread: one character, or two that changed places."""
    return any(_is_slip(a, b) for a in tails(one) for b in tails(other))


def _is_slip(one: str, other: str) -> bool:
    shared = min(len(one), len(other))
    if shared < SLIP_FROM:
        return False
    one, other = one[-shared:], other[-shared:]
    apart = [at for at in range(shared) if one[at] != other[at]]
    if len(apart) != 2:
        return len(apart) == 1
    first, last = apart
    return last - first == 1 and one[first] == other[last] and one[last] == other[first]


def _label(one: str, other: str) -> bool:
    # An IMEI and a serial number are different numbers of one thing.
    kinds = [{kind for kind, cue in _KINDS.items() if cue.search(each)} for each in (one, other)]
    return bool(kinds[0] and kinds[1] and not kinds[0] & kinds[1])


def same_tail(one: str, other: str) -> bool:
    """Return whether the shorter code is the end of the longer, two characters at least."""
    if len(one) > len(other):
        one, other = other, one
    return len(one) >= LEAST and other.endswith(one)


def tail_codes(text: str) -> set[str]:
    """Return numbers a text names as such: "IMEI尾 1147", "最后四位 6630", "A3X-2217"."""
    named = {m["code"] for m in (*_TAIL.finditer(text), *_ENDING.finditer(text))}
    named = {code for code in named if len(code) >= UNIQUE or any(c.isdigit() for c in code)}
    return {alike(code.replace("-", "")) for code in (*named, *_SERIAL.findall(text))}


def bare_amounts(text: str) -> list[tuple[float, str]]:
    """Return sums without a unit, as money is often written: "信封 1500", "里头一千五"."""
    found = [(number(match[0]), "") for match in _BARE.finditer(text)]
    return [each for each in found if each[0] >= 10]


def rooms(text: str) -> list[str]:
    """Return rooms written in two parts: "9楼03房" and "9-03" give "903"."""
    return [floor + room.zfill(2) for floor, room in _ROOM.findall(text)]


def amounts(text: str) -> list[tuple[float, str]]:
    """Return sums of money as (amount, currency); currency "" is yuan."""
    found = []
    for match in (*_AMOUNT.finditer(text), *_UNIT_FIRST.finditer(text)):
        value = number(match["n"].replace(",", ""))
        unit = match["unit"]
        currency = "" if unit[0] in "元块圆人现" else _CURRENCIES.get(unit, unit)
        if value:
            found.append((value, currency))
    return found


def measures(text: str) -> list[str]:
    """Return sizes with their units, made alike: "两升" and "2L" give "2l", "1万毫安" "10000mah"."""
    found = []
    for match in _MEASURE.finditer(text):
        value, unit = number(match["n"]), match["unit"]
        if value:
            unit = _SAME_UNIT.get(unit, unit)
            if unit == "ml" and value >= 1000:
                value, unit = value / 1000, "l"
            found.append(f"{value:g}{unit}")
    return found


def counts(text: str) -> dict[str, int]:
    """Return how many of what: "三把" gives {"把": 3}; one is an article and says nothing."""
    found: dict[str, int] = {}
    for match in _COUNT.finditer(text):
        value = number(match["n"])
        if value and 1 < value < 1000:
            found.setdefault(match["unit"][0], int(value))
    return found


def names(text: str) -> list[str]:
    """Return surnames a text gives: "姓欧阳", "名片“甘经理”", "褚某"."""
    found = [m["name"] for m in (*_NAMED.finditer(text), *_TITLED.finditer(text))]
    return [name for name in dict.fromkeys(found) if name not in _NO_NAME]


def number(text: str) -> float:
    """Return a number in digits or Chinese numerals; 0 when it is none."""
    factor = 1.0
    if text.endswith("万") and text[:-1].replace(".", "", 1).isdigit():
        text, factor = text[:-1], 10000.0
    if text.replace(".", "", 1).isdigit() and text.isascii():
        return float(text) * factor
    total, section, digit = 0, 0, 0
    for char in text:
        if char in _DIGITS:
            digit = digit * 10 + _DIGITS[char] if section == 0 and digit else _DIGITS[char]
        elif char == "万":
            total, section, digit = (total + section + digit) * 10000, 0, 0
        elif char in _UNITS:
            section, digit = section + (digit or 1) * _UNITS[char], 0
        else:
            return 0.0
    if digit and section >= 100 and text[-1] in _DIGITS and text[-2:-1] in "百千":
        digit *= section_step(text[-2])
    return float(total + section + digit)


def section_step(unit: str) -> int:
    """Return what a last bare digit counts for: in 三百五 the five is fifty."""
    return {"百": 10, "千": 100}[unit]


def _kind(code: str) -> bool:
    return any(c.isdigit() for c in code)


def _masked(one: str, other: str) -> Verdict:
    if not _HAN.search(_MASK.sub("", one)) or not _HAN.search(_MASK.sub("", other)):
        return "unknown"
    hides, hides_other = _hides(one), _hides(other)
    if not hides and not hides_other:
        return "same" if one == other else "different"
    if hides and hides_other:
        same = _MASK.split(one)[0] == _MASK.split(other)[0]
        return "similar" if same else "different"
    hiding, plain = (one, other) if hides else (other, one)
    shape = ".*".join(map(re.escape, _MASK.split(hiding)))
    return (
        "similar"
        if re.fullmatch(shape if _MASK.search(hiding) else shape + ".*", plain)
        else "different"
    )


def _hides(name: str) -> bool:
    # A bare surname hides the rest as well as stars do.
    return bool(_MASK.search(name) or len(name) == 1 or re.fullmatch(SURNAMES, name))
