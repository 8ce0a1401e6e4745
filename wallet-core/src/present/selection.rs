//! What would leave of one credential, read off the very bytes that would be sent.

use credentials::{ClaimPath, catalogue::CredentialType, sd_jwt};
use protocol::dcql;
use serde_json::{Map, Value};

use crate::held::{Content, derived, elements, subject_of_document, subject_of_token};

/// A choice of claims of one credential.
pub(super) struct Selection {
    /// The paths to disclose, where the credential is selective.
    pub(super) paths: Vec<ClaimPath>,
    /// The claims that a verifier would see.
    pub(super) leaves: Map<String, Value>,
    /// The claims that it would not see, or not all of.
    pub(super) stays: Map<String, Value>,
    /// The names of the claims that it would learn of, by whatever it sees.
    tells: Vec<String>,
}

impl Selection {
    /// `asked` are the exact paths that a query selects in a credential of this type. `None` if it can't show them.
    pub(super) fn of(content: &Content, kind: &CredentialType, asked: &[dcql::ClaimPath]) -> Option<Self> {
        let all = content.claims(kind);
        if !content.is_selective() {
            let tells = all.keys().cloned().collect();
            return Some(Self { paths: Vec::new(), leaves: all, stays: Map::new(), tells });
        }
        let paths: Vec<ClaimPath> = asked.iter().map(same_path).collect::<Option<_>>()?;
        let by_name = |leaves: Map<String, Value>| (leaves.keys().cloned().collect(), leaves);
        let (tells, leaves) = match content {
            Content::SdJwt(token) => {
                let selection = token.select(&paths).ok()?;
                by_name(subject_of_token(&sd_jwt::Unverified::parse(selection.text()).ok()?))
            }
            Content::Ldp { whole, .. } => by_name(subject_of_document(&derived(whole, &paths)?)),
            Content::Mdoc { document, .. } => {
                let selection = document.select(&elements(&paths)?).ok()?;
                let told =
                    selection.elements().flat_map(|(space, name, _)| kind.told_by_element(space, name));
                (told.collect(), kind.claims_of_elements(selection.elements()))
            }
        };
        let stays = sorted::collect(all.into_iter().filter(|(name, value)| leaves.get(name) != Some(value)));
        Some(Self { paths, leaves, stays, tells })
    }

    /// The claims that would leave without being allowed to.
    pub(super) fn beyond(&self, allowed: &[String]) -> Vec<String> {
        self.tells.iter().filter(|name| !allowed.contains(name)).cloned().collect()
    }
}

/// Both crates write paths as OpenID4VP does.
fn same_path(path: &dcql::ClaimPath) -> Option<ClaimPath> {
    objects::from_value(path).ok()
}
