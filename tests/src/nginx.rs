//! A real nginx in front of a gateway, started from the very template that compose mounts.
//!
//! It runs as one process (`master_process off`), so that it ends with its [`Process`]; a worker does exactly the same work.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::environment;
use crate::http_client::http;
use crate::not_run;
use crate::poll::until;
use crate::ports::Port;
use crate::program::{Process, Program};
use crate::scratch;

const START_DEADLINE: Duration = Duration::from_secs(20);
const CHECK_DEADLINE: Duration = Duration::from_secs(20);

/// What the template is filled with.
#[derive(Clone, Debug)]
pub struct NginxOptions {
    values: BTreeMap<&'static str, String>,
    module: Option<PathBuf>,
}

impl NginxOptions {
    /// In front of a gateway on this port of 127.0.0.1, without ngx_otel_module; limits so high that no test meets them unasked.
    #[must_use]
    pub fn in_front_of(gateway: u16) -> Self {
        let values = [
            ("NGINX_GATEWAY", format!("127.0.0.1:{gateway}")),
            ("NGINX_WWW", environment::workspace().join("gateway/www").display().to_string()),
            ("NGINX_RATE", "100000r/s".to_owned()),
            ("NGINX_BURST", "10000".to_owned()),
            ("NGINX_CONNECTIONS", "4000".to_owned()),
            ("NGINX_READ_TIMEOUT", "10s".to_owned()),
            ("NGINX_CLIENT_TIMEOUT", "10s".to_owned()),
            ("NGINX_OTEL_CONF", "/dev/null".to_owned()),
            // That of the services: a service graph has one of both sides' environments for an edge.
            ("NGINX_ENVIRONMENT", "development".to_owned()),
            ("NGINX_VERSION", "0.0.0".to_owned()),
        ];
        Self { values: values.into(), module: None }
    }

    /// Sets a variable of the template.
    #[must_use]
    pub fn set(mut self, name: &'static str, value: &str) -> Self {
        self.values.insert(name, value.to_owned());
        self
    }

    /// With ngx_otel_module, which sends its spans by OTLP/gRPC to this address, host:port.
    ///
    /// # Panics
    /// Without `NGINX_OTEL_MODULE`: ask [`Nginx::module_is_not_run`] first.
    #[must_use]
    pub fn traced(mut self, otlp: &str) -> Self {
        let module = environment::nginx_otel_module();
        let module = module.unwrap_or_else(|| panic!("NGINX_OTEL_MODULE is not set"));
        self.module = Some(module);
        self.set("NGINX_OTLP", otlp)
    }

    /// Writes the files that the image's entry point would make of the templates, and gives the command that runs nginx on them.
    fn prepare(mut self, folder: &Path, port: u16) -> Program {
        let own = [("NGINX_LISTEN", format!("127.0.0.1:{port}")), ("NGINX_STATE", shown(folder))];
        self.values.extend(own);
        if self.module.is_some() {
            let conf = folder.join("otel.conf");
            self.write("otel.conf", &conf);
            self.values.insert("NGINX_OTEL_CONF", shown(&conf));
        }
        let conf = folder.join("nginx.conf");
        self.write("nginx.conf", &conf);
        let mut global = "daemon off; master_process off;".to_owned();
        if let Some(module) = &self.module {
            global = format!("load_module {}; {global}", module.display());
        }
        Program::new(program()).arg("-c").arg(conf).arg("-g").arg(global)
    }

    fn write(&self, template: &str, to: &Path) {
        let from = environment::workspace().join("gateway").join(template);
        let mut text =
            fs::read_to_string(&from).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        for (name, value) in &self.values {
            text = text.replace(&format!("${{{name}}}"), value);
        }
        let left = text.split("${").nth(1).and_then(|rest| rest.split('}').next());
        assert!(left.is_none(), "{template}: no value for {left:?}");
        fs::write(to, text).unwrap_or_else(|error| panic!("{}: {error}", to.display()));
    }
}

/// A running nginx; it ends with the value. Its access log is what it writes to stdout.
#[derive(Debug)]
pub struct Nginx {
    process: Process,
    port: Port,
    _folder: TempDir,
}

impl Nginx {
    /// Whether a test has to pass over nginx, because `TRACECHAIN_NOT_RUN` lists it and it is really not here. Says so by the name of the test.
    #[must_use]
    pub fn is_not_run() -> bool {
        not_run::is_passed_over("nginx", "nginx", || found().is_some())
    }

    /// Whether a test has to pass over ngx_otel_module, which is in no registry: `NGINX_OTEL_MODULE` is not set. Says so by the name of the test.
    #[must_use]
    pub fn module_is_not_run() -> bool {
        let missing = environment::nginx_otel_module().is_none();
        if missing {
            not_run::report("ngx_otel_module (NGINX_OTEL_MODULE is not set)");
        }
        missing || Self::is_not_run()
    }

    /// Starts it on a free loopback port and waits until it answers.
    ///
    /// # Panics
    /// When it is not here, or does not answer; the text holds its error log.
    pub async fn start(options: NginxOptions) -> Self {
        let (port, folder) = (Port::reserve(), folder());
        let process = options.prepare(folder.path(), port.number()).start();
        let mut nginx = Self { process, port, _folder: folder };
        let page = nginx.url("/");
        let ready = until(START_DEADLINE, async || {
            if nginx.process.exit_status().is_some() {
                return Some(false);
            }
            http().get(&page).send().await.is_ok().then_some(true)
        });
        let ready = ready.await == Some(true);
        assert!(ready, "nginx does not answer:\n{}", nginx.process.last_output());
        nginx
    }

    /// What `nginx -t` says of the files: whether they are good, and its text.
    ///
    /// # Panics
    /// When nginx is not here, or does not end.
    pub async fn check(options: NginxOptions) -> (bool, String) {
        let (port, folder) = (Port::reserve(), folder());
        let mut process = options.prepare(folder.path(), port.number()).arg("-t").start();
        let status = process.wait_exit(CHECK_DEADLINE).await;
        (status.success(), process.last_output())
    }

    /// The address of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port())
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// Its process: access log on stdout, error log on stderr.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }
}

fn folder() -> TempDir {
    scratch::folder("nginx")
        .unwrap_or_else(|error| panic!("cannot make a temporary folder: {error}"))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn program() -> PathBuf {
    found().unwrap_or_else(|| {
        panic!("nginx is not here: run infra/test.sh, which installs Debian's package `nginx`")
    })
}

/// Debian has it where only root's PATH looks.
fn found() -> Option<PathBuf> {
    let debian = PathBuf::from("/usr/sbin/nginx");
    environment::on_path("nginx").or_else(|| Some(debian).filter(|file| file.is_file()))
}
