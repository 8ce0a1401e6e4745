//! Blocks that a lying proposer could send, named by their flaw; and a validator that lies among three that don't.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use registry::build::{DidPlan, SoftwareSigner, TxSigner, organisation_document, recovery_commitment};
use registry::{
    Author, Block, Certificate, Genesis, GenesisGovernance, Hash32, LocalText, Member, Slug, Transaction,
    UnixMillis, Validator, ValidatorSet, transaction_root,
};

use crate::ledger::{Ledger, Tip};
use crate::network::candidate::{Flaw, MAX_AHEAD, Maker, proposal_bytes};
use crate::network::lies::{LIE, Lie};
use crate::network::mempool::{Limits, Mempool};
use crate::network::{NetworkConfig, NetworkLedger, Peers, peer_id};

pub(super) const NOW: UnixMillis = UnixMillis(1_790_000_000_000);

pub(super) fn signer(n: u8) -> SoftwareSigner {
    SoftwareSigner::from_seed(&[n; 32]).unwrap()
}

pub(super) fn genesis() -> Genesis {
    let member = Member { name: LocalText::new("部门", "Department"), key: signer(99).public_key() };
    let validators = (1..=4).map(|n| Validator { key: signer(n).public_key(), power: 1 }).collect();
    Genesis {
        network: Slug::new("anhui").unwrap(),
        time: UnixMillis(NOW.0 - 1_000_000),
        governance: GenesisGovernance { members: vec![member], threshold: 1 },
        validators: ValidatorSet::new(validators).unwrap(),
    }
}

pub(super) fn tip() -> Tip {
    let header = genesis().header();
    let certificate = Certificate { height: 0, round: 0, block_id: header.id(), signatures: vec![] };
    Tip { header, certificate, state: genesis().state(), news: crate::news::News::default() }
}

pub(super) fn create(n: u8) -> Transaction {
    let key = signer(n);
    let document = organisation_document(&key.public_key(), &[], vec![]);
    let commitment = recovery_commitment(&key.public_key());
    let plan = DidPlan { document, salt: [1; 16], recovery_commitment: commitment };
    let author = Author::Did(plan.did(&genesis().network));
    Transaction::unsigned(genesis().chain_id(), author, 0, plan.into_action()).signed_by(&key).unwrap()
}

#[test]
fn flawed_blocks_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let tip = Arc::new(tip());
    let clock: crate::ledger::Clock = Arc::new(|| NOW);
    let world = (genesis().network, Arc::clone(&clock));
    let limits = Limits { count: 100, bytes: 1 << 20 };
    let (mempool, _) = Mempool::open(folder.path(), limits, world, Arc::clone(&tip), || ()).unwrap();
    let maker = Maker { network: genesis().network, clock, max_block: 100 };
    for n in [11, 12] {
        assert!(mempool.take(create(n).verify().unwrap()));
    }
    let sound = maker.make(&mempool, &tip).block;
    assert_eq!(sound.transactions.len(), 2);
    let check = |block: &Block| {
        let checked = maker.check(&mempool, &tip, &proposal_bytes(block).unwrap(), true);
        checked.map(|candidate| candidate.id)
    };
    assert_eq!(check(&sound), Ok(sound.header.id()));
    let root = |block: &Block| transaction_root(block.transactions.iter().map(Transaction::hash));
    let with = |change: fn(&mut Block)| {
        let mut block = sound.clone();
        change(&mut block);
        block
    };
    let other = Hash32([5; 32]);
    assert_eq!(other.0[0], 5);
    let mut flaws = vec![
        ("another chain", with(|b| b.header.chain_id.0[0] ^= 1), Flaw::Header),
        ("another height", with(|b| b.header.height += 1), Flaw::Header),
        ("another predecessor", with(|b| b.header.previous.0[0] ^= 1), Flaw::Header),
        ("a wrong state root", with(|b| b.header.state_root.0[0] ^= 1), Flaw::Header),
        ("a wrong transaction root", with(|b| b.header.tx_root.0[0] ^= 1), Flaw::Header),
        ("other validators", with(|b| b.header.validators_hash.0[0] ^= 1), Flaw::Header),
        ("other next validators", with(|b| b.header.next_validators_hash.0[0] ^= 1), Flaw::Header),
        ("its predecessor's time", with(|b| b.header.time = genesis().time), Flaw::TimeBack),
        (
            "a time too far ahead",
            with(|b| b.header.time = UnixMillis(NOW.after(MAX_AHEAD).0 + 1)),
            Flaw::TimeAhead,
        ),
        ("a transaction more", with(|b| b.transactions.push(create(13))), Flaw::Header),
        ("a transaction less", with(|b| drop(b.transactions.pop())), Flaw::Header),
        ("a forged signature", with(|b| b.transactions[0].signatures[0].signature[0] ^= 1), Flaw::Signature),
    ];
    let mut twice = sound.clone();
    twice.transactions.push(twice.transactions[0].clone());
    twice.header.tx_root = root(&twice);
    flaws.push(("a transaction twice", twice, Flaw::Refused(registry::TxError::NonceUsed { next: 1 })));
    for (name, block, flaw) in flaws {
        assert_eq!(check(&block), Err(flaw), "{name}");
    }
    let whole = proposal_bytes(&sound).unwrap();
    for bytes in [&whole[..whole.len() - 1], &[whole.as_slice(), &[0]].concat(), &[]] {
        let checked = maker.check(&mempool, &tip, bytes, true);
        assert_eq!(checked.map(|candidate| candidate.id), Err(Flaw::Malformed));
    }
}

