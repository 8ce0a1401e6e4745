//! Claims that are kept: only where the policy says so, encrypted, for as long as it says, read by whoever may.

use std::path::Path;
use std::time::Duration;

use registry::{Action, Ask, Did, LegalBasis, PurposeDraft, RecordKey, Slug, UnixMillis};
use serde_json::{Value, json};
use verifier::{Policy, PurposeConfig, RunningVerifier, Scope, Verifier};

use crate::audit::{config, export, key, read, token};
use crate::stack::{Card, Counter, Issuer, Lies, Network, Phone, Reply, TOKEN, both};

pub(crate) fn policies(period: &str) -> Vec<PurposeConfig> {
    let ask = |keep: Option<Value>| {
        let mut ask = json!({ "credential_type": "business-licence", "claims": ["name", "creditCode"] });
        if let Some(keep) = keep {
            ask["keep"] = keep;
        }
        json!([ask])
    };
    let title = json!({ "zh": "甲", "en": "A" });
    let keep = json!({ "claims": ["creditCode"], "for": period });
    let policies = json!([
        { "id": "keeps", "title": title, "asks": ask(Some(keep.clone())) },
        { "id": "keeps-nothing", "title": title, "asks": ask(None) },
        { "id": "untold", "title": title, "asks": ask(Some(keep)) },
    ]);
    serde_json::from_value(policies).unwrap()
}

/// Tells holders that this counter keeps for 30 days what `keeps` names.
pub(crate) async fn register(network: &Network, did: &Did) {
    let key = RecordKey::Purpose(did.clone(), Slug::new("keeps").unwrap());
    if network.client.proven_one(key).await.unwrap().record().is_some() {
        return;
    }
    let draft = PurposeDraft {
        did: did.clone(),
        purpose: Slug::new("keeps").unwrap(),
        verifier_name: both("合肥示例银行", "Example Bank Hefei"),
        purpose_name: both("开立对公账户", "Open a business account"),
        legal_basis: LegalBasis::Statutory,
        legal_text: both("反洗钱法", "Anti-money laundering law"),
        asks: vec![Ask {
            credential_type: Slug::new("business-licence").unwrap(),
            claims: vec!["name".into(), "creditCode".into()],
        }],
        retention_days: 30,
        valid_from: UnixMillis(0),
        valid_until: None,
    };
    network.govern(Action::RegisterPurpose(draft)).await;
}

struct Bank {
    network: Network,
    market: Issuer,
    phone: Phone,
}

impl Bank {
    async fn new() -> Self {
        let network = Network::start().await;
        let market = Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
        Self { network, market, phone: Phone::new() }
    }

    /// A counter that holders were told keeps for 30 days what `keeps` names.
    async fn counter(&self, period: &str) -> Counter {
        let mut config = config(&self.network);
        config.tenants[0].purposes = policies(period);
        config.tenants[0].api_keys.push(key("archive", &[Scope::Claims]));
        config.policy = Policy { result_lifetime: Duration::from_secs(4), ..config.policy };
        let counter = Counter::of(Verifier::bind(config).await.unwrap());
        register(&self.network, counter.running.did()).await;
        counter
    }

    async fn present(&self, counter: &Counter, purpose: &str, card: &Card) -> (String, Value) {
        let asked = counter.ask(purpose).await;
        self.phone.answer(&asked.request_uri, card, Lies::default()).await;
        (asked.id.clone(), counter.read(&asked.id).await)
    }
}

pub(crate) async fn get(counter: &Counter, path: &str, token: &str) -> Reply {
    Reply::read(counter.http.get(counter.url(path)).bearer_auth(token).send().await.unwrap()).await
}

/// Every byte below a folder.
pub(crate) fn bytes_below(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        bytes.extend(if path.is_dir() { bytes_below(&path) } else { std::fs::read(&path).unwrap() });
    }
    bytes
}

pub(crate) fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|at| at == text.as_bytes())
}

/// The rows of a stopped verifier's store, table by table.
fn rows(network: &Network) -> Vec<(String, String)> {
    use store::{Options, Range, Store, Table};
    const KEPT: Table<(String, String), Value> = Table::new("kept-claims");
    const DUE: Table<(u64, String, String), Value> = Table::new("kept-claims-due");
    let whole = Store::persistent(network.dir.path().join("audited/store"), &Options::default()).unwrap();
    let store = whole.scoped("bank").unwrap();
    let kept = store.page(&KEPT, &Range::all(), 100).unwrap();
    let due = store.page(&DUE, &Range::all(), 100).unwrap();
    store.close();
    let kept = kept.into_iter().map(|(key, row)| (format!("kept {}", key.1), row.to_string()));
    kept.chain(due.into_iter().map(|(key, row)| (format!("due {}", key.2), row.to_string()))).collect()
}

