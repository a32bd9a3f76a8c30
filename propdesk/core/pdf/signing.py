"""PAdES signatures of sealed papers (ADR 0028): made by the worker, checked when somebody asks.

The house's seal certifies the paper, each signature on it follows as one more PDF signature in its
order, and the last one closes the file: whatever is appended or altered after it shows. pyHanko is
imported on first use, so that no web process pays for it before somebody verifies.
"""

import asyncio
import datetime as dt
import functools
import gc
import io
import logging
import re
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")
RESERVED = 4000
"""Hex digits kept for one signature: it takes some 2,000 with the certificate of a house."""
SEAL = "Seal"
APPROVAL = "Approval{}"
_CODE = re.compile(rb"PropDesk ([A-Z2-7]{16})\)")


@dataclass(frozen=True, slots=True)
class Signer:
    """What signs: certificate, its private key (PKCS #8) and the certificate that issued it, as DER."""

    certificate: bytes
    private_key: bytes
    issuer: bytes


@dataclass(frozen=True, slots=True)
class Approval:
    """One signature that stands on the paper: who, and as what, when, with which opinion."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Signatures:
    """What the signatures of a file say: how many, and whether each holds and nothing follows."""

    count: int
    intact: bool

    @property
    def state(self) -> str:
        """``none``, ``valid`` or ``broken``."""
        if not self.count:
            return "none"
        return "valid" if self.intact else "broken"


def sign(
    pdf: bytes,
    signer: Signer,
    *,
    code: str,
    title: str,
    approvals: Sequence[Approval] = (),
) -> bytes:
    """The paper with the house's seal and, in order, one signature for each of ``approvals``.

    The time all of them claim is now, when it is sealed; when somebody approved is in his reason.
    ``code`` is the verify code: a copy that was altered later is still recognised by it.
    """
    from propdesk.core.pdf.revisions import Revisions

    steps = [(SEAL, "", title)]
    steps += [(APPROVAL.format(n), each.name, each.reason) for n, each in enumerate(approvals, 1)]
    with _quiet():
        paper = Revisions(pdf)
        _add_fields(paper, [field for field, _name, _reason in steps])
        _run(_sign_all(paper, _signer(signer), steps, code))
        return paper.whole()


def _run(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine of pyHanko returns; in a thread of its own where an event loop runs already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, work).result()


def _add_fields(paper: Any, names: Sequence[str]) -> None:
    """The empty fields of all signatures, so that the seal covers which of them are to follow.

    Filling the last of several closes the file.
    """
    from pyhanko.sign.fields import (
        FieldMDPAction,
        FieldMDPSpec,
        MDPPerm,
        SigFieldSpec,
        append_signature_field,
    )

    fields = [SigFieldSpec(name) for name in names]
    if len(fields) > 1:
        fields[-1] = SigFieldSpec(
            names[-1],
            doc_mdp_update_value=MDPPerm.NO_CHANGES,
            field_mdp_spec=FieldMDPSpec(FieldMDPAction.ALL),
        )
    for field in fields:
        append_signature_field(paper, field)


async def _sign_all(paper: Any, hand: Any, steps: list[tuple[str, str, str]], code: str) -> None:
    from pyhanko.sign.signers import PdfSigner

    for number, (field, name, reason) in enumerate(steps, start=1):
        if number > 1:
            paper.begin_next()
        meta = _meta(field, name, reason, code=code, first=number == 1, last=number == len(steps))
        await PdfSigner(meta, hand).async_sign_pdf(
            paper, existing_fields_only=True, bytes_reserved=RESERVED, in_place=True
        )


def check(
    pdf: bytes, roots: Sequence[bytes], certificate: bytes = b"", *, at: dt.datetime | None = None
) -> Signatures:
    """Whether every signature holds, comes from one of ``roots`` (DER) and the last covers all.

    Certificates are judged as of ``at``, when the paper was sealed by the house's own record (now by
    default): one that has run out since holds what it sealed.

    Every one must be made with ``certificate`` (DER) when it is given: a seal that leaked after it
    was retired still comes from a root, but is not the one recorded with the paper.

    The last one covers the whole file and only the house can make it, so nothing else was added;
    comparing every revision with the one before would say no more and take a hundred times as long.
    A file that cannot be read has no signature that holds.
    """
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import async_validate_pdf_signature
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    with _quiet():
        try:
            found = list(PdfFileReader(io.BytesIO(pdf)).embedded_signatures)
            statuses = [
                _run(async_validate_pdf_signature(each, _trust(tuple(roots), at), skip_diff=True))
                for each in found
            ]
        except Exception:  # noqa: BLE001 -- a broken file breaks a parser in any way it likes
            return Signatures(count=1, intact=False)
        whole = SignatureCoverageLevel.ENTIRE_FILE
        holds = all(status.intact and status.valid and status.trusted for status in statuses)
        covered = bool(statuses) and statuses[-1].coverage == whole
        ordered = [each.field_name for each in found] == _names(len(found))
        mine = not certificate or all(each.signer_cert.dump() == certificate for each in found)
    return Signatures(len(found), holds and covered and ordered and mine)


def attached(pdf: bytes) -> bytes:
    """The record inside one of our papers; "" when it cannot be read. Not for files of strangers."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    try:
        file = PdfFileReader(io.BytesIO(pdf)).root["/AF"][0]["/EF"]["/F"]
        return bytes(file.data)
    except Exception:  # noqa: BLE001 -- as in ``check``
        return b""


