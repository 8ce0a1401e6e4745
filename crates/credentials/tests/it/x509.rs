//! Certificates of those who sign mdocs: made, read, followed to an anchor.

use credentials::key::{Algorithm, Signer, SoftwareKey};
use credentials::x509::{
    ANY_PURPOSE, Certificate, CertificateError, Certifying, ChainError, MAX_CHAIN, MDOC_SIGNER, check_chain,
};

use crate::mdoc_support::{anchor, certifying, root, signer};
use crate::support::{NOW, key};

fn made(certifying: &Certifying<'_>, subject: &SoftwareKey, issuer: &SoftwareKey) -> Certificate {
    Certificate::parse(&certifying.sign(subject.public_key(), issuer).unwrap()).unwrap()
}

#[test]
fn made_with_each_algorithm() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384] {
        let (issuer, subject) = (key(20, algorithm), key(21, algorithm));
        let own = Certifying { subject: certifying().issuer, uri: None, purpose: None, ..certifying() };
        let root = made(&own, &issuer, &issuer);
        let certificate = made(&certifying(), &subject, &issuer);
        assert_eq!(certificate.key(), subject.public_key());
        assert_eq!(certificate.uris(), ["did:hui:anhui:zIssuer#key-2"]);
        assert_eq!(check_chain(&[certificate], &[root], MDOC_SIGNER, NOW), Ok(()));
    }
}

#[test]
fn for_any_purpose_is_for_no_certain_one() {
    let any = made(&Certifying { purpose: Some(ANY_PURPOSE), ..certifying() }, &signer(), &root());
    let check = |purpose| check_chain(std::slice::from_ref(&any), &[anchor()], purpose, NOW);
    assert_eq!(check(ANY_PURPOSE), Ok(()));
    assert_eq!(check(MDOC_SIGNER), Err(ChainError::WrongUse));
    let certain = made(&certifying(), &signer(), &root());
    assert_eq!(check_chain(&[certain], &[anchor()], ANY_PURPOSE, NOW), Ok(()));
    let authority = made(&Certifying { purpose: None, ..certifying() }, &signer(), &root());
    assert_eq!(check_chain(&[authority], &[anchor()], ANY_PURPOSE, NOW), Err(ChainError::WrongUse));
}

#[test]
fn chains_are_refused_by_name() {
    let good = || made(&certifying(), &signer(), &root());
    let check =
        |chain: &[Certificate], anchors: &[Certificate]| check_chain(chain, anchors, MDOC_SIGNER, NOW);
    assert_eq!(check(&[good()], &[anchor()]), Ok(()));
    assert_eq!(check(&[], &[anchor()]), Err(ChainError::Length), "empty");
    assert_eq!(check(&vec![good(); MAX_CHAIN + 1], &[anchor()]), Err(ChainError::Length), "too_long");
    assert_eq!(check(&[good()], &[]), Err(ChainError::NoAnchor), "no_anchor");
    assert_eq!(check(&[good(), good()], &[]), Err(ChainError::NoAnchor), "not_signed_by_the_next");
    let forged = made(&certifying(), &signer(), &key(9, Algorithm::Es256));
    assert_eq!(
        check(&[forged], &[anchor()]),
        Err(ChainError::NoAnchor),
        "named_but_not_signed_by_the_anchor"
    );
    let renamed = made(&Certifying { issuer: "CN=Other", ..certifying() }, &signer(), &root());
    assert_eq!(check(&[renamed], &[anchor()]), Err(ChainError::NoAnchor), "signed_under_another_name");
    for (name, from, until) in [("expired", -99, -1), ("not_yet_valid", 1, 99)] {
        let certificate = made(
            &Certifying { from: NOW.plus(from), until: NOW.plus(until), ..certifying() },
            &signer(),
            &root(),
        );
        assert_eq!(check(&[certificate], &[anchor()]), Err(ChainError::NotCurrent), "{name}");
    }
    let server = made(&Certifying { purpose: Some("1.3.6.1.5.5.7.3.1"), ..certifying() }, &signer(), &root());
    assert_eq!(check(&[server], &[anchor()]), Err(ChainError::WrongUse), "for_tls_servers");
    let authority = made(&Certifying { purpose: None, ..certifying() }, &signer(), &root());
    assert_eq!(check(&[authority], &[anchor()]), Err(ChainError::WrongUse), "an_authority_as_signer");
    // A signer certifies another signer.
    let middle = made(&certifying(), &signer(), &root());
    let below = made(
        &Certifying { issuer: certifying().subject, subject: "CN=Below", ..certifying() },
        &key(9, Algorithm::Es256),
        &signer(),
    );
    assert_eq!(check(&[below, middle], &[anchor()]), Err(ChainError::WrongUse), "signer_as_authority");
    // An authority below one that may have none.
    let middle = made(
        &Certifying { purpose: None, subject: "CN=Middle", ..certifying() },
        &key(8, Algorithm::Es256),
        &root(),
    );
    let leaf =
        made(&Certifying { issuer: "CN=Middle", ..certifying() }, &signer(), &key(8, Algorithm::Es256));
    assert_eq!(
        check(&[leaf.clone(), middle.clone()], &[anchor()]),
        Err(ChainError::WrongUse),
        "path_too_long"
    );
    assert_eq!(check(&[leaf], &[middle]), Ok(()));
}

#[test]
fn what_is_no_certificate() {
    let good = certifying().sign(signer().public_key(), &root()).unwrap();
    assert!(Certificate::parse(&good).is_ok());
    assert_eq!(Certificate::parse(&[]), Err(CertificateError::Form), "empty");
    assert_eq!(Certificate::parse(&good[..good.len() - 1]), Err(CertificateError::Form), "cut_off");
    assert_eq!(
        Certificate::parse(&[good.clone(), vec![0]].concat()),
        Err(CertificateError::Form),
        "trailing"
    );
    for (length, read) in [(7000, true), (9000, false)] {
        let uri = format!("https://issuer.example/{}", "a".repeat(length));
        let long = Certifying { uri: Some(&uri), ..certifying() };
        let long = Certificate::parse(&long.sign(signer().public_key(), &root()).unwrap());
        assert_eq!(long.is_ok(), read, "too_long");
    }
    for at in 0..good.len() {
        let mut changed = good.clone();
        changed[at] ^= 1;
        let Ok(changed) = Certificate::parse(&changed) else { continue };
        assert!(check_chain(&[changed], &[anchor()], MDOC_SIGNER, NOW).is_err(), "bit_flipped_at_{at}");
    }
    let wrong = Certifying { subject: "no name", ..certifying() };
    assert!(wrong.sign(signer().public_key(), &root()).is_err());
}
