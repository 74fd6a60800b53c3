//! The page, and the template itself.

use testbed::{Nginx, NginxOptions, http};

use crate::asking::{ask, get, in_front_of_a_server};

const PAGE: &str = include_str!("../../../gateway/www/index.html");

#[tokio::test]
async fn nginx_finds_nothing_to_say_against_the_template() {
    if Nginx::is_not_run() {
        return;
    }
    let (is_good, text) = Nginx::check(NginxOptions::in_front_of(5000)).await;

    assert!(is_good, "{text}");
    assert!(!text.contains("[warn]") && !text.contains("[emerg]"), "{text}");
}

#[tokio::test]
async fn the_page_is_served_without_the_gateway() {
    if Nginx::is_not_run() {
        return;
    }
    let (nginx, upstream) = in_front_of_a_server().await;

    for path in ["/", "/index", "/index.html", "/?from=elsewhere"] {
        let answer = get(&nginx, path).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, PAGE), "{path}");
        assert_eq!(answer.header("content-type"), Some("text/html"), "{path}");
    }
    let head = ask(http().head(nginx.url("/"))).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    assert!(upstream.requests().is_empty(), "{:?}", upstream.requests());
}

#[tokio::test]
async fn the_page_has_its_files_and_may_talk_to_its_own_host_alone() {
    if Nginx::is_not_run() {
        return;
    }
    let (nginx, upstream) = in_front_of_a_server().await;

    for (path, media_type) in [
        ("/", "text/html"),
        ("/page/front.js", "application/javascript"),
        ("/style.css", "text/css"),
        ("/icon.svg", "image/svg+xml"),
        ("/settings.json", "application/json"),
    ] {
        let answer = get(&nginx, path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), Some(media_type), "{path}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
        assert!(policy.contains("connect-src 'self' 127.0.0.1:3000 127.0.0.1:4318;"), "{policy}");
        assert_eq!(answer.header("cache-control"), Some("no-cache"), "{path}");
    }
    assert_eq!(get(&nginx, "/settings.json").await.json()["lab"], false);
    for path in ["/faults", "/lab/user-service/faults"] {
        assert_eq!(get(&nginx, path).await.status, 404, "the laboratory is not for the edge");
    }
    assert!(upstream.requests().is_empty(), "{:?}", upstream.requests());
}

#[tokio::test]
async fn nothing_outside_the_folder_of_the_page_is_served() {
    if Nginx::is_not_run() {
        return;
    }
    let (nginx, _upstream) = in_front_of_a_server().await;

    for path in ["/%2e%2e/nginx.conf", "/..%2fnginx.conf", "/.env", "/nginx.conf"] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        let answer = crate::asking::raw_answer(&nginx, request.as_bytes()).await;
        assert!(matches!(answer.status, 400 | 404), "{path}: {answer:?}");
    }
}
