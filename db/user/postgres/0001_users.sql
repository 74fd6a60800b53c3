-- Constraints are named <table>_<column>, as the errors of both engines are told apart by it.
CREATE TABLE users (
    id         BIGINT   NOT NULL CONSTRAINT users_id PRIMARY KEY,
    name       TEXT,
    email      TEXT     CONSTRAINT users_email UNIQUE,
    -- Microseconds since 1970, here and in every other column of a time.
    created_at BIGINT   NOT NULL,
    -- The request that created the user, and its trace.
    request_id UUID     NOT NULL CONSTRAINT users_request_id UNIQUE,
    trace_id   CHAR(32) NOT NULL
);
CREATE INDEX users_newest ON users (created_at, id);

CREATE TABLE registrations (
    request_id UUID     NOT NULL CONSTRAINT registrations_request_id PRIMARY KEY,
    user_id    BIGINT   NOT NULL CONSTRAINT registrations_user_id UNIQUE REFERENCES users (id),
    first_name TEXT     NOT NULL,
    last_name  TEXT     NOT NULL,
    created_at BIGINT   NOT NULL,
    trace_id   CHAR(32) NOT NULL
);

-- What came with an Idempotency-Key: the same key with another body is refused.
CREATE TABLE requests (
    request_id  UUID     NOT NULL CONSTRAINT requests_request_id PRIMARY KEY,
    body_sha256 BYTEA    NOT NULL,
    created_at  BIGINT   NOT NULL,
    trace_id    CHAR(32) NOT NULL
);
