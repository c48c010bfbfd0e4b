"""Makes a demo shop: its schema, its rows, and the views that say what HubSpot must hold.

    python -m deploy.demo.generate --shop postgresql://… [--seed 42] [--scale 1.0]

The modern shop in PostgreSQL, the legacy shop where the address begins with mariadb:// (as its administrator, who may
make the demo's own database beside it). Run again with the same seed and scale it only renews the views; with others
it refuses.
Exit codes: 0 made or already there, 1 the database holds something else, 2 wrong arguments or no connection.
"""

from __future__ import annotations

import argparse
import os
import sys

import psycopg
import pymysql

from deploy.demo import legacy_url
from deploy.demo.legacy import generate as legacy
from deploy.demo.made import WrongShopError
from deploy.demo.modern import generate as modern


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="generate", description="Makes a demo shop.")
    parser.add_argument("--shop", default=os.environ.get("SHOP_DATABASE_URL"), help="default: $SHOP_DATABASE_URL")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument(
        "--scale", type=float, default=1.0, help="1.0: 2,000 customers, 5,000 orders; legacy half of it"
    )
    options = parser.parse_args(arguments)
    if not options.shop:
        parser.error("no database: give --shop or set SHOP_DATABASE_URL")
    make = legacy.make if legacy_url(options.shop) else modern.make
    try:
        print(make(options.shop, options.seed, options.scale))
    except WrongShopError as error:
        sys.stderr.write(f"generate: {error}\n")
        return 1
    except (psycopg.Error, pymysql.Error) as error:
        sys.stderr.write(f"generate: the database does not answer or refuses: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
