//! Where everything is: one JSON file for people, tools and outside test harnesses.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use registry::{Anchor, Did, LocalText, Slug};
use serde::{Deserialize, Serialize};
use service::files;

/// Every address, identifier and the trust anchor of a running stack.
#[derive(Clone, Serialize, Deserialize)]
pub struct Urls {
    /// The chain.
    pub chain: ChainUrl,
    /// The issuers by their short names (`public-security`, `market-supervision`).
    pub issuers: BTreeMap<String, IssuerUrl>,
    /// The counter.
    pub verifier: VerifierUrl,
    /// The phone.
    pub phone: PhoneUrl,
    /// What staff sign in with, at the issuers' consoles and the counter, and as bearer token.
    pub staff_token: String,
    /// What a supervisor signs in with at the issuers' consoles: the second of two who approve.
    #[serde(default)]
    pub supervisor_token: String,
}

/// The chain's node.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChainUrl {
    /// Base URL.
    pub url: String,
    /// What to pin.
    pub anchor: Anchor,
}

/// An issuer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IssuerUrl {
    /// Base URL; also its OpenID4VCI credential issuer identifier.
    pub url: String,
    /// Its DID.
    pub did: Did,
    /// Its name.
    pub name: LocalText,
    /// What it issues.
    pub credential_types: Vec<Slug>,
}

/// The counter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VerifierUrl {
    /// Base URL.
    pub url: String,
    /// Its DID.
    pub did: Did,
    /// Its OpenID4VP client id.
    pub client_id: String,
    /// Its name.
    pub name: LocalText,
    /// Its registered purposes.
    pub purposes: Vec<Slug>,
}

/// The phone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PhoneUrl {
    /// Base URL.
    pub url: String,
}

impl std::fmt::Debug for Urls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = f.debug_struct("Urls");
        out.field("chain", &self.chain.url).field("verifier", &self.verifier.url).finish_non_exhaustive()
    }
}

impl Urls {
    /// Where a stack keeps them in its data folder.
    pub fn path_in(data: &Path) -> PathBuf {
        data.join("urls.json")
    }

    /// Reads the file.
    pub fn read(path: &Path) -> std::io::Result<Self> {
        Ok(serde_json::from_slice(&std::fs::read(path)?)?)
    }

    /// Writes the file, whole or not at all, readable by its owner: it holds the staff token.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        files::write_secret(path, &serde_json::to_vec_pretty(self)?)
    }
}
