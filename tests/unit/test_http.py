"""The HTTP client against servers that answer, fall silent, break off, or are not there."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from connector.errors import ConfigurationError, RetriableError
from connector.http import Http, Unanswered
from connector.security import HttpAccess

Conversation = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def served(conversation: Conversation) -> AsyncIterator[str]:
    """A server that reads one request (headers and body) and hands it to the conversation; yields its address."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(writer)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0")
        body = await reader.readexactly(int(length.split(b":")[1]))
        await conversation(head + body, writer)
        writer.close()
        talks.remove(writer)

    talks: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for writer in talks:
            writer.close()


def answering(status: str, body: bytes, *headers: bytes, seen: list[bytes] | None = None) -> Conversation:
    async def conversation(request: bytes, writer: asyncio.StreamWriter) -> None:
        if seen is not None:
            seen.append(request)
        head = [b"HTTP/1.1 " + status.encode(), b"Content-Length: %d" % len(body), b"Connection: close", *headers]
        writer.write(b"\r\n".join(head) + b"\r\n\r\n" + body)
        await writer.drain()

    return conversation


@asynccontextmanager
async def client(url: str, timeout_s: float = 5.0) -> AsyncIterator[Http]:
    http = Http(url, headers={"Authorization": "Bearer pat"}, timeout_s=timeout_s)
    try:
        yield http
    finally:
        await http.aclose()


@pytest.mark.parametrize(
    ("access", "expected"),
    [
        ({"username": "me", "password": "p:ü"}, b"authorization: basic " + base64.b64encode("me:p:ü".encode()).lower()),
        ({"token": "t0"}, b"authorization: bearer t0"),
        ({}, None),
    ],
)
async def test_who_we_are_goes_with_every_request(access: dict[str, Any], expected: bytes | None) -> None:
    """Basic authentication in UTF-8, a bearer token, or no header at all."""
    seen: list[bytes] = []
    async with served(answering("200 OK", b"{}", seen=seen)) as url:
        http = Http(HttpAccess(url, **access))
        await http.request("GET", "/")
        await http.aclose()
    lines = [line for line in seen[0].lower().split(b"\r\n") if line.startswith(b"authorization")]
    assert ([] if expected is None else [expected]) == lines


async def test_a_request_and_its_answer() -> None:
    """Method, path, parameters, headers and body arrive; the answer's header names are in lower case."""
    seen: list[bytes] = []
    conversation = answering("207 Multi", b'{"a": ["\xc3\xa9"]}', b"X-HubSpot-RateLimit-Max: 190", seen=seen)
    async with served(conversation) as url, client(url) as http:
        answer = await http.request("POST", "/x/y", json={"n": 1}, params={"q": "a b"}, headers={"X-Request-Id": "7"})
    assert (207, {"a": ["é"]}) == (answer.status, answer.body)
    assert answer.headers["x-hubspot-ratelimit-max"] == "190"
    head, body = seen[0].split(b"\r\n\r\n")
    assert head.startswith((b"POST /x/y?q=a+b HTTP/1.1", b"POST /x/y?q=a%20b HTTP/1.1"))
    assert b"authorization: bearer pat" in head.lower()
    assert b"x-request-id: 7" in head.lower()
    assert json.loads(body) == {"n": 1}


@pytest.mark.parametrize(
    ("status", "body"), [("204 No Content", b""), ("502 Bad Gateway", b"<html>"), ("400 Bad", b"{")]
)
async def test_an_answer_without_json_is_an_answer(status: str, body: bytes) -> None:
    """Any status is returned, not raised; the body is None where it is no JSON, the text is kept."""
    async with served(answering(status, body)) as url, client(url) as http:
        answer = await http.request("GET", "/")
    assert (int(status[:3]), None, body.decode()) == (answer.status, answer.body, answer.text)


async def test_nobody_listens() -> None:
    """A refused connection surely sent nothing."""
    async with served(answering("200 OK", b"")) as url:
        pass
    async with client(url) as http:
        with pytest.raises(Unanswered, match=r"GET http://127\.0\.0\.1:\d+/there") as raised:
            await http.request("GET", "/there")
    assert not raised.value.sent
    assert isinstance(raised.value, RetriableError)


async def test_an_answer_that_does_not_come() -> None:
    """After the timeout nobody knows whether it was carried out."""
    never = asyncio.Event()

    async def silence(_: bytes, __: asyncio.StreamWriter) -> None:
        await never.wait()

    async with served(silence) as url, client(url, timeout_s=0.2) as http:
        with pytest.raises(Unanswered, match=r"no answer in 0\.2 s") as raised:
            await http.request("POST", "/", json={})
        never.set()
    assert raised.value.sent


async def test_an_answer_that_trickles_is_bounded_as_a_whole() -> None:
    """A byte now and then does not keep a request alive for ever."""
    given_up = asyncio.Event()

    async def trickle(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not given_up.is_set():
            writer.write(b"x")
            try:
                async with asyncio.timeout(0.05):
                    await given_up.wait()
            except TimeoutError:
                continue

    async with served(trickle) as url, client(url, timeout_s=0.4) as http:
        with pytest.raises(Unanswered) as raised:
            await http.request("GET", "/")
        given_up.set()
    assert raised.value.sent


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123", b"garbage\r\n\r\n"])
async def test_a_connection_that_breaks_off(said: bytes) -> None:
    """Cut before, within, or instead of an answer: it may have been carried out."""

    async def breaking(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()

    async with served(breaking) as url, client(url) as http:
        with pytest.raises(Unanswered) as raised:
            await http.request("POST", "/", json={})
    assert raised.value.sent


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "127.0.0.1:8080", "http://[::1"])
async def test_an_address_that_is_none(url: str) -> None:
    """A wrong address is a mistake in the settings, not HubSpot's absence."""
    with pytest.raises(ConfigurationError):
        async with client(url) as http:
            await http.request("GET", "/")


@pytest.mark.parametrize("token", ["sec\nret", "secret\x00", "s\xe9cret\n"])
async def test_a_token_that_cannot_be_a_header(token: str) -> None:
    """A line end in the token is told as a mistake in the settings, in words that do not quote it."""
    async with served(answering("200 OK", b"")) as url, client(url) as http:
        with pytest.raises(ConfigurationError, match="is it whole, on one line") as raised:
            await http.request("GET", "/", headers={"Authorization": f"Bearer {token}"})
    assert "cret" not in str(raised.value)
    assert raised.value.__cause__ is None


async def test_a_token_of_foreign_letters_is_told_at_once() -> None:
    """What no header can be made of is refused when the client is made."""
    with pytest.raises(ConfigurationError, match="is it whole, on one line"):
        Http("http://127.0.0.1", headers={"Authorization": "Bearer \ud800"})
