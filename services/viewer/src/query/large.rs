//! Answers of megabytes, a few at a time: one that its client does not read stays in memory, and a client may ask for as many as it
//! has connections.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use futures_util::stream;
use tokio::{
    sync::{
        OwnedSemaphorePermit, Semaphore,
        mpsc::{self, Sender},
    },
    time::timeout,
};

use super::refusal::Refusal;

/// Large answers that are made or sent at once.
const PLACES: usize = 4;
/// For a place; after that the client is asked to come again.
const WAIT: Duration = Duration::from_secs(5);
/// For the reading of a whole answer: without an end, as many clients as there are places would keep all others out.
const READ_WITHIN: Duration = Duration::from_secs(60);
/// What a connection gets of an answer at a time; it asks for more once that is read.
const PIECE: usize = 64 * 1024;

#[derive(Clone, Debug)]
pub(super) struct LargeAnswers {
    places: Arc<Semaphore>,
    read_within: Duration,
}

/// Invariant: an answer has its place from before it is made until its last piece is with the connection, or is given up.
#[derive(Debug)]
pub(super) struct Place {
    place: OwnedSemaphorePermit,
    read_within: Duration,
}

impl Default for LargeAnswers {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(PLACES)), read_within: READ_WITHIN }
    }
}

impl LargeAnswers {
    pub(super) async fn place(&self) -> Result<Place, Refusal> {
        let busy = "too many large answers are being read, ask again";
        let busy = || Refusal::new(StatusCode::SERVICE_UNAVAILABLE, busy);
        let place = timeout(WAIT, Arc::clone(&self.places).acquire_owned()).await;
        let place = place.map_err(|_| busy())?.map_err(|_| busy())?;
        Ok(Place { place, read_within: self.read_within })
    }
}

impl Place {
    /// The same answer, in pieces. Its length is told before, so that one that was given up does not look whole.
    pub(super) async fn hand_out(self, answer: Response) -> Response {
        let (mut parts, body) = answer.into_parts();
        let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
        parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(whole.len()));
        let (sender, receiver) = mpsc::channel::<Bytes>(1);
        tokio::spawn(timeout(self.read_within, self.send(whole, sender)));
        let pieces = stream::unfold(receiver, |mut receiver| async move {
            receiver.recv().await.map(|piece| (Ok::<_, Infallible>(piece), receiver))
        });
        Response::from_parts(parts, Body::from_stream(pieces))
    }

    async fn send(self, whole: Bytes, sender: Sender<Bytes>) {
        for piece in whole.chunks(PIECE) {
            // A copy: the connection may keep its piece when the rest is given up.
            if sender.send(Bytes::copy_from_slice(piece)).await.is_err() {
                break;
            }
        }
        drop(self.place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: usize = 10 * PIECE + 1;

    async fn answer(answers: &LargeAnswers) -> Response {
        let place = answers.place().await.unwrap();
        place.hand_out(Response::new(Body::from(vec![7; LENGTH]))).await
    }

    #[tokio::test]
    async fn an_answer_comes_whole_and_gives_its_place_back() {
        let answers = LargeAnswers::default();
        let answer = answer(&answers).await;
        assert_eq!(answers.places.available_permits(), PLACES - 1);
        assert_eq!(answer.headers()[header::CONTENT_LENGTH], LENGTH.to_string());

        let read = to_bytes(answer.into_body(), usize::MAX).await.unwrap();

        assert_eq!(read, vec![7; LENGTH]);
        assert!(answers.place().await.is_ok());
        assert_eq!(answers.places.available_permits(), PLACES);
    }

    #[tokio::test]
    async fn an_answer_that_nobody_reads_is_given_up_and_ends_early() {
        let answers =
            LargeAnswers { read_within: Duration::from_millis(50), ..LargeAnswers::default() };
        let mut unread = Vec::new();
        for _ in 0..PLACES {
            unread.push(answer(&answers).await);
        }
        assert_eq!(answers.places.available_permits(), 0);

        assert!(answers.place().await.is_ok(), "the places came back while nobody read");

        let read = to_bytes(unread.remove(0).into_body(), usize::MAX).await.unwrap();
        assert!(read.len() <= 2 * PIECE, "{} bytes were still held", read.len());
    }

    #[tokio::test]
    async fn a_client_that_goes_gives_the_place_back() {
        let answers = LargeAnswers::default();
        drop(answer(&answers).await);
        let places = Arc::clone(&answers.places).acquire_many_owned(PLACES as u32);
        assert!(timeout(WAIT, places).await.is_ok());
    }
}
