//! One connection to the target: HTTP/1.1, kept alive, driven by the task that uses it.
//!
//! hyper's connection is a future of its own; polled here beside the request it saves two task switches for every request.

use std::{
    future::poll_fn,
    io,
    pin::{Pin, pin},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::{
    body::{Body as _, Frame, Incoming},
    client::conn::{
        TrySendError,
        http1::{Builder, Connection, SendRequest},
    },
};
use hyper_util::rt::TokioIo;

use super::target::{Io, Target};

type Outgoing = Full<Bytes>;
type Driver = Connection<TokioIo<Pin<Box<dyn Io>>>, Outgoing>;

pub(super) struct Link {
    sender: SendRequest<Outgoing>,
    /// None when it has ended: only when it is gone does whoever waits for an answer learn that none will come.
    connection: Option<Pin<Box<Driver>>>,
}

impl Link {
    pub(super) async fn open(target: &Target) -> io::Result<Self> {
        let stream = TokioIo::new(target.connect().await?);
        let (sender, connection) =
            Builder::new().handshake(stream).await.map_err(io::Error::other)?;
        Ok(Self { sender, connection: Some(Box::pin(connection)) })
    }

    /// Whether it can take a request: not when the server has closed it since the last.
    pub(super) async fn is_ready(&mut self) -> bool {
        let ready = poll_fn(|cx| {
            self.drive(cx);
            self.sender.poll_ready(cx)
        });
        ready.await.is_ok() && self.connection.is_some()
    }

    /// Sends a request. An error that gives it back means that not a byte of it was sent.
    pub(super) async fn send(
        &mut self,
        request: Request<Outgoing>,
    ) -> Result<Response<Incoming>, Box<TrySendError<Request<Outgoing>>>> {
        let answer = self.sender.try_send_request(request);
        self.beside(answer).await.map_err(Box::new)
    }

    /// The next piece of an answer's body.
    pub(super) async fn frame(
        &mut self,
        body: &mut Incoming,
    ) -> Option<Result<Frame<Bytes>, hyper::Error>> {
        self.beside(poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx))).await
    }

    /// Looks after a connection that nobody uses: ready when the server has closed it.
    pub(super) fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.drive(cx);
        if self.connection.is_none() { Poll::Ready(()) } else { Poll::Pending }
    }

    async fn beside<T>(&mut self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        poll_fn(|cx| {
            self.drive(cx);
            future.as_mut().poll(cx)
        })
        .await
    }

    fn drive(&mut self, cx: &mut Context<'_>) {
        let Some(connection) = &mut self.connection else { return };
        // Its error is no news: it also reaches whoever waits for the answer.
        if connection.as_mut().poll(cx).is_ready() {
            self.connection = None;
        }
    }
}
