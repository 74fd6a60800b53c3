//! What is said after an installation. helm shows it only to a cluster, so a copy of the chart renders it as an object.

use std::fs;
use std::path::Path;

use testbed::External;

use crate::render::{IN_CLUSTER, chart, helm};
use crate::yaml::documents;

/// A copy without links; `copy` of the standard library knows no folders.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

async fn notes(values: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    copy(Path::new(&chart()), folder.path());
    fs::rename(folder.path().join("templates/NOTES.txt"), folder.path().join("notes.txt")).unwrap();
    let shown = "kind: Notes\ntext: {{ tpl (.Files.Get \"notes.txt\") . | toJson }}\n";
    fs::write(folder.path().join("templates/notes.yaml"), shown).unwrap();
    let folder = folder.path().display().to_string();
    let arguments =
        ["template", "shop", &folder, "--namespace=apart", "--show-only=templates/notes.yaml"];
    let text = helm(&arguments, values).await.unwrap();
    documents(&text)[0]["text"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_notes_name_this_release_and_what_to_do_next() {
    if External::HELM.is_not_run() {
        return;
    }
    let external = notes("").await;
    for told in [
        "helm test --namespace apart shop --logs",
        "kubectl --namespace apart port-forward service/shop-tracechain-gateway 8080:5000",
        "Secret tracechain-databases (keys user-url, order-url, audit-url)",
        "http://otel-agent.observability.svc.cluster.local:4318",
    ] {
        assert!(external.contains(told), "{told}: {external}");
    }
    let trying = notes(IN_CLUSTER).await;
    assert!(trying.contains("port-forward service/shop-tracechain-viewer 3000:3000"), "{trying}");
    assert!(trying.contains("for trying out only"), "{trying}");
    let scaled = notes("service.autoscaling.enabled=true,service.autoscaling.maxReplicas=12").await;
    assert!(scaled.contains("order-service: up to 13 pods hold up to 208 connections"), "{scaled}");
}
