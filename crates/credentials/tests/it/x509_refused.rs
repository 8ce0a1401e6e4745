//! Certificates that must not be taken: each is a good one of which one thing was changed, signed anew.

use credentials::key::{Algorithm, PublicKey, Signer, SoftwareKey};
use credentials::x509::{Certificate, CertificateError, Certifying, ChainError, MDOC_SIGNER, check_chain};
use x509_cert::Version;
use x509_cert::der::asn1::{BitString, OctetString};
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages};
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::mdoc_support::{anchor, certifying, root, signer};
use crate::support::{NOW, key};

const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// The certificate after a change to what is signed, its ECDSA signature made by whoever holds the issuer's key.
fn changed(
    certifying: &Certifying<'_>,
    (subject, issuer): (&PublicKey, &SoftwareKey),
    change: impl FnOnce(&mut x509_cert::TbsCertificate),
) -> x509_cert::Certificate {
    let der = certifying.sign(subject, &root()).unwrap();
    let mut certificate = x509_cert::Certificate::from_der(&der).unwrap();
    change(&mut certificate.tbs_certificate);
    let signature = issuer.sign(&certificate.tbs_certificate.to_der().unwrap()).unwrap();
    let signature = p256::ecdsa::Signature::from_slice(&signature).unwrap().to_der();
    certificate.signature = BitString::from_bytes(signature.as_bytes()).unwrap();
    certificate
}

fn extension(extn_id: ObjectIdentifier, critical: bool, value: Vec<u8>) -> Extension {
    Extension { extn_id, critical, extn_value: OctetString::new(value).unwrap() }
}

/// Puts an extension in the place of the one of its kind, or beside the others.
fn say(tbs: &mut x509_cert::TbsCertificate, new: Extension) {
    let all = tbs.extensions.get_or_insert_default();
    all.retain(|old| old.extn_id != new.extn_id);
    all.push(new);
}

fn usage(usage: KeyUsages) -> Extension {
    extension(KEY_USAGE, true, KeyUsage(usage.into()).to_der().unwrap())
}

fn constraints(ca: bool, path_len_constraint: Option<u8>) -> Extension {
    let constraints = BasicConstraints { ca, path_len_constraint };
    extension(BASIC_CONSTRAINTS, true, constraints.to_der().unwrap())
}

fn read(certificate: &x509_cert::Certificate) -> Result<Certificate, CertificateError> {
    Certificate::parse(&certificate.to_der().unwrap())
}

#[test]
fn certificates_refused() {
    let of = |change: fn(&mut x509_cert::TbsCertificate)| {
        changed(&certifying(), (signer().public_key(), &root()), change)
    };
    let unknown = |critical| extension(ObjectIdentifier::new_unwrap("1.2.3.4"), critical, vec![5, 0]);
    assert!(read(&of(|_| {})).is_ok());
    assert!(
        read(&changed(&certifying(), (signer().public_key(), &root()), |tbs| say(tbs, unknown(false))))
            .is_ok()
    );
    let critical = changed(&certifying(), (signer().public_key(), &root()), |tbs| say(tbs, unknown(true)));
    assert_eq!(read(&critical), Err(CertificateError::Critical), "critical_extension_unknown");
    let twice = of(|tbs| {
        let all = tbs.extensions.as_mut().unwrap();
        all.push(all[0].clone());
    });
    assert_eq!(read(&twice), Err(CertificateError::Critical), "extension_twice");
    assert_eq!(read(&of(|tbs| tbs.version = Version::V1)), Err(CertificateError::Form), "version_1");
    let mut outside = of(|_| {});
    outside.signature_algorithm = AlgorithmIdentifierOwned { oid: ED25519, parameters: None };
    outside.signature = BitString::from_bytes(&[7; 64]).unwrap();
    assert_eq!(read(&outside), Err(CertificateError::Form), "another_algorithm_outside_what_is_signed");
}

/// DER has one spelling: a default is not written out.
#[test]
fn certificates_in_other_bytes() {
    let good = certifying().sign(signer().public_key(), &root()).unwrap();
    // The name of the alternative names' extension, after which `critical` may stand.
    let name = [6, 3, 0x55, 0x1d, 0x11];
    let at = good.windows(5).position(|five| five == name).unwrap() + 5;
    let spelt_out = with_inserted(&good, at, &[1, 1, 0]);
    assert_eq!(spelt_out.len(), good.len() + 3);
    assert_eq!(Certificate::parse(&spelt_out), Err(CertificateError::Form), "critical_false_spelt_out");
    assert!(Certificate::parse(&with_inserted(&good, at, &[])).is_ok());
}

