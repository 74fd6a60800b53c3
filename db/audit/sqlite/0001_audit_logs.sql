CREATE TABLE audit_logs (
    id          BLOB    NOT NULL PRIMARY KEY,
    -- One record per request, however often it is delivered.
    request_id  BLOB    NOT NULL UNIQUE,
    order_id    BLOB    NOT NULL,
    user_id     INTEGER NOT NULL,
    action      TEXT    NOT NULL,
    total_cents INTEGER NOT NULL,
    currency    TEXT    NOT NULL,
    -- Microseconds since 1970.
    recorded_at INTEGER NOT NULL,
    trace_id    TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_logs_newest ON audit_logs (recorded_at, id);
CREATE INDEX audit_logs_trace ON audit_logs (trace_id);
