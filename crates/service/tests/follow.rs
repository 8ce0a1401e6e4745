//! The node's client follows the validators as they change, against a scripted chain.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says why and stops"
)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Json, Query};
use axum::routing::{get, post};
use axum::{Router, response::IntoResponse};
use registry::api::{BUNDLE, EVIDENCE, EvidenceRequest, HAND_OVERS, HandOversResponse};
use registry::build::{SoftwareSigner, TxSigner};
use registry::{
    Certificate, CertificateSignature, Evidence, EvidenceBundle, EvidenceError, Genesis, GenesisGovernance,
    HandOver, HandOverError, Hash32, Header, LocalText, Member, RecordKey, Slug, UnixMillis, Validator,
    ValidatorSet, VoteKind, vote_bytes,
};
use service::node::{NodeConfig, NodeError};
use service::{Layers, NodeClient, Running, Server, clock};

fn signer(seed: u8) -> SoftwareSigner {
    SoftwareSigner::from_seed(&[seed; 32]).expect("a key")
}

fn set(of: &[u8]) -> ValidatorSet {
    let validator = |seed: &u8| Validator { key: signer(*seed).public_key(), power: 1 };
    ValidatorSet::new(of.iter().map(validator).collect()).expect("a set")
}

/// Four validators, of which one is replaced at each change.
struct Script {
    genesis: Genesis,
    validators: Vec<u8>,
    height: u64,
    hand_overs: Vec<HandOver>,
}

impl Script {
    fn new() -> Self {
        let validators = vec![1, 2, 3, 4];
        let member = Member { name: LocalText::new("数据局", "Data"), key: signer(99).public_key() };
        let genesis = Genesis {
            network: Slug::new("anhui").expect("a name"),
            time: UnixMillis(clock::now().0 - 60_000),
            governance: GenesisGovernance { members: vec![member], threshold: 1 },
            validators: set(&validators),
        };
        Self { genesis, validators, height: 1, hand_overs: vec![] }
    }

    fn block(&self, next: &ValidatorSet) -> (Header, Certificate) {
        let signers = set(&self.validators);
        let header = Header {
            height: self.height,
            time: UnixMillis(self.genesis.time.0 + self.height),
            previous: Hash32::of(b"the block before"),
            validators_hash: signers.hash(),
            next_validators_hash: next.hash(),
            ..self.genesis.header()
        };
        let block_id = header.id();
        let vote = vote_bytes(VoteKind::Precommit, &header.chain_id, header.height, 0, Some(&block_id));
        let signed = self.validators.iter().zip(0..).take(3);
        let signatures = signed
            .map(|(seed, validator)| CertificateSignature {
                validator,
                signature: signer(*seed).sign(&vote).expect("signed"),
            })
            .collect();
        let certificate = Certificate { height: header.height, round: 0, block_id, signatures };
        (header, certificate)
    }

    fn hand_over(&mut self) {
        let mut next = self.validators.clone();
        let at = self.hand_overs.len() % 4;
        next[at] += 10;
        let (header, certificate) = self.block(&set(&next));
        self.hand_overs.push(HandOver::of(&header, certificate, &set(&next)).expect("a change"));
        self.validators = next;
        self.height += 1;
    }

    fn bundle(&self, keys: &[RecordKey]) -> Vec<u8> {
        let (header, certificate) = self.block(&set(&self.validators));
        let state = self.genesis.state();
        let prove = |key: &RecordKey| {
            let record = state.bytes(key).map(<[u8]>::to_vec);
            Evidence::new(key.clone(), record, state.prove(key), &header, certificate.clone())
        };
        let single: Vec<_> = keys.iter().map(prove).collect();
        EvidenceBundle::of(&single).expect("a bundle").to_bytes()
    }
}

struct Node {
    script: Arc<Mutex<Script>>,
    fetched: Arc<AtomicUsize>,
    running: Running,
    client: NodeClient,
}

#[derive(serde::Deserialize)]
struct After {
    from: u64,
}

async fn node(trusting: Option<Duration>) -> Node {
    let script = Arc::new(Mutex::new(Script::new()));
    let anchor = script.lock().expect("alone").genesis.anchor();
    let fetched = Arc::new(AtomicUsize::new(0));
    let (of, counter, for_hand_overs) = (Arc::clone(&script), Arc::clone(&fetched), Arc::clone(&script));
    let evidence = move |Json(asked): Json<EvidenceRequest>| async move {
        ([("content-type", BUNDLE)], of.lock().expect("alone").bundle(&asked.keys)).into_response()
    };
    let hand_overs = move |Query(after): Query<After>| async move {
        counter.fetch_add(1, Ordering::SeqCst);
        let script = for_hand_overs.lock().expect("alone");
        let all = script.hand_overs.iter().filter(|one| one.claimed_height() > after.from);
        axum::Json(HandOversResponse { hand_overs: all.cloned().collect() })
    };
    let router = Router::new().route(EVIDENCE, post(evidence)).route(HAND_OVERS, get(hand_overs));
    let local = "127.0.0.1:0".parse().expect("address");
    let running = Server::bind(local, Layers::default().wrap(router)).await.expect("binds");
    let config = NodeConfig { trusting, ..NodeConfig::new(running.base_url(), anchor) };
    Node { script, fetched, client: NodeClient::new(config), running }
}

#[tokio::test]
async fn hand_overs_are_followed_once() {
    let node = node(None).await;
    node.client.proven_one(RecordKey::Governance).await.expect("proven");
    assert_eq!(node.fetched.load(Ordering::SeqCst), 0);
    for _ in 0..5 {
        node.script.lock().expect("alone").hand_over();
    }
    for _ in 0..3 {
        let facts = node.client.facts(&[RecordKey::Validators, RecordKey::Governance]).await.expect("proven");
        assert_eq!(facts[0].proven.key(), &RecordKey::Validators);
        assert_eq!(facts[0].evidence.key(), &RecordKey::Validators);
    }
    assert_eq!(node.fetched.load(Ordering::SeqCst), 1, "what was followed is remembered");
    assert_eq!(node.client.anchor().height, 0, "what was pinned stays what it was");
    node.running.shutdown().await;
}

#[tokio::test]
async fn hand_overs_that_lead_nowhere_are_refused_by_name() {
    let node = node(None).await;
    for _ in 0..3 {
        node.script.lock().expect("alone").hand_over();
    }
    let all = node.script.lock().expect("alone").hand_overs.clone();
    node.script.lock().expect("alone").hand_overs = vec![];
    let none = node.client.proven_one(RecordKey::Governance).await.expect_err("nobody knows them");
    assert!(matches!(none, NodeError::Evidence(EvidenceError::OtherValidators)), "{none:?}");
    node.script.lock().expect("alone").hand_overs = vec![all[0].clone(), all[2].clone()];
    let missing = node.client.proven_one(RecordKey::Governance).await.expect_err("one is missing");
    assert!(matches!(missing, NodeError::HandOver(HandOverError::NotLinked { .. })), "{missing:?}");
    node.script.lock().expect("alone").hand_overs = all;
    node.client.proven_one(RecordKey::Governance).await.expect("proven");
    node.running.shutdown().await;
}

#[tokio::test]
async fn an_anchor_beyond_its_trusting_period_is_not_followed() {
    let node = node(Some(Duration::from_secs(5))).await;
    node.script.lock().expect("alone").hand_over();
    let old = node.client.proven_one(RecordKey::Governance).await.expect_err("a minute old");
    assert!(matches!(old, NodeError::HandOver(HandOverError::AnchorTooOld { .. })), "{old:?}");
    node.running.shutdown().await;
}
