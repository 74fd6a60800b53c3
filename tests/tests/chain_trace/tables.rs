//! What traces look like: DESIGN section 4 as text.

/// `POST /api/v1/process`.
pub(crate) const PROCESS: &str = "\
gateway SERVER POST /api/v1/process
  gateway CLIENT POST /process
    user-service SERVER POST /process
      user-service CLIENT INSERT users
      user-service CLIENT POST /process
        order-service SERVER POST /process
          order-service INTERNAL price_order
            order-service CLIENT SELECT products
          order-service CLIENT INSERT orders
          order-service CLIENT INSERT order_items
          order-service CLIENT COMMIT
          order-service CLIENT POST /process
            audit-service SERVER POST /process
              audit-service CLIENT INSERT audit_logs
";

/// The same with an idempotency key.
pub(crate) const PROCESS_WITH_KEY: &str = "\
gateway SERVER POST /api/v1/process
  gateway CLIENT POST /process
    user-service SERVER POST /process
      user-service CLIENT INSERT requests
      user-service CLIENT INSERT users
      user-service CLIENT POST /process
        order-service SERVER POST /process
          order-service INTERNAL price_order
            order-service CLIENT SELECT products
          order-service CLIENT INSERT orders
          order-service CLIENT INSERT order_items
          order-service CLIENT COMMIT
          order-service CLIENT POST /process
            audit-service SERVER POST /process
              audit-service CLIENT INSERT audit_logs
";

/// `POST /api/v1/register`.
pub(crate) const REGISTER: &str = "\
gateway SERVER POST /api/v1/register
  gateway CLIENT POST /register
    user-service SERVER POST /register
      user-service CLIENT INSERT users
      user-service CLIENT INSERT registrations
      user-service CLIENT COMMIT
      user-service CLIENT POST /process
        order-service SERVER POST /process
          order-service INTERNAL price_order
            order-service CLIENT SELECT products
          order-service CLIENT INSERT orders
          order-service CLIENT INSERT order_items
          order-service CLIENT COMMIT
          order-service CLIENT POST /process
            audit-service SERVER POST /process
              audit-service CLIENT INSERT audit_logs
";

/// `GET /api/v1/users/{id}`.
pub(crate) const READ_USER: &str = "\
gateway SERVER GET /api/v1/users/{id}
  gateway CLIENT GET /users/{id}
    user-service SERVER GET /users/{id}
      user-service CLIENT SELECT users
";

/// `GET /api/v1/orders/{id}`.
pub(crate) const READ_ORDER: &str = "\
gateway SERVER GET /api/v1/orders/{id}
  gateway CLIENT GET /orders/{id}
    order-service SERVER GET /orders/{id}
      order-service CLIENT SELECT orders
";

/// `GET /api/v1/audit`.
pub(crate) const LIST_AUDIT: &str = "\
gateway SERVER GET /api/v1/audit
  gateway CLIENT GET /audit
    audit-service SERVER GET /audit
      audit-service CLIENT SELECT audit_logs
";

/// A trace below the load generator's own span.
pub(crate) fn called(table: &str) -> String {
    let below = table.lines().map(|line| format!("  {line}\n"));
    format!("loadgen CLIENT POST /api/v1/process\n{}", below.collect::<String>())
}
