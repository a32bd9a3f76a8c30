"""What the pack for hours without a screen costs: time, pages and size for a house of 300 rooms.

    .venv/bin/python bench/outage.py [--rooms 300] [--open 200]

Made as the command makes it, without broker, worker or web server, on a PostgreSQL of its own that
is thrown away; time is what the clock says, for the whole pack. The budget is 60 s and 15 MB; the
exit status says whether it is kept.
"""

import argparse
import logging
import sys
import tempfile
import time
from typing import Any

from pages import database

SECONDS, MEGABYTES = 60.0, 15.0
STAFF = 60
PER_FLOOR = 10


def furnish(house: Any, rooms: int, cases: int) -> None:
    """Rooms by floor, a staff of ``STAFF``, open complaints and things in custody."""
    from propdesk.core.models import Place
    from propdesk.core.roles import Role
    from tests.factories import member

    roles = [role for role in Role if role not in {Role.ADMIN, Role.STAFF}]
    for number in range(STAFF):
        member(house.prop, roles[number % len(roles)])
    for start in range(0, rooms, PER_FLOOR):
        label = f"B座 {start // PER_FLOOR + 1}层"
        floor = Place.objects.create(property=house.prop, kind="floor", name=label, label=label)
        Place.objects.bulk_create(
            Place(
                property=house.prop,
                parent=floor,
                kind="room",
                name=f"{start + n}",
                code=f"B-{start + n}",
                label=f"{label} {start + n}",
            )
            for n in range(PER_FLOOR)
        )
    for _n in range(cases):
        house.new()


def main() -> int:
    """Print the table; 1 when a budget is not kept."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rooms", type=int, default=300)
    parser.add_argument("--open", type=int, default=200)
    options = parser.parse_args()
    with database(), tempfile.TemporaryDirectory() as media:
        logging.disable(logging.WARNING)
        from django.conf import settings
        from django.core.management import call_command

        from propdesk.core.models import Document
        from tests.incidents.journey import House

        settings.MEDIA_ROOT = media
        house = House()
        furnish(house, options.rooms, options.open)
        started = time.perf_counter()
        call_command("outage_pack", property=house.prop.code, stdout=sys.stdout)
        spent = time.perf_counter() - started
        document = Document.objects.get(property=house.prop)
        size = document.size / 1e6
    print(f"{options.rooms} rooms, {options.open} open complaints, {document.pages} pages")
    print(f"{spent:8.1f} s   (goal {SECONDS:.0f})")
    print(f"{size:8.2f} MB  (goal {MEGABYTES:.0f})")
    return 0 if spent <= SECONDS and size <= MEGABYTES else 1


if __name__ == "__main__":
    sys.exit(main())
