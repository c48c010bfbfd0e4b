"""Runs the migrations on the connection that the ledger passes in."""

from __future__ import annotations

from alembic import context

from connector.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
