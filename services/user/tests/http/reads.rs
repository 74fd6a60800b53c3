//! `GET /users` and `GET /users/{id}`.

use testbed::conduct;

use crate::user_service::{Chain, ENGINES, SERVICE, purchase};

#[tokio::test]
async fn a_walk_sees_every_user_once_and_the_newest_first() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        assert!(chain.users().await.is_empty());
        let ids = [5, 3, 9, 1, 7];
        for id in ids {
            chain.user.post("/process", &purchase(id)).await.ok(200);
        }
        for limit in [1, 2, 3, 5, 200] {
            let users = conduct::walk(&chain.user, "/users", limit).await;
            let seen: Vec<_> = users.iter().map(|user| user["id"].as_i64().unwrap()).collect();
            assert_eq!(seen, [7, 1, 9, 3, 5], "{engine}");
        }
        // A last page may be full.
        for limit in [5, 6] {
            let page = chain.user.get(&format!("/users?limit={limit}&unknown=1")).await.ok(200);
            assert!(page.get("next").is_none() && page["items"].as_array().unwrap().len() == 5);
        }
    }
}

#[tokio::test]
async fn a_page_has_fifty_users_unless_asked_for_more() {
    let chain = Chain::sqlite().await;
    for id in 1..=51 {
        chain.user.post("/process", &purchase(id)).await.ok(200);
    }
    let page = chain.user.get("/users").await.ok(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 50);
    let rest = format!("/users?after={}", page["next"].as_str().unwrap());
    let rest = chain.user.get(&rest).await.ok(200);
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["items"][0]["id"]), (1, &1.into()));
}

#[tokio::test]
async fn queries_and_ids_that_are_not_accepted_are_refused() {
    let chain = Chain::sqlite().await;
    conduct::refuses_bad_queries(&chain.user, "/users", &[]).await;
    for id in
        ["0", "-1", "+1", "9007199254740992", "1.0", "x", "%ff", "%20", "99999999999999999999"]
    {
        let answer = chain.user.get(&format!("/users/{id}")).await;
        answer.problem(400, "bad_request", SERVICE);
    }
    for id in ["1", "9007199254740991"] {
        let answer = chain.user.get(&format!("/users/{id}")).await;
        answer.problem(404, "not_found", SERVICE);
    }
}