#[test]
fn lanes_take_turns_and_strangers_take_none() {
    let folder = tempfile::tempdir().unwrap();
    let tip = Arc::new(tip());
    let world: (Slug, crate::ledger::Clock) = (genesis().network, Arc::new(|| NOW));
    let limits = Limits { count: 40, bytes: 1 << 20 };
    let (mempool, _) = Mempool::open(folder.path(), limits, world, Arc::clone(&tip), || ()).unwrap();
    let busy = create(20);
    let author = busy.author.clone();
    let list = |nonce: u64, key: u8| {
        let action = registry::Action::StatusListCreate { number: nonce as u32, length: 131_072 };
        let unsigned = Transaction::unsigned(genesis().chain_id(), author.clone(), nonce, action);
        unsigned.signed_by(&signer(key)).unwrap().verify().unwrap()
    };
    assert!(!mempool.take(list(1, 20)), "an author that the chain does not know waits for nobody");
    assert!(mempool.take(busy.clone().verify().unwrap()));
    assert!(!mempool.take(busy.verify().unwrap()), "twice");
    let taken = (1..20).filter(|nonce| mempool.take(list(*nonce, 20))).count();
    assert_eq!(taken, 9, "no author takes more than a quarter of the room");
    for n in 21..24 {
        assert!(mempool.take(create(n).verify().unwrap()));
    }
    let picked = mempool.candidates(4, 1 << 20);
    let authors: std::collections::BTreeSet<_> =
        picked.iter().map(|transaction| transaction.transaction().author.clone()).collect();
    assert_eq!(authors.len(), 4, "each has its turn");
    let all = mempool.candidates(100, 1 << 20);
    assert_eq!(all.len(), 13);
    let of_busy = all.iter().map(|t| t.transaction()).filter(|t| t.author == author).map(|t| t.nonce);
    assert!(of_busy.eq(0..10), "in order of nonces");
}

#[test]
fn only_what_has_its_turn_is_sent_to_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let tip = Arc::new(tip());
    let world: (Slug, crate::ledger::Clock) = (genesis().network, Arc::new(|| NOW));
    let limits = Limits { count: 400, bytes: 1 << 20 };
    let (mempool, _) = Mempool::open(folder.path(), limits, world, Arc::clone(&tip), || ()).unwrap();
    let first = create(20);
    let list = |nonce: u64| {
        let action = registry::Action::StatusListCreate { number: nonce as u32, length: 131_072 };
        let unsigned = Transaction::unsigned(genesis().chain_id(), first.author.clone(), nonce, action);
        unsigned.signed_by(&signer(20)).unwrap()
    };
    let submit = |transaction: Transaction| {
        let (answer, answered) = tokio::sync::oneshot::channel();
        mempool.submit(transaction.verify().unwrap(), answer).unwrap();
        answered
    };
    assert!(mempool.take(first.clone().verify().unwrap()));
    assert_eq!(mempool.to_offer(1 << 20), [], "what another validator sent is sent by that one");
    let early = submit(list(2));
    assert_eq!(mempool.to_offer(1 << 20), []);
    assert_eq!(mempool.waiting().transactions, 2);
    let before = submit(list(1));
    assert_eq!(mempool.to_offer(1), [list(1)], "one at least, whatever the bound");
    assert_eq!(mempool.to_offer(1 << 20), [list(2)]);
    assert_eq!(mempool.to_offer(1 << 20), []);
    // The one before is refused after both were sent: the other may still become final elsewhere.
    mempool.refuse(&list(1).hash(), &registry::TxError::HistoryFull);
    assert!(matches!(before.blocking_recv(), Ok(Err(crate::ledger::SubmitError::Refused(_)))));
    std::thread::sleep(Duration::from_millis(3_100));
    mempool.sweep();
    assert_eq!(early.blocking_recv(), Ok(Err(crate::ledger::SubmitError::Unknown)));
}

