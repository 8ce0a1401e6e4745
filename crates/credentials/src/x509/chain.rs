//! From a signer's certificate to an anchor.

use x509_cert::der::asn1::ObjectIdentifier;

use super::{ANY_PURPOSE, Certificate, MAX_CHAIN};
use crate::UnixSeconds;

/// Why a chain of certificates is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// No certificate, or too many.
    #[error("no certificate, or too many")]
    Length,
    /// It leads to none of the anchors.
    #[error("the certificates lead to no anchor")]
    NoAnchor,
    /// One of them is not valid yet or any more.
    #[error("a certificate is not valid now")]
    NotCurrent,
    /// One of them was not made for this.
    #[error("a certificate was not made for this")]
    WrongUse,
}

/// Checks that the first certificate is one for `purpose` (an OID; with [`ANY_PURPOSE`] it may be for any), and that each was signed by the next and the last by
/// an anchor, or is signed by an anchor on the way. The anchors themselves stay out of the chain.
///
/// # Errors
/// [`ChainError`].
pub fn check_chain(
    chain: &[Certificate],
    anchors: &[Certificate],
    purpose: &str,
    now: UnixSeconds,
) -> Result<(), ChainError> {
    let (Some(signer), true) = (chain.first(), chain.len() <= MAX_CHAIN) else {
        return Err(ChainError::Length);
    };
    let named = ObjectIdentifier::new(purpose).map_err(|_| ChainError::WrongUse)?;
    let uses = &signer.uses;
    let fits = purpose == ANY_PURPOSE || uses.purposes.contains(&named);
    if !uses.signs || uses.authority.is_some() || !fits {
        return Err(ChainError::WrongUse);
    }
    for (below, certificate) in chain.iter().enumerate() {
        if !certificate.is_current(now) {
            return Err(ChainError::NotCurrent);
        }
        if below > 0 && !may_certify(certificate, below) {
            return Err(ChainError::WrongUse);
        }
        let signs = |issuer: &Certificate| {
            issuer.subject == certificate.issuer && certificate.is_signed_by(issuer.key())
        };
        if let Some(anchor) = anchors.iter().find(|anchor| signs(anchor)) {
            if !anchor.is_current(now) {
                return Err(ChainError::NotCurrent);
            }
            return if may_certify(anchor, below + 1) { Ok(()) } else { Err(ChainError::WrongUse) };
        }
        if !chain.get(below + 1).is_some_and(signs) {
            return Err(ChainError::NoAnchor);
        }
    }
    Err(ChainError::NoAnchor)
}

/// Whether it may sign certificates with so many below it, the signer's own among them.
fn may_certify(certificate: &Certificate, below: usize) -> bool {
    let uses = &certificate.uses;
    uses.signs_certificates && uses.authority.is_some_and(|most| below <= usize::from(most) + 1)
}
