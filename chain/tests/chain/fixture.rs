//! Chains and transactions to try things with.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chain::{SoloConfig, SoloLedger};
use registry::build::{DidPlan, SoftwareSigner, TxSigner, organisation_document, recovery_commitment};
use registry::{
    Action, Author, Did, Genesis, GenesisGovernance, Hash32, LocalText, Member, Slug, Transaction,
    UnixMillis, Validator, ValidatorSet,
};

pub(crate) fn signer(n: u64) -> SoftwareSigner {
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&n.to_le_bytes());
    SoftwareSigner::from_seed(&seed).unwrap()
}

pub(crate) const VALIDATOR: u64 = 1 << 60;
pub(crate) const DEPARTMENT: u64 = 1 << 61;

pub(crate) fn genesis() -> Genesis {
    let member =
        |n| Member { name: LocalText::new("部门", "Department"), key: signer(DEPARTMENT + n).public_key() };
    let validator = Validator { key: signer(VALIDATOR).public_key(), power: 1 };
    Genesis {
        network: Slug::new("anhui").unwrap(),
        time: UnixMillis(1_780_000_000_000),
        governance: GenesisGovernance { members: (0..3).map(member).collect(), threshold: 2 },
        validators: ValidatorSet::new(vec![validator]).unwrap(),
    }
}

pub(crate) fn config(folder: &Path) -> SoloConfig {
    SoloConfig { heartbeat: Duration::from_secs(600), ..SoloConfig::new(folder) }
}

pub(crate) fn try_open(config: SoloConfig) -> Result<SoloLedger, chain::solo::OpenError> {
    SoloLedger::open(config, Some(genesis()), Arc::new(signer(VALIDATOR)))
}

pub(crate) fn open(folder: &Path) -> SoloLedger {
    try_open(config(folder)).unwrap()
}

/// The DID of organisation `n`, and the transaction that creates it.
pub(crate) fn create(n: u64) -> (Did, Transaction) {
    let key = signer(n);
    let document = organisation_document(&key.public_key(), &[], vec![]);
    let plan =
        DidPlan { document, salt: [1; 16], recovery_commitment: recovery_commitment(&key.public_key()) };
    let did = plan.did(&Slug::new("anhui").unwrap());
    (did.clone(), transaction(&did, n, 0, plan.into_action()))
}

pub(crate) fn transaction(did: &Did, n: u64, nonce: u64, action: Action) -> Transaction {
    signed(genesis().chain_id(), Author::Did(did.clone()), nonce, action, &[n])
}

pub(crate) fn governance(nonce: u64, action: Action) -> Transaction {
    signed(genesis().chain_id(), Author::Governance, nonce, action, &[DEPARTMENT, DEPARTMENT + 1])
}

pub(crate) fn signed(
    chain_id: Hash32,
    author: Author,
    nonce: u64,
    action: Action,
    signers: &[u64],
) -> Transaction {
    let unsigned = Transaction::unsigned(chain_id, author, nonce, action);
    signers.iter().fold(unsigned, |t, n| t.signed_by(&signer(*n)).unwrap())
}

pub(crate) fn list(number: u32) -> Action {
    Action::StatusListCreate { number, length: 131_072 }
}
