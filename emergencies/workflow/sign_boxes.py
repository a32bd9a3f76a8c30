"""Which boxes a paper of an event gets (decisions 13, 30 and 32). Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from emergencies.playbooks.vocabulary import Party, label
from propdesk.core.roles import MANAGERS, Role, Standing

APPROVERS = MANAGERS | {Role.SECURITY_MANAGER, Role.DEPARTMENT_MANAGER}
"""They sign what others wrote: nobody of them approves his own paper."""
UP = {
    Role.PROPERTY_MANAGER: Role.GENERAL_MANAGER,
    Role.GENERAL_MANAGER: Role.PROPERTY_MANAGER,
}
"""Who signs in the place of whom; everybody else's box goes to 物业经理."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One box: of a role of the house or of an outside party; ``is_author``: signed by submitting."""

    title: str
    role: str = ""
    party: str = ""
    is_author: bool = False


def route(
    sign: Sequence[str], author: Standing, *, able: Callable[[Role], bool]
) -> tuple[Wanted, ...]:
    """The boxes of a paper by this author, in the order of the playbook's ``sign`` list alone.

    填报人 and the box of his own rank are one, unless that box approves what others wrote; without one
    he signs first as 填报人. A manager's box nobody may sign (``able``), or that is the author's own,
    goes one rank up, and falls away where that rank signs anyway.
    """
    boxes = [_box(name) for name in sign]
    own = _own(boxes, author)
    if own is None:
        boxes.insert(0, Wanted(_("填报人"), role=Role.STAFF, is_author=True))
    else:
        boxes[own] = _merged(boxes[own])
    return tuple(_settled(boxes, author, able))


def _box(name: str) -> Wanted:
    if name in Party.values:
        return Wanted(label(name), party=name)
    return Wanted(label(name), role=name)


def _own(boxes: Sequence[Wanted], author: Standing) -> int | None:
    staff = [n for n, box in enumerate(boxes) if box.role]
    for n in staff:
        role = Role(boxes[n].role)
        if role == Role.STAFF or (
            role in author.task_roles and (role not in APPROVERS or n == staff[0])
        ):
            return n
    return None


def _merged(box: Wanted) -> Wanted:
    title = _("填报人") if box.role == Role.STAFF else f"{_('填报人')}／{box.title}"
    return replace(box, title=title, is_author=True)


def _settled(
    boxes: Iterable[Wanted], author: Standing, able: Callable[[Role], bool]
) -> list[Wanted]:
    boxes = list(boxes)
    given = {box.role for box in boxes if not box.is_author}
    done: list[Wanted] = []
    for box in boxes:
        if box.party or box.is_author:
            done.append(box)
            continue
        role = Role(box.role)
        own = role in APPROVERS and role in author.roles
        if not own and able(role):
            done.append(box)
            continue
        higher = _higher(role, able)
        if higher not in given:
            given.add(str(higher))
            done.append(Wanted(label(higher), role=str(higher)))
    return done


def _higher(role: Role, able: Callable[[Role], bool]) -> Role:
    """One rank up, two where nobody is there; 总物业经理 where nobody is there at all."""
    up = UP.get(role, Role.PROPERTY_MANAGER)
    if able(up) or up == Role.GENERAL_MANAGER or role == Role.GENERAL_MANAGER:
        return up
    return Role.GENERAL_MANAGER
