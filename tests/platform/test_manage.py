"""`manage.py`: what the person at the terminal can put right is one sentence, no traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

from propdesk.localstack.paths import BASE_DIR
from tests.platform.stack import clean_environment


def _run(home: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=BASE_DIR,
        env={**clean_environment(home), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", [("up",), ("prepare",), ("check",)])
def test_value_that_cannot_be_right_is_a_sentence(tmp_path, command):
    result = _run(tmp_path, *command, DATABASE_URL="sqlite:///db")

    assert result.returncode == 1
    assert "出错：环境变量 DATABASE_URL 应以 postgresql:// 开头" in result.stderr
    assert "Traceback" not in result.stderr


def test_command_without_the_server_is_a_sentence(tmp_path):
    words = ("start_house", "north", "北苑", "--admin", "2001", "--admin-name", "王一")

    result = _run(tmp_path, *words)

    assert result.returncode == 1
    assert "script/server 在运行吗" in result.stderr
    assert "Traceback" not in result.stderr


def test_traceback_on_request(tmp_path):
    result = _run(tmp_path, "check", "--traceback", DATABASE_URL="sqlite:///db")

    assert "Traceback" in result.stderr
