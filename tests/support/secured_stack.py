"""The local stack with every door locked.

Kafka is entered by SASL_SSL or a client certificate, and has an authorizer; the registry by TLS with basic
authentication, Connect by a client certificate, PostgreSQL by TLS. It is the stack of this repository with other
property files.
"""

from __future__ import annotations

import shutil
import socket
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import quote

import psycopg
from confluent_kafka.admin import AdminClient
from psycopg.sql import SQL

from deploy.local import jars, lifecycle
from deploy.local.errors import NotReadyError
from deploy.local.parts import connect, java, kafka, postgres, registry
from deploy.local.parts.part import Part, Say
from deploy.local.process import Launch, complete
from deploy.local.stack import LOOPBACK, SANDBOX_TOKEN, Stack, open_stack
from tests.support.certificates import Authority
from tests.support.gatekeeper import Gatekeeper
from tests.support.kafka_acls import bindings
from tests.support.world import free_port

SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule"
MECHANISM = "SCRAM-SHA-512"
MTLS_OFFSET = 94
STORES = "of-the-stores"


class Secrets:
    """What must not be seen anywhere: each is unlike any other text."""

    def __init__(self) -> None:
        self.kafka = _secret("kafka")
        self.kafka_admin = _secret("admin")
        self.kafka_connect = _secret("connect")
        self.registry = _secret("registry")
        self.converter = _secret("converter")
        self.database = _secret("database")
        self.key = _secret("key")

    def planted(self) -> dict[str, str]:
        """Those that we are given."""
        ours = {"kafka": self.kafka, "registry": self.registry, "database": self.database, "key": self.key}
        return {**ours, "hubspot": SANDBOX_TOKEN}


def probe_port(port: int) -> None:
    """Up as far as one can see without a key."""
    try:
        socket.create_connection((LOOPBACK, port), 2).close()
    except OSError as error:
        raise NotReadyError(f"port {port}: {error}") from error


def _secret(name: str) -> str:
    return f"{name}+{uuid.uuid4().hex}/{uuid.uuid4().hex[:4]}"


