//! Cryptosuites: how a document is canonicalised, hashed and signed.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256, Sha384};

use crate::json;
use crate::jsonld::{Contexts, JsonLdError};
use crate::key::Algorithm;
use crate::rdf::{HashAlgorithm, Work};

/// How a document is canonicalised and signed.
///
/// Features of this crate add suites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Cryptosuite {
    /// JCS, SHA-256, Ed25519 (EdDSA cryptosuites 1.0 §3.3).
    #[serde(rename = "eddsa-jcs-2022")]
    EddsaJcs2022,
    /// RDFC-1.0, SHA-256, Ed25519 (EdDSA cryptosuites 1.0 §3.2).
    #[serde(rename = "eddsa-rdfc-2022")]
    EddsaRdfc2022,
    /// JCS, SHA-256 and ECDSA on P-256, or SHA-384 and P-384 (ECDSA cryptosuites 1.0 §3.3).
    #[serde(rename = "ecdsa-jcs-2019")]
    EcdsaJcs2019,
    /// RDFC-1.0, with the same keys and hashes (ECDSA cryptosuites 1.0 §3.2).
    #[serde(rename = "ecdsa-rdfc-2019")]
    EcdsaRdfc2019,
    /// Every statement signed by itself, so that the holder chooses which to show; P-256 (ECDSA cryptosuites 1.0
    /// §3.4). Made and read by [`sd`](super::sd).
    #[serde(rename = "ecdsa-sd-2023")]
    EcdsaSd2023,
    /// One BBS signature over all statements, shown by proofs that can't be linked (BBS cryptosuites §3.3, experimental). Made
    /// and read by [`bbs`](super::bbs).
    #[cfg(feature = "bbs")]
    #[serde(rename = "bbs-2023")]
    Bbs2023,
    /// JCS, SM3, SM2: a suite of this project's own (docs/profiles/sm2.md).
    #[cfg(feature = "sm2")]
    #[serde(rename = "sm2-jcs-2026")]
    Sm2Jcs2026,
}

impl Cryptosuite {
    /// Every suite.
    pub const ALL: &[Self] = &[
        Self::EddsaJcs2022,
        Self::EddsaRdfc2022,
        Self::EcdsaJcs2019,
        Self::EcdsaRdfc2019,
        Self::EcdsaSd2023,
        #[cfg(feature = "bbs")]
        Self::Bbs2023,
        #[cfg(feature = "sm2")]
        Self::Sm2Jcs2026,
    ];

