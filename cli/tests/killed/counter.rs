//! A verifier by its own settings as a process of its own, killed at work: what it acknowledged is there, and counts once.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chain::{Node, SoloConfig, SoloLedger};
use credentials::jws;
use registry::build::{SoftwareSigner, TxSigner};
use registry::{Genesis, GenesisGovernance, LocalText, Member, Slug, Validator, ValidatorSet};
use serde_json::{Value, json};
use service::{clock, outbound};

use crate::moment;

const TOKEN: &str = "a token of more than thirty-two characters that a test made up";
/// How often it is killed at work; five times as often with `HUIZHENG_LONG` set.
const KILLS: u64 = 6;
/// Those who ask and answer at the same time.
const TOGETHER: usize = 8;

/// What a verifier needs: a chain, and a folder with its settings.
struct Place {
    node: Node,
    folder: tempfile::TempDir,
    port: u16,
}

/// What was acknowledged, and what may have been.
#[derive(Default)]
struct Account {
    asked: Vec<String>,
    answered: Vec<String>,
    unsure: Vec<String>,
}

impl Place {
    async fn make() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let key = |seed: u8| SoftwareSigner::from_seed(&[seed; 32]).expect("a key");
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
        let anchor = serde_json::to_string(&genesis.anchor()).expect("JSON");
        let config = SoloConfig::new(folder.path().join("chain"));
        let ledger = SoloLedger::open(config, Some(genesis), Arc::new(key(1))).expect("a chain");
        let local = "127.0.0.1:0".parse().expect("an address");
        let node = Node::bind(chain::NodeConfig::new(local), Arc::new(ledger)).await.expect("a node");
        let port = testkit::free_ports(1);
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(&path, text).expect("written");
            path
        };
        let settings = format!(
            "listen = \"127.0.0.1:{port}\"\nnode_urls = [\"{}\"]\nanchor_file = \"anchor.json\"\ndata_dir = \"data\"\n\
             [tenants.counter]\nname = {{ zh = \"窗口\", en = \"Counter\" }}\nbase_url = \"http://127.0.0.1:{port}\"\n\
             policies_dir = \"policies\"\n[[tenants.counter.staff]]\nname = \"one\"\ntoken_file = \"one.token\"\n\
             [policy]\nanswered_per_minute = 1000000\nasked_per_minute = 1000000\n",
            node.base_url()
        );
        write("verifier.toml", &settings);
        write("anchor.json", &anchor);
        write(
            "policies/a.toml",
            "id = 'a'\ntitle = { zh = '甲', en = 'A' }\n[[asks]]\ncredential_type = 'digital-id'\nclaims = ['name']\n",
        );
        let token = write("one.token", TOKEN);
        std::fs::set_permissions(token, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("set");
        Self { node, folder, port }
    }

    fn settings(&self) -> PathBuf {
        self.folder.path().join("verifier.toml")
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

/// `huizheng verifier run`, killed when it is dropped, and what it says on standard error.
struct Verifier {
    process: Child,
    log: Arc<Mutex<Vec<String>>>,
}

impl Verifier {
    async fn start(place: &Place) -> Self {
        let mut process = huizheng(&place.settings())
            .args(["--log", "debug", "--log-format", "json"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        let log = Arc::<Mutex<Vec<String>>>::default();
        let (lines, to) =
            (BufReader::new(process.stderr.take().expect("standard error")).lines(), log.clone());
        std::thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| to.lock().expect("a log").push(line));
        });
        let http = outbound::client(Duration::from_secs(5));
        let began = Instant::now();
        loop {
            let ready = http.get(place.url("/health/ready")).send().await;
            if ready.is_ok_and(|answer| answer.status() == 200) {
                return Self { process, log };
            }
            let ended = process.try_wait().expect("a process");
            assert!(ended.is_none(), "it ended by itself: {ended:?} {:?}", log.lock().expect("a log"));
            assert!(began.elapsed() < Duration::from_secs(120), "it doesn't become ready");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Verifier {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

fn huizheng(settings: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huizheng"));
    command.args(["verifier", "run", "--config"]).arg(settings);
    command
}

/// Asks and answers, until nobody answers any more.
async fn at_work(http: reqwest::Client, base: String) -> Account {
    let mut account = Account::default();
    let wish = json!({ "purpose": "a", "response_mode": "direct_post" }).to_string();
    loop {
        let asked = http.post(format!("{base}/api/requests")).bearer_auth(TOKEN);
        let Ok(answer) = asked.header("content-type", "application/json").body(wish.clone()).send().await
        else {
            return account;
        };
        let status = answer.status();
        let Ok(bytes) = answer.bytes().await else { return account };
        assert_eq!(status, 201);
        let asked: Value = serde_json::from_slice(&bytes).expect("JSON");
        let id = asked["id"].as_str().expect("an id").to_owned();
        account.asked.push(id.clone());
        let Some(state) = state_of(&http, &base, &id).await else { return account };
        account.unsure.push(id.clone());
        let Some(status) = declined(&http, &base, &id, &state).await else { return account };
        assert_eq!(status, 200);
        account.unsure.pop();
        account.answered.push(id);
    }
}

/// What a wallet is to send back.
async fn state_of(http: &reqwest::Client, base: &str, id: &str) -> Option<String> {
    let text = http.get(format!("{base}/requests/{id}/object")).send().await.ok()?.text().await.ok()?;
    let token = jws::Unverified::parse(&text).expect("a request");
    Some(token.dangerous_claims()["state"].as_str().expect("a state").to_owned())
}

/// The holder says no: the status of the answer.
async fn declined(http: &reqwest::Client, base: &str, id: &str, state: &str) -> Option<u16> {
    let form = format!("error=access_denied&state={state}");
    let request = http.post(format!("{base}/requests/{id}/response"));
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    Some(request.send().await.ok()?.status().as_u16())
}

async fn read(http: &reqwest::Client, base: &str, id: &str) -> Value {
    let answer =
        http.get(format!("{base}/api/requests/{id}")).bearer_auth(TOKEN).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "what was asked is there");
    serde_json::from_slice(&answer.bytes().await.expect("whole")).expect("JSON")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verifier_loses_nothing_that_it_acknowledged_and_takes_no_answer_twice() {
    let place = Place::make().await;
    let (http, base) = (outbound::client(Duration::from_secs(20)), place.url(""));
    let kills = KILLS * if std::env::var_os("HUIZHENG_LONG").is_some() { 5 } else { 1 };
    let (mut asked, mut answered) = (0, 0);
    for kill in 0..kills {
        let mut verifier = Verifier::start(&place).await;
        let workers = (0..TOGETHER).map(|_| tokio::spawn(at_work(http.clone(), base.clone())));
        let workers: Vec<_> = workers.collect();
        tokio::time::sleep(moment(kill, 1_000)).await;
        verifier.process.kill().expect("killed");
        drop(verifier);
        let mut accounts = Vec::new();
        for worker in workers {
            accounts.push(worker.await.expect("no answer was wrong"));
        }
        let again = Verifier::start(&place).await;
        for Account { asked: all, answered: done, unsure } in accounts {
            for id in &all {
                let state = read(&http, &base, id).await["state"].clone();
                assert!(!done.contains(id) || state == "declined", "{state}: an answer was acknowledged");
                assert!(
                    state == "open" || done.contains(id) || unsure.contains(id),
                    "{state}: nobody answered"
                );
            }
            for id in &done {
                assert_eq!(declined(&http, &base, id, "x").await, Some(409), "a second answer");
            }
            for id in &unsure {
                // Whole or not at all: then it can be answered, once.
                let open = read(&http, &base, id).await["state"] == "open";
                if open {
                    let state = state_of(&http, &base, id).await.expect("a request");
                    assert_eq!(declined(&http, &base, id, &state).await, Some(200));
                }
                assert_eq!(declined(&http, &base, id, "x").await, Some(409));
            }
            (asked, answered) = (asked + all.len(), answered + done.len());
        }
        drop(again);
    }
    println!("{kills} kills, {asked} asked, {answered} answered");
    assert!(answered > TOGETHER * 2, "it had work to do: {answered}");
    stops_when_told(&place, &http).await;
    place.node.shutdown().await;
}

/// SIGTERM: what is under way is finished, the process ends by itself, and its log is JSON with the requests' ids.
async fn stops_when_told(place: &Place, http: &reqwest::Client) {
    let mut verifier = Verifier::start(place).await;
    let answer = http.get(place.url("/api/policies")).bearer_auth(TOKEN).send().await.expect("an answer");
    let id = answer.headers()["x-request-id"].to_str().expect("an id").to_owned();
    let told = Command::new("kill").args(["-TERM", &verifier.process.id().to_string()]).status();
    assert!(told.expect("kill runs").success());
    let began = Instant::now();
    let ended = loop {
        if let Some(status) = verifier.process.try_wait().expect("a process") {
            break status;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "it goes on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(ended.code(), Some(0));
    let log = verifier.log.lock().expect("a log").clone();
    let lines: Vec<Value> = log
        .iter()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line} is no JSON")))
        .collect();
    assert!(lines.iter().any(|line| line["span"]["request_id"] == id.as_str()), "{id}: {log:#?}");
    // What can't be used is said before anything starts.
    let broken = place.folder.path().join("broken.toml");
    std::fs::write(&broken, "listen = \"127.0.0.1:0\"\nno_such_setting = 1\n").expect("written");
    let refused = huizheng(&broken).output().expect("runs");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(1) && said.contains("no_such_setting"), "{said}");
    let check = |file: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_huizheng"));
        command.args(["verifier", "config", "--check"]).arg(file).output().expect("runs")
    };
    assert_eq!(check(&broken).status.code(), Some(1));
    let fine = check(&place.settings());
    assert!(fine.status.success() && String::from_utf8_lossy(&fine.stdout).contains("counter asks for a"));
}