async fn stop(running: RunningVerifier) {
    running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_the_policy_names_is_kept_and_read_by_a_key_of_its_own_and_the_log_tells() {
    let bank = Bank::new().await;
    let counter = bank.counter("30d").await;
    let card = bank.market.licence(&bank.phone, 3, 1);
    let draft = bank.market.draft(3, 1);
    let (name, code) = (draft.claims["name"].as_str().unwrap(), draft.claims["creditCode"].as_str().unwrap());
    let (id, decision) = bank.present(&counter, "keeps", &card).await;
    assert_eq!(decision["decision"], "accepted");
    let (nothing, decision) = bank.present(&counter, "keeps-nothing", &card).await;
    assert_eq!(decision["decision"], "accepted");
    let (untold, _) = bank.present(&counter, "untold", &card).await;
    // A refusal keeps nothing either.
    bank.market.set(&bank.network, 2, registry::Status::Revoked).await;
    let revoked = bank.market.licence(&bank.phone, 4, 2);
    let (refused, decision) = bank.present(&counter, "keeps", &revoked).await;
    assert_eq!(decision["decision"], "refused");

    let path = format!("/api/claims/{id}");
    for (who, status) in
        [(token("teller"), 403), (token("auditor"), 403), (TOKEN.to_owned(), 403), ("x".into(), 401)]
    {
        assert_eq!(get(&counter, &path, &who).await.status, status);
        assert_eq!(get(&counter, "/api/claims", &who).await.status, status);
    }
    let archive = token("archive");
    let list = get(&counter, "/api/claims", &archive).await.body;
    assert_eq!(list["kept"].as_array().unwrap().len(), 1, "{list}");
    assert_eq!((&list["kept"][0]["request"], list["kept"][0].get("claims")), (&json!(id), None));
    let one = get(&counter, &path, &archive).await.body;
    assert_eq!(one["kept"][0]["claims"], json!({ "creditCode": code }));
    for other in [&nothing, &untold, &refused] {
        assert_eq!(get(&counter, &format!("/api/claims/{other}"), &archive).await.status, 404);
    }
    // The result is forgotten, what is kept is not; a restart changes nothing.
    tokio::time::sleep(Duration::from_millis(5_500)).await;
    assert_eq!(get(&counter, &format!("/api/requests/{id}"), TOKEN).await.status, 404);
    assert_eq!(get(&counter, &path, &archive).await.status, 200);
    let log = export(&counter).await;
    let reads = read(&log).into_iter().filter(|entry| entry.what == "claims-read").count();
    assert_eq!(reads, 2, "as often as it was read");
    stop(counter.running).await;

    let bytes = bytes_below(&bank.network.dir.path().join("audited"));
    assert!(!contains(&bytes, code) && !contains(&bytes, name), "in clear nowhere on the disk");
    let rows = rows(&bank.network);
    assert_eq!(
        rows.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(),
        ["kept business-licence-sd-jwt", "due business-licence-sd-jwt"]
    );

    // Deleted before its time.
    let counter = bank.counter("30d").await;
    assert_eq!(get(&counter, &path, &archive).await.body, one);
    let delete = |token: String| counter.http.delete(counter.url(&path)).bearer_auth(token).send();
    assert_eq!(delete(token("teller")).await.unwrap().status(), 403);
    assert_eq!(delete(archive.clone()).await.unwrap().status(), 204);
    assert_eq!(delete(archive.clone()).await.unwrap().status(), 404);
    assert_eq!(get(&counter, &path, &archive).await.status, 404);
    assert_eq!(read(&export(&counter).await).last().unwrap().what, "claims-deleted");
    stop(counter.running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_long_enough_leaves_the_store() {
    let bank = Bank::new().await;
    let counter = bank.counter("1m").await;
    let card = bank.market.licence(&bank.phone, 3, 1);
    let (id, _) = bank.present(&counter, "keeps", &card).await;
    let archive = token("archive");
    let kept = get(&counter, &format!("/api/claims/{id}"), &archive).await.body;
    assert!(kept["kept"][0]["claims"]["creditCode"].is_string());
    stop(counter.running).await;
    assert_eq!(rows(&bank.network).len(), 2);
    // Its minute over: the row's end is bound to what is sealed, so the due list alone is moved.
    {
        use store::{Options, Range, Store, StoreError, Table};
        const DUE: Table<(u64, String, String), ()> = Table::new("kept-claims-due");
        let path = bank.network.dir.path().join("audited/store");
        let store = Store::persistent(path, &Options::default()).unwrap().scoped("bank").unwrap();
        store
            .write(|tx| {
                for ((at, request, part), ()) in tx.page(&DUE, &Range::all(), 10)? {
                    tx.remove(&DUE, (at, request.clone(), part.clone()))?;
                    tx.put(&DUE, (1, request, part), &())?;
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
        store.close();
    }
    let counter = bank.counter("1m").await;
    let gone = async {
        while get(&counter, &format!("/api/claims/{id}"), &archive).await.status != 404 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), gone).await.expect("deleted");
    stop(counter.running).await;
    assert_eq!(rows(&bank.network), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_altered_does_not_open_and_nobody_hears_why() {
    let bank = Bank::new().await;
    let counter = bank.counter("30d").await;
    let (id, _) = bank.present(&counter, "keeps", &bank.market.licence(&bank.phone, 3, 1)).await;
    stop(counter.running).await;
    {
        use store::{Options, Range, Store, StoreError, Table};
        const KEPT: Table<(String, String), Value> = Table::new("kept-claims");
        let path = bank.network.dir.path().join("audited/store");
        let store = Store::persistent(path, &Options::default()).unwrap().scoped("bank").unwrap();
        store
            .write(|tx| {
                for (key, mut row) in tx.page(&KEPT, &Range::all(), 10)? {
                    row["expires"] = json!("2199-01-01T00:00:00.000Z");
                    tx.put(&KEPT, key, &row)?;
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
        store.close();
    }
    let counter = bank.counter("30d").await;
    let answer = get(&counter, &format!("/api/claims/{id}"), &token("archive")).await;
    assert_eq!((answer.status, &answer.body["type"]), (500, &json!("urn:huizheng:problem:internal")));
    stop(counter.running).await;
}