    /// The suite that a key of this algorithm signs with unless another is asked for: the one over JCS.
    #[must_use]
    pub const fn of(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::EdDsa => Self::EddsaJcs2022,
            Algorithm::Es256 | Algorithm::Es384 => Self::EcdsaJcs2019,
            // No suite takes it; whoever tries is told so.
            #[cfg(feature = "p521")]
            Algorithm::Es512 => Self::EcdsaJcs2019,
            #[cfg(feature = "sm2")]
            Algorithm::Sm2 => Self::Sm2Jcs2026,
        }
    }

    /// `eddsa-jcs-2022`, `ecdsa-rdfc-2019`…
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EddsaJcs2022 => "eddsa-jcs-2022",
            Self::EddsaRdfc2022 => "eddsa-rdfc-2022",
            Self::EcdsaJcs2019 => "ecdsa-jcs-2019",
            Self::EcdsaRdfc2019 => "ecdsa-rdfc-2019",
            Self::EcdsaSd2023 => "ecdsa-sd-2023",
            #[cfg(feature = "bbs")]
            Self::Bbs2023 => "bbs-2023",
            #[cfg(feature = "sm2")]
            Self::Sm2Jcs2026 => "sm2-jcs-2026",
        }
    }

    /// The suite of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|suite| suite.name() == name)
    }

    /// Whether keys of this algorithm sign with it.
    #[must_use]
    pub const fn takes(self, algorithm: Algorithm) -> bool {
        match self {
            Self::EddsaJcs2022 | Self::EddsaRdfc2022 => matches!(algorithm, Algorithm::EdDsa),
            Self::EcdsaJcs2019 | Self::EcdsaRdfc2019 => {
                matches!(algorithm, Algorithm::Es256 | Algorithm::Es384)
            }
            Self::EcdsaSd2023 => matches!(algorithm, Algorithm::Es256),
            // Its keys are of another type.
            #[cfg(feature = "bbs")]
            Self::Bbs2023 => false,
            #[cfg(feature = "sm2")]
            Self::Sm2Jcs2026 => matches!(algorithm, Algorithm::Sm2),
        }
    }

    /// Whether documents are canonicalised as RDF, which contexts must be able to explain whole.
    #[must_use]
    pub const fn is_rdf(self) -> bool {
        match self {
            Self::EddsaJcs2022 | Self::EcdsaJcs2019 => false,
            Self::EddsaRdfc2022 | Self::EcdsaRdfc2019 | Self::EcdsaSd2023 => true,
            #[cfg(feature = "bbs")]
            Self::Bbs2023 => true,
            #[cfg(feature = "sm2")]
            Self::Sm2Jcs2026 => false,
        }
    }

    /// What is signed: the hash of the canonical proof options, then that of the canonical document (all of the
    /// object but its `proof`).
    pub(super) fn hash_data(
        self,
        algorithm: Algorithm,
        document: &Map<String, Value>,
        options: &Map<String, Value>,
        contexts: &Contexts,
    ) -> Result<Vec<u8>, JsonLdError> {
        if self.is_rdf() {
            let hash = hash_of(algorithm);
            let context = document.get("@context").unwrap_or(&Value::Null);
            let mut hashes = hash_rdf(contexts, context, options, hash)?;
            hashes.extend(hash_rdf(contexts, context, document, hash)?);
            return Ok(hashes);
        }
        let mut text = Vec::with_capacity(4096);
        let mut hashes = Vec::with_capacity(96);
        let parts: [(&Map<_, _>, &str); 2] = [(options, "proofValue"), (document, "")];
        for (part, left_out) in parts {
            text.clear();
            json::canonical_without(part, left_out, &mut text);
            match algorithm {
                Algorithm::EdDsa | Algorithm::Es256 => hashes.extend_from_slice(&Sha256::digest(&text)),
                Algorithm::Es384 => hashes.extend_from_slice(&Sha384::digest(&text)),
                // No suite takes it.
                #[cfg(feature = "p521")]
                Algorithm::Es512 => {}
                #[cfg(feature = "sm2")]
                Algorithm::Sm2 => hashes.extend_from_slice(&sm3::Sm3::digest(&text)),
            }
        }
        Ok(hashes)
    }
}

/// What canonicalisation hashes with.
const fn hash_of(algorithm: Algorithm) -> HashAlgorithm {
    match algorithm {
        // No suite over RDF takes it.
        #[cfg(feature = "sm2")]
        Algorithm::Sm2 => HashAlgorithm::Sha256,
        #[cfg(feature = "p521")]
        Algorithm::Es512 => HashAlgorithm::Sha256,
        Algorithm::EdDsa | Algorithm::Es256 => HashAlgorithm::Sha256,
        Algorithm::Es384 => HashAlgorithm::Sha384,
    }
}

/// The hash of an object's canonical RDF, read under these contexts.
pub(super) fn hash_rdf(
    contexts: &Contexts,
    context: &Value,
    object: &Map<String, Value>,
    hash: HashAlgorithm,
) -> Result<Vec<u8>, JsonLdError> {
    let dataset = contexts.to_rdf_under(context, object)?;
    let canonical = dataset.canonicalize(hash, Work::default()).map_err(|_| JsonLdError::TooMuchWork)?;
    Ok(canonical.digest(hash))
}
