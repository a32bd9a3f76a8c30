"""Write the characters of 通用规范汉字表, which the tests print; run by hand, once.

    apt-get download unicode-data               (15.0.0; unpack with dpkg-deb -x)
    python tools/make_characters.py UNPACKED/usr/share/unicode

The table of the State Council (2013) is in Unihan twice: each character with its number in
`kTGH`, and once more with the readings of the dictionary made from it in `kTGHZ2013`. Both must
name the same characters, and the numbers may have no gap.
"""

import argparse
import bz2
from pathlib import Path

OUT = Path(__file__).resolve().parent.parent / "tests" / "core" / "data" / "standard-characters.txt"
LEVELS = {"一级": 3500, "二级": 3000, "三级": 1605}
LINE = 50
HEAD = """# 通用规范汉字表 (State Council of China, 2013), in its order: 8,105 characters in three levels.
# From the property kTGH of Unihan 15.0.0, checked against kTGHZ2013, by tools/make_characters.py.
# Copyright 1991-2022 Unicode, Inc. Unicode License: https://www.unicode.org/license.txt
"""


def fields(path: Path, name: str) -> dict[str, str]:
    """Character to value of one property of a Unihan file."""
    with bz2.open(path, "rt", encoding="utf-8") as stream:
        rows = (line.rstrip("\n").split("\t") for line in stream if f"\t{name}\t" in line)
        return {chr(int(code.removeprefix("U+"), base=16)): value for code, _name, value in rows}


def main() -> None:
    """Write the file; stop when the two properties disagree."""
    parser = argparse.ArgumentParser(description="Write the table of standard characters.")
    parser.add_argument("unihan", type=Path)
    folder = parser.parse_args().unihan
    numbers = {
        int(value.partition(":")[2]): char
        for char, value in fields(folder / "Unihan_OtherMappings.txt.bz2", "kTGH").items()
    }
    readings = fields(folder / "Unihan_Readings.txt.bz2", "kTGHZ2013")
    if sorted(numbers) != [*range(1, sum(LEVELS.values()) + 1)]:
        raise SystemExit("kTGH has gaps")
    if {*numbers.values()} != {*readings}:
        raise SystemExit("kTGH and kTGHZ2013 name different characters")
    characters = iter(numbers[number] for number in sorted(numbers))
    text = HEAD
    for level, count in LEVELS.items():
        several = [next(characters) for _ in range(count)]
        lines = ("".join(several[at : at + LINE]) for at in range(0, count, LINE))
        text += f"# {level} {count}\n" + "\n".join(lines) + "\n"
    OUT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
