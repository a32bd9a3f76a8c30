"""The keys of a house: made when they are first needed, kept encrypted, changed when told (ADR 0028).

Each house has an authority of its own, whose certificate a reader may trust once, and a seal that
authority issued. Retired certificates verify what they sealed; their keys are gone.
"""

import datetime as dt
import hashlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import audit, vault
from propdesk.core.models import Property, SealKey, User
from propdesk.core.pdf.signing import Signer
from propdesk.core.permissions import ACTIONS
from propdesk.core.roles import ensure
from propdesk.core.transitions import ConflictError, RefusedInput, is_reason, lock

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

log = logging.getLogger(__name__)
AUTHORITY_DAYS = 365 * 30
SEAL_DAYS = 365 * 20
PURPOSE = "propdesk.seal"
NAME_LIMIT = 64
"""Longest common name of a certificate (RFC 5280)."""


@dataclass(frozen=True, slots=True)
class Seal:
    """The seal in force: its row, and what signs with it."""

    row: SealKey
    signer: Signer


@transaction.atomic
def current(prop: Property) -> Seal:
    """The seal of the house; made now when there is none, or none that can be used any more.

    Of two that come first at once only one makes it: the row of the house is locked.
    """
    row = _row(prop)
    if row is None or (private := _opened(row)) is None or _has_run_out(row):
        prop = lock(prop)
        row = _row(prop)
        if row is not None and (_opened(row) is None or _has_run_out(row)):
            log.warning("seal key %s ran out or cannot be decrypted, a new one is made", row.pk)
            _retire(prop, list(SealKey.Kind), by=None, reason=_("密钥已到期或不能打开，自动换新"))
            row = None
        if row is None:
            row = _issue(prop, by=None)
        private = _opened(row)
    assert private is not None  # noqa: S101 -- made or opened just above
    return Seal(row, Signer(bytes(row.certificate), private, bytes(_issuer(row).certificate)))


@transaction.atomic
def rotate(prop: Property, *, by: User, reason: str, everything: bool = False) -> SealKey:
    """换封存章: a new seal from the same authority; ``everything`` also a new authority.

    What was sealed stays valid. Raises RefusedInput without a reason, ConflictError when there is
    no seal to change yet.
    """
    ensure(by, "rotate_seal", ACTIONS, prop=prop)
    if not is_reason(reason):
        raise RefusedInput(reason=_("请写明为什么要换。"))
    prop = lock(prop)
    row = _row(prop)
    if row is None:
        raise ConflictError(_("还没有封存章：封存第一份文书时会自动生成。"))
    lost = _opened(_issuer(row)) is None
    kinds = list(SealKey.Kind) if everything or lost else [SealKey.Kind.SEAL]
    _retire(prop, kinds, by=by, reason=reason.strip())
    return _issue(prop, by=by)


def history(prop: Property) -> list[SealKey]:
    """All certificates of the house, the newest first, with who retired them."""
    rows = SealKey.objects.filter(property=prop).select_related("retired_by", "issuer")
    return list(rows.defer("private").order_by("-pk"))


def roots(prop: Property) -> list[bytes]:
    """Every authority the house ever had, as DER: old papers are verified with old ones."""
    rows = SealKey.objects.filter(property=prop, kind=SealKey.Kind.AUTHORITY).order_by("pk")
    return [bytes(der) for der in rows.values_list("certificate", flat=True)]


def authority(prop: Property) -> SealKey | None:
    """The authority in force, whose certificate is given to whoever wants to check by himself."""
    rows = SealKey.objects.filter(property=prop, kind=SealKey.Kind.AUTHORITY, retired_at=None)
    return rows.defer("private").first()


