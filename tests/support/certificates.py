"""An authority of the tests' own, and what it issues: PEM files as servers and clients want them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509 import load_pem_x509_certificates

from deploy.local.packages import java


class Authority:
    """Issues certificates into `folder`; `ca.pem` is its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.ca = folder / "ca.pem"
        self._ca = trustme.CA()
        self._ca.cert_pem.write_to_path(str(self.ca))

    def issue(self, name: str, *hosts: str, key_password: str | None = None) -> Identity:
        """A certificate for `hosts`, whose common name is `name`."""
        issued = self._ca.issue_cert(*hosts, common_name=name)
        found = Identity(self.folder / f"{name}.pem", self.folder / f"{name}.key.pem", self.folder / f"{name}.both.pem")
        chain = b"".join(part.bytes() for part in issued.cert_chain_pems)
        key = _pkcs8(issued.private_key_pem.bytes(), key_password)
        found.certificate.write_bytes(chain)
        found.key.write_bytes(key)
        found.both.write_bytes(key + chain)
        return found

    def java_stores(self, identity: Identity, password: str) -> tuple[Path, Path]:
        """Keystore and truststore in PKCS 12, for what of Java reads no PEM."""
        keystore, truststore = self.folder / "keystore.p12", self.folder / "truststore.p12"
        key, [certificate, *chain] = (
            load_pem_private_key(identity.key.read_bytes(), None),
            load_pem_x509_certificates(identity.certificate.read_bytes()),
        )
        assert isinstance(key, EllipticCurvePrivateKey)
        how = BestAvailableEncryption(password.encode())
        keystore.write_bytes(pkcs12.serialize_key_and_certificates(b"server", key, certificate, chain, how))
        words = ["-importcert", "-noprompt", "-alias", "ca", "-file", str(self.ca), "-storetype", "PKCS12"]
        tool = [str(Path(java() or "java").with_name("keytool")), *words]
        subprocess.run([*tool, "-keystore", str(truststore), "-storepass", password], check=True, capture_output=True)
        return keystore, truststore


class Identity:
    """The files of one certificate; `both` holds key and chain, as Kafka's Java wants them."""

    def __init__(self, certificate: Path, key: Path, both: Path) -> None:
        self.certificate = certificate
        self.key = key
        self.both = both


def _pkcs8(pem: bytes, password: str | None) -> bytes:
    """Java reads no other form of a key."""
    how: KeySerializationEncryption = NoEncryption() if password is None else BestAvailableEncryption(password.encode())
    return load_pem_private_key(pem, None).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)
