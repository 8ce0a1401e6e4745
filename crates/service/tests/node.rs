//! The node's client against a real node: what it hands out is proven, and it says what to do when it can't be.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why and stops")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use chain::{Node, SoloConfig, SoloLedger};
use registry::build::{DidPlan, SoftwareSigner, TxSigner, organisation_document, recovery_commitment};
use registry::{
    Action, Author, Did, EvidenceError, Genesis, GenesisGovernance, LocalText, Member, Record, RecordKey,
    Slug, Transaction, Validator, ValidatorSet,
};
use service::node::{Keep, NodeConfig, NodeError, Row, SubmitError, fetch_anchor};
use service::{Layers, NodeClient, Server, clock};

struct Chain {
    node: Node,
    client: NodeClient,
    _dir: tempfile::TempDir,
}

fn signer(seed: u8) -> SoftwareSigner {
    SoftwareSigner::from_seed(&[seed; 32]).expect("a key")
}

async fn chain() -> Chain {
    chain_with(|config| config).await
}

async fn chain_with(change: impl FnOnce(chain::NodeConfig) -> chain::NodeConfig) -> Chain {
    let dir = tempfile::tempdir().expect("dir");
    let validator = signer(1);
    let genesis = Genesis {
        network: Slug::new("anhui").expect("a name"),
        time: clock::now(),
        governance: GenesisGovernance {
            members: vec![Member { name: LocalText::new("数据局", "Data"), key: signer(2).public_key() }],
            threshold: 1,
        },
        validators: ValidatorSet::new(vec![Validator { key: validator.public_key(), power: 1 }])
            .expect("a set"),
    };
    let ledger = SoloLedger::open(SoloConfig::new(dir.path()), Some(genesis.clone()), Arc::new(validator));
    let local = "127.0.0.1:0".parse().expect("address");
    let ledger = Arc::new(ledger.expect("opens"));
    let node = Node::bind(change(chain::NodeConfig::new(local)), ledger).await.expect("binds");
    let client = NodeClient::new(NodeConfig::new(node.base_url(), genesis.anchor()));
    Chain { node, client, _dir: dir }
}

/// Registers a DID whose author's key is `signer(seed)`.
async fn register(client: &NodeClient, seed: u8) -> Did {
    let author = signer(seed);
    let plan = DidPlan {
        document: organisation_document(&author.public_key(), &[], vec![]),
        salt: [seed; 16],
        recovery_commitment: recovery_commitment(&signer(99).public_key()),
    };
    let did = plan.did(&client.anchor().network);
    client.act(&Author::Did(did.clone()), &plan.into_action(), &[&author]).await.expect("registered");
    did
}

#[tokio::test]
async fn a_change_that_is_final_is_seen_by_the_next_question() {
    let chain = chain().await;
    let unknown = chain.client.proven_one(RecordKey::Governance).await.expect("proven");
    assert!(matches!(unknown.record(), Some(Record::Governance(_))));
    let did = register(&chain.client, 3).await;
    let facts =
        chain.client.facts(&[RecordKey::Did(did.clone()), RecordKey::Governance]).await.expect("proven");
    let heights = facts.iter().map(|fact| fact.proven.height()).collect::<Vec<_>>();
    assert_eq!(heights[0], heights[1], "facts asked for together are of one block");
    assert!(matches!(facts[0].proven.record(), Some(Record::Did(record)) if record.did == did));
    assert_eq!(fetch_anchor(&chain.node.base_url()).await.expect("anchor"), *chain.client.anchor());
    assert!(chain.client.head().await.expect("head").height >= 1);
    chain.node.shutdown().await;
}

#[tokio::test]
async fn many_at_once_get_what_each_asked_for() {
    let chain = chain().await;
    let did = register(&chain.client, 3).await;
    let ask = |number: u32| {
        let (client, did) = (chain.client.clone(), did.clone());
        tokio::spawn(async move {
            let keys = (0..number % 7)
                .map(|n| RecordKey::DidVersion(did.clone(), number * 8 + n))
                .collect::<Vec<_>>();
            let proven = client.proven(&keys).await.expect("proven");
            assert_eq!(proven.iter().map(|fact| fact.key().clone()).collect::<Vec<_>>(), keys);
        })
    };
    for task in (0..200).map(ask).collect::<Vec<_>>() {
        task.await.expect("no panic");
    }
    let many = (0..150).map(|n| RecordKey::DidVersion(did.clone(), n)).collect::<Vec<_>>();
    assert_eq!(chain.client.proven(&many).await.expect("proven").len(), 150);
    chain.node.shutdown().await;
}

