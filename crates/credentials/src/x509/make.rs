//! Making certificates.

use std::str::FromStr;
use std::time::Duration;

use sha2::{Digest, Sha256};
use x509_cert::der::asn1::{Any, BitString, Ia5String, OctetString};
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Encode, Error as DerError};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName,
    SubjectKeyIdentifier,
};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::time::{Time, Validity};
use x509_cert::{TbsCertificate, Version};

use super::oid;
use crate::UnixSeconds;
use crate::key::{Algorithm, PublicKey, SignError, Signer};

/// A certificate to be made.
#[derive(Debug, Clone)]
pub struct Certifying<'a> {
    /// Who signs it, as RFC 4514 writes names: `C=CN,O=…,CN=…`.
    pub issuer: &'a str,
    /// Whom it is for.
    pub subject: &'a str,
    /// A URI that the subject is also known by: its DID, or the DID URL of the key.
    pub uri: Option<&'a str>,
    /// Its number, unique among the issuer's; up to 20 bytes, random ones best.
    pub serial: &'a [u8],
    /// From when it counts.
    pub from: UnixSeconds,
    /// Until when it counts.
    pub until: UnixSeconds,
    /// What its key is for (an OID), such as [`super::MDOC_SIGNER`] or [`super::ANY_PURPOSE`]; `None`: to sign certificates.
    pub purpose: Option<&'a str>,
}

/// Why a certificate could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MakeError {
    /// A name, the URI, the number, a time or the purpose has no form in a certificate.
    #[error("something has no form in a certificate")]
    Form,
    /// The key.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl From<DerError> for MakeError {
    fn from(_: DerError) -> Self {
        Self::Form
    }
}

/// A certificate that only lacks its signature.
pub struct Prepared {
    tbs: TbsCertificate,
    signed: Vec<u8>,
}

impl Certifying<'_> {
    /// Lays out the certificate of `subject` for `issuer` to sign.
    ///
    /// # Errors
    /// [`MakeError::Form`].
    pub fn prepare(&self, subject: &PublicKey, issuer: &PublicKey) -> Result<Prepared, MakeError> {
        self.lay_out(None, subject, issuer)
    }

    fn lay_out(
        &self,
        host: Option<&str>,
        subject: &PublicKey,
        issuer: &PublicKey,
    ) -> Result<Prepared, MakeError> {
        let tbs = TbsCertificate {
            version: Version::V3,
            serial_number: SerialNumber::new(self.serial)?,
            signature: signature_algorithm(issuer.algorithm())?,
            issuer: Name::from_str(self.issuer)?,
            validity: Validity { not_before: time(self.from)?, not_after: time(self.until)? },
            subject: Name::from_str(self.subject)?,
            subject_public_key_info: key_info(subject)?,
            issuer_unique_id: None,
            subject_unique_id: None,
            extensions: Some(self.extensions(host, subject, issuer)?),
        };
        let signed = tbs.to_der()?;
        Ok(Prepared { tbs, signed })
    }

    fn extensions(
        &self,
        host: Option<&str>,
        subject: &PublicKey,
        issuer: &PublicKey,
    ) -> Result<Vec<Extension>, MakeError> {
        let mut extensions = Vec::new();
        let mut say = |extn_id: ObjectIdentifier, critical: bool, value: Vec<u8>| {
            extensions.push(Extension { extn_id, critical, extn_value: OctetString::new(value)? });
            Ok::<_, MakeError>(())
        };
        if let Some(purpose) = self.purpose {
            say(oid::KEY_USAGE, true, KeyUsage(KeyUsages::DigitalSignature.into()).to_der()?)?;
            if purpose != oid::ANY_PURPOSE {
                let purpose = ObjectIdentifier::new(purpose).map_err(|_| MakeError::Form)?;
                say(oid::EXTENDED_KEY_USAGE, true, ExtendedKeyUsage(vec![purpose]).to_der()?)?;
            }
        } else {
            let constraints = BasicConstraints { ca: true, path_len_constraint: Some(0) };
            say(oid::BASIC_CONSTRAINTS, true, constraints.to_der()?)?;
            say(oid::KEY_USAGE, true, KeyUsage(KeyUsages::KeyCertSign.into()).to_der()?)?;
        }
        let mut names = Vec::new();
        if let Some(uri) = self.uri {
            names.push(GeneralName::UniformResourceIdentifier(Ia5String::new(uri)?));
        }
        if let Some(host) = host {
            names.push(GeneralName::DnsName(Ia5String::new(host)?));
        }
        if !names.is_empty() {
            say(oid::SUBJECT_ALT_NAME, false, SubjectAltName(names).to_der()?)?;
        }
        say(oid::SUBJECT_KEY, false, SubjectKeyIdentifier(key_identifier(subject)?).to_der()?)?;
        let of = AuthorityKeyIdentifier {
            key_identifier: Some(key_identifier(issuer)?),
            ..AuthorityKeyIdentifier::default()
        };
        say(oid::AUTHORITY_KEY, false, of.to_der()?)?;
        Ok(extensions)
    }

    /// The certificate, signed at once: DER.
    ///
    /// # Errors
    /// [`MakeError`].
    pub fn sign(&self, subject: &PublicKey, signer: &dyn Signer) -> Result<Vec<u8>, MakeError> {
        let prepared = self.prepare(subject, signer.public_key())?;
        let signature = signer.sign(prepared.bytes())?;
        prepared.finish(&signature)
    }

    /// The same for a subject that is also known by this DNS name.
    ///
    /// # Errors
    /// [`MakeError`].
    pub fn sign_for_host(
        &self,
        host: &str,
        subject: &PublicKey,
        signer: &dyn Signer,
    ) -> Result<Vec<u8>, MakeError> {
        let prepared = self.lay_out(Some(host), subject, signer.public_key())?;
        let signature = signer.sign(prepared.bytes())?;
        prepared.finish(&signature)
    }
}

