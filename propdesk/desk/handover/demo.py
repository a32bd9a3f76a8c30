"""Demo data of the change of shift: what is counted each time, and a few lines of the log."""

from decimal import Decimal
from typing import Final

from propdesk.core.models import Property, User
from propdesk.desk.handover import workflow

COUNTED: Final = (
    ("楼层总钥匙", "串", Decimal(12)),
    ("备用金", "元", Decimal(2000)),
    ("对讲机", "部", Decimal(8)),
    ("急救箱", "个", Decimal(3)),
)
LOGGED: Final = (
    "3号电梯例行保养，11点至12点停用，已在大堂张贴通知。",
    "西餐厅后厨排风异响，工程部已看过，明早换皮带。",
)


def seed(prop: Property, _password: str) -> None:
    """List what the house counts and write the log of the running shift."""
    manager = User.objects.get(username="1010")
    for name, unit, expected in COUNTED:
        workflow.list_count(prop, name, unit, expected, by=manager)
    for text in LOGGED:
        workflow.log(prop, text, by=User.objects.get(username="1001"))
