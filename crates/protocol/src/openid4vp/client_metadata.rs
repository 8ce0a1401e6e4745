//! What a verifier says of itself in a request (§11.1, appendix B).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `client_metadata`. A name in it is what the verifier calls itself, not who it is: that comes from the registry.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClientMetadata {
    /// The formats and algorithms it can verify.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vp_formats_supported: Option<VpFormats>,
    /// Keys to encrypt the response to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// Content encryptions for the response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypted_response_enc_values_supported: Option<Vec<String>>,
    /// What it calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// What else it says.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Formats, each with its algorithms.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct VpFormats {
    /// SD-JWT VC (§B.3.4).
    #[serde(rename = "dc+sd-jwt", default, skip_serializing_if = "Option::is_none")]
    pub sd_jwt_vc: Option<SdJwtAlgorithms>,
    /// W3C with Data Integrity (§B.1.3.2.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ldp_vc: Option<DataIntegrityAlgorithms>,
    /// ISO mdoc (§B.2.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mso_mdoc: Option<MdocAlgorithms>,
    /// Others, as they came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Algorithms for SD-JWT VC; an absent list allows any.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SdJwtAlgorithms {
    /// Of the issuer's signature.
    #[serde(rename = "sd-jwt_alg_values", default, skip_serializing_if = "Option::is_none")]
    pub sd_jwt: Option<Vec<String>>,
    /// Of the key binding.
    #[serde(rename = "kb-jwt_alg_values", default, skip_serializing_if = "Option::is_none")]
    pub kb_jwt: Option<Vec<String>>,
}

/// Proof types and cryptosuites for `ldp_vc`; an absent list allows any.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DataIntegrityAlgorithms {
    /// Proof types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof_type_values: Option<Vec<String>>,
    /// Cryptosuites of `DataIntegrityProof`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cryptosuite_values: Option<Vec<String>>,
}

/// COSE algorithm numbers for mdocs; an absent list allows any.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MdocAlgorithms {
    /// Of the issuer's signature.
    #[serde(rename = "issuerauth_alg_values", default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<Vec<i64>>,
    /// Of the device's.
    #[serde(rename = "deviceauth_alg_values", default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Vec<i64>>,
}

impl VpFormats {
    /// SD-JWT VC with these JOSE algorithms (issuer and holder alike), and Data Integrity with these cryptosuites.
    pub fn new(jose: &[&str], cryptosuites: &[&str]) -> Self {
        let texts = |list: &[&str]| Some(list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>());
        Self {
            sd_jwt_vc: Some(SdJwtAlgorithms { sd_jwt: texts(jose), kb_jwt: texts(jose) }),
            ldp_vc: Some(DataIntegrityAlgorithms {
                proof_type_values: texts(&["DataIntegrityProof"]),
                cryptosuite_values: texts(cryptosuites),
            }),
            mso_mdoc: None,
            other: Map::new(),
        }
    }

    /// The same, and mdocs with these COSE algorithms, of issuer and device alike.
    #[must_use]
    pub fn with_mdoc(mut self, cose: &[i64]) -> Self {
        let numbers = Some(cose.to_vec());
        self.mso_mdoc = Some(MdocAlgorithms { issuer: numbers.clone(), device: numbers });
        self
    }
}
