//! Certificates for mdocs. Readers of this system take the key from the chain, under the DID URL in its certificate; readers
//! that only know ISO/IEC 18013-5 take the root from whoever publishes roots to them.

use axum::body::Bytes;
use credentials::UnixSeconds;
use credentials::key::{PublicKey, Signer as _, SoftwareKey};
use credentials::x509::{Certifying, MDOC_SIGNER, MakeError};
use rand_core::CryptoRngCore;
use registry::Did;
use sha2::{Digest, Sha256};

/// 1 January 2026 and 31 December 2045, within the 20 years of §B.1.2. They are fixed, so that the root is the same
/// certificate after every start: nothing of it needs storing but the key.
const ROOT_FROM: UnixSeconds = UnixSeconds(1_767_225_600);
const ROOT_UNTIL: UnixSeconds = UnixSeconds(2_398_291_200);

/// The root, and what it certifies.
pub(crate) struct Certificates {
    root: SoftwareKey,
    root_name: String,
    signer_name: String,
    root_certificate: Bytes,
}

impl Certificates {
    /// Those of the issuer with this DID, under this root key.
    pub(crate) fn new(root: SoftwareKey, did: &Did) -> Result<Self, MakeError> {
        // A name has at most 64 characters; a DID's own part fits.
        let name = did.to_string().rsplit(':').next().unwrap_or_default().to_owned();
        let root_name = format!("C=CN,OU=mdoc root,CN={name}");
        let serial = serial(Sha256::digest(root.public_key().to_bytes()).into());
        let certifying = Certifying {
            issuer: &root_name,
            subject: &root_name,
            uri: None,
            serial: &serial,
            from: ROOT_FROM,
            until: ROOT_UNTIL,
            purpose: None,
        };
        let root_certificate = certifying.sign(root.public_key(), &root)?.into();
        let signer_name = format!("C=CN,OU=mdoc signer,CN={name}");
        Ok(Self { root, root_name, signer_name, root_certificate })
    }

    /// The root's certificate, DER.
    pub(crate) fn root(&self) -> &Bytes {
        &self.root_certificate
    }

    /// A certificate, DER, for the key that the chain has as `key_id`. It counts by whole days, so that it tells no more of
    /// a document than its own dates do.
    pub(crate) fn certify(
        &self,
        key: &PublicKey,
        key_id: &str,
        (from, until): (UnixSeconds, UnixSeconds),
        rng: &mut impl CryptoRngCore,
    ) -> Result<Vec<u8>, MakeError> {
        const DAY: i64 = 86_400;
        let mut random = [0; 32];
        rng.fill_bytes(&mut random);
        let certifying = Certifying {
            issuer: &self.root_name,
            subject: &self.signer_name,
            uri: Some(key_id),
            serial: &serial(random),
            from: UnixSeconds(from.0.div_euclid(DAY) * DAY),
            until: UnixSeconds((until.0.div_euclid(DAY) + 1) * DAY).min(ROOT_UNTIL),
            purpose: Some(MDOC_SIGNER),
        };
        certifying.sign(key, &self.root)
    }
}

/// 16 bytes that make a positive number of full length (RFC 5280 §4.1.2.2).
fn serial(bytes: [u8; 32]) -> [u8; 16] {
    let mut serial = [0; 16];
    serial.copy_from_slice(&bytes[..16]);
    serial[0] = (serial[0] & 0x7f) | 0x40;
    serial
}

#[cfg(test)]
mod tests {
    use credentials::x509::{Certificate, check_chain};
    use registry::Slug;

    use super::*;
    use crate::identity::Identity;

    #[test]
    fn the_root_stays_the_same_and_certifies_the_key_under_its_name_on_the_chain() {
        let dir = tempfile::tempdir().expect("dir");
        let open = || Identity::open(dir.path(), &Slug::new("anhui").expect("name")).expect("opens");
        let identity = open();
        let root = identity.root();
        let certificates = root.certificates();
        assert_eq!(certificates.root(), open().root().certificates().root());

        let signing = identity.es256();
        let (key, key_id) = (signing.key(), signing.id());
        let (now, end) = (UnixSeconds(1_772_500_000), UnixSeconds(1_772_500_000 + 86_400 * 2190));
        let mut rng = testkit::rng(3);
        let mut certify =
            || certificates.certify(key.public_key(), key_id, (now, end), &mut rng).expect("made");
        let der = certify();
        assert_ne!(der, certify(), "each has a number of its own");
        let certificate = Certificate::parse(&der).expect("reads");
        assert_eq!(certificate.uris(), [key_id]);
        assert_eq!(certificate.key(), key.public_key());
        let root = Certificate::parse(certificates.root()).expect("reads");
        for at in [now, end] {
            assert_eq!(
                check_chain(std::slice::from_ref(&certificate), std::slice::from_ref(&root), MDOC_SIGNER, at),
                Ok(())
            );
        }
        assert!(!certificate.is_current(now.plus(-86_400)) && !certificate.is_current(end.plus(86_400 + 1)));
    }
}
