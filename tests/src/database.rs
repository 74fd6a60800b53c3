//! One fresh database, for one test.

use std::time::Duration;

use crate::engine::Engine;
use crate::scratch;
use crate::server::Server;

/// How long dropping a database may hold up the end of a test; the server's end removes what is left.
const DROP_DEADLINE: Duration = Duration::from_secs(5);

/// An empty database; dropped with this value.
#[derive(Debug)]
pub struct Database {
    /// What it runs on.
    pub engine: Engine,
    /// What goes into `DATABASE_URL`.
    pub url: String,
    /// Its name on the server, or the stem of the SQLite file: `db.namespace` of its spans.
    pub name: String,
    keeper: Keeper,
}

/// What removes the database.
#[derive(Debug)]
enum Keeper {
    /// The server, when it ends.
    ServersEnd,
    /// We do, on this server.
    Server(Server),
    /// The folder of the file, by its own drop.
    Folder { _folder: tempfile::TempDir },
}

impl Database {
    pub(crate) fn new(engine: Engine, url: String, name: String) -> Self {
        Self { engine, url, name, keeper: Keeper::ServersEnd }
    }

    pub(crate) fn dropped_on(mut self, server: Server) -> Self {
        self.keeper = Keeper::Server(server);
        self
    }

    /// The same database at another port: what a proxy in front of the server listens on.
    #[must_use]
    pub fn url_through(&self, port: u16) -> String {
        let (before, rest) = self
            .url
            .split_once("@127.0.0.1:")
            .unwrap_or_else(|| panic!("{} has no server to go through", self.engine));
        let (_, database) = rest
            .split_once('/')
            .unwrap_or_else(|| panic!("the URL of {} has no database", self.name));
        format!("{before}@127.0.0.1:{port}/{database}")
    }

    /// The port of its server.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.url.split_once("@127.0.0.1:")?.1.split_once('/')?.0.parse().ok()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Keeper::Server(server) = &self.keeper {
            drop_in_a_runtime_of_its_own(server, &self.name);
        }
    }
}

/// A new SQLite file in a temporary folder that goes away with the value.
///
/// # Panics
/// When no temporary folder can be made.
#[must_use]
pub fn sqlite() -> Database {
    let folder = scratch::folder("sqlite");
    let folder = folder.unwrap_or_else(|error| panic!("cannot make a temporary folder: {error}"));
    let name = format!("t_{}", uuid::Uuid::new_v4().simple());
    let url = format!("sqlite://{}?mode=rwc", folder.path().join(format!("{name}.db")).display());
    Database { engine: Engine::Sqlite, url, name, keeper: Keeper::Folder { _folder: folder } }
}

/// `drop` is not asynchronous and may run on a thread of a runtime, which must not be blocked on; hence a thread.
fn drop_in_a_runtime_of_its_own(server: &Server, name: &str) {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if let Ok(runtime) = runtime {
                // Best effort: a server that is stopped or gone takes the database with it.
                let _ = runtime.block_on(async {
                    tokio::time::timeout(DROP_DEADLINE, server.drop_database(name)).await
                });
            }
        });
    });
}
