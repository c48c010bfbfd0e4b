"""The pinned versions, read from deploy/versions.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache

from deploy.local.stack import REPOSITORY

VERSIONS_FILE = REPOSITORY / "deploy" / "versions.toml"


@cache
def versions() -> Mapping[str, Mapping[str, str]]:
    """Section to name to version, as `versions()["maven"]["kafka"]`."""
    with VERSIONS_FILE.open("rb") as file:
        return tomllib.load(file)
