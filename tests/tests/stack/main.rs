//! The chain with the real Collector, trace backend, Loki and Prometheus behind it, each on the file that compose mounts.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod edge_to_backend;
mod load;
mod made;
mod metrics;
mod nginx_spans;
mod outages;
mod rules;
mod sampling;
mod service_graph;
mod stops;
mod system;
mod traces;

use std::time::Duration;

/// Long enough for two scrapes, an evaluation and a batch on a loaded machine.
const DEADLINE: Duration = Duration::from_secs(120);

/// `POST /api/v1/process` as DESIGN section 4 has it, without a caller's span.
const PROCESS: &str = "\
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

/// The same where the product is not known: the row is refused, and the refusal goes up.
const REFUSED: &str = "\
gateway SERVER POST /api/v1/process
  gateway CLIENT POST /process [status error]
    user-service SERVER POST /process
      user-service CLIENT INSERT users
      user-service CLIENT POST /process [status error]
        order-service SERVER POST /process
          order-service INTERNAL price_order
            order-service CLIENT SELECT products
";
