"""邮件规则: what is also sent by e-mail, by role and by each person for himself."""

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from propdesk.core import audit
from propdesk.core.models import Level, MailRule, Property, User
from propdesk.core.models.robots import KINDS
from propdesk.core.permissions import ACTIONS
from propdesk.core.roles import Role, ensure, standing
from propdesk.core.transitions import RefusedInput, is_reason, lock


def of_roles(prop: Property) -> dict[str, MailRule]:
    """The rule of each role; one that stands for 全部 where nobody made one."""
    made = {rule.role: rule for rule in MailRule.objects.filter(property=prop, user=None)}
    return {role: made.get(role) or MailRule(property=prop, role=role) for role in Role.values}


def own(prop: Property, user: User) -> MailRule | None:
    """What this person chose for himself."""
    return MailRule.objects.filter(property=prop, user=user).first()


def effective(prop: Property, user: User) -> dict[str, str]:
    """The level of each kind for this person now: his own, else the widest of his roles."""
    rule = own(prop, user)
    made = of_roles(prop)
    rows = [rule] if rule else [made[role] for role in standing(user, prop).roles]
    return {
        kind: max((getattr(row, kind) for row in rows), key=Level.values.index, default=Level.ALL)
        for kind in KINDS
    }


@transaction.atomic
def save_for_role(
    prop: Property, role: str, levels: Mapping[str, str], *, by: User, reason: str
) -> MailRule:
    """Set what holders of ``role`` get by e-mail who chose nothing; RefusedInput without a reason."""
    ensure(by, "save_mail_rules", ACTIONS, prop=prop)
    if not is_reason(reason):
        raise RefusedInput(reason=_("请写明为什么改。"))
    lock(prop)
    found = MailRule.objects.filter(property=prop, user=None, role=role).first()
    return _write(found or MailRule(property=prop, role=role), levels, by=by, reason=reason.strip())


@transaction.atomic
def save_own(prop: Property, levels: Mapping[str, str], *, by: User) -> MailRule:
    """Set what one gets by e-mail oneself, whatever the role says."""
    ensure(by, "save_own_mail_rule", ACTIONS, prop=prop)
    lock(prop)
    return _write(
        own(prop, by) or MailRule(property=prop, user=by), levels, by=by, reason=_("本人选择")
    )


def _write(rule: MailRule, levels: Mapping[str, str], *, by: User, reason: str) -> MailRule:
    changed = [kind for kind in KINDS if getattr(rule, kind) != levels[kind]]
    for kind in changed:
        setattr(rule, kind, levels[kind])
    if rule.pk is None:
        audit.save(rule, by=by, reason=reason)
    elif changed:
        audit.save(rule, *changed, by=by, reason=reason)
    return rule
