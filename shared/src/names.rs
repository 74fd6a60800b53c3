//! Every name that leaves the process: attributes, span names that are not derived from a route, peers, metrics.
//!
//! The attribute names are those of the OpenTelemetry semantic conventions (HTTP, database, exceptions; stable where
//! a stable form exists), to the letter. What is ours is in [`ours`].
//!
//! Invariant: no other file of the workspace spells one of these as a literal, but for `tracing` field names, which the
//! macro wants in place.

/// Names of the processes, as they stand in `service.name`.
pub mod service {
    /// The edge.
    pub const GATEWAY: &str = "gateway";
    /// Users, registrations, requests.
    pub const USER: &str = "user-service";
    /// Products and orders.
    pub const ORDER: &str = "order-service";
    /// Audit records.
    pub const AUDIT: &str = "audit-service";
    /// The built-in trace store.
    pub const VIEWER: &str = "viewer";
    /// `service.namespace` of all of them.
    pub const NAMESPACE: &str = "tracechain";
}

/// Names of the databases, as they stand in `peer.service` and in a `dependency_unavailable` problem.
pub mod database {
    /// The user service's database.
    pub const USERS: &str = "users-db";
    /// The order service's database.
    pub const ORDERS: &str = "orders-db";
    /// The audit service's database.
    pub const AUDIT: &str = "audit-db";
}

/// Span names that no route and no statement gives.
pub mod span {
    /// Pricing an order, with its `SELECT products` below it.
    pub const PRICE_ORDER: &str = "price_order";
}

/// Attribute keys of spans, resources and events.
pub mod attribute {
    pub use opentelemetry_semantic_conventions::attribute::{
        DB_COLLECTION_NAME, DB_NAMESPACE, DB_OPERATION_NAME, DB_QUERY_TEXT,
        DB_RESPONSE_RETURNED_ROWS, DB_RESPONSE_STATUS_CODE, DB_SYSTEM_NAME, ERROR_TYPE,
        EXCEPTION_MESSAGE, EXCEPTION_TYPE, HTTP_REQUEST_METHOD, HTTP_REQUEST_RESEND_COUNT,
        HTTP_RESPONSE_STATUS_CODE, HTTP_ROUTE, NETWORK_PROTOCOL_VERSION, SERVER_ADDRESS,
        SERVER_PORT, SERVICE_PEER_NAME, URL_FULL, URL_PATH, URL_SCHEME, URL_TEMPLATE,
        USER_AGENT_ORIGINAL, USER_ID,
    };

    /// The service or database at the other end of a CLIENT span; what service graphs read today.
    pub const PEER_SERVICE: &str = "peer.service";
}

/// Attribute keys of this project's own.
pub mod ours {
    /// The order's id, a UUID.
    pub const ORDER_ID: &str = "order.id";
    /// The SKUs of an order, an array of strings.
    pub const ORDER_ITEM_SKUS: &str = "order.item.skus";
    /// The quantities of an order, an array of integers in the order of the SKUs.
    pub const ORDER_ITEM_QUANTITIES: &str = "order.item.quantities";
    /// The order's total in cents.
    pub const ORDER_TOTAL_CENTS: &str = "order.total_cents";
    /// True where the audit record is kept for later delivery.
    pub const AUDIT_PENDING: &str = "audit.pending";
    /// The try of a repeated transaction, from 2 on.
    pub const ATTEMPT: &str = "tracechain.attempt";
}

/// Header names that no standard crate has.
pub mod header {
    use http::HeaderName;

    /// What is left for the callee, in milliseconds.
    pub const DEADLINE: HeaderName = HeaderName::from_static("x-deadline-ms");
    /// The id of the request that all hops of a chain share, a UUID.
    pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
    /// IETF draft `idempotency-key-header`.
    pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
    /// `true` on the answer to a repeated key.
    pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
    /// W3C Trace Context level 2, section on the response header.
    pub const TRACERESPONSE: HeaderName = HeaderName::from_static("traceresponse");
    /// W3C Server Timing.
    pub const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
}

/// Names of the metrics that every process has; a service's own stand beside what they count.
pub mod metric {
    /// Requests answered.
    pub const HTTP_REQUESTS: &str = "http_requests_total";
    /// Requests answered with status 400 or above.
    pub const HTTP_ERRORS: &str = "http_errors_total";
    /// Time to answer a request.
    pub const HTTP_REQUEST_DURATION: &str = "http_request_duration_seconds";
    /// Time until another process answered.
    pub const HTTP_CLIENT_REQUEST_DURATION: &str = "http_client_request_duration_seconds";
    /// Time of a database statement.
    pub const DB_QUERY_DURATION: &str = "db_query_duration_seconds";
    /// Connections of the database pool.
    pub const DB_CONNECTIONS: &str = "db_client_connections";
    /// Time that a caller waited for a connection.
    pub const DB_CONNECTION_WAIT: &str = "db_client_connection_wait_seconds";
    /// Requests to process that the gateway answered.
    pub const REQUESTS_PROCESSED: &str = "tracechain_requests_processed_total";
    /// Requests to register that the gateway answered.
    pub const REGISTRATIONS: &str = "tracechain_registrations_total";
    /// Sampled spans that ended.
    pub const SPANS_ENDED: &str = "otel_sdk_spans_ended_total";
    /// Spans that the exporter's endpoint took.
    pub const SPANS_EXPORTED: &str = "otel_sdk_spans_exported_total";
    /// Spans sent without success.
    pub const SPANS_FAILED: &str = "otel_sdk_spans_failed_total";
    /// Spans never sent.
    pub const SPANS_DROPPED: &str = "otel_sdk_spans_dropped_total";
    /// What `FAULTS` has struck.
    pub const FAULTS_INJECTED: &str = "tracechain_faults_injected_total";
    /// Spans that wait or are in flight.
    pub const SPANS_QUEUED: &str = "otel_sdk_spans_queued";
}
