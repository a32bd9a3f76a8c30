"""Who may look at the figures of a house; docs/permissions.md is printed from this table."""

from propdesk.core.roles import MANAGERS, Grant, Table

ACTIONS: Table = {
    "read_insight": Grant(any=MANAGERS),
    "export_insight": Grant(any=MANAGERS),
}
