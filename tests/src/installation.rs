//! Finds the programs of an engine and writes their command lines: how its data folder is first made and how its server is started.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::account::{Account, reachable_by_all};
use crate::engine::Engine;
use crate::environment;

/// The name of the database user that every server has.
pub(crate) const USER: &str = "tracechain";

/// What MySQL and MariaDB keep where in the folder of a server.
const FILES: [(&str, &str); 6] = [
    ("datadir", "data"),
    ("socket", "socket"),
    ("pid-file", "pid"),
    ("init-file", "init.sql"),
    ("tmpdir", ""),
    ("secure-file-priv", ""),
];

/// An engine that is installed on this machine.
#[derive(Clone, Debug)]
pub(crate) struct Installation {
    pub(crate) engine: Engine,
    /// The server program itself; a template belongs to exactly this file.
    pub(crate) server: PathBuf,
    /// The folder into which a MySQL of another distribution was unpacked.
    tree: Option<PathBuf>,
}

impl Installation {
    /// Finds an engine where the packages put it.
    ///
    /// # Errors
    /// It is not here; the text names what to install.
    pub(crate) fn find(engine: Engine) -> Result<Self> {
        match engine {
            Engine::Postgres => find_postgres(),
            Engine::MySql => find_mysql(),
            Engine::MariaDb => find_mariadb(),
            Engine::Sqlite => bail!("SQLite is a file, it has no server: use testbed::sqlite()"),
        }
    }

    /// The account for this engine's processes; `None`: our own.
    pub(crate) fn account(&self) -> Option<Account> {
        let names: &[&str] =
            if self.engine == Engine::Postgres { &["postgres"] } else { &["mysql"] };
        // A MySQL unpacked below a private folder can only be read by us; it then runs as us.
        let reachable = self.tree.as_deref().is_none_or(reachable_by_all);
        Account::first_of(names).filter(|_| reachable)
    }

    /// The command that makes an empty data folder `data`; `password_file` is read by Postgres alone.
    pub(crate) fn initialize(&self, data: &Path, password_file: &Path) -> Result<Command> {
        let mut command = match self.engine {
            Engine::Postgres => {
                let mut command = Command::new(self.server.with_file_name("initdb"));
                command.args([
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C.UTF-8",
                    "--no-sync",
                    "-U",
                    USER,
                ]);
                command.arg(option("--pwfile=", password_file)).arg("-D").arg(data);
                command
            }
            Engine::MariaDb => {
                let mut command = Command::new("/usr/bin/mariadb-install-db");
                command.args([
                    "--no-defaults",
                    "--basedir=/usr",
                    "--auth-root-authentication-method=normal",
                    "--skip-test-db",
                ]);
                command.arg("--innodb-log-file-size=8M").arg(option("--datadir=", data));
                command
            }
            Engine::MySql => {
                let mut command = self.mysqld()?;
                command
                    .args(["--initialize-insecure", "--innodb-redo-log-capacity=8M"])
                    .arg(option("--datadir=", data));
                command
            }
            Engine::Sqlite => bail!("SQLite has no server"),
        };
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8");
        Ok(command)
    }

    /// The command that runs the server of `folder/data` on a loopback port in the foreground.
    pub(crate) fn serve(&self, folder: &Path, port: u16) -> Result<Command> {
        match self.engine {
            Engine::Postgres => Ok(self.serve_postgres(&folder.join("data"), port)),
            _ => self.serve_mysql(folder, port),
        }
    }

    fn serve_postgres(&self, data: &Path, port: u16) -> Command {
        let mut command = Command::new(&self.server);
        command.arg("-D").arg(data);
        let port = format!("port={port}");
        // `mmap` keeps dynamic shared memory inside the data folder, so a kill leaves nothing behind.
        let settings = [
            port.as_str(),
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "max_connections=400",
            "shared_buffers=64MB",
            "dynamic_shared_memory_type=mmap",
            "max_wal_size=256MB",
        ];
        for setting in settings {
            command.args(["-c", setting]);
        }
        command
    }

