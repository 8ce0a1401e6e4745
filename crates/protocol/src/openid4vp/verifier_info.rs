//! Attested information about the verifier (§5.1, `verifier_info`), and the registered purpose in it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::dcql::QueryId;

/// The format of an entry that names the purpose under which a verifier asks. Its data is `{"purpose": "<id>"}`; the
/// purpose itself, with what may be asked for it, is on the chain under the verifier's DID.
pub const PURPOSE_FORMAT: &str = "huizheng.purpose";

/// One entry of `verifier_info`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifierInfo {
    /// What `data` is.
    pub format: String,
    /// An object, or text.
    pub data: Value,
    /// The credential queries it belongs to; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_ids: Option<Vec<QueryId>>,
}

impl VerifierInfo {
    /// The entry that names a registered purpose.
    pub fn for_purpose(purpose: &str) -> Self {
        Self { format: PURPOSE_FORMAT.into(), data: json!({ "purpose": purpose }), credential_ids: None }
    }

    /// The purpose, if this entry names one.
    pub fn purpose(&self) -> Option<&str> {
        if self.format == PURPOSE_FORMAT { self.data.get("purpose")?.as_str() } else { None }
    }
}
