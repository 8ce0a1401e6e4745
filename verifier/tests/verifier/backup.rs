//! Taken while the verifier decides, and a verifier from it.

use std::path::Path;

use registry::Status;
use serde_json::{Value, json};
use service::backup::BackupFault;
use store::{Options, Range, Store, Table};
use verifier::operate::{OperateError, backup, journal};
use verifier::{Config, Scope, Verifier};

use crate::audit::{config, key, token};
use crate::claims::{get, policies, register};
use crate::faults::{Liar, Says};
use crate::pages::Browser;
use crate::stack::{Counter, Issuer, Lies, Network, Phone, TOKEN};
use crate::without_node::shown;

/// Where a verifier is that has an address for operators and keeps claims.
fn settings(network: &Network) -> Config {
    let mut config = config(network);
    config.operators = Some(([127, 0, 0, 1], testkit::free_ports(1)).into());
    config.tenants[0].purposes.extend(policies("30d"));
    config.tenants[0].api_keys.push(key("archive", &[Scope::Claims]));
    config
}

fn elsewhere(config: &Config, folder: &Path) -> Config {
    Config { data_dir: folder.join("restored"), ..config.clone() }
}

async fn present(counter: &Counter, market: &Issuer, phone: &Phone, purpose: &str, index: u32) -> String {
    let asked = counter.ask(purpose).await;
    let card = market.licence(phone, 3, index);
    assert_eq!(phone.answer(&asked.request_uri, &card, Lies::default()).await.status, 200);
    asked.id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verifier_is_backed_up_while_it_decides_and_goes_on_from_the_backup() {
    let network = Network::start().await;
    let market = Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
    let phone = Phone::new();
    let folder = tempfile::tempdir().unwrap();
    let config = settings(&network);
    let counter = Counter::of(Verifier::bind(config.clone()).await.unwrap());
    let did = counter.running.did().clone();
    register(&network, &did).await;
    Browser::signed_in(&counter).await;
    let kept = present(&counter, &market, &phone, "keeps", 1).await;
    let open = counter.ask("open-account").await;

    // Decisions are made all the while.
    let to = folder.path().join("backup");
    let answers = (0..20).map(|index| present(&counter, &market, &phone, "open-account", 2 + index));
    let (_, manifest) = tokio::join!(futures_util::future::join_all(answers), backup::back_up(&config, &to));
    let manifest = manifest.expect("backed up");
    assert_eq!(manifest.tenants.values().collect::<Vec<_>>(), [&did.to_string()]);
    assert!(manifest.rows > 10 && manifest.files.contains_key("keys/bank/kept-claims.key"), "{manifest:?}");
    for file in ["store", "keys/bank/journal.key", "keys/operators.key", "backup.json"] {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(to.join(file)).unwrap().permissions().mode() & 0o777, 0o600, "{file}");
    }
    let again = backup::back_up(&config, &to).await;
    assert!(matches!(again, Err(OperateError::Folder(BackupFault::Exists(_)))));

    // Lost with everything, and put elsewhere from the back-up.
    counter.running.shutdown().await;
    let config = elsewhere(&config, folder.path());
    assert_eq!(backup::restore(&config, &to).await.expect("restored"), manifest);
    assert!(matches!(backup::restore(&config, &to).await, Err(OperateError::InTheWay(_))));
    {
        const SESSIONS: Table<[u8; 32], Value> = Table::new("sessions");
        let whole = Store::persistent(config.data_dir.join("store"), &Options::default()).unwrap();
        let sessions = whole.scoped("bank").unwrap().page(&SESSIONS, &Range::all(), 10).unwrap();
        whole.close();
        assert_eq!(sessions, [], "whoever signed out since is not signed in again");
    }
    let counter = Counter::of(Verifier::bind(config).await.unwrap());
    assert_eq!(counter.running.did(), &did, "the same verifier");
    let read = get(&counter, &format!("/api/claims/{kept}"), &token("archive")).await;
    assert_eq!(read.body["kept"][0]["claims"]["creditCode"], market.draft(3, 1).claims["creditCode"]);
    let path = format!("/api/requests/{}", open.id);
    assert_eq!(get(&counter, &path, TOKEN).await.status, 404, "nobody knows whether it was answered since");
    present(&counter, &market, &phone, "open-account", 60).await;
    counter.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_without_the_keys_gets_the_store_and_no_damaged_backup_is_taken() {
    let network = Network::start().await;
    let folder = tempfile::tempdir().unwrap();
    let config = settings(&network);
    let counter = Counter::of(Verifier::bind(config.clone()).await.unwrap());
    let operators = format!("http://{}", config.operators.unwrap());
    for path in ["/backup", "/journal/bank?after=0", "/journal/bank/recheck"] {
        for token in [TOKEN, "AAAA"] {
            let asked = counter.http.post(format!("{operators}{path}")).bearer_auth(token);
            assert_eq!(asked.send().await.unwrap().status(), 401, "{path}");
        }
        let asked = counter.http.post(counter.url(path)).bearer_auth(TOKEN).send();
        assert_eq!(asked.await.unwrap().status(), 404, "not in public");
    }
    let unheard = Config { operators: None, ..config.clone() };
    let refused = backup::back_up(&unheard, &folder.path().join("none")).await;
    assert!(matches!(refused, Err(OperateError::NoOperators)));

    // Stopped, it needs no address.
    counter.running.shutdown().await;
    let to = folder.path().join("backup");
    backup::back_up(&unheard, &to).await.expect("backed up");
    let config = elsewhere(&config, folder.path());
    let flip = |path: &Path| {
        let mut bytes = std::fs::read(path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(path, bytes).unwrap();
    };
    let remove = |path: &Path| std::fs::remove_file(path).unwrap();
    type Change<'c> = (&'c str, &'c dyn Fn(&Path));
    let changes: [Change<'_>; 5] = [
        ("store", &flip),
        ("keys/bank/kept-claims.key", &flip),
        ("keys/bank/signing-p256.key", &remove),
        ("keys/bank/another.key", &|path: &Path| std::fs::write(path, b"x").unwrap()),
        ("backup.json", &remove),
    ];
    for (file, change) in changes {
        let copy = folder.path().join(format!("damaged-{}", file.replace('/', "-")));
        crate::instances::copy(&to, &copy);
        change(&copy.join(file));
        let refused = backup::restore(&config, &copy).await;
        let damage =
            matches!(refused, Err(OperateError::Folder(BackupFault::Damaged(_) | BackupFault::Io { .. })));
        assert!(damage, "{file}: {refused:?}");
        assert!(!config.data_dir.join("keys").exists() && !config.data_dir.join("store").exists());
    }
    backup::restore(&config, &to).await.expect("the whole one is");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_is_read_and_looked_at_again_by_whoever_has_the_keys() {
    let network = Network::start().await;
    let liar = Liar::start(&network).await;
    let mut config = settings(&network);
    config.node_urls = vec![liar.running.base_url().parse().unwrap()];
    let counter = Counter::of(Verifier::bind(config.clone()).await.unwrap());
    let market = Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
    let phone = Phone::new();
    liar.say(Says::Nothing);
    for index in [1, 2] {
        assert_eq!(shown(&counter, (&network, &market, &phone), index).await, "accepted");
    }
    market.set(&network, 2, Status::Revoked).await;
    // While it runs.
    let listed = journal::list(&config, "bank").await.unwrap();
    assert_eq!(listed.iter().map(|entry| entry.number).collect::<Vec<_>>(), [1, 2]);
    let first = serde_json::to_value(&listed[0]).unwrap();
    assert_eq!((&first["decision"], &first["asked_by"]), (&json!("accepted"), &json!("counter 3")));
    assert_eq!(first["credentials"][0]["status"][1], 1, "what the second look needs");
    let left = journal::recheck(&config, "bank").await.unwrap();
    assert_eq!((left.looked_at.len(), left.left), (0, 2), "the node is away");
    assert!(matches!(journal::list(&config, "tax").await, Err(OperateError::NoTenant(_))));

    // And while it doesn't.
    counter.running.shutdown().await;
    liar.say(Says::Truth);
    let found = async {
        // What it was at when it stopped is free again after a while.
        loop {
            let found = journal::recheck(&config, "bank").await.unwrap();
            if found.left == 0 {
                return found;
            }
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
    };
    let found = tokio::time::timeout(std::time::Duration::from_secs(60), found).await.unwrap();
    let codes: Vec<Vec<&str>> =
        found.looked_at.iter().map(|one| one.flags.iter().map(|flag| flag.code.as_str()).collect()).collect();
    assert_eq!(codes, [vec![], vec!["revoked"]]);
    assert_eq!(journal::recheck(&config, "bank").await.unwrap().looked_at, [], "each once");
    let listed = journal::list(&config, "bank").await.unwrap();
    assert!(listed.iter().all(|entry| entry.rechecked.is_some()));
    let first: Value = serde_json::to_value(&listed[0]).unwrap();
    assert_eq!(first["credentials"][0].get("status"), None, "nothing leads to a holder any more");
}
