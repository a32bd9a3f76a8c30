"""Rows of lists and timelines, made ready in Python so that templates only print."""

from lostfound.rows.board import ListRow, board_context, list_row
from lostfound.rows.search import hit
from lostfound.rows.timeline import history, just_done, timeline

__all__ = ["ListRow", "board_context", "history", "hit", "just_done", "list_row", "timeline"]