def pem(row: SealKey) -> bytes:
    """A certificate as text, which every reader of PDF files can import."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    loaded = x509.load_der_x509_certificate(bytes(row.certificate))
    return loaded.public_bytes(Encoding.PEM)


def fingerprint(row: SealKey) -> str:
    """SHA-256 of a certificate, in groups a person can compare."""
    digits = hashlib.sha256(bytes(row.certificate)).hexdigest().upper()
    return " ".join(digits[at : at + 4] for at in range(0, 64, 4))


def _issuer(row: SealKey) -> SealKey:
    """Who issued a seal: a constraint says that somebody did."""
    if row.issuer is None:
        raise TypeError(f"seal key {row.pk} is an authority")
    return row.issuer


def _has_run_out(row: SealKey) -> bool:
    """Whether its certificate, or that of its authority, holds no more."""
    from cryptography import x509

    both = (bytes(row.certificate), bytes(_issuer(row).certificate))
    ends = (x509.load_der_x509_certificate(each).not_valid_after_utc for each in both)
    return min(ends) <= timezone.now()


def _row(prop: Property) -> SealKey | None:
    rows = SealKey.objects.filter(property=prop, kind=SealKey.Kind.SEAL, retired_at=None)
    return rows.select_related("issuer").first()


def _retire(prop: Property, kinds: list[SealKey.Kind], *, by: User | None, reason: str) -> None:
    rows = SealKey.objects.filter(property=prop, kind__in=kinds, retired_at=None)
    for row in rows.select_for_update(no_key=True).order_by("pk"):
        row.private, row.retired_at = b"", timezone.now()
        row.retired_by, row.retired_reason = by, reason
        audit.save(
            row, "private", "retired_at", "retired_by", "retired_reason", by=by, reason=reason
        )


def _issue(prop: Property, *, by: User | None) -> SealKey:
    """A new seal, and an authority for it when none is in force; the house is locked."""
    rows = SealKey.objects.filter(property=prop, kind=SealKey.Kind.AUTHORITY, retired_at=None)
    issuer = rows.first()
    if issuer is None:
        key = _new_key()
        issuer = _keep(prop, key, _certify(prop, key, None), None, by=by)
    opened = _opened(issuer)
    assert opened is not None  # noqa: S101 -- the callers retire an authority that cannot be opened
    key = _new_key()
    return _keep(prop, key, _certify(prop, key, (issuer, opened)), issuer, by=by)


def _keep(
    prop: Property,
    key: "EllipticCurvePrivateKey",
    certificate: bytes,
    issuer: SealKey | None,
    *,
    by: User | None,
) -> SealKey:
    kind = SealKey.Kind.SEAL if issuer else SealKey.Kind.AUTHORITY
    row = SealKey(
        property=prop,
        kind=kind,
        issuer=issuer,
        certificate=certificate,
        private=_closed(prop, kind, key),
        created_at=timezone.now(),
        created_by=by,
    )
    audit.save(row, by=by, reason=_("生成封存证书"))
    return row


def _new_key() -> "EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _certify(
    prop: Property, key: "EllipticCurvePrivateKey", issuer: tuple[SealKey, bytes] | None
) -> bytes:
    """A certificate for ``key`` as DER: an authority's own, or a seal's from ``issuer``."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    seal = issuer is not None
    name = _name(prop, _("封存章") if seal else _("根证书"))
    above, signing_key = name, key
    if issuer is not None:
        above = x509.load_der_x509_certificate(bytes(issuer[0].certificate)).subject
        signing_key = serialization.load_der_private_key(issuer[1], None)  # type: ignore[assignment]
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(above)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=SEAL_DAYS if seal else AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=not seal, path_length=None), critical=True)
        .add_extension(_usage(seal=seal), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(signing_key, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.DER)


def _name(prop: Property, what: str) -> "x509.Name":
    from cryptography import x509

    return x509.Name(
        [
            x509.NameAttribute(x509.NameOID.COMMON_NAME, f"{prop.name[:50]} {what}"[:NAME_LIMIT]),
            x509.NameAttribute(x509.NameOID.ORGANIZATIONAL_UNIT_NAME, f"PropDesk {prop.code}"),
        ]
    )


def _usage(*, seal: bool) -> "x509.KeyUsage":
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=seal,
        content_commitment=seal,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not seal,
        crl_sign=not seal,
        encipher_only=False,
        decipher_only=False,
    )


def _closed(prop: Property, kind: str, key: "EllipticCurvePrivateKey") -> bytes:
    """The key as PKCS #8, encrypted and bound to the house and what it is for."""
    from cryptography.hazmat.primitives import serialization

    plain = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return vault.closed(plain, PURPOSE, f"{prop.pk} {kind}")


def _opened(row: SealKey) -> bytes | None:
    """The private key as PKCS #8; None when the secret of this installation does not open it."""
    return vault.opened(bytes(row.private), PURPOSE, f"{row.property_id} {row.kind}")