#[tokio::test]
async fn authors_who_race_for_a_nonce_all_get_through() {
    let chain = chain().await;
    let did = register(&chain.client, 3).await;
    let open = |number: u32| {
        let (client, author) = (chain.client.clone(), Author::Did(did.clone()));
        tokio::spawn(async move {
            let action = Action::StatusListCreate { number, length: 131_072 };
            client.act(&author, &action, &[&signer(3)]).await
        })
    };
    for task in (1..6).map(open).collect::<Vec<_>>() {
        task.await.expect("no panic").expect("final");
    }
    chain.node.shutdown().await;
}

#[tokio::test]
async fn a_refusal_says_its_name_and_the_same_bytes_count_once() {
    let chain = chain().await;
    let did = register(&chain.client, 3).await;
    let author = Author::Did(did);
    let list = Action::StatusListCreate { number: 1, length: 131_072 };
    let nonce = chain.client.next_nonce(&author).await.expect("nonce");
    let once = Transaction::unsigned(chain.client.anchor().chain_id, author.clone(), nonce, list.clone());
    let once = once.signed_by(&signer(3)).expect("signed");
    let first = chain.client.submit(&once).await.expect("final");
    let again = chain.client.submit(&once).await.expect("known");
    assert_eq!((first.height, first.index), (again.height, again.index));
    let refused = chain.client.act(&author, &list, &[&signer(4)]).await.expect_err("another's key");
    assert!(
        matches!(&refused, SubmitError::Rejected { code, .. } if code == "not-authorised"),
        "{refused:?}"
    );
    chain.node.shutdown().await;
}

#[tokio::test]
async fn another_chains_evidence_is_not_believed() {
    let (ours, theirs) = (chain().await, chain().await);
    let config = NodeConfig::new(theirs.node.base_url(), ours.client.anchor().clone());
    let error = NodeClient::new(config).proven_one(RecordKey::Governance).await.expect_err("another chain");
    assert!(matches!(error, NodeError::Evidence(EvidenceError::WrongChain)), "{error:?}");
    ours.node.shutdown().await;
    theirs.node.shutdown().await;
}

#[tokio::test]
async fn facts_about_something_else_are_not_believed() {
    let chain = chain().await;
    let evidence = chain.client.facts(&[RecordKey::Governance]).await.expect("proven").remove(0).evidence;
    let answer = registry::EvidenceBundle::of(&[evidence]).expect("a bundle").to_bytes();
    let liar = Router::new().route(registry::api::EVIDENCE, post(|| async move { answer }));
    let local = "127.0.0.1:0".parse().expect("address");
    let liar = Server::bind(local, Layers::default().wrap(liar)).await.expect("binds");
    let client = NodeClient::new(NodeConfig::new(liar.base_url(), chain.client.anchor().clone()));
    let did = register(&chain.client, 3).await;
    let error = client.proven_one(RecordKey::Did(did)).await.expect_err("not what was asked");
    assert!(matches!(error, NodeError::Nonsense { .. }), "{error:?}");
    liar.shutdown().await;
    chain.node.shutdown().await;
}

#[tokio::test]
async fn while_nobody_answers_young_facts_are_handed_out_again() {
    let chain = chain().await;
    let did = register(&chain.client, 3).await;
    let mut impatient = NodeConfig::new(chain.node.base_url(), chain.client.anchor().clone());
    impatient.max_age = Duration::from_secs(3);
    let impatient = NodeClient::new(impatient);
    let before = chain.client.proven_one(RecordKey::Did(did.clone())).await.expect("proven");
    impatient.proven_one(RecordKey::Did(did.clone())).await.expect("proven");
    chain.node.shutdown().await;

    let after = chain.client.proven_one(RecordKey::Did(did.clone())).await.expect("from memory");
    assert_eq!(after, before, "with its own time, so that its age can be said");
    let both = chain.client.proven(&[RecordKey::Did(did.clone()), RecordKey::Governance]).await;
    assert!(matches!(both, Err(NodeError::Unreachable { .. })), "what was never asked is not known");
    tokio::time::sleep(Duration::from_millis(3100)).await;
    let old = impatient.proven_one(RecordKey::Did(did)).await.expect_err("too old");
    assert!(matches!(old, NodeError::Unreachable { .. }), "{old:?}");
    let unknown = chain.client.act(&Author::Governance, &Action::DidDeactivate, &[&signer(2)]).await;
    assert!(matches!(unknown, Err(SubmitError::Node(NodeError::Unreachable { .. }))), "{unknown:?}");
}

