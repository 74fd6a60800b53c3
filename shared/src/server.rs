//! The server that every service runs: an accept loop of its own over hyper, and the layer around every traced route.
//!
//! It listens from the first moment: until [`Server::serve`] gives it the routes, `/health/live` answers 200 and everything else 503.
//!
//! Invariants: a POST that was accepted runs to its end though its client goes away; when told to stop, requests in flight
//! finish within the drain timeout, and their answers say `Connection: close`.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use axum::{Extension, Router, extract::DefaultBodyLimit, middleware};
use tokio::{net::TcpListener, sync::Semaphore, task::JoinSet};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_http::cors::CorsLayer;

use crate::{
    config::{FaultArgs, ServerArgs},
    faults::{self, OwnHosts},
    health::Health,
    json::{BODY_LIMIT, BodyLimit, HOP_ROOM},
    metrics,
    process::Process,
    token,
};

mod accept;
mod answer;
mod detach;
mod idle;
mod listening;
mod observe;
mod protection;
mod refusal;
mod request_span;

pub use accept::Protocol;
pub use listening::{listen, refusal as cannot_listen};
pub use observe::EdgeTrust;
pub(crate) use request_span::{bare, known_method, protocol_version};

/// What answers until the routes are there.
fn starting(service: &'static str) -> Router {
    let written = middleware::map_response_with_state(service, answer::write_untraced);
    Health::starting(service).routes().layer(written)
}

/// How a service wants to be served.
#[derive(Clone, Debug)]
pub struct Options {
    /// A second port with the same routes, and the variable that sets it.
    pub second_port: Option<(u16, &'static str)>,
    /// What is made of a caller's trace context.
    pub edge_trust: EdgeTrust,
    /// Bytes that a request body may have.
    pub body_limit: usize,
    /// Which other origins' pages may call; `None` lets none in.
    pub cors: Option<CorsLayer>,
}

/// Of a service behind the edge: one port, the caller's trace continued, room for what hops add to a body.
impl Default for Options {
    fn default() -> Self {
        Self {
            second_port: None,
            edge_trust: EdgeTrust::Continue,
            body_limit: BODY_LIMIT + HOP_ROOM,
            cors: None,
        }
    }
}

/// A server that listens and does not have its routes yet.
#[derive(Debug)]
pub struct Server {
    process: Process,
    args: ServerArgs,
    options: Options,
    addresses: Vec<SocketAddr>,
    shared: Arc<accept::Shared>,
    loops: JoinSet<()>,
}

impl Server {
    /// Listens on the configured address and starts to answer that the service is starting. The configured faults are on
    /// from here.
    ///
    /// # Errors
    /// When a port is taken: the error names it and its variable.
    pub async fn bind(
        process: &Process,
        args: &ServerArgs,
        options: Options,
    ) -> anyhow::Result<Self> {
        token::install(args.api_token.as_ref());
        open_laboratory(&args.laboratory);
        let first = args.port.unwrap_or(process.default_port);
        let ports = [Some((first, "PORT")), options.second_port];
        let shared = Arc::new(accept::Shared {
            service: process.service,
            protocol: Protocol::Http1,
            app: OnceLock::new(),
            starting: starting(process.service),
            stop: CancellationToken::new(),
            connections: Arc::new(Semaphore::new(args.max_connections.into())),
            idle: Arc::default(),
        });
        let mut server = Self {
            process: process.clone(),
            args: args.clone(),
            options,
            addresses: Vec::new(),
            shared,
            loops: JoinSet::new(),
        };
        for (port, variable) in ports.into_iter().flatten() {
            let listener = listen(SocketAddr::new(args.host, port), variable).await?;
            server.addresses.push(listener.local_addr()?);
            server.loops.spawn(accept::run(listener, Arc::clone(&server.shared)));
        }
        Ok(server)
    }

