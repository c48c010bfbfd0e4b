"""Who we are to the servers that we speak to, and how we know them: TLS and credentials of Kafka and of HTTP servers.

Each of them can be written down wrongly in ways that a server answers with silence. So combinations are judged when
the settings are read, by `faults`, in words that name the setting to change.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from connector.errors import ConfigurationError

PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


@dataclass(frozen=True, slots=True)
class Tls:
    """Files in PEM. `ca` None: the authorities that the machine trusts; `key` belongs to `certificate`."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    key_password: str | None = field(default=None, repr=False)

    @property
    def says_something(self) -> bool:
        return self != Tls()

    def context(self) -> ssl.SSLContext:
        """The context of a client that checks certificate and host name of the server.

        Raises ConfigurationError for a file that cannot be read, is no PEM, or does not fit the others.
        """
        try:
            context = ssl.create_default_context(cafile=self.ca)
            if self.certificate is not None:
                context.load_cert_chain(self.certificate, self.key, self.key_password or "")
        except (OSError, ssl.SSLError, ValueError) as error:
            files = ", ".join(str(file) for file in (self.ca, self.certificate, self.key) if file is not None)
            raise ConfigurationError(
                f"TLS cannot be set up with {files}: {error}\n"
                f"All must be PEM, the key that of the certificate, and the key's password the right one."
            ) from None
        return context

    def faults(self, prefix: str) -> Iterator[str]:
        """What does not fit together; `prefix` begins the settings' names, as SHOPBRIDGE_KAFKA."""
        if (self.certificate is None) != (self.key is None):
            yield f"{prefix}_CERTIFICATE and {prefix}_KEY go together: set both (one file may hold both)"
        if self.key_password is not None and self.key is None:
            yield f"{prefix}_KEY_PASSWORD is set, but there is no {prefix}_KEY"


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """Brokers and how to come in. `mechanism` and credentials with SASL alone, `tls` with SSL alone."""

    bootstrap: str
    protocol: str = "PLAINTEXT"
    mechanism: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Tls = Tls()

    @property
    def uses_sasl(self) -> bool:
        return self.protocol.startswith("SASL")

    @property
    def uses_tls(self) -> bool:
        return self.protocol.endswith("SSL")

    def faults(self, prefix: str = "SHOPBRIDGE_KAFKA") -> Iterator[str]:
        """What does not fit together."""
        named = {"SASL_MECHANISM": self.mechanism, "USERNAME": self.username, "PASSWORD": self.password}
        for name, value in named.items():
            if self.uses_sasl and value is None:
                yield f"{prefix}_SECURITY_PROTOCOL is {self.protocol}, which needs {prefix}_{name} too"
            if not self.uses_sasl and value is not None:
                protocol = "SASL_SSL" if self.uses_tls or self.tls.says_something else "SASL_SSL (or SASL_PLAINTEXT)"
                yield f"{prefix}_{name} is of no use with {self.protocol}: set {prefix}_SECURITY_PROTOCOL to {protocol}"
        if self.tls.says_something and not self.uses_tls:
            secure = "SASL_SSL" if self.uses_sasl else "SSL"
            yield (
                f"{prefix}_CA, _CERTIFICATE and _KEY are of no use with {self.protocol}: "
                f"set {prefix}_SECURITY_PROTOCOL to {secure}"
            )
        yield from self.tls.faults(prefix)


@dataclass(frozen=True, slots=True)
class HttpAccess:
    """A server's address and how to come in: basic authentication, a bearer token, a client certificate, or nothing."""

    url: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    tls: Tls = Tls()

    def faults(self, prefix: str) -> Iterator[str]:
        """What does not fit together; `prefix` begins the settings' names, as SHOPBRIDGE_REGISTRY."""
        if (self.username is None) != (self.password is None):
            yield f"{prefix}_USERNAME and {prefix}_PASSWORD go together: set both"
        if self.username is not None and self.token is not None:
            yield f"{prefix}_TOKEN and {prefix}_USERNAME exclude each other: set one of them"
        if self.tls.says_something and not self.url.lower().startswith("https:"):
            yield f"{prefix}_CA, _CERTIFICATE and _KEY are of no use with http: write {prefix}_URL with https"
        yield from self.tls.faults(prefix)
        yield from url_faults(self.url, prefix)


def url_faults(url: str, prefix: str) -> Iterator[str]:
    """Credentials do not belong into an address, since addresses are shown in logs and messages."""
    try:
        has_credentials = "@" in urlsplit(url).netloc
    except ValueError:
        return  # whoever opens it says so
    if has_credentials:
        yield f"{prefix}_URL holds credentials, and addresses are logged: take them out, and give them by settings"
