//! Verifying an SD-JWT, at the counter and in the wallet.

use std::fmt;

use serde_json::Value;

use super::read::Content;
use super::{KEY_BINDING_TYP, Unverified};
use crate::jws::{Times, VerifyError};
use crate::key::{PublicKey, controller};
use crate::status::StatusRef;
use crate::{CheckName, ClaimPath, Expect, Findings, Flaw, Refused, UnixSeconds};

/// An SD-JWT whose signature, times and binding were right. Whether its issuer may issue it, and its status, is
/// another question.
#[derive(Clone)]
pub struct Verified {
    content: Content,
    findings: Findings,
}

impl Unverified {
    /// Checks a credential as its issuer hands it over: signature, times, and, if given, that it is bound to
    /// `holder`.
    ///
    /// # Errors
    /// [`Refused`] with every flaw found.
    pub fn verify_issued(
        self,
        issuer_key: &PublicKey,
        holder: Option<&PublicKey>,
        now: UnixSeconds,
    ) -> Result<Verified, Refused> {
        let mut findings = self.check_issuer(issuer_key, now);
        if let Some(holder) = holder {
            let bound = match &self.content.holder {
                None => Err(Flaw::NotBound),
                Some(key) if key == holder => Ok(()),
                Some(_) => Err(Flaw::HolderIsAnother),
            };
            findings.record(CheckName::HolderBinding, bound);
        }
        if self.key_binding.is_some() {
            findings.record(CheckName::HolderBinding, Err(Flaw::KeyBindingForAnotherPresentation));
        }
        Ok(Verified { findings: findings.into_result()?, content: self.content })
    }

    /// Checks a presentation: the issuer's signature, the times, and a key binding by the holder for this request.
    /// A presentation without key binding is refused.
    ///
    /// # Errors
    /// [`Refused`] with every flaw found.
    pub fn verify_presented(self, issuer_key: &PublicKey, expect: &Expect<'_>) -> Result<Verified, Refused> {
        let mut findings = self.check_issuer(issuer_key, expect.now);
        findings.absorb(self.check_holder(expect));
        Ok(Verified { findings: findings.into_result()?, content: self.content })
    }

    /// The checks of the issuer's part alone: signature and times.
    #[must_use]
    pub fn check_issuer(&self, issuer_key: &PublicKey, now: UnixSeconds) -> Findings {
        let mut findings = Findings::default();
        let signature = self.token.check_signature(issuer_key).map_err(|error| match error {
            VerifyError::AlgorithmNotOfKey => Flaw::AlgorithmNotOfKey,
            VerifyError::SignatureWrong | VerifyError::TypeWrong | VerifyError::ClaimsWrong => {
                Flaw::SignatureWrong
            }
        });
        findings.record(CheckName::IssuerSignature, signature);
        // A `kid` that is a DID URL must be a key of the issuer: whoever looks up the one must not trust the other.
        let kid = self.header().kid.as_deref().filter(|kid| kid.starts_with("did:"));
        if kid.is_some_and(|kid| Some(controller(kid)) != self.issuer()) {
            findings.record(CheckName::IssuerSignature, Err(Flaw::KeyOfAnotherController));
        }
        findings.record(CheckName::IssuerSignature, self.check_certificate(issuer_key));
        findings.record(CheckName::Validity, self.content.times.check(now));
        findings
    }

    /// A certificate that came along must be of the very key, and say nothing else of it than `kid` does: who looks up the one must
    /// not trust the other.
    fn check_certificate(&self, issuer_key: &PublicKey) -> Result<(), Flaw> {
        let Some(certificate) = self.certificate() else { return Ok(()) };
        let certificate = certificate.map_err(|_| Flaw::CertificateUnreadable)?;
        if certificate.key() != issuer_key {
            return Err(Flaw::CertificateOfAnotherKey);
        }
        let Some(kid) = self.header().kid.as_deref().filter(|kid| is_key_of_did(kid)) else { return Ok(()) };
        let named: Vec<_> = certificate.uris().iter().filter(|uri| is_key_of_did(uri)).collect();
        let agrees = named.is_empty() || named.iter().any(|uri| *uri == kid);
        if agrees { Ok(()) } else { Err(Flaw::CertificateNamesAnotherKey) }
    }

