"""Files, signatures, the signed report and its sealed bytes."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from propdesk.core.models.cases import Case
from propdesk.core.models.people import Department, Property, User
from propdesk.core.models.seals import SealKey
from propdesk.core.roles import Role


class Attachment(models.Model):
    """A photo or scan: our own re-encoding only, private, never deleted, at most struck out."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="attachments")
    file = models.FileField(upload_to="photos/%Y/%m/")
    print_file = models.FileField(upload_to="photos/%Y/%m/")
    sha256 = models.CharField(max_length=64)
    print_sha256 = models.CharField(max_length=64, blank=True, default="", db_default="")
    """Of ``print_file``; "" on photos of before it was kept."""
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    caption = models.CharField(_("说明"), max_length=80, blank=True)
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    removed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    removed_reason = models.CharField(max_length=200, blank=True)

    ADDED_LATER: ClassVar = {"print_sha256": ""}

    class Meta:
        verbose_name = verbose_name_plural = _("附件")
        indexes = [models.Index(fields=["file"]), models.Index(fields=["print_file"])]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "sha256"],
                condition=Q(removed_at=None),
                name="core_attachment_once",
                violation_error_message=_("这张照片已经上传过。"),
            ),
            models.CheckConstraint(
                name="core_attachment_removed_complete",
                condition=Q(removed_at=None, removed_by=None)
                | (Q(removed_at__isnull=False, removed_by__isnull=False) & ~Q(removed_reason="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.sha256[:8]}"


class StaffSignature(models.Model):
    """The drawn signature a member of staff keeps; drawing a new one ends the old one."""

    user = models.ForeignKey(User, models.PROTECT, related_name="signatures")
    image = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("签名")
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(ended_at=None), name="core_staffsignature_current"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id}"


class Report(models.Model):
    """《事故报告》: facts of forms.md 1.2; its sign-off runs through ``ReportBox`` rows."""

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        SUBMITTED = "submitted", _("待签批")
        SENT_BACK = "sent_back", _("退回修改")
        SIGNED = "signed", _("已签批")
        SUPERSEDED = "superseded", _("已被新版取代")

    class Secrecy(models.TextChoices):
        NORMAL = "normal", _("一般")
        INTERNAL = "internal", _("内部")
        CONFIDENTIAL = "confidential", _("保密")

    case = models.ForeignKey(Case, models.PROTECT, related_name="reports")
    property = models.ForeignKey(Property, models.PROTECT, related_name="+")
    number = models.CharField(_("编号"), max_length=20)
    version = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    round = models.PositiveSmallIntegerField(default=0)
    secrecy = models.CharField(_("密级"), max_length=12, choices=Secrecy, default=Secrecy.INTERNAL)
    severity = models.CharField(max_length=10, blank=True)
    occurred_at = models.DateTimeField(_("发生时间"), null=True, blank=True)
    discovered_at = models.DateTimeField(_("发现时间"), null=True, blank=True)
    reported_at = models.DateTimeField(_("报告时间"), null=True, blank=True)
    place = models.CharField(_("地点"), max_length=160, blank=True)
    witnesses = models.TextField(_("见证人"), blank=True)
    narrative = models.TextField(_("事件经过"), blank=True)
    measures = models.TextField(_("采取的措施"), blank=True)
    cause_direct = models.TextField(_("直接原因"), blank=True)
    cause_indirect = models.TextField(_("间接原因"), blank=True)
    injured = models.PositiveSmallIntegerField(_("受伤人数"), default=0)
    loss_yuan = models.DecimalField(
        _("财物损失初估（元）"), max_digits=12, decimal_places=2, default=0
    )
    result = models.TextField(_("处理结果"), blank=True)
    reaction = models.TextField(_("客户反应"), blank=True)
    improvement = models.TextField(_("改进建议"), blank=True)
    improve_department = models.ForeignKey(
        Department,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("责任部门"),
    )
    improve_by = models.DateField(_("完成期限"), null=True, blank=True)
    police = models.CharField(_("报警或报主管部门"), max_length=200, blank=True)
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    signed_at = models.DateTimeField(null=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("事故报告")
        constraints = [
            models.UniqueConstraint(
                fields=["property", "number", "version"], name="core_report_number"
            ),
            models.UniqueConstraint(
                fields=["case"],
                condition=~Q(state="superseded"),
                name="core_report_one_current",
                violation_error_message=_("这件投诉已有一份《事故报告》。"),
            ),
            models.CheckConstraint(
                name="core_report_times_in_order",
                # NULL on either side makes a comparison unknown, and a check that is unknown holds.
                # What was signed before this rule is frozen and must still be able to move on.
                condition=~Q(state__in=["draft", "submitted"])
                | (
                    Q(occurred_at__lte=F("discovered_at"))
                    & Q(discovered_at__lte=F("reported_at"))
                    & Q(occurred_at__lte=F("reported_at"))
                ),
                violation_error_message=_("发生、发现、报告的时间要依次不早于前一个。"),
            ),
            models.CheckConstraint(
                name="core_report_signed_has_time",
                condition=~Q(state="signed") | Q(signed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ReportBox(models.Model):
    """One box of the sign-off of one round: who must sign, who did, with which opinion."""

    class Decision(models.TextChoices):
        PENDING = "pending", _("待签")
        APPROVED = "approved", _("同意")
        SENT_BACK = "sent_back", _("退回修改")

    report = models.ForeignKey(Report, models.PROTECT, related_name="boxes")
    round = models.PositiveSmallIntegerField()
    position = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=20, choices=Role)
    title = models.CharField(max_length=40)
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="+")
    decision = models.CharField(max_length=10, choices=Decision, default=Decision.PENDING)
    signer = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    on_behalf_of = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    opinion = models.TextField(blank=True)
    decided_at = models.DateTimeField(null=True)
    signature = models.ForeignKey(StaffSignature, models.PROTECT, null=True, related_name="+")
    content_sha = models.CharField(max_length=64, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("签批")
        constraints = [
            models.UniqueConstraint(
                fields=["report", "round", "position"], name="core_reportbox_position"
            ),
            models.UniqueConstraint(
                fields=["report", "round", "signer"],
                condition=Q(signer__isnull=False),
                name="core_reportbox_four_eyes",
                violation_error_message=_("同一人不能签两栏。"),
            ),
            models.CheckConstraint(
                name="core_reportbox_decided_complete",
                condition=Q(decision="pending", signer=None, decided_at=None)
                | (
                    Q(decision="approved", signer__isnull=False, signature__isnull=False)
                    & Q(decided_at__isnull=False)
                )
                | (
                    Q(decision="sent_back", signer__isnull=False, decided_at__isnull=False)
                    & ~Q(opinion="")
                ),
                violation_error_message=_("签批须有签名与时间，退回须写明原因。"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["role", "report"], condition=Q(decision="pending"), name="core_box_pending"
            )
        ]

    def __str__(self) -> str:
        return f"{self.report_id}/{self.position} {self.title}"


class Document(models.Model):
    """Bytes of a printed paper, kept as they were sealed; served ever after.

    A list (register, notice board) belongs to the ``property``, everything else to a ``case``.
    ``sha256`` is that of the stored bytes, signatures included; ``unsigned_sha256`` that of the
    same paper before it was signed, which printing the same data gives again (ADR 0028).
    """

    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="documents")
    property = models.ForeignKey(Property, models.PROTECT, null=True, related_name="+")
    report = models.ForeignKey(Report, models.PROTECT, null=True, related_name="documents")
    kind = models.CharField(max_length=20)
    number = models.CharField(max_length=20)
    version = models.PositiveSmallIntegerField()
    sealed = models.BooleanField()
    file = models.FileField(upload_to="papers/%Y/%m/")
    sha256 = models.CharField(max_length=64)
    data_sha256 = models.CharField(max_length=64)
    verify_code = models.CharField(max_length=40)
    audit_head = models.CharField(max_length=64)
    unsigned_sha256 = models.CharField(max_length=64, blank=True, default="")
    seal = models.ForeignKey(SealKey, models.PROTECT, null=True, related_name="+")
    signatures = models.PositiveSmallIntegerField(default=0)
    pages = models.PositiveSmallIntegerField()
    size = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    ADDED_LATER = {"property_id": None, "unsigned_sha256": "", "seal_id": None, "signatures": 0}

    class Meta:
        verbose_name = verbose_name_plural = _("文书")
        constraints = [
            models.UniqueConstraint(
                fields=["report", "kind"],
                condition=Q(sealed=True, report__isnull=False),
                name="core_document_sealed_once",
            ),
            models.UniqueConstraint(
                fields=["case", "kind"],
                condition=Q(sealed=True, report=None),
                name="core_document_sealed_case_once",
            ),
            models.CheckConstraint(
                name="core_document_of_case_or_list",
                condition=Q(case__isnull=False, property=None)
                | Q(case=None, property__isnull=False, sealed=False),
            ),
            models.CheckConstraint(
                name="core_document_signed_complete",
                condition=Q(seal=None, unsigned_sha256="", signatures=0)
                | (Q(sealed=True, seal__isnull=False, signatures__gt=0) & ~Q(unsigned_sha256="")),
            ),
        ]
        indexes = [
            models.Index(fields=["case", "kind", "-id"]),
            models.Index(fields=["verify_code"]),
            models.Index(fields=["sha256"], condition=Q(sealed=True), name="core_document_sha"),
            models.Index(fields=["file"]),
        ]

    def __str__(self) -> str:
        return self.number


class CopyLog(models.Model):
    """Who opened, downloaded or printed which paper, and when."""

    document = models.ForeignKey(Document, models.PROTECT, related_name="copies")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    how = models.CharField(max_length=10)

    class Meta:
        verbose_name = verbose_name_plural = _("调阅")

    def __str__(self) -> str:
        return f"{self.document_id} {self.how}"


class RenderJob(models.Model):
    """A paper to be made by the worker; swept like the outbox, so no broker is needed for truth."""

    class State(models.TextChoices):
        PENDING = "pending", _("排队中")
        DONE = "done", _("已生成")
        FAILED = "failed", _("未能生成")

    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="render_jobs")
    property = models.ForeignKey(Property, models.PROTECT, null=True, related_name="+")
    params = models.JSONField(default=dict)
    """What a list shows: filters and days, never anything personal."""
    report = models.ForeignKey(Report, models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=20)
    sealed = models.BooleanField(default=False)
    case_version = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    requested_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField()
    next_try_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    document = models.ForeignKey(Document, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = _("制表")
        constraints = [
            models.UniqueConstraint(
                fields=["case", "kind", "case_version", "sealed"],
                condition=Q(state="pending"),
                name="core_renderjob_once",
            ),
            models.CheckConstraint(
                name="core_renderjob_of_case_or_list",
                condition=Q(case__isnull=False, property=None)
                | Q(case=None, property__isnull=False, sealed=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at", "id"], condition=Q(state="pending"), name="core_job_pending"
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.kind}"