    fn serve_mysql(&self, folder: &Path, port: u16) -> Result<Command> {
        let mut command = self.mysqld()?;
        command.arg(format!("--port={port}"));
        for (name, file) in FILES {
            command.arg(option(&format!("--{name}="), &folder.join(file)));
        }
        command.args([
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--max-connections=1000",
            "--performance-schema=OFF",
            "--innodb-flush-log-at-trx-commit=0",
            "--skip-innodb-doublewrite",
            "--innodb-buffer-pool-size=64M",
        ]);
        match self.engine {
            Engine::MySql => {
                command.args(["--mysqlx=OFF", "--disable-log-bin", "--innodb-redo-log-capacity=8M"])
            }
            _ => command.arg("--innodb-log-file-size=8M"),
        };
        Ok(command)
    }

    /// `mysqld` with what it needs to find its own files and libraries.
    fn mysqld(&self) -> Result<Command> {
        let Some(tree) = &self.tree else {
            let mut command = Command::new(&self.server);
            command.arg("--no-defaults");
            return Ok(command);
        };
        let libraries = library_folder(tree)?;
        let mut command = Command::new(loader(&libraries)?);
        command
            .arg("--inhibit-cache")
            .arg("--library-path")
            .arg(&libraries)
            .arg(&self.server)
            .arg("--no-defaults");
        command
            .arg(option("--basedir=", &tree.join("usr")))
            .arg(option("--plugin-dir=", &tree.join("usr/lib/mysql/plugin")));
        if nix::unistd::geteuid().is_root() && self.account().is_none() {
            command.arg("--user=root");
        }
        Ok(command)
    }
}

fn find_postgres() -> Result<Installation> {
    let versions = fs::read_dir("/usr/lib/postgresql")
        .map(|found| found.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_else(|_| Vec::new());
    let newest =
        versions.into_iter().filter(|folder| folder.join("bin/initdb").is_file()).max_by_key(
            |folder| folder.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok()),
        );
    let folder = newest.context("Postgres is not here (looked for /usr/lib/postgresql/*/bin/initdb): apt-get install postgresql, or run infra/test.sh")?;
    Ok(Installation { engine: Engine::Postgres, server: folder.join("bin/postgres"), tree: None })
}

fn find_mariadb() -> Result<Installation> {
    let server = PathBuf::from("/usr/sbin/mariadbd");
    if !server.is_file() || !Path::new("/usr/bin/mariadb-install-db").is_file() {
        bail!(
            "MariaDB is not here (looked for /usr/sbin/mariadbd): apt-get install mariadb-server, or run infra/test.sh"
        );
    }
    Ok(Installation { engine: Engine::MariaDb, server, tree: None })
}

fn find_mysql() -> Result<Installation> {
    let tree = environment::cache().join("mysql");
    let unpacked = tree.join("usr/sbin/mysqld");
    if unpacked.is_file() {
        return Ok(Installation { engine: Engine::MySql, server: unpacked, tree: Some(tree) });
    }
    // MariaDB's package installs a link of this name.
    let server = PathBuf::from("/usr/sbin/mysqld");
    if fs::symlink_metadata(&server).is_ok_and(|found| found.is_file()) {
        return Ok(Installation { engine: Engine::MySql, server, tree: None });
    }
    bail!(
        "MySQL is not here (looked for {} and /usr/sbin/mysqld): run infra/test.sh, which fetches it",
        unpacked.display()
    )
}

fn library_folder(tree: &Path) -> Result<PathBuf> {
    let found = fs::read_dir(tree.join("usr/lib"))?.flatten().map(|entry| entry.path());
    let mut multiarch = found.filter(|path| {
        path.file_name().is_some_and(|name| name.to_string_lossy().ends_with("-linux-gnu"))
    });
    multiarch.next().with_context(|| {
        format!("{} has no libraries: delete it and run infra/test.sh", tree.display())
    })
}

fn loader(libraries: &Path) -> Result<PathBuf> {
    let mut found = fs::read_dir(libraries)?.flatten().map(|entry| entry.path());
    let loader = found.find(|path| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ld-linux"))
    });
    loader.with_context(|| {
        format!(
            "{} has no ld-linux: delete the folder `mysql` of the cache and run infra/test.sh",
            libraries.display()
        )
    })
}

fn option(name: &str, path: &Path) -> OsString {
    let mut option = OsString::from(name);
    option.push(path);
    option
}
