"""`python3 -m deploy.local`, from the repository root."""

from __future__ import annotations

import sys

from deploy.local.commands import main

sys.exit(main(sys.argv[1:]))
