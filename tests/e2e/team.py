"""A house with rooms and one person for every part of a complaint, made in the test database."""

from dataclasses import dataclass, field

from propdesk.core import signatures
from propdesk.core.models import Department, Place, Property, User
from propdesk.core.roles import Role
from tests.factories import DepartmentFactory, PlaceFactory, PropertyFactory, member
from tests.incidents.journey import drawn


@dataclass
class Team:
    """Nobody has a signature yet: ``sign`` keeps one."""

    prop: Property = field(default_factory=lambda: PropertyFactory(code="lanwan", name="蓝湾公寓"))

    def __post_init__(self) -> None:
        self.works: Department = DepartmentFactory(property=self.prop, name="工程部")
        self.dm = member(self.prop, Role.DUTY_MANAGER, name="周敏", username="1001")
        self.pm = member(self.prop, Role.PROPERTY_MANAGER, name="张岚", username="1010")
        self.gm = member(self.prop, Role.GENERAL_MANAGER, name="陈国栋", username="1011")
        self.guard = member(self.prop, Role.SECURITY, name="赵强", username="1030")
        self.admin = member(self.prop, Role.ADMIN, name="何平", username="1099")
        self.engineer = member(
            self.prop, Role.ENGINEERING, department=self.works, name="李工", username="1040"
        )
        self.head = member(
            self.prop,
            Role.DEPARTMENT_MANAGER,
            department=self.works,
            name="韩冰",
            username="1044",
        )
        building = PlaceFactory(property=self.prop, kind=Place.Kind.BUILDING, name="A座", code="A")
        self.room: Place = PlaceFactory(
            property=self.prop,
            kind=Place.Kind.ROOM,
            name="1806",
            code="A-1806",
            label="A座 1806",
            parent=building,
        )

    def sign(self, *people: User) -> None:
        """Keep a signature of each."""
        for person in people:
            signatures.keep(person, drawn())

    def url(self, path: str = "") -> str:
        """The address of a page of the house."""
        return f"/p/{self.prop.code}/{path}"
