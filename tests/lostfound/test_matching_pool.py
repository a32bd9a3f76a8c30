from dataclasses import replace
from datetime import timedelta

import pytest

from lostfound.matching import FOLLOW_FROM, LIST_FROM, SUGGEST_FROM, Pool, score
from lostfound.matching.pool import MOST_PAIRS
from tests.lostfound.matching_samples import NOON, found, lost

THINGS = ["雨伞", "手机", "钥匙", "钱包", "双肩包", "保温杯", "眼镜", "围巾"]
COLOURS = ["黑色", "红色", "藏青色", "白色", "绿色", "银色"]


def crowd(make, count):
    """Things of all kinds, one every half hour."""
    kinds = [make(thing, colour) for thing in THINGS for colour in COLOURS]
    return [
        replace(
            kinds[n % len(kinds)],
            key=n,
            since=kinds[0].since + 30 * n,
            until=kinds[0].until + 30 * n,
        )
        for n in range(count)
    ]


def test_no_more_than_200_pairs_are_scored():
    pool = Pool(crowd(found, 3000))

    for each in crowd(lost, 60):
        pool.best(each)

        assert 0 < pool.scored <= MOST_PAIRS == 200
    assert pool.most_scored <= MOST_PAIRS


def test_true_item_is_found_among_thousands():
    true = replace(found("保温杯", "膳魔师 酒红 底部刻字 有恐龙贴纸"), key=9999)
    pool = Pool([*crowd(found, 3000), true])

    (first, *_others) = pool.best(lost("水杯", "酒红色的膳魔师保温杯，贴了小恐龙，杯底刻了字"))

    assert first.found == 9999


def test_number_alone_finds_the_item_among_thousands():
    later = NOON + timedelta(days=50)
    true = replace(found("卡", "", serial="…0446", since=later, until=later), key=9999)
    pool = Pool([*crowd(found, 3000), true])

    assert [m.found for m in pool.best(lost("车库月卡", "绿色", serial="P0446"))][:1] == [9999]


def test_pool_of_lost_reports_answers_a_found_item():
    true = replace(lost("双肩包", "藏青色小米双肩包，里面一本红色的书，拉链坏了"), key=9999)
    earlier = [
        replace(each, since=each.since - 200_000, until=each.until - 200_000)
        for each in crowd(lost, 900)
    ]
    pool = Pool([*earlier, true], of_lost=True)

    matches = pool.best(found("书包", "小米 深蓝 拉链坏"))

    assert matches[0].lost == 9999
    assert pool.scored <= MOST_PAIRS


def test_both_directions_give_a_pair_the_same_points():
    report, item = lost("手机", "苹果 黑壳 碎屏"), found("手机", "苹果 黑壳 屏幕裂")

    (one,) = Pool([item]).best(report)
    (other,) = Pool([report], of_lost=True).best(item)

    assert one == other


def test_rejected_pairs_stay_away_and_others_move_up():
    items = [replace(found("雨伞", "黑色 长柄"), key=n) for n in range(8)]
    report = lost("长柄伞", "黑色")

    shown = [match.found for match in Pool(items).best(report)]
    without = [match.found for match in Pool(items).best(report, exclude={0, 1})]

    assert shown == [0, 1, 2, 3, 4]
    assert without == [2, 3, 4, 5, 6]


def listed(matches):
    return [(match.found, match.is_weak) for match in matches]


def test_best_comes_first_and_nothing_below_the_floor_is_strong():
    pool = Pool([replace(each, key=n) for n, each in enumerate([
        found("雨伞", "黑色 天堂 伞骨断一根"), found("雨伞", "黑色"), found("围巾", "红色"),
    ])])  # fmt: skip

    matches = pool.best(lost("雨伞", "黑色 天堂牌，断了一根伞骨"))

    assert matches[0].found == 0
    assert [m.points for m in matches] == sorted((m.points for m in matches), reverse=True)
    assert matches[0].points >= SUGGEST_FROM
    assert all(m.is_weak == (m.points < FOLLOW_FROM) for m in matches)
    assert 2 not in [m.found for m in matches if not m.is_weak]


def test_mediocre_one_is_strong_behind_a_good_one_and_weak_alone():
    report = lost("雨伞", "黑色 天堂牌，断了一根伞骨")
    weak = replace(found("雨伞", "蓝格子", places=(("室外", "花园"),)), key=1)
    good = replace(found("雨伞", "黑 天堂 伞骨断"), key=2)

    assert FOLLOW_FROM <= score(report, weak).points < SUGGEST_FROM
    assert listed(Pool([weak]).best(report)) == [(1, True)]
    assert listed(Pool([weak, good]).best(report)) == [(2, False), (1, False)]
    assert listed(Pool([weak, good]).best(report, exclude={2})) == [(1, True)]


def test_weak_ones_fill_the_list_behind_the_strong_up_to_five():
    report = lost("雨伞", "黑色 天堂牌，断了一根伞骨")
    good = [replace(found("雨伞", "黑 天堂 伞骨断"), key=n) for n in range(2)]
    poor = [replace(found("折叠伞", "红色 格子"), key=n) for n in range(9, 15)]

    matches = Pool([*poor, *good]).best(report)

    assert LIST_FROM <= score(report, poor[0]).points < FOLLOW_FROM
    assert listed(matches) == [(0, False), (1, False), (9, True), (10, True), (11, True)]


def test_weak_one_needs_the_points_that_are_asked_for_and_a_strong_one_does_not():
    report = lost("雨伞", "黑色 天堂牌，断了一根伞骨")
    weak = replace(found("雨伞", "蓝格子", places=(("室外", "花园"),)), key=1)
    good = replace(found("雨伞", "黑 天堂 伞骨断"), key=2)
    points = score(report, weak).points

    assert listed(Pool([weak]).best(report, least=points)) == [(1, True)]
    assert Pool([weak]).best(report, least=points + 1) == []
    assert listed(Pool([weak, good]).best(report, least=101)) == [(2, False), (1, False)]


def test_what_is_nothing_alike_is_not_listed():
    things = [found("手机", "白色 小米", category="phone", places=(("室外",),))]

    assert Pool(things).best(lost("雨伞", "黑色 天堂牌 长柄", category="umbrella")) == []


@pytest.mark.parametrize("of_lost", [False, True])
def test_empty_pool_suggests_nothing(of_lost):
    assert Pool([], of_lost=of_lost).best(lost()) == []


@pytest.mark.parametrize("of_lost", [False, True])
def test_what_shares_no_word_fills_the_places_left_nearest_in_time(of_lost):
    report, item = lost("雨伞", "黑", places=()), found("手机", "白", category="phone", places=())
    others = [
        replace(
            report if of_lost else item, key=n, since=report.since + (-n if of_lost else 60 + n)
        )
        for n in range(300)
    ]
    pool = Pool(others, of_lost=of_lost)
    pool.best(item if of_lost else report)

    nearest = pool._index.nearest(item if of_lost else report, 120, later=not of_lost)
    assert (pool.scored, nearest) == (120, list(range(120)))
