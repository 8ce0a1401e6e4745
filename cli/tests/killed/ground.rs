//! A chain that the test governs, and services by their own settings as processes of their own.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chain::{Node, SoloConfig, SoloLedger};
use registry::build::{SoftwareSigner, TxSigner};
use registry::{
    Action, Anchor, Author, Genesis, GenesisGovernance, LocalText, Member, Slug, Validator, ValidatorSet,
};
use service::{NodeClient, NodeConfig, clock, files};

/// How long a process may take to become ready, or to end when it is told to.
const PATIENCE: Duration = Duration::from_secs(120);

/// A chain, and a folder for settings.
pub(crate) struct Ground {
    node: Node,
    pub(crate) anchor: Anchor,
    pub(crate) chain: NodeClient,
    folder: tempfile::TempDir,
}

impl Ground {
    /// A new chain, and a folder with its `anchor.json`.
    pub(crate) async fn make() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let genesis = Genesis {
            network: Slug::new("anhui").expect("a name"),
            time: clock::now(),
            governance: GenesisGovernance {
                members: vec![Member { name: LocalText::new("数据局", "Data"), key: key(2).public_key() }],
                threshold: 1,
            },
            validators: ValidatorSet::new(vec![Validator { key: key(1).public_key(), power: 1 }])
                .expect("a set"),
        };
        let config = SoloConfig::new(folder.path().join("chain"));
        let ledger = SoloLedger::open(config, Some(genesis.clone()), Arc::new(key(1))).expect("a chain");
        let local = "127.0.0.1:0".parse().expect("an address");
        let node = Node::bind(chain::NodeConfig::new(local), Arc::new(ledger)).await.expect("a node");
        let chain = NodeClient::new(NodeConfig::new(node.base_url(), genesis.anchor()));
        let ground = Self { node, anchor: genesis.anchor(), chain, folder };
        ground.write("anchor.json", &serde_json::to_string(&ground.anchor).expect("JSON"));
        ground
    }

    /// Where the chain's node answers.
    pub(crate) fn node_url(&self) -> String {
        self.node.base_url()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, with the folder it is in.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(&path, text).expect("written");
        path
    }

    /// The same, for its owner's eyes.
    pub(crate) fn write_secret(&self, name: &str, text: &str) {
        files::write_secret(&self.path(name), text.as_bytes()).expect("written");
    }

    /// What the governing department decides.
    pub(crate) async fn govern(&self, action: &Action) {
        self.chain.act(&Author::Governance, action, &[&key(2)]).await.expect("decided");
    }

    pub(crate) async fn shutdown(self) {
        self.node.shutdown().await;
    }
}

fn key(seed: u8) -> SoftwareSigner {
    SoftwareSigner::from_seed(&[seed; 32]).expect("a key")
}

/// A service that runs, killed when it is dropped, and what it says.
pub(crate) struct Process {
    child: Child,
    readers: Vec<JoinHandle<()>>,
    /// Lines of standard output.
    out: Lines,
    /// Lines of standard error.
    log: Lines,
}

type Lines = Arc<Mutex<Vec<String>>>;

impl Process {
    /// Starts a service and waits until it answers at `ready`.
    pub(crate) async fn start(command: &mut Command, http: &reqwest::Client, ready: &str) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a process is started");
        let (out, log) = (Lines::default(), Lines::default());
        let readers = vec![
            keep(child.stdout.take().expect("standard output"), out.clone()),
            keep(child.stderr.take().expect("standard error"), log.clone()),
        ];
        let began = Instant::now();
        loop {
            if http.get(ready).send().await.is_ok_and(|answer| answer.status() == 200) {
                return Self { child, readers, out, log };
            }
            let ended = child.try_wait().expect("a process");
            assert!(ended.is_none(), "it ended by itself: {ended:?} {:?}", lines(&log));
            assert!(began.elapsed() < PATIENCE, "it doesn't become ready: {:?}", lines(&log));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What it printed, once it printed something.
    pub(crate) async fn printed(&self) -> Vec<String> {
        let began = Instant::now();
        loop {
            let printed = lines(&self.out);
            if !printed.is_empty() {
                return printed;
            }
            assert!(began.elapsed() < PATIENCE, "it prints nothing");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("killed");
        let ended = self.child.wait().expect("ended");
        assert_eq!(ended.code(), None, "it had not ended by itself");
    }

    /// SIGTERM: its exit code, and what it logged.
    pub(crate) async fn stop(mut self) -> (Option<i32>, Vec<String>) {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(told.expect("kill runs").success());
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a process") {
                self.readers.drain(..).for_each(|reader| reader.join().expect("it read to the end"));
                return (status.code(), lines(&self.log));
            }
            assert!(began.elapsed() < PATIENCE, "it goes on");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn keep(from: impl Read + Send + 'static, to: Lines) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let lines = BufReader::new(from).lines().map_while(Result::ok);
        lines.for_each(|line| to.lock().expect("lines").push(line));
    })
}

fn lines(kept: &Lines) -> Vec<String> {
    kept.lock().expect("lines").clone()
}

/// The command with these arguments.
pub(crate) fn huizheng<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huizheng"));
    command.args(arguments);
    command
}

/// Runs a command to its end: its exit code, what it printed, and what it said on standard error.
pub(crate) fn ended(command: &mut Command) -> (Option<i32>, String, String) {
    let output = command.output().expect("runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}
