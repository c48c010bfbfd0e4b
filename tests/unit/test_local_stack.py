"""The local stack on paper: addresses, configuration, the cache of jars."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local import jars
from deploy.local.commands import part_names
from deploy.local.errors import MissingPackageError, StackError, UsageError
from deploy.local.jars import JarSet
from deploy.local.parts import NAMES, account, connect, java, kafka, mariadb, parts, postgres, registry, with_needs
from deploy.local.stack import PORT_OFFSETS, Stack, environment_lines, open_stack, remember


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    stack = Stack(tmp_path / "home", 23040)
    stack.make_folders()
    return stack


# ---- addresses


def test_ports_remind_of_the_usual_ones(stack: Stack) -> None:
    """Base 19000 puts Kafka at 19092, as 9092 is usual."""
    demo = replace(stack, port_base=19000)
    expected = {"kafka": 19092, "controller": 19093, "connect": 19083, "registry": 19081, "postgres": 19032}
    assert {**expected, "sandbox": 19080, "mariadb": 19006} == {name: demo.port(name) for name in PORT_OFFSETS}


def test_the_environment_tells_every_address() -> None:
    """A program that reads the lines needs no other knowledge of the stack."""
    expected = """\
SHOPBRIDGE_KAFKA_BOOTSTRAP=127.0.0.1:19092
SHOPBRIDGE_REGISTRY_URL=http://127.0.0.1:19081/apis/ccompat/v7
SHOPBRIDGE_CONNECT_URL=http://127.0.0.1:19083
SHOPBRIDGE_CONNECT_REGISTRY_URL=http://127.0.0.1:19081/apis/registry/v2
SHOPBRIDGE_HUBSPOT_URL=http://127.0.0.1:19080
SHOPBRIDGE_HUBSPOT_TOKEN=pat-na1-00000000-0000-4000-8000-000000000000
SHOPBRIDGE_LEDGER=/h/data/ledger.db
SHOPBRIDGE_SANDBOX_DATABASE=/h/data/sandbox.db
SHOP_DATABASE_URL=postgresql://shop:shop@127.0.0.1:19032/shop
SHOP_ADMIN_URL=postgresql://postgres@127.0.0.1:19032/shop
LEGACY_DATABASE_URL=mariadb://shop:shop@127.0.0.1:19006/legacy
LEGACY_ADMIN_URL=mariadb://root@127.0.0.1:19006/legacy
"""
    assert expected == environment_lines(Stack(Path("/h"), 19000))


def test_a_stack_remembers_its_ports(stack: Stack) -> None:
    """`down` and `status` need not be told the port base again."""
    remember(stack)
    assert stack == open_stack(stack.home, None)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"port_base": "x"}', "{}"])
def test_a_damaged_memory_falls_back(stack: Stack, text: str) -> None:
    """A file that a crash cut short must not stop `up`."""
    (stack.home / "stack.json").write_text(text)
    assert open_stack(stack.home, None).port_base == 19000


@pytest.mark.parametrize("base", [0, 1023, 65443, -5])
def test_ports_out_of_range_are_refused(tmp_path: Path, base: int) -> None:
    """The message names the range."""
    with pytest.raises(UsageError, match="between 1024 and 65442"):
        open_stack(tmp_path, base)


# ---- parts


def test_no_part_needs_a_later_one(stack: Stack) -> None:
    """Starting in the order of the list is always possible."""
    for name, part in parts(stack).items():
        assert all(NAMES.index(need) < NAMES.index(name) for need in part.needs)


def test_parts_share_no_port(stack: Stack) -> None:
    """Every port of the stack belongs to one part."""
    used = [port for part in parts(stack).values() for port in part.ports]
    assert sorted(stack.port(name) for name in PORT_OFFSETS) == sorted(used)


def test_a_part_brings_what_it_needs(stack: Stack) -> None:
    """`--only connect` means Kafka too."""
    assert {"kafka", "connect"} == with_needs({"connect"}, parts(stack))


def test_part_names_are_a_list() -> None:
    """Blanks and empty words do no harm."""
    assert {"kafka", "registry"} == part_names("kafka, registry,")


# ---- configuration


def test_every_listener_is_on_loopback(stack: Stack) -> None:
    """Nothing of the stack can be reached from another machine."""
    listeners = [
        *str(kafka.settings(stack)["listeners"]).split(","),
        connect.settings(stack, ())["listeners"],
        f"x://{postgres.settings(stack)['listen_addresses']}:",
        f"x://{mariadb.settings(stack)['bind_address']}:",
        f"x://{registry.settings(stack)['quarkus.http.host']}:",
    ]
    assert all("://127.0.0.1:" in str(listener) for listener in listeners)


def test_topics_do_not_make_themselves(stack: Stack) -> None:
    """A misspelt topic is an error."""
    assert kafka.settings(stack)["auto.create.topics.enable"] == "false"


def test_the_registry_forgets_nothing(stack: Stack) -> None:
    """Its journal is the only copy of the schemas."""
    assert registry.settings(stack)["apicurio.kafkasql.topic.retention.ms"] == "-1"


def test_postgres_decodes_its_log(stack: Stack) -> None:
    """What Debezium asks of the server, and a limit to what a forgotten slot may keep."""
    settings = postgres.settings(stack)
    assert settings["wal_level"] == "logical"
    assert settings["max_slot_wal_keep_size"] != "-1"


def test_mariadb_writes_whole_rows_to_its_log(stack: Stack) -> None:
    """What Debezium asks of the server; compressed events it cannot read."""
    wanted = {"binlog_format": "ROW", "binlog_row_image": "FULL", "log_bin_compress": 0}
    assert wanted.items() <= mariadb.settings(stack).items()


def test_properties_survive_java() -> None:
    """Java reads a backslash as an escape."""
    expected = "a=1\nb=C:\\\\x\n"
    assert expected == java.properties({"a": 1, "b": "C:\\x"})


def test_a_closed_folder_needs_a_mount(tmp_path: Path) -> None:
    """The server's user must be able to enter every folder above the cluster."""
    closed = tmp_path / "closed"
    (closed / "postgres").mkdir(parents=True)
    closed.chmod(0o700)
    assert (os.geteuid() == 0) == account.needs_mount(closed / "postgres")


