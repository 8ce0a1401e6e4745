//! What a verification found: each check by name, each flaw by name.

use std::fmt;

use serde::Serialize;

use crate::jsonld::JsonLdError;

/// The checks that this crate answers for. The text forms are stable ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckName {
    /// The credential is whole, and signed by the issuer's key for the purpose of asserting.
    IssuerSignature,
    /// Now lies within the credential's (or proof's) times.
    Validity,
    /// The presenter holds the key that the credential is bound to.
    HolderBinding,
    /// The presentation answers this request and no other.
    Nonce,
    /// The presentation was made for this verifier.
    Audience,
}

impl CheckName {
    /// The stable id: `issuer_signature`, `validity`, `holder_binding`, `nonce`, `audience`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::IssuerSignature => "issuer_signature",
            Self::Validity => "validity",
            Self::HolderBinding => "holder_binding",
            Self::Nonce => "nonce",
            Self::Audience => "audience",
        }
    }
}

/// Why a well-formed credential or presentation is refused. What isn't even well-formed is refused by its parser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Flaw {
    /// Forged, changed after signing, or signed with another key.
    #[error("the issuer's signature does not match the credential")]
    SignatureWrong,
    /// The algorithm or cryptosuite named is not the one of the issuer's key.
    #[error("the algorithm named is not the one of the issuer's key")]
    AlgorithmNotOfKey,
    /// The signing key belongs to somebody else than the issuer named.
    #[error("the signing key is not under the issuer's control")]
    KeyOfAnotherController,
    /// The issuer signed it for another purpose than asserting.
    #[error("the proof was made for another purpose")]
    ProofPurposeWrong,
    /// The proof's contexts are not the document's: terms could mean something else.
    #[error("the document's contexts are not those that were signed")]
    ContextInjected,
    /// The document has no RDF form that covers all of it.
    #[error(transparent)]
    JsonLd(#[from] JsonLdError),
    /// A proof that this one builds on is missing, wrong, or builds on it in turn.
    #[error("the chain of proofs is broken")]
    ProofChainBroken,
    /// Something is shown that was not signed as a statement, or not under the label it has.
    #[error("a statement shown was not signed")]
    StatementUnsigned,
    /// There are more statements or fewer than signatures.
    #[error("the statements shown are not those that were signed")]
    StatementCountWrong,
    /// The labels of blank nodes are not one for each.
    #[error("the labels of the statements shown are wrong")]
    LabelMapWrong,
    /// An element is not the one whose digest was signed.
    #[error("an element shown is not the one that was signed")]
    DigestWrong,
    /// The document is of another type than the one asked for, or the issuer signed another.
    #[error("the document is of another type")]
    DocTypeWrong,
    /// The issuer's certificate leads to no anchor, does not count, or is not one for this.
    #[error("the issuer's certificate is not trusted")]
    CertificateUntrusted,
    /// The certificate that came along is none that can be read.
    #[error("the issuer's certificate can't be read")]
    CertificateUnreadable,
    /// The certificate that came along is of another key than the issuer's.
    #[error("the certificate is not one of the issuer's key")]
    CertificateOfAnotherKey,
    /// The certificate that came along says that the key is another one than the credential says.
    #[error("the certificate and the credential name different keys")]
    CertificateNamesAnotherKey,
    /// `nbf`, `validFrom`: not valid yet.
    #[error("not valid yet")]
    NotYetValid,
    /// `exp`, `validUntil`: not valid any more.
    #[error("expired")]
    Expired,
    /// `iat`, `created`: it says that it was made in the future.
    #[error("made in the future")]
    CreatedInFuture,
    /// The proof (not the credential) has expired.
    #[error("the proof has expired")]
    ProofExpired,
    /// The credential names no holder key, so nobody can show that it is theirs.
    #[error("the credential is bound to no key")]
    NotBound,
    /// A presentation without key binding: a copy could be presented by anyone.
    #[error("the presentation carries no key binding")]
    KeyBindingMissing,
    /// The key binding is not signed by the key that the credential is bound to.
    #[error("the key binding is not signed by the holder's key")]
    KeyBindingSignatureWrong,
    /// The key binding is not of the right type or algorithm.
    #[error("the key binding has another type or algorithm")]
    KeyBindingTypeWrong,
    /// The key binding was made for another credential or another choice of claims.
    #[error("the key binding belongs to another presentation")]
    KeyBindingForAnotherPresentation,
    /// The key binding is older than the verifier takes.
    #[error("the key binding is too old")]
    KeyBindingTooOld,
    /// The key binding says that it was made in the future.
    #[error("the key binding was made in the future")]
    KeyBindingInFuture,
    /// The device adds elements of its own, which the issuer did not allow it.
    #[error("the device adds elements of its own")]
    DeviceElements,
    /// The presentation's proof was not made for authentication.
    #[error("the presentation's proof was made for another purpose")]
    PresentationPurposeWrong,
    /// The presenter is not the subject of a credential presented.
    #[error("the presenter is not the subject of the credential")]
    HolderIsAnother,
    /// The nonce or challenge is not the one of this request: replayed.
    #[error("the nonce is not the one of this request")]
    NonceWrong,
    /// Nothing ties the presentation to a request.
    #[error("the presentation has no challenge")]
    ChallengeMissing,
    /// The presentation was made for another verifier.
    #[error("made for another audience")]
    AudienceWrong,
    /// Nothing says for whom the presentation was made.
    #[error("the presentation has no domain")]
    DomainMissing,
}

