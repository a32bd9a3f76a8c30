"""What the zone of the process and a bad file do: each in a process or a module of its own."""

import json
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lostfound import holidays

ROOT = Path(__file__).resolve().parents[2]
ASK = """
import json, sys, time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from django.conf import settings
settings.configure(USE_I18N=False)
from lostfound import retention as r

noon = datetime(2026, 11, 30, tzinfo=UTC)
found = []
for hours in range(0, 24 * 120, 5):
    now = noon + timedelta(hours=hours, seconds=hours % 7)
    for name, terms in r.PRESETS.items():
        last = r.last_day(r.local_day(now), Decimal("100.01"), terms)
        left = r.reminders(last, terms, now)
        found.append([name, str(last), r.expires_at(last).timestamp(),
            r.is_expired(date(2027, 2, 28), now), [(d, m.timestamp()) for d, m in left],
            [[str(c.last_day), c.is_published] for c in r.statutory(last, is_hotel=True)]])
json.dump([time.tzname, found], sys.stdout)
"""


def ask(zone):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PROPDESK")}
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=ROOT, env=environment | {"TZ": zone}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def test_zone_of_the_process_never_matters():
    names, answers = zip(
        *map(ask, ["UTC", "America/New_York", "Asia/Shanghai", "Pacific/Kiritimati"]), strict=True
    )

    assert [each[0] for each in names] == ["UTC", "EST", "CST", "+14"]
    assert [each == answers[0] for each in answers] == [True] * 4
    assert len(answers[0]) == 3 * 576
    assert {row[3] for row in answers[0]} == {True, False}


def test_bad_file_stops_the_start(tmp_path):
    package = tmp_path / "lostfound"
    package.mkdir()
    shutil.copy(holidays.__file__, package)
    (package / "holidays.yaml").write_text("- year: 2027\n")

    with pytest.raises(ValueError, match=r"^lostfound/holidays\.yaml: file\.0\.notice: Field"):
        runpy.run_path(str(package / "holidays.py"))


def test_shipped_file_is_the_one_read():
    assert holidays.load() == holidays._CALENDAR
    assert holidays.FILE == ROOT / "lostfound" / "holidays.yaml"
