//! The node's routes, over HTTP.

use std::sync::Arc;
use std::time::Duration;

use chain::{Node, NodeConfig};
use registry::api::{self, *};
use registry::{
    Action, Anchor, Author, Did, Evidence, EvidenceBundle, Genesis, Hash32, LocalText, Record, RecordKey,
    Slug, UnixMillis, verify,
};
use reqwest::{Client, Method, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::fixture::{config, create, genesis, governance, list, open, signed, transaction};

struct Running {
    node: Node,
    client: Client,
    folder: tempfile::TempDir,
}

async fn node() -> Running {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Arc::new(open(folder.path()));
    let node = Node::bind(NodeConfig::new(([127, 0, 0, 1], 0).into()), ledger).await.unwrap();
    Running { node, client: service::outbound::client(Duration::from_secs(10)), folder }
}

impl Running {
    async fn get(&self, path: &str) -> Response {
        self.client.get(self.node.base_url() + path).send().await.unwrap()
    }

    async fn read<T: DeserializeOwned>(&self, path: &str) -> T {
        let response = self.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
    }

    async fn post(&self, path: &str, kind: &str, body: impl Into<reqwest::Body>) -> Response {
        self.client
            .post(self.node.base_url() + path)
            .header("content-type", kind)
            .body(body)
            .send()
            .await
            .unwrap()
    }

    async fn submit(&self, transaction: &registry::Transaction) -> Response {
        self.post(TRANSACTIONS, OCTETS, transaction.to_bytes()).await
    }

    async fn done(&self, transaction: &registry::Transaction) -> SubmitResponse {
        let response = self.submit(transaction).await;
        assert_eq!(response.status(), StatusCode::OK);
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
    }
}

/// A refusal in the one form there is.
async fn problem(response: Response, status: u16, code: &str) -> Value {
    assert_eq!(response.status().as_u16(), status, "{code}");
    assert_eq!(response.headers()["content-type"], "application/problem+json", "{code}");
    let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    let view: ProblemView = serde_json::from_value(body.clone()).unwrap();
    assert_eq!((view.code(), view.status), (code, status), "{body}");
    body
}

#[tokio::test]
async fn a_transaction_by_http() {
    let running = node().await;
    let (did, create) = create(1);
    let done = running.done(&create).await;
    assert_eq!((done.hash, done.height, done.index), (create.hash(), 2, 0));
    assert_eq!(running.read::<SubmitResponse>(&transaction_path(&done.hash)).await, done);
    let nonce: NonceResponse = running.read(&nonce_path(&Author::Did(did.clone()))).await;
    assert_eq!(nonce, NonceResponse { author: Author::Did(did), next: 1 });
    let nonce: NonceResponse = running.read(&nonce_path(&Author::Governance)).await;
    assert_eq!(nonce.next, 0);

    let again = problem(running.submit(&create).await, 409, TRANSACTION_KNOWN).await;
    assert_eq!(serde_json::from_value::<SubmitResponse>(again["known"].clone()).unwrap(), done);
}

#[tokio::test]
async fn transactions_refused_by_name() {
    let running = node().await;
    let (did, first) = create(1);
    let bytes = first.to_bytes();
    problem(
        running.post(TRANSACTIONS, "application/json", bytes.clone()).await,
        415,
        "unsupported-media-type",
    )
    .await;
    problem(running.post(TRANSACTIONS, OCTETS, "").await, 400, "transaction-malformed").await;
    problem(running.post(TRANSACTIONS, OCTETS, bytes[1..].to_vec()).await, 400, "transaction-malformed")
        .await;
    problem(
        running.post(TRANSACTIONS, OCTETS, [bytes.clone(), vec![0]].concat()).await,
        400,
        "transaction-malformed",
    )
    .await;
    problem(running.post(TRANSACTIONS, OCTETS, vec![0; 70_000]).await, 413, "transaction-too-long").await;
    problem(running.post(TRANSACTIONS, OCTETS, vec![0; 2_000_000]).await, 413, "too-large").await;
    let mut unsigned = first.clone();
    unsigned.signatures.clear();
    problem(running.submit(&unsigned).await, 400, "signature-count").await;
    let mut forged = first.clone();
    forged.signatures[0].signature[5] ^= 1;
    problem(running.submit(&forged).await, 403, "signature-invalid").await;
    let foreign =
        signed(Hash32::of(b"another chain"), Author::Did(did.clone()), 0, first.action.clone(), &[1]);
    problem(running.submit(&foreign).await, 422, "wrong-chain").await;
    problem(running.submit(&transaction(&did, 1, 0, list(0))).await, 409, "unknown-did").await;
    running.done(&first).await;
    let replayed = problem(running.submit(&transaction(&did, 1, 0, list(0))).await, 409, "nonce-used").await;
    assert_eq!(replayed["error"], json!({ "code": "nonce-used", "next": 1 }));
    problem(running.submit(&transaction(&did, 1, 2, list(0))).await, 409, "nonce-ahead").await;
    problem(running.submit(&transaction(&did, 2, 1, list(0))).await, 403, "not-authorised").await;
    let accredit = accreditation(&did);
    let lone =
        signed(genesis().chain_id(), Author::Governance, 0, accredit.clone(), &[crate::fixture::DEPARTMENT]);
    let lone = problem(running.submit(&lone).await, 403, "below-threshold").await;
    assert_eq!(lone["error"], json!({ "code": "below-threshold", "have": 1, "need": 2 }));
    running.done(&governance(0, accredit)).await;
    let head: HeadResponse = running.read(HEAD).await;
    assert_eq!(head.height, 3, "no refusal made a block");
}

fn accreditation(did: &Did) -> Action {
    Action::Accredit {
        did: did.clone(),
        credential_type: Slug::new("digital-id").unwrap(),
        issuer_name: LocalText::new("公安厅", "Public security"),
        valid_from: UnixMillis(0),
        valid_until: None,
    }
}

#[tokio::test]
async fn evidence_by_http() {
    let running = node().await;
    let (did, first) = create(1);
    running.done(&first).await;
    let anchor: Anchor = running.read(ANCHOR).await;
    assert_eq!(anchor, genesis().anchor());
    let now = service::clock::now();
    let check = |evidence: &Evidence| verify(evidence, &anchor, now, Duration::from_secs(60)).unwrap();

    let key = RecordKey::Did(did.clone());
    let response = running.get(&evidence_path(&key)).await;
    assert_eq!(response.headers()["content-type"], OCTETS);
    let evidence = Evidence::from_bytes(&response.bytes().await.unwrap()).unwrap();
    let proven = check(&evidence);
    assert!(matches!(proven.record(), Some(Record::Did(record)) if record.did == did));

    let url = running.node.base_url() + &evidence_path(&key);
    let response = running.client.get(url).header("accept", "application/json").send().await.unwrap();
    let view: EvidenceView = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    assert_eq!((view.record.as_ref(), &view.key), (proven.record(), &key));
    check(&view.evidence);

    let absent = RecordKey::Trust(did.clone(), Slug::new("digital-id").unwrap());
    let keys = vec![key.clone(), absent.clone(), RecordKey::Governance, RecordKey::Nonce(Author::Governance)];
    let body = serde_json::to_vec(&EvidenceRequest { keys: keys.clone() }).unwrap();
    let response = running.post(EVIDENCE, "application/json", body).await;
    let several: EvidenceResponse = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    let proven: Vec<_> = several.evidence.iter().map(check).collect();
    assert_eq!(proven.iter().map(|p| p.key().clone()).collect::<Vec<_>>(), keys, "in the order asked for");
    assert!(proven.iter().all(|p| p.height() == proven[0].height()), "all of one block");
    assert_eq!(proven[1].record(), None);

    let twice = [keys.as_slice(), &keys[..1]].concat();
    let body = serde_json::to_vec(&EvidenceRequest { keys: twice }).unwrap();
    let url = running.node.base_url() + EVIDENCE;
    let request =
        running.client.post(url).header("content-type", "application/json").header("accept", BUNDLE);
    let response = request.body(body).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], BUNDLE);
    let bundle = EvidenceBundle::from_bytes(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(bundle.keys().count(), keys.len(), "a key that is asked for twice is in it once");
    let shown: Vec<_> = bundle.split().iter().map(check).collect();
    for one in &proven {
        assert!(shown.iter().any(|shown| shown.key() == one.key() && shown.record() == one.record()));
    }
}

