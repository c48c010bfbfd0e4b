"""HTTP for everything that we call: HubSpot, the schema registry, Connect's REST. The only importer of httpx."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import json as json_text
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import httpx

from connector.errors import ConfigurationError, RetriableError
from connector.security import HttpAccess

_CONNECT_S: Final = 10.0
_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_HEADERS: Final = "a header, most likely the credential, holds a character that HTTP forbids; is it whole, on one line?"
"""Said in place of the library's words, which quote the header."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer of any status. Header names are in lower case; `body` is the parsed JSON, None where there is none."""

    status: int
    headers: Mapping[str, str]
    body: Any
    text: str


class Answer(Protocol):
    """What is read of an answer: the status, the parsed JSON or None, the text."""

    @property
    def status(self) -> int: ...

    @property
    def body(self) -> Any: ...

    @property
    def text(self) -> str: ...


class Asking(Protocol):
    """The one call that most callers need of a client; it raises RetriableError when nobody answers."""

    async def request(self, method: str, path: str, *, json: Any = None) -> Answer: ...


class Unanswered(RetriableError):  # noqa: N818 - it is a state of affairs: nobody knows whether there was an error
    """No answer came. `sent`: the request may have been carried out; False: it surely was not."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class Http:
    """A client for one server. `headers` go with every request; `timeout_s` bounds a request as a whole."""

    def __init__(
        self, server: HttpAccess | str, *, headers: Mapping[str, str] | None = None, timeout_s: float = 30.0
    ) -> None:
        access = HttpAccess(server) if isinstance(server, str) else server
        base_url = self.base_url = access.url
        self._timeout_s = timeout_s
        try:
            self._client = httpx.AsyncClient(
                base_url=base_url,
                headers={**_authorization(access), **(headers or {})},
                timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, _CONNECT_S)),
                trust_env=not _is_loopback(base_url),
                verify=access.tls.context() if access.tls.says_something else True,
            )
        except (httpx.InvalidURL, ValueError) as error:
            if isinstance(error, UnicodeError):
                raise ConfigurationError(f"{base_url} cannot be asked: {_HEADERS}") from None
            raise ConfigurationError(f"{base_url!r} is no address ({error}); write it as http://host:port") from error

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """Send one request and return whatever is answered, whatever its status.

        Raises Unanswered where no answer came, ConfigurationError where the address or a header cannot be sent at all.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                response = await self._client.request(method, path, json=json, params=params, headers=headers)
        except TimeoutError as error:
            raise Unanswered(f"{method} {self._place(path)}: no answer in {self._timeout_s:g} s", sent=True) from error
        except (httpx.LocalProtocolError, UnicodeError):
            raise ConfigurationError(f"{method} {self._place(path)} cannot be sent: {_HEADERS}") from None
        except httpx.UnsupportedProtocol as error:
            raise ConfigurationError(f"{method} {self._place(path)} cannot be sent: {error}") from error
        except httpx.HTTPError as error:
            sent = not isinstance(error, _NEVER_SENT)
            raise Unanswered(f"{method} {self._place(path)}: {_words(error)}", sent=sent) from error
        return HttpAnswer(response.status_code, _lower(response.headers), _parsed(response.text), response.text)

    async def aclose(self) -> None:
        await self._client.aclose()

    def _place(self, path: str) -> str:
        return f"{self.base_url.rstrip('/')}{path}"


def _authorization(access: HttpAccess) -> dict[str, str]:
    """The header that says who we are; none where nothing was said."""
    if access.token is not None:
        return {"Authorization": f"Bearer {access.token}"}
    if access.username is None:
        return {}
    encoded = base64.b64encode(f"{access.username}:{access.password}".encode()).decode()
    return {"Authorization": f"Basic {encoded}"}


def _is_loopback(base_url: str) -> bool:
    """A proxy named in the environment is for the world outside, never for this machine."""
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _lower(headers: httpx.Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _parsed(text: str) -> Any:
    try:
        return json_text.loads(text)
    except (ValueError, RecursionError):
        return None


def _words(error: httpx.HTTPError) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
