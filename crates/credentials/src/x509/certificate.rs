//! One certificate.

use std::fmt;

use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName,
};
use x509_cert::name::Name;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use super::oid;
use crate::UnixSeconds;
use crate::key::{Algorithm, PublicKey, Signature};

/// The longest certificate, in bytes.
const LONGEST: usize = 8 << 10;

/// Why bytes are no certificate that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not DER, not X.509 version 3, or too long.
    #[error("not an X.509 certificate")]
    Form,
    /// A kind of key or signature that is not supported.
    #[error("a kind of key or signature that is not supported")]
    Unsupported,
    /// A critical extension that is not understood, or one that is there twice.
    #[error("a critical extension is not understood")]
    Critical,
}

/// A certificate, read. Who signed it was not checked.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    signed: Vec<u8>,
    signature: Signature,
    signature_algorithm: Algorithm,
    pub(super) issuer: Name,
    pub(super) subject: Name,
    key: PublicKey,
    from: UnixSeconds,
    until: UnixSeconds,
    pub(super) uses: Uses,
    names: Names,
}

/// What else its subject and its issuer's key are known by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Names {
    uris: Vec<String>,
    hosts: Vec<String>,
    authority_key: Option<Vec<u8>>,
}

/// What the key may be used for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Uses {
    /// Signs certificates, with at most so many below, the last one not counted.
    pub(super) authority: Option<u8>,
    pub(super) signs_certificates: bool,
    pub(super) signs: bool,
    pub(super) purposes: Vec<ObjectIdentifier>,
}

impl Certificate {
    /// Reads a certificate from DER.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn parse(der: &[u8]) -> Result<Self, CertificateError> {
        const FORM: CertificateError = CertificateError::Form;
        if der.len() > LONGEST {
            return Err(FORM);
        }
        let read = x509_cert::Certificate::from_der(der).map_err(|_| FORM)?;
        // One spelling only: what is checked below is what came.
        let is_canonical = read.to_der().is_ok_and(|again| again == der);
        let tbs = &read.tbs_certificate;
        let same_algorithm = tbs.signature == read.signature_algorithm;
        if !is_canonical || !same_algorithm || tbs.version != x509_cert::Version::V3 {
            return Err(FORM);
        }
        let signature_algorithm = signature_algorithm(&read.signature_algorithm)?;
        let signature = read.signature.as_bytes().ok_or(FORM)?;
        let seconds = |time: &x509_cert::time::Time| {
            UnixSeconds(i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX))
        };
        let (uses, names) = read_extensions(tbs)?;
        Ok(Self {
            der: der.to_vec(),
            signed: tbs.to_der().map_err(|_| FORM)?,
            signature: fixed(signature_algorithm, signature).ok_or(FORM)?,
            signature_algorithm,
            issuer: tbs.issuer.clone(),
            subject: tbs.subject.clone(),
            key: public_key(&tbs.subject_public_key_info)?,
            from: seconds(&tbs.validity.not_before),
            until: seconds(&tbs.validity.not_after),
            uses,
            names,
        })
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The URIs that its subject is also known by: a DID among them.
    #[must_use]
    pub fn uris(&self) -> &[String] {
        &self.names.uris
    }

    /// The DNS names that its subject is also known by.
    #[must_use]
    pub fn hosts(&self) -> &[String] {
        &self.names.hosts
    }

    /// The identifier of its issuer's key (RFC 5280 §4.2.1.1), if it names it.
    #[must_use]
    pub fn authority_key(&self) -> Option<&[u8]> {
        self.names.authority_key.as_deref()
    }

    /// Whether it is signed by the very key that it is for.
    #[must_use]
    pub fn is_self_signed(&self) -> bool {
        self.is_signed_by(&self.key)
    }

    /// The DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether it counts at a time; both its ends included.
    #[must_use]
    pub fn is_current(&self, at: UnixSeconds) -> bool {
        (self.from..=self.until).contains(&at)
    }

    /// Whether this key signed it.
    pub(super) fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.algorithm() == self.signature_algorithm && key.verify(&self.signed, &self.signature).is_ok()
    }
}

