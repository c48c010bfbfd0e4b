"""Jars by Maven into a cache shared by all stacks, each set once per version.

Most sets are fetched; one is built of the sources in this repository, with its tests.

A set lives in `.local/cache/<name>-<hash of what went into it>/`. It is put together in a folder of another name
and renamed when complete, so what was interrupted leaves nothing that looks like a set.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.packages import ensure
from deploy.local.process import complete
from deploy.local.stack import REPOSITORY
from deploy.local.versions import versions

CACHE = REPOSITORY / ".local" / "cache"
POMS = Path(__file__).parent / "maven"


@dataclass(frozen=True, slots=True)
class JarSet:
    """Jars that belong together.

    `pom`: a project whose run-time dependencies are the set, put into `folder` of it; or
    `archive`: Maven coordinates of one tar.gz that is unpacked, with names of versions in braces; or
    `project`: a folder of the repository with a Maven project, whose jar is built into `folder`.
    `services`: a folder of service manifests that is added as a jar, for a plugin that lacks its own.
    `needs`: the names in the section `maven` of the versions file that decide what comes.
    """

    name: str
    needs: tuple[str, ...]
    pom: str | None = None
    archive: str | None = None
    project: str | None = None
    services: str | None = None
    folder: str = "."


KAFKA = JarSet("kafka", ("scala", "log4j", "kafka"), pom="kafka.xml")
CONVERTER = JarSet(
    "converter",
    ("apicurio-converter",),
    pom="converter.xml",
    services="converter-services",
    folder="apicurio-avro-converter",
)
DEBEZIUM = JarSet("debezium", ("debezium",), archive="io.debezium:debezium-connector-postgres:{debezium}:tar.gz:plugin")
DEBEZIUM_MARIADB = JarSet(
    "debezium-mariadb",
    ("debezium-mariadb",),
    archive="io.debezium:debezium-connector-mariadb:{debezium-mariadb}:tar.gz:plugin",
)
DEBEZIUM_MYSQL = JarSet(
    "debezium-mysql", ("debezium-mysql",), archive="io.debezium:debezium-connector-mysql:{debezium-mysql}:tar.gz:plugin"
)
TRANSFORM = JarSet("shopbridge-transform", ("kafka",), project="deploy/transform", folder="shopbridge-transform")
REGISTRY = JarSet(
    "registry", ("apicurio-registry",), archive="io.apicurio:apicurio-registry-app:{apicurio-registry}:tar.gz:all"
)


def pinned(jars: JarSet) -> dict[str, str]:
    return {name: versions()["maven"][name] for name in ("dependency-plugin", *jars.needs)}


def coordinates(jars: JarSet) -> str:
    assert jars.archive is not None
    return jars.archive.format(**pinned(jars))


def location(jars: JarSet, cache: Path = CACHE) -> Path:
    """The folder of the set, there or not; its name changes with every version, with the pom, with the sources."""
    ingredients = (recipe(jars), jars.folder, sorted(pinned(jars).items()), sorted(manifests(jars).items()))
    return cache / f"{jars.name}-{hashlib.sha256(repr(ingredients).encode()).hexdigest()[:12]}"


def recipe(jars: JarSet) -> str:
    """What decides, beside the versions, what the set holds."""
    if jars.project:
        return repr(sorted(texts(REPOSITORY / jars.project, ("pom.xml", "src/**/*")).items()))
    return (POMS / jars.pom).read_text() if jars.pom else coordinates(jars)


def manifests(jars: JarSet) -> dict[str, str]:
    """Path in the jar to text of the set's own service manifests."""
    return texts(POMS / jars.services, ("**/*",)) if jars.services else {}


def texts(folder: Path, patterns: Iterable[str]) -> dict[str, str]:
    """Path in the folder to text of each file that one of the patterns finds."""
    found = (file for pattern in patterns for file in folder.glob(pattern) if file.is_file())
    return {str(file.relative_to(folder)): file.read_text() for file in found}


def add_services(jars: JarSet, target: Path) -> None:
    """A jar of the manifests beside the others; Connect's service loader finds the plugin by it."""
    with zipfile.ZipFile(target / f"{jars.services}.jar", "w") as jar:
        for path, text in manifests(jars).items():
            jar.writestr(path, text)


def fetch(jars: JarSet, say: Callable[[str], None], cache: Path = CACHE) -> Path:
    """The folder of the set, fetched or built when it is not there.

    Raises StackError with Maven's own words when it fails.
    """
    target = location(jars, cache)
    if target.exists():
        return target
    ensure(["mvn", "javac"] if jars.project else ["mvn"], say)
    cache.mkdir(parents=True, exist_ok=True)
    with locked(cache / f"{jars.name}.lock"):
        if not target.exists():
            version = versions()["maven"][jars.needs[-1]]
            say(f"building {jars.name}" if jars.project else f"fetching {jars.name} {version} from Maven")
            partial = target.with_suffix(".part")
            shutil.rmtree(partial, ignore_errors=True)
            (partial / jars.folder).mkdir(parents=True)
            put(jars, partial)
            partial.rename(target)
    return target


def put(jars: JarSet, target: Path) -> None:
    if jars.project:
        build(jars, target)
    elif jars.pom:
        copy_dependencies(jars, target / jars.folder)
    else:
        unpack_archive(jars, target)
    if jars.services:
        add_services(jars, target / jars.folder)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def copy_dependencies(jars: JarSet, target: Path) -> None:
    defines = [f"-D{name}={version}" for name, version in pinned(jars).items()]
    pom = str(POMS / str(jars.pom))
    maven("copy-dependencies", jars, ["-f", pom, *defines, "-DincludeScope=runtime", f"-DoutputDirectory={target}"])


def unpack_archive(jars: JarSet, target: Path) -> None:
    download = target / "download"
    maven("copy", jars, [f"-Dartifact={coordinates(jars)}", f"-DoutputDirectory={download}"])
    for archive in download.iterdir():
        complete(["tar", "-xzf", str(archive), "-C", str(target), "--no-same-owner"])
    shutil.rmtree(download)


def build(jars: JarSet, target: Path) -> None:
    """Compile, test and pack beside the target, so that the sources' folder stays as it is."""
    output = target / "build"
    pom = str(REPOSITORY / str(jars.project) / "pom.xml")
    defines = [f"-D{name}={version}" for name, version in pinned(jars).items()]
    complete(["mvn", "-B", "-q", "-f", pom, *defines, f"-Doutput={output}", "package"])
    for jar in output.glob("*.jar"):
        jar.rename(target / jars.folder / jar.name)
    shutil.rmtree(output)


def maven(goal: str, jars: JarSet, arguments: list[str]) -> None:
    plugin = f"org.apache.maven.plugins:maven-dependency-plugin:{pinned(jars)['dependency-plugin']}"
    complete(["mvn", "-B", "-q", f"{plugin}:{goal}", *arguments])
