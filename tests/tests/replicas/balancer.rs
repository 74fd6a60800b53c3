//! A stock nginx, without any module of ours or of OpenTelemetry's: one server per service, which spreads requests over its processes.

use std::fmt::Write as _;

use tempfile::TempDir;
use testbed::{External, Port, Process, Service, http, until};

/// The running nginx.
pub(crate) struct Balancer {
    _process: Process,
    _folder: TempDir,
}

/// Where it listens for a service.
pub(crate) struct Front {
    pub(crate) service: Service,
    pub(crate) port: Port,
}

impl Front {
    pub(crate) fn of(service: Service) -> Self {
        Self { service, port: Port::reserve() }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port.number())
    }
}

impl Balancer {
    /// Starts it in front of the processes of each service, given by their addresses (host:port).
    pub(crate) async fn start(fronts: &[(&Front, Vec<String>)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, configuration(fronts, &folder.path().display().to_string())).unwrap();
        let program = External::NGINX.program().arg("-c").arg(file);
        let process = program.arg("-g").arg("daemon off; master_process off;").start();
        for (front, _) in fronts {
            let url = format!("{}/health/ready", front.url());
            let ready =
                async || http().get(&url).send().await.ok()?.status().is_success().then_some(());
            let ready = until(std::time::Duration::from_secs(20), ready).await;
            assert!(ready.is_some(), "{}: {}", front.service, process.last_output());
        }
        Self { _process: process, _folder: folder }
    }
}

fn configuration(fronts: &[(&Front, Vec<String>)], folder: &str) -> String {
    let mut servers = String::new();
    for (Front { service, port }, processes) in fronts {
        let processes: String = processes.iter().map(|at| format!("server {at}; ")).collect();
        let port = port.number();
        // A request that was sent is never sent again: nginx keeps to that for a POST, as our own hops do.
        write!(
            servers,
            "upstream {service} {{ {processes} keepalive 16; }}\n\
             server {{\n  listen 127.0.0.1:{port};\n\
             \x20 location / {{ proxy_pass http://{service}; proxy_http_version 1.1; proxy_set_header Connection \"\"; }}\n}}\n"
        )
        .unwrap();
    }
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {folder}/{kind};\n"))
        .concat();
    format!(
        "pid {folder}/nginx.pid;\nerror_log stderr;\nevents {{ worker_connections 1024; }}\nhttp {{\naccess_log off;\n{temporary}{servers}}}\n"
    )
}
