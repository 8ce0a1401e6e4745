//! Where a credential says its status is.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A bit (or two) in a list on the chain.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RegistryEntry {
    /// The list's id: `did:hui:anhui:z…/status/3`.
    pub list: String,
    /// The index in the list.
    pub index: u32,
}

/// An entry in a Token Status List.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TokenEntry {
    /// The URI of the list, which its `sub` must equal.
    pub uri: String,
    /// The index in the list.
    pub index: u64,
}

/// An entry in a Bitstring Status List.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BitstringEntry {
    /// `revocation`, `suspension`…
    pub purpose: String,
    /// The URL of the list's credential.
    pub credential: String,
    /// The index in the list.
    pub index: u64,
}

/// Every place where a credential's status is published. All of them are views of the same bits on the chain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StatusRef {
    /// On the chain.
    pub registry: Option<RegistryEntry>,
    /// As a Token Status List.
    pub token: Option<TokenEntry>,
    /// As Bitstring Status Lists, one for each purpose.
    pub bitstring: Vec<BitstringEntry>,
}

/// The credential's status is there, but nobody could look it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatusRefError {
    /// Members missing or of wrong types.
    #[error("the status entry is malformed")]
    Malformed,
    /// A kind of status that is not understood: the credential can't be shown to be good.
    #[error("a kind of status that is not understood")]
    Unsupported,
}

impl StatusRef {
    /// No entry at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.registry.is_none() && self.token.is_none() && self.bitstring.is_empty()
    }

    /// The `status` claim of an SD-JWT VC (Token Status List §6), the chain's entry beside the list's.
    #[must_use]
    pub fn to_claim(&self) -> Value {
        let mut claim = Map::new();
        if let Some(TokenEntry { uri, index }) = &self.token {
            claim.insert("status_list".to_owned(), json!({ "idx": index, "uri": uri }));
        }
        if let Some(RegistryEntry { list, index }) = &self.registry {
            claim.insert("registry".to_owned(), json!({ "list": list, "idx": index }));
        }
        Value::Object(claim)
    }

    /// Reads a `status` claim. Members that are not understood are ignored as long as one is.
    ///
    /// # Errors
    /// [`StatusRefError`].
    pub fn from_claim(claim: &Value) -> Result<Self, StatusRefError> {
        #[derive(Deserialize)]
        struct List {
            idx: u64,
            uri: String,
        }
        #[derive(Deserialize)]
        struct Registry {
            idx: u32,
            list: String,
        }
        #[derive(Deserialize)]
        struct Claim {
            status_list: Option<List>,
            registry: Option<Registry>,
        }
        let claim = objects::from_value::<Claim>(claim).map_err(|_| StatusRefError::Malformed)?;
        let found = Self {
            registry: claim.registry.map(|Registry { idx, list }| RegistryEntry { list, index: idx }),
            token: claim.status_list.map(|List { idx, uri }| TokenEntry { uri, index: idx }),
            bitstring: Vec::new(),
        };
        if found.is_empty() { Err(StatusRefError::Unsupported) } else { Ok(found) }
    }

    /// The `credentialStatus` of a VCDM credential: `BitstringStatusListEntry` (Bitstring Status List 1.0 §2.1) for
    /// each purpose, and `RegistryStatusEntry`.
    #[must_use]
    pub fn to_credential_status(&self) -> Value {
        let mut entries: Vec<Value> = self
            .bitstring
            .iter()
            .map(|entry| {
                json!({
                    "type": "BitstringStatusListEntry",
                    "statusPurpose": entry.purpose,
                    "statusListIndex": entry.index.to_string(),
                    "statusListCredential": entry.credential,
                })
            })
            .collect();
        if let Some(RegistryEntry { list, index }) = &self.registry {
            entries.push(json!({
                "type": "RegistryStatusEntry",
                "statusList": list,
                "statusIndex": index.to_string(),
            }));
        }
        Value::Array(entries)
    }

    /// Reads a `credentialStatus`, an entry or an array of them.
    ///
    /// # Errors
    /// [`StatusRefError`]; every entry must be of a kind that is understood, for any of them could revoke.
    pub fn from_credential_status(value: &Value) -> Result<Self, StatusRefError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Bitstring {
            status_purpose: String,
            status_list_index: String,
            status_list_credential: String,
            status_size: Option<u64>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Registry {
            status_list: String,
            status_index: String,
        }
        let entries = match value {
            Value::Array(list) => list.as_slice(),
            one => std::slice::from_ref(one),
        };
        let mut found = Self::default();
        for entry in entries {
            match entry.get("type").and_then(Value::as_str).ok_or(StatusRefError::Malformed)? {
                "BitstringStatusListEntry" => {
                    let entry =
                        objects::from_value::<Bitstring>(entry).map_err(|_| StatusRefError::Malformed)?;
                    // Entries of several bits carry messages, which nobody here can weigh.
                    if entry.status_size.is_some_and(|bits| bits != 1) {
                        return Err(StatusRefError::Unsupported);
                    }
                    found.bitstring.push(BitstringEntry {
                        purpose: entry.status_purpose,
                        credential: entry.status_list_credential,
                        index: index(&entry.status_list_index)?,
                    });
                }
                "RegistryStatusEntry" if found.registry.is_none() => {
                    let entry =
                        objects::from_value::<Registry>(entry).map_err(|_| StatusRefError::Malformed)?;
                    let index =
                        u32::try_from(index(&entry.status_index)?).map_err(|_| StatusRefError::Malformed)?;
                    found.registry = Some(RegistryEntry { list: entry.status_list, index });
                }
                "RegistryStatusEntry" => return Err(StatusRefError::Malformed),
                _ => return Err(StatusRefError::Unsupported),
            }
        }
        if found.is_empty() { Err(StatusRefError::Malformed) } else { Ok(found) }
    }
}

/// A whole number in decimal, without sign or leading zeros.
fn index(text: &str) -> Result<u64, StatusRefError> {
    let plain = text == "0" || (!text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit()));
    if plain { text.parse().map_err(|_| StatusRefError::Malformed) } else { Err(StatusRefError::Malformed) }
}
