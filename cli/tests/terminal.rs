//! `huizheng wallet`: the terminal offers what the core can do, run as a person or a script runs it.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why and stops")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use cli::stack::{Ports, Stack, StackConfig};
use credentials::jws::{self, Header};
use credentials::key::{Algorithm, SoftwareKey};
use protocol::offline::{Ask, Collected, Collector, FrameSize, Message, OFFLINE_TYPE, frames};
use reqwest::Method;
use serde_json::{Value, json};
use service::outbound;
use store::{BytesTable, Options, Range, Store};

/// Runs `huizheng wallet …` on this folder.
async fn run(data: &Path, node: &str, code: &str, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huizheng"));
    command.args(["wallet", "--data"]).arg(data).args(["--node", node]).args(words);
    command.env("HUIZHENG_PIN", "135790").env("HUIZHENG_BACKUP_CODE", code).stdin(Stdio::null());
    let ran = tokio::task::spawn_blocking(move || command.output()).await.expect("runs");
    ran.expect("the program")
}

fn said(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    out.into_owned()
}

async fn started(dir: &Path) -> Stack {
    let config = StackConfig::new(dir.join("stack"), Ports::Any).expect("config");
    Stack::start(config).await.expect("starts")
}

/// Has a licence issued to the wallet.
async fn receive(stack: &Stack, huizheng: &impl AsyncFn(&[&str]) -> Output) {
    let (link, code) = offer(stack).await;
    said(&huizheng(&["receive", &link, "--tx-code", &code, "--yes"]).await);
}

async fn call(method: Method, url: String, token: &str, body: Option<Value>) -> Value {
    let http = outbound::client(std::time::Duration::from_secs(30));
    let request = http.request(method, url).bearer_auth(token).header("content-type", "application/json");
    let answer = request.body(body.unwrap_or(json!({})).to_string()).send().await.expect("answers");
    serde_json::from_str(&answer.text().await.expect("text")).expect("json")
}

