"""The two commands: what they install is what README.md names, and a bare system is told so."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from propdesk.localstack.paths import BASE_DIR

LISTS = re.compile(r"^(\w+_(?:PACKAGES|LIBRARIES))='([^']+)'", re.MULTILINE)


def _packages() -> dict[str, str]:
    texts = [
        (BASE_DIR / "script" / name).read_text(encoding="utf-8") for name in ("lib.sh", "test")
    ]
    return dict(LISTS.findall("\n".join(texts)))


def test_readme_names_every_package_the_commands_install():
    readme = (BASE_DIR / "README.md").read_text(encoding="utf-8")

    packages = _packages()

    assert len(packages) == 4
    assert [line for line in packages.values() if f"`{line}`" not in readme] == []


def test_script_test_is_bash():
    assert (
        subprocess.run(["/bin/bash", "-n", BASE_DIR / "script/test"], check=False).returncode == 0
    )


@pytest.mark.parametrize(
    ("lacking", "packages"), [("git", "TEST_PACKAGES"), ("chromium", "BROWSER_PACKAGES")]
)
def test_ordinary_user_is_told_what_to_install(tmp_path, lacking, packages):
    """Runs the set-up of script/test with a path that lacks one program."""
    path = _path_without(tmp_path, lacking)
    source = (BASE_DIR / "script/test").read_text(encoding="utf-8")
    functions = source[source.index("TEST_PACKAGES=") : source.index("\nset_up\n")]
    ready = (
        "need_python() { :; }; need_libraries() { :; }; make_venv() { :; }; is_root() { false; }"
    )
    script = f"set -eu; . script/lib.sh\nbrowser=yes\n{functions}\n{ready}\nset_up\n"

    result = subprocess.run(
        ["/bin/bash", "-c", script],
        cwd=BASE_DIR,
        env={"PATH": str(path), "PROPDESK_CHROMIUM": "/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 1
    assert f"请以 root 执行：apt-get install -y {_packages()[packages]}" in result.stderr


def _path_without(directory: Path, lacking: str) -> Path:
    for name in ("git", "pdftotext", "qpdf", "mutool", "uname"):
        if name != lacking:
            (directory / name).symlink_to(shutil.which(name) or "/bin/true")
    return directory