    /// The addresses listened on: the port's, then the second port's.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Serves `traced` inside the layer and behind `API_TOKEN`, `plain` (static files and the like) outside of both, and `/health*` and
    /// `/metrics`;
    /// returns when the process was told to stop and the requests in flight have ended.
    pub async fn serve(mut self, traced: Router, plain: Router, health: Health) {
        let tasks = TaskTracker::new();
        let app = self.app(traced, plain, &health, tasks.clone());
        if self.shared.app.set(app).is_err() {
            unreachable!("`serve` takes the server, so the routes are set once");
        }
        tracing::info!(addresses = ?self.addresses, "Listening");
        self.process.shutdown.cancelled().await;
        health.drain();
        self.drain(tasks).await;
    }

    fn app(&self, traced: Router, plain: Router, health: &Health, tasks: TaskTracker) -> Router {
        let layer =
            observe::Layer::new(self.process.service, &self.args, self.options.edge_trust, tasks);
        let routes = self.guarded(traced).fallback(answer::no_such_route);
        self.open_to_origins(routes)
            .layer(DefaultBodyLimit::max(self.options.body_limit))
            .layer(Extension(BodyLimit(self.options.body_limit)))
            .layer(middleware::from_fn_with_state(Arc::new(layer), observe::observe))
            .merge(self.untraced(plain, health))
    }

    fn untraced(&self, plain: Router, health: &Health) -> Router {
        let write =
            middleware::map_response_with_state(self.process.service, answer::write_untraced);
        let hosts = OwnHosts::new(self.process.service, self.args.host);
        let laboratory = if self.args.laboratory.lab {
            self.guarded(faults::routes(hosts))
        } else {
            Router::new()
        };
        let laboratory = laboratory.layer(DefaultBodyLimit::max(BODY_LIMIT));
        self.open_to_origins(plain)
            .merge(health.routes())
            .merge(metrics::routes())
            .merge(laboratory)
            .method_not_allowed_fallback(answer::no_such_method)
            .layer(write)
    }

    fn guarded(&self, routes: Router) -> Router {
        match &self.args.api_token {
            Some(token) if routes.has_routes() => token.guard(routes),
            _ => routes,
        }
    }

    /// CORS around what refuses a method, since a preflight has one that no route has, and around what refuses a token, so that a page
    /// can read that it was refused.
    fn open_to_origins(&self, routes: Router) -> Router {
        let routes = routes.method_not_allowed_fallback(answer::no_such_method);
        match &self.options.cors {
            Some(layer) => routes.layer(layer.clone()),
            None => routes,
        }
    }

    async fn drain(&mut self, tasks: TaskTracker) {
        let timeout = self.args.drain_timeout_ms;
        self.shared.stop.cancel();
        tasks.close();
        let ended = async {
            while self.loops.join_next().await.is_some() {}
            tasks.wait().await;
        };
        if tokio::time::timeout(timeout, ended).await.is_err() {
            tracing::warn!(
                drain_timeout_ms = timeout.as_millis() as i64,
                "Requests were cut off by the drain timeout"
            );
        }
    }
}

/// Switches the configured faults on, and says that they can be changed where they can.
fn open_laboratory(laboratory: &FaultArgs) {
    faults::switch_to(&laboratory.faults);
    if laboratory.lab {
        tracing::warn!("LAB is on: whoever reaches this port can change the faults (PUT /faults)");
    }
}

/// Serves `app` on `listener` by the accept loop alone, without the layer: for what takes telemetry in or gives it out, and so makes none.
/// Returns when `stop` is cancelled and the requests in flight have ended.
pub async fn serve_untraced(
    service: &'static str,
    listener: TcpListener,
    protocol: Protocol,
    app: Router,
    max_connections: usize,
    stop: CancellationToken,
) {
    let shared = accept::Shared {
        service,
        protocol,
        app: OnceLock::from(app),
        starting: Router::new(),
        stop,
        connections: Arc::new(Semaphore::new(max_connections)),
        idle: Arc::default(),
    };
    accept::run(listener, Arc::new(shared)).await;
}
