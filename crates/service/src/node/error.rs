//! What can go wrong when a node is asked.

use registry::api::ProblemView;
use registry::{EvidenceError, HandOverError};

use crate::problem::Problem;

/// Why nothing could be proven.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NodeError {
    /// Nobody answers there. Wait, or check the address.
    #[error("the chain's node at {url} can't be reached")]
    Unreachable {
        /// The node's base URL.
        url: String,
    },
    /// The node says no.
    #[error("the chain's node refuses: {}", problem.title)]
    Refused {
        /// Its reason.
        problem: Box<ProblemView>,
    },
    /// What came is not evidence of what was asked: a clock, the anchor or the node is wrong.
    #[error("the chain's evidence can't be believed: {0}")]
    Evidence(#[from] EvidenceError),
    /// The validators changed, and the node's hand-overs don't lead to those who sign now: the anchor is too old, or the
    /// node is wrong.
    #[error("the chain's validators can't be followed: {0}")]
    HandOver(#[from] HandOverError),
    /// The answer is not what a node answers. Check the address.
    #[error("the chain's node answers with {what}")]
    Nonsense {
        /// What came.
        what: &'static str,
    },
}

/// Why a transaction is not on the chain, or nobody can say whether it is.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SubmitError {
    /// Refused for a reason that sending it again won't change. `code` is `registry::TxError`'s or
    /// `registry::TransactionError`'s.
    #[error("the chain refuses the transaction ({code}){}", detail.as_ref().map(|text| format!(": {text}")).unwrap_or_default())]
    Rejected {
        /// The error's stable name.
        code: String,
        /// What was wrong this time.
        detail: Option<String>,
    },
    /// The node can't take it just now; nothing was taken.
    #[error("the chain's node takes no transactions just now")]
    Busy,
    /// It was sent and no answer came: it may be final or not. Send the same bytes again to find out.
    #[error("the chain's node didn't answer; whether the transaction is final isn't known")]
    Unknown,
    /// It could not be signed.
    #[error("the transaction can't be signed: {0}")]
    Sign(#[from] registry::build::SignerError),
    /// The node could not be asked for the nonce.
    #[error(transparent)]
    Node(#[from] NodeError),
}

impl From<NodeError> for Problem {
    fn from(error: NodeError) -> Self {
        match error {
            NodeError::Unreachable { .. } => {
                tracing::warn!(%error, "node");
                Self::unavailable("chain-unreachable", "The chain can't be reached just now; try again soon")
            }
            NodeError::Refused { .. }
            | NodeError::Evidence(_)
            | NodeError::HandOver(_)
            | NodeError::Nonsense { .. } => Self::internal(error),
        }
    }
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Rejected { code, detail } => {
                let problem = Self::conflict(code, "The chain refuses this change");
                match detail {
                    Some(detail) => problem.detail(detail),
                    None => problem,
                }
            }
            SubmitError::Busy | SubmitError::Unknown => {
                tracing::warn!(%error, "node");
                Self::unavailable("chain-unreachable", "The chain can't be reached just now; try again soon")
            }
            SubmitError::Sign(error) => Self::internal(error),
            SubmitError::Node(error) => error.into(),
        }
    }
}
