//! The user service's store on real databases.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::time::Duration;

use shared::{db::DbErrorKind, timestamp::now_micros};
use support::{soon, trace_id};
use tokio::task::JoinSet;
use user_service::store::{Claim, NewRegistration, NewUser, Store, User, WriteError};
use uuid::Uuid;

/// Writes each test once for Postgres and once for SQLite.
macro_rules! on_both_engines {
    ($($(#[$meta:meta])* async fn $name:ident($store:ident: Store) $body:block)*) => {
        $(async fn $name($store: Store) $body)*
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let Some(database) = crate::support::database(testbed::Engine::Postgres).await else { return };
                super::$name(crate::support::connect(&database.url).await).await;
            })*
        }
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let Some(database) = crate::support::database(testbed::Engine::Sqlite).await else { return };
                super::$name(crate::support::connect(&database.url).await).await;
            })*
        }
    };
}

async fn upsert(
    store: &Store,
    id: i64,
    name: Option<&str>,
    email: Option<&str>,
) -> Result<User, WriteError> {
    let (request_id, trace_id) = (Uuid::new_v4(), trace_id());
    let new =
        NewUser { id, name, email, created_at: now_micros(), request_id, trace_id: &trace_id };
    store.upsert_user(new, soon()).await
}

async fn register(
    store: &Store,
    request_id: Uuid,
    user_id: i64,
    email: &str,
) -> Result<(User, bool), WriteError> {
    let new = NewRegistration {
        user_id,
        first_name: "Ada",
        last_name: "Lovelace",
        email,
        created_at: now_micros(),
        request_id,
        trace_id: &trace_id(),
    };
    let registration = store.register(new, soon()).await?;
    Ok((registration.user, registration.replayed))
}

fn is_email_taken<T>(result: &Result<T, WriteError>) -> bool {
    matches!(result, Err(WriteError::EmailTaken))
}

/// Runs eight of them at once, each with its number.
async fn eight_at_once<T, F>(work: impl Fn(i64) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    (0..8).for_each(|number| drop(tasks.spawn(work(number))));
    tasks.join_all().await
}

