"""What a password may not be made of, besides Django's own rules."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from propdesk.core.models import User

WORDS = (
    "propdesk",
    "wuye",
    "qiantai",
    "gongyu",
    "zhiban",
    "jingli",
    "baoan",
    "物业",
    "前台",
    "公寓",
    "值班",
    "经理",
    "保安",
)
"""Words whoever guesses at this house tries first (listed in docs/security.md)."""
LEFT = 8


class HouseWordsValidator:
    """Without the words of the trade, and name and code of one's houses, eight characters must be left."""

    def validate(self, password: str, user: User | None = None) -> None:
        left = password.casefold()
        for word in sorted({*WORDS, *_houses(user)}, key=len, reverse=True):
            left = left.replace(word, "")
        if len(left) < LEFT:
            said = _("密码里除去公寓名称、岗位、物业这类容易猜到的词，还要有%(n)d个字。")
            raise ValidationError(said % {"n": LEFT}, code="house_words")

    def get_help_text(self) -> str:
        return _("不要用公寓名称、岗位、物业这类容易猜到的词。")


def _houses(user: User | None) -> set[str]:
    if user is None or user.pk is None:
        return set()
    rows = user.memberships.values_list("property__name", "property__code")
    # A code of one or two letters says nothing and is in every other word.
    return {word.casefold() for row in rows for word in row if len(word) > 2}
