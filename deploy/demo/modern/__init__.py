"""The modern demo shop: PostgreSQL, jsonb, UUIDs, no foreign keys."""
