//! What stands in `infra/grafana/provisioning`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use yaml_rust2::{Yaml, YamlLoader};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/grafana")
}

fn read(file: &str) -> Yaml {
    let text = fs::read_to_string(folder().join("provisioning").join(file)).unwrap();
    let mut documents = YamlLoader::load_from_str(&text).unwrap();
    assert_eq!(documents.len(), 1, "{file}");
    documents.remove(0)
}

/// `jsonData` of the data source with this uid, `$$` read as Grafana does.
pub(crate) fn data_source(uid: &str) -> Yaml {
    let sources = read("datasources/datasources.yaml");
    let found = sources["datasources"].clone().into_iter().find(|one| text(&one["uid"]) == uid);
    found.unwrap()["jsonData"].clone()
}

/// A text, with Grafana's own dollars.
pub(crate) fn text(value: &Yaml) -> String {
    value.as_str().unwrap().replace("$$", "$")
}

#[test]
fn every_data_source_is_the_one_that_its_uid_says_and_links_lead_to_others_that_are_there() {
    let sources = read("datasources/datasources.yaml");
    let expected = [
        ("prometheus", "http://prometheus:9090"),
        ("tempo", "http://tempo:3200"),
        ("loki", "http://loki:3100"),
    ];
    let found: Vec<(String, String)> = sources["datasources"]
        .clone()
        .into_iter()
        .map(|one| {
            assert_eq!(one["uid"], one["type"]);
            (text(&one["uid"]), text(&one["url"]))
        })
        .collect();
    assert_eq!(found, expected.map(|(uid, url)| (uid.to_owned(), url.to_owned())));

    let linked: BTreeSet<String> = [
        &data_source("tempo")["tracesToLogsV2"]["datasourceUid"],
        &data_source("tempo")["tracesToMetrics"]["datasourceUid"],
        &data_source("tempo")["serviceMap"]["datasourceUid"],
        &data_source("loki")["derivedFields"][0]["datasourceUid"],
        &data_source("prometheus")["exemplarTraceIdDestinations"][0]["datasourceUid"],
    ]
    .map(text)
    .into();
    assert_eq!(linked, ["loki", "prometheus", "tempo"].map(str::to_owned).into());
    assert_eq!(data_source("tempo")["nodeGraph"]["enabled"], Yaml::Boolean(true));
}

#[test]
fn the_dashboards_are_read_from_where_compose_mounts_them() {
    let provider = read("dashboards/dashboards.yaml")["providers"][0].clone();
    let mounted = text(&provider["options"]["path"]);

    let compose = fs::read_to_string(folder().join("../compose.yaml")).unwrap();

    assert!(compose.contains(&format!("./grafana/dashboards:{mounted}:ro")), "{mounted}");
    for folder in ["datasources", "dashboards"] {
        let mount =
            format!("./grafana/provisioning/{folder}:/etc/grafana/provisioning/{folder}:ro");
        assert!(compose.contains(&mount), "{mount}");
    }
}
