//! Decided from a phone's codes while no node answers: noted in the same write, looked at once more when one does, and what does
//! not hold any more is shown.

use std::time::Duration;

use registry::Status;
use service::outbound;
use store::{Options, Range, Store, Table};
use verifier::{Config, RunningVerifier, Scope, Verifier};

use crate::audit::{config, export, key, read};
use crate::claims::{bytes_below, contains};
use crate::codes::{answered, ask, look, take};
use crate::faults::{Liar, Says};
use crate::instances::Pair;
use crate::pages::{Browser, value_of};
use crate::stack::{Counter, Issuer, Lies, Network, Phone};

/// Shows a licence at this entry by codes; how it looks.
pub(crate) async fn shown(counter: &Counter, of: (&Network, &Issuer, &Phone), index: u32) -> String {
    let (network, market, phone) = of;
    let browser = Browser::signed_in(counter).await;
    let card = market.licence(phone, 3, index);
    let (path, asked) = ask(&browser).await;
    let evidence = market.staples(network, index).await;
    let codes = answered(phone, &card, &asked, asked.nonce.as_deref().unwrap(), evidence);
    look(&browser, &take(&browser, &path, &codes, None).await).await
}

/// What was found of each decision, newest first, as the page has it.
async fn found(counter: &Counter) -> Vec<String> {
    let page = Browser::signed_in(counter).await.text("/offline").await;
    page.split("data-found=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

async fn until_none_waits(counter: &Counter) -> Vec<String> {
    let looked = async {
        loop {
            let found = found(counter).await;
            if !found.iter().any(|one| one == "waiting") {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), looked).await.unwrap()
}

async fn metric(running: &RunningVerifier, name: &str) -> f64 {
    let url = format!("http://{}/metrics", running.operators().unwrap());
    let text = outbound::client(Duration::from_secs(5)).get(url).send().await.unwrap().text().await.unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    line.unwrap_or_default()
}

fn at_liar(config: Config, liar: &Liar) -> Config {
    Config {
        node_urls: vec![liar.running.base_url().parse().unwrap()],
        operators: Some(([127, 0, 0, 1], 0).into()),
        ..config
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_and_revoked_since_is_shown_until_somebody_saw_to_it() {
    let network = Network::start().await;
    let liar = Liar::start(&network).await;
    let bind = async || Counter::of(Verifier::bind(at_liar(config(&network), &liar)).await.unwrap());
    let counter = bind().await;
    // The counter never asked for what this one's credentials rest on.
    let market = Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
    let phone = Phone::new();
    let of = (&network, &market, &phone);
    let browser = Browser::signed_in(&counter).await;
    assert!(browser.text("/offline").await.contains("Nothing was decided"));

    liar.say(Says::Nothing);
    for index in [1, 2, 3] {
        assert_eq!(shown(&counter, of, index).await, "accepted");
    }
    // A refusal is noted, and is no news later.
    market.set(&network, 4, Status::Revoked).await;
    assert_eq!(shown(&counter, of, 4).await, "revoked");
    assert_eq!(found(&counter).await, ["waiting"; 4]);
    assert_eq!(
        metric(&counter.running, "huizheng_verifier_offline_decisions_total{tenant=\"bank\"}").await,
        4.0
    );
    // What was acknowledged survives a restart, and nobody reads it on the disk.
    counter.running.shutdown().await;
    let draft = market.draft(3, 1);
    let bytes = bytes_below(&network.dir.path().join("audited"));
    for value in ["name", "creditCode"].map(|name| draft.claims[name].as_str().unwrap()) {
        assert!(!contains(&bytes, value));
    }
    let rows = rows(&network);
    assert_eq!(rows.len(), 4);
    assert!(rows.iter().all(|row| !row.contains("did:hui") && !row.contains("accepted")), "sealed");
    let counter = bind().await;
    assert_eq!(found(&counter).await, ["waiting"; 4]);
    assert!(!Browser::signed_in(&counter).await.text("/").await.contains("data-flagged"));

    market.set(&network, 2, Status::Revoked).await;
    market.set(&network, 3, Status::Suspended).await;
    liar.say(Says::Truth);
    assert_eq!(until_none_waits(&counter).await, ["holds", "fails", "fails", "holds"]);
    let browser = Browser::signed_in(&counter).await;
    assert!(browser.text("/").await.contains("data-flagged=\"2\""));
    let page = browser.text("/offline").await;
    assert!(page.contains("Suspended") && page.contains("Revoked") && page.contains("Was refused anyway"));
    let see_to = async |number: u64, csrf: &str| {
        browser.post(&format!("/offline/{number}/seen-to"), &[("csrf", csrf)]).await.status().as_u16()
    };
    assert_eq!(see_to(2, "guessed").await, 403);
    let csrf = value_of(&page, "csrf");
    assert_eq!((see_to(2, &csrf).await, see_to(2, &csrf).await, see_to(1, &csrf).await), (303, 303, 303));
    assert!(browser.text("/").await.contains("data-flagged=\"1\""));
    assert!(browser.text("/offline").await.contains("counter 3 saw to it"));

    // The log says that each was decided by what the phone brought, and looked at once; also after another restart.
    counter.running.shutdown().await;
    let counter = bind().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let log = read(&export(&counter).await);
    let of_kind = |what: &str| log.iter().filter(|entry| entry.what == what).collect::<Vec<_>>();
    assert_eq!(of_kind("decided").iter().filter(|entry| entry.about["facts"] == "brought-along").count(), 4);
    let mut looked: Vec<_> = of_kind("offline-rechecked");
    looked.sort_by(|one, other| one.about["presentation"].cmp(&other.about["presentation"]));
    looked.dedup_by(|one, other| one.about["presentation"] == other.about["presentation"]);
    let mut words: Vec<_> = looked.iter().map(|entry| entry.about["found"].as_str()).collect();
    words.sort_unstable();
    assert_eq!((words, of_kind("offline-rechecked").len()), (vec!["fails", "fails", "holds", "holds"], 4));
    assert_eq!(of_kind("offline-seen-to").len(), 1);
    counter.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_counter_saw_revoked_stays_revoked_whatever_an_old_staple_says() {
    let network = Network::start().await;
    let liar = Liar::start(&network).await;
    let bind = async || {
        let mut config = at_liar(config(&network), &liar);
        config.policy.evidence_max_age = Duration::from_secs(3);
        Counter::of(Verifier::bind(config).await.unwrap())
    };
    let counter = bind().await;
    let market = Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
    let phone = Phone::new();
    let card = market.licence(&phone, 3, 5);
    let old = market.staples(&network, 5).await;
    let show = async |counter: &Counter| {
        let browser = Browser::signed_in(counter).await;
        let (path, asked) = ask(&browser).await;
        let codes = answered(&phone, &card, &asked, asked.nonce.as_deref().unwrap(), old.clone());
        look(&browser, &take(&browser, &path, &codes, None).await).await
    };
    market.set(&network, 5, Status::Revoked).await;
    assert_eq!(show(&counter).await, "revoked", "it is connected");
    // Older than facts may be to be answered with.
    liar.say(Says::Nothing);
    tokio::time::sleep(Duration::from_millis(3500)).await;
    assert_eq!(show(&counter).await, "revoked", "it does not forget");
    counter.running.shutdown().await;
    let counter = bind().await;
    assert_eq!(show(&counter).await, "revoked", "nor over a restart");
    counter.running.shutdown().await;
}

/// The journal's rows as a stopped counter's store has them.
fn rows(network: &Network) -> Vec<String> {
    const ROWS: Table<u64, String> = Table::new("journal");
    let whole = Store::persistent(network.dir.path().join("audited/store"), &Options::default()).unwrap();
    let rows = whole.scoped("bank").unwrap().page(&ROWS, &Range::all(), 100).unwrap();
    whole.close();
    rows.into_iter().map(|(_, row)| row).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_node_confirms_is_not_in_the_journal_and_what_nobody_can_confirm_is_told() {
    let network = Network::start().await;
    let liar = Liar::start(&network).await;
    let mut config = at_liar(config(&network), &liar);
    config.policy.account.journal_kept = Duration::from_secs(3);
    let counter = Counter::of(Verifier::bind(config).await.unwrap());
    let market = Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
    let phone = Phone::new();
    let of = (&network, &market, &phone);
    // Over the network it is the node that says so, also by codes.
    assert_eq!(shown(&counter, of, 1).await, "accepted");
    let asked = counter.ask("open-account").await;
    let card = market.licence(&phone, 3, 1);
    assert_eq!(phone.answer(&asked.request_uri, &card, Lies::default()).await.status, 200);
    assert!(found(&counter).await.is_empty());
    // Entries of another record, which was not asked for yet.
    liar.say(Says::Nothing);
    assert_eq!(shown(&counter, of, 9_000).await, "accepted");
    assert_eq!(until_none_waits(&counter).await, ["cannot_tell"]);
    assert!(Browser::signed_in(&counter).await.text("/").await.contains("data-flagged=\"1\""));
    let gone = async {
        while !found(&counter).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), gone).await.expect("forgotten when it is due");
    assert!(!Browser::signed_in(&counter).await.text("/").await.contains("data-flagged"));
    let name = "huizheng_verifier_offline_rechecked_total{tenant=\"bank\",found=\"cannot_tell\"}";
    assert_eq!(metric(&counter.running, name).await, 1.0);
    counter.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_proven_a_moment_ago_and_no_node_confirms_is_in_the_journal() {
    let network = Network::start().await;
    let liar = Liar::start(&network).await;
    let counter = Counter::of(Verifier::bind(at_liar(config(&network), &liar)).await.unwrap());
    let market = Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
    let phone = Phone::new();
    let of = (&network, &market, &phone);
    assert_eq!(shown(&counter, of, 1).await, "accepted");
    assert!(found(&counter).await.is_empty(), "the node said so");
    liar.say(Says::Nothing);
    // Revoked since, as neither the counter nor the phone can know.
    let browser = Browser::signed_in(&counter).await;
    let before = market.staples(&network, 1).await;
    market.set(&network, 1, Status::Revoked).await;
    let (path, asked) = ask(&browser).await;
    let card = market.licence(&phone, 3, 1);
    let codes = answered(&phone, &card, &asked, asked.nonce.as_deref().unwrap(), before);
    assert_eq!(look(&browser, &take(&browser, &path, &codes, None).await).await, "accepted");
    assert_eq!(found(&counter).await, ["waiting"]);
    liar.say(Says::Truth);
    assert_eq!(until_none_waits(&counter).await, ["fails"]);
    counter.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_look_at_each_once() {
    let network = Network::start().await;
    let liar = Liar::start(&network).await;
    let node = liar.running.base_url();
    let pair = Pair::start_as(network, |mut config| {
        config.node_urls = vec![node.parse().unwrap()];
        config.tenants[0].api_keys = vec![key("auditor", &[Scope::Audit])];
        config
    })
    .await;
    liar.say(Says::Nothing);
    let phone = Phone::new();
    let Pair { network, market, balancer, one, other, postgres, .. } = pair;
    let counters = [one, other].map(Counter::of);
    const MANY: u32 = 12;
    for index in 0..MANY {
        // Whatever the balancer sends where.
        balancer.send_to(&[counters[index as usize % 2].running.address()]);
        assert_eq!(shown(&counters[0], (&network, &market, &phone), index).await, "accepted");
    }
    market.set(&network, 5, Status::Revoked).await;
    liar.say(Says::Truth);
    let mut found = until_none_waits(&counters[0]).await;
    found.sort_unstable();
    assert_eq!(found.iter().filter(|one| *one == "fails").count(), 1);
    assert_eq!(found.len(), MANY as usize);
    // Each looks several times more.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let log = read(&export(&counters[0]).await);
    assert_eq!(log.iter().filter(|entry| entry.what == "offline-rechecked").count(), MANY as usize);
    let mut counted = 0.0;
    for counter in &counters {
        for found in ["holds", "fails"] {
            let name =
                format!("huizheng_verifier_offline_rechecked_total{{tenant=\"bank\",found=\"{found}\"}}");
            counted += metric(&counter.running, &name).await;
        }
    }
    assert_eq!(counted, f64::from(MANY));
    for counter in counters {
        counter.running.shutdown().await;
    }
    tokio::task::spawn_blocking(move || drop(postgres)).await.unwrap();
}