/// Asks again until the answer is as wanted.
async fn asked_until(client: &NodeClient, key: &RecordKey, wanted: impl Fn(&registry::Proven) -> bool) {
    let asking = async {
        while !wanted(&client.proven_one(key.clone()).await.expect("proven")) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), asking).await.expect("comes to pass");
}

#[tokio::test]
async fn a_listening_client_asks_again_only_for_what_changed() {
    let chain = chain().await;
    let config = NodeConfig::new(chain.node.base_url(), chain.client.anchor().clone());
    // Reused for as long as the test runs, so that only the events decide.
    let reuse = Duration::from_secs(100);
    let listening = NodeClient::new(NodeConfig { reuse, ..config });
    let did = register(&chain.client, 3).await;
    let key = RecordKey::Did(did.clone());
    // Once it listens, blocks that change something else leave the fact as it was.
    let mut held = None;
    for seed in 10..60 {
        let before = listening.proven_one(key.clone()).await.expect("proven").height();
        register(&chain.client, seed).await;
        let after = listening.proven_one(key.clone()).await.expect("proven").height();
        if before == after {
            held = Some(after);
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let held = held.expect("it begins to listen");

    // Another's change is learnt from the node, the own one is seen by the next question.
    let list = |number| Action::StatusListCreate { number, length: 131_072 };
    let author = Author::Did(did.clone());
    let first = RecordKey::StatusList(registry::StatusListId { owner: did.clone(), number: 1 });
    assert_eq!(listening.proven_one(first.clone()).await.expect("proven").record(), None);
    chain.client.act(&author, &list(1), &[&signer(3)]).await.expect("final");
    asked_until(&listening, &first, |proven| proven.record().is_some()).await;
    let second = RecordKey::StatusList(registry::StatusListId { owner: did, number: 2 });
    assert_eq!(listening.proven_one(second.clone()).await.expect("proven").record(), None);
    listening.act(&author, &list(2), &[&signer(3)]).await.expect("final");
    assert!(listening.proven_one(second).await.expect("proven").record().is_some());
    assert_eq!(listening.proven_one(key).await.expect("proven").height(), held, "nothing changed it");
    chain.node.shutdown().await;
}

#[tokio::test]
async fn without_events_facts_are_asked_for_each_time() {
    let chain = chain_with(|config| chain::NodeConfig { max_listeners: 0, ..config }).await;
    let config = NodeConfig::new(chain.node.base_url(), chain.client.anchor().clone());
    let deaf = NodeClient::new(config.listening());
    for seed in 3..6 {
        let did = register(&chain.client, seed).await;
        let proven = deaf.proven(&[RecordKey::Governance, RecordKey::Did(did)]).await.expect("proven");
        assert_eq!(proven[0].height(), chain.client.head().await.expect("head").height);
    }
    chain.node.shutdown().await;
}

/// Keeps in memory what outlives a client.
#[derive(Default)]
struct Kept(Mutex<BTreeMap<Vec<u8>, Vec<u8>>>);

impl Kept {
    fn rows(&self) -> std::sync::MutexGuard<'_, BTreeMap<Vec<u8>, Vec<u8>>> {
        self.0.lock().expect("alone")
    }
}

impl Keep for Kept {
    fn all(&self) -> Vec<Row> {
        self.rows().clone().into_iter().collect()
    }

    fn put(&self, rows: Vec<Row>) {
        self.rows().extend(rows);
    }

    fn remove(&self, names: Vec<Vec<u8>>) {
        names.iter().for_each(|name| drop(self.rows().remove(name)));
    }
}

/// A client that keeps, before a node or before none.
fn keeping(anchor: &registry::Anchor, node: &str, kept: &Arc<Kept>) -> NodeClient {
    let config = NodeConfig::new(node, anchor.clone()).listening();
    NodeClient::new(NodeConfig { keep: Some(kept.clone()), ..config })
}

const NOBODY: &str = "http://127.0.0.1:9";

#[tokio::test]
async fn what_was_kept_is_known_again_and_believed_for_its_proof_alone() {
    let chain = chain().await;
    let (did, kept) = (register(&chain.client, 3).await, Arc::<Kept>::default());
    let key = RecordKey::Did(did);
    let anchor = chain.client.anchor().clone();
    let first = keeping(&anchor, &chain.node.base_url(), &kept);
    let proven = first.proven_one(key.clone()).await.expect("proven");
    assert_eq!(kept.rows().len(), 1);
    drop(first);
    let again = keeping(&anchor, NOBODY, &kept).proven_one(key.clone()).await.expect("from what was kept");
    assert_eq!(again, proven);

    // Whatever is changed in it, it is dropped; and what is not what its name says.
    let (name, bytes) = kept.rows().clone().into_iter().next().expect("a row");
    for at in (0..bytes.len()).step_by(29) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        kept.put(vec![(name.clone(), changed)]);
        let unknown = keeping(&anchor, NOBODY, &kept).proven_one(key.clone()).await;
        assert!(matches!(unknown, Err(NodeError::Unreachable { .. })), "byte {at}");
        assert!(kept.rows().is_empty(), "byte {at}");
    }
    let other = chain.client.facts(&[RecordKey::Governance]).await.expect("proven").remove(0).evidence;
    kept.put(vec![(name.clone(), other.to_bytes())]);
    keeping(&anchor, NOBODY, &kept).proven_one(key.clone()).await.expect_err("another key's evidence");
    assert!(kept.rows().is_empty());

    // Nor by another anchor, nor once it is too old.
    let stranger = self::chain().await;
    kept.put(vec![(name.clone(), bytes.clone())]);
    keeping(stranger.client.anchor(), NOBODY, &kept)
        .proven_one(key.clone())
        .await
        .expect_err("another chain");
    assert!(kept.rows().is_empty());
    kept.put(vec![(name, bytes)]);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let config = NodeConfig { max_age: Duration::from_secs(1), ..NodeConfig::new(NOBODY, anchor) };
    let impatient = NodeClient::new(NodeConfig { keep: Some(kept.clone()), ..config });
    impatient.proven_one(key.clone()).await.expect_err("too old");
    // It answers no question any more, and is remembered against whoever brings an older one.
    assert_eq!(kept.rows().len(), 1);
    assert_eq!(impatient.known(&[key], Duration::from_secs(3600)).await.len(), 1);
    chain.node.shutdown().await;
    stranger.node.shutdown().await;
}

