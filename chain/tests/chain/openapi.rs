//! The API's description is true: every route is in it with its methods, and real answers are what it says.

use std::collections::{BTreeMap, BTreeSet};

use chain::Node;
use registry::api::{self, EVIDENCE, OCTETS, OPENAPI, READY, STALE, TRANSACTIONS, events};
use registry::{
    Action, Author, Hash32, KeptSignature, RecordKey, SignatureTag, Slug, Status, StatusChange, UnixMillis,
};
use serde_json::{Value, json};
use service::sse::Events;
use testkit::Described;

use crate::fixture::{create, governance, list, transaction};
use crate::running::{Running, node, node_with};

async fn document(running: &Running) -> Described {
    Described(running.read(OPENAPI).await)
}

/// Checks an answer against what is described for its path, method, status and media type.
async fn described(document: &Described, pattern: &str, method: &str, answer: reqwest::Response) -> Value {
    let status = answer.status().as_u16();
    let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
    let body = answer.bytes().await.unwrap();
    let faults = document.answer_faults(pattern, method, status, &kind, &body);
    assert_eq!(faults, Vec::<String>::new(), "{method} {pattern}: {}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).unwrap_or_default()
}

#[tokio::test]
async fn every_route_is_described_and_nothing_else() {
    let running = node().await;
    let document = document(&running).await;
    assert_eq!(document.0["openapi"], "3.1.0");
    let mut served = BTreeMap::new();
    for pattern in Node::api_paths() {
        let path = pattern.replace(['{', '}', '*'], "");
        let brew = running.client.request("BREW".parse().unwrap(), running.url(&path)).send().await.unwrap();
        let allowed = brew.headers()["allow"].to_str().unwrap().split(',').map(str::to_owned);
        let allowed: BTreeSet<String> = allowed.filter(|method| method != "HEAD").collect();
        served.insert(pattern.replace('*', ""), allowed);
    }
    assert_eq!(served, document.methods());
    // Every schema is one, whatever it refers to is there, and it says something.
    assert_eq!(document.empty_schemas(), Vec::<String>::new());
}

#[tokio::test]
async fn real_answers_are_as_described() {
    let running = node().await;
    let document = document(&running).await;
    let (did, first) = create(1);
    let done = running.submit(&first).await;
    let done = described(&document, TRANSACTIONS, "post", done).await;
    let created: UnixMillis = serde_json::from_value(done["time"].clone()).unwrap();
    let again = running.submit(&first).await;
    assert_eq!(again.status(), 409);
    described(&document, TRANSACTIONS, "post", again).await;
    for transaction in everything(&did, created) {
        running.done(&transaction).await;
    }
    let tip = running.node.ledger().tip();
    let gets = [
        ("/v1/transactions/{hash}", api::transaction_path(&first.hash())),
        ("/v1/transactions/{hash}", api::transaction_path(&Hash32::ZERO)),
        ("/v1/identifiers/{did}", api::identifier_path(&did)),
        ("/v1/identifiers/{did}", api::identifier_path(&create(9).0)),
        ("/v1/identifiers/{did}", "/v1/identifiers/did:web:example.org".into()),
        ("/v1/blocks", "/v1/blocks?limit=3".into()),
        ("/v1/blocks", "/v1/blocks?limit=0".into()),
        ("/v1/blocks/{height}", "/v1/blocks/999".into()),
        ("/v1/blocks/{height}", "/v1/blocks/1?count=3".into()),
        ("/v1/handovers", api::hand_overs_path(0)),
        ("/v1/handovers", "/v1/handovers?from=nonsense".into()),
        ("/v1/snapshot/{height}/{chunk}", api::snapshot_chunk_path(999, 0)),
        ("/v1/snapshot/{height}/{chunk}", "/v1/snapshot/nonsense/0".into()),
        ("/v1/head", api::HEAD.into()),
        ("/v1/genesis", api::GENESIS.into()),
        ("/v1/anchor", api::ANCHOR.into()),
        ("/v1/nonces/{author}", api::nonce_path(&Author::Governance)),
        ("/v1/nonces/{author}", api::nonce_path(&Author::Did(did.clone()))),
        ("/v1/nonces/{author}", "/v1/nonces/nobody".into()),
        ("/v1/events", "/v1/events?key=nonsense".into()),
        ("/v1/evidence/{key}", "/v1/evidence/nonsense".into()),
        ("/health/live", api::LIVE.into()),
        ("/health/ready", READY.into()),
        ("/metrics", api::METRICS.into()),
        ("/openapi.json", OPENAPI.into()),
    ];
    for (pattern, path) in gets {
        described(&document, pattern, "get", running.get(&path).await).await;
    }
    // Every kind of action and of record, as this chain has them.
    let mut kinds = BTreeSet::new();
    for height in 1..=tip.header.height {
        let block = running.get(&api::block_path(height)).await;
        let block = described(&document, "/v1/blocks/{height}", "get", block).await;
        for transaction in block["transactions"].as_array().unwrap() {
            kinds.insert(transaction["transaction"]["action"]["kind"].as_str().unwrap().to_owned());
        }
    }
    // A chain of one validator refuses to change it.
    kinds.insert("updateValidators".to_owned());
    assert_eq!(kinds.len(), document.0["components"]["schemas"]["Action"]["oneOf"].as_array().unwrap().len());
    let mut kinds = BTreeSet::new();
    let changed = tip.news.all().iter().flat_map(|news| news.changed.iter().cloned());
    let keys: BTreeSet<_> = changed.chain([RecordKey::Validators]).collect();
    for key in keys {
        let request =
            running.client.get(running.url(&api::evidence_path(&key))).header("accept", "application/json");
        let answer = request.send().await.unwrap();
        let view = described(&document, "/v1/evidence/{key}", "get", answer).await;
        kinds.insert(view["record"]["kind"].as_str().unwrap().to_owned());
    }
    assert_eq!(kinds.len(), document.0["components"]["schemas"]["Record"]["oneOf"].as_array().unwrap().len());
    for body in [json!({ "keys": ["governance", "schema/none"] }), json!({ "keys": [] })] {
        let answer = running.post(EVIDENCE, "application/json", body.to_string()).await;
        described(&document, EVIDENCE, "post", answer).await;
    }
    let octets = running.get("/v1/evidence/governance").await;
    assert_eq!(octets.headers()["content-type"], OCTETS);
}

#[tokio::test]
async fn snapshots_are_as_described() {
    let running = node().await;
    let document = document(&running).await;
    described(&document, api::SNAPSHOT, "get", running.get(api::SNAPSHOT).await).await;
    let running = node_with(|config| {
        let snapshots =
            Some(chain::snapshot::SnapshotConfig { folder: running.folder.path().join("s"), every: 1 });
        chain::NodeConfig { snapshots, ..config }
    });
    let running = running.await;
    while running.get(api::SNAPSHOT).await.status() == 404 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let manifest = described(&document, api::SNAPSHOT, "get", running.get(api::SNAPSHOT).await).await;
    let height = manifest["header"]["height"].as_u64().unwrap();
    let chunk = running.get(&api::snapshot_chunk_path(height, 0)).await;
    described(&document, "/v1/snapshot/{height}/{chunk}", "get", chunk).await;
}

#[tokio::test]
async fn events_and_refusals_are_as_described() {
    let running =
        node_with(|config| chain::NodeConfig { patience: std::time::Duration::ZERO, ..config }).await;
    let document = document(&running).await;
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let stale = described(&document, READY, "get", running.get(READY).await).await;
    assert_eq!(stale["type"], format!("urn:huizheng:problem:{STALE}"));
    let mut heard =
        Events::open(&running.url(api::EVENTS), None, std::time::Duration::from_secs(60)).await.unwrap();
    running.done(&create(1).1).await;
    let mut names = Vec::new();
    while names.len() < 2 {
        for event in heard.next().await.unwrap() {
            let name = if event.name == events::BLOCK { "BlockEvent" } else { "PositionEvent" };
            let schema = json!({ "$ref": format!("#/components/schemas/{name}") });
            let faults = document.faults(&schema, &serde_json::from_str(&event.data).unwrap());
            assert_eq!(faults, Vec::<String>::new(), "{name}");
            names.push(event.name);
        }
    }
    assert_eq!(names, [events::HEAD, events::BLOCK]);
}

/// One transaction of every kind but the first, which creates the DID.
fn everything(did: &registry::Did, created: UnixMillis) -> Vec<registry::Transaction> {
    use registry::build::{TxSigner, organisation_document, recovery_commitment};
    let kind = Slug::new("digital-id").unwrap();
    let purpose = Slug::new("open-account").unwrap();
    let text = || registry::LocalText::new("名称", "Name");
    let key = |n| crate::fixture::signer(n).public_key();
    let member = |n| registry::Member { name: text(), key: key(crate::fixture::DEPARTMENT + n) };
    let draft = registry::PurposeDraft {
        did: did.clone(),
        purpose: purpose.clone(),
        verifier_name: text(),
        purpose_name: text(),
        legal_basis: registry::LegalBasis::Statutory,
        legal_text: text(),
        asks: vec![registry::Ask { credential_type: kind.clone(), claims: vec!["name".into()] }],
        retention_days: 0,
        valid_from: UnixMillis(0),
        valid_until: Some(UnixMillis(4_000_000_000_000)),
    };
    let by_governance = [
        Action::Accredit {
            did: did.clone(),
            credential_type: kind.clone(),
            issuer_name: text(),
            valid_from: UnixMillis(0),
            valid_until: None,
        },
        Action::RegisterPurpose(draft),
        Action::RegisterSchema {
            credential_type: kind.clone(),
            name: text(),
            digest: Hash32::ZERO,
            url: "https://example.org/schema".into(),
        },
        Action::WithdrawAccreditation { did: did.clone(), credential_type: kind },
        Action::WithdrawPurpose { did: did.clone(), purpose },
        Action::UpdateGovernance { members: (0..3).map(member).collect(), threshold: 2 },
    ];
    let document = |n: u64, fragment: &str| {
        let mut document = organisation_document(&key(n), &[], vec![]);
        document.keys[0].fragment = Slug::new(fragment).unwrap();
        document
    };
    let changes = vec![StatusChange { index: 3, status: Status::Revoked }];
    let by_did = [
        (1, list(0)),
        (1, Action::StatusUpdate { number: 0, changes }),
        (1, Action::AnchorLog { log: Slug::new("audit").unwrap(), entries: 4, head: Hash32::ZERO }),
        (
            1,
            Action::KeepSigned {
                number: 0,
                kept: vec![KeptSignature { index: 3, tag: SignatureTag([7; 16]) }],
            },
        ),
        (1, Action::DidRotate { document: document(2, "key-2") }),
        (2, Action::DidDeclareCompromised { fragment: Slug::new("key-1").unwrap(), since: created }),
        (
            1,
            Action::DidRecover {
                recovery_key: key(1),
                document: document(3, "key-3"),
                recovery_commitment: recovery_commitment(&key(4)),
            },
        ),
        (3, Action::DidDeactivate),
    ];
    let governed = by_governance.into_iter().zip(0..).map(|(action, nonce)| governance(nonce, action));
    let own = by_did.into_iter().zip(1..).map(|((n, action), nonce)| transaction(did, n, nonce, action));
    governed.chain(own).collect()
}
