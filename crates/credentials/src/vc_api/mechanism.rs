//! The mechanisms that an issuer has an instance of.

use crate::data_integrity::Cryptosuite;
use crate::key::Algorithm;

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
    /// `bbs-2023`, experimental: the same.
    #[cfg(feature = "bbs")]
    Bbs2023,
    /// `vc+jwt` with ES256, in an envelope.
    VcJwt,
    /// `vc+sd-jwt` with ES256, in an envelope, with all disclosures.
    VcSdJwt,
    /// `vc+cose` with ES256, in an envelope.
    VcCose,
}

impl Mechanism {
    /// Every mechanism.
    pub const ALL: &'static [Self] = &[
        Self::EddsaJcs2022,
        Self::EddsaRdfc2022,
        Self::EcdsaJcs2019P256,
        Self::EcdsaJcs2019P384,
        Self::EcdsaRdfc2019P256,
        Self::EcdsaRdfc2019P384,
        Self::EcdsaSd2023,
        #[cfg(feature = "bbs")]
        Self::Bbs2023,
        Self::VcJwt,
        Self::VcSdJwt,
        Self::VcCose,
    ];

    /// The name in paths: the cryptosuite or the kind of envelope, and the curve where it has a choice of them.
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
            #[cfg(feature = "bbs")]
            Self::Bbs2023 => "bbs-2023",
            Self::VcJwt => "vc-jwt",
            Self::VcSdJwt => "vc-sd-jwt",
            Self::VcCose => "vc-cose",
        }
    }

    /// The mechanism of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|mechanism| mechanism.name() == name)
    }

    /// Its cryptosuite; none for envelopes.
    #[must_use]
    pub const fn cryptosuite(self) -> Option<Cryptosuite> {
        Some(match self {
            Self::EddsaJcs2022 => Cryptosuite::EddsaJcs2022,
            Self::EddsaRdfc2022 => Cryptosuite::EddsaRdfc2022,
            Self::EcdsaJcs2019P256 | Self::EcdsaJcs2019P384 => Cryptosuite::EcdsaJcs2019,
            Self::EcdsaRdfc2019P256 | Self::EcdsaRdfc2019P384 => Cryptosuite::EcdsaRdfc2019,
            Self::EcdsaSd2023 => Cryptosuite::EcdsaSd2023,
            #[cfg(feature = "bbs")]
            Self::Bbs2023 => Cryptosuite::Bbs2023,
            Self::VcJwt | Self::VcSdJwt | Self::VcCose => return None,
        })
    }

    /// The kind of key that signs; none for `bbs-2023`, whose keys are of another type.
    #[must_use]
    pub const fn algorithm(self) -> Option<Algorithm> {
        Some(match self {
            Self::EddsaJcs2022 | Self::EddsaRdfc2022 => Algorithm::EdDsa,
            Self::EcdsaJcs2019P384 | Self::EcdsaRdfc2019P384 => Algorithm::Es384,
            Self::EcdsaJcs2019P256 | Self::EcdsaRdfc2019P256 | Self::EcdsaSd2023 => Algorithm::Es256,
            Self::VcJwt | Self::VcSdJwt | Self::VcCose => Algorithm::Es256,
            #[cfg(feature = "bbs")]
            Self::Bbs2023 => return None,
        })
    }

    /// The kind of key, as the W3C's suites name it.
    #[must_use]
    pub const fn key_type(self) -> &'static str {
        match self.algorithm() {
            Some(Algorithm::EdDsa) => "Ed25519",
            Some(Algorithm::Es256) => "P-256",
            Some(Algorithm::Es384) => "P-384",
            #[cfg(feature = "p521")]
            Some(Algorithm::Es512) => "P-521",
            #[cfg(feature = "sm2")]
            Some(Algorithm::Sm2) => "SM2",
            None => "Bls12381G2",
        }
    }

    /// Whether what is always shown can be chosen (`mandatoryPointers`).
    #[must_use]
    pub const fn discloses_selectively(self) -> bool {
        match self {
            Self::EcdsaSd2023 | Self::VcSdJwt => true,
            #[cfg(feature = "bbs")]
            Self::Bbs2023 => true,
            _ => false,
        }
    }
}
