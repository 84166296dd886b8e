"""A throw-away certificate authority: it is good for names below .localhost only, and for a month."""

from __future__ import annotations

import datetime
import hashlib
import os
import pathlib
import threading
from collections.abc import Iterable

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox import settings

LIFE = datetime.timedelta(days=30)
_CLOCK_SKEW = datetime.timedelta(hours=1)
_lock = threading.Lock()


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, end: datetime.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_now() - _CLOCK_SKEW)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(sign_certificates: bool) -> x509.KeyUsage:
    unused = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        **dict.fromkeys((*unused, "encipher_only", "decipher_only"), False),
    )


def _write(path: pathlib.Path, content: bytes, mode: int) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)


def create() -> None:
    """Make the authority, and the bundle of the system's authorities and this one."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("bioviewers sandbox, throw-away")
    certificate = (
        _builder(name, name, key, _now() + LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign_certificates=True), critical=True)
        # Whoever makes their browser trust it must not have opened the rest of the web to it.
        .add_extension(x509.NameConstraints([x509.DNSName("localhost")], None), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    _write(settings.CA_KEY_FILE, _pem(key), 0o600)
    _write(settings.CA_FILE, certificate, 0o644)
    _write(settings.CA_BUNDLE, settings.SYSTEM_CA_BUNDLE.read_bytes() + certificate, 0o644)


def _authority() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = serialization.load_pem_private_key(settings.CA_KEY_FILE.read_bytes(), password=None)
    return x509.load_pem_x509_certificate(settings.CA_FILE.read_bytes()), key


def is_valid() -> bool:
    """Whether there is an authority that still lives for a day."""
    if not (settings.CA_FILE.exists() and settings.CA_KEY_FILE.exists()):
        return False
    end = x509.load_pem_x509_certificate(settings.CA_FILE.read_bytes()).not_valid_after_utc
    return end > _now() + datetime.timedelta(days=1)


def _sign(names: list[str], key: ec.EllipticCurvePrivateKey) -> bytes:
    authority, authority_key = _authority()
    certificate = (
        _builder(_name(names[0][:64]), authority.subject, key, authority.not_valid_after_utc)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    return certificate.public_bytes(pem) + authority.public_bytes(pem)


def issue(names: Iterable[str]) -> tuple[pathlib.Path, pathlib.Path]:
    """The files of a certificate chain for exactly `names` and of its key; made once for each set of names."""
    wanted = sorted(set(names))
    stem = hashlib.sha256("\n".join(wanted).encode()).hexdigest()[:16]
    chain, key_file = settings.CERTIFICATES / f"{stem}.pem", settings.CERTIFICATES / f"{stem}.key"
    with _lock:
        if not chain.exists():
            settings.CERTIFICATES.mkdir(mode=0o700, exist_ok=True)
            key = ec.generate_private_key(ec.SECP256R1())
            _write(key_file, _pem(key), 0o600)
            _write(chain, _sign(wanted, key), 0o644)
    return chain, key_file
