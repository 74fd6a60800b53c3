CREATE TABLE users (
    id         INTEGER NOT NULL PRIMARY KEY,
    name       TEXT,
    email      TEXT    UNIQUE,
    -- Microseconds since 1970, here and in every other column of a time.
    created_at INTEGER NOT NULL,
    -- The request that created the user, and its trace.
    request_id BLOB    NOT NULL UNIQUE,
    trace_id   TEXT    NOT NULL
) STRICT;
CREATE INDEX users_newest ON users (created_at, id);

CREATE TABLE registrations (
    request_id BLOB    NOT NULL PRIMARY KEY,
    user_id    INTEGER NOT NULL UNIQUE REFERENCES users (id),
    first_name TEXT    NOT NULL,
    last_name  TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    trace_id   TEXT    NOT NULL
) STRICT;

-- What came with an Idempotency-Key: the same key with another body is refused.
CREATE TABLE requests (
    request_id  BLOB    NOT NULL PRIMARY KEY,
    body_sha256 BLOB    NOT NULL,
    created_at  INTEGER NOT NULL,
    trace_id    TEXT    NOT NULL
) STRICT;
