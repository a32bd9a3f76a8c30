"""Blame-shifting words for the soft warning on text the guest will read (C-E). Pure.

A hint and never a gate: the text is saved as written. The list is short on purpose, since a
warning that cries at every sentence is soon not read.
"""

from __future__ import annotations

import re
from typing import Final

BLAME_WORDS: Final = (
    # somebody else
    "上一班", "上个班", "前一班", "夜班的问题", "早班的问题", "交班没说", "别的部门", "其他部门的",
    "是工程部的", "是保洁的", "是保安的", "是前台的", "外包公司的", "开发商的问题", "供应商的问题", "新来的员工",
    "不归我们管", "不是我们的问题", "不关我们的事", "跟我们没关系", "和我们没关系", "与我们无关", "不是我负责",
    "我也没办法", "没有办法解决", "这是规定", "公司规定就是",
    # the guest
    "您自己", "你自己", "怪您", "怪你", "是您的问题", "是你的问题", "是您弄", "是你弄", "您没看清", "您误会",
    "您应该早", "谁让您", "谁让你", "使用不当", "无理取闹", "小题大做", "要求太高", "别人都没", "别的住户都没",
)  # fmt: skip

_SPACE = re.compile(r"\s+")
# Longest first, so that a phrase is reported rather than a word inside it.
_BLAME = re.compile("|".join(sorted(map(re.escape, BLAME_WORDS), key=len, reverse=True)))


def blame_words(text: str) -> list[str]:
    """Return the blame-shifting words found in `text`, each once, in order of appearance."""
    return list(dict.fromkeys(_BLAME.findall(_SPACE.sub("", text))))
