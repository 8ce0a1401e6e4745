//! Four validators as processes of the built program, on loopback.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use registry::api::{
    BlockView, HEAD, HeadResponse, OCTETS, ProblemView, READY, STOPPED, SubmitResponse, TRANSACTION_KNOWN,
    TRANSACTIONS,
};
use registry::build::{DidPlan, SoftwareSigner, TxSigner, organisation_document, recovery_commitment};
use registry::{Action, Author, Did, Genesis, Transaction};

use crate::cables::Cables;

/// The answer of a validator that has not heard of the author's transaction before this one yet.
const NONCE_AHEAD: &str = "nonce-ahead";
/// How long anything may take before the test gives up: only a chain that stands still takes so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

pub(crate) struct Network {
    folder: tempfile::TempDir,
    base: u16,
    children: Vec<Option<Child>>,
    pub(crate) genesis: Genesis,
    http: reqwest::Client,
    /// None when all are on loopback.
    cables: Option<Cables>,
    /// Where each acknowledged transaction is.
    acknowledged: Arc<Mutex<HashMap<String, (u64, u32)>>>,
}

impl Network {
    /// Its folders; nobody runs yet.
    pub(crate) fn init() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let base = testkit::free_ports(8);
        let made = Command::new(env!("CARGO_BIN_EXE_huizheng"))
            .args(["network", "init", "--validators", "4", "--port-base", &base.to_string(), "--dir"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .status();
        assert!(made.expect("started").success());
        let genesis = std::fs::read(folder.path().join("genesis.json")).expect("written");
        Self {
            base,
            children: (0..4).map(|_| None).collect(),
            genesis: serde_json::from_slice(&genesis).expect("a genesis"),
            http: service::outbound::client(Duration::from_secs(15)),
            cables: None,
            acknowledged: Arc::default(),
            folder,
        }
    }

    /// Its folders, for validators on machines of their own.
    pub(crate) fn init_on(cables: Cables) -> Self {
        let mut network = Self::init();
        network.cables = Some(cables);
        for n in 0..4 {
            let path = network.home(n).join("node.toml");
            let mut settings = std::fs::read_to_string(&path).expect("settings");
            let cables = network.cables();
            for other in 0..4 {
                let (port, http) = (network.port(other), network.port(other) + 1);
                let bus = format!("/ip4/{}/tcp/{port}", cables.bus(other));
                settings = settings.replace(&format!("/ip4/127.0.0.1/tcp/{port}"), &bus);
                let desk = format!("{}:{http}", cables.http(other));
                settings = settings.replace(&format!("127.0.0.1:{http}"), &desk);
            }
            std::fs::write(&path, settings).expect("written");
        }
        network
    }

    pub(crate) fn cables(&self) -> &Cables {
        self.cables.as_ref().expect("it has cables")
    }

    fn port(&self, n: usize) -> usize {
        usize::from(self.base) + 2 * n
    }

    /// Where all their folders are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A running validator's process, which is the caller's to end.
    pub(crate) fn take(&mut self, n: usize) -> Child {
        self.children[n].take().expect("it runs")
    }

    pub(crate) fn home(&self, n: usize) -> PathBuf {
        self.folder.path().join(format!("n{n}"))
    }

    pub(crate) fn start(&mut self, n: usize) {
        self.start_with(n, &[]);
    }

    /// With variables in its environment.
    pub(crate) fn start_with(&mut self, n: usize, variables: &[(&str, &str)]) {
        let program = env!("CARGO_BIN_EXE_huizheng");
        let mut command = match &self.cables {
            None => Command::new(program),
            Some(cables) => {
                // `ip` becomes the program: same process.
                let mut command = Command::new("ip");
                command.args(["netns", "exec", &cables.machine(n), program]);
                command
            }
        };
        // Whatever becomes of the test, its validators end with it.
        command.args(["node", "--with-parent", "--log", "error", "--home"]).arg(self.home(n));
        command.envs(variables.iter().copied()).stdin(Stdio::piped()).stdout(Stdio::null());
        self.children[n] = Some(command.spawn().expect("started"));
    }

    pub(crate) fn pid(&self, n: usize) -> u32 {
        self.children[n].as_ref().expect("it runs").id()
    }

    pub(crate) fn start_all(&mut self) {
        (0..4).for_each(|n| self.start(n));
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self, n: usize) {
        if let Some(mut child) = self.children[n].take() {
            child.kill().expect("killed");
            let ended = child.wait().expect("ended");
            assert_eq!(ended.code(), None, "validator {n} had not ended by itself");
        }
    }

    /// `kill -9`, if it has not ended by itself.
    pub(crate) fn end(&mut self, n: usize) {
        if let Some(mut child) = self.children[n].take() {
            child.kill().expect("killed");
            child.wait().expect("ended");
        }
    }

    pub(crate) fn kill_all(&mut self) {
        (0..4).for_each(|n| self.kill(n));
    }

    fn url(&self, n: usize) -> String {
        let host = self.cables.as_ref().map_or_else(|| "127.0.0.1".into(), |cables| cables.http(n));
        format!("http://{host}:{}", self.port(n) + 1)
    }

    /// Who submits, apart from the network itself.
    pub(crate) fn client(&self) -> Client {
        Client {
            http: self.http.clone(),
            urls: (0..4).map(|n| self.url(n)).collect(),
            acknowledged: Arc::clone(&self.acknowledged),
        }
    }

    pub(crate) async fn head(&self, n: usize) -> Option<HeadResponse> {
        let answer = self.http.get(format!("{}{HEAD}", self.url(n))).send().await.ok()?;
        serde_json::from_slice(&answer.bytes().await.ok()?).ok()
    }

    /// How many transactions were acknowledged.
    pub(crate) fn acknowledged(&self) -> usize {
        self.acknowledged.lock().expect("sound").len()
    }

    /// Waits until a validator says that it takes nothing any more.
    pub(crate) async fn becomes_unready(&self, n: usize) {
        let began = Instant::now();
        loop {
            let answer = self.http.get(format!("{}{READY}", self.url(n))).send().await.expect("it answers");
            let (status, body) = (answer.status().as_u16(), answer.text().await.expect("whole"));
            if status == 503 && body.contains(STOPPED) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "validator {n} still says that it is ready: {status} {body}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until a validator has this height.
    pub(crate) async fn reaches(&self, n: usize, height: u64) {
        let began = Instant::now();
        while self.head(n).await.is_none_or(|head| head.height < height) {
            assert!(began.elapsed() < PATIENCE, "validator {n} doesn't reach {height}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub(crate) async fn block(&self, n: usize, height: u64) -> BlockView {
        let url = format!("{}/v1/blocks/{height}", self.url(n));
        let answer = self.http.get(url).send().await.expect("answered").bytes().await.expect("whole");
        serde_json::from_slice(&answer).expect("a block")
    }

    /// All four run and have the same blocks; every acknowledged transaction is there once, where it was said to be.
    pub(crate) async fn check(&self) {
        let mut top = 0;
        for n in 0..4 {
            self.reaches(n, 1).await;
            top = top.max(self.head(n).await.expect("it answers").height);
        }
        for n in 0..4 {
            self.reaches(n, top).await;
        }
        let mut found = HashMap::new();
        for height in 1..=top {
            let block = self.block(0, height).await;
            for n in 1..4 {
                let other = self.block(n, height).await;
                assert_eq!(other.header, block.header, "block {height} of validator {n}");
            }
            for (transaction, index) in block.transactions.iter().zip(0..) {
                let before = found.insert(transaction.hash.to_string(), (height, index));
                assert!(before.is_none(), "{} is there twice", transaction.hash);
            }
        }
        for (hash, place) in self.acknowledged.lock().expect("sound").iter() {
            assert_eq!(found.get(hash), Some(place), "{hash} was acknowledged");
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for child in self.children.iter_mut().flatten() {
            _ = child.kill();
            _ = child.wait();
        }
    }
}

/// Submits, and remembers what was acknowledged.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    urls: Vec<String>,
    acknowledged: Arc<Mutex<HashMap<String, (u64, u32)>>>,
}

impl Client {
    /// Once, to one validator; none when nobody acknowledged it.
    pub(crate) async fn submit(&self, n: usize, transaction: &Transaction) -> Option<SubmitResponse> {
        let request = self.http.post(format!("{}{TRANSACTIONS}", self.urls[n % self.urls.len()]));
        let answer = request.header("content-type", OCTETS).body(transaction.to_bytes()).send().await.ok()?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await.ok()?;
        let done: SubmitResponse = match status {
            200 => serde_json::from_slice(&body).expect("an answer"),
            409 => {
                let problem: ProblemView = serde_json::from_slice(&body).ok()?;
                if problem.code() == NONCE_AHEAD {
                    return None;
                }
                assert_eq!(problem.code(), TRANSACTION_KNOWN, "{}", String::from_utf8_lossy(&body));
                let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
                serde_json::from_value(body["known"].clone()).expect("where it is")
            }
            500.. => return None,
            _ => panic!("{status} {}", String::from_utf8_lossy(&body)),
        };
        let place = (done.height, done.index);
        self.acknowledged.lock().expect("sound").insert(done.hash.to_string(), place);
        Some(done)
    }

    /// To one validator after the other, until it is acknowledged.
    pub(crate) async fn insist(&self, first: usize, transaction: &Transaction) -> SubmitResponse {
        let began = Instant::now();
        for n in first.. {
            if let Some(done) = self.submit(n, transaction).await {
                return done;
            }
            assert!(began.elapsed() < PATIENCE, "nobody acknowledges it");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        unreachable!()
    }
}

/// An organisation, and its transactions one after another.
pub(crate) struct Organisation {
    key: SoftwareSigner,
    did: Did,
    genesis: Genesis,
    plan: Option<DidPlan>,
    nonce: u64,
}

impl Organisation {
    pub(crate) fn new(genesis: &Genesis, n: u64) -> Self {
        let mut seed = [9; 32];
        seed[..8].copy_from_slice(&n.to_le_bytes());
        let key = SoftwareSigner::from_seed(&seed).expect("a key");
        let document = organisation_document(&key.public_key(), &[], vec![]);
        let recovery_commitment = recovery_commitment(&key.public_key());
        let plan = DidPlan { document, salt: [1; 16], recovery_commitment };
        Self { did: plan.did(&genesis.network), key, genesis: genesis.clone(), plan: Some(plan), nonce: 0 }
    }

    /// Its next transaction: first its DID, then one status list after another.
    pub(crate) fn next(&mut self) -> Transaction {
        let number = u32::try_from(self.nonce).expect("few");
        let list = Action::StatusListCreate { number, length: 131_072 };
        let action = self.plan.take().map_or(list, DidPlan::into_action);
        let author = Author::Did(self.did.clone());
        let unsigned = Transaction::unsigned(self.genesis.chain_id(), author, self.nonce, action);
        self.nonce += 1;
        unsigned.signed_by(&self.key).expect("signed")
    }
}
