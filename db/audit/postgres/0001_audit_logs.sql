CREATE TABLE audit_logs (
    id          UUID     NOT NULL CONSTRAINT audit_logs_id PRIMARY KEY,
    -- One record per request, however often it is delivered.
    request_id  UUID     NOT NULL CONSTRAINT audit_logs_request_id UNIQUE,
    order_id    UUID     NOT NULL,
    user_id     BIGINT   NOT NULL,
    action      TEXT     NOT NULL,
    total_cents BIGINT   NOT NULL,
    currency    CHAR(3)  NOT NULL,
    -- Microseconds since 1970.
    recorded_at BIGINT   NOT NULL,
    trace_id    CHAR(32) NOT NULL
);
CREATE INDEX audit_logs_newest ON audit_logs (recorded_at, id);
CREATE INDEX audit_logs_trace ON audit_logs (trace_id);
