"""Which signatures a report needs, and in which order (decisions 13 and 32)."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core.models import Department, Membership, Property
from propdesk.core.roles import Role, Standing


@dataclass(frozen=True, slots=True)
class Box:
    """One signature wanted: of a role, within a department where one is given."""

    role: Role
    title: str
    department: Department | None = None


def route(
    prop: Property, author: Standing, *, gm_signs: bool, executed_by: Department | None
) -> list[Box]:
    """The boxes of a report by this author (decision 13).

    填报人/值班经理 is one box for a duty manager; 部门经理 only when another department executed
    and has one; 物业经理 always; 总物业经理 where ``gm_signs``. What the author may not sign himself goes
    one rank up (decision 32); above 总物业经理 there is none, his own goes to 物业经理.
    """
    gm = Box(Role.GENERAL_MANAGER, _("总物业经理"))
    pm = Box(Role.PROPERTY_MANAGER, _("物业经理"))
    if author.roles & {Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER}:
        boxes = [Box(Role.STAFF, _("填报人"))]
    elif Role.DUTY_MANAGER in author.roles:
        boxes = [Box(Role.DUTY_MANAGER, _("填报人／值班经理"))]
    else:
        boxes = [Box(Role.STAFF, _("填报人")), Box(Role.DUTY_MANAGER, _("值班经理"))]
    other = executed_by is not None and executed_by.pk not in author.departments
    if executed_by is not None and other and _has_manager(prop, executed_by):
        boxes.append(Box(Role.DEPARTMENT_MANAGER, _("部门经理"), executed_by))
    if Role.GENERAL_MANAGER in author.own:
        return [*boxes, pm]
    if Role.PROPERTY_MANAGER in author.roles:
        return [*boxes, gm]
    return [*boxes, pm, gm] if gm_signs else [*boxes, pm]


def _has_manager(prop: Property, department: Department) -> bool:
    return (
        Membership.objects.current(timezone.now())
        .filter(property=prop, department=department, role=Role.DEPARTMENT_MANAGER)
        .exists()
    )
