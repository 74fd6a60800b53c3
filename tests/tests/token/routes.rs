//! Every route that shows or changes data wants the token, on every service; what only says that a service is there does not.

use reqwest::Method;
use serde_json::{Value, json};
use testbed::{Chain, ChainOptions, Service, http};

use crate::{TOKEN, bearer};

const ID: &str = "0198c0de-0000-7000-8000-000000000001";

/// Everything that shows or changes data.
fn guarded() -> Vec<(Service, Method, String)> {
    let of = |service, routes: &[(Method, &str)]| {
        let each = routes
            .iter()
            .map(move |(method, path)| (service, method.clone(), path.replace("{id}", ID)));
        each.collect::<Vec<_>>()
    };
    let (get, post) = (Method::GET, Method::POST);
    let gateway = [
        (post.clone(), "/api/v1/process"),
        (post.clone(), "/api/v1/register"),
        (post.clone(), "/register"),
        (get.clone(), "/api/v1/users"),
        (get.clone(), "/api/v1/users/1"),
        (get.clone(), "/api/v1/orders"),
        (get.clone(), "/api/v1/orders/{id}"),
        (Method::PATCH, "/api/v1/orders/{id}"),
        (Method::DELETE, "/api/v1/orders/{id}"),
        (get.clone(), "/api/v1/audit"),
        (get.clone(), "/do_task?seconds=0"),
        (get.clone(), "/faults"),
        (Method::PUT, "/faults"),
        (get.clone(), "/lab/user-service/faults"),
        (Method::PUT, "/lab/user-service/faults"),
        (Method::HEAD, "/api/v1/users"),
    ];
    let user = [
        (post.clone(), "/process"),
        (post.clone(), "/register"),
        (get.clone(), "/users"),
        (get.clone(), "/users/1"),
        (Method::PUT, "/faults"),
    ];
    let order = [
        (post.clone(), "/process"),
        (get.clone(), "/orders"),
        (get.clone(), "/orders/{id}"),
        (Method::PATCH, "/orders/{id}"),
        (Method::DELETE, "/orders/{id}"),
        (Method::PUT, "/faults"),
    ];
    let audit = [(post, "/process"), (get, "/audit"), (Method::PUT, "/faults")];
    [
        of(Service::Gateway, &gateway),
        of(Service::User, &user),
        of(Service::Order, &order),
        of(Service::Audit, &audit),
    ]
    .concat()
}

async fn chain() -> Chain {
    Chain::start(ChainOptions::sqlite().env_all("API_TOKEN", TOKEN).env_all("LAB", "true")).await
}

fn request(
    chain: &Chain,
    service: Service,
    method: &Method,
    path: &str,
) -> reqwest::RequestBuilder {
    http().request(method.clone(), format!("{}{path}", chain.url(service)))
}

#[tokio::test]
async fn without_the_right_token_each_of_them_is_a_401_with_a_challenge() {
    let chain = chain().await;
    let challenge = "Bearer realm=\"tracechain\"";
    let invalid = "Bearer realm=\"tracechain\", error=\"invalid_token\"";
    let wrong = ["Bearer guess", "Basic dTpw", "Bearer", "bearer s3cret-T0ken.of~the+chain/0="];
    for (service, method, path) in guarded() {
        let at = format!("{service} {method} {path}");
        let shown = std::iter::once(None).chain(wrong.map(Some));
        for authorization in shown {
            let mut request = request(&chain, service, &method, &path);
            if let Some(value) = authorization {
                request = request.header("authorization", value);
            }
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 401, "{at} {authorization:?}");
            let asked = answer.headers()["www-authenticate"].to_str().unwrap().to_owned();
            match authorization {
                None => assert_eq!(asked, challenge, "{at}"),
                Some(_) => assert!(asked.starts_with(invalid), "{at}: {asked}"),
            }
            if method != Method::HEAD {
                let problem: Value = answer.json().await.unwrap();
                let said = (&problem["code"], &problem["status"]);
                assert_eq!(said, (&json!("unauthorized"), &json!(401)), "{at}");
            }
        }
    }
}

#[tokio::test]
async fn with_it_none_of_them_is_and_what_says_only_that_a_service_is_there_needs_none() {
    let chain = chain().await;
    for (service, method, path) in guarded() {
        let request = request(&chain, service, &method, &path).header("authorization", bearer());
        let status = request.send().await.unwrap().status();
        assert!(status != 401 && !status.is_server_error(), "{service} {method} {path}: {status}");
    }
    for service in Service::ALL {
        for path in ["/health", "/health/live", "/health/ready", "/metrics"] {
            let answer = request(&chain, service, &Method::GET, path).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{service} {path}");
        }
        let nowhere = request(&chain, service, &Method::GET, "/nowhere").send().await.unwrap();
        assert_eq!(nowhere.status(), 404, "{service}");
    }
    for path in
        ["/", "/index", "/page/front.js", "/settings.json", "/openapi.json", "/view_metrics"]
    {
        let answer = request(&chain, Service::Gateway, &Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
    }
    let document = request(&chain, Service::Gateway, &Method::GET, "/openapi.json");
    let document: Value = document.send().await.unwrap().json().await.unwrap();
    assert_eq!(document["security"], json!([{"token": []}]));
    let scheme = &document["components"]["securitySchemes"]["token"];
    assert_eq!((&scheme["type"], &scheme["scheme"]), (&json!("http"), &json!("bearer")));
}

#[tokio::test]
async fn another_origins_page_can_read_that_it_was_refused() {
    let origin = "https://example.org";
    let options = ChainOptions::sqlite().env_all("API_TOKEN", TOKEN);
    let chain = Chain::start(options.env(Service::Gateway, "CORS_ORIGINS", origin)).await;
    let url = "/api/v1/process";
    let preflight = request(&chain, Service::Gateway, &Method::OPTIONS, url)
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization");

    let preflight = preflight.send().await.unwrap();
    let refused = request(&chain, Service::Gateway, &Method::POST, url).header("origin", origin);
    let refused = refused.send().await.unwrap();

    assert_eq!(preflight.status(), 200);
    assert!(
        preflight.headers()["access-control-allow-headers"]
            .to_str()
            .unwrap()
            .contains("authorization")
    );
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.headers()["access-control-allow-origin"], origin);
}
