"""A certificate authority that only this machine trusts, and the server certificates that it signs."""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from local.private_files import write_private

_CA_DAYS = 3650
_LEAF_DAYS = 365


class LocalAuthority:
    """Signs server certificates for the host names of AWS that the edge answers.

    The extensions follow RFC 5280 section 4.2 closely enough for OpenSSL's strict mode, which Python 3.13 and
    later switch on.
    """

    def __init__(self, *, ca_file: Path, key_file: Path, leaf_folder: Path) -> None:
        """Load the authority from its two files, or create both (the key with mode 0600)."""
        self._leaf_folder = leaf_folder
        if not (ca_file.is_file() and key_file.is_file()):
            _create_authority(ca_file, key_file)
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{key_file} holds no elliptic curve key: delete it and {ca_file}, then start again")
        self._key = key
        self._certificate = x509.load_pem_x509_certificate(ca_file.read_bytes())

    def server_context(self, host: str) -> ssl.SSLContext:
        """A TLS context that proves to be `host` to whoever trusts this authority."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(subject=host, issuer=self._certificate.subject, key=key, days=_LEAF_DAYS)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        chain = self._leaf_folder / f"{host}.pem"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        write_private(chain, _pem(key) + certificate.public_bytes(serialization.Encoding.PEM))
        try:
            context.load_cert_chain(chain)  # takes files only
        finally:
            chain.unlink()
        return context


def _create_authority(ca_file: Path, key_file: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = "Foundation local run, this machine only"
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        _builder(subject=name, issuer=None, key=key, days=_CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    write_private(key_file, _pem(key))
    ca_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _builder(
    *, subject: str, issuer: x509.Name | None, key: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject[:64])])
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer or name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
