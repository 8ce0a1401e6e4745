//! A driving licence as mdoc: its issuer with a root, its holder, a session.

use credentials::cbor::Value;
use credentials::key::{Algorithm, PublicKey, Signer, SoftwareKey};
use credentials::mdoc::{
    DeviceResponse, Expect, Issuance, MDL, MDL_NAMESPACE, Presented, SessionTranscript, Unverified,
};
use credentials::x509::{Certificate, Certifying, MDOC_SIGNER};

use crate::support::{AUDIENCE, NONCE, NOW, key, status};

const ROOT_NAME: &str = "C=CN,O=Synthetic,CN=Root";

pub(crate) fn root() -> SoftwareKey {
    key(10, Algorithm::Es256)
}

pub(crate) fn signer() -> SoftwareKey {
    key(11, Algorithm::Es256)
}

pub(crate) fn device() -> SoftwareKey {
    key(12, Algorithm::Es256)
}

/// What a certificate of the root says.
pub(crate) fn certifying() -> Certifying<'static> {
    Certifying {
        issuer: ROOT_NAME,
        subject: "C=CN,O=Synthetic,CN=Signer",
        uri: Some("did:hui:anhui:zIssuer#key-2"),
        serial: &[1; 16],
        from: NOW.plus(-86_400),
        until: NOW.plus(86_400),
        purpose: Some(MDOC_SIGNER),
    }
}

pub(crate) fn anchor() -> Certificate {
    let own = Certifying { subject: ROOT_NAME, uri: None, purpose: None, ..certifying() };
    Certificate::parse(&own.sign(root().public_key(), &root()).unwrap()).unwrap()
}

pub(crate) fn document_signer(key: &PublicKey) -> Vec<u8> {
    certifying().sign(key, &root()).unwrap()
}

pub(crate) fn issuance() -> Issuance {
    let text = |name: &str, value: &str| (name.to_owned(), Value::from(value));
    let date = |name: &str, value: &str| (name.to_owned(), Value::tagged(1004, value.into()));
    let elements = vec![
        text("family_name", "张"),
        text("given_name", "三"),
        date("birth_date", "1990-01-01"),
        date("issue_date", "2026-01-01"),
        date("expiry_date", "2032-01-01"),
        text("issuing_country", "CN"),
        text("document_number", "340100000001"),
        ("portrait".to_owned(), Value::Bytes(vec![0xff; 64])),
        ("age_over_18".to_owned(), true.into()),
    ];
    Issuance {
        doc_type: MDL.to_owned(),
        name_spaces: vec![(MDL_NAMESPACE.to_owned(), elements)],
        device_key: device().public_key().clone(),
        signed: NOW,
        valid_from: NOW,
        valid_until: NOW.plus(3600),
        status: Some(status()),
        x5chain: vec![document_signer(signer().public_key())],
    }
}

pub(crate) fn issued() -> Vec<u8> {
    issuance().sign(&signer(), &mut testkit::rng(5)).unwrap()
}

pub(crate) fn transcript() -> SessionTranscript {
    SessionTranscript::openid4vp(AUDIENCE, NONCE, None, "https://counter.example/response")
}

pub(crate) fn chosen() -> Vec<(&'static str, &'static str)> {
    ["family_name", "age_over_18", "portrait"].map(|name| (MDL_NAMESPACE, name)).to_vec()
}

pub(crate) fn presented() -> Vec<u8> {
    let document = Unverified::parse(&issued()).unwrap();
    document.select(&chosen()).unwrap().bind(&transcript()).sign(&device()).unwrap()
}

pub(crate) fn response(bytes: &[u8]) -> Presented {
    DeviceResponse::parse(bytes).unwrap().documents.remove(0)
}

pub(crate) fn expect(transcript: &SessionTranscript) -> Expect<'_> {
    Expect { doc_type: MDL, transcript, reader: None, now: NOW }
}
