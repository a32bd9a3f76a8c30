"""What a file of places does: one row is a building, a floor, a room or a public spot."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _

from propdesk.core.house import add_many, change_many
from propdesk.core.house_import import CHANGED, NEW, UNCHANGED, Kind, Step
from propdesk.core.house_places import LABEL_LIMIT
from propdesk.core.importing import Column, Line, Problem
from propdesk.core.models import Place, Property, User

K = Place.Kind
COLUMNS: Final = (
    Column("building", "楼栋"),
    Column("floor", "楼层"),
    Column("name", "房间或公共区域"),
    Column("kind", "类型"),
    Column("code", "房号"),
)
EXAMPLES: Final = (
    ("A座", "18层", "1806", "房间", "A-1806"),
    ("A座", "1层", "大堂", "公共区域", ""),
    ("", "", "停车场 B1", "公共区域", ""),
)
_KINDS: Final = {"": "", "房间": K.ROOM, "公共区域": K.SPOT, "楼栋": K.BUILDING, "楼层": K.FLOOR}
_LIMITS: Final = {"building": 40, "floor": 40, "name": 40, "code": 20}
_HEADINGS: Final = {column.key: column.heading for column in COLUMNS}
REASON: Final = "导入地点"


@dataclass(slots=True)
class _Planner:
    """The places that are there, and those the rows read so far would make."""

    there: dict[str, Place]
    code_owner: dict[str, str]
    steps: list[Step] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    """Label to kind of everything the rows so far speak of."""

    rows: dict[str, int] = field(default_factory=dict)

    def problem(self, row: int, key: str, text: str) -> None:
        self.problems.append(Problem(row, _HEADINGS[key], text))

    def line(self, line: Line) -> None:
        """Plan one row of the file, its building and its floor included."""
        cells = line.cells
        kind = self._kind(line)
        if kind is None:
            return
        parent = ""
        if cells["building"] and kind != K.BUILDING:
            parent = self._imply(line.number, K.BUILDING, cells["building"], "")
        if cells["floor"] and kind != K.FLOOR and kind != K.BUILDING:
            parent = self._imply(line.number, K.FLOOR, cells["floor"], parent)
        own = {K.BUILDING: cells["building"], K.FLOOR: cells["floor"]}.get(K(kind), cells["name"])
        self._place(line, kind, own, parent)

    def _kind(self, line: Line) -> str | None:
        """The kind the row says or means; None after noting what is wrong with it."""
        cells, row = line.cells, line.number
        before = len(self.problems)
        for key, limit in _LIMITS.items():
            if len(cells[key]) > limit:
                self.problem(row, key, _("最多 %(limit)d 个字。") % {"limit": limit})
        if cells["kind"] not in _KINDS:
            self.problem(row, "kind", _("只能填：房间、公共区域、楼栋、楼层。"))
            return None
        meant = K.ROOM if cells["name"] else K.FLOOR if cells["floor"] else K.BUILDING
        kind = _KINDS[cells["kind"]] or meant
        needed = {K.BUILDING: "building", K.FLOOR: "floor"}.get(K(kind), "name")
        if not cells[needed]:
            self.problem(row, needed, _("这一格必填。"))
        if kind in {K.BUILDING, K.FLOOR} and cells["name"]:
            self.problem(row, "name", _("楼栋或楼层的行不填这一格。"))
        if kind == K.BUILDING and cells["floor"]:
            self.problem(row, "floor", _("楼栋的行不填楼层。"))
        if cells["floor"] and not cells["building"]:
            self.problem(row, "building", _("填了楼层也要填楼栋。"))
        return kind if len(self.problems) == before else None

    def _imply(self, row: int, kind: str, name: str, parent: str) -> str:
        """Make sure a building or floor will be there; returns its label."""
        label = f"{parent} {name}".strip()
        there = self.there.get(label)
        spoken = label in self.kinds
        if self.kinds.setdefault(label, there.kind if there else kind) != kind:
            key = "building" if kind == K.BUILDING else "floor"
            self.problem(row, key, _("“%(name)s”已是别的类型的地点。") % {"name": label})
        elif spoken:
            return label
        elif there is None or not there.is_active:
            data = {"label": label, "kind": kind, "name": name, "code": "", "parent": parent}
            state, note = (CHANGED, _("恢复使用")) if there else (NEW, "")
            self.steps.append(Step(row, state, label, note, data))
        return label

    def _place(self, line: Line, kind: str, name: str, parent: str) -> None:
        row, code = line.number, line.cells["code"]
        label = f"{parent} {name}".strip()
        if label in self.rows:
            text = _("与第 %(row)d 行相同，请删去一行。") % {"row": self.rows[label]}
            self.problem(row, "name", text)
            return
        if len(label) > LABEL_LIMIT:
            self.problem(row, "name", _("连同楼栋、楼层超过 120 个字，请缩短。"))
            return
        self.rows[label] = row
        there = self.there.get(label)
        spoken = label in self.kinds
        known = self.kinds.setdefault(label, there.kind if there else kind)
        if known != kind:
            self.problem(row, "kind", _("已有同名的“%(kind)s”。") % {"kind": K(known).label})
            return
        if code and self.code_owner.setdefault(code, label) != label:
            self.problem(
                row, "code", _("房号已用于“%(place)s”。") % {"place": self.code_owner[code]}
            )
            return
        if spoken and not code:
            return  # an earlier row has brought it along already
        self._step(
            row, there, {"label": label, "kind": kind, "name": name, "code": code, "parent": parent}
        )

    def _step(self, row: int, there: Place | None, data: dict[str, str]) -> None:
        self.steps = [s for s in self.steps if s.data["label"] != data["label"]]
        if there is None:
            self.steps.append(Step(row, NEW, data["label"], data["code"], data))
            return
        notes = []
        if data["code"] and data["code"] != there.code:
            notes.append(
                _("房号 %(old)s → %(new)s") % {"old": there.code or "—", "new": data["code"]}
            )
        if not there.is_active:
            notes.append(_("恢复使用"))
        state = CHANGED if notes else UNCHANGED
        self.steps.append(Step(row, state, data["label"], "，".join(notes), data))


def plan(prop: Property, lines: Sequence[Line], by: User) -> tuple[list[Step], list[Problem]]:
    """What the rows would do: one query, whatever their number."""
    places = list(prop.places.all())
    planner = _Planner(
        {place.label: place for place in places},
        {place.code: place.label for place in places if place.code},
    )
    for line in lines:
        planner.line(line)
    return planner.steps, planner.problems


def apply(prop: Property, steps: Sequence[Step], by: User) -> list[tuple[str, ...]]:
    """Write the steps, parents first: three statements a level for any number of rows."""
    known = {place.label: place for place in prop.places.all()}
    changed = [_changed(known[s.data["label"]], s) for s in steps if s.state == CHANGED]
    change_many(changed, "code", "is_active", by=by, reason=REASON)
    for level in ({K.BUILDING}, {K.FLOOR}, {K.ROOM, K.SPOT}):
        rows = [
            Place(
                property=prop,
                parent=known.get(step.data["parent"]),
                **{key: step.data[key] for key in ("kind", "name", "code", "label")},
            )
            for step in steps
            if step.state == NEW and step.data["kind"] in level
        ]
        known |= {place.label: place for place in add_many(rows, by=by, reason=REASON)}
    return []


def _changed(place: Place, step: Step) -> Place:
    place.code = step.data["code"] or place.code
    place.is_active = True
    return place


PLACES: Final = Kind("import_places", COLUMNS, plan, apply)
