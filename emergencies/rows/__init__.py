"""Rows of lists and timelines, made ready in Python so that templates only print."""

from emergencies.detail import KIND_ICONS
from emergencies.rows.board import board_context, hit, list_row, running_row, tiles_context
from emergencies.rows.timeline import history, just_done, timeline

__all__ = [
    "KIND_ICONS",
    "board_context",
    "history",
    "hit",
    "just_done",
    "list_row",
    "running_row",
    "tiles_context",
    "timeline",
]
