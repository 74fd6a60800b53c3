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
