"""What a backup and a restore of a house of some years take.

    .venv/bin/python bench/backup.py [--cases 50000] [--photos 10000]

Half a million rows and ten thousand photos, each with its print copy, on a PostgreSQL of its own that
is thrown away; two backups, the second of which links what the first holds, one encrypted, and a
restore of the first into an embedded server that is made for it. What is checked in the end is all of
it: every chain, every photo. Goals: 60 s and 120 s; the exit status says whether they are kept.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from pages import ROOT, database

BACKUP, RESTORE = 60.0, 120.0
PHOTO, PRINT = 300_000, 90_000
"""Bytes of a photo and of its print copy, as telephones send them on the whole."""
CHAIN = 500


def furnish(cases: int) -> None:
    """Closed complaints, each with some ten rows and a chain of its own that holds."""
    from board import trust

    import propdesk.celery  # noqa: F401 -- whose broker nobody serves here
    from propdesk.core import audit
    from propdesk.core.models import AuditEntry, Case
    from tests.desk import pile

    pile.house_at_work()
    trust()
    pile.pile(1, cases)
    copied = Case.objects.filter(pk__gt=pile.AFTER)
    AuditEntry.objects.filter(case__in=copied).delete()
    for first in range(0, copied.count(), CHAIN):
        rows = list(copied.order_by("pk")[first : first + CHAIN])
        for case in rows:
            case.version, case.audit_head = 0, ""
        audit.record_many(audit.Act(case, "closed", None, "结案") for case in rows)


def shoot(number: int, media: Path) -> None:
    """Photos of noise, which no compression makes smaller; each differs in its last bytes."""
    import hashlib

    from django.utils import timezone

    from propdesk.core.models import Attachment, Case, User

    cases = list(Case.objects.order_by("pk").values_list("pk", flat=True)[:1000])
    user = User.objects.order_by("pk")[0]
    noise = {"": os.urandom(PHOTO), "-print": os.urandom(PRINT)}
    rows = []
    for n in range(number):
        made = {}
        for kind, data in noise.items():
            name = f"photos/20{10 + n % 15}/{1 + n % 12:02}/{n}{kind}.jpg"
            path = media / name
            path.parent.mkdir(parents=True, exist_ok=True)
            stored = data + str(n).encode()
            path.write_bytes(stored)
            made[kind] = (name, hashlib.sha256(stored).hexdigest())
        rows.append(
            Attachment(
                case_id=cases[n % len(cases)],
                file=made[""][0],
                sha256=made[""][1],
                print_file=made["-print"][0],
                print_sha256=made["-print"][1],
                width=2560,
                height=1920,
                size=PHOTO,
                uploaded_by=user,
                uploaded_at=timezone.now(),
            )
        )
    Attachment.objects.bulk_create(rows, batch_size=1000)


def timed(what: str, goal: float | None, act: Any) -> tuple[bool, Any]:
    """Run, print the line; whether the goal is kept, and what came of it."""
    began = time.perf_counter()
    done = act()
    spent = time.perf_counter() - began
    aim = f"   (goal {goal:.0f})" if goal else ""
    print(f"{what:<24}{spent:8.1f} s{aim}", flush=True)
    return goal is None or spent <= goal, done


def restored(folder: Path, home: Path) -> None:
    """The command in a process of its own, as people run it."""
    foreign = ("PROPDESK_", "DJANGO_", "DATABASE_URL", "REDIS_URL")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    subprocess.run(
        [sys.executable, "manage.py", "restore", str(folder)],
        cwd=ROOT,
        env={**kept, "PROPDESK_HOME": str(home)},
        check=True,
    )


def main() -> int:
    """Print the table; 1 when a goal is not kept."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=50_000)
    parser.add_argument("--photos", type=int, default=10_000)
    options = parser.parse_args()
    with database(), tempfile.TemporaryDirectory(prefix="propdesk-bench-") as directory:
        place = Path(directory)
        place.chmod(0o711)
        from django.conf import settings
        from django.utils import timezone

        from propdesk.core.backup import age, making, restoring

        settings.MEDIA_ROOT = str(place / "media")
        furnish(options.cases)
        shoot(options.photos, place / "media")
        now, base = timezone.now(), place / "backups"
        fits, first = timed("backup", BACKUP, lambda: making.make(base, now))
        rows = sum(int(n) for n, _sum in first.manifest.tables.values())
        size = sum(each.size for each in first.manifest.files)
        print(f"{rows:,} rows, {len(first.manifest.files):,} files, {size / 1e6:,.0f} MB")
        later = now + timedelta(days=1)
        fits &= timed("the next one, linked", BACKUP, lambda: making.make(base, later))[0]
        timed("verify", None, lambda: restoring.verify(first.folder))
        public = age.new_identity(place / "key")
        closed = place / "closed"
        fits &= timed("encrypted", BACKUP, lambda: making.make(closed, now, recipient=public))[0]
        back = timed("restore", RESTORE, lambda: restored(first.folder, place / "home"))
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        return 0 if fits and back[0] else 1


if __name__ == "__main__":
    sys.exit(main())
