CREATE TABLE IF NOT EXISTS record (
    id TEXT PRIMARY KEY,
    object_type TEXT NOT NULL,
    properties TEXT NOT NULL,
    archived INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    archived_at TEXT,
    merged_into TEXT
);
CREATE TABLE IF NOT EXISTS association (
    from_type TEXT NOT NULL,
    from_id TEXT NOT NULL,
    to_type TEXT NOT NULL,
    to_id TEXT NOT NULL,
    category TEXT NOT NULL,
    type_id INTEGER NOT NULL,
    label TEXT,
    PRIMARY KEY (from_id, to_id, type_id, from_type, to_type)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS association_by_end ON association (to_id);
CREATE TABLE IF NOT EXISTS write_log (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    at_monotonic REAL NOT NULL,
    request_id TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    object_type TEXT NOT NULL,
    record_id TEXT NOT NULL,
    action TEXT NOT NULL,
    properties TEXT NOT NULL,
    to_type TEXT,
    to_id TEXT,
    trace_id TEXT
);
CREATE INDEX IF NOT EXISTS write_log_by_record ON write_log (record_id, seq);
CREATE INDEX IF NOT EXISTS write_log_by_end ON write_log (to_id, seq) WHERE to_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS request_log (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    request_id TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    status INTEGER NOT NULL,
    inputs INTEGER NOT NULL,
    millis REAL NOT NULL,
    fault TEXT,
    kind TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    object_type TEXT
);
CREATE TABLE IF NOT EXISTS definition (
    sort TEXT NOT NULL,
    object_type TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (sort, object_type, name)
);
CREATE TABLE IF NOT EXISTS blocked_email (email TEXT PRIMARY KEY);
