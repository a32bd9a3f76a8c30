"""Chinese of real lengths, and rows written by COPY."""

import random
from collections.abc import Iterable
from typing import Any

PIECES = [
    "空调",
    "热水器",
    "电梯",
    "走廊",
    "门锁",
    "账单",
    "窗帘",
    "网络",
    "异味",
    "漏水",
    "停车",
    "快递",
    "噪音",
    "楼上",
    "邻居",
    "装修",
    "地板",
    "水管",
    "灯泡",
    "浴室",
    "客厅",
    "厨房",
    "阳台",
    "车库",
    "大堂",
    "前台",
    "押金",
    "退款",
    "钥匙",
    "门卡",
    "蟑螂",
    "蚊虫",
    "洗衣机",
    "冰箱",
    "微波炉",
    "电视",
    "遥控器",
    "沙发",
    "床垫",
    "枕头",
    "床单",
    "毛巾",
    "地毯",
    "油烟",
    "马桶",
    "花洒",
    "深夜",
    "凌晨",
    "上午",
    "昨天",
    "反复",
    "多次",
    "请尽快",
    "希望今天",
    "处理",
    "更换",
    "维修",
    "检查",
    "回复",
    "说明",
    "道歉",
    "减免",
    "客人",
    "孩子",
    "老人",
    "宠物",
    "打扫",
    "不满",
    "已经",
    "仍然",
]
RARE = {"玉镯": 1000, "唐睿": 20_000, "琉璃瓦": 5_000, "祖母绿戒指": 50_000}
"""Words that stand in one of so many texts."""
SURNAMES, GIVEN = "王李张刘陈杨黄赵周吴曾", "芳伟娜敏静丽强磊洋艳勇军杰涛明超秀霞平刚国藩"


def texts(dice: random.Random, number: int) -> str:
    """About 115 characters, with a rare word now and then."""
    words = [dice.choice(PIECES) for _n in range(46)]
    words += [word for word, every in RARE.items() if dice.randrange(every) == 0]
    dice.shuffle(words)
    return "".join(word + ("，" if n % 7 == 6 else "") for n, word in enumerate(words)) + str(
        number
    )


def copied(table: str, columns: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Rows into a table by COPY."""
    from django.db import connection

    names = list(columns)
    with connection.cursor() as cursor:
        head = f"COPY {table} ({', '.join(names)}) FROM STDIN"
        with cursor.copy(head) as copy:  # type: ignore[attr-defined]
            for row in rows:
                copy.write_row(row)
