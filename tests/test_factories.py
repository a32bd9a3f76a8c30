"""What is made for a whole house at once is what would be made one by one."""

import pytest
from django.forms.models import model_to_dict

from propdesk.core import signatures
from propdesk.core.models import Membership, StaffSignature, User
from propdesk.core.roles import Role
from tests.factories import (
    PASSWORD,
    DepartmentFactory,
    Post,
    PropertyFactory,
    UserFactory,
    member,
    members,
)
from tests.incidents.journey import drawn, keep_signatures

pytestmark = pytest.mark.django_db
OWN = {"id", "username", "user", "password", "date_joined", "history_id", "history_date"}


def written(row) -> dict[str, object]:
    return {name: value for name, value in model_to_dict(row).items() if name not in OWN}


def history(model, pk: int) -> list[dict[str, object]]:
    rows = model.history.filter(id=pk).values()
    own = OWN | {"user_id"}
    return [{name: value for name, value in row.items() if name not in own} for row in rows]


def test_members_are_what_member_makes_with_their_history():
    prop = PropertyFactory()
    department = DepartmentFactory(property=prop)
    alone = member(prop, Role.SECURITY, department=department, name="李强")

    together, unnamed = members(
        prop, Post(Role.SECURITY, "李强", department), Post(Role.FRONT_DESK)
    )

    assert written(together) == written(alone)
    assert together.check_password(PASSWORD)
    assert history(User, together.pk) == history(User, alone.pk) != []
    rows = [Membership.objects.get(user=user) for user in (alone, together)]
    assert written(rows[0]) == written(rows[1])
    assert history(Membership, rows[0].pk) == history(Membership, rows[1].pk) != []
    assert unnamed.name.startswith("员工")
    assert unnamed.memberships.get().role == Role.FRONT_DESK


def test_signatures_kept_together_are_those_each_would_keep():
    alone, together = UserFactory(), UserFactory()
    kept = signatures.keep(alone, drawn())

    keep_signatures(together)

    row = StaffSignature.objects.get(user=together)
    assert (bytes(row.image), row.sha256, row.ended_at) == (
        kept.image,
        kept.sha256,
        kept.ended_at,
    )
    assert row.created_at >= kept.created_at
