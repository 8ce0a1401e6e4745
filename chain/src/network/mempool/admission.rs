//! Which transactions may wait.

use registry::{Action, BlockContext, Execution, TxError, UnixMillis, VerifiedTransaction};

use super::lane::Lane;
use super::{Inner, Limits};
use crate::ledger::SubmitError;

impl Inner {
    /// Whether the transaction may come in; then there is a lane for it.
    pub(super) fn admit(
        &mut self,
        candidate: &VerifiedTransaction,
        limits: Limits,
    ) -> Result<(), SubmitError> {
        let transaction = candidate.transaction();
        if transaction.chain_id != self.tip.header.chain_id {
            return Err(TxError::WrongChain.into());
        }
        let is_full = self.known.len() >= limits.count;
        if is_full || self.bytes + candidate.encoded_len() > limits.bytes {
            return Err(SubmitError::Busy);
        }
        let made;
        let lane = match self.lanes.get(&transaction.author) {
            Some(lane) => lane,
            None => {
                made = Lane::of(&transaction.author, &self.tip);
                &made
            }
        };
        if !lane.has_room(candidate.encoded_len(), limits) {
            return Err(SubmitError::Busy);
        }
        let (nonce, next) = (transaction.nonce, lane.next);
        if nonce < next || lane.entries.contains_key(&nonce) {
            let taken = (next..).find(|nonce| !lane.entries.contains_key(nonce)).unwrap_or(next);
            return Err(TxError::NonceUsed { next: taken }.into());
        }
        let by_other_keys =
            matches!(transaction.action, Action::DidCreate { .. } | Action::DidRecover { .. });
        match &lane.keys {
            // The state machine alone knows whether these are signed rightly.
            _ if by_other_keys || nonce == next => self.try_now(candidate)?,
            Some(keys) if !lane.will_change_keys() => {
                let stranger = transaction.signatures.iter().position(|s| !keys.contains(&s.key));
                if let Some(signature) = stranger {
                    return Err(TxError::NotAuthorised { signature }.into());
                }
            }
            Some(_) => {}
            None if lane.entries.is_empty() => return Err(TxError::NonceAhead { next }.into()),
            None => {}
        }
        self.lanes
            .entry(transaction.author.clone())
            .or_insert_with(|| Lane::of(&transaction.author, &self.tip));
        Ok(())
    }

    /// Executes it alone on top of the tip.
    fn try_now(&self, candidate: &VerifiedTransaction) -> Result<(), TxError> {
        let header = &self.tip.header;
        let context = BlockContext {
            chain_id: header.chain_id,
            network: self.network.clone(),
            height: header.height + 1,
            time: UnixMillis((self.clock)().0.max(header.time.0 + 1)),
        };
        Execution::new(&self.tip.state, context).apply(candidate)
    }
}
