//! A PostgreSQL server of a test's own.

#![expect(clippy::panic, clippy::expect_used, reason = "this is test code")]

use std::{
    fs,
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// Who may connect where TLS is asked for: over a network, nobody without it.
const TLS_ALONE: &str = "local all all trust\nhostssl all all all trust\n";

/// A server that listens on a socket in its own folder and nowhere else, and goes with this value. What it says is in the
/// folder's `log`.
#[derive(Debug)]
pub struct Postgres {
    process: Option<Child>,
    folder: PathBuf,
    account: Option<Account>,
    /// The port on which it speaks TLS, and nothing else.
    tls_port: Option<u16>,
}

/// The account it runs under: it refuses to run as root.
#[derive(Clone, Copy, Debug)]
struct Account {
    user: u32,
    group: u32,
}

impl Postgres {
    /// Makes a cluster in this folder and starts it.
    ///
    /// # Panics
    /// Where PostgreSQL is not installed (Debian: `postgresql`), or does not start.
    #[must_use]
    pub fn start(folder: &Path) -> Self {
        let mut server = Self::make(folder);
        server.resume();
        server
    }

    /// The same, with this certificate and key (PEM): it also listens on loopback, for TLS alone.
    ///
    /// # Panics
    /// As [`Postgres::start`].
    #[must_use]
    pub fn start_with_tls(folder: &Path, certificate: &str, key: &str) -> Self {
        let mut server = Self::make(folder);
        let data = folder.join("data");
        for (name, content) in [("server.crt", certificate), ("server.key", key), ("pg_hba.conf", TLS_ALONE)]
        {
            let path = data.join(name);
            fs::write(&path, content).expect("a file of the cluster");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("kept to its owner");
            if let Some(Account { user, group }) = server.account {
                chown(&path, Some(user), Some(group)).expect("the file is given to PostgreSQL's account");
            }
        }
        server.tls_port = Some(crate::free_ports(1));
        server.resume();
        server
    }

    fn make(folder: &Path) -> Self {
        let account = account();
        if let Some(Account { user, group }) = account {
            chown(folder, Some(user), Some(group)).expect("the folder is given to PostgreSQL's account");
        }
        let server = Self { process: None, folder: folder.to_owned(), account, tls_port: None };
        let made = server
            .command("initdb")
            .args(["--no-sync", "--auth=trust", "--username=huizheng", "--encoding=UTF8", "--locale=C", "-D"])
            .arg(folder.join("data"))
            .stdout(Stdio::null())
            .status()
            .expect("initdb runs");
        assert!(made.success(), "initdb made no cluster");
        server
    }

    /// How a store reaches it.
    #[must_use]
    pub fn address(&self) -> String {
        format!("host={} user=huizheng dbname=postgres", self.folder.display())
    }

    /// How a store reaches it over TLS.
    ///
    /// # Panics
    /// If it was started without.
    #[must_use]
    pub fn address_by_tls(&self) -> String {
        let port = self.tls_port.expect("it was started with TLS");
        format!("host=localhost port={port} user=huizheng dbname=postgres")
    }

    /// Kills it as a power cut would, as far as a process can tell.
    pub fn kill(&mut self) {
        if let Some(process) = &mut self.process {
            // SIGQUIT ends every process of the server at once, without a checkpoint.
            let quit = Command::new("kill").args(["-QUIT", &process.id().to_string()]).status();
            assert!(quit.is_ok_and(|status| status.success()), "it can be killed");
            process.wait().expect("it ends");
        }
        self.process = None;
    }

    /// Starts it again after [`Postgres::kill`].
    ///
    /// # Panics
    /// If it isn't ready within half a minute.
    pub fn resume(&mut self) {
        let log = fs::File::options().append(true).create(true).open(self.folder.join("log")).expect("a log");
        let process = self
            .command("postgres")
            .arg("-D")
            .arg(self.folder.join("data"))
            .arg("-k")
            .arg(&self.folder)
            .args(["-c", "shared_buffers=16MB"])
            .args(match self.tls_port {
                Some(port) => vec![
                    "-c".into(),
                    "ssl=on".into(),
                    "-h".into(),
                    "localhost".into(),
                    "-p".into(),
                    port.to_string(),
                ],
                None => vec!["-c".into(), "listen_addresses=".to_owned()],
            })
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("postgres runs");
        self.process = Some(process);
        for _ in 0..300 {
            let ready = self
                .command("pg_isready")
                .arg("-q")
                .arg("-h")
                .arg(&self.folder)
                .args(["-p", &self.tls_port.unwrap_or(5432).to_string()])
                .status();
            if ready.is_ok_and(|status| status.success()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!(
            "PostgreSQL is not ready: {}",
            fs::read_to_string(self.folder.join("log")).unwrap_or_default()
        );
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(binaries().join(name));
        command.current_dir(&self.folder);
        if let Some(Account { user, group }) = self.account {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = Command::new("kill").args(["-QUIT", &process.id().to_string()]).status();
            let _ = process.wait();
        }
    }
}

/// Where the server's programs are: the newest version's folder as Debian lays them, or the path.
fn binaries() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .map(|version| version.path().join("bin"))
        .filter(|path| path.join("postgres").exists())
        .max();
    newest.unwrap_or_else(|| panic!("PostgreSQL is not installed: install the package postgresql"))
}

/// PostgreSQL's own account where the test runs as root, who may change to it.
fn account() -> Option<Account> {
    use std::os::unix::fs::MetadataExt;
    if fs::metadata("/proc/self").expect("a process").uid() != 0 {
        return None;
    }
    let accounts = fs::read_to_string("/etc/passwd").expect("the accounts");
    let line = accounts.lines().find(|line| line.starts_with("postgres:"));
    let mut numbers = line
        .expect("PostgreSQL's account")
        .split(':')
        .skip(2)
        .map(|number| number.parse().expect("a number"));
    Some(Account { user: numbers.next().expect("a user"), group: numbers.next().expect("a group") })
}
