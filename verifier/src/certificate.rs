//! The certificate by which a verifier is known as `x509_hash` or `x509_san_dns` (OpenID4VP 1.0 §5.9.3).
//!
//! It is about the key that signs requests and names it as the chain does, so that wallets of this system believe the chain and
//! no authority. Wallets that know only certificates take the authority's, which signs nothing else, from whoever publishes
//! such lists to them.

use credentials::UnixSeconds;
use credentials::key::{PublicKey, Signer as _, SoftwareKey};
use credentials::x509::{Certifying, MakeError};
use registry::Did;
use ring::digest::{SHA256, digest};

/// `id-kp-clientAuth` (RFC 5280 §4.2.1.12): there is no registered purpose for signing requests.
const CLIENT: &str = "1.3.6.1.5.5.7.3.2";
/// 1 January 2026 and 31 December 2045: fixed, so that the certificate, and with it the client id, outlives a restart.
const FROM: UnixSeconds = UnixSeconds(1_767_225_600);
const UNTIL: UnixSeconds = UnixSeconds(2_398_291_200);

/// Certifies `key`, which the chain has as `key_id`, for `host`: DER.
pub(crate) fn certify(
    authority: &SoftwareKey,
    key: &PublicKey,
    (did, key_id): (&Did, &str),
    host: &str,
) -> Result<Vec<u8>, MakeError> {
    // A name has at most 64 characters; a DID's own part fits.
    let name = did.to_string().rsplit(':').next().unwrap_or_default().to_owned();
    let about = [authority.public_key().to_bytes(), key.to_bytes(), host.as_bytes().to_vec()].concat();
    let mut serial = [0; 16];
    serial.copy_from_slice(&digest(&SHA256, &about).as_ref()[..16]);
    // Positive, and of full length (RFC 5280 §4.1.2.2).
    serial[0] = (serial[0] & 0x7f) | 0x40;
    let certifying = Certifying {
        issuer: &format!("C=CN,OU=verifier root,CN={name}"),
        subject: &format!("C=CN,OU=verifier,CN={name}"),
        uri: Some(key_id),
        serial: &serial,
        from: FROM,
        until: UNTIL,
        purpose: Some(CLIENT),
    };
    certifying.sign_for_host(host, key, authority)
}
