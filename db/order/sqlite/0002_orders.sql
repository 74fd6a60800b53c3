CREATE TABLE orders (
    id              BLOB    NOT NULL PRIMARY KEY,
    request_id      BLOB    NOT NULL UNIQUE,
    user_id         INTEGER NOT NULL,
    action          TEXT    NOT NULL,
    status          TEXT    NOT NULL,
    total_cents     INTEGER NOT NULL,
    currency        TEXT    NOT NULL,
    -- Microseconds since 1970, here and in every other column of a time.
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    trace_id        TEXT    NOT NULL,
    -- The outbox towards audit. A record is still to be delivered exactly while next_attempt_at is there.
    audited_at      INTEGER,
    audit_id        BLOB,
    parked_at       INTEGER,
    park_reason     TEXT,
    next_attempt_at INTEGER,
    claimed_by      BLOB,
    attempts        INTEGER NOT NULL DEFAULT 0,
    -- What a redelivery sends.
    audit_body      BLOB    NOT NULL,
    traceparent     TEXT,
    tracestate      TEXT,
    baggage         TEXT
) STRICT;
CREATE INDEX orders_newest ON orders (created_at, id);
CREATE INDEX orders_due ON orders (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX orders_parked ON orders (parked_at) WHERE parked_at IS NOT NULL;
