//! Validators as processes of the built program, and its commands.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use registry::api::{self, HEAD, HeadResponse, OCTETS, SNAPSHOT, TRANSACTIONS};
use registry::build::{DidPlan, SoftwareSigner, TxSigner, organisation_document, recovery_commitment};
use registry::{Author, Genesis, Transaction};
use serde_json::Value;

/// How long anything may take before the test gives up: only a chain that stands still takes so long.
const PATIENCE: Duration = Duration::from_secs(180);
/// The most validators a test has, two ports each.
const MOST: u16 = 6;

pub(crate) struct Town {
    folder: tempfile::TempDir,
    base: u16,
    every: u64,
    children: Vec<Option<Child>>,
    genesis: Genesis,
    http: reqwest::Client,
    organisations: u64,
}

fn run(arguments: &[&str]) -> Result<String, String> {
    let program = Command::new(env!("CARGO_BIN_EXE_huizheng")).args(arguments).output().expect("started");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if program.status.success() { Ok(text(&program.stdout)) } else { Err(text(&program.stderr)) }
}

impl Town {
    /// Four validators' folders; nobody runs yet. Each makes a snapshot after `every` blocks.
    pub(crate) fn init(every: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let base = testkit::free_ports(2 * MOST);
        let dir = folder.path().to_string_lossy();
        run(&["network", "init", "--dir", &dir, "--port-base", &base.to_string()]).expect("made");
        let genesis = std::fs::read(folder.path().join("genesis.json")).expect("written");
        Self {
            base,
            every,
            children: (0..MOST).map(|_| None).collect(),
            genesis: serde_json::from_slice(&genesis).expect("a genesis"),
            http: service::outbound::client(Duration::from_secs(15)),
            organisations: 0,
            folder,
        }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    pub(crate) fn department(&self, name: &str) -> String {
        self.path(&format!("governance/{name}.key"))
    }

    fn home(&self, n: usize) -> PathBuf {
        self.folder.path().join(format!("n{n}"))
    }

    fn url(&self, n: usize) -> String {
        format!("http://127.0.0.1:{}", usize::from(self.base) + 2 * n + 1)
    }

    /// `network join`, with nothing of the network but its two public files; gives the new validator's key.
    pub(crate) fn join(&self, n: usize) -> String {
        let given = tempfile::tempdir().expect("a folder");
        for name in ["genesis.json", "network.toml"] {
            std::fs::copy(self.folder.path().join(name), given.path().join(name)).expect("copied");
        }
        let (dir, home) = (given.path().to_string_lossy(), self.path(&format!("n{n}")));
        let port = (usize::from(self.base) + 2 * n).to_string();
        let said = run(&["network", "join", "--dir", &dir, "--home", &home, "--port", &port]).expect("made");
        // It hands back the file that names it.
        std::fs::copy(given.path().join("network.toml"), self.folder.path().join("network.toml"))
            .expect("copied");
        let key = said.lines().find_map(|line| line.strip_prefix("its validator key is "));
        key.expect("it says its key").to_owned()
    }

    /// `huizheng registry …`, with the genesis' anchor, asking a validator's node.
    pub(crate) fn registry(&self, n: usize, arguments: &[&str]) -> Result<String, String> {
        let (url, data) = (self.url(n), self.folder.path().to_string_lossy().into_owned());
        run(&[&["registry"], arguments, &["--data", &data, "--node", &url]].concat())
    }

    /// Who validates, as a node proves it.
    pub(crate) fn validators(&self, n: usize) -> Result<Vec<Value>, String> {
        let record: Value = serde_json::from_str(&self.registry(n, &["show", "validators"])?).expect("JSON");
        Ok(record["validators"].as_array().expect("a list").clone())
    }

    /// The nth of the genesis' validators' key.
    pub(crate) async fn key_of(&self, n: usize) -> String {
        self.genesis.validators.as_slice()[n].key.to_string()
    }

    pub(crate) fn start(&mut self, n: usize) {
        let child = Command::new(env!("CARGO_BIN_EXE_huizheng"))
            .args(["node", "--log", "error", "--home"])
            .arg(self.home(n))
            .env("HUIZHENG_NODE_SNAPSHOT_EVERY", self.every.to_string())
            .stdout(Stdio::null())
            .spawn();
        self.children[n] = Some(child.expect("started"));
    }

    pub(crate) fn stop(&mut self, n: usize) {
        if let Some(mut child) = self.children[n].take() {
            child.kill().expect("killed");
            assert_eq!(child.wait().expect("ended").code(), None, "validator {n} had not ended by itself");
        }
    }

    /// Loses all but settings, genesis and keys.
    pub(crate) fn wipe(&self, n: usize) {
        for entry in std::fs::read_dir(self.home(n)).expect("there").flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if name.ends_with(".key") || ["node.toml", "genesis.json"].contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }
                .expect("removed");
        }
    }

    /// Waits until a validator that lost its log of votes votes again.
    pub(crate) async fn votes_again(&mut self, n: usize) {
        let quiet = self.home(n).join("quiet.json");
        let began = Instant::now();
        assert!(quiet.exists(), "it is quiet");
        while quiet.exists() {
            assert!(began.elapsed() < PATIENCE, "it stays quiet");
            self.decides(n, 1).await;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    pub(crate) async fn get(&self, n: usize, path: &str) -> Value {
        let answer = self.http.get(format!("{}{path}", self.url(n))).send().await.expect("answered");
        serde_json::from_slice(&answer.bytes().await.expect("whole")).expect("JSON")
    }

    pub(crate) async fn head(&self, n: usize) -> Option<HeadResponse> {
        let answer = self.http.get(format!("{}{HEAD}", self.url(n))).send().await.ok()?;
        serde_json::from_slice(&answer.bytes().await.ok()?).ok()
    }

    pub(crate) async fn reaches(&self, n: usize, height: u64) {
        let began = Instant::now();
        while self.head(n).await.is_none_or(|head| head.height < height) {
            assert!(began.elapsed() < PATIENCE, "validator {n} doesn't reach {height}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub(crate) async fn snapshot_is_made(&self, n: usize) {
        let began = Instant::now();
        while self.get(n, SNAPSHOT).await["header"]["height"].as_u64() < Some(self.every) {
            assert!(began.elapsed() < PATIENCE, "validator {n} makes no snapshot");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// So many organisations' transactions become final through a validator, one after another.
    pub(crate) async fn decides(&mut self, n: usize, count: u64) {
        for _ in 0..count {
            let transaction = self.organisation();
            let began = Instant::now();
            loop {
                let request = self.http.post(format!("{}{TRANSACTIONS}", self.url(n)));
                let request = request.header("content-type", OCTETS).body(transaction.to_bytes());
                let status = request.send().await.map(|answer| answer.status().as_u16());
                // 409: it became final while nobody could say so.
                if matches!(status, Ok(200 | 409)) {
                    let path = api::transaction_path(&transaction.hash());
                    assert!(self.get(n, &path).await["height"].is_u64(), "it is final");
                    break;
                }
                assert!(began.elapsed() < PATIENCE, "nothing is decided any more: {status:?}");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }

    /// The next organisation's first transaction.
    fn organisation(&mut self) -> Transaction {
        self.organisations += 1;
        let mut seed = [9; 32];
        seed[..8].copy_from_slice(&self.organisations.to_le_bytes());
        let key = SoftwareSigner::from_seed(&seed).expect("a key");
        let document = organisation_document(&key.public_key(), &[], vec![]);
        let recovery_commitment = recovery_commitment(&key.public_key());
        let plan = DidPlan { document, salt: [1; 16], recovery_commitment };
        let author = Author::Did(plan.did(&self.genesis.network));
        let unsigned = Transaction::unsigned(self.genesis.chain_id(), author, 0, plan.into_action());
        unsigned.signed_by(&key).expect("signed")
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        for child in self.children.iter_mut().flatten() {
            _ = child.kill();
            _ = child.wait();
        }
    }
}
