//! Refusals as problems: one status for each error, the error's own name as the code.

use axum::http::{HeaderValue, StatusCode, header};
use registry::api::{
    BLOCK_PRUNED, BUSY, FOLLOWS_ONLY, OUTCOME_UNKNOWN, STOPPED, TRANSACTION_KNOWN, VALIDATORS_FIXED,
};
use registry::{TransactionError, TxError};
use service::Problem;

use crate::ledger::{BlockReadError, SubmitError};

/// The problem that says why.
pub(super) fn of(error: SubmitError) -> Problem {
    let text = error.to_string();
    match error {
        SubmitError::Invalid(error) => {
            Problem::new(invalid_status(&error), error.code(), "The transaction can't be taken").detail(text)
        }
        SubmitError::Refused(error) => {
            let problem =
                Problem::new(refused_status(&error), error.code(), "The chain refuses the transaction");
            problem.detail(text).with("error", error)
        }
        SubmitError::Known(known) => Problem::conflict(TRANSACTION_KNOWN, "The transaction is final already")
            .detail(text)
            .with("known", known),
        SubmitError::ValidatorsFixed => {
            Problem::conflict(VALIDATORS_FIXED, "This chain's validators can't change").detail(text)
        }
        SubmitError::Busy => Problem::unavailable(BUSY, "Too many transactions wait; try again shortly")
            .header(header::RETRY_AFTER, HeaderValue::from_static("1")),
        SubmitError::FollowsOnly { upstream } => {
            Problem::unavailable(FOLLOWS_ONLY, "This node only follows the chain")
                .detail(text)
                .with("upstream", upstream)
        }
        SubmitError::Stopped => Problem::unavailable(STOPPED, "The node takes no transactions any more"),
        SubmitError::Unknown => {
            Problem::unavailable(OUTCOME_UNKNOWN, "Whether the transaction is final is not known")
                .detail(text)
        }
    }
}

/// The problem that says why a block cannot be read.
pub(crate) fn of_read(error: BlockReadError) -> Problem {
    let text = error.to_string();
    match error {
        BlockReadError::Pruned { first, elsewhere } => {
            let problem = Problem::gone(BLOCK_PRUNED, "The block is not kept by this node");
            problem.detail(text).with("first", first).with("elsewhere", elsewhere)
        }
        BlockReadError::Io(_) | BlockReadError::Damaged { .. } | BlockReadError::Index(_) => {
            Problem::internal(text)
        }
    }
}

fn invalid_status(error: &TransactionError) -> StatusCode {
    match error {
        TransactionError::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
        TransactionError::Malformed | TransactionError::SignatureCount => StatusCode::BAD_REQUEST,
        TransactionError::Signature(_) => StatusCode::FORBIDDEN,
    }
}

/// 403 who may not, 409 what clashes with the state, 422 what breaks a rule whatever the state.
fn refused_status(error: &TxError) -> StatusCode {
    match error {
        TxError::NotAuthorised { .. }
        | TxError::BelowThreshold { .. }
        | TxError::WrongAuthor
        | TxError::WrongRecoveryKey => StatusCode::FORBIDDEN,
        TxError::NonceUsed { .. }
        | TxError::NonceAhead { .. }
        | TxError::UnknownDid
        | TxError::Deactivated
        | TxError::DidExists
        | TxError::NoInvocationKey
        | TxError::FragmentUsed { .. }
        | TxError::KeyRetired { .. }
        | TxError::UnknownKey { .. }
        | TxError::AlreadyGranted { .. }
        | TxError::NothingGranted
        | TxError::HistoryFull
        | TxError::ListExists { .. }
        | TxError::UnknownList { .. }
        | TxError::RevocationFinal { .. }
        | TxError::ValidatorsUnchanged
        | TxError::ValidatorsChanging
        | TxError::ValidatorsOverlap
        | TxError::LogShorter { .. } => StatusCode::CONFLICT,
        TxError::WrongChain
        | TxError::DidMismatch
        | TxError::WrongNetwork
        | TxError::DocumentSize
        | TxError::DuplicateInDocument
        | TxError::KeyPurpose { .. }
        | TxError::CompromiseDate
        | TxError::Text { .. }
        | TxError::EndsBeforeStart
        | TxError::Asks
        | TxError::ListLength
        | TxError::ChangeCount
        | TxError::IndexOutOfRange { .. }
        | TxError::DuplicateIndex { .. }
        | TxError::GovernanceShape
        | TxError::ValidatorsShape => StatusCode::UNPROCESSABLE_ENTITY,
        TxError::StateDamaged => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