on_both_engines! {
    async fn a_new_user_is_stored_as_given(store: Store) {
        let created_at = now_micros();
        let (request_id, trace_id) = (Uuid::new_v4(), trace_id());
        let new = NewUser {
            id: 1001, name: Some("Ada"), email: Some("ada@example.org"), created_at, request_id,
            trace_id: &trace_id,
        };
        let user = store.upsert_user(new, soon()).await.unwrap();
        let expected = User {
            id: 1001, name: Some("Ada".into()), email: Some("ada@example.org".into()), created_at,
            request_id, trace_id: trace_id.clone(),
        };
        assert_eq!(user, expected);
        assert_eq!(store.find_user(1001).await.unwrap(), Some(expected));
        assert_eq!(store.find_user(1002).await.unwrap(), None);
    }

    async fn a_known_users_gaps_are_filled_and_its_values_win(store: Store) {
        let first = upsert(&store, 1, None, None).await.unwrap();
        let filled = upsert(&store, 1, Some("Ada"), Some("ada@example.org")).await.unwrap();
        assert_eq!(filled.name.as_deref(), Some("Ada"));
        assert_eq!((filled.request_id, &filled.trace_id), (first.request_id, &first.trace_id));
        let kept = upsert(&store, 1, Some("Eve"), Some("eve@example.org")).await.unwrap();
        assert_eq!(kept, filled);
        let again = upsert(&store, 1, Some("Ada"), Some("ada@example.org")).await.unwrap();
        assert_eq!(again, filled);
    }

    async fn another_users_email_is_refused(store: Store) {
        upsert(&store, 1, None, Some("ada@example.org")).await.unwrap();
        assert!(is_email_taken(&upsert(&store, 2, None, Some("ada@example.org")).await));
        assert_eq!(store.find_user(2).await.unwrap(), None);
        upsert(&store, 2, None, None).await.unwrap();
        assert!(is_email_taken(&upsert(&store, 2, None, Some("ada@example.org")).await));
        assert_eq!(store.find_user(2).await.unwrap().unwrap().email, None);
    }

    async fn the_same_new_user_at_once_is_one_row(store: Store) {
        let users = eight_at_once(|_| {
            let store = store.clone();
            async move { upsert(&store, 7, Some("Ada"), Some("ada@example.org")).await.unwrap() }
        });
        let users = users.await;
        assert!(users.iter().all(|user| *user == users[0]), "{users:?}");
        assert_eq!(store.list_users(10, None).await.unwrap(), [users[0].clone()]);
    }

    async fn the_same_email_at_once_goes_to_one_user(store: Store) {
        let results = eight_at_once(|number| {
            let store = store.clone();
            async move { upsert(&store, number + 1, None, Some("ada@example.org")).await }
        });
        let results = results.await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
        assert_eq!(results.iter().filter(|result| is_email_taken(result)).count(), 7);
        assert_eq!(store.list_users(10, None).await.unwrap().len(), 1);
    }

    async fn a_request_id_stands_for_one_body(store: Store) {
        let claim = async |id, body| store.claim_request(id, &[body; 32], 1, &trace_id()).await.unwrap();
        let (id, other) = (Uuid::new_v4(), Uuid::new_v4());
        assert_eq!(claim(id, 1).await, Claim::New);
        assert_eq!(claim(id, 1).await, Claim::SameBody);
        assert_eq!(claim(id, 2).await, Claim::OtherBody);
        assert_eq!(claim(other, 2).await, Claim::New);
    }

    async fn the_same_request_id_at_once_is_new_once(store: Store) {
        let id = Uuid::new_v4();
        let claims = eight_at_once(|_| {
            let store = store.clone();
            async move { store.claim_request(id, &[1; 32], 1, &trace_id()).await.unwrap() }
        });
        let claims = claims.await;
        assert_eq!(claims.iter().filter(|claim| **claim == Claim::New).count(), 1);
        assert_eq!(claims.iter().filter(|claim| **claim == Claim::SameBody).count(), 7);
    }

    async fn a_repeated_registration_finds_the_first(store: Store) {
        let request_id = Uuid::new_v4();
        let (first, replayed) = register(&store, request_id, 1 << 41, "ada@example.org").await.unwrap();
        assert!(!replayed);
        assert_eq!(first.name.as_deref(), Some("Ada Lovelace"));
        assert_eq!(store.find_user(first.id).await.unwrap(), Some(first.clone()));
        let (second, replayed) = register(&store, request_id, 1 << 42, "ada@example.org").await.unwrap();
        assert!(replayed);
        assert_eq!(second, first);
        assert_eq!(store.list_users(10, None).await.unwrap(), [first]);
    }

    async fn the_same_registration_at_once_is_one_user(store: Store) {
        let request_id = Uuid::new_v4();
        let results = eight_at_once(|number| {
            let store = store.clone();
            async move { register(&store, request_id, (1 << 41) + number, "ada@example.org").await.unwrap() }
        });
        let results = results.await;
        assert_eq!(results.iter().filter(|(_, replayed)| !replayed).count(), 1);
        assert!(results.iter().all(|(user, _)| *user == results[0].0));
        assert_eq!(store.list_users(10, None).await.unwrap().len(), 1);
    }

    async fn the_same_email_registered_at_once_goes_to_one(store: Store) {
        let results = eight_at_once(|number| {
            let store = store.clone();
            async move { register(&store, Uuid::new_v4(), (1 << 41) + number, "ada@example.org").await }
        });
        let results = results.await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
        assert_eq!(results.iter().filter(|result| is_email_taken(result)).count(), 7);
    }

    async fn a_registration_with_another_users_email_leaves_nothing(store: Store) {
        upsert(&store, 1, None, Some("ada@example.org")).await.unwrap();
        let result = register(&store, Uuid::new_v4(), 1 << 41, "ada@example.org").await;
        assert!(is_email_taken(&result));
        assert_eq!(store.list_users(10, None).await.unwrap().len(), 1);
    }

    async fn a_registration_that_is_given_up_is_whole_or_absent(store: Store) {
        let request_ids: Vec<Uuid> = (0..40).map(|_| Uuid::new_v4()).collect();
        for (number, request_id) in (0_u32..).zip(&request_ids) {
            let email = format!("{number}@example.org");
            let limit = Duration::from_micros(100) * number;
            let given_up = register(&store, *request_id, (1 << 41) + i64::from(number), &email);
            // Some end in time and some do not: what matters is that none is found halfway.
            let _ = tokio::time::timeout(limit, given_up).await;
        }
        // A user without its registration would now be in the way: its e-mail and its request id are taken.
        for (number, request_id) in (0..).zip(request_ids) {
            let email = format!("{number}@example.org");
            register(&store, request_id, (1 << 42) + number, &email).await.unwrap();
        }
        assert_eq!(store.list_users(100, None).await.unwrap().len(), 40);
    }

    async fn users_are_listed_newest_first_page_by_page(store: Store) {
        for id in 1..=7 {
            let (request_id, trace_id) = (Uuid::new_v4(), trace_id());
            // Pairs share their time, so that the id decides.
            let created_at = 1000 + id / 2;
            let new = NewUser { id, name: None, email: None, created_at, request_id, trace_id: &trace_id };
            store.upsert_user(new, soon()).await.unwrap();
        }
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = store.list_users(3, after).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some((last.created_at, last.id));
            seen.extend(page.iter().map(|user| user.id));
        }
        assert_eq!(seen, [7, 6, 5, 4, 3, 2, 1]);
    }

    async fn an_error_does_not_tell_what_was_sent(store: Store) {
        // NUL is what Postgres's text cannot hold and SQLite's can; the duplicate is refused by both.
        upsert(&store, 1, None, Some("ada@example.org")).await.unwrap();
        let new = NewUser {
            id: 1, name: Some("Ada\0"), email: None, created_at: 1, request_id: Uuid::new_v4(), trace_id: "t",
        };
        if let Err(WriteError::Database(error)) = store.upsert_user(new, soon()).await {
            let text = format!("{error} {error:?}");
            assert_eq!(*error.kind(), DbErrorKind::Other);
            assert!(!text.contains("Ada"), "{text}");
        }
        let taken = upsert(&store, 2, None, Some("ada@example.org")).await.unwrap_err();
        assert!(!format!("{taken} {taken:?}").contains("ada@"), "{taken:?}");
    }
}
