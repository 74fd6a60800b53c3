//! The deadline of one request after the other, at the price of one timer for many.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Instant,
};

use tokio::time::Sleep;

/// Bounds futures by deadlines, none of which is before the last: so a timer that is left from an earlier request goes off too early at worst,
/// and only then is set anew.
#[derive(Default)]
pub(super) struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// What the future gives; `None` when the deadline came first.
    pub(super) async fn within<T>(
        &mut self,
        deadline: Instant,
        future: impl Future<Output = T>,
    ) -> Option<T> {
        let mut future = pin!(future);
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending => self.poll_passed(deadline, cx).map(|()| None),
        })
        .await
    }

    fn poll_passed(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let sleep =
            self.0.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline.into())));
        while sleep.as_mut().poll(cx).is_ready() {
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline.into());
        }
        Poll::Pending
    }
}
