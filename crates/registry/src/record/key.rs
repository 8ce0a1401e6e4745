//! Where records stand.

use std::fmt;
use std::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::did::{Did, DidError};
use crate::hash::Hash32;
use crate::record::{KEPT_ENTRIES, StatusListId};
use crate::text::{Slug, SlugError};
use crate::transaction::Author;

/// The place of one record in the state. Text (also JSON, and the path in the node's API): see each variant. No
/// character of it needs escaping in a URL path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub enum RecordKey {
    /// `did/<did>`: the version that holds.
    Did(Did),
    /// `did/<did>/v/<n>`: a version that held before.
    DidVersion(Did, u32),
    /// `trust/<did>/<credential type>`.
    Trust(Did, Slug),
    /// `verifier/<did>/<purpose>`.
    Purpose(Did, Slug),
    /// `schema/<credential type>`.
    Schema(Slug),
    /// `status/<did>/<number>`.
    StatusList(StatusListId),
    /// `status/<did>/<number>/<chunk>`.
    StatusChunk(StatusListId, u32),
    /// `nonce/<did>` or `nonce/governance`.
    Nonce(Author),
    /// `governance`.
    Governance,
    /// `validators`.
    Validators,
    /// `anchor/<did>/<log>`.
    LogAnchor(Did, Slug),
    /// `kept/<did>/<number>/<part>`.
    Kept(StatusListId, u32),
}

/// The text names no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordKeyError {
    /// Not one of the forms there are.
    #[error("no record has a key of this form")]
    Form,
    /// The DID in it is none.
    #[error("the DID in the record key: {0}")]
    Did(#[from] DidError),
    /// The credential type, purpose or log in it is no name.
    #[error("the name in the record key: {0}")]
    Name(#[from] SlugError),
}

impl RecordKey {
    /// The chunk of `list` that holds entry `index`.
    #[must_use]
    pub fn chunk_of(list: &StatusListId, index: u32) -> Self {
        Self::StatusChunk(list.clone(), StatusListId::chunk_of(index))
    }

    /// Where it stands which credentials with entry `index` of `list` count although their key was compromised later.
    #[must_use]
    pub fn kept_of(list: &StatusListId, index: u32) -> Self {
        Self::Kept(list.clone(), index / KEPT_ENTRIES)
    }

    /// The key's place in the state tree: SHA-256 of its text.
    #[must_use]
    pub fn hash(&self) -> Hash32 {
        Hash32::of(self.to_string().as_bytes())
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Did(did) => write!(f, "did/{did}"),
            Self::DidVersion(did, version) => write!(f, "did/{did}/v/{version}"),
            Self::Trust(did, credential_type) => write!(f, "trust/{did}/{credential_type}"),
            Self::Purpose(did, purpose) => write!(f, "verifier/{did}/{purpose}"),
            Self::Schema(credential_type) => write!(f, "schema/{credential_type}"),
            Self::StatusList(list) => write!(f, "status/{}/{}", list.owner, list.number),
            Self::StatusChunk(list, chunk) => write!(f, "status/{}/{}/{chunk}", list.owner, list.number),
            Self::Nonce(author) => write!(f, "nonce/{author}"),
            Self::Governance => f.write_str("governance"),
            Self::Validators => f.write_str("validators"),
            Self::LogAnchor(did, log) => write!(f, "anchor/{did}/{log}"),
            Self::Kept(list, part) => write!(f, "kept/{}/{}/{part}", list.owner, list.number),
        }
    }
}

impl fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for RecordKey {
    type Err = RecordKeyError;

    fn from_str(text: &str) -> Result<Self, RecordKeyError> {
        let mut parts = text.split('/');
        let mut part = || parts.next().unwrap_or_default();
        let of = |text: &str| number(text).ok_or(RecordKeyError::Form);
        let list = |owner: &str, at: &str| {
            Ok::<_, RecordKeyError>(StatusListId { owner: owner.parse()?, number: of(at)? })
        };
        match (part(), part(), part(), part(), part()) {
            ("governance", "", "", "", "") => Ok(Self::Governance),
            ("validators", "", "", "", "") => Ok(Self::Validators),
            ("did", did, "", "", "") => Ok(Self::Did(did.parse()?)),
            ("did", did, "v", version, "") => Ok(Self::DidVersion(did.parse()?, of(version)?)),
            ("trust", did, name, "", "") => Ok(Self::Trust(did.parse()?, Slug::new(name)?)),
            ("verifier", did, name, "", "") => Ok(Self::Purpose(did.parse()?, Slug::new(name)?)),
            ("schema", name, "", "", "") => Ok(Self::Schema(Slug::new(name)?)),
            ("status", owner, at, "", "") => Ok(Self::StatusList(list(owner, at)?)),
            ("status", owner, at, chunk, "") => Ok(Self::StatusChunk(list(owner, at)?, of(chunk)?)),
            ("anchor", did, log, "", "") => Ok(Self::LogAnchor(did.parse()?, Slug::new(log)?)),
            ("kept", owner, at, part, "") => Ok(Self::Kept(list(owner, at)?, of(part)?)),
            ("nonce", author, "", "", "") => Ok(Self::Nonce(author.parse()?)),
            _ => Err(RecordKeyError::Form),
        }
        .and_then(|key: Self| if key.to_string() == text { Ok(key) } else { Err(RecordKeyError::Form) })
    }
}

crate::text_serde!(RecordKey);

/// A plain decimal number: digits only, no leading zero.
pub(super) fn number(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}