impl Flaw {
    /// The check that this flaw fails.
    #[must_use]
    pub const fn check(self) -> CheckName {
        match self {
            Self::SignatureWrong
            | Self::AlgorithmNotOfKey
            | Self::KeyOfAnotherController
            | Self::ProofPurposeWrong
            | Self::ContextInjected
            | Self::JsonLd(_)
            | Self::ProofChainBroken
            | Self::StatementUnsigned
            | Self::StatementCountWrong
            | Self::LabelMapWrong
            | Self::DigestWrong
            | Self::DocTypeWrong
            | Self::CertificateUntrusted
            | Self::CertificateUnreadable
            | Self::CertificateOfAnotherKey
            | Self::CertificateNamesAnotherKey => CheckName::IssuerSignature,
            Self::NotYetValid | Self::Expired | Self::CreatedInFuture | Self::ProofExpired => {
                CheckName::Validity
            }
            Self::NotBound
            | Self::KeyBindingMissing
            | Self::KeyBindingSignatureWrong
            | Self::KeyBindingTypeWrong
            | Self::KeyBindingForAnotherPresentation
            | Self::KeyBindingTooOld
            | Self::KeyBindingInFuture
            | Self::DeviceElements
            | Self::PresentationPurposeWrong
            | Self::HolderIsAnother => CheckName::HolderBinding,
            Self::NonceWrong | Self::ChallengeMissing => CheckName::Nonce,
            Self::AudienceWrong | Self::DomainMissing => CheckName::Audience,
        }
    }

    /// A stable id, such as `key_binding_missing`.
    #[must_use]
    pub fn id(self) -> String {
        let debug = match self {
            Self::JsonLd(error) => format!("{error:?}"),
            flaw => format!("{flaw:?}"),
        };
        let mut id = String::with_capacity(debug.len() + 4);
        for (at, c) in debug.char_indices() {
            if c.is_ascii_uppercase() && at > 0 {
                id.push('_');
            }
            id.push(c.to_ascii_lowercase());
        }
        id
    }
}

/// As its id.
impl Serialize for Flaw {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.id())
    }
}

/// How one check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome", content = "flaw")]
pub enum Outcome {
    /// Checked, and right.
    Passed,
    /// Checked, and wrong.
    Failed(Flaw),
    /// Not checked: it does not apply here, or what it needs is not there.
    Unknown,
}

/// The checks made and the flaws found, in the order in which they were made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    made: Vec<CheckName>,
    flaws: Vec<Flaw>,
}

impl Findings {
    /// Every flaw found; empty when all is well.
    #[must_use]
    pub fn flaws(&self) -> &[Flaw] {
        &self.flaws
    }

    /// Every check made with its outcome; a check with several flaws shows the first.
    pub fn checks(&self) -> impl Iterator<Item = (CheckName, Outcome)> + '_ {
        self.made.iter().map(|name| (*name, self.outcome(*name)))
    }

    /// How one check ended.
    #[must_use]
    pub fn outcome(&self, name: CheckName) -> Outcome {
        if let Some(flaw) = self.flaws.iter().find(|flaw| flaw.check() == name) {
            Outcome::Failed(*flaw)
        } else if self.made.contains(&name) {
            Outcome::Passed
        } else {
            Outcome::Unknown
        }
    }

    pub(crate) fn record(&mut self, name: CheckName, result: Result<(), Flaw>) {
        if !self.made.contains(&name) {
            self.made.push(name);
        }
        if let Err(flaw) = result {
            if !self.made.contains(&flaw.check()) {
                self.made.push(flaw.check());
            }
            self.flaws.push(flaw);
        }
    }

    /// Takes in what other checks found of the same.
    pub fn absorb(&mut self, other: Self) {
        for name in other.made {
            if !self.made.contains(&name) {
                self.made.push(name);
            }
        }
        self.flaws.extend(other.flaws);
    }

    /// A refusal for this flaw too, if it is not among the flaws already.
    pub(crate) fn refuse(mut self, flaw: Flaw) -> Refused {
        if !self.flaws.contains(&flaw) {
            self.record(flaw.check(), Err(flaw));
        }
        Refused { findings: self }
    }

    pub(crate) fn into_result(self) -> Result<Self, Refused> {
        if self.flaws.is_empty() { Ok(self) } else { Err(Refused { findings: self }) }
    }
}

/// Verification ended in a refusal: at least one flaw was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Refused {
    findings: Findings,
}

impl Refused {
    /// All checks made, the ones that passed included.
    #[must_use]
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// The flaws, at least one.
    #[must_use]
    pub fn flaws(&self) -> &[Flaw] {
        self.findings.flaws()
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused: ")?;
        for (at, flaw) in self.flaws().iter().enumerate() {
            let comma = if at == 0 { "" } else { "; " };
            write!(f, "{comma}{flaw}")?;
        }
        Ok(())
    }
}
