"""Who may open the calendar; docs/permissions.md is printed from this table."""

from propdesk.core.roles import ALL_STAFF, Grant, Table

_STAFF = Grant(any=ALL_STAFF)

ACTIONS: Table = {
    "read_calendar": _STAFF,
    "make_feed": _STAFF,
    "end_feed": _STAFF,
}