impl Prepared {
    /// The bytes to sign.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.signed
    }

    /// The certificate, DER, with the issuer's signature of fixed length. It is not checked here.
    ///
    /// # Errors
    /// [`MakeError::Form`] for a signature of another algorithm.
    pub fn finish(self, signature: &[u8]) -> Result<Vec<u8>, MakeError> {
        let in_der = match self.tbs.signature.oid {
            oid::ECDSA_SHA256 => {
                let signature = p256::ecdsa::Signature::from_slice(signature).map_err(|_| MakeError::Form)?;
                signature.to_der().as_bytes().to_vec()
            }
            oid::ECDSA_SHA384 => {
                let signature = p384::ecdsa::Signature::from_slice(signature).map_err(|_| MakeError::Form)?;
                signature.to_der().as_bytes().to_vec()
            }
            _ => signature.to_vec(),
        };
        let certificate = x509_cert::Certificate {
            signature_algorithm: self.tbs.signature.clone(),
            tbs_certificate: self.tbs,
            signature: BitString::from_bytes(&in_der)?,
        };
        Ok(certificate.to_der()?)
    }
}

fn signature_algorithm(algorithm: Algorithm) -> Result<AlgorithmIdentifierOwned, MakeError> {
    let oid = match algorithm {
        Algorithm::EdDsa => oid::ED25519,
        Algorithm::Es256 => oid::ECDSA_SHA256,
        Algorithm::Es384 => oid::ECDSA_SHA384,
        #[cfg(feature = "p521")]
        Algorithm::Es512 => return Err(MakeError::Form),
        #[cfg(feature = "sm2")]
        Algorithm::Sm2 => return Err(MakeError::Form),
    };
    Ok(AlgorithmIdentifierOwned { oid, parameters: None })
}

fn key_info(key: &PublicKey) -> Result<SubjectPublicKeyInfoOwned, MakeError> {
    let (oid, curve) = match key.algorithm() {
        Algorithm::EdDsa => (oid::ED25519, None),
        Algorithm::Es256 => (oid::EC_PUBLIC_KEY, Some(oid::P256)),
        Algorithm::Es384 => (oid::EC_PUBLIC_KEY, Some(oid::P384)),
        #[cfg(feature = "p521")]
        Algorithm::Es512 => return Err(MakeError::Form),
        #[cfg(feature = "sm2")]
        Algorithm::Sm2 => return Err(MakeError::Form),
    };
    let bytes = match key.coordinates() {
        Some((x, y)) => [[4].as_slice(), x, y].concat(),
        None => key.to_bytes(),
    };
    Ok(SubjectPublicKeyInfoOwned {
        algorithm: AlgorithmIdentifierOwned {
            oid,
            parameters: curve.map(|curve| Any::encode_from(&curve)).transpose()?,
        },
        subject_public_key: BitString::from_bytes(&bytes)?,
    })
}

/// A key's identifier: the first 160 bits of the SHA-256 of its bits (RFC 7093 §2, method 1).
fn key_identifier(key: &PublicKey) -> Result<OctetString, MakeError> {
    let info = key_info(key)?;
    let bits = info.subject_public_key.as_bytes().ok_or(MakeError::Form)?;
    Ok(OctetString::new(&Sha256::digest(bits)[..20])?)
}

/// Years before 2050 as `UTCTime`, later ones as `GeneralizedTime` (RFC 5280 §4.1.2.5).
fn time(at: UnixSeconds) -> Result<Time, MakeError> {
    let seconds = u64::try_from(at.0).map_err(|_| MakeError::Form)?;
    let since_1970 = Duration::from_secs(seconds);
    let utc = x509_cert::der::asn1::UtcTime::from_unix_duration(since_1970);
    match utc {
        Ok(time) => Ok(Time::UtcTime(time)),
        Err(_) => {
            Ok(Time::GeneralTime(x509_cert::der::asn1::GeneralizedTime::from_unix_duration(since_1970)?))
        }
    }
}
