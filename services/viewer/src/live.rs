//! `/api/live`: server-sent events of the store's changes.
//!
//! An event carries what the store holds, as `/api/store` has it, not what came: a page asks for what it shows. The first
//! event comes at once, the others when something has changed, at most two a second however much comes in.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
    routing::get,
};
use futures_util::{Stream, stream};
use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;

use crate::Store;

/// Between two events of one stream.
const PERIOD: Duration = Duration::from_millis(500);
/// After this a page that lost the viewer tries again.
const RETRY: Duration = Duration::from_secs(1);

#[derive(Clone)]
struct Live {
    store: Arc<Store>,
    stop: CancellationToken,
}

/// A stream under way: what it waits for, and whether its first event is still to come.
struct Follower {
    live: Live,
    changes: watch::Receiver<u64>,
    is_new: bool,
}

/// The streams end with `stop`: an open page would otherwise hold the viewer's end for as long as it may take.
pub(crate) fn router(store: Arc<Store>, stop: CancellationToken) -> Router {
    Router::new().route("/api/live", get(live)).with_state(Live { store, stop })
}

async fn live(
    State(live): State<Live>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + Send> {
    let changes = live.store.changes();
    let follower = Follower { live, changes, is_new: true };
    let events = stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok(event), follower))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

impl Follower {
    async fn next(&mut self) -> Option<Event> {
        let stop = self.live.stop.clone();
        let event = async {
            if !std::mem::replace(&mut self.is_new, false) {
                sleep(PERIOD).await;
                self.changes.changed().await.ok()?;
            }
            // What came until now is in the event, so only what comes later is news.
            self.changes.mark_unchanged();
            Event::default().event("store").retry(RETRY).json_data(self.live.store.stats()).ok()
        };
        stop.run_until_cancelled(event).await.flatten()
    }
}
