//! The running viewer.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    http::{HeaderName, Method, header},
};
use shared::server::listen;
use tokio::{task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;
use tower_http::cors::CorsLayer;

use crate::{Config, Store, listen, live, metrics, pages, query, receive, scrape::Scrapes};

/// How long requests under way may take to finish once the viewer stops.
const DRAIN: Duration = Duration::from_secs(3);

/// Addresses that the viewer listens on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Pages and query API (`VIEWER_PORT`).
    pub pages: SocketAddr,
    /// Query API (`VIEWER_QUERY_PORT`).
    pub query: SocketAddr,
    pub otlp_grpc: SocketAddr,
    pub otlp_http: SocketAddr,
}

/// A viewer that is listening. Dropping it stops it at once; [`Viewer::stop`] lets requests under way finish.
#[derive(Debug)]
pub struct Viewer {
    store: Arc<Store>,
    addresses: Addresses,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Viewer {
    /// Binds all ports, then serves on them. Fails if a port is taken, naming it and its variable.
    pub async fn start(config: &Config) -> anyhow::Result<Self> {
        let host = config.host;
        let at = async |port, variable| listen((host, port).into(), variable).await;
        let pages = at(config.port, "VIEWER_PORT").await?;
        let query = at(config.query_port, "VIEWER_QUERY_PORT").await?;
        let otlp_grpc = at(config.otlp_grpc_port, "VIEWER_OTLP_GRPC_PORT").await?;
        let otlp_http = at(config.otlp_http_port, "VIEWER_OTLP_HTTP_PORT").await?;
        let addresses = Addresses {
            pages: pages.local_addr()?,
            query: query.local_addr()?,
            otlp_grpc: otlp_grpc.local_addr()?,
            otlp_http: otlp_http.local_addr()?,
        };

        let store = Arc::new(Store::within(config.store_bytes));
        let receiver = receive::Receiver::new(Arc::clone(&store));
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let scrapes =
            Scrapes::start(&config.scrape_targets, config.scrape_interval, &mut tasks, &stop)?;
        let asking = asking(config, &store, scrapes, &stop);
        listen::serve(&mut tasks, pages, asking.clone(), stop.clone());
        listen::serve(&mut tasks, query, asking, stop.clone());
        listen::serve_grpc(
            &mut tasks,
            otlp_grpc,
            receive::grpc_router(receiver.clone()),
            stop.clone(),
        );
        listen::serve(
            &mut tasks,
            otlp_http,
            receive::http_router(receiver, cors(config)),
            stop.clone(),
        );
        tracing::info!(
            pages = %addresses.pages, query = %addresses.query, otlp_grpc = %addresses.otlp_grpc, otlp_http = %addresses.otlp_http,
            store_bytes = config.store_bytes as i64, "Viewer listening"
        );
        Ok(Self { store, addresses, stop, tasks })
    }

    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// Stops taking connections, finishes the requests under way, and gives up on them after three seconds.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let drained =
            timeout(DRAIN, async { while self.tasks.join_next().await.is_some() {} }).await;
        let stats = self.store.stats();
        tracing::info!(
            drained = drained.is_ok(),
            spans_stored = stats.spans_stored as i64,
            spans_rejected = stats.spans_rejected as i64,
            traces_evicted = stats.traces_evicted as i64,
            "Viewer stopped"
        );
    }
}

/// Runs a viewer until `shutdown` completes.
pub async fn run(config: Config, shutdown: impl Future) -> anyhow::Result<()> {
    let viewer = Viewer::start(&config).await?;
    shutdown.await;
    viewer.stop().await;
    Ok(())
}

/// What is shown to people and programs: with the token alone where others than this machine's own can ask.
fn asking(
    config: &Config,
    store: &Arc<Store>,
    scrapes: Arc<Scrapes>,
    stop: &CancellationToken,
) -> Router {
    let shown = query::router(Arc::clone(store), cors(config))
        .merge(live::router(Arc::clone(store), stop.clone()))
        .merge(metrics::router(scrapes, cors(config)))
        .merge(pages::router());
    let shown = match config.guard() {
        Some(token) => token.guard_pages(shown),
        None => shown,
    };
    shown.merge(query::presence(cors(config)))
}

fn cors(config: &Config) -> CorsLayer {
    let headers = [header::ACCEPT, header::CONTENT_TYPE, header::CONTENT_ENCODING];
    let traced = ["traceparent", "tracestate", "baggage"].map(HeaderName::from_static);
    CorsLayer::new()
        .allow_origin(config.cors_origins.clone())
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(headers.into_iter().chain(traced).collect::<Vec<_>>())
}
