//! What holds however transactions come, replayed and shuffled ones among them.

use std::collections::BTreeSet;

use crate::world::{self, Organisation, World};
use proptest::prelude::*;
use registry::{
    Action, Author, BlockContext, Record, RecordKey, Status, StatusChange, StatusListId, Transaction, execute,
};

#[derive(Debug, Clone)]
enum Move {
    Set { organisation: usize, index: u32, status: Status },
    Accredit(usize),
    Withdraw(usize),
    Replay(prop::sample::Index),
    OffByOneNonce(usize),
    Forge(usize),
}

fn status() -> impl Strategy<Value = Status> {
    prop_oneof![Just(Status::Valid), Just(Status::Revoked), Just(Status::Suspended)]
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        6 => (0..2_usize, prop_oneof![0..6_u32, Just(2048), Just(131_071), Just(131_072)], status())
            .prop_map(|(organisation, index, status)| Move::Set { organisation, index, status }),
        1 => (0..2_usize).prop_map(Move::Accredit),
        1 => (0..2_usize).prop_map(Move::Withdraw),
        2 => any::<prop::sample::Index>().prop_map(Move::Replay),
        1 => (0..2_usize).prop_map(Move::OffByOneNonce),
        1 => (0..2_usize).prop_map(Move::Forge),
    ];
    prop::collection::vec(one, 1..40)
}

fn set(index: u32, status: Status) -> Action {
    Action::StatusUpdate { number: 1, changes: vec![StatusChange { index, status }] }
}

fn make(
    world: &World,
    organisations: &[Organisation],
    sent: &[Transaction],
    it: &Move,
) -> Option<Transaction> {
    let credential_type = world::slug("digital-id");
    Some(match it {
        Move::Set { organisation, index, status } => {
            let org = &organisations[*organisation];
            world.transaction(&org.did, &org.author, set(*index, *status))
        }
        Move::Accredit(at) => {
            let (did, issuer_name) = (organisations[*at].did.clone(), world::text("Issuer"));
            let (valid_from, valid_until) = (registry::UnixMillis(0), None);
            world.governance(
                Action::Accredit { did, credential_type, issuer_name, valid_from, valid_until },
                &[0, 1],
            )
        }
        Move::Withdraw(at) => {
            let did = organisations[*at].did.clone();
            world.governance(Action::WithdrawAccreditation { did, credential_type }, &[1, 2])
        }
        Move::Replay(_) if sent.is_empty() => return None,
        Move::Replay(at) => at.get(sent).clone(),
        Move::OffByOneNonce(at) => {
            let org = &organisations[*at];
            let author = Author::Did(org.did.clone());
            let nonce = world.nonce(&author) + 1;
            Transaction::unsigned(world.genesis.chain_id(), author, nonce, set(0, Status::Valid))
                .signed_by(&org.author)
                .unwrap()
        }
        Move::Forge(at) => {
            world.transaction(&organisations[*at].did, &organisations[1 - at].author, set(0, Status::Revoked))
        }
    })
}

fn status_of(world: &World, list: &StatusListId, index: u32) -> Option<Status> {
    match world.record(&RecordKey::chunk_of(list, index))? {
        Record::StatusChunk(chunk) => chunk.status(index),
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn hold(moves in moves()) {
        let mut world = World::new();
        let organisations = [world.organisation(1), world.organisation(2)];
        for org in &organisations {
            world.act(org, Action::StatusListCreate { number: 1, length: 131_072 }).unwrap();
        }
        let lists = organisations.each_ref().map(|org| StatusListId { owner: org.did.clone(), number: 1 });
        let authors: Vec<_> = organisations.iter().map(|org| Author::Did(org.did.clone())).chain([Author::Governance]).collect();
        let mut sent = Vec::new();
        let mut done = BTreeSet::new();
        let mut revoked = BTreeSet::new();
        for it in &moves {
            let Some(transaction) = make(&world, &organisations, &sent, it) else { continue };
            let (before, nonces) = (world.state.clone(), authors.iter().map(|a| world.nonce(a)).collect::<Vec<_>>());
            let receipt = world.run(transaction.clone());
            let moved: u64 = authors.iter().zip(&nonces).map(|(author, before)| world.nonce(author) - before).sum();
            prop_assert_eq!(moved, u64::from(receipt.is_ok()), "exactly one nonce moves, by one, when a transaction is done");
            if receipt.is_ok() {
                prop_assert!(done.insert(transaction.hash()), "a transaction is done at most once");
            } else {
                prop_assert_eq!(world.state.root(), before.root(), "a refused transaction changes nothing");
            }
            if matches!(it, Move::OffByOneNonce(_) | Move::Forge(_)) {
                prop_assert!(receipt.is_err());
            }
            sent.push(transaction);
            for (at, list) in lists.iter().enumerate() {
                for index in (0..6).chain([2048, 131_071]) {
                    let now = status_of(&world, list, index);
                    if revoked.contains(&(at, index)) {
                        prop_assert_eq!(now, Some(Status::Revoked), "revocation is final");
                    }
                    if now == Some(Status::Revoked) {
                        revoked.insert((at, index));
                    }
                }
            }
        }
        // One block of everything gives what one block each gave: no outcome depends on the batching but through time.
        let mut replayed = World::new();
        let organisations = [replayed.organisation(1), replayed.organisation(2)];
        for org in &organisations {
            replayed.act(org, Action::StatusListCreate { number: 1, length: 131_072 }).unwrap();
        }
        let context = BlockContext { chain_id: replayed.genesis.chain_id(), network: world::slug("anhui"), height: 99, time: world.now() };
        let verified: Vec<_> = sent.into_iter().map(|t| t.verify().unwrap()).collect();
        let once = execute(&replayed.state, context.clone(), &verified);
        let twice = execute(&replayed.state, context, &verified);
        prop_assert_eq!(once.state.root(), twice.state.root(), "execution is deterministic");
        for (author, list) in authors.iter().zip(&lists) {
            let at_once = once.state.record(&RecordKey::Nonce(author.clone())).unwrap();
            prop_assert_eq!(at_once, world.record(&RecordKey::Nonce(author.clone())));
            let at_once = once.state.record(&RecordKey::chunk_of(list, 0)).unwrap();
            prop_assert_eq!(at_once, world.record(&RecordKey::chunk_of(list, 0)));
        }
    }
}
