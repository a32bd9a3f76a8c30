import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lostfound.matching import lexicon as lexicons
from lostfound.matching import numbers, places
from lostfound.matching.evidence import likeness
from lostfound.matching.lexicon import HERE, LexiconError, lexicon
from lostfound.matching.words import clean, read
from tests.lostfound.matching_samples import lost

# --- lists ---------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    for path in HERE.glob("*.yaml"):
        shutil.copy(path, tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("colours.yaml", "#1c1c1e", "schwarz", "colours.yaml: 黑: schwarz is no colour"),
        ("things.yaml", '"*": 伞 ', '"*": 伞 伞 ', "things.yaml: 伞/*: 伞 stands twice"),
        ("things.yaml", "伞套: 伞套", "伞套: 手机", "手机 stands in"),
        ("kin.yaml", "背包: 0.75", "背包: 7", "kin.yaml: 包: 背包: a share from 0 to 1"),
        ("kin.yaml", "背包: 0.75", "月亮: 0.5", "kin.yaml: 包: 月亮"),
        ("traits.yaml", "clash: ", "clash: many #", "traits.yaml: 材质: clash"),
        ("noise.yaml", "slips: {", "slips: [", "noise.yaml: -"),
        ("brands.yaml", "苹果: ", "苹果: [apple] #", "brands.yaml: 苹果: words"),
        ("parts.yaml", "把: 把", "壳: 把", "parts.yaml: -"),
    ],
)
def test_faulty_list_is_refused_with_file_and_entry(folder, file, old, new, message):
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")

    with pytest.raises(LexiconError) as refused:
        lexicon(folder)

    assert message in str(refused.value)


def test_missing_list_is_named(folder):
    (folder / "brands.yaml").unlink()

    with pytest.raises(LexiconError, match=r"brands\.yaml"):
        lexicon(folder)


def test_lists_are_broad_and_read_once():
    lists = lexicons.lexicon()

    assert len(set(lists.family.values())) > 90
    assert sum(any(m.kind == "thing" for m in each) for each in lists.words.values()) > 4000
    assert lexicons.lexicon() is lists


def test_import_reads_no_list():
    import subprocess
    import sys

    code = (
        "import lostfound.matching, sys; from lostfound.matching.lexicon import lexicon;"
        "print(lexicon.cache_info().currsize, 'jieba' in sys.modules, 'numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["0", "False", "False"]


# --- things --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pair",
    [
        "手机壳 手机套", "行李箱 拉杆箱", "充电宝 移动电源", "双肩包 书包", "门禁卡 房卡", "皮夹 钱包",
        "墨镜 太阳镜", "雨伞 伞", "U盘 优盘", "项链 锁骨链", "口红 唇膏", "保温杯 不锈钢杯",
        "一串钥匙 钥匙串", "驾驶证 驾照", "身份证 二代身份证", "數據線 充电线", "umbrella 雨伞",
    ],
)  # fmt: skip
def test_synonyms_are_one_thing(pair):
    one, other = (lost(name).heads[0] for name in pair.split())

    assert likeness(one, other) >= 0.85


@pytest.mark.parametrize(
    "pair", ["手机 手机壳", "眼镜 雨伞", "钥匙 钥匙包", "耳机 耳环", "手表 手机"]
)
def test_other_things_are_not(pair):
    one, other = (lost(name).heads[0] for name in pair.split())

    assert likeness(one, other) < 0.65


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("苹果手机壳", "手机壳/手机壳"),
        ("黑色的折叠雨伞一把", "伞/折叠伞"),
        ("小米手机", "手机/*"),
        ("皮卡丘挂件带钥匙", "钥匙扣/挂件"),
        ("雨散", "伞/*"),
        ("身分证", "身份证/*"),
        ("耳機", "耳机/*"),
        ("小盒子", "小物/*"),
        ("iPhone13", "手机/苹果手机"),
    ],
)
def test_head_of_a_name_is_its_last_word_before_a_joint(name, head):
    assert lost(name).heads[0] == head


def test_head_comes_from_features_or_category_when_the_name_says_nothing():
    assert lost("苹果", category="phone").heads == ("手机/*",)
    assert "耳机/*" in lost("小盒子", "里头是无线耳机").heads
    assert lost("那个东西", "一把伞").heads == ("伞/*",)


# --- marks, colours and parts --------------------------------------------------------------


def test_denied_marks_are_absent_not_present():
    profile = lost("手机", "黑色，没有贴纸，不是粉色，屏幕没坏")

    assert "配件:贴纸" in profile.absent
    assert "配件:贴纸" not in profile.marks
    assert profile.colours == ("黑",)
    assert "损伤:完好" in profile.marks


