//! The mechanisms that an issuer has an instance of.

use rand_core::CryptoRngCore;
use serde_json::Value;

use super::{IssueRequest, READING};
use crate::UnixSeconds;
use crate::data_integrity::{
    Cryptosuite, Draft, Making, ParseError, Prepared, ProofOptions, Purpose, SecureError, sd,
};
use crate::jsonld::Contexts;
use crate::key::{Algorithm, SelfContained, Signer};

/// A way to secure a credential, with the kind of key it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mechanism {
    /// `eddsa-jcs-2022`.
    EddsaJcs2022,
    /// `eddsa-rdfc-2022`.
    EddsaRdfc2022,
    /// `ecdsa-jcs-2019` on P-256.
    EcdsaJcs2019P256,
    /// `ecdsa-jcs-2019` on P-384.
    EcdsaJcs2019P384,
    /// `ecdsa-rdfc-2019` on P-256.
    EcdsaRdfc2019P256,
    /// `ecdsa-rdfc-2019` on P-384.
    EcdsaRdfc2019P384,
    /// `ecdsa-sd-2023`: the credential has a base proof, which is the holder's secret.
    EcdsaSd2023,
}

/// Why nothing was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IssueFailed {
    /// What is to be signed is no credential, or another issuer's.
    #[error(transparent)]
    Draft(#[from] ParseError),
    /// It can't be secured.
    #[error(transparent)]
    Secure(#[from] SecureError),
    /// `mandatoryPointers` for a mechanism without selective disclosure.
    #[error("this mechanism has no mandatory pointers")]
    NoPointers,
}

impl Mechanism {
    /// Every mechanism.
    pub const ALL: [Self; 7] = [
        Self::EddsaJcs2022,
        Self::EddsaRdfc2022,
        Self::EcdsaJcs2019P256,
        Self::EcdsaJcs2019P384,
        Self::EcdsaRdfc2019P256,
        Self::EcdsaRdfc2019P384,
        Self::EcdsaSd2023,
    ];

    /// The name in paths: the cryptosuite, and the curve where it has a choice of them.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EddsaJcs2022 => "eddsa-jcs-2022",
            Self::EddsaRdfc2022 => "eddsa-rdfc-2022",
            Self::EcdsaJcs2019P256 => "ecdsa-jcs-2019-p256",
            Self::EcdsaJcs2019P384 => "ecdsa-jcs-2019-p384",
            Self::EcdsaRdfc2019P256 => "ecdsa-rdfc-2019-p256",
            Self::EcdsaRdfc2019P384 => "ecdsa-rdfc-2019-p384",
            Self::EcdsaSd2023 => "ecdsa-sd-2023",
        }
    }

    /// The mechanism of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mechanism| mechanism.name() == name)
    }

    /// Its cryptosuite.
    #[must_use]
    pub const fn cryptosuite(self) -> Cryptosuite {
        match self {
            Self::EddsaJcs2022 => Cryptosuite::EddsaJcs2022,
            Self::EddsaRdfc2022 => Cryptosuite::EddsaRdfc2022,
            Self::EcdsaJcs2019P256 | Self::EcdsaJcs2019P384 => Cryptosuite::EcdsaJcs2019,
            Self::EcdsaRdfc2019P256 | Self::EcdsaRdfc2019P384 => Cryptosuite::EcdsaRdfc2019,
            Self::EcdsaSd2023 => Cryptosuite::EcdsaSd2023,
        }
    }

    /// The kind of key that signs.
    #[must_use]
    pub const fn algorithm(self) -> Algorithm {
        match self {
            Self::EddsaJcs2022 | Self::EddsaRdfc2022 => Algorithm::EdDsa,
            Self::EcdsaJcs2019P384 | Self::EcdsaRdfc2019P384 => Algorithm::Es384,
            Self::EcdsaJcs2019P256 | Self::EcdsaRdfc2019P256 | Self::EcdsaSd2023 => Algorithm::Es256,
        }
    }

    /// Signs what is asked for, as `issuer`, with its key.
    ///
    /// # Errors
    /// [`IssueFailed`].
    pub fn issue(
        self,
        request: IssueRequest,
        (issuer, key): (&SelfContained, &dyn Signer),
        now: UnixSeconds,
        contexts: &Contexts,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Value, IssueFailed> {
        let document = Draft::read(request.credential, &issuer.did, READING)?.into_members();
        let options = ProofOptions {
            verification_method: issuer.verification_method.clone(),
            purpose: Purpose::AssertionMethod,
            created: Some(now),
            expires: None,
            challenge: None,
            domain: None,
        };
        let pointers = request.options.mandatory_pointers;
        let signed = match self.cryptosuite() {
            Cryptosuite::EcdsaSd2023 => {
                let mandatory = pointers.unwrap_or_default();
                let issuing = sd::Issuing { document, options, mandatory, contexts };
                issuing.prepare(key.public_key(), &sd::Secrets::generate(rng))?.sign(key)
            }
            cryptosuite => {
                if pointers.is_some() {
                    return Err(IssueFailed::NoPointers);
                }
                let making = Making { cryptosuite, contexts, id: None, previous: Vec::new() };
                Prepared::beside(document, options, key.public_key(), &making)?.sign(key)
            }
        };
        signed.map_err(|error| SecureError::from(error).into())
    }
}
