"""One row of searchable text per case (ADR 0018, 0034)."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from propdesk.core.models.cases import Case
from propdesk.core.models.people import Property


class SearchText(models.Model):
    """Words of a case for search only; rewritten on change, deleted when the case is purged.

    ``text`` is found by whoever reads the case, ``details`` by readers of its details; ``grams`` are
    those of both, ``terms`` the numbers, rooms and people. No telephone stands in any of them. The
    few terms have a column of their own: PostgreSQL keeps the many grams outside the row, and
    fetching them costs many times what comparing the words does.

    ``kind`` and ``opened_at`` are those of the case, which never change: copied by the database, so
    that hits are told apart and put in order without reading their cases. It adds the kind to the
    ``grams`` too, as "#found".
    """

    case = models.OneToOneField(Case, models.CASCADE, primary_key=True, related_name="search")
    property = models.ForeignKey(Property, models.CASCADE, related_name="+")
    text = models.TextField()
    details = models.TextField(blank=True, default="", db_default="")
    grams = ArrayField(models.CharField(max_length=40))
    terms = ArrayField(models.CharField(max_length=40), default=list)
    kind = models.CharField(max_length=10, db_default="", editable=False)
    opened_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("检索")
        indexes = [
            # Of one index, that words and terms and days together are compared inside it.
            GinIndex(
                models.Func("property", "kind", "opened_at", function="core_search_marks"),
                models.F("terms"),
                models.F("grams"),
                name="core_search_words",
            ),
            # Of things their details are words too: whoever may not read them asks for the others alone.
            GinIndex(
                models.Func("property", "kind", "opened_at", function="core_search_marks"),
                models.F("terms"),
                models.Func("text", "grams", function="core_search_open"),
                condition=models.Q(kind=Case.Kind.FOUND),
                name="core_search_open_words",
            ),
            models.Index(fields=["property", "-opened_at", "-case"], name="core_search_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}"


@models.TextField.register_lookup
class Holds(models.Lookup):
    """``text__holds``: the words stand in it. As LIKE, but the planner takes every third row to match.

    Of LIKE it expects one in a hundred thousand, whatever the words: so it would fetch half of a
    register by the index where the newest fifty rows would do.
    """

    lookup_name = "holds"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """``strpos(text, words) > 0``."""
        text, given = self.process_lhs(compiler, connection)
        words, typed = self.process_rhs(compiler, connection)
        return f"strpos({text}, {words}) > 0", (*given, *typed)
