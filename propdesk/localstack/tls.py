"""A small certificate authority of the house and a server certificate signed by it.

Browsers refuse passkeys behind a bare self-signed certificate, so the phones trust the authority
once and every later server certificate is accepted. Run as a program by the supervisor.
"""

import datetime as dt
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from propdesk.localstack.errors import StartError

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

AUTHORITY_DAYS = 3650
SERVER_DAYS = 397  # browsers reject a longer life
RENEW_DAYS = 30


@dataclass(frozen=True)
class Certificate:
    """Paths of the authority for the phones, of the server's chain and of its key."""

    authority: Path
    chain: Path
    key: Path


def ensure(directory: Path, names: list[str]) -> Certificate:
    """Make or renew the certificate in a process of its own; StartError says what is missing."""
    result = subprocess.run(  # noqa: S603 -- our own module
        [sys.executable, "-m", "propdesk.localstack.tls", str(directory), *names],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise StartError(
            "无法生成证书，需要 Python 的 cryptography。请重新运行 script/server 安装依赖。\n"
            f"{result.stderr[-800:]}"
        )
    return _paths(directory)


def _paths(directory: Path) -> Certificate:
    return Certificate(directory / "ca.crt", directory / "server.crt", directory / "server.key")


def _write(path: Path, content: bytes) -> None:
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_bytes(content)
    draft.replace(path)


def make(directory: Path, names: list[str], now: dt.datetime) -> None:
    """Write ca.crt, ca.key, server.crt and server.key unless a good certificate is there."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = _paths(directory)
    authority, key = _authority(directory, now)
    if target.chain.exists() and _is_good(target.chain, names, now):
        return
    _sign_server(target, authority, key, names, now)


def _pem(key: "ec.EllipticCurvePrivateKey") -> bytes:
    from cryptography.hazmat.primitives import serialization

    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _authority(
    directory: Path, now: dt.datetime
) -> "tuple[x509.Certificate, ec.EllipticCurvePrivateKey]":
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    certificate_path, key_path = directory / "ca.crt", directory / "ca.key"
    if certificate_path.exists() and key_path.exists():
        key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return x509.load_pem_x509_certificate(certificate_path.read_bytes()), key
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "PropDesk 院内证书")])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign=True), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(key_path, _pem(key))
    _write(certificate_path, certificate.public_bytes(serialization.Encoding.PEM))
    return certificate, key


def _usage(*, sign: bool) -> "x509.KeyUsage":
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not sign,
        key_cert_sign=sign,
        crl_sign=sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative(names: list[str]) -> "x509.SubjectAlternativeName":
    import ipaddress

    from cryptography import x509

    found: list[x509.GeneralName] = []
    for name in names:
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            found.append(x509.DNSName(name))
    return x509.SubjectAlternativeName(found)


def _is_good(path: Path, names: list[str], now: dt.datetime) -> bool:
    from cryptography import x509

    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    if certificate.not_valid_after_utc < now + dt.timedelta(days=RENEW_DAYS):
        return False
    held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return set(_alternative(names)) <= set(held)


def _sign_server(
    target: Certificate,
    authority: "x509.Certificate",
    authority_key: "ec.EllipticCurvePrivateKey",
    names: list[str],
    now: dt.datetime,
) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID

    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "PropDesk")]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=SERVER_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_alternative(names), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    chain = [certificate, authority]
    _write(target.key, _pem(key))
    _write(target.chain, b"".join(c.public_bytes(serialization.Encoding.PEM) for c in chain))


if __name__ == "__main__":
    os.umask(0o077)
    make(Path(sys.argv[1]), sys.argv[2:], dt.datetime.now(dt.UTC))
