"""One step of a migration for many operations, so that an empty database is ready in seconds.

Django renders every model related to the one an operation touches anew after each operation; here
every model is related to every other. Forty tables made one by one cost ten seconds, made together
less than one.
"""

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import (
    AddField,
    AlterField,
    CreateModel,
    RemoveField,
    RenameField,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

FIELD_OPERATIONS = (AddField, AlterField, RemoveField)


def _fields(op: Operation) -> list[tuple[str, str]]:
    """Which fields of which model an operation changes."""
    if isinstance(op, RenameField):
        return [(op.model_name_lower, op.old_name_lower), (op.model_name_lower, op.new_name_lower)]
    if isinstance(op, FIELD_OPERATIONS):
        return [(op.model_name_lower, op.name_lower)]
    return []


class Together(Operation):
    """Do ``operations`` between the state before all and the state after all of them.

    Tables made here are made as they stand in the end: what the list adds to them later is in them
    already. Raises ValueError when two operations change one field of a table that was there: the
    second needs the state between them.
    """

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = list(operations)
        self.made = {op.name_lower for op in self.operations if isinstance(op, CreateModel)}
        named = [field for op in self._asked() for field in _fields(op)]
        if len(named) != len(set(named)):
            raise ValueError("two operations of one step change the same field")

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Return how the step is written in a migration file."""
        return type(self).__name__, [], {"operations": self.operations}

    @property
    def reversible(self) -> bool:  # type: ignore[override]
        """Whether each of the operations can be taken back."""
        return all(op.reversible for op in self.operations)

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change the state without rendering a model between two operations."""
        state.__dict__.pop("apps", None)
        for op in self.operations:
            op.state_forwards(app_label, state)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Do each operation that is not yet in a table made here."""
        for op in self._asked():
            op.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Take each operation back, the last first."""
        for op in reversed(self._asked()):
            op.database_backwards(app_label, schema_editor, from_state, to_state)

    def _asked(self) -> list[Operation]:
        return [
            op for op in self.operations if getattr(op, "model_name_lower", "") not in self.made
        ]

    def describe(self) -> str:
        """Return a sentence for the output of ``migrate --plan``."""
        return "; ".join(op.describe() for op in self.operations)