/// The DER with bytes inserted where an element begins, and the lengths around it made to fit.
fn with_inserted(der: &[u8], at: usize, more: &[u8]) -> Vec<u8> {
    let (mut out, mut rest, mut from) = (Vec::new(), der, 0);
    while !rest.is_empty() {
        if from == at {
            out.extend_from_slice(more);
        }
        let (head, length) = match rest[1] {
            0x81 => (3, usize::from(rest[2])),
            0x82 => (4, usize::from(u16::from_be_bytes([rest[2], rest[3]]))),
            short => (2, usize::from(short)),
        };
        let (element, after) = rest.split_at(head + length);
        if (from + 1..from + head + length).contains(&at) {
            let inside = with_inserted(&element[head..], at - from - head, more);
            let size = u16::try_from(inside.len()).unwrap().to_be_bytes();
            out.push(element[0]);
            match size {
                [0, short @ ..0x80] => out.push(short),
                [0, long] => out.extend([0x81, long]),
                [high, low] => out.extend([0x82, high, low]),
            }
            out.extend(inside);
        } else {
            out.extend_from_slice(element);
        }
        (rest, from) = (after, from + head + length);
    }
    out
}

/// An ECDSA signature's two numbers can be the bytes of an Ed25519 signature: the algorithm is what the certificate says.
#[test]
fn algorithms_are_not_crossed() {
    let ed25519 = key(20, Algorithm::EdDsa);
    let own = Certifying { subject: certifying().issuer, uri: None, purpose: None, ..certifying() };
    let ours = Certificate::parse(&own.sign(ed25519.public_key(), &ed25519).unwrap()).unwrap();
    assert!(ours.is_self_signed());
    let crossed = read(&changed(&certifying(), (signer().public_key(), &ed25519), |_| {})).unwrap();
    assert_eq!(check_chain(&[crossed], &[ours], MDOC_SIGNER, NOW), Err(ChainError::NoAnchor));
}

#[test]
fn signers_refused() {
    let check = |extension: Extension| {
        let made = changed(&certifying(), (signer().public_key(), &root()), |tbs| say(tbs, extension));
        check_chain(&[read(&made).unwrap()], &[anchor()], MDOC_SIGNER, NOW)
    };
    assert_eq!(check(usage(KeyUsages::DigitalSignature)), Ok(()));
    assert_eq!(check(constraints(false, None)), Ok(()));
    assert_eq!(check(usage(KeyUsages::KeyEncipherment)), Err(ChainError::WrongUse), "signs_nothing");
    assert_eq!(check(constraints(true, Some(0))), Err(ChainError::WrongUse), "an_authority_too");
}

#[test]
fn authorities_refused() {
    const MIDDLE: &str = "CN=Middle";
    let (middle_key, top_key) = (key(8, Algorithm::Es256), root());
    let own = Certifying { subject: certifying().issuer, uri: None, purpose: None, ..certifying() };
    // An anchor with as many below it as may be.
    let anchor = |certifying: &Certifying<'_>| {
        let made =
            changed(certifying, (top_key.public_key(), &top_key), |tbs| say(tbs, constraints(true, None)));
        read(&made).unwrap()
    };
    let leaf = Certifying { issuer: MIDDLE, ..certifying() };
    let leaf = changed(&leaf, (signer().public_key(), &middle_key), |_| {});
    let check = |middle: &Certifying<'_>, anchor: Certificate, extension: Option<Extension>| {
        let middle = changed(middle, (middle_key.public_key(), &top_key), |tbs| {
            extension.into_iter().for_each(|extension| say(tbs, extension));
        });
        let chain = [read(&leaf).unwrap(), read(&middle).unwrap()];
        check_chain(&chain, &[anchor], MDOC_SIGNER, NOW)
    };
    let middle = Certifying { subject: MIDDLE, uri: None, purpose: None, ..certifying() };
    assert_eq!(check(&middle, anchor(&own), None), Ok(()));
    let wrong = Err(ChainError::WrongUse);
    assert_eq!(check(&middle, anchor(&own), Some(constraints(false, None))), wrong, "no_authority");
    let usage = usage(KeyUsages::DigitalSignature);
    assert_eq!(check(&middle, anchor(&own), Some(usage)), wrong, "signs_no_certificates");
    let signs = Certifying { purpose: Some(MDOC_SIGNER), ..middle.clone() };
    assert_eq!(check(&signs, anchor(&own), None), wrong, "signer_as_authority");
    for (name, from, until) in [("anchor_expired", -99, -1), ("anchor_not_yet_valid", 1, 99)] {
        let other = Certifying { from: NOW.plus(from), until: NOW.plus(until), ..own.clone() };
        assert_eq!(check(&middle, anchor(&other), None), Err(ChainError::NotCurrent), "{name}");
    }
}

#[test]
fn what_a_certificate_tells() {
    let der = certifying().sign_for_host("counter.example", signer().public_key(), &root()).unwrap();
    let certificate = Certificate::parse(&der).unwrap();
    assert_eq!(certificate.hosts(), ["counter.example"]);
    assert_eq!(certificate.der(), der);
    assert!(!certificate.is_self_signed() && anchor().is_self_signed());
    // The anchor is its own issuer, so both name the same key.
    assert!(certificate.authority_key().is_some_and(|id| id.len() == 20));
    assert_eq!(certificate.authority_key(), anchor().authority_key());
}