# ---- jars


@pytest.fixture
def fake_maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program called mvn, first on the path; the test writes what it does."""
    program = tmp_path / "bin" / "mvn"
    program.parent.mkdir()
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return program


FETCHES = """#!/bin/sh
echo called >> "{calls}"
for word in "$@"; do case "$word" in -DoutputDirectory=*) echo jar > "${{word#*=}}/a.jar";; esac; done
"""


def test_jars_are_fetched_once(fake_maven: Path, tmp_path: Path) -> None:
    """The second stack takes them from the cache."""
    calls = tmp_path / "calls"
    fake_maven.write_text(FETCHES.format(calls=calls))
    first = jars.fetch(jars.CONVERTER, lambda _: None, tmp_path / "cache")
    assert first == jars.fetch(jars.CONVERTER, lambda _: None, tmp_path / "cache")
    assert calls.read_text() == "called\n"
    assert (first / "apicurio-avro-converter" / "a.jar").exists()


def test_an_interrupted_fetch_leaves_no_set(fake_maven: Path, tmp_path: Path) -> None:
    """Half a set is fetched anew, and Maven's words are told."""
    half = FETCHES.format(calls=tmp_path / "calls")
    fake_maven.write_text(f"{half}\necho '[ERROR] no route'; exit 1\n")
    with pytest.raises(StackError, match=r"\[ERROR\] no route"):
        jars.fetch(jars.CONVERTER, lambda _: None, tmp_path / "cache")
    assert not jars.location(jars.CONVERTER, tmp_path / "cache").exists()
    fake_maven.write_text(FETCHES.format(calls=tmp_path / "calls"))
    assert jars.fetch(jars.CONVERTER, lambda _: None, tmp_path / "cache").exists()


def test_the_cache_knows_versions_apart(tmp_path: Path) -> None:
    """Another version, or another recipe, is another folder."""
    sets = [*connect.PLUGIN_SETS, jars.KAFKA, jars.REGISTRY, JarSet("kafka", ("kafka",), pom="kafka.xml")]
    assert len(sets) == len({jars.location(each, tmp_path) for each in sets})


def test_a_missing_program_is_named_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing may be installed, the command is given."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingPackageError, match="apt-get install -y --no-install-recommends maven"):
        jars.fetch(jars.CONVERTER, lambda _: None, tmp_path / "cache")


BUILDS = """#!/bin/sh
for word in "$@"; do case "$word" in -Doutput=*) out="${word#*=}"; mkdir "$out"; echo jar > "$out/t.jar";; esac; done
"""


def test_the_transformation_is_built_into_a_folder_of_its_own(fake_maven: Path, tmp_path: Path) -> None:
    """What Maven leaves beside the jar does not become part of the plugin."""
    fake_maven.write_text(BUILDS)
    built = jars.fetch(jars.TRANSFORM, lambda _: None, tmp_path / "cache")
    assert ["shopbridge-transform", "shopbridge-transform/t.jar"] == sorted(
        str(path.relative_to(built)) for path in built.rglob("*")
    )


def test_the_transformation_is_built_anew_when_its_sources_change(tmp_path: Path) -> None:
    """The cache knows it by the content of the project."""
    project = tmp_path / "project"
    (project / "src").mkdir(parents=True)
    (project / "pom.xml").write_text("<project/>")
    ours = replace(jars.TRANSFORM, project=str(project))
    before = jars.location(ours, tmp_path)
    (project / "target.log").write_text("not a source")
    assert before == jars.location(ours, tmp_path)
    (project / "src" / "A.java").write_text("class A {}")
    assert before != jars.location(ours, tmp_path)


def test_a_failed_build_is_told_in_mavens_words(fake_maven: Path, tmp_path: Path) -> None:
    """They come on standard output, while colour codes, and nothing else, come on the other."""
    fake_maven.write_text("#!/bin/sh\nprintf '\\033[0m' >&2; echo '[ERROR] A.java:[1,7] cannot find symbol'; exit 1\n")
    with pytest.raises(StackError, match=r"A\.java:\[1,7\] cannot find symbol"):
        jars.fetch(jars.TRANSFORM, lambda _: None, tmp_path / "cache")
    assert not jars.location(jars.TRANSFORM, tmp_path / "cache").exists()


def test_the_converter_is_given_a_manifest() -> None:
    """Connect finds plugins by their manifests, and this one ships without."""
    manifest = jars.manifests(jars.CONVERTER)["META-INF/services/org.apache.kafka.connect.storage.Converter"]
    assert manifest.strip() in connect.PLUGINS