    /// The checks of the holder's part alone: key binding, nonce, audience. Cheap to ask first, and possible while
    /// the issuer can't be looked up.
    #[must_use]
    pub fn check_holder(&self, expect: &Expect<'_>) -> Findings {
        let mut findings = Findings::default();
        let (Some(key), Some(binding)) = (&self.content.holder, &self.key_binding) else {
            let flaw = if self.content.holder.is_none() { Flaw::NotBound } else { Flaw::KeyBindingMissing };
            findings.record(CheckName::HolderBinding, Err(flaw));
            return findings;
        };
        let signed = if binding.header().is_typed(KEY_BINDING_TYP) {
            binding.check_signature(key).map_err(|error| match error {
                VerifyError::AlgorithmNotOfKey => Flaw::KeyBindingTypeWrong,
                VerifyError::SignatureWrong | VerifyError::TypeWrong | VerifyError::ClaimsWrong => {
                    Flaw::KeyBindingSignatureWrong
                }
            })
        } else {
            Err(Flaw::KeyBindingTypeWrong)
        };
        findings.record(CheckName::HolderBinding, signed);

        let claims = binding.dangerous_claims();
        let says = |name: &str, expected: &str| claims.get(name).and_then(Value::as_str) == Some(expected);
        let sd_hash = self.hash.digest(&self.bound);
        if !says("sd_hash", &sd_hash) {
            findings.record(CheckName::HolderBinding, Err(Flaw::KeyBindingForAnotherPresentation));
        }
        if let Err(flaw) = fresh(Times::of(claims).ok(), expect) {
            findings.record(CheckName::HolderBinding, Err(flaw));
        }
        let nonce = if says("nonce", expect.nonce) { Ok(()) } else { Err(Flaw::NonceWrong) };
        findings.record(CheckName::Nonce, nonce);
        let audience = if says("aud", expect.audience) { Ok(()) } else { Err(Flaw::AudienceWrong) };
        findings.record(CheckName::Audience, audience);
        findings
    }
}

fn is_key_of_did(uri: &str) -> bool {
    uri.starts_with("did:") && uri.contains('#')
}

fn fresh(times: Option<Times>, expect: &Expect<'_>) -> Result<(), Flaw> {
    let times = times.ok_or(Flaw::KeyBindingTypeWrong)?;
    let made = times.iat.ok_or(Flaw::KeyBindingTypeWrong)?;
    times.check(expect.now).map_err(|flaw| match flaw {
        Flaw::Expired => Flaw::KeyBindingTooOld,
        _ => Flaw::KeyBindingInFuture,
    })?;
    if made.plus(expect.max_age) < expect.now { Err(Flaw::KeyBindingTooOld) } else { Ok(()) }
}

impl Verified {
    /// All claims that show: the credential's own and the token's (`iss`, `vct`, `exp`…), as one object.
    #[must_use]
    pub fn claims(&self) -> &Value {
        &self.content.claims
    }

    /// The paths of the claims that were disclosed by choice.
    pub fn disclosed(&self) -> impl Iterator<Item = ClaimPath> + '_ {
        self.content.places.iter().map(|place| ClaimPath(place.clone()))
    }

    /// `iss`; empty only for a plain SD-JWT without one.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.content.issuer.as_deref().unwrap_or_default()
    }

    /// `vct`; empty only for a plain SD-JWT without one.
    #[must_use]
    pub fn vct(&self) -> &str {
        self.content.vct.as_deref().unwrap_or_default()
    }

    /// `iat`, `nbf`, `exp`.
    #[must_use]
    pub fn times(&self) -> Times {
        self.content.times
    }

    /// Where its status is.
    #[must_use]
    pub fn status(&self) -> Option<&StatusRef> {
        self.content.status.as_ref()
    }

    /// The holder's key.
    #[must_use]
    pub fn holder(&self) -> Option<&PublicKey> {
        self.content.holder.as_ref()
    }

    /// The checks made, all passed.
    #[must_use]
    pub fn findings(&self) -> &Findings {
        &self.findings
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("sd_jwt::Verified").field("vct", &self.content.vct).finish_non_exhaustive()
    }
}