async fn offer(stack: &Stack) -> (String, String) {
    let urls = stack.urls();
    let desk = &urls.issuers["market-supervision"].url;
    let claims = testkit::Company::nth(0).business_licence_claims();
    let body = json!({ "type": "business-licence", "claims": claims });
    let made = call(Method::POST, format!("{desk}/api/applications"), "", Some(body)).await;
    let (id, secret) = (made["id"].as_str().expect("id"), made["secret"].as_str().expect("secret"));
    call(Method::POST, format!("{desk}/api/applications/{id}/approve"), &urls.staff_token, None).await;
    let offer = call(Method::GET, format!("{desk}/api/applications/{id}/offer"), secret, None).await;
    let text = |name: &str| offer[name].as_str().expect("text").to_owned();
    (text("offer_uri"), text("tx_code"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_in_the_terminal_from_its_first_card_to_its_last() {
    let dir = tempfile::tempdir().expect("dir");
    let stack = started(dir.path()).await;
    let node = stack.urls().chain.url.clone();
    let home = dir.path().join("home");
    let huizheng = async |words: &[&str]| run(&home, &node, "", words).await;
    said(&huizheng(&["init"]).await);
    receive(&stack, &huizheng).await;
    let list = said(&huizheng(&["list", "--json"]).await);
    let before: Value = serde_json::from_str(&list).expect("json");
    said(&huizheng(&["renew", "1"]).await);
    let list = said(&huizheng(&["list", "--json"]).await);
    let after: Value = serde_json::from_str(&list).expect("json");
    assert_ne!(before[0]["id"], after[0]["id"]);
    assert_eq!(
        (after.as_array().expect("cards").len(), &after[0]["state"]["state"]),
        (1, &before[0]["state"]["state"])
    );
    assert!(said(&huizheng(&["pick-up"]).await).contains("Nothing"));
    assert!(said(&huizheng(&["waiting"]).await).contains("Nothing"));
    let given_up = huizheng(&["give-up", "1", "--yes"]).await;
    assert!(!given_up.status.success());
    assert!(String::from_utf8_lossy(&given_up.stderr).contains("huizheng wallet waiting"));
    assert!(said(&huizheng(&["log", "--search", "licence"]).await).contains("received"));
    assert!(said(&huizheng(&["log", "--search", "nothing of the kind"]).await).contains("Nothing"));

    // A counter with no network: texts of its code in a file, the answer's texts on standard output.
    let key = std::fs::read(dir.path().join("stack/verifier/keys/counter/signing-p256.key")).expect("a key");
    let key = SoftwareKey::from_secret_bytes(Algorithm::Es256, &key).expect("a key");
    let now = service::clock::now().seconds();
    let claims = json!({
        "client_id": stack.urls().verifier.client_id, "purpose": "company-service", "nonce": "0123456789abcdef",
        "dcql_query": { "credentials": [{
            "id": "licence", "format": "dc+sd-jwt", "meta": { "vct_values": ["urn:huizheng:business-licence:1"] },
            "claims": [{ "path": ["name"] }],
        }]},
        "iat": now, "exp": now + 300,
    });
    let header = Header::typed(OFFLINE_TYPE).with_kid(&format!("{}#key-2", stack.urls().verifier.did));
    let request = jws::sign(&header, &claims, &key).expect("signed");
    // As long as evidence is, so that it takes several parts.
    let mut dice = testkit::Dice::named("staple");
    let staple = (0..300).flat_map(|_| dice.roll().to_le_bytes()).collect();
    let message = Message::Ask(Ask { request, staples: vec![staple] }).to_bytes();
    let texts = frames(&message, FrameSize::COARSE).expect("frames");
    let file = dir.path().join("counter.txt");
    let path = file.to_str().expect("a path");
    std::fs::write(&file, texts.first().expect("a part")).expect("written");
    let part = huizheng(&["offline", path, "--yes", "--print"]).await;
    assert!(
        !part.status.success() && String::from_utf8_lossy(&part.stderr).contains("codes are missing: 1 of")
    );
    std::fs::write(&file, texts.join("\n")).expect("written");
    let shown = said(&huizheng(&["offline", path, "--yes", "--print"]).await);
    let mut collector = Collector::default();
    let answers = shown.lines().filter(|line| line.starts_with("HZ1:"));
    let whole = answers.filter_map(|line| match collector.add(line) {
        Ok(Collected::Whole(bytes)) => Some(bytes),
        _ => None,
    });
    let whole = whole.last().expect("an answer");
    assert!(matches!(Message::from_bytes(&whole), Ok(Message::Answer(_))));
    assert!(
        said(&huizheng(&["offline", path, "--yes"]).await).contains('█'),
        "drawn where nobody watches too"
    );

    // Into a file, away, and on a new device: what was there is named.
    let backup = dir.path().join("backup");
    let made = said(&huizheng(&["backup", backup.to_str().expect("a path")]).await);
    let code = made.lines().last().expect("a code").trim().to_owned();
    let export = dir.path().join("export.json");
    said(&huizheng(&["export", export.to_str().expect("a path")]).await);
    assert!(std::fs::read_to_string(&export).expect("a file").contains("creditCode"));
    let unsure = huizheng(&["erase"]).await;
    assert!(!unsure.status.success(), "nobody said yes");
    said(&huizheng(&["erase", "--yes"]).await);
    assert!(!huizheng(&["list"]).await.status.success());
    let new = dir.path().join("new");
    let wrong =
        run(&new, &node, "AAAA-BBBB-CCCC-DDDD-EEEE-FFFF", &["restore", backup.to_str().expect("a path")])
            .await;
    assert!(!wrong.status.success());
    let restored = run(&new, &node, &code, &["restore", backup.to_str().expect("a path")]).await;
    assert!(said(&restored).contains("declare it lost"));
    let left = said(&run(&new, &node, "", &["to-collect"]).await);
    assert!(left.contains(&stack.urls().issuers["market-supervision"].url), "{left}");
    stack.shutdown().await;
}

/// Changes the last byte of one record of a table of the wallet in this folder.
fn damage(home: &Path, rows: BytesTable<(String, String)>, table: &str) {
    let store = Store::persistent(home.join("wallet/vault"), &Options::default()).expect("opens");
    let mut found = store.page(&rows, &Range::prefix((table,)), 1).expect("reads");
    let (key, mut bytes) = found.pop().expect("a record");
    *bytes.last_mut().expect("some bytes") ^= 1;
    store.write(move |tx| tx.put(&rows, key, &bytes)).expect("written");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_damaged_is_said_to_be_and_goes_or_is_recovered_without_the_rest() {
    let dir = tempfile::tempdir().expect("dir");
    let stack = started(dir.path()).await;
    let node = stack.urls().chain.url.clone();
    let home = dir.path().join("home");
    let huizheng = async |words: &[&str]| run(&home, &node, "", words).await;
    let failed = |output: &Output| {
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    said(&huizheng(&["init"]).await);
    for _ in 0..2 {
        receive(&stack, &huizheng).await;
    }
    assert!(failed(&huizheng(&["recover"]).await).contains("is not damaged"));

    // Where large records have their content.
    damage(&home, BytesTable::new("sealed-apart"), "cards");
    let list = said(&huizheng(&["list"]).await);
    assert!(list.contains("1 of the cards can't be read") && list.contains("damaged"), "{list}");
    let cards: Value = serde_json::from_str(&said(&huizheng(&["list", "--json"]).await)).expect("json");
    let number = |state: &str| {
        let cards = cards.as_array().expect("cards");
        let at = cards.iter().position(|card| card["state"]["state"] == state).expect(state);
        (at + 1).to_string()
    };
    let (sound, damaged) = (number("valid"), number("damaged"));
    assert!(said(&huizheng(&["show", &damaged]).await).contains("damaged"));
    assert!(said(&huizheng(&["show", &sound]).await).contains("valid"));
    assert!(failed(&huizheng(&["delete", "3", "--yes"]).await).contains("no card 3"));
    assert!(failed(&huizheng(&["delete", &damaged]).await).contains("nothing was deleted"));
    said(&huizheng(&["delete", &damaged, "--yes"]).await);
    let list = said(&huizheng(&["list"]).await);
    assert!(!list.contains("damaged") && !list.contains("can't be read"), "{list}");

    let log: Value = serde_json::from_str(&said(&huizheng(&["log", "--json"]).await)).expect("json");
    let entry = log[0]["id"].as_str().expect("an id");
    said(&huizheng(&["log", "--delete", entry]).await);
    assert!(failed(&huizheng(&["log", "--delete", entry]).await).contains("no entry"));

    // A place that was changed is noticed when the wallet is opened.
    damage(&home, BytesTable::new("sealed"), "cards");
    let refused = failed(&huizheng(&["list"]).await);
    assert!(refused.contains("huizheng wallet recover"), "{refused}");
    let recovered = said(&huizheng(&["recover"]).await);
    assert!(
        recovered.contains("collected again where they were issued: 1")
            && recovered.contains("can be read: 0"),
        "{recovered}"
    );
    assert!(home.join("wallet/damaged").is_dir(), "as it was");
    assert!(said(&huizheng(&["list"]).await).contains("No cards yet"));
    stack.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counter_at_a_terminal_says_who_it_is_where_nobody_has_a_network() {
    const PURPOSE: &str = "licence-original";
    let dir = tempfile::tempdir().expect("dir");
    let stack = started(dir.path()).await;
    let (node, urls) = (stack.urls().chain.url.clone(), stack.urls().clone());
    let home = dir.path().join("home");
    let wallet = async |words: &[&str]| run(&home, &node, "", words).await;
    said(&wallet(&["init"]).await);
    receive(&stack, &wallet).await;

    let path = |name: &str| dir.path().join(name).to_str().expect("a path").to_owned();
    let (anchor, taken, query) = (path("anchor.json"), path("taken.json"), path("query.json"));
    std::fs::write(&anchor, serde_json::to_vec(&urls.chain.anchor).expect("json")).expect("written");
    let asks = json!({ "credentials": [{
        "id": "licence", "format": "dc+sd-jwt", "meta": { "vct_values": ["urn:huizheng:business-licence:1"] },
        "claims": [{ "path": ["name"] }],
    }]});
    std::fs::write(&query, asks.to_string()).expect("written");
    let did = urls.verifier.did.to_string();
    let program = async |words: Vec<String>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_huizheng"));
        command.args(&words).arg("--data").arg(dir.path().join("nobody")).stdin(Stdio::null());
        let ran = tokio::task::spawn_blocking(move || command.output()).await.expect("runs");
        ran.expect("the program")
    };
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
    let snapshot = |purpose: &str| {
        words(&[
            "registry",
            "snapshot",
            "--node",
            &node,
            "--anchor",
            &anchor,
            "--counter",
            &did,
            "--purpose",
            purpose,
            "--out",
            &taken,
        ])
    };
    let unknown = program(snapshot("no-such-purpose")).await;
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("has no purpose `no-such-purpose`"));
    said(&program(snapshot(PURPOSE)).await);
    stack.shutdown().await;

    // From here on there is no chain for anybody.
    let keys = path("stack/verifier/keys/counter");
    let ask = |purpose: &str, more: &[&str]| {
        let asked =
            ["verify", "ask", "--keys", &keys, "--did", &did, "--purpose", purpose, "--query", &query];
        words(&[&asked[..], more].concat())
    };
    let stapled = ["--snapshot", &taken, "--anchor", &anchor];
    let (bare, whole) = (path("bare.txt"), path("whole.txt"));
    std::fs::write(&bare, said(&program(ask(PURPOSE, &[])).await)).expect("written");
    std::fs::write(&whole, said(&program(ask(PURPOSE, &stapled)).await)).expect("written");
    let refused = wallet(&["offline", &bare, "--yes", "--print"]).await;
    assert!(!refused.status.success(), "nothing says who asks");
    let shown = said(&wallet(&["offline", &whole, "--yes", "--print"]).await);
    assert!(shown.contains("Hefei Government Service Centre") && shown.contains("HZ1:"), "{shown}");

    // What was not taken along is not shown as if it were; without an anchor nobody could tell.
    let other = program(ask("company-service", &stapled)).await;
    assert!(String::from_utf8_lossy(&other.stderr).contains("nothing about this counter and purpose"));
    let alone = program(ask(PURPOSE, &["--snapshot", &taken])).await;
    assert!(String::from_utf8_lossy(&alone.stderr).contains("trust anchor"));
}
