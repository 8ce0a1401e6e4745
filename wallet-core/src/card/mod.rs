//! Cards as the holder sees them.

mod face;
mod show;
mod state;
mod text;

use std::fmt;

use credentials::{UnixSeconds, catalogue};
use registry::{Did, LocalText, UnixMillis};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use face::{Face, Trace};
pub(crate) use show::{claim_views, local};
pub use state::{CardState, LastKnown};
pub(crate) use state::{facts_needed, facts_of, facts_that_count, further_facts_needed, state};

/// A credential's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Format {
    /// SD-JWT VC: claims can be shown one by one.
    #[serde(rename = "dc+sd-jwt")]
    SdJwtVc,
    /// W3C credential with Data Integrity: it is shown as a whole, or, where its issuer provided for it, claim by claim.
    #[serde(rename = "ldp_vc")]
    LdpVc,
    /// ISO mdoc: elements can be shown one by one.
    #[serde(rename = "mso_mdoc")]
    MsoMdoc,
}

impl Format {
    /// Its name in the protocols.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SdJwtVc => "dc+sd-jwt",
            Self::LdpVc => "ldp_vc",
            Self::MsoMdoc => "mso_mdoc",
        }
    }
}

/// A card, as lists and card pages show it. Personal: `Debug` shows only which card it is.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Card {
    /// Its id in this wallet.
    pub id: String,
    /// The catalogue's id of its type: `business-licence`.
    pub kind: String,
    /// What its type is called.
    pub label: LocalText,
    /// Its colours.
    pub colours: catalogue::Colours,
    /// The seed of its pattern.
    pub pattern: u32,
    /// Who issued it.
    pub issuer: Did,
    /// The issuer's registered name.
    pub issuer_name: LocalText,
    /// The claim that names it: whose it is.
    pub holder_line: String,
    /// In which formats it is held.
    pub formats: Vec<Format>,
    /// When it was received.
    pub received: UnixMillis,
    /// From when it counts no more.
    pub valid_until: Option<UnixSeconds>,
    /// How it stands, from the chain's evidence at hand.
    pub state: CardState,
    /// Its claims, in the order of its type.
    pub claims: Vec<ClaimView>,
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Card")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// One claim, ready to be shown. Personal: `Debug` shows only its name.
#[derive(Clone, PartialEq, Serialize)]
pub struct ClaimView {
    /// Its name in the credential.
    pub name: String,
    /// What it is called.
    pub label: LocalText,
    /// What kind of value it has, as the catalogue says; none for a claim that the catalogue does not know.
    pub kind: Option<catalogue::Kind>,
    /// The value as it stands in the credential.
    pub value: Value,
    /// The value for people. A picture's is a word; show `value` instead.
    pub text: LocalText,
}

impl fmt::Debug for ClaimView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClaimView").field("name", &self.name).finish_non_exhaustive()
    }
}
