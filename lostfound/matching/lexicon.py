"""Loads the word lists beside this module; a fault names the file and the entry. Pure.

Nothing is read at import: the first text that is profiled loads the lists, once per process.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from propdesk.core.search_grams import normalise

HERE: Final = Path(__file__).parent
VERSION: Final = 3  # raise it with every change of a list or of the reading: profiles are made anew
WHOLE_FAMILY: Final = "*"
SHADES: Final = {"深": -0.17, "暗": -0.17, "浅": 0.17, "淡": 0.17, "亮": 0.08}


class LexiconError(Exception):
    """A word list cannot be used; the message reads "colours.yaml: 藏青: …"."""

    def __init__(self, file: str, entry: str, message: str) -> None:
        super().__init__(f"{file}: {entry}: {message}")


class Meaning(NamedTuple):
    """What a word stands for: `kind` is thing, colour, part_colour, brand, mark or ignored."""

    kind: str
    value: str


@dataclass(slots=True)
class Lexicon:
    """All lists, ready to be looked up."""

    words: dict[str, tuple[Meaning, ...]] = field(default_factory=dict)
    longest: dict[str, int] = field(default_factory=dict)  # first character -> longest word
    family: dict[str, str] = field(default_factory=dict)  # thing -> family
    hexes: dict[str, str] = field(default_factory=dict)  # colour -> "#rrggbb", "-" or "+"
    weights: dict[str, float] = field(default_factory=dict)  # group of marks -> weight
    clashes: dict[str, float] = field(default_factory=dict)
    opposites: dict[str, tuple[frozenset[str], ...]] = field(default_factory=dict)
    characters: dict[int, str] = field(default_factory=dict)
    slips: dict[str, str] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    kin: dict[tuple[str, str], float] = field(default_factory=dict)  # two families -> 0 … 1

    def add(self, word: str, meaning: Meaning) -> None:
        """Let `word` mean `meaning` too."""
        word = normalise(word.replace("_", " "))
        known = self.words.get(word, ())
        if meaning not in known:
            self.words[word] = (*known, meaning)
        self.longest[word[0]] = max(self.longest.get(word[0], 0), len(word))


def read(name: str, folder: Path = HERE) -> dict[str, Any]:
    """Return the mapping in the YAML file `name`; LexiconError when there is none."""
    try:
        content = yaml.load((folder / name).read_text("utf-8"), Loader=_Loader)  # noqa: S506 -- a SafeLoader
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise LexiconError(name, "-", str(error)) from error
    if not isinstance(content, dict) or not content:
        raise LexiconError(name, "-", "a mapping with entries is expected")
    return content


@functools.cache
def lexicon(folder: Path = HERE) -> Lexicon:
    """Return the lists of `folder`, read once; LexiconError names the first fault."""
    made = Lexicon()
    for load in (_noise, _things, _colours, _brands, _traits, _parts, _kin):
        load(made, folder)
    _open_compounds(made)
    return made


def entries(file: str, entry: str, value: object) -> list[str]:
    """Return the words of one entry; each once, none empty."""
    if not isinstance(value, str) or not value.split():
        raise LexiconError(file, entry, "words parted by spaces are expected")
    found = value.split()
    if len(set(found)) < len(found):
        twice = next(word for word in found if found.count(word) > 1)
        raise LexiconError(file, entry, f"{twice} stands twice")
    return found


def _things(made: Lexicon, folder: Path) -> None:
    file = "things.yaml"
    seen: dict[str, str] = {}
    for family, things in read(file, folder).items():
        for thing, words in _mapping(file, str(family), things).items():
            value = f"{family}/{thing}"
            made.family[value] = str(family)
            for word in entries(file, value, words):
                if word in seen:
                    raise LexiconError(file, value, f"{word} stands in {seen[word]} too")
                seen[word] = value
                made.add(word, Meaning("thing", value))


def _colours(made: Lexicon, folder: Path) -> None:
    file = "colours.yaml"
    for colour, line in read(file, folder).items():
        shade, *others = entries(file, str(colour), line)
        if shade not in {"-", "+"} and not _is_hex(shade):
            raise LexiconError(file, str(colour), f"{shade} is no colour like #1c1c1e")
        made.hexes[str(colour)] = shade
        for word in (str(colour), *others):
            if len(word) > 1 or word in _ALONE:
                made.add(word, Meaning("colour", str(colour)))
            if not word.isascii() and not word.endswith("色"):
                made.add(word + "色", Meaning("colour", str(colour)))


def _brands(made: Lexicon, folder: Path) -> None:
    file = "brands.yaml"
    for brand, line in read(file, folder).items():
        for word in entries(file, str(brand), line):
            made.add(word, Meaning("brand", str(brand)))


def _traits(made: Lexicon, folder: Path) -> None:
    file = "traits.yaml"
    for group, content in read(file, folder).items():
        content = _mapping(file, str(group), content)
        for name, target in (("weight", made.weights), ("clash", made.clashes)):
            if not isinstance(content.get(name), int | float):
                raise LexiconError(file, str(group), f"{name}: a number is expected")
            target[str(group)] = float(content[name])
        marks = _mapping(file, f"{group}.marks", content.get("marks"))
        made.opposites[str(group)] = tuple(_opposites(file, str(group), content, marks))
        for mark, words in marks.items():
            value = f"{group}:{mark}"
            for word in entries(file, value, words):
                made.add(word, Meaning("mark", value))


def _opposites(
    file: str, group: str, content: Mapping[Any, Any], marks: Mapping[Any, Any]
) -> Iterator[frozenset[str]]:
    for line in content.get("opposites", ()):
        for mark in line.split():
            if mark not in marks:
                raise LexiconError(file, f"{group}.opposites", f"{mark} is no mark of the group")
        yield frozenset(f"{group}:{mark}" for mark in line.split())


def _noise(made: Lexicon, folder: Path) -> None:
    file = "noise.yaml"
    content = read(file, folder)
    for word in dict.fromkeys(entries_loose(file, "ignored", content.get("ignored"))):
        made.add(word, Meaning("ignored", ""))
    for pair in entries_loose(file, "characters", content.get("characters")):
        if len(pair) != 2:
            raise LexiconError(file, "characters", f"{pair} is no pair of characters")
        if pair[0] != pair[1]:
            made.characters[ord(pair[0])] = pair[1]
    for slip, meant in _mapping(file, "slips", content.get("slips")).items():
        made.slips[str(slip)] = str(meant)


def entries_loose(file: str, entry: str, value: object) -> Iterator[str]:
    """Return words of a long list, in which a word may stand twice."""
    if not isinstance(value, str) or not value.split():
        raise LexiconError(file, entry, "words parted by spaces are expected")
    return iter(value.split())


def _parts(made: Lexicon, folder: Path) -> None:
    file = "parts.yaml"
    for part, line in read(file, folder).items():
        for word in entries(file, str(part), line):
            made.parts[word] = str(part)


def _kin(made: Lexicon, folder: Path) -> None:
    file = "kin.yaml"
    families = set(made.family.values())
    for one, others in read(file, folder).items():
        for other, share in _mapping(file, str(one), others).items():
            if {one, other} - families:
                raise LexiconError(file, str(one), f"{other}: both must be families of things.yaml")
            if not isinstance(share, int | float) or not 0 <= share <= 1:
                raise LexiconError(file, str(one), f"{other}: a share from 0 to 1 is expected")
            made.kin[str(one), str(other)] = made.kin[str(other), str(one)] = float(share)


def _open_compounds(made: Lexicon) -> None:
    # 小米手机 is a maker and a thing, 儿童水杯 is for a child: a long word keeps what its halves say.
    for word, meanings in list(made.words.items()):
        if len(word) < 2 or word.isascii() or meanings[0].kind == "ignored":
            continue
        kinds = {meaning.kind for meaning in meanings}
        _add_part_colour(made, word, kinds)
        for cut in range(1, len(word)):
            things = [m for m in made.words.get(word[cut:], ()) if m.kind == "thing"]
            if not things:
                continue
            if kinds == {"brand"}:
                made.add(word, things[0])
            elif "thing" in kinds:
                for meaning in made.words.get(word[:cut], ()):
                    # 红包 is no red bag: two characters are a word of their own.
                    is_colour = meaning.kind == "colour" and len(word) > 2
                    if is_colour or meaning.kind == "brand" or _describes(meaning):
                        made.add(word, meaning)


def _describes(meaning: Meaning) -> bool:
    # The 钱 of 钱包 is no money inside.
    group = meaning.value.partition(":")[0]
    return meaning.kind == "mark" and group not in {"内容", "配件", "损伤"}


def _add_part_colour(made: Lexicon, word: str, kinds: set[str]) -> None:
    # 银边 says what a frame is like, and that it is silver.
    if kinds == {"mark"}:
        for cut in (1, 2):
            part = made.parts.get(word[cut:])
            for meaning in made.words.get(word[:cut], ()) if part else ():
                if meaning.kind == "colour":
                    made.add(word, Meaning("part_colour", f"{part}:{meaning.value}"))


def _mapping(file: str, entry: str, value: object) -> Mapping[Any, Any]:
    if not isinstance(value, dict) or not value:
        raise LexiconError(file, entry, "a mapping with entries is expected")
    return value


def _is_hex(text: str) -> bool:
    return len(text) == 7 and text[0] == "#" and all(c in "0123456789abcdef" for c in text[1:])


# Characters that are colours when they stand alone; 米, 军, 铜 and the like are things as well.
_ALONE: Final = frozenset("黑白灰银红粉橙黄金棕咖褐绿青蓝紫驼彩")


class _Loader(yaml.SafeLoader):
    """A SafeLoader that refuses an entry given twice: YAML would keep the last in silence."""


def _unique(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    made: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in made:
            mark = key_node.start_mark
            raise yaml.MarkedYAMLError(problem=f"{key} given twice", problem_mark=mark)
        made[key] = loader.construct_object(value_node, deep=True)
    return made


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _unique)