def code_in(data: bytes) -> str:
    """The verify code a sealed paper carries in its seal; "" for any other file.

    Looks at the bytes only and parses nothing: this is asked of files strangers send.
    """
    found = _CODE.search(data)
    letters = found.group(1).decode() if found else ""
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def _names(count: int) -> list[str]:
    return [SEAL, *[APPROVAL.format(number) for number in range(1, count)]][:count]


@contextmanager
def _quiet() -> Iterator[None]:
    """No collector meanwhile, as in a render; what pyHanko logs of a bad file is our answer."""
    running = gc.isenabled()
    gc.disable()
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        if running:
            gc.enable()


def _signer(signer: Signer) -> Any:
    from asn1crypto import keys
    from pyhanko.sign.signers import SimpleSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register(_certificate(signer.issuer))
    hand = SimpleSigner(
        signing_cert=_certificate(signer.certificate),
        signing_key=keys.PrivateKeyInfo.load(signer.private_key),
        cert_registry=store,
        embed_roots=False,
    )
    hand.signed_attr_prov_spec = _named_certificate(signer.certificate)
    return hand


def _named_certificate(der: bytes) -> Any:
    """What PAdES wants signed beside the digest: which certificate signs, put into bytes once.

    pyHanko would build it anew for each signature, which was half the cost of one.
    """
    from asn1crypto.tsp import SigningCertificateV2
    from pyhanko.sign.attributes import SignedAttributeProviderSpec, SigningCertificateV2Provider
    from pyhanko.sign.general import as_signing_certificate_v2

    certificate = _certificate(der)
    written = as_signing_certificate_v2(certificate).dump()

    class Ready(SigningCertificateV2Provider):
        async def build_attr_value(self, dry_run: bool = False) -> SigningCertificateV2:
            return SigningCertificateV2.load(written)

    class Attributes(SignedAttributeProviderSpec):
        def signed_attr_providers(self, data_digest: bytes, digest_algorithm: str) -> list[Ready]:
            return [Ready(certificate)]

    return Attributes()


def _certificate(der: bytes) -> Any:
    from asn1crypto import x509

    return x509.Certificate.load(der)


@functools.lru_cache(maxsize=8)
def _roots(certificates: tuple[bytes, ...]) -> list[Any]:
    return [_certificate(each) for each in certificates]


def _trust(certificates: tuple[bytes, ...], at: dt.datetime | None) -> Any:
    from pyhanko_certvalidator import ValidationContext

    return ValidationContext(
        trust_roots=_roots(certificates),
        allow_fetching=False,
        revocation_mode="soft-fail",
        moment=at,
    )


def _meta(field: str, name: str, reason: str, *, code: str, first: bool, last: bool) -> Any:
    from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
    from pyhanko.sign.signers import PdfSignatureMetadata

    return PdfSignatureMetadata(
        field_name=field,
        name=name or None,
        reason=reason or None,
        # Letters only: anything else would be escaped, and ``code_in`` reads no escapes.
        location=f"PropDesk {code.replace('-', '')}" if code else None,
        certify=first,
        docmdp_permissions=MDPPerm.NO_CHANGES if last else MDPPerm.FILL_FORMS,
        subfilter=SigSeedSubFilter.PADES,
        md_algorithm="sha256",
    )
