//! Object identifiers.

use x509_cert::der::oid::ObjectIdentifier as Oid;

/// For whom a certificate is that signs mdocs (ISO/IEC 18013-5 §B.1.4): `1.0.18013.5.1.2`.
pub const MDOC_SIGNER: &str = "1.0.18013.5.1.2";

/// For whatever may be signed, but certificates (`anyExtendedKeyUsage`, RFC 5280 §4.2.1.12): no purpose is registered for who signs
/// SD-JWT VCs. It is said by naming none, which is the same and shorter.
pub const ANY_PURPOSE: &str = "2.5.29.37.0";

// RFC 5480, RFC 8410.
pub(super) const EC_PUBLIC_KEY: Oid = Oid::new_unwrap("1.2.840.10045.2.1");
pub(super) const P256: Oid = Oid::new_unwrap("1.2.840.10045.3.1.7");
pub(super) const P384: Oid = Oid::new_unwrap("1.3.132.0.34");
pub(super) const ED25519: Oid = Oid::new_unwrap("1.3.101.112");
pub(super) const ECDSA_SHA256: Oid = Oid::new_unwrap("1.2.840.10045.4.3.2");
pub(super) const ECDSA_SHA384: Oid = Oid::new_unwrap("1.2.840.10045.4.3.3");

// RFC 5280 §4.2.1.
pub(super) const SUBJECT_KEY: Oid = Oid::new_unwrap("2.5.29.14");
pub(super) const KEY_USAGE: Oid = Oid::new_unwrap("2.5.29.15");
pub(super) const SUBJECT_ALT_NAME: Oid = Oid::new_unwrap("2.5.29.17");
pub(super) const ISSUER_ALT_NAME: Oid = Oid::new_unwrap("2.5.29.18");
pub(super) const BASIC_CONSTRAINTS: Oid = Oid::new_unwrap("2.5.29.19");
pub(super) const CRL_POINTS: Oid = Oid::new_unwrap("2.5.29.31");
pub(super) const AUTHORITY_KEY: Oid = Oid::new_unwrap("2.5.29.35");
pub(super) const EXTENDED_KEY_USAGE: Oid = Oid::new_unwrap("2.5.29.37");