fn read_extensions(tbs: &x509_cert::TbsCertificate) -> Result<(Uses, Names), CertificateError> {
    const FORM: CertificateError = CertificateError::Form;
    let (mut uses, mut known_by, mut seen) = (Uses::default(), Names::default(), Vec::new());
    for extension in tbs.extensions.as_deref().unwrap_or_default() {
        if seen.contains(&extension.extn_id) {
            return Err(CertificateError::Critical);
        }
        seen.push(extension.extn_id);
        let value = extension.extn_value.as_bytes();
        match extension.extn_id {
            oid::BASIC_CONSTRAINTS => {
                let constraints = BasicConstraints::from_der(value).map_err(|_| FORM)?;
                let below = constraints.path_len_constraint.unwrap_or(u8::MAX);
                uses.authority = constraints.ca.then_some(below);
            }
            oid::KEY_USAGE => {
                let usage = KeyUsage::from_der(value).map_err(|_| FORM)?;
                uses.signs = usage.0.contains(KeyUsages::DigitalSignature);
                uses.signs_certificates = usage.0.contains(KeyUsages::KeyCertSign);
            }
            oid::EXTENDED_KEY_USAGE => {
                uses.purposes = ExtendedKeyUsage::from_der(value).map_err(|_| FORM)?.0;
            }
            oid::SUBJECT_ALT_NAME => {
                let names = SubjectAltName::from_der(value).map_err(|_| FORM)?.0;
                for name in names {
                    match name {
                        GeneralName::UniformResourceIdentifier(uri) => known_by.uris.push(uri.to_string()),
                        GeneralName::DnsName(host) => known_by.hosts.push(host.to_string()),
                        _ => {}
                    }
                }
            }
            oid::AUTHORITY_KEY => {
                let of = AuthorityKeyIdentifier::from_der(value).map_err(|_| FORM)?;
                known_by.authority_key = of.key_identifier.map(|key| key.as_bytes().to_vec());
            }
            oid::SUBJECT_KEY | oid::ISSUER_ALT_NAME | oid::CRL_POINTS => {}
            _ if extension.critical => return Err(CertificateError::Critical),
            _ => {}
        }
    }
    Ok((uses, known_by))
}

fn signature_algorithm(algorithm: &AlgorithmIdentifierOwned) -> Result<Algorithm, CertificateError> {
    match (algorithm.oid, &algorithm.parameters) {
        (oid::ECDSA_SHA256, None) => Ok(Algorithm::Es256),
        (oid::ECDSA_SHA384, None) => Ok(Algorithm::Es384),
        (oid::ED25519, None) => Ok(Algorithm::EdDsa),
        _ => Err(CertificateError::Unsupported),
    }
}

fn public_key(info: &SubjectPublicKeyInfoOwned) -> Result<PublicKey, CertificateError> {
    const UNSUPPORTED: CertificateError = CertificateError::Unsupported;
    let bytes = info.subject_public_key.as_bytes().ok_or(UNSUPPORTED)?;
    let curve = info.algorithm.parameters.as_ref().map(x509_cert::der::Any::decode_as::<ObjectIdentifier>);
    let key = match (info.algorithm.oid, curve) {
        (oid::EC_PUBLIC_KEY, Some(Ok(oid::P256))) => PublicKey::p256(bytes),
        (oid::EC_PUBLIC_KEY, Some(Ok(oid::P384))) => PublicKey::p384(bytes),
        (oid::ED25519, None) => PublicKey::ed25519(bytes.try_into().map_err(|_| UNSUPPORTED)?),
        _ => return Err(UNSUPPORTED),
    };
    key.map_err(|_| UNSUPPORTED)
}

/// A signature as certificates have it to one of fixed length.
fn fixed(algorithm: Algorithm, der: &[u8]) -> Option<Signature> {
    match algorithm {
        Algorithm::EdDsa => Signature::from_slice(der),
        Algorithm::Es256 => Signature::from_slice(&p256::ecdsa::Signature::from_der(der).ok()?.to_bytes()),
        Algorithm::Es384 => Signature::from_slice(&p384::ecdsa::Signature::from_der(der).ok()?.to_bytes()),
        #[cfg(feature = "p521")]
        Algorithm::Es512 => None,
        #[cfg(feature = "sm2")]
        Algorithm::Sm2 => None,
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("key", &self.key).finish_non_exhaustive()
    }
}
