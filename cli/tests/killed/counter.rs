//! A verifier by its own settings as a process of its own, killed at work: what it acknowledged is there, and counts once.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use credentials::jws;
use serde_json::{Value, json};
use service::outbound;

use crate::ground::{Ground, Process, ended, huizheng};
use crate::moment;

const TOKEN: &str = "a token of more than thirty-two characters that a test made up";
/// How often it is killed at work; five times as often with `HUIZHENG_LONG` set.
const KILLS: u64 = 6;
/// Those who ask and answer at the same time.
const TOGETHER: usize = 8;

/// What a verifier needs: a chain, and a folder with its settings.
struct Place {
    ground: Ground,
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
        let (ground, port) = (Ground::make().await, testkit::free_ports(1));
        let settings = format!(
            "listen = \"127.0.0.1:{port}\"\nnode_urls = [\"{}\"]\nanchor_file = \"anchor.json\"\ndata_dir = \"data\"\n\
             [tenants.counter]\nname = {{ zh = \"窗口\", en = \"Counter\" }}\nbase_url = \"http://127.0.0.1:{port}\"\n\
             policies_dir = \"policies\"\n[[tenants.counter.staff]]\nname = \"one\"\ntoken_file = \"one.token\"\n",
            ground.node_url()
        );
        ground.write("verifier.toml", &settings);
        ground.write(
            "policies/a.toml",
            "id = 'a'\ntitle = { zh = '甲', en = 'A' }\n[[asks]]\ncredential_type = 'digital-id'\nclaims = ['name']\n",
        );
        ground.write_secret("one.token", TOKEN);
        Self { ground, port }
    }

    fn settings(&self) -> PathBuf {
        self.ground.path("verifier.toml")
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    async fn start(&self, http: &reqwest::Client) -> Process {
        let mut command = run(&self.settings());
        command.args(["--log", "debug", "--log-format", "json"]);
        Process::start(&mut command, http, &self.url("/health/ready")).await
    }
}

fn run(settings: &Path) -> Command {
    let mut command = huizheng(["verifier", "run", "--config"]);
    command.arg(settings);
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
        let verifier = place.start(&http).await;
        let workers = (0..TOGETHER).map(|_| tokio::spawn(at_work(http.clone(), base.clone())));
        let workers: Vec<_> = workers.collect();
        tokio::time::sleep(moment(kill, 1_000)).await;
        verifier.kill();
        let mut accounts = Vec::new();
        for worker in workers {
            accounts.push(worker.await.expect("no answer was wrong"));
        }
        let again = place.start(&http).await;
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
    place.ground.shutdown().await;
}

/// SIGTERM: what is under way is finished, the process ends by itself, and its log is JSON with the requests' ids.
async fn stops_when_told(place: &Place, http: &reqwest::Client) {
    let verifier = place.start(http).await;
    let answer = http.get(place.url("/api/policies")).bearer_auth(TOKEN).send().await.expect("an answer");
    let id = answer.headers()["x-request-id"].to_str().expect("an id").to_owned();
    let (code, log) = verifier.stop().await;
    assert_eq!(code, Some(0));
    let lines: Vec<Value> = log
        .iter()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line} is no JSON")))
        .collect();
    assert!(lines.iter().any(|line| line["span"]["request_id"] == id.as_str()), "{id}: {log:#?}");
    // What can't be used is said before anything starts.
    let broken = place.ground.write("broken.toml", "listen = \"127.0.0.1:0\"\nno_such_setting = 1\n");
    let (code, _, said) = ended(&mut run(&broken));
    assert!(code == Some(1) && said.contains("no_such_setting"), "{said}");
    let check = |file: &Path| ended(huizheng(["verifier", "config", "--check"]).arg(file));
    assert_eq!(check(&broken).0, Some(1));
    let (code, out, _) = check(&place.settings());
    assert!(code == Some(0) && out.contains("counter asks for a"), "{out}");
}
