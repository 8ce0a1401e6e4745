//! Certificates of the key that signs: for mdocs, and for what is signed as JWT. Readers of this system take the key from the chain,
//! under the DID URL in its certificate; readers that only know ISO/IEC 18013-5 or HAIP take the root from whoever publishes roots to
//! them.

use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use credentials::UnixSeconds;
use credentials::key::{PublicKey, Signer as _, SoftwareKey};
use credentials::x509::{ANY_PURPOSE, Certifying, MDOC_SIGNER, MakeError};
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
    mdoc_signer_name: String,
    signer_name: String,
    root_certificate: Bytes,
    /// The last key that was certified for tokens, and its certificate, DER.
    certified: Mutex<Option<(PublicKey, Bytes)>>,
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
        Ok(Self {
            root,
            root_name,
            mdoc_signer_name: format!("C=CN,OU=mdoc signer,CN={name}"),
            signer_name: format!("C=CN,CN={name}"),
            root_certificate,
            certified: Mutex::default(),
        })
    }

    /// The root's certificate, DER.
    pub(crate) fn root(&self) -> &Bytes {
        &self.root_certificate
    }

    /// The certificates of the key that the chain has as `key_id`, as `x5c` has them: base64 DER, the root left out (HAIP 1.0 §4.1,
    /// §6.1). One is made for each key, the same after every start and in every instance, so that it tells nothing of what it
    /// comes with. It counts as long as the root: the chain retires keys, at once.
    pub(crate) fn x5c(&self, key: &PublicKey, key_id: &str) -> Result<Vec<String>, MakeError> {
        Ok(vec![BASE64.encode(self.certificate(key, key_id)?)])
    }

    /// The only one of those certificates, DER: what stands in the `x5chain` of a CWT.
    pub(crate) fn certificate(&self, key: &PublicKey, key_id: &str) -> Result<Bytes, MakeError> {
        let mut certified = self.certified.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, der)) = certified.as_ref().filter(|(of, _)| of == key) {
            return Ok(der.clone());
        }
        let about = [self.root.public_key().to_bytes(), key.to_bytes(), key_id.as_bytes().to_vec()].concat();
        let certifying = Certifying {
            issuer: &self.root_name,
            subject: &self.signer_name,
            uri: Some(key_id),
            serial: &serial(Sha256::digest(about).into()),
            from: ROOT_FROM,
            until: ROOT_UNTIL,
            purpose: Some(ANY_PURPOSE),
        };
        let der = Bytes::from(certifying.sign(key, &self.root)?);
        *certified = Some((key.clone(), der.clone()));
        Ok(der)
    }

    /// A certificate for an mdoc, DER, of the key that the chain has as `key_id`. It counts by whole days, so that it tells no
    /// more of a document than its own dates do.
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
            subject: &self.mdoc_signer_name,
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
    use crate::identity::{Identity, Slot};

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

    #[test]
    fn tokens_carry_the_same_certificate_of_a_key_until_key_or_root_are_others() {
        let dir = tempfile::tempdir().expect("dir");
        let open = || Identity::open(dir.path(), &Slug::new("anhui").expect("name")).expect("opens");
        let identity = open();
        let [text] = identity.x5c(&identity.es256()).expect("made").try_into().expect("the root is left out");
        assert_eq!(open().x5c(&open().es256()), Ok(vec![text.clone()]), "the same in every instance");
        let certificate = Certificate::parse(&BASE64.decode(&text).expect("base64")).expect("reads");
        let signing = identity.es256();
        assert_eq!(certificate.uris(), [signing.id()]);
        assert!(certificate.key() == signing.key().public_key() && !certificate.is_self_signed());
        let chain = [certificate];
        let root = [Certificate::parse(identity.root().certificates().root()).expect("reads")];
        let now = UnixSeconds(1_772_500_000);
        assert_eq!(check_chain(&chain, &root, ANY_PURPOSE, now), Ok(()));
        assert!(check_chain(&chain, &root, MDOC_SIGNER, now).is_err(), "it signs no mdocs");

        for (slot, name) in [(Slot::P256, "key-4"), (Slot::MdocRoot, "root-2")] {
            let before = identity.x5c(&identity.es256()).expect("made");
            let name = Slug::new(name).expect("name");
            identity.stage(slot, &name).expect("made");
            assert_eq!(identity.x5c(&identity.es256()), Ok(before.clone()), "not used yet");
            assert!(identity.switch(slot, &name, UnixSeconds(9)).expect("switched"));
            assert_ne!(identity.x5c(&identity.es256()), Ok(before), "{slot:?}");
        }
    }
}
