"""Every door locked: a row gets through by TLS, passwords and certificates, and the secrets get nowhere."""

from __future__ import annotations

import base64
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import psycopg
import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from connector.kafka import Admin, TopicInfo, own_topics, read_range
from connector.settings import Settings
from tests.support.place import HOME, PORT_BASE
from tests.support.secured_stack import SecuredStack
from tests.support.small_shop import CASES, SmallShop
from tests.support.world import BIN, ROOT, World

pytestmark = pytest.mark.end_to_end

TABLES, SHOP = ((CASES / f"external.{kind}").read_text() for kind in ("sql", "yaml"))
WAYS = {"password": SecuredStack.by_password, "certificate": SecuredStack.by_certificate}


@pytest.fixture(scope="module")
def secured() -> Iterator[SecuredStack]:
    """The stack with every door locked; it is made anew, so that no old right is left."""
    stack = SecuredStack(ROOT / f"{HOME}-secured", PORT_BASE + 100)
    stack.up()
    yield stack
    stack.down()


class Visitor:
    """A small shop whose way into Kafka is one of `WAYS`."""

    def __init__(self, secured: SecuredStack, way: str, folder: Path) -> None:
        self.secured, self.way = secured, way
        settings = {**secured.environment(), **WAYS[way](secured)}
        self.world = World(f"locked_{way}", folder, settings)
        self.world.environment["SHOP_DATABASE_URL"] = secured.database_url(self.world.name)
        self.world.environment["SHOPBRIDGE_LOG_LEVEL"] = "DEBUG"
        self.shop = SmallShop(self.world)
        self.said: list[str] = []

    def build(self) -> None:
        self.world.create_database()
        with psycopg.connect(self.world.environment["SHOP_ADMIN_URL"], autocommit=True) as connection:
            connection.execute(f"SET ROLE shop; {TABLES}")
        self.world.write_shop_file(SHOP)
        self.world.start_sandbox()
        self.type("setup")

    def topics(self) -> dict[str, bytes]:
        """All that our own topics hold."""
        found = find_topics(self.shop.settings)
        return {
            name: b"".join(
                (record.key or b"") + (record.value or b"") + repr(record.headers).encode()
                for number, end in topic.end_offsets.items()
                for record in read_range(self.shop.settings.kafka, name, number, topic.start_offsets[number], end)
            )
            for name, topic in found.items()
        }

    def connector(self) -> str:
        """The connector's configuration as Connect shows it to everybody."""
        context = self.shop.settings.connect.tls.context()
        address = f"{self.shop.settings.connect_url}/connectors/shopbridge_{self.world.name}/config"
        return httpx.get(address, verify=context).raise_for_status().text

    def type(self, *arguments: str, **other: str) -> tuple[int, str]:
        """Type a command, with some settings changed; its exit code, and all that it printed."""
        done = subprocess.run(
            [str(BIN / "shopbridge"), *arguments],
            env={**self.world.environment, **other},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.said.append(done.stdout)
        return done.returncode, done.stdout


def find_topics(settings: Settings) -> dict[str, TopicInfo]:
    """Our own topics as they stand."""
    return Admin(settings.kafka).topic_ids(own_topics(settings))


@pytest.fixture(scope="module", params=WAYS)
def visitor(
    request: pytest.FixtureRequest, secured: SecuredStack, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Visitor]:
    """A shop before anybody granted anything."""
    made = Visitor(secured, request.param, tmp_path_factory.mktemp(request.param))
    made.build()
    yield made
    made.world.close()


@pytest.fixture(scope="module")
def granted(visitor: Visitor) -> Visitor:
    """The administrator ran what `check` printed, and nothing else."""
    code, said = visitor.type("check", "--acls")
    assert code == 0
    commands = [line.replace("User:CONNECT", "User:connect") for line in said.splitlines()]
    visitor.secured.grant(commands)
    return visitor


def test_check_says_which_rights_are_missing(visitor: Visitor) -> None:
    """Before anything is granted it names our principal, topics and groups, and the commands."""
    code, said = visitor.type("check")
    told = [line for line in said.splitlines() if "lacks rights on" in line]
    name = {"password": "User:shopbridge ", "certificate": "User:CN=shopbridge,OU="}[visitor.way]
    assert (1, 1, True) == (code, len(told), name in told[0])
    assert f"topic {visitor.world.name}.sync.deals" in told[0]
    assert f"group {visitor.world.name}-map" in told[0]
    assert said.count("kafka-acls --bootstrap-server") >= 3


def test_a_row_gets_through_with_exactly_these_rights(granted: Visitor) -> None:
    """What `check --acls` printed is enough to set up, load, follow and read errors; then `check` finds nothing."""
    shop = granted.shop
    code, said = granted.type("capture", "apply")
    assert (0, "") == (code, "" if code == 0 else said)
    shop.start_worker()
    shop.wait_for("CONTACT:1", t_credit="-19.90")
    granted.world.sql("UPDATE people SET credit = 7.25 WHERE id = 1")
    granted.world.sql("INSERT INTO people (id, mail) VALUES (9, 'no address')")
    shop.wait_for("CONTACT:1", t_credit="7.25")
    shop.wait_errors("CONTACT:9", INVALID_EMAIL_ADDRESS="OPEN")
    assert granted.type("errors", "list")[1].count("CONTACT:9") >= 1
    granted.type("status")
    code, said = granted.type("check")
    assert (0, []) == (code, [line for line in said.splitlines() if line.startswith("NOT OK")])


def test_nobody_else_gets_in(granted: Visitor) -> None:
    """Kafka, registry, Connect and database refuse whoever comes without our key, and we say why."""
    secured, ca = granted.secured, str(granted.secured.ca)
    bootstrap = granted.world.environment["SHOPBRIDGE_KAFKA_BOOTSTRAP"]
    tls = {"bootstrap.servers": bootstrap, "security.protocol": "SSL", "ssl.ca.location": ca}
    stranger = {
        **tls,
        "ssl.certificate.location": str(secured.stranger.certificate),
        "ssl.key.location": str(secured.stranger.key),
    }
    for settings in ({"bootstrap.servers": bootstrap}, tls, stranger):
        with pytest.raises(KafkaException):
            AdminClient({**settings, "log_level": 0}).list_topics(timeout=3)
    assert 401 == httpx.get(f"{secured.registry_url}/apis/ccompat/v7/subjects", verify=_context(ca)).status_code
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{granted.world.environment['SHOPBRIDGE_CONNECT_URL']}/connectors", verify=_context(ca))
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        psycopg.connect(secured.database_url(granted.world.name).replace("verify-full", "disable"))


def _context(ca: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca)


WRONG = {
    "password": (
        {"SHOPBRIDGE_KAFKA_PASSWORD": "guessed"},
        {"SHOPBRIDGE_KAFKA_SECURITY_PROTOCOL": "PLAINTEXT"},
        {"SHOPBRIDGE_KAFKA_CA": ""},
    ),
    "certificate": ({"SHOPBRIDGE_KAFKA_KEY_PASSWORD": "guessed"}, {"SHOPBRIDGE_KAFKA_CA": ""}),
}


def test_a_wrong_key_is_said_in_a_sentence(granted: Visitor) -> None:
    """A wrong password, an unknown authority or settings that do not fit end a command in words, and in time."""
    for other in WRONG[granted.way]:
        code, said = granted.type("errors", "list", **other)
        assert (2, False) == (code, "Traceback" in said), said
        assert "SHOPBRIDGE_KAFKA" in said


def test_no_secret_got_anywhere(granted: Visitor) -> None:
    """Not at debug level, in no encoding: logs, answers of commands, ledger, topics, the connector's configuration."""
    assert 0 == granted.world.stop_worker()
    told = {f"command {number}": text.encode() for number, text in enumerate(granted.said)}
    told |= {path.name: path.read_bytes() for path in granted.world.folder.rglob("*") if path.name in KEPT}
    told |= {f"topic {name}": data for name, data in granted.topics().items()}
    told["connector"] = granted.connector().encode()
    assert len(told["worker.log"]) > 10_000
    assert b"${file:" in told["connector"]
    found = [
        (place, name)
        for name, secret in granted.secured.secrets.planted().items()
        for place, data in told.items()
        if any(form in data for form in forms(secret))
    ]
    assert [] == found


KEPT = {"worker.log", "ledger.db", "ledger.db-wal", "ambiguous.txt", "errors.jsonl"}


def forms(secret: str) -> set[bytes]:
    """A secret as it is, as part of an address, and inside of base64 wherever it may begin in there."""
    encoded = {base64.b64encode(b"x" * shift + secret.encode())[4 if shift else 0 :][:-4] for shift in range(3)}
    return {secret.encode(), quote(secret, safe="").encode(), quote(secret).encode(), *encoded}
