//! Verifying an mdoc, at the counter and in the wallet (ISO/IEC 18013-5 §9.3.1).

use std::fmt;

use serde_json::Value as Json;

use super::response::DeviceAuth;
use super::{ParseError, Presented, ReaderKey, SecurityObject, SessionTranscript, Unverified};
use crate::cbor::Value;
use crate::cose::VerifyError;
use crate::jws::LEEWAY;
use crate::key::PublicKey;
use crate::x509::{self, Certificate};
use crate::{CheckName, Findings, Flaw, Refused, UnixSeconds};

/// Whose signature is taken for the issuer's.
#[derive(Debug, Clone, Copy)]
pub enum Trust<'a> {
    /// This key's, which the caller has found by itself: on the chain, under the name in the issuer's certificate. The
    /// certificate must have this key; who signed it and when it counts does not matter.
    Key(&'a PublicKey),
    /// The key's in a certificate for signing mdocs that leads to one of these anchors (Annex B).
    Anchors(&'a [Certificate]),
}

/// What a verifier expects of a presentation.
#[derive(Debug, Clone, Copy)]
pub struct Expect<'a> {
    /// The type of document that was asked for.
    pub doc_type: &'a str,
    /// The session.
    pub transcript: &'a SessionTranscript,
    /// The reader's key of the session, where a MAC may stand for the signature.
    pub reader: Option<&'a ReaderKey>,
    /// Now.
    pub now: UnixSeconds,
}

/// A document whose signatures, digests and times were right. Whether its issuer may issue it, and its status, is
/// another question.
#[derive(Clone)]
pub struct Verified {
    document: Unverified,
    findings: Findings,
}

impl Unverified {
    /// Checks a document as its issuer hands it over: signature, digests, times, and, if given, that it is bound to
    /// `holder`.
    ///
    /// # Errors
    /// [`Refused`] with every flaw found.
    pub fn verify_issued(
        self,
        trust: Trust<'_>,
        holder: Option<&PublicKey>,
        now: UnixSeconds,
    ) -> Result<Verified, Refused> {
        let mut findings = self.check_issuer(trust, now);
        if let Some(holder) = holder {
            let bound = if *holder == self.object.device_key { Ok(()) } else { Err(Flaw::HolderIsAnother) };
            findings.record(CheckName::HolderBinding, bound);
        }
        // All elements are there when it is issued: one for each digest.
        let count = |namespace: &str| self.object.digests.get(namespace).map(std::collections::BTreeMap::len);
        let all_shown = self.name_spaces.iter().all(|(name, items)| count(name) == Some(items.len()));
        if !all_shown || self.name_spaces.len() != self.object.digests.len() {
            findings.record(CheckName::IssuerSignature, Err(Flaw::StatementCountWrong));
        }
        Ok(Verified { findings: findings.into_result()?, document: self })
    }

    /// The checks of the issuer's part alone: certificate, signature, digests, times.
    #[must_use]
    pub fn check_issuer(&self, trust: Trust<'_>, now: UnixSeconds) -> Findings {
        let mut findings = Findings::default();
        let certified = match trust {
            Trust::Key(key) if key == self.certificate().key() => Ok(()),
            Trust::Key(_) => Err(Flaw::KeyOfAnotherController),
            Trust::Anchors(anchors) => {
                let led = x509::check_chain(&self.chain, anchors, x509::MDOC_SIGNER, now);
                // The issuer had its certificate when it signed (§9.3.1).
                let then = self.certificate().is_current(self.object.signed);
                if led.is_ok() && then { Ok(()) } else { Err(Flaw::CertificateUntrusted) }
            }
        };
        findings.record(CheckName::IssuerSignature, certified);
        let signed = self.auth.check_signature(self.certificate().key(), &[], None);
        findings.record(
            CheckName::IssuerSignature,
            signed.map_err(|error| match error {
                VerifyError::AlgorithmNotOfKey => Flaw::AlgorithmNotOfKey,
                VerifyError::TypeWrong | VerifyError::SignatureWrong | VerifyError::Payload => {
                    Flaw::SignatureWrong
                }
            }),
        );
        for flaw in self.check_digests() {
            findings.record(CheckName::IssuerSignature, Err(flaw));
        }
        findings.record(CheckName::Validity, self.object.check_times(now));
        findings
    }

