//! How much load, and how long what is broken stays so.

use std::time::Duration;

/// The size of a drill.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Requests per second.
    pub rate: u32,
    /// How long load is sent at least; longer where what is broken needs it.
    pub duration: Duration,
    /// How long what is taken away stays away.
    pub outage: Duration,
    /// The same of audit-service, which is missed least.
    pub audit_outage: Duration,
    /// Load before, between and after what is broken.
    pub lead: Duration,
    /// How often something is killed or restarted.
    pub strikes: u32,
    /// Connections that say nothing.
    pub connections: usize,
    /// The share of calls that lose their context.
    pub share: f64,
    /// When a trace is first looked up after its answer.
    pub verify_after: Duration,
    /// How long a trace may take to be whole once nothing is broken any more.
    pub patience: Duration,
    /// `REQUEST_TIMEOUT_MS` of the services: less than an outage, so that what hangs is seen to time out.
    pub request_timeout: Duration,
}

impl Scale {
    /// As the issue has it.
    #[must_use]
    pub fn full() -> Self {
        Self {
            rate: 50,
            duration: Duration::from_secs(30),
            outage: Duration::from_secs(20),
            audit_outage: Duration::from_secs(30),
            lead: Duration::from_secs(5),
            strikes: 2,
            connections: 10_000,
            share: 0.01,
            verify_after: Duration::from_secs(2),
            patience: Duration::from_secs(20),
            request_timeout: Duration::from_secs(8),
        }
    }

    /// For the tests: the same things are broken, for seconds.
    #[must_use]
    pub fn small() -> Self {
        Self {
            rate: 20,
            duration: Duration::from_secs(3),
            outage: Duration::from_millis(1500),
            audit_outage: Duration::from_millis(1500),
            lead: Duration::from_secs(1),
            strikes: 1,
            connections: 300,
            share: 0.2,
            verify_after: Duration::from_millis(500),
            patience: Duration::from_secs(8),
            request_timeout: Duration::from_secs(1),
        }
    }
}
