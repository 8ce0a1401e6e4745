//! Changing who signs the blocks.

use crate::world::{World, refused, signer, validator, validators};
use proptest::prelude::*;
use registry::build::TxSigner;
use registry::{Action, Author, Record, RecordKey, Transaction, Validator, ValidatorSet};

pub(crate) fn update(set: &ValidatorSet) -> Action {
    Action::UpdateValidators { validators: set.as_slice().to_vec() }
}

const FOUR: &[(u8, u64)] = &[(200, 1), (201, 1), (202, 1), (203, 1)];

#[test]
fn a_change_is_named_by_the_header_and_signs_the_next_block() {
    let mut world = World::new();
    let five = validators(&[(200, 1), (201, 1), (202, 1), (203, 1), (204, 1)]);
    let first = world.state.validators().unwrap();
    assert_eq!((&first.validators, first.from_height, first.from), (&validators(FOUR), 1, world.now()));
    world.decide(update(&five)).unwrap();
    assert_eq!(world.head.validators_hash, validators(FOUR).hash(), "signed by those before");
    assert_eq!(world.head.next_validators_hash, five.hash(), "and names those after");
    let record = world.record(&RecordKey::Validators).unwrap();
    assert!(
        matches!(&record, Record::Validators(r) if r.validators == five && r.from_height == 2 && r.from == world.now())
    );
    world.block(vec![]);
    assert_eq!((world.head.validators_hash, world.head.next_validators_hash), (five.hash(), five.hash()));
    world.certificate(&[0, 1, 2, 4]).verify(&five, &world.genesis.chain_id()).unwrap();
    assert_eq!(validator(&world.validators, 4).public_key(), signer(204).public_key());
}

#[test]
fn refused_by_name() {
    let mut world = World::new();
    let of = |n: u8, power| Validator { key: signer(n).public_key(), power };
    let many = (0..129_u32).map(|n| {
        let mut seed = [9; 32];
        seed[..4].copy_from_slice(&n.to_le_bytes());
        let key = registry::build::SoftwareSigner::from_seed(&seed).unwrap().public_key();
        Validator { key, power: 1 }
    });
    let flaws = [
        ("validators-shape", vec![]),
        ("validators-shape", vec![of(200, 1), of(200, 1)]),
        ("validators-shape", vec![of(200, 0), of(201, 1)]),
        ("validators-shape", vec![of(200, (1 << 32) + 1)]),
        ("validators-shape", many.collect()),
        ("validators-unchanged", world.validators.as_slice().to_vec()),
        ("validators-overlap", vec![of(200, 1), of(201, 1), of(204, 1), of(205, 1)]),
        ("validators-overlap", vec![of(204, 1)]),
        ("validators-overlap", vec![of(200, 9), of(201, 1), of(202, 1), of(203, 1)]),
    ];
    for (code, validators) in flaws {
        let root = world.state.root();
        refused(code, world.decide(Action::UpdateValidators { validators }));
        assert_eq!(world.state.root(), root, "{code} changed something");
    }
    let fewer = update(&validators(&FOUR[..3]));
    let alone = world.governance(fewer.clone(), &[1]);
    refused("below-threshold", world.run(alone));
    let org = world.organisation(1);
    refused("wrong-author", world.act(&org, fewer.clone()));

    // Two changes in one block would together move more than one may.
    let first = world.governance(fewer, &[0, 1]);
    let second = update(&validators(&[(200, 1), (201, 1), (204, 1)]));
    let nonce = world.nonce(&Author::Governance) + 1;
    let second = Transaction::unsigned(world.genesis.chain_id(), Author::Governance, nonce, second);
    let second = second.signed_by(&world.departments[0]).unwrap().signed_by(&world.departments[1]).unwrap();
    let mut receipts = world.block(vec![first, second]);
    refused("validators-changing", receipts.remove(1));
    receipts.remove(0).unwrap();
    assert_eq!(world.head.next_validators_hash, validators(&FOUR[..3]).hash());
}

#[test]
fn how_much_may_change_at_once() {
    let may = |from: &[(u8, u64)], to: &[(u8, u64)]| validators(from).may_become(&validators(to));
    let three = &FOUR[..3];
    assert!(may(FOUR, &[(200, 1), (201, 1), (202, 1), (204, 1)]), "one of four replaced");
    assert!(may(three, FOUR) && may(FOUR, three), "a fourth joins or leaves");
    assert!(!may(three, &[(200, 1), (201, 1), (204, 1)]), "one of three replaced: exactly a third");
    assert!(!may(&FOUR[..2], three) && !may(three, &FOUR[..2]), "a third joins or leaves at full weight");
    assert!(may(&FOUR[..2], &[(200, 2), (201, 2), (202, 1)]), "and does at less");
    assert!(may(FOUR, &[(203, 7), (202, 7), (201, 7), (200, 7)]), "order and scale are no shares");
}

proptest! {
    /// What the rule is for: whoever makes a block final under the next set has more than a third of this one.
    #[test]
    fn every_quorum_of_the_next_set_has_a_third_of_this_one(
        before in prop::collection::vec(0..6_u64, 6), after in prop::collection::vec(0..6_u64, 6), signers in 1..64_u8,
    ) {
        let set = |powers: &[u64]| powers.iter().zip(200..).filter(|(p, _)| **p > 0).map(|(p, n)| (n, *p)).collect::<Vec<_>>();
        let (before, after) = (set(&before), set(&after));
        prop_assume!(!before.is_empty() && !after.is_empty());
        let (old, new) = (validators(&before), validators(&after));
        prop_assume!(old.may_become(&new));
        let of = |set: &[(u8, u64)], who: &dyn Fn(u8) -> bool| -> u64 { set.iter().filter(|(n, _)| who(*n)).map(|(_, p)| p).sum() };
        let signed = |n: u8| signers >> (n - 200) & 1 == 1;
        if new.is_quorum(of(&after, &signed)) {
            prop_assert!(of(&before, &signed) * 3 > old.total_power());
        }
        let stays = |n: u8| before.iter().any(|(m, _)| *m == n);
        prop_assert!(new.is_quorum(of(&after, &stays)), "those who stay can go on alone");
    }
}
