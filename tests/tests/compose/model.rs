//! The model as compose's own loader has it: interpolated, merged, with absolute paths.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};
use testbed::External;

const DEADLINE: Duration = Duration::from_secs(30);

/// The root of the repository.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The text of a file of the repository.
pub(crate) fn text(path: &str) -> String {
    let file = workspace().join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The loaded file.
pub(crate) struct Model(Value);

impl Model {
    /// With the defaults; `None` where the loader is not here, which is then said by the test's name.
    pub(crate) async fn load() -> Option<Self> {
        Self::load_with(&[]).await
    }

    /// With variables of the user's. The loader as a program does not look at its environment, so their values are written into a copy.
    pub(crate) async fn load_with(variables: &[(&str, &str)]) -> Option<Self> {
        if External::COMPOSE_LOADER.is_not_run() {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("compose.yaml");
        let given = variables
            .iter()
            .fold(text("infra/compose.yaml"), |text, (name, value)| set(&text, name, value));
        std::fs::write(&file, given).unwrap();
        // Paths are relative to the project's folder, which for the program is the one it runs in.
        let loader = External::COMPOSE_LOADER.program().in_folder(workspace().join("infra"));
        let mut process = loader.arg("-format").arg("json").arg(&file).start();
        let status = process.wait_exit(DEADLINE).await;
        assert!(status.success(), "{}", process.last_output());
        let lines = process.lines();
        let json: String =
            lines.iter().filter(|line| !line.is_stderr).map(|line| line.text.as_str()).collect();
        Some(Self(serde_json::from_str(&json).unwrap()))
    }

    /// All services, the jobs too.
    pub(crate) fn all(&self) -> &Map<String, Value> {
        self.0["services"].as_object().unwrap()
    }

    /// The services that `up` starts: those without a profile.
    pub(crate) fn services(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.all().iter().filter(|(_, service)| service["profiles"].is_null())
    }

    pub(crate) fn service(&self, name: &str) -> &Value {
        self.all().get(name).unwrap_or_else(|| panic!("no service {name}"))
    }

    pub(crate) fn volumes(&self) -> Vec<&str> {
        self.0["volumes"].as_object().unwrap().keys().map(String::as_str).collect()
    }
}

/// Puts a value in the place of each `${name:-default}`.
fn set(text: &str, name: &str, value: &str) -> String {
    let reference = format!("${{{name}:-");
    let mut parts = text.split(&reference);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |done, part| done + value + part.split_once('}').unwrap().1)
}

/// The members of a list; none where it is absent.
pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A list of texts as one text, for looking something up in a command.
pub(crate) fn joined(value: &Value) -> String {
    list(value).iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
}