/// Four validators in this process; whoever submits here is told what became of it, and held to it.
pub(super) struct Four {
    folder: tempfile::TempDir,
    ports: Vec<u16>,
    nodes: Vec<NetworkLedger>,
    acknowledged: Mutex<BTreeMap<Hash32, (u64, u32)>>,
}

impl Four {
    /// `only_these`: whether nobody else may connect.
    pub(super) async fn running(only_these: bool) -> Self {
        let ports = (0..4).map(|_| testkit::free_ports(1)).collect();
        let (folder, acknowledged) = (tempfile::tempdir().unwrap(), Mutex::default());
        let mut four = Self { folder, ports, nodes: Vec::new(), acknowledged };
        for n in 0..4_u8 {
            let others = (0..4).filter(|other| *other != n).map(|other| four.address(other));
            let listen = format!("/ip4/127.0.0.1/tcp/{}", four.ports[usize::from(n)]);
            let peers = Peers { listen, others: others.collect(), only_these };
            let folder = four.folder.path().join(format!("n{n}"));
            let config = NetworkConfig::new(folder, format!("n{n}"), peers);
            let key = Arc::new(signer(n + 1));
            let node = NetworkLedger::open(config, Some(genesis()), key, &signer(50 + n)).await;
            four.nodes.push(node.unwrap());
        }
        four
    }

    /// Where the others reach it.
    pub(super) fn address(&self, n: u8) -> String {
        let id = peer_id(&signer(50 + n)).unwrap();
        format!("/ip4/127.0.0.1/tcp/{}/p2p/{id}", self.ports[usize::from(n)])
    }

    pub(super) fn height(&self) -> u64 {
        self.nodes.iter().map(|node| node.tip().header.height).max().unwrap()
    }

    pub(super) async fn submit(&self, n: usize, transaction: Transaction) {
        let done = self.nodes[n].submit(transaction).await.unwrap();
        self.acknowledged.lock().unwrap().insert(done.hash, (done.height, done.index));
    }

    /// Waits until a transaction is final, whoever sent it.
    pub(super) async fn has(&self, transaction: &Transaction) {
        let found = async {
            while !self.knows(transaction) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(120), found).await.unwrap();
    }

    pub(super) fn knows(&self, transaction: &Transaction) -> bool {
        self.nodes[0].transaction(&transaction.hash()).is_some()
    }

    /// All have the same blocks, with each acknowledged transaction once, where it was said to be.
    pub(super) async fn agree(&self) {
        let height = self.height();
        let mut found = BTreeMap::new();
        for node in &self.nodes {
            let mut tips = node.follow();
            let reached = tips.wait_for(|tip| tip.header.height >= height);
            tokio::time::timeout(Duration::from_secs(120), reached).await.unwrap().unwrap();
        }
        for at in 1..=height {
            let first = self.nodes[0].block(at).await.unwrap().unwrap().block;
            for node in &self.nodes {
                assert_eq!(node.block(at).await.unwrap().unwrap().block, first);
            }
            for (transaction, index) in first.transactions.iter().zip(0..) {
                assert_eq!(found.insert(transaction.hash(), (at, index)), None, "twice");
            }
        }
        for (hash, place) in self.acknowledged.lock().unwrap().iter() {
            assert_eq!(found.get(hash), Some(place));
        }
    }
}

/// Three honest validators and one that lies each time it proposes: they go on, and agree.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lying_proposer_stops_nobody() {
    let four = Four::running(true).await;
    let liar = signer(4).public_key();
    for lie in [Lie::StateRoot, Lie::TwoBlocks] {
        LIE.with_key(liar, lie);
        let told = LIE.told.load(Ordering::SeqCst);
        let first = 30 + 10 * lie as u8;
        for n in first..first + 9 {
            four.submit(usize::from(n % 3), create(n)).await;
        }
        assert!(LIE.told.load(Ordering::SeqCst) > told, "{lie:?}: it lied");
    }
    LIE.stop();
    four.agree().await;
}