    /// Each kind of flaw once.
    fn check_digests(&self) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        for (namespace, items) in &self.name_spaces {
            let digests = self.object.digests.get(namespace);
            for item in items {
                let flaw = match digests.and_then(|digests| digests.get(&item.digest_id)) {
                    None => Flaw::StatementUnsigned,
                    Some(digest) if *digest != self.object.hash.digest(&item.bytes) => Flaw::DigestWrong,
                    Some(_) => continue,
                };
                if !flaws.contains(&flaw) {
                    flaws.push(flaw);
                }
            }
        }
        flaws
    }
}

impl SecurityObject {
    fn check_times(&self, now: UnixSeconds) -> Result<(), Flaw> {
        if now.plus(LEEWAY) < self.signed {
            return Err(Flaw::CreatedInFuture);
        }
        if now.plus(LEEWAY) < self.valid_from {
            return Err(Flaw::NotYetValid);
        }
        if now >= self.valid_until.plus(LEEWAY) { Err(Flaw::Expired) } else { Ok(()) }
    }
}

impl Presented {
    /// Checks a presentation: the issuer's part, the type, and that the device made it for this session.
    ///
    /// # Errors
    /// [`Refused`] with every flaw found.
    pub fn verify(self, trust: Trust<'_>, expect: &Expect<'_>) -> Result<Verified, Refused> {
        let mut findings = self.issued.check_issuer(trust, expect.now);
        findings.absorb(self.check_device(expect));
        Ok(Verified { findings: findings.into_result()?, document: self.issued })
    }

    /// The checks of the device's part alone: type and session. Cheap to ask first, and possible while the issuer
    /// can't be looked up. Nonce and audience are inside the transcript: they are right if the signature is.
    #[must_use]
    pub fn check_device(&self, expect: &Expect<'_>) -> Findings {
        let mut findings = Findings::default();
        let object = &self.issued.object;
        let is_type = self.doc_type == expect.doc_type && object.doc_type == expect.doc_type;
        let typed = if is_type { Ok(()) } else { Err(Flaw::DocTypeWrong) };
        findings.record(CheckName::IssuerSignature, typed);
        let signed = expect.transcript.device_authentication(&self.doc_type, &self.device_name_spaces);
        let bound = match &self.device_auth {
            DeviceAuth::Signature(message) => {
                message.check_signature(&object.device_key, &[], Some(&signed)).map_err(|error| match error {
                    VerifyError::AlgorithmNotOfKey | VerifyError::TypeWrong | VerifyError::Payload => {
                        Flaw::KeyBindingTypeWrong
                    }
                    VerifyError::SignatureWrong => Flaw::KeyBindingSignatureWrong,
                })
            }
            DeviceAuth::Mac(mac) => match expect.reader {
                None => Err(Flaw::KeyBindingTypeWrong),
                Some(reader) if mac.is_right(&object.device_key, reader, expect.transcript, &signed) => {
                    Ok(())
                }
                Some(_) => Err(Flaw::KeyBindingSignatureWrong),
            },
        };
        findings.record(CheckName::HolderBinding, bound);
        if self.has_device_elements {
            findings.record(CheckName::HolderBinding, Err(Flaw::DeviceElements));
        }
        if bound.is_ok() {
            findings.record(CheckName::Nonce, Ok(()));
            findings.record(CheckName::Audience, Ok(()));
        }
        findings
    }
}

impl Verified {
    /// The elements that show: namespace, name, value.
    pub fn elements(&self) -> impl Iterator<Item = (&str, &str, &Value)> + '_ {
        self.document.dangerous_elements()
    }

    /// The value of an element.
    #[must_use]
    pub fn element(&self, namespace: &str, name: &str) -> Option<&Value> {
        self.elements()
            .find(|(space, element, _)| (*space, *element) == (namespace, name))
            .map(|found| found.2)
    }

    /// The elements that show as JSON: `{namespace: {name: value}}`, converted as RFC 8949 §6.1 advises.
    #[must_use]
    pub fn claims(&self) -> Json {
        self.document.dangerous_claims()
    }

    /// What the issuer signed: type, times, the device's key, where its status is.
    #[must_use]
    pub fn security_object(&self) -> &SecurityObject {
        &self.document.object
    }

    /// The issuer's certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        self.document.certificate()
    }

    /// The checks made, all passed.
    #[must_use]
    pub fn findings(&self) -> &Findings {
        &self.findings
    }
}

impl From<x509::CertificateError> for ParseError {
    fn from(_: x509::CertificateError) -> Self {
        Self::Certificate
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("mdoc::Verified")
            .field("doc_type", &self.document.object.doc_type)
            .finish_non_exhaustive()
    }
}