class SecuredStack:
    """Made anew in `folder` at ports from `base`; what it wrote stays there to be read, until the next."""

    def __init__(self, folder: Path, base: int) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self.stack: Stack = open_stack(folder, base)
        self.secrets = Secrets()
        self.stack.make_folders()
        authority = self._authority = Authority(folder / "certificates")
        self.ca = authority.ca
        self.server = authority.issue("server", LOOPBACK, "localhost")
        self.client = authority.issue("shopbridge", "shopbridge.example", key_password=self.secrets.key)
        self.stranger = Authority(folder / "strangers").issue("shopbridge", "shopbridge.example")
        self._gatekeeper = Gatekeeper(
            free_port(),
            f"http://{LOOPBACK}:{self.stack.port('registry')}",
            self.server,
            {"shopbridge": self.secrets.registry, "converter": self.secrets.converter},
        )

    # -- starting and stopping -----------------------------------------------------------------------------------

    def up(self) -> None:
        (self.stack.secrets / "registry.properties").write_text(f"password={self.secrets.converter}\n")
        parts = self._parts()
        lifecycle.up(self.stack, {"kafka": parts["kafka"]}, lifecycle.printer())
        self.grant([f"--allow-principal User:connect --operation All --{kind} _connect" for kind in ("topic", "group")])
        lifecycle.up(self.stack, parts, lifecycle.printer())
        self._gatekeeper.start()
        with psycopg.connect(self.environment()["SHOP_ADMIN_URL"], autocommit=True) as connection:
            connection.execute(SQL("ALTER ROLE shop PASSWORD {}").format(self.secrets.database))

    def down(self) -> None:
        self._gatekeeper.stop()
        lifecycle.down(self.stack, self._parts(), lifecycle.printer())

    def grant(self, commands: Sequence[str]) -> None:
        """Do what `kafka-acls --add` would, with names that begin as those of Connect's own do."""
        admin = AdminClient(dict(self.admin()))
        for future in admin.create_acls([binding for command in commands for binding in bindings(command)]).values():
            future.result(30)

    def _parts(self) -> dict[str, Part]:
        stack = self.stack
        broker = replace(kafka.part(stack), prepare=self._kafka)
        worker = replace(connect.part(stack), prepare=self._connect, probe=self._connect_is_up, settle=lambda: None)
        return {
            "postgres": replace(postgres.part(stack), prepare=self._postgres),
            "kafka": replace(broker, probe=partial(probe_port, stack.port("kafka"))),
            "registry": replace(registry.part(stack), prepare=self._registry, needs=()),
            "connect": worker,
        }

    # -- the parts -----------------------------------------------------------------------------------------------

    def _kafka(self, say: Say) -> Launch:
        library = jars.fetch(jars.KAFKA, say)
        configuration = self.stack.run / "kafka.properties"
        configuration.write_text(java.properties({**kafka.settings(self.stack), **self._broker()}))
        users = {
            "admin": self.secrets.kafka_admin,
            "shopbridge": self.secrets.kafka,
            "connect": self.secrets.kafka_connect,
        }
        scram = [
            word
            for name, password in users.items()
            for word in ("--add-scram", f"{MECHANISM}=[name={name},password={password}]")
        ]
        arguments = ("format", "--cluster-id", kafka.CLUSTER_ID, "--config", str(configuration), "--ignore-formatted")
        complete(java.class_path(library, "kafka.tools.StorageTool", *arguments, *scram, heap="128m"))
        return Launch(java.class_path(library, "kafka.Kafka", str(configuration)))

    def _broker(self) -> dict[str, object]:
        sasl, mtls = (f"{LOOPBACK}:{port}" for port in (self.stack.port("kafka"), self.mtls_port))
        return {
            "listeners": f"SASL_SSL://{sasl},SSL://{mtls},CONTROLLER://{LOOPBACK}:{self.stack.port('controller')}",
            "advertised.listeners": f"SASL_SSL://{sasl},SSL://{mtls}",
            "listener.security.protocol.map": "SASL_SSL:SASL_SSL,SSL:SSL,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "SSL",
            "sasl.enabled.mechanisms": MECHANISM,
            f"listener.name.sasl_ssl.{MECHANISM.lower()}.sasl.jaas.config": f"{SCRAM} required;",
            "listener.name.ssl.ssl.client.auth": "required",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": self.server.both,
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": self.ca,
            "ssl.principal.mapping.rules": "RULE:^CN=server,.*$/broker/,DEFAULT",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:admin;User:broker;User:ANONYMOUS",
        }

    def _registry(self, say: Say) -> Launch:
        """In a file, so that the registry needs no door into Kafka; its own door is the gatekeeper."""
        launch = registry.prepare(self.stack, say)
        storage = ("-Dapicurio.storage.kind=sql", f"-Dapicurio.datasource.url=jdbc:h2:file:{self.stack.data}/schemas")
        place = launch.argv.index("-jar")
        kept = [word for word in launch.argv[:place] if "apicurio." not in word]
        return replace(launch, argv=(*kept, *storage, *launch.argv[place:]))

    def _connect(self, say: Say) -> Launch:
        launch = connect.prepare(self.stack, say)
        configuration = self.stack.run / "connect.properties"
        port = self.stack.port("connect")
        keystore, truststore = self._authority.java_stores(self.server, STORES)
        more = {
            "listeners": f"https://{LOOPBACK}:{port}",
            "rest.advertised.listener": "https",
            "listeners.https.ssl.keystore.type": "PKCS12",
            "listeners.https.ssl.keystore.location": keystore,
            "listeners.https.ssl.keystore.password": STORES,
            "listeners.https.ssl.truststore.type": "PKCS12",
            "listeners.https.ssl.truststore.location": truststore,
            "listeners.https.ssl.truststore.password": STORES,
            "listeners.https.ssl.client.auth": "required",
            **{
                f"{side}{name}": text
                for side in ("", "producer.", "consumer.", "admin.")
                for name, text in self._java()
            },
        }
        configuration.write_text(configuration.read_text() + java.properties(more))
        return launch

    def _java(self) -> list[tuple[str, object]]:
        user = f'username="connect" password="{self.secrets.kafka_connect}"'
        return [
            ("security.protocol", "SASL_SSL"),
            ("sasl.mechanism", MECHANISM),
            ("sasl.jaas.config", f"{SCRAM} required {user};"),
            ("ssl.truststore.type", "PEM"),
            ("ssl.truststore.location", self.ca),
        ]

    def _connect_is_up(self) -> None:
        probe_port(self.stack.port("connect"))

    def _postgres(self, say: Say) -> Launch:
        """TLS for all but the administrator, who comes from this machine."""
        launch = postgres.prepare(self.stack, say)
        cluster = postgres.folder(self.stack) / "cluster"
        (cluster / "pg_hba.conf").write_text(postgres.ACCESS.replace("host    all       all", "hostssl all       all"))
        for name, source in {"server.crt": self.server.certificate, "server.key": self.server.key}.items():
            shutil.copy(source, cluster / name)
            shutil.chown(cluster / name, postgres.USER, postgres.USER)
            (cluster / name).chmod(0o600)
        return replace(launch, argv=(*launch.argv, "-c", "ssl=on"))

    # -- addresses -----------------------------------------------------------------------------------------------

    @property
    def mtls_port(self) -> int:
        return self.stack.port_base + MTLS_OFFSET

    @property
    def registry_url(self) -> str:
        return f"https://{LOOPBACK}:{self._gatekeeper.port}"

    def database_url(self, database: str) -> str:
        """The shop's own address, by TLS."""
        query = f"?sslmode=verify-full&sslrootcert={self.ca}"
        server = f"{LOOPBACK}:{self.stack.port('postgres')}"
        return f"postgresql://shop:{quote(self.secrets.database, safe='')}@{server}/{database}{query}"

    def environment(self) -> dict[str, str]:
        """What both ways into Kafka have in common."""
        admin = f"postgresql://postgres@{LOOPBACK}:{self.stack.port('postgres')}/shop"
        connect_client = {
            "SHOPBRIDGE_CONNECT_CERTIFICATE": str(self.client.certificate),
            "SHOPBRIDGE_CONNECT_KEY": str(self.client.key),
            "SHOPBRIDGE_CONNECT_KEY_PASSWORD": self.secrets.key,
        }
        return {
            "SHOPBRIDGE_REGISTRY_URL": f"{self.registry_url}/apis/ccompat/v7",
            "SHOPBRIDGE_REGISTRY_USERNAME": "shopbridge",
            "SHOPBRIDGE_REGISTRY_PASSWORD": self.secrets.registry,
            "SHOPBRIDGE_REGISTRY_CA": str(self.ca),
            "SHOPBRIDGE_CONNECT_URL": f"https://{LOOPBACK}:{self.stack.port('connect')}",
            "SHOPBRIDGE_CONNECT_CA": str(self.ca),
            **connect_client,
            "SHOPBRIDGE_CONNECT_REGISTRY_URL": f"{self.registry_url}/apis/registry/v2",
            "SHOPBRIDGE_CONNECT_REGISTRY_USERNAME": "converter",
            "SHOPBRIDGE_CONNECT_REGISTRY_PASSWORD": f"${{file:{self.stack.secrets}/registry.properties:password}}",
            "SHOPBRIDGE_KAFKA_CA": str(self.ca),
            "SHOPBRIDGE_LOG_LEVEL": "DEBUG",
            "SHOPBRIDGE_HUBSPOT_TOKEN": SANDBOX_TOKEN,
            "SHOP_DATABASE_URL": admin,
            "SHOP_ADMIN_URL": admin,
        }

    def by_password(self) -> dict[str, str]:
        """Into Kafka by SASL_SSL."""
        return {
            "SHOPBRIDGE_KAFKA_BOOTSTRAP": f"{LOOPBACK}:{self.stack.port('kafka')}",
            "SHOPBRIDGE_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "SHOPBRIDGE_KAFKA_SASL_MECHANISM": MECHANISM,
            "SHOPBRIDGE_KAFKA_USERNAME": "shopbridge",
            "SHOPBRIDGE_KAFKA_PASSWORD": self.secrets.kafka,
        }

    def by_certificate(self) -> dict[str, str]:
        """Into Kafka by our certificate."""
        return {
            "SHOPBRIDGE_KAFKA_BOOTSTRAP": f"{LOOPBACK}:{self.mtls_port}",
            "SHOPBRIDGE_KAFKA_SECURITY_PROTOCOL": "SSL",
            "SHOPBRIDGE_KAFKA_CERTIFICATE": str(self.client.certificate),
            "SHOPBRIDGE_KAFKA_KEY": str(self.client.key),
            "SHOPBRIDGE_KAFKA_KEY_PASSWORD": self.secrets.key,
        }

    def admin(self) -> Mapping[str, str]:
        """A client that may do all, in librdkafka's settings."""
        return {
            "bootstrap.servers": f"{LOOPBACK}:{self.stack.port('kafka')}",
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": MECHANISM,
            "sasl.username": "admin",
            "sasl.password": self.secrets.kafka_admin,
            "ssl.ca.location": str(self.ca),
        }
