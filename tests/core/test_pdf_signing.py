"""Signatures of sealed papers: they hold, they are the house's, and whatever comes after shows."""

import asyncio
import datetime as dt
import hashlib
import io
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pikepdf
import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from propdesk.core import seals
from propdesk.core.papers import render_html
from propdesk.core.pdf import signing
from propdesk.core.pdf.render import render
from propdesk.core.pdf.signing import Approval, Signatures, Signer
from tests.core import paper_samples as samples

CODE = "ABCD-EFGH-IJKL-MN23"
CHAIN = (Approval("周敏", "值班经理，2026-11-20 17:02 同意"), Approval("陈国栋", "物业经理，同意"))
DER = serialization.Encoding.DER


def _made(name, issuer=None):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[1].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=9))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(seals._usage(seal=issuer is not None), critical=True)
        .sign(issuer[0] if issuer else key, hashes.SHA256())
    )
    return key, certificate


def house(name):
    """The signer of a house, and the root its papers are checked with."""
    authority = _made(f"{name} CA")
    return seal_of(authority, name), authority[1].public_bytes(DER)


def seal_of(authority, name):
    """One more seal of an authority."""
    key, certificate = _made(f"{name} seal", authority)
    private = key.private_bytes(
        DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Signer(certificate.public_bytes(DER), private, authority[1].public_bytes(DER))


@pytest.fixture(scope="module")
def ours():
    return house("Ours")


@pytest.fixture(scope="module")
def printed():
    paper = samples.incident()
    return render(
        render_html(paper),
        assets=samples.assets(paper),
        data=paper.to_data(),
        frozen_at=dt.datetime(2026, 11, 20, 9, 10, tzinfo=dt.UTC),
    )


@pytest.fixture(scope="module")
def sealed(ours, printed):
    return signing.sign(printed.pdf, ours[0], code=CODE, title="封存", approvals=CHAIN)


def apart(work):
    """Run in a thread of its own: a browser test before may have left this one a running loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def test_untouched_paper_verifies_with_all_its_signatures(ours, sealed):
    assert signing.check(sealed, [ours[1]]) == Signatures(count=3, intact=True)


def test_signing_and_checking_work_inside_a_running_loop(ours, printed):
    async def inside():
        pdf = signing.sign(printed.pdf, ours[0], code=CODE, title="封存", approvals=CHAIN)
        return signing.check(pdf, [ours[1]])

    assert apart(lambda: asyncio.run(inside())) == Signatures(count=3, intact=True)


def test_paper_without_approvals_is_closed_by_its_seal(ours, printed):
    alone = signing.sign(printed.pdf, ours[0], code=CODE, title="封存")

    assert signing.check(alone, [ours[1]]) == Signatures(count=1, intact=True)


def test_signatures_in_other_fields_than_those_of_the_house_are_told(ours, printed, monkeypatch):
    with monkeypatch.context() as other:
        other.setattr(signing, "APPROVAL", "Witness{}")
        pdf = signing.sign(printed.pdf, ours[0], code=CODE, title="封存", approvals=CHAIN)

    assert signing.check(pdf, [ours[1]]) == Signatures(count=3, intact=False)


def test_another_seal_of_the_same_house_is_not_the_one_recorded(printed):
    authority = _made("House CA")
    first, leaked = (seal_of(authority, name) for name in ("first", "leaked"))
    root = authority[1].public_bytes(DER)
    pdf = signing.sign(printed.pdf, leaked, code=CODE, title="封存", approvals=CHAIN)

    assert signing.check(pdf, [root], leaked.certificate).state == "valid"
    assert signing.check(pdf, [root], first.certificate).state == "broken"


def test_certificate_that_ran_out_holds_what_it_sealed(ours, sealed):
    now = dt.datetime.now(dt.UTC)
    with time_machine.travel(now + dt.timedelta(days=10), tick=False):
        found = [signing.check(sealed, [ours[1]], at=at).state for at in (None, now)]

    assert found == ["broken", "valid"]


def test_signed_bytes_begin_with_the_printed_ones(printed, sealed):
    assert sealed.startswith(printed.pdf)


def test_unsigned_paper_has_no_signature(ours, printed):
    assert signing.check(printed.pdf, [ours[1]]).state == "none"


def test_every_approval_verifies_by_the_full_rules_and_names_its_signer(ours, sealed):
    from asn1crypto.x509 import Certificate
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    trust = ValidationContext(trust_roots=[Certificate.load(ours[1])], allow_fetching=False)
    found = PdfFileReader(io.BytesIO(sealed)).embedded_signatures

    judged = apart(lambda: [validate_pdf_signature(each, trust).bottom_line for each in found])
    assert judged == [True] * 3
    assert [str(each.sig_object.get("/Name", "")) for each in found] == ["", "周敏", "陈国栋"]
    assert [str(each.sig_object["/Reason"]) for each in found] == [
        "封存",
        *[each.reason for each in CHAIN],
    ]


def test_every_signature_names_the_certificate_that_made_it(ours, sealed):
    from pyhanko.pdf_utils.reader import PdfFileReader

    found = PdfFileReader(io.BytesIO(sealed)).embedded_signatures
    named = []
    for each in found:
        attributes = {
            attribute["type"].native: attribute["values"][0]
            for attribute in each.signer_info["signed_attrs"]
        }
        assert sorted(attributes) == ["content_type", "message_digest", "signing_certificate_v2"]
        named.append(attributes["signing_certificate_v2"]["certs"][0]["cert_hash"].native)

    assert named == [hashlib.sha256(ours[0].certificate).digest()] * 3


def revisions(pdf):
    """The file as it stood after the print and after each signature."""
    ends = [at.end() for at in re.finditer(rb"%%EOF\n", pdf)]
    return [pdf[:end] for end in ends]


def test_every_revision_is_a_file_of_its_own(ours, printed, sealed):
    stages = revisions(sealed)

    assert (stages[0], stages[-1]) == (printed.pdf, sealed)
    assert [signing.check(each, [ours[1]]).count for each in stages] == [0, 1, 2, 3]
    assert [signing.check(each, [ours[1]]).state for each in stages] == ["none", *["valid"] * 3]


def test_seal_covers_all_fields_and_an_approval_fills_one(sealed):
    from pyhanko.pdf_utils.reader import PdfFileReader

    reader = PdfFileReader(io.BytesIO(sealed))
    fields = reader.get_historical_root(1)["/AcroForm"]["/Fields"]
    written = [
        sum(ref not in reader.xrefs.xref_stream_refs for ref in refs)
        for refs in map(reader.xrefs.explicit_refs_in_revision, (2, 3))
    ]

    assert [str(field.get_object()["/T"]) for field in fields] == ["Seal", "Approval1", "Approval2"]
    assert written == [2, 2]


def test_every_revision_has_an_identity_of_its_own(sealed):
    identities = []
    for stage in revisions(sealed):
        with pikepdf.open(io.BytesIO(stage)) as pdf:
            identities.append([bytes(part) for part in pdf.trailer.ID])

    assert {first for first, _second in identities} == {identities[0][0]}
    assert len({second for _first, second in identities}) == len(identities) == 4


def test_paper_is_read_once_however_many_sign(ours, printed, monkeypatch):
    from pyhanko.pdf_utils.xref import XRefBuilder

    read = []
    whole = XRefBuilder.read_xrefs
    monkeypatch.setattr(XRefBuilder, "read_xrefs", lambda self: read.append(1) or whole(self))

    signing.sign(printed.pdf, ours[0], code=CODE, title="封存", approvals=CHAIN * 2)

    assert read == [1]


@pytest.mark.parametrize("where", [0.01, 0.3, 0.6, 0.9])
def test_flipped_bit_is_told(ours, sealed, printed, where):
    at = int(len(printed.pdf) * where)
    flipped = bytearray(sealed)
    flipped[at] ^= 1

    assert signing.check(bytes(flipped), [ours[1]]).state == "broken"


def test_flipped_bit_in_a_middle_signature_is_told(ours, sealed):
    at = sealed.index("周敏".encode("utf-16-be"))
    flipped = bytearray(sealed)
    flipped[at] ^= 1

    assert signing.check(bytes(flipped), [ours[1]]).state == "broken"


def edited(pdf):
    """One more revision, as an editor of PDF files appends it."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    writer.root["/Edited"] = generic.BooleanObject(True)
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_appended_revision_is_told(ours, sealed):
    changed = edited(sealed)

    assert changed.startswith(sealed)
    assert signing.check(changed, [ours[1]]).state == "broken"


def test_appended_signature_of_another_house_is_told(ours, sealed):
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.signers import PdfSignatureMetadata, sign_pdf

    stranger, root = house("Theirs")
    meta = PdfSignatureMetadata(field_name="Approval3")
    writer, hand = IncrementalPdfFileWriter(io.BytesIO(sealed)), signing._signer(stranger)
    more = apart(lambda: sign_pdf(writer, meta, hand).getvalue())

    assert signing.check(more, [ours[1]]).state == "broken"
    assert signing.check(more, [ours[1], root]).count == 4


def test_rewritten_file_is_told(ours, sealed):
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(sealed)) as pdf:
        pdf.docinfo["/Title"] = "x"
        pdf.save(out)

    assert signing.check(out.getvalue(), [ours[1]]).state == "broken"


