//! The places that the issuer has keys for. In each there is one key at a time.

use credentials::key::Algorithm;
use registry::{Purpose, Purposes, Slug};
use serde::{Deserialize, Serialize};
use service::KeyFiles;

/// A place for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Slot {
    /// Authors transactions: whoever has it is the department, as far as the chain can tell.
    Author,
    /// Signs with Ed25519: Data Integrity.
    Ed25519,
    /// Signs on P-256: SD-JWT VC, mdoc, status lists, metadata.
    P256,
    /// Certifies the key on P-256, for readers that only know certificates. It is not on the chain.
    MdocRoot,
}

impl Slot {
    /// Every one.
    pub(crate) const ALL: [Self; 4] = [Self::P256, Self::Ed25519, Self::MdocRoot, Self::Author];
    /// Those that the chain has.
    pub(crate) const ON_CHAIN: [Self; 3] = [Self::Author, Self::Ed25519, Self::P256];
    /// Those of the chain's that sign credentials and lists, as they stand in the DID's first document.
    pub(crate) const SIGNING: [Self; 2] = [Self::Ed25519, Self::P256];
    /// Those that one admin may replace alone.
    pub(crate) const BY_ONE: [Self; 3] = [Self::P256, Self::Ed25519, Self::MdocRoot];

    /// Its stable text.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::Ed25519 => "ed25519",
            Self::P256 => "p256",
            Self::MdocRoot => "mdoc-root",
        }
    }

    /// The slot with this text.
    pub(crate) fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|slot| slot.code() == code)
    }

    pub(crate) const fn algorithm(self) -> Algorithm {
        match self {
            Self::Author | Self::Ed25519 => Algorithm::EdDsa,
            Self::P256 | Self::MdocRoot => Algorithm::Es256,
        }
    }

    /// What its key is for, by the chain.
    pub(crate) fn purposes(self) -> Purposes {
        match self {
            Self::Author => Purposes::of(&[Purpose::CapabilityInvocation]),
            Self::Ed25519 | Self::P256 | Self::MdocRoot => {
                Purposes::of(&[Purpose::AssertionMethod, Purpose::Authentication])
            }
        }
    }

    /// Whether the chain's key of these purposes and this kind belongs here.
    pub(crate) fn takes(self, key: &registry::VerificationKey) -> bool {
        let purpose = match self {
            Self::Author => Purpose::CapabilityInvocation,
            Self::Ed25519 | Self::P256 | Self::MdocRoot => Purpose::AssertionMethod,
        };
        let is_ed25519 = matches!(key.key, registry::PublicKey::Ed25519(_));
        key.purposes.contains(purpose) && is_ed25519 == (self.algorithm() == Algorithm::EdDsa)
    }

    /// The name of its first key: where the chain has it, the fragment in the DID's first document.
    pub(crate) const fn first(self) -> &'static str {
        match self {
            Self::Author => "key-1",
            Self::Ed25519 => "key-2",
            Self::P256 => "key-3",
            Self::MdocRoot => "root-1",
        }
    }

    /// How the files of its keys are named.
    pub(super) const fn files(self) -> KeyFiles {
        let stem = match self {
            Self::Author => return KeyFiles::AUTHOR,
            Self::Ed25519 => "signing-ed25519",
            Self::P256 => "signing-p256",
            Self::MdocRoot => "mdoc-root-p256",
        };
        KeyFiles::new(stem, self.first())
    }

    /// The file of its key of this name.
    pub(super) fn file(self, name: &Slug) -> String {
        self.files().file(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keys_file_is_named_after_it_and_the_first_ones_as_ever() {
        let name = |text| Slug::new(text).expect("a name");
        for (slot, of, file) in [
            (Slot::P256, "key-3", "signing-p256.key"),
            (Slot::P256, "key-4", "signing-p256.key-4.key"),
            (Slot::Ed25519, "key-2", "signing-ed25519.key"),
            (Slot::Author, "key-1", "author.key"),
            (Slot::Author, "key-4", "author.key-4.key"),
            (Slot::MdocRoot, "root-2", "mdoc-root-p256.root-2.key"),
        ] {
            assert_eq!((slot.file(&name(of)).as_str(), slot.files().named(file)), (file, Some(name(of))));
        }
        for other in ["author.key", "signing-p256", "signing-ed25519.key", "signing-p256..key", "seals.key"] {
            assert_eq!(Slot::P256.files().named(other), None, "{other}");
        }
        for slot in Slot::ALL {
            assert_eq!(Slot::from_code(slot.code()), Some(slot));
        }
    }
}
