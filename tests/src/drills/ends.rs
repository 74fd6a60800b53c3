//! Where a load goes, and where what came of it is looked up.

/// The addresses of a system that loadgen needs.
#[derive(Clone, Debug)]
pub(crate) struct Ends {
    /// The edge.
    pub(crate) edge: String,
    /// The query API of the viewer.
    pub(crate) traces: String,
    /// Its OTLP/HTTP receiver: loadgen's own spans go there whatever happens to those of the services.
    pub(crate) otlp: String,
}
