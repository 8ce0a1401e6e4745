//! What would leave of one credential, read off the very bytes that would be sent.

use credentials::{ClaimPath, sd_jwt};
use protocol::dcql;
use serde_json::{Map, Value};

use crate::held::{Content, derived, subject_of_document, subject_of_token};

/// A choice of claims of one credential.
pub(super) struct Selection {
    /// The paths to disclose, where the credential is selective.
    pub(super) paths: Vec<ClaimPath>,
    /// The claims that a verifier would see.
    pub(super) leaves: Map<String, Value>,
    /// The claims that it would not see, or not all of.
    pub(super) stays: Map<String, Value>,
}

impl Selection {
    /// `asked` are the exact paths that a query selects. `None` if the credential can't show them.
    pub(super) fn of(content: &Content, asked: &[dcql::ClaimPath]) -> Option<Self> {
        let all = content.claims();
        if !content.is_selective() {
            return Some(Self { paths: Vec::new(), leaves: all, stays: Map::new() });
        }
        let paths: Vec<ClaimPath> = asked.iter().map(same_path).collect::<Option<_>>()?;
        let leaves = match content {
            Content::SdJwt(token) => {
                let selection = token.select(&paths).ok()?;
                subject_of_token(&sd_jwt::Unverified::parse(selection.text()).ok()?)
            }
            Content::Ldp { whole, .. } => subject_of_document(&derived(whole, &paths)?),
        };
        let stays = all.into_iter().filter(|(name, value)| leaves.get(name) != Some(value)).collect();
        Some(Self { paths, leaves, stays })
    }

    /// The claims that would leave without being allowed to.
    pub(super) fn beyond(&self, allowed: &[String]) -> Vec<String> {
        self.leaves.keys().filter(|name| !allowed.contains(name)).cloned().collect()
    }
}

/// Both crates write paths as OpenID4VP does.
fn same_path(path: &dcql::ClaimPath) -> Option<ClaimPath> {
    serde_json::to_value(path).and_then(serde_json::from_value).ok()
}
