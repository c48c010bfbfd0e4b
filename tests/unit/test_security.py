"""Who we are to other servers: what does not fit together, what files must hold, and what is never shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from faust.types.auth import AuthProtocol

from connector.agents.shell import credentials
from connector.errors import ConfigurationError
from connector.kafka.access import client, opened
from connector.operations.environment import read_settings
from connector.security import HttpAccess, KafkaAccess, Tls
from connector.settings import Settings
from tests.support.certificates import Authority, Identity

SASL = {"kafka_security_protocol": "SASL_SSL", "kafka_sasl_mechanism": "SCRAM-SHA-512", "kafka_username": "me"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def identity(authority: Authority) -> Identity:
    """A certificate whose key has the password `opens`."""
    return authority.issue("me", "me.example", key_password="opens")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}, "SASL_SSL, which needs SHOPBRIDGE_KAFKA_PASSWORD too"),
        ({"KAFKA_PASSWORD": "p"}, "SHOPBRIDGE_KAFKA_PASSWORD is of no use with PLAINTEXT: set SHOPBRIDGE_KAFKA_SECUR"),
        ({"KAFKA_CA": "/etc/hosts"}, "of no use with PLAINTEXT: set SHOPBRIDGE_KAFKA_SECURITY_PROTOCOL to SSL"),
        ({"KAFKA_CA": "/nowhere.pem"}, "SHOPBRIDGE_KAFKA_CA: "),
        ({"KAFKA_SASL_MECHANISM": "GSSAPI"}, "SHOPBRIDGE_KAFKA_SASL_MECHANISM: "),
        ({"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_KEY": "/etc/hosts"}, "CERTIFICATE and SHOPBRIDGE_KAFKA_KEY go tog"),
        ({"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_KEY_PASSWORD": "p"}, "but there is no SHOPBRIDGE_KAFKA_KEY"),
        ({"REGISTRY_USERNAME": "me"}, "SHOPBRIDGE_REGISTRY_USERNAME and SHOPBRIDGE_REGISTRY_PASSWORD go together"),
        (
            {"REGISTRY_USERNAME": "me", "REGISTRY_PASSWORD": "p", "REGISTRY_TOKEN": "t"},
            "SHOPBRIDGE_REGISTRY_TOKEN and SHOPBRIDGE_REGISTRY_USERNAME exclude each other",
        ),
        ({"CONNECT_CA": "/etc/hosts"}, "of no use with http: write SHOPBRIDGE_CONNECT_URL with https"),
        ({"REGISTRY_URL": "http://me:p@host"}, "SHOPBRIDGE_REGISTRY_URL holds credentials"),
        ({"HUBSPOT_URL": "https://me:p@host"}, "SHOPBRIDGE_HUBSPOT_URL holds credentials"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    """A server would answer such settings with silence; so they end the start, naming what to set."""
    for name, text in variables.items():
        monkeypatch.setenv(f"SHOPBRIDGE_{name}", text)
    with pytest.raises(ConfigurationError) as refused:
        read_settings()
    assert expected in str(refused.value)


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files for containers write every variable, those without a value too."""
    monkeypatch.setenv("SHOPBRIDGE_KAFKA_CA", "")
    assert read_settings().kafka_ca is None


def test_refused_settings_do_not_show_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """The complaint, and what a traceback shows of it, hold no password that was right."""
    monkeypatch.setenv("SHOPBRIDGE_KAFKA_PASSWORD", "planted")
    monkeypatch.setenv("SHOPBRIDGE_TOPIC_PARTITIONS", "none")
    with pytest.raises(ConfigurationError) as refused:
        read_settings()
    error: BaseException | None = refused.value
    while error is not None:
        assert "planted" not in f"{error}{error!r}"
        error = error.__cause__ or error.__context__


def test_no_secret_is_in_a_repr() -> None:
    """Settings and ways in may be logged whole."""
    given = {**SASL, "kafka_password": "planted", "registry_token": "planted", "registry_url": "https://r"}
    settings = Settings.model_validate(given)
    assert "planted" not in f"{settings!r} {settings.kafka!r} {settings.registry!r}"


def test_librdkafka_is_told_all_of_it(identity: Identity, authority: Authority) -> None:
    """Protocol, mechanism, user and files, in its own words; what is not set is left out."""
    access = KafkaAccess("b:1", "SASL_SSL", "SCRAM-SHA-256", "me", "p", Tls(authority.ca))
    assert {
        "bootstrap.servers": "b:1",
        "log_level": 2,
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-256",
        "sasl.username": "me",
        "sasl.password": "p",
        "ssl.ca.location": str(authority.ca),
    } == client(access)
    with_key = client(KafkaAccess("b:1", "SSL", tls=Tls(None, identity.certificate, identity.key, "opens")))
    assert ["ssl.certificate.location", "ssl.key.location", "ssl.key.password"] == sorted(
        name for name in with_key if name.startswith("ssl.")
    )


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        ("SASL_SSL", AuthProtocol.SASL_SSL),
        ("SASL_PLAINTEXT", AuthProtocol.SASL_PLAINTEXT),
        ("SSL", AuthProtocol.SSL),
    ],
)
def test_faust_comes_in_as_we_do(protocol: str, expected: AuthProtocol) -> None:
    """TLS is never dropped on the way to Faust, which would not say so."""
    mechanism = ("PLAIN", "me", "p") if protocol.startswith("SASL") else (None, None, None)
    found = credentials(KafkaAccess("b:1", protocol, *mechanism))
    assert found is not None
    assert expected is found.protocol


def test_faust_has_no_credentials_where_there_are_none() -> None:
    """Brokers that take everybody are entered as before."""
    assert credentials(KafkaAccess("b:1")) is None


def test_a_key_opens_with_its_password_alone(identity: Identity) -> None:
    """A wrong password, and a file that is no PEM, are said with the files' names, and without the password."""
    assert Tls(None, identity.certificate, identity.key, "opens").context()
    for tls in (
        Tls(None, identity.certificate, identity.key, "guessed"),
        Tls(None, identity.certificate, identity.key),
        Tls(Path("/etc/hosts")),
    ):
        with pytest.raises(ConfigurationError) as refused:
            tls.context()
        assert ("guessed" in str(refused.value), "TLS cannot be set up with" in str(refused.value)) == (False, True)


def test_a_client_that_librdkafka_refuses_is_a_mistake_in_settings(identity: Identity) -> None:
    """What it says of a key that does not open is passed on, with the settings to look at."""
    access = KafkaAccess("b:1", "SSL", tls=Tls(None, identity.certificate, identity.key, "guessed"))
    with pytest.raises(ConfigurationError, match="SHOPBRIDGE_KAFKA_CA"):
        opened(AdminClient, client(access))


def test_a_plain_address_is_a_way_in() -> None:
    """Where nothing is asked for, nothing is said."""
    assert [] == [*HttpAccess("http://r").faults("X"), *KafkaAccess("b:1").faults()]
