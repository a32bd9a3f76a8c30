"""Who came to the door, and what became of it: log-ins, refusals, changes of the second step."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from propdesk.core.models.people import User


class LoginEvent(models.Model):
    """One thing that happened at the door; insert-only, kept for ``log_ins.KEEP``. No name in it.

    ``user`` is empty when the number typed belongs to nobody: what was typed may be a password in the
    wrong field, so it is not kept.
    """

    class What(models.TextChoices):
        IN = "in", _("登录")
        OUT = "out", _("退出")
        WRONG_PASSWORD = "wrong_password", _("密码不对")
        WRONG_CODE = "wrong_code", _("第二步没有通过")
        LOCKED = "locked", _("连续输错，暂停登录")
        CLOSED = "closed", _("账号已停用")
        PROVED = "proved", _("再次确认本人")
        SECOND_ON = "second_on", _("启用第二步")
        SECOND_OFF = "second_off", _("停用第二步")
        SECOND_NEW = "second_new", _("更换备用码")
        NEW_PASSWORD = "new_password", _("本人改密码")
        ENDED = "ended", _("让别处退出")

    class How(models.TextChoices):
        NONE = "", ""
        PASSWORD = "password", _("密码")
        TOTP = "totp", _("验证器")
        PASSKEY = "webauthn", _("通行密钥")
        CODES = "recovery_codes", _("备用码")

    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    what = models.CharField(max_length=16, choices=What)
    how = models.CharField(max_length=16, choices=How, blank=True)
    device = models.CharField(max_length=40, blank=True)
    address = models.GenericIPAddressField(null=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = _("登录记录")
        constraints = [
            models.CheckConstraint(
                name="core_loginevent_who",
                condition=Q(user__isnull=False)
                | Q(what__in=["wrong_password", "wrong_code", "locked"]),
            )
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="core_loginevent_user"),
            models.Index(fields=["at"], name="core_loginevent_at"),
        ]

    def __str__(self) -> str:
        return f"{self.get_what_display()} {self.at:%Y-%m-%d %H:%M}"
