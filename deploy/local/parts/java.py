"""How the parts that run on Java are started."""

from __future__ import annotations

from pathlib import Path

from deploy.local.packages import java

# Small heaps, the collector with the least overhead, and only the quick compiler: two cores start four servers.
SWITCHES = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError", "-Duser.timezone=UTC")
LOGGING = Path(__file__).parents[1] / "log4j2.xml"


def command(heap: str, *arguments: str) -> tuple[str, ...]:
    """A Java command with a heap such as `512m`."""
    return (java() or "java", f"-Xmx{heap}", *SWITCHES, *arguments)


def class_path(jars: Path, main: str, *arguments: str, heap: str = "512m") -> tuple[str, ...]:
    """Run the class `main` of the jars in a folder."""
    logging = f"-Dlog4j2.configurationFile={LOGGING}"
    return command(heap, logging, "-cp", f"{jars}/*", main, *arguments)


def properties(settings: dict[str, object]) -> str:
    """The text of a Java properties file; backslashes, the only thing that needs care in our values, are doubled."""
    return "".join(f"{key}={str(value).replace(chr(92), chr(92) * 2)}\n" for key, value in settings.items())
