"""Which boxes a paper gets, by author and by who there is in the house (decisions 13, 30, 32)."""

import pytest

from emergencies.workflow.sign_boxes import Wanted, route
from propdesk.core.roles import Role, Standing

R = Role
ALL = frozenset(R)


def standing(*roles: Role) -> Standing:
    return Standing(frozenset(roles), frozenset(), own=frozenset(roles))


def boxes(sign: list[str], author: Role, there: frozenset[Role] = ALL) -> list[str]:
    """The boxes as ``role`` or ``party``, the author's own with a star."""
    found = route(sign, standing(author), able=there.__contains__)
    return [f"{box.role or box.party}{'*' if box.is_author else ''}" for box in found]


@pytest.mark.parametrize(
    ("sign", "author", "wanted"),
    [
        # 填报人 and his own rank are one box.
        (
            ["duty_manager", "property_manager"],
            R.DUTY_MANAGER,
            ["duty_manager*", "property_manager"],
        ),
        (["guest", "duty_manager"], R.DUTY_MANAGER, ["guest", "duty_manager*"]),
        (["duty_manager", "security"], R.SECURITY, ["duty_manager", "security*"]),
        (["security"], R.SECURITY_MANAGER, ["security*"]),
        (["staff", "security"], R.HOUSEKEEPING, ["staff*", "security"]),
        (["security_manager", "witness"], R.SECURITY_MANAGER, ["security_manager*", "witness"]),
        # Whoever has no box signs first as 填报人.
        (["duty_manager", "security"], R.FRONT_DESK, ["staff*", "duty_manager", "security"]),
        (["security", "police"], R.DUTY_MANAGER, ["staff*", "security", "police"]),
        # Nobody approves what he wrote: his box goes one rank up, or falls away where that signs too.
        (
            ["duty_manager", "property_manager"],
            R.PROPERTY_MANAGER,
            ["staff*", "duty_manager", "general_manager"],
        ),
        (
            ["duty_manager", "property_manager", "general_manager"],
            R.PROPERTY_MANAGER,
            ["staff*", "duty_manager", "general_manager"],
        ),
        (
            ["duty_manager", "security_manager", "general_manager"],
            R.SECURITY_MANAGER,
            ["staff*", "duty_manager", "property_manager", "general_manager"],
        ),
        (
            ["duty_manager", "general_manager"],
            R.GENERAL_MANAGER,
            ["staff*", "duty_manager", "property_manager"],
        ),
    ],
)
def test_route_by_author(sign: list[str], author: Role, wanted: list[str]) -> None:
    assert boxes(sign, author) == wanted


def test_route_of_a_rank_nobody_holds_goes_up_once() -> None:
    without = ALL - {R.SECURITY_MANAGER}
    sign = ["duty_manager", "security_manager", "general_manager"]
    wanted = ["duty_manager*", "property_manager", "general_manager"]
    assert boxes(sign, R.DUTY_MANAGER, without) == wanted

    small = ALL - {R.SECURITY_MANAGER, R.PROPERTY_MANAGER}
    assert boxes(sign, R.DUTY_MANAGER, small) == ["duty_manager*", "general_manager"]


def test_title_of_the_author_s_box_says_both() -> None:
    both, other = route(
        ["duty_manager", "property_manager"], standing(R.DUTY_MANAGER), able=ALL.__contains__
    )
    assert both == Wanted("填报人／值班经理", role="duty_manager", is_author=True)
    assert other == Wanted("物业经理", role="property_manager")
