import pytest
from hypothesis import given
from hypothesis import strategies as st

from lostfound.matching.colours import FAR, NEAR, distance
from lostfound.matching.lexicon import lexicon
from lostfound.matching.words import read

COLOURS = sorted(lexicon().hexes)


def colour(word):
    (piece,) = read(word).pieces
    return next(m.value for m in piece.meanings if m.kind == "colour")


@pytest.mark.parametrize(
    "pair",
    [
        "藏青色 深蓝色", "藏青 海军蓝", "墨绿 军绿", "米白 白色", "米色 象牙白", "香槟色 金色",
        "咖啡色 棕色", "卡其色 驼色", "银色 浅灰色", "酒红色 枣红色", "玫红 桃红", "天蓝色 蓝色",
        "黑色 深灰色", "橘色 橙色", "粉红色 粉色", "薄荷绿 浅绿色", "紫色 薰衣草紫", "深兰色 藏蓝",
        "红色 酒红色", "灰色 深灰色", "black 黑色", "navy 深蓝",
    ],
)  # fmt: skip
def test_words_for_one_colour_are_near(pair):
    one, other = map(colour, pair.split())

    assert distance(one, other) <= NEAR


@pytest.mark.parametrize(
    "pair",
    [
        "黑色 白色", "红色 蓝色", "红色 绿色", "黑色 红色", "白色 棕色", "黄色 蓝色", "粉色 绿色",
        "银色 红色", "米色 深蓝色", "紫色 黄色", "金色 蓝色", "浅蓝色 红色", "透明 黑色", "墨绿 粉色",
    ],
)  # fmt: skip
def test_words_for_two_colours_are_far(pair):
    one, other = map(colour, pair.split())

    assert distance(one, other) >= FAR


def test_dark_blue_is_nearer_to_blue_than_light_blue_is():
    assert distance("深蓝", "蓝") < distance("深蓝", "浅蓝")


@given(st.sampled_from(COLOURS), st.sampled_from(COLOURS))
def test_distance_is_symmetric_and_zero_only_for_itself(one, other):
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one == other)


def test_shade_before_a_colour_is_its_shade():
    assert distance("深+紫", "紫") > 0
    assert distance("深+紫", "紫") <= NEAR
