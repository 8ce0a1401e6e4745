//! The node's client against a real node: what it hands out is proven, and it says what to do when it can't be.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why and stops")]

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use chain::{Node, SoloConfig, SoloLedger};
use registry::build::{DidPlan, SoftwareSigner, TxSigner, organisation_document, recovery_commitment};
use registry::{
    Action, Author, Did, EvidenceError, Genesis, GenesisGovernance, LocalText, Member, Record, RecordKey,
    Slug, Transaction, Validator, ValidatorSet,
};
use service::node::{NodeConfig, NodeError, SubmitError, fetch_anchor};
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
    let node = Node::bind(chain::NodeConfig::new(local), ledger).await.expect("binds");
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
    impatient.max_age = Duration::from_secs(1);
    let impatient = NodeClient::new(impatient);
    let before = chain.client.proven_one(RecordKey::Did(did.clone())).await.expect("proven");
    impatient.proven_one(RecordKey::Did(did.clone())).await.expect("proven");
    chain.node.shutdown().await;

    let after = chain.client.proven_one(RecordKey::Did(did.clone())).await.expect("from memory");
    assert_eq!(after, before, "with its own time, so that its age can be said");
    let both = chain.client.proven(&[RecordKey::Did(did.clone()), RecordKey::Governance]).await;
    assert!(matches!(both, Err(NodeError::Unreachable { .. })), "what was never asked is not known");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let old = impatient.proven_one(RecordKey::Did(did)).await.expect_err("too old");
    assert!(matches!(old, NodeError::Unreachable { .. }), "{old:?}");
    let unknown = chain.client.act(&Author::Governance, &Action::DidDeactivate, &[&signer(2)]).await;
    assert!(matches!(unknown, Err(SubmitError::Node(NodeError::Unreachable { .. }))), "{unknown:?}");
}
