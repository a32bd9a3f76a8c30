"""The certificate authority of the house and the server certificate it signs."""

import datetime as dt
import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from propdesk.localstack import tls

NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
NAMES = ["localhost", "desk.local", "192.168.1.5"]


@pytest.fixture
def directory(tmp_path):
    target = tmp_path / "tls"
    tls.make(target, NAMES, NOW)
    return target


def _certificates(directory):
    return x509.load_pem_x509_certificates((directory / "server.crt").read_bytes())


def test_server_certificate_is_signed_by_the_authority(directory):
    server, authority = _certificates(directory)

    server.verify_directly_issued_by(authority)
    assert authority == x509.load_pem_x509_certificate((directory / "ca.crt").read_bytes())
    key = load_pem_private_key((directory / "server.key").read_bytes(), None)
    assert key.public_key() == server.public_key()


def test_server_certificate_names_and_life(directory):
    server = _certificates(directory)[0]
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    assert names.get_values_for_type(x509.DNSName) == ["localhost", "desk.local"]
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["192.168.1.5"]
    assert (server.not_valid_after_utc - NOW).days == tls.SERVER_DAYS


def test_keys_are_private(directory):
    modes = [stat.S_IMODE((directory / name).stat().st_mode) for name in ("ca.key", "server.key")]

    assert modes == [0o600, 0o600]


@pytest.mark.parametrize(
    ("names", "later", "renewed"),
    [
        (NAMES, dt.timedelta(days=1), False),
        (NAMES[:1], dt.timedelta(days=1), False),
        ([*NAMES, "192.168.1.6"], dt.timedelta(days=1), True),
        (NAMES, dt.timedelta(days=tls.SERVER_DAYS - tls.RENEW_DAYS + 1), True),
    ],
    ids=["same", "fewer names", "new address", "ends soon"],
)
def test_renewal_keeps_the_authority(directory, names, later, renewed):
    before, authority = _certificates(directory)

    tls.make(directory, names, NOW + later)

    after, same = _certificates(directory)
    assert (after != before) is renewed
    assert same == authority


def test_ensure_makes_the_certificate_in_a_process_of_its_own(tmp_path):
    certificate = tls.ensure(tmp_path / "tls", ["localhost"])

    assert certificate.authority.exists()
    assert _certificates(tmp_path / "tls")[0].issuer == _certificates(tmp_path / "tls")[1].subject
