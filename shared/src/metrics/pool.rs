//! `db_client_connections`: the state of the database pool, read when metrics are gathered.

use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use prometheus::{
    GaugeVec, Opts,
    core::{Collector, Desc},
    proto::MetricFamily,
};

use crate::names::metric as name;

/// The connections of a pool at one moment.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct PoolState {
    /// Open and not in use.
    pub idle: u32,
    /// In use.
    pub used: u32,
    /// The most that the pool opens.
    pub max: u32,
}

type Sample = Arc<dyn Fn() -> PoolState + Send + Sync>;

/// The pool to ask; a process has one.
static POOL: LazyLock<RwLock<Option<Sample>>> = LazyLock::new(|| {
    super::register(super::registry(), PoolCollector::new());
    RwLock::new(None)
});

/// Says whom to ask for the state of the process's database pool; a later call replaces an earlier one.
pub fn db_pool(sample: impl Fn() -> PoolState + Send + Sync + 'static) {
    *POOL.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(sample));
}

struct PoolCollector(GaugeVec);

impl PoolCollector {
    #[expect(clippy::expect_used, reason = "name and label are constants")]
    fn new() -> Self {
        let options = Opts::new(name::DB_CONNECTIONS, "Connections of the database pool.");
        Self(GaugeVec::new(options, &["state"]).expect("name and label are constants"))
    }
}

impl Collector for PoolCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.0.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let sample = POOL.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(sample) = sample else {
            return Vec::new();
        };
        let PoolState { idle, used, max } = sample();
        for (state, connections) in [("idle", idle), ("used", used), ("max", max)] {
            self.0.with_label_values(&[state]).set(f64::from(connections));
        }
        self.0.collect()
    }
}