def test_paper_of_another_house_is_not_ours(ours, printed):
    stranger, root = house("Theirs")
    forged = signing.sign(printed.pdf, stranger, code=CODE, title="封存", approvals=CHAIN)

    assert signing.check(forged, [root]).state == "valid"
    assert signing.check(forged, [ours[1]]).state == "broken"


def test_last_signature_cut_off_is_told_by_their_number(ours, sealed):
    from pyhanko.pdf_utils.reader import PdfFileReader

    last = PdfFileReader(io.BytesIO(sealed)).embedded_signatures[-1]
    shorter = sealed[: sealed.rindex(b"%%EOF", 0, last.byte_range[1]) + 6]

    assert signing.check(shorter, [ours[1]]).count == 2


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"%PDF-1.7\n" + b"x" * 999, b"PK\x03\x04"])
def test_file_that_is_none_is_broken(ours, data):
    assert signing.check(data, [ours[1]]).state == "broken"


def test_code_is_found_in_a_changed_copy_and_nowhere_else(sealed, printed):
    assert signing.code_in(edited(sealed)) == CODE
    assert signing.code_in(sealed[1000:-1000]) == CODE
    assert signing.code_in(printed.pdf) == ""


def test_signed_paper_keeps_marks_and_record(sealed, printed):
    def kept(data):
        with pikepdf.open(io.BytesIO(data)) as pdf:
            attached = pdf.attachments["incident.json"].get_file().read_bytes()
            return pdf.Root.Metadata.read_bytes(), attached, len(pdf.pages)

    assert kept(sealed) == kept(printed.pdf)


def test_pdfsig_agrees(sealed, tmp_path):
    file = tmp_path / "sealed.pdf"
    file.write_bytes(sealed)
    tool = shutil.which("pdfsig")
    if tool is None:
        pytest.skip("poppler-utils is not installed")

    told = subprocess.run([tool, str(file)], capture_output=True, text=True, check=False).stdout

    assert told.count("Signature is Valid.") == 3
    assert (told.count("Not total document signed"), told.count("Total document signed")) == (2, 1)


def test_qpdf_finds_nothing_wrong(sealed, tmp_path):
    file = tmp_path / "sealed.pdf"
    file.write_bytes(sealed)

    tool = shutil.which("qpdf") or "qpdf"
    assert subprocess.run([tool, "--check", str(file)], capture_output=True).returncode == 0


def test_signer_is_loaded_only_when_somebody_signs_or_verifies():
    code = (
        "import django, sys, os; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'tests.settings');"
        "django.setup(); import propdesk.urls; from django.urls import get_resolver;"
        "get_resolver().url_patterns;"
        "print([m for m in ('pyhanko', 'aiohttp', 'asn1crypto', 'weasyprint') if m in sys.modules])"
    )

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "[]"
