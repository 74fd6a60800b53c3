//! Work that outlives the client that asked for it.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use tokio_util::task::TaskTracker;

/// A future that, dropped before its end, goes on as a task of its own.
pub(super) struct Detach<T: Send + 'static> {
    work: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
    tasks: TaskTracker,
}

impl<T: Send + 'static> Detach<T> {
    pub(super) fn new(work: impl Future<Output = T> + Send + 'static, tasks: TaskTracker) -> Self {
        Self { work: Some(Box::pin(work)), tasks }
    }
}

impl<T: Send + 'static> Future for Detach<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some(work) = self.work.as_mut() else { return Poll::Pending };
        let polled = work.as_mut().poll(context);
        if polled.is_ready() {
            self.work = None;
        }
        polled
    }
}

impl<T: Send + 'static> Drop for Detach<T> {
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            self.tasks.spawn(work);
        }
    }
}
