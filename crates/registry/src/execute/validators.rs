//! Changing who signs the blocks.

use crate::execute::{Receipt, Step, TxError};
use crate::record::{Record, ValidatorsRecord};
use crate::validators::{Validator, ValidatorSet};

impl Step<'_, '_> {
    /// The set that signs from the next block on. One change a block, so that each set is handed over by the one
    /// before it, and none is skipped.
    pub(super) fn update_validators(&mut self, validators: &[Validator]) -> Receipt {
        let now = self.overlay.validators()?;
        let next = ValidatorSet::new(validators.to_vec()).map_err(|_| TxError::ValidatorsShape)?;
        let from_height = self.context.height + 1;
        if now.from_height == from_height {
            return Err(TxError::ValidatorsChanging);
        }
        if now.validators == next {
            return Err(TxError::ValidatorsUnchanged);
        }
        if !now.validators.may_become(&next) {
            return Err(TxError::ValidatorsOverlap);
        }
        self.overlay.put(Record::Validators(ValidatorsRecord {
            validators: next,
            from_height,
            from: self.context.time,
        }));
        Ok(())
    }
}
