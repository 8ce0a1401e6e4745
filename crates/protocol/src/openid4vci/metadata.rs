//! The credential issuer's metadata (§12.2.4).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::dcql::ClaimPath;
use crate::limits::{self, Limits, ParseError};
use crate::{Endpoint, Format};

/// What an issuer says of itself. Members not named here are ignored on reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuerMetadata {
    /// Its identifier, equal to the URL the metadata was found with.
    pub credential_issuer: Endpoint,
    /// Where tokens come from; absent: the issuer is its own authorization server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_servers: Option<Vec<Endpoint>>,
    /// Where credentials are requested.
    pub credential_endpoint: Endpoint,
    /// Where nonces come from; absent: proofs need none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce_endpoint: Option<Endpoint>,
    /// Where a credential that takes time is fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferred_credential_endpoint: Option<Endpoint>,
    /// Where the wallet reports what became of a credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_endpoint: Option<Endpoint>,
    /// Encryption of requests, if supported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_request_encryption: Option<EncryptionSupport>,
    /// Encryption of responses, if supported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_response_encryption: Option<EncryptionSupport>,
    /// Several credentials in one request, if supported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_credential_issuance: Option<BatchIssuance>,
    /// Its name, a language each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub display: Vec<Display>,
    /// What it issues, by credential configuration id.
    pub credential_configurations_supported: BTreeMap<String, CredentialConfiguration>,
}

/// Encryption of requests or of responses. The keys' structure is not looked into here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncryptionSupport {
    /// Must it be used?
    pub encryption_required: bool,
    /// Keys and algorithms, as they came.
    #[serde(flatten)]
    pub parameters: Map<String, Value>,
}

/// Several credentials in one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchIssuance {
    /// Proofs in one request at most; 2 or more.
    pub batch_size: u32,
}

/// A name in a language, with what goes with it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Display {
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The language (BCP 47), for instance `zh` or `en`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// A picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<Logo>,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A CSS colour, `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background_color: Option<String>,
    /// A CSS colour, `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_color: Option<String>,
}

impl Display {
    /// A name in a language.
    pub fn new(name: &str, locale: &str) -> Self {
        Self { name: Some(name.to_owned()), locale: Some(locale.to_owned()), ..Self::default() }
    }
}

/// A picture by reference. Wallets here never fetch it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logo {
    /// Where it is; `https:` or `data:`.
    pub uri: String,
    /// What it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt_text: Option<String>,
}

/// One kind of credential that an issuer issues in one format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialConfiguration {
    /// The format.
    pub format: Format,
    /// The scope that asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// What it is signed with: JOSE names, cryptosuites or COSE numbers, by format.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credential_signing_alg_values_supported: Vec<Value>,
    /// How it is bound to the holder: `jwk`, `cose_key`, `did:key` …; absent: it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cryptographic_binding_methods_supported: Option<Vec<String>>,
    /// How the holder proves the key, by proof type (`jwt`, `di_vp`, `attestation`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof_types_supported: Option<BTreeMap<String, ProofType>>,
    /// SD-JWT VC: the type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vct: Option<String>,
    /// mdoc: the document type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctype: Option<String>,
    /// W3C formats: the types, and the contexts for `ldp_vc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_definition: Option<CredentialDefinition>,
    /// How to show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_metadata: Option<CredentialMetadata>,
}

/// The type of a W3C credential (§A.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialDefinition {
    /// The contexts, for `ldp_vc`.
    #[serde(rename = "@context", default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Vec<Value>>,
    /// The types, `VerifiableCredential` among them.
    #[serde(rename = "type")]
    pub types: Vec<String>,
}

/// What a proof type allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofType {
    /// The signature algorithms.
    pub proof_signing_alg_values_supported: Vec<String>,
    /// What the key's attestation must say; absent: no attestation is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_attestations_required: Option<Value>,
}

/// How to show a credential (§12.2.4).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CredentialMetadata {
    /// Its name, a language each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub display: Vec<Display>,
    /// Its claims, in the order to show them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<ClaimDescription>,
}

/// How to show a claim (appendix B.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimDescription {
    /// Where it is.
    pub path: ClaimPath,
    /// Does the issuer always put it in?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mandatory: bool,
    /// Its label, a language each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub display: Vec<Display>,
}

/// Why an issuer's metadata is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// It can't be read.
    #[error("the issuer's description of itself can't be read: {0}")]
    Unreadable(#[from] ParseError),
    /// It speaks for another issuer than the one it was asked of.
    #[error("the description found under the issuer's address is of another issuer")]
    OtherIssuer,
}

impl IssuerMetadata {
    /// Reads the metadata found for `issuer`, and refuses it if it is of another (§12.2.1).
    pub fn parse(bytes: &[u8], issuer: &Endpoint) -> Result<Self, MetadataError> {
        let metadata: Self = limits::json(bytes, Limits::MESSAGE)?;
        if metadata.credential_issuer == *issuer { Ok(metadata) } else { Err(MetadataError::OtherIssuer) }
    }

    /// The authorization server to use: the one the offer names if the issuer lists it, else the first listed, else the
    /// issuer itself. `None` if the offer names one that the issuer does not list (§4.1.1).
    pub fn authorization_server<'a>(&'a self, named: Option<&'a Endpoint>) -> Option<&'a Endpoint> {
        let listed = self.authorization_servers.as_deref().unwrap_or_default();
        match named {
            None => Some(listed.first().unwrap_or(&self.credential_issuer)),
            Some(named) => listed.iter().find(|server| *server == named),
        }
    }
}