#[tokio::test]
async fn a_chain_run_alone_has_no_hand_overs() {
    let running = node().await;
    for path in [hand_overs_path(0), hand_overs_path(7), HAND_OVERS.to_owned()] {
        assert!(running.read::<HandOversResponse>(&path).await.hand_overs.is_empty());
    }
    let url = running.node.base_url() + HAND_OVERS;
    let octets = running.client.get(url).header("accept", OCTETS).send().await.unwrap();
    assert_eq!(octets.headers()["content-type"], OCTETS);
    assert_eq!(octets.bytes().await.unwrap().as_ref(), [0; 4]);
    problem(running.get("/v1/handovers?from=x").await, 400, "invalid-request").await;
    let validators = genesis().validators.as_slice().to_vec();
    let refused = running.submit(&governance(0, Action::UpdateValidators { validators })).await;
    problem(refused, 409, VALIDATORS_FIXED).await;
}

#[tokio::test]
async fn questions_refused_by_name() {
    let running = node().await;
    for path in
        ["/v1/evidence/did/nonsense", "/v1/evidence/governance/x", "/v1/evidence/did/did:hui:anhui:z1/v/x"]
    {
        problem(running.get(path).await, 400, "record-key-malformed").await;
    }
    problem(running.get(EVIDENCE).await, 405, "method-not-allowed").await;
    let ask = |body: &str| running.post(EVIDENCE, "application/json", body.to_owned());
    problem(ask("{").await, 400, "invalid-request").await;
    problem(ask("{}").await, 400, "invalid-request").await;
    problem(ask(r#"{"keys":7}"#).await, 400, "invalid-request").await;
    problem(ask(r#"{"keys":["nonsense"]}"#).await, 400, "invalid-request").await;
    problem(ask(r#"{"keys":["governance"],"more":1}"#).await, 400, "invalid-request").await;
    problem(ask(r#"{"keys":[]}"#).await, 400, "key-count").await;
    problem(ask(&json!({ "keys": vec!["governance"; 65] }).to_string()).await, 400, "key-count").await;
    problem(ask(&"[".repeat(10_000)).await, 400, "invalid-request").await;
    problem(running.post(EVIDENCE, "text/plain", "{}").await, 415, "unsupported-media-type").await;
    problem(running.post(EVIDENCE, "application/json", vec![b' '; 2_000_000]).await, 413, "too-large").await;
    problem(running.get("/v1/transactions/xyz").await, 400, "hash-malformed").await;
    problem(running.get(&transaction_path(&Hash32::ZERO)).await, 404, "not-found").await;
    problem(running.get("/v1/nonces/nobody").await, 400, "author-malformed").await;
    problem(running.get("/v1/blocks/x").await, 400, "height-malformed").await;
    problem(running.get("/v1/blocks/-1").await, 400, "height-malformed").await;
    for height in [0, 2, u64::MAX] {
        problem(running.get(&block_path(height)).await, 404, "not-found").await;
    }
    problem(running.get("/v1/blocks?limit=0").await, 400, "limit").await;
    problem(running.get("/v1/blocks?limit=101").await, 400, "limit").await;
    problem(running.get("/v1/blocks?limit=x").await, 400, "invalid-request").await;
    problem(running.get("/nowhere").await, 404, "not-found").await;
    let deleted =
        running.client.request(Method::DELETE, running.node.base_url() + HEAD).send().await.unwrap();
    problem(deleted, 405, "method-not-allowed").await;
}

#[tokio::test]
async fn blocks_by_http() {
    let running = node().await;
    for n in 1..=4 {
        running.done(&create(n).1).await;
    }
    let head: HeadResponse = running.read(HEAD).await;
    assert_eq!((head.height, head.chain_id), (5, genesis().chain_id()));
    let found: Genesis = running.read(GENESIS).await;
    assert_eq!(found.chain_id(), head.chain_id, "the genesis can be checked against the chain id");
    let page: BlocksResponse = running.read(&blocks_path(4, 3)).await;
    assert_eq!(page.blocks.iter().map(|block| block.height).collect::<Vec<_>>(), [4, 3, 2]);
    let all: BlocksResponse = running.read(BLOCKS).await;
    assert_eq!(
        all.blocks.iter().map(|b| (b.height, b.transactions)).collect::<Vec<_>>(),
        [(5, 1), (4, 1), (3, 1), (2, 1), (1, 0)]
    );
    let beyond: BlocksResponse = running.read(&blocks_path(u64::MAX, 1)).await;
    assert_eq!(beyond.blocks[0].id, head.block_id);
    let mut previous = genesis().header().id();
    for height in 1..=5 {
        let view: BlockView = running.read(&block_path(height)).await;
        assert_eq!((view.header.previous, view.header.id()), (previous, view.id));
        view.certificate.verify(&genesis().validators, &head.chain_id).unwrap();
        assert!(
            view.transactions.iter().all(|t| t.hash == t.transaction.hash()),
            "a block survives its JSON"
        );
        previous = view.id;
    }
}

#[tokio::test]
async fn resolving_dids() {
    let running = node().await;
    let (did, first) = create(1);
    let created = running.done(&first).await.time;
    let document = |n: &[u64]| {
        let mut out = registry::build::organisation_document(&key(n[0]), &[], vec![]);
        let first = out.keys[0].clone();
        out.keys = n
            .iter()
            .map(|n| registry::DocumentKey {
                fragment: Slug::new(&format!("key-{n}")).unwrap(),
                key: registry::PublicKey::Ed25519(key(*n)),
                ..first.clone()
            })
            .collect();
        Action::DidRotate { document: out }
    };
    let second = running.done(&transaction(&did, 1, 1, document(&[1, 2]))).await.time;
    let third = running.done(&transaction(&did, 2, 2, document(&[2, 3]))).await.time;
    let resolve = |query: String| {
        let running = &running;
        let path = format!("{}{query}", identifier_path(&did));
        async move {
            let response = running.get(&path).await;
            assert_eq!(response.headers()["content-type"], DID_RESOLUTION, "{path}");
            let status = response.status().as_u16();
            let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
            (status, body)
        }
    };
    let version = |body: &Value| body["didDocumentMetadata"]["versionId"].as_str().map(str::to_owned);
    let (status, now) = resolve(String::new()).await;
    assert_eq!((status, version(&now)), (200, Some("3".into())));
    assert_eq!(now["didDocument"]["id"], did.to_string());
    let expected = [
        (created.0 - 1, None),
        (created.0, Some("1")),
        (second.0 - 1, Some("1")),
        (second.0, Some("2")),
        (third.0 - 1, Some("2")),
        (third.0, Some("3")),
        (third.0 + 1_000_000, Some("3")),
    ];
    for (time, wanted) in expected {
        let (status, body) = resolve(format!("?versionTime={}", UnixMillis(time))).await;
        assert_eq!(
            (status, version(&body).as_deref()),
            (if wanted.is_some() { 200 } else { 404 }, wanted),
            "at {time}"
        );
    }
    assert_eq!(identifier_path_at(&did, second), format!("{}?versionTime={second}", identifier_path(&did)));
    for id in 1..=3 {
        let (_, body) = resolve(format!("?versionId={id}")).await;
        assert_eq!(version(&body), Some(id.to_string()));
    }
    let error = |body: &Value| {
        body["didResolutionMetadata"]["error"]["type"]
            .as_str()
            .unwrap()
            .rsplit_once('#')
            .unwrap()
            .1
            .to_owned()
    };
    for (query, status, name) in [
        ("?versionId=0", 404, "NOT_FOUND"),
        ("?versionId=4", 404, "NOT_FOUND"),
        ("?versionId=x", 400, "INVALID_DID"),
        ("?versionTime=yesterday", 400, "INVALID_DID"),
        ("?versionId=1&versionTime=2026-01-01T00:00:00Z", 400, "INVALID_DID"),
    ] {
        let (found, body) = resolve(query.into()).await;
        assert_eq!(
            (found, error(&body).as_str(), &body["didDocument"]),
            (status, name, &Value::Null),
            "{query}"
        );
    }
    let url = running.node.base_url() + &identifier_path(&did);
    let document_only = running.client.get(url).header("accept", "application/did").send().await.unwrap();
    assert_eq!(document_only.headers()["content-type"], "application/did");
    let document_only: Value = serde_json::from_slice(&document_only.bytes().await.unwrap()).unwrap();
    assert_eq!(document_only, now["didDocument"]);

    running.done(&transaction(&did, 2, 3, Action::DidDeactivate)).await;
    let (status, body) = resolve(String::new()).await;
    assert_eq!((status, &body["didDocumentMetadata"]["deactivated"]), (410, &json!(true)));
    let unknown = running.get(&identifier_path(&create(9).0)).await;
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    let nonsense = running.get("/v1/identifiers/did:web:example.org").await;
    assert_eq!(nonsense.status(), StatusCode::BAD_REQUEST);
}

fn key(n: u64) -> registry::Ed25519Key {
    registry::build::TxSigner::public_key(&crate::fixture::signer(n))
}

#[tokio::test]
async fn health_and_shutdown() {
    let running = node().await;
    assert_eq!(running.get(LIVE).await.status(), StatusCode::OK);
    let ready: Value = running.read(READY).await;
    assert_eq!(ready, json!({ "status": "ready", "height": 1 }));
    running.done(&create(1).1).await;
    let ledger = Arc::clone(running.node.ledger());
    ledger.shutdown().await;
    problem(running.get(READY).await, 503, STOPPED).await;
    problem(running.submit(&create(2).1).await, 503, STOPPED).await;
    assert_eq!(
        running.get(&evidence_path(&RecordKey::Governance)).await.status(),
        StatusCode::OK,
        "reading goes on"
    );
    let Running { node, folder, .. } = running;
    node.shutdown().await;
    drop(ledger);
    let again = open(folder.path());
    assert!(chain::Ledger::transaction(&again, &create(1).1.hash()).is_some());
}

#[tokio::test]
async fn a_busy_node_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let ledger =
        crate::fixture::try_open(chain::SoloConfig { max_pending_bytes: 10, ..config(folder.path()) })
            .unwrap();
    let node = Node::bind(NodeConfig::new(([127, 0, 0, 1], 0).into()), Arc::new(ledger)).await.unwrap();
    let running = Running { node, client: service::outbound::client(Duration::from_secs(10)), folder };
    let response = running.submit(&create(1).1).await;
    assert_eq!(response.headers()["retry-after"], "1");
    problem(response, 503, api::BUSY).await;
}
