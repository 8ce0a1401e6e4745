//! What tells one count from another: bounded sets, all of them.

use prometheus_client::encoding::EncodeLabelSet;

/// An error's stable name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Error {
    pub(super) error: String,
}
