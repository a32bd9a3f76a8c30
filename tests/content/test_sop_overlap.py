"""No run of more than 12 characters of the written procedure stands in any file we ship."""

import subprocess
from pathlib import Path

import pytest

from tools import sop_overlap

ROOT = Path(__file__).parents[2]
KNOWN = sop_overlap.read_known(Path(__file__).with_name("sop_ngrams.txt"))
SUFFIXES = {".py", ".yaml", ".yml", ".html", ".md", ".js", ".css", ".po", ".txt", ".toml", ".svg"}
SKIPPED = {"tests/content/sop_ngrams.txt"}
SYNTHETIC = "月光照在旧码头的石阶上，渔船慢慢靠岸。"


def _shipped():
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"],  # noqa: S607 -- git of the PATH
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = listed.stdout.decode().split("\0")
    return [ROOT / n for n in names if Path(n).suffix in SUFFIXES and n not in SKIPPED]


def _shared(paths, known):
    return [
        f"{path}:{hit.line} {hit.text}"
        for path in paths
        if path.is_file()
        for hit in sop_overlap.hits(path.read_text(encoding="utf-8"), known)
    ]


def test_shipped_files_share_no_run_with_the_procedure():
    assert _shared(_shipped(), KNOWN) == []


def test_shipped_files_include_the_coaching_and_the_catalogue_of_sources():
    names = {path.relative_to(ROOT).as_posix() for path in _shipped()}

    assert {"incidents/sop/complaint_steps.yaml", "incidents/deadlines.py"} <= names


def test_hashes_cover_a_whole_procedure():
    assert len(KNOWN) > 1000
    assert {len(value) for value in KNOWN} == {sop_overlap.HASH_LENGTH}


@pytest.mark.parametrize(
    "planted",
    [
        "月光照在旧码头的石阶上渔船",
        "前文：月光照在旧码头，的石阶上；渔船！后文",
        "第一行月光照在旧\n  码头的石阶上\n渔船",
        '_("月光照在旧码头")\n_("的石阶上渔船")',
    ],
)
def test_planted_run_of_13_is_found(tmp_path, planted):
    path = tmp_path / "planted.md"
    path.write_text(f"# 标题\n{planted}\n", encoding="utf-8")

    known = sop_overlap.digests(SYNTHETIC)

    assert _shared([path], known) == [f"{path}:2 月光照在旧码头的石阶上渔船"]


def test_planted_run_of_12_is_free(tmp_path):
    path = tmp_path / "planted.md"
    path.write_text("甲月光照在旧码头的石阶上渔乙", encoding="utf-8")

    assert _shared([path], sop_overlap.digests(SYNTHETIC)) == []


def test_hit_names_the_line():
    text = "一\n二\n月光照在旧码头的石阶上渔船慢"

    assert [h.line for h in sop_overlap.hits(text, sop_overlap.digests(SYNTHETIC))] == [3, 3]


def test_windows_of_plain_code_are_left_out():
    assert list(sop_overlap.windows("def flag_due(now): return promised_by < now")) == []


def test_main_prints_sorted_hashes(tmp_path, capsys):
    path = tmp_path / "procedure.txt"
    path.write_text(SYNTHETIC, encoding="utf-8")

    assert sop_overlap.main([str(path)]) == 0
    assert capsys.readouterr().out.split() == sorted(sop_overlap.digests(SYNTHETIC))


def test_main_without_a_file_explains_itself(capsys):
    assert sop_overlap.main([]) == 2
    assert "path/to/sop.txt" in capsys.readouterr().err
