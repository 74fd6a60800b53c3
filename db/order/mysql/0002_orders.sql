CREATE TABLE orders (
    id              BINARY(16)   NOT NULL PRIMARY KEY,
    request_id      BINARY(16)   NOT NULL,
    user_id         BIGINT       NOT NULL,
    action          VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    status          VARCHAR(16)  CHARACTER SET ascii NOT NULL,
    total_cents     BIGINT       NOT NULL,
    currency        CHAR(3)      CHARACTER SET ascii NOT NULL,
    -- Microseconds since 1970, here and in every other column of a time.
    created_at      BIGINT       NOT NULL,
    updated_at      BIGINT       NOT NULL,
    trace_id        CHAR(32)     CHARACTER SET ascii NOT NULL,
    -- The outbox towards audit. A record is still to be delivered exactly while next_attempt_at is there.
    audited_at      BIGINT,
    audit_id        BINARY(16),
    parked_at       BIGINT,
    park_reason     VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    next_attempt_at BIGINT,
    claimed_by      BINARY(16),
    attempts        BIGINT       NOT NULL DEFAULT 0,
    -- What a redelivery sends.
    audit_body      MEDIUMBLOB   NOT NULL,
    traceparent     VARCHAR(512) CHARACTER SET ascii,
    tracestate      TEXT         CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    baggage         TEXT         CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    UNIQUE KEY orders_request_id (request_id),
    KEY orders_newest (created_at, id),
    KEY orders_due (next_attempt_at),
    KEY orders_parked (parked_at)
) ENGINE = InnoDB;
