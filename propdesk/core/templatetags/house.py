"""Filters of the pages of a house."""

from collections.abc import Iterable

from django import template

from propdesk.core.roles import Role

register = template.Library()


@register.filter
def role_labels(values: Iterable[str] | None) -> str:
    """Return "值班经理、前台" for role values, in the order of rank the table has."""
    held = set(values or ())
    return "、".join(str(role.label) for role in Role if role.value in held)
