"""Programs of the operating system: found, installed when allowed, otherwise named with the command to run."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from deploy.local.errors import MissingPackageError
from deploy.local.process import complete
from deploy.local.versions import versions

POSTGRES_MAJOR = versions()["debian"]["postgresql"]
MARIADB = versions()["debian"]["mariadb"]
JAVA_MAJOR = int(versions()["debian"]["java"])
POSTGRES_PROGRAMS = Path(f"/usr/lib/postgresql/{POSTGRES_MAJOR}/bin")
MARIADB_SERVER = Path("/usr/sbin/mariadbd")  # not on everybody's path

PACKAGES = {
    "postgres": (f"postgresql-{POSTGRES_MAJOR}", f"postgresql-client-{POSTGRES_MAJOR}"),
    "mariadb": ("mariadb-server", "mariadb-client"),
    "java": (f"openjdk-{JAVA_MAJOR}-jre-headless",),
    "mvn": ("maven",),
    "javac": (f"openjdk-{JAVA_MAJOR}-jdk-headless",),
    "venv": ("python3-venv",),
}


def java() -> str | None:
    """The Java to run: of JAVA_HOME, or the first on PATH, if it is new enough."""
    home = os.environ.get("JAVA_HOME")
    candidates = [str(Path(home) / "bin" / "java")] if home else []
    return next((name for name in [*candidates, "java"] if shutil.which(name) and java_major(name) >= JAVA_MAJOR), None)


@cache
def java_major(program: str) -> int:
    """The major version, 0 when it cannot be told; 1.8 counts as 1."""
    command = [program, "-XshowSettings:properties", "-version"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in told.stderr.splitlines():
        name, _, value = line.strip().partition(" = ")
        if name == "java.specification.version":
            return int(value.split(".")[0])
    return 0


def is_there(program: str) -> bool:
    if program == "postgres":
        return (POSTGRES_PROGRAMS / "postgres").exists()
    if program == "mariadb":
        return MARIADB_SERVER.exists()
    if program == "venv":  # Debian keeps what `python3 -m venv` needs in a package of its own
        return find_spec("ensurepip") is not None
    return java() is not None if program == "java" else shutil.which(program) is not None


def ensure(programs: Iterable[str], say: Callable[[str], None]) -> None:
    """Install what is missing of postgres, mariadb, java, mvn, javac and venv.

    Raises MissingPackageError with the command to run when this is not root on Debian, StackError when apt-get fails.
    """
    missing = [package for program in programs if not is_there(program) for package in PACKAGES[program]]
    if not missing:
        return
    install = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise MissingPackageError(
            f"this machine lacks {', '.join(missing)}. As root on Debian run: {' '.join(install)}\n"
            f"(elsewhere: PostgreSQL {POSTGRES_MAJOR}, MariaDB {MARIADB}, Java {JAVA_MAJOR} or later, and Maven)"
        )
    say(f"installing {', '.join(missing)}")
    for command in (["apt-get", "update", "-q"], install):
        complete(command, extra={"DEBIAN_FRONTEND": "noninteractive"})
