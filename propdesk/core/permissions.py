"""Who may administer a house: staff, roles, deputies, shifts, places, settings (decision 2)."""

from propdesk.core.roles import DUTY, MANAGERS, Grant, Role, Table

ADMINISTERS = frozenset({Role.ADMIN, Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER})
TOP = frozenset({Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER, Role.ADMIN})
"""Ranks given, ended and looked after by 总物业经理 or 管理员 only, and never given to oneself."""

_EVERYBODY = Grant(any=frozenset(Role))
_HOUSE = Grant(any=ADMINISTERS)
_DUTY = Grant(any=DUTY)
_TOP = Grant(any=frozenset({Role.GENERAL_MANAGER, Role.ADMIN}))
_ROSTER = Grant(any=ADMINISTERS | {Role.DUTY_MANAGER})
_DEPUTIES = Grant(any=_TOP.any, own=frozenset(Role))

ACTIONS: Table = {
    "read_house": _HOUSE,
    "read_shifts": _EVERYBODY,
    # What happened at the door, of the people of the house: no case is named in it.
    "read_log_ins": _HOUSE,
    "create_user": _HOUSE,
    "edit_user": _HOUSE,
    "edit_top_user": _TOP,
    "deactivate_user": _HOUSE,
    "reactivate_user": _HOUSE,
    "reset_password": _HOUSE,
    "give_role": _HOUSE,
    "give_top_role": _TOP,
    "end_role": _HOUSE,
    "end_top_role": _TOP,
    "create_department": _HOUSE,
    "edit_department": _HOUSE,
    "retire_department": _HOUSE,
    "name_deputy": _DEPUTIES,
    "revoke_deputy": _DEPUTIES,
    "plan_shift": _ROSTER,
    "copy_week": _ROSTER,
    "cancel_shift": _ROSTER,
    "create_place": _HOUSE,
    "edit_place": _HOUSE,
    "retire_place": _HOUSE,
    "import_places": _HOUSE,
    "import_staff": _HOUSE,
    "save_settings": _HOUSE,
    # SOP 2.G: how long found things are kept is for 总物业经理 to say.
    "change_retention": Grant(any=frozenset({Role.GENERAL_MANAGER})),
    "first_run": _HOUSE,
    # Where notices go besides the inbox (ADR 0032); what failed names cases, so 管理员 stays out.
    "read_robots": _HOUSE,
    "save_robot": _HOUSE,
    "try_robot": _HOUSE,
    "save_mail_rules": _HOUSE,
    "save_own_mail_rule": _EVERYBODY,
    "read_failed": Grant(any=MANAGERS),
    "resend": Grant(any=MANAGERS),
    # The certificate a reader trusts, and the change of the key behind it (ADR 0028).
    "read_seal": _HOUSE,
    "rotate_seal": _TOP,
    # Sealed papers of a case he may see, and what is put right beside them (F12).
    "read_sealed": Grant(any=DUTY),
    "append": Grant(any=frozenset({Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER})),
    "read_over": _DUTY,
    # 停电包 (F11): whoever runs a shift prints it, and settles what was written on paper.
    "read_pack": _DUTY,
    "make_pack": _DUTY,
    "settle_blank": _DUTY,
    # What leaves the house answers to law (PIPL 23): 物业经理 or 总物业经理.
    "give_copy": Grant(any=MANAGERS),
    # What is kept beyond its term, and when the rest goes (PIPL 19, 47; F8, ADR 0042). A hold protects
    # whoever has a claim against the house: it ends by a higher rank than it may begin.
    "read_retention": Grant(any=MANAGERS),
    "set_hold": Grant(any=MANAGERS),
    "lift_hold": Grant(any=frozenset({Role.GENERAL_MANAGER})),
    "purge": Grant(any=MANAGERS),
    # What is on record about a person, for him to have (PIPL 45).
    "export_person": Grant(any=MANAGERS),
}
