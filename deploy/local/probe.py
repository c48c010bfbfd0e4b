"""Health checks over the wire: each returns when the server answers as it should, else raises NotReadyError."""

from __future__ import annotations

import json
import socket
import struct
import urllib.error
import urllib.request
from typing import Any

from deploy.local.errors import NotReadyError
from deploy.local.stack import LOOPBACK

TIMEOUT = 5.0  # seconds for one try

API_VERSIONS = 18


def http(url: str) -> Any:
    """The JSON that a GET answers with status 200; None for an answer that is not JSON.

    Proxies of the environment are not asked: the parts are on this machine.
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=TIMEOUT) as answer:
            body = answer.read()
    except urllib.error.HTTPError as error:
        words = " ".join(error.read().decode(errors="replace").split())
        raise NotReadyError(f"{url} answers {error.code}: {words[:300]}") from error
    except (OSError, urllib.error.URLError) as error:
        raise NotReadyError(f"{url}: {error}") from error
    try:
        return json.loads(body)
    except ValueError:
        return None


def kafka(port: int) -> None:
    """Ask a broker which versions of its protocol it speaks: it answers that only once it serves clients."""
    correlation, client = 1, b"shopbridge"
    request = struct.pack(">hhih", API_VERSIONS, 0, correlation, len(client)) + client
    try:
        with socket.create_connection((LOOPBACK, port), TIMEOUT) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = read_exactly(connection, 10)
    except OSError as error:
        raise NotReadyError(f"broker on port {port}: {error}") from error
    _, told, code = struct.unpack(">iih", answer)
    if (told, code) != (correlation, 0):
        raise NotReadyError(f"broker on port {port} answers error {code}")


def read_exactly(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        chunk = connection.recv(size - len(received))
        if not chunk:
            raise NotReadyError("the server closed the connection")
        received += chunk
    return received
