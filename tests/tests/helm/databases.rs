//! External databases by default, small ones in the cluster on demand, and when the schemas are brought up to date.

use crate::render::{IN_CLUSTER, Rendered, render};
use crate::yaml::{list, texts};

fn hook(rendered: &Rendered, kind: &str) -> String {
    let object = rendered.object(kind, "-migrate");
    object["metadata"]["annotations"]["helm.sh/hook"].as_str().unwrap().to_owned()
}

/// A hook that runs before the release can use nothing of it.
#[tokio::test]
async fn migrations_run_before_the_pods_and_lean_on_nothing_that_is_not_there_yet() {
    let Some(rendered) = render("").await else { return };
    assert_eq!(hook(&rendered, "Job"), "pre-install,pre-upgrade");
    assert_eq!(hook(&rendered, "NetworkPolicy"), "pre-install,pre-upgrade");

    let pod = rendered.pod("migrate");
    assert!(pod.spec["serviceAccountName"].is_null() && pod.container()["envFrom"].is_null());
    for variable in list(&pod.container()["env"]) {
        let secret = &variable["valueFrom"]["secretKeyRef"]["name"];
        assert!(secret.is_null() || secret == "tracechain-databases", "{variable}");
    }
    assert_eq!(texts(&pod.container()["args"]), ["migrate", "all"]);
    // The policy is made first.
    let weight = |kind: &str| {
        let annotations = &rendered.object(kind, "-migrate")["metadata"]["annotations"];
        annotations["helm.sh/hook-weight"].as_str().unwrap().parse::<i32>().unwrap()
    };
    assert!(weight("NetworkPolicy") < weight("Job"));
}

/// Databases of the release itself are there only after it: a hook before it would wait for ever.
#[tokio::test]
async fn with_databases_in_the_cluster_migrations_run_after_them() {
    let Some(rendered) = render(IN_CLUSTER).await else { return };
    assert_eq!(hook(&rendered, "Job"), "post-install,post-upgrade");
    assert_eq!(hook(&rendered, "NetworkPolicy"), "post-install,post-upgrade");
}

/// The passwords in the addresses are those that the databases are made with.
#[tokio::test]
async fn the_addresses_of_databases_in_the_cluster_are_theirs() {
    let Some(rendered) = render(IN_CLUSTER).await else { return };
    let object = rendered.object("Secret", "-databases-in-cluster");
    // As the volumes do: their databases know no other passwords.
    assert_eq!(object["metadata"]["annotations"]["helm.sh/resource-policy"], "keep");
    let secret = &object["stringData"];
    let text = |key: &str| secret[key].as_str().unwrap().to_owned();
    let (postgres, mysql) = (text("postgres-password"), text("mysql-password"));
    assert!(postgres.len() == 32 && mysql.len() == 32 && postgres != mysql);
    for (key, address) in [
        ("user-url", format!("postgres://tracechain:{postgres}@tracechain-postgres:5432/users")),
        ("order-url", format!("mysql://tracechain:{mysql}@tracechain-mysql:3306/orders")),
        ("audit-url", format!("postgres://tracechain:{postgres}@tracechain-postgres:5432/audit")),
    ] {
        assert_eq!(text(key), address);
    }
    for (component, name, key) in [
        ("postgres", "POSTGRES_PASSWORD", "postgres-password"),
        ("mysql", "MYSQL_PASSWORD", "mysql-password"),
        ("mysql", "MYSQL_ROOT_PASSWORD", "mysql-root-password"),
        ("user-service", "DATABASE_URL", "user-url"),
        ("order-service", "DATABASE_URL", "order-url"),
        ("audit-service", "DATABASE_URL", "audit-url"),
        ("migrate", "ORDER_DATABASE_URL", "order-url"),
    ] {
        let variables = list(&rendered.pod(component).container()["env"]);
        let from =
            &variables.iter().find(|variable| variable["name"] == name).unwrap()["valueFrom"];
        assert_eq!(from["secretKeyRef"]["key"], key, "{component}: {name}");
        let secret = &from["secretKeyRef"]["name"];
        assert_eq!(secret, "tracechain-databases-in-cluster", "{component}: {name}");
    }
    let Some(own) = render("databases.enabled=true,databases.inClusterSecret=mine").await else {
        return;
    };
    assert_eq!(own.of_kind("Secret").count(), 0);
}
