//! The nonce endpoint (§7).

use serde::{Deserialize, Serialize};

/// A fresh nonce for a key proof (§7.2). Answered with `Cache-Control: no-store`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NonceResponse {
    /// The nonce.
    pub c_nonce: String,
}
