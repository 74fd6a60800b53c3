//! A database that hangs until the deadline is told by its own service, and the name reaches the client.

use serde_json::json;
use sqlx::{Connection as _, SqliteConnection};
use testbed::{Chain, ChainOptions, Service};

use crate::asking;

#[tokio::test]
async fn a_locked_database_is_a_503_that_names_it_before_the_edge_gives_up() {
    let chain = Chain::start(ChainOptions::sqlite()).await;
    let url = format!("{}{}", chain.url(Service::Gateway), asking::PROCESS);
    for (service, name) in [(Service::User, "users-db"), (Service::Order, "orders-db")] {
        let mut holder = SqliteConnection::connect(&chain.database(service).url).await.unwrap();
        sqlx::query("BEGIN EXCLUSIVE").execute(&mut holder).await.unwrap();

        let headers = [("x-deadline-ms", "1200")];
        let answer =
            asking::send(&url, &headers, &json!({"user_id": 7, "action": "a"})).await.unwrap();

        answer.assert_problem(503, "dependency_unavailable", name);
        sqlx::query("ROLLBACK").execute(&mut holder).await.unwrap();
    }
}
