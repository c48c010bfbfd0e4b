"""`python -m connector` is `shopbridge`."""

from __future__ import annotations

from connector.cli import main

main()