def test_clause_about_the_half_at_home_is_left_out():
    profile = lost("皮手套", "左手那只，右手的还在")

    assert "侧:左" in profile.marks
    assert "侧:右" not in profile.marks


@pytest.mark.parametrize(
    ("name", "features", "main", "part"),
    [
        ("手机", "黑壳", (), {"壳:黑"}),
        ("雨伞", "黑色，手柄是白的", ("黑",), {"把:白"}),
        ("耳机", "套子蓝色", (), {"壳:蓝"}),
        ("手机壳", "黑壳", ("黑",), set()),
        ("挎包", "白色链条小挎包", ("白",), set()),
        ("钥匙", "绿色小恐龙挂件", (), {"挂:绿"}),
        ("太阳镜", "银边 蓝片", (), {"框:银", "片:蓝"}),
    ],
)
def test_colour_of_a_part_is_not_that_of_the_thing(name, features, main, part):
    profile = lost(name, features)

    assert (profile.colours, set(profile.part_colours)) == (main, part)


@pytest.mark.parametrize("word", ["蓝牙耳机", "银行卡", "现金", "口红", "红包", "黄先生的伞"])
def test_colour_inside_a_word_is_no_colour(word):
    assert lost(word).colours == ()


# --- numbers and names ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ("355519", "imei …5519", "same"),
        ("尾数337", "e…337", "same"),
        ("6222 0212 3456 1234", "1234", "same"),
        ("138****5678", "138****9999", "different"),
        ("p0446", "p0464", "different"),
        ("hartwell", "loomis", "different"),
        ("l&y", "0520", "unknown"),
        ("尹**", "尹*", "similar"),
        ("欧阳**", "欧*", "different"),
        ("王*明", "王晓明", "similar"),
        ("王*明", "王晓丽", "different"),
        ("张伟", "张伟", "same"),
        ("", "1234", "unknown"),
    ],
)
def test_serials(one, other, verdict):
    assert numbers.serials(one, other) == numbers.serials(other, one) == verdict


@pytest.mark.parametrize(
    ("one", "other", "slip"),
    [
        ("p0446", "p0464", True), ("355519", "355579", True), ("imei …5519", "355579", True),
        ("p0446", "p4460", False), ("337", "338", False), ("355519", "355519", False),
        ("355519", "123456", False),
    ],
)  # fmt: skip
def test_slip_is_one_character_or_two_that_changed_places(one, other, slip):
    assert numbers.slipped(one, other) == numbers.slipped(other, one) == slip


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("三百五", 350),
        ("一千五", 1500),
        ("两千零五", 2005),
        ("十五", 15),
        ("1.2万", 12000),
        ("一万二千", 12000),
    ],
)
def test_chinese_numerals(text, value):
    assert numbers.number(text) == value


def test_amounts_measures_counts_and_names():
    assert numbers.amounts("约三百五十元，还有500港币") == [(350.0, ""), (500.0, "港币")]
    assert numbers.amounts("日币 3000") == numbers.amounts("3000日元") == [(3000.0, "日元")]
    assert numbers.measures("两升") == numbers.measures("2l") == numbers.measures("2000毫升")
    assert numbers.counts("三把钥匙，一张卡") == {"把": 3}
    assert numbers.tail_codes("IMEI最后四位 6630，卡号1278结尾") == {"6630", "1278"}
    assert numbers.names("姓欧阳，名片“甘经理”，姓名贴") == ["欧阳", "甘"]
    assert numbers.rooms("B座9楼03房") == numbers.rooms("标签9-03") == ["903"]


@given(st.text())
def test_reading_never_raises_and_cleaning_keeps_short(text):
    assert isinstance(read(text).grams, set)
    assert numbers.number(text) >= 0
    assert len(clean(text)) <= 20 * len(text) + 1


# --- places --------------------------------------------------------------------------------

SPOT = ("A座", "3层", "健身房")


@pytest.mark.parametrize(
    ("other", "nearness"),
    [
        (SPOT, places.SAME_SPOT),
        (("A座",), places.WITHIN),
        (("A座", "3层", "泳池"), places.SAME_FLOOR),
        (("A座", "1层", "大堂"), places.SAME_ROOT),
        (("B座", "3层", "健身房"), places.TWIN),
        (("室外", "花园"), places.ELSEWHERE),
        ((), places.UNKNOWN),
    ],
)
def test_nearness_in_the_tree(other, nearness):
    assert places.nearness(SPOT, other) == places.nearness(other, SPOT) == nearness


def test_nearest_of_several_places_counts():
    assert places.nearest((("室外",), ("A座", "3层")), (SPOT,)) == places.WITHIN
    assert places.nearest((), (SPOT,)) == places.UNKNOWN
