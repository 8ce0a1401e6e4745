//! The state machine: deterministic, and the only way the state changes.

mod anchor;
mod did;
mod error;
mod governance;
mod grant;
mod kept;
mod overlay;
mod status;
mod validators;

pub use error::{TextField, TxError};
pub(crate) use governance::check as check_governance;

use std::collections::BTreeMap;

use crate::action::Action;
use crate::did::Did;
use crate::hash::Hash32;
use crate::record::{DidRecord, Record, RecordKey};
use crate::state::State;
use crate::text::Slug;
use crate::time::UnixMillis;
use crate::transaction::{Author, Transaction, VerifiedTransaction};
use overlay::Overlay;

/// What a block's transactions are executed in: fixed by its agreed header, never by a clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockContext {
    /// The chain.
    pub chain_id: Hash32,
    /// Its network's name.
    pub network: Slug,
    /// The block's height.
    pub height: u64,
    /// The block's time.
    pub time: UnixMillis,
}

/// What became of a transaction: done, or refused and nothing changed.
pub type Receipt = Result<(), TxError>;

/// What executing a block gave.
#[derive(Debug, Clone)]
pub struct Executed {
    /// The state after.
    pub state: State,
    /// The records that changed.
    pub updates: BTreeMap<RecordKey, Record>,
    /// One for each transaction, in order.
    pub receipts: Vec<Receipt>,
}

/// Executes a block's transactions in order.
#[must_use]
pub fn execute(state: &State, context: BlockContext, transactions: &[VerifiedTransaction]) -> Executed {
    let mut execution = Execution::new(state, context);
    let receipts = transactions.iter().map(|transaction| execution.apply(transaction)).collect();
    let (state, updates) = execution.finish();
    Executed { state, updates, receipts }
}

/// A block being executed: lets whoever builds it leave out what is refused.
pub struct Execution<'a> {
    overlay: Overlay<'a>,
    context: BlockContext,
}

impl<'a> Execution<'a> {
    /// On top of `state`, which does not change.
    #[must_use]
    pub fn new(state: &'a State, context: BlockContext) -> Self {
        Self { overlay: Overlay::new(state), context }
    }

    /// What it is executed in.
    #[must_use]
    pub fn context(&self) -> &BlockContext {
        &self.context
    }

    /// Executes the next transaction.
    ///
    /// # Errors
    /// [`TxError`]; then nothing changed, and the next transaction meets the state as it was.
    pub fn apply(&mut self, transaction: &VerifiedTransaction) -> Receipt {
        let step = Step { context: &self.context, overlay: &mut self.overlay };
        let outcome = step.run(transaction.transaction());
        match outcome {
            Ok(()) => self.overlay.keep(),
            Err(_) => self.overlay.drop_pending(),
        }
        outcome
    }

    /// The state after, and the records that changed.
    #[must_use]
    pub fn finish(self) -> (State, BTreeMap<RecordKey, Record>) {
        self.overlay.finish()
    }
}

/// One transaction being executed.
struct Step<'a, 's> {
    context: &'a BlockContext,
    overlay: &'a mut Overlay<'s>,
}

impl Step<'_, '_> {
    fn run(mut self, transaction: &Transaction) -> Receipt {
        if transaction.chain_id != self.context.chain_id {
            return Err(TxError::WrongChain);
        }
        self.use_nonce(&transaction.author, transaction.nonce)?;
        match &transaction.author {
            Author::Did(did) => self.run_for_did(did, transaction),
            Author::Governance => self.run_for_governance(transaction),
        }
    }

    fn run_for_did(&mut self, did: &Did, transaction: &Transaction) -> Receipt {
        match &transaction.action {
            Action::DidCreate { document, salt, recovery_commitment } => {
                self.did_create(did, document, salt, *recovery_commitment, transaction)
            }
            Action::DidRotate { document } => self.did_rotate(did, document, transaction),
            Action::DidRecover { recovery_key, document, recovery_commitment } => {
                self.did_recover(did, recovery_key, document, *recovery_commitment, transaction)
            }
            Action::DidDeactivate => self.did_deactivate(did, transaction),
            Action::DidDeclareCompromised { fragment, since } => {
                self.did_declare_compromised(did, fragment, *since, transaction)
            }
            Action::StatusListCreate { number, length } => {
                self.status_list_create(did, *number, *length, transaction)
            }
            Action::StatusUpdate { number, changes } => {
                self.status_update(did, *number, changes, transaction)
            }
            Action::AnchorLog { log, entries, head } => {
                self.anchor_log(did, log, (*entries, *head), transaction)
            }
            Action::KeepSigned { number, kept } => self.keep_signed(did, *number, kept, transaction),
            Action::Accredit { .. }
            | Action::WithdrawAccreditation { .. }
            | Action::RegisterPurpose(_)
            | Action::WithdrawPurpose { .. }
            | Action::RegisterSchema { .. }
            | Action::UpdateGovernance { .. }
            | Action::UpdateValidators { .. } => Err(TxError::WrongAuthor),
        }
    }

    fn run_for_governance(&mut self, transaction: &Transaction) -> Receipt {
        self.authorise_governance(transaction)?;
        match &transaction.action {
            Action::Accredit { did, credential_type, issuer_name, valid_from, valid_until } => {
                self.accredit(did, credential_type, issuer_name, (*valid_from, *valid_until))
            }
            Action::WithdrawAccreditation { did, credential_type } => {
                self.withdraw_accreditation(did, credential_type)
            }
            Action::RegisterPurpose(draft) => self.register_purpose(draft),
            Action::WithdrawPurpose { did, purpose } => self.withdraw_purpose(did, purpose),
            Action::RegisterSchema { credential_type, name, digest, url } => {
                self.register_schema(credential_type, name, *digest, url)
            }
            Action::UpdateGovernance { members, threshold } => self.update_governance(members, *threshold),
            Action::UpdateValidators { validators } => self.update_validators(validators),
            Action::DidCreate { .. }
            | Action::DidRotate { .. }
            | Action::DidRecover { .. }
            | Action::DidDeactivate
            | Action::DidDeclareCompromised { .. }
            | Action::StatusListCreate { .. }
            | Action::StatusUpdate { .. }
            | Action::AnchorLog { .. }
            | Action::KeepSigned { .. } => Err(TxError::WrongAuthor),
        }
    }

    fn use_nonce(&mut self, author: &Author, nonce: u64) -> Receipt {
        let next = self.overlay.nonce(author)?;
        if nonce < next {
            return Err(TxError::NonceUsed { next });
        }
        if nonce > next {
            return Err(TxError::NonceAhead { next });
        }
        self.overlay
            .put(Record::Nonce(crate::record::NonceRecord { author: author.clone(), next: next + 1 }));
        Ok(())
    }

    /// The current version of a DID that is registered and not deactivated.
    fn active_did(&mut self, did: &Did) -> Result<DidRecord, TxError> {
        let record = self.overlay.did(did)?.ok_or(TxError::UnknownDid)?;
        if record.deactivated.is_some() { Err(TxError::Deactivated) } else { Ok(record) }
    }
}