#[tokio::test]
async fn what_a_block_changes_is_kept_anew_without_being_asked_for() {
    let chain = chain().await;
    let (did, kept) = (register(&chain.client, 3).await, Arc::<Kept>::default());
    let key = RecordKey::StatusList(registry::StatusListId { owner: did.clone(), number: 1 });
    let client = keeping(chain.client.anchor(), &chain.node.base_url(), &kept);
    assert_eq!(client.proven_one(key.clone()).await.expect("proven").record(), None);
    // Until it listens, changes are not told: so a few are made.
    let author = Author::Did(did.clone());
    let list = |number| Action::StatusListCreate { number, length: 131_072 };
    chain.client.act(&author, &list(1), &[&signer(3)]).await.expect("final");
    let known = async {
        loop {
            let evidence =
                kept.rows().values().next().and_then(|bytes| registry::Evidence::from_bytes(bytes).ok());
            let now = clock::now();
            let age = Duration::from_secs(120);
            let proven =
                evidence.and_then(|one| registry::verify(&one, chain.client.anchor(), now, age).ok());
            if proven.is_some_and(|proven| proven.record().is_some()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), known).await.expect("it is kept as it is now");
    chain.node.shutdown().await;
    let after = client.proven_one(key).await.expect("from memory");
    assert!(after.record().is_some());
}

#[tokio::test]
async fn the_next_node_is_asked_when_one_is_away_and_a_transaction_goes_there_too() {
    let chain = chain().await;
    let config = NodeConfig::new(NOBODY, chain.client.anchor().clone());
    let others = vec!["http://127.0.0.1:10".to_owned(), chain.node.base_url()];
    let client = NodeClient::new(NodeConfig { others, ..config });
    client.proven_one(RecordKey::Governance).await.expect("proven");
    let did = register(&client, 4).await;
    assert!(client.proven_one(RecordKey::Did(did)).await.expect("proven").record().is_some());
    assert!(client.newest().is_some());
    chain.node.shutdown().await;
}
