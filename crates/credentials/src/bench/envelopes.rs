//! A driving licence as mdoc, and the business licence in a COSE envelope: issued, presented, verified. ES256.

use std::hint::black_box;

use rand_core::{CryptoRng, CryptoRngCore, RngCore};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

use super::cases::{ISSUER, NOW, Unprepared, licence, status};
use super::{Case, holding};
use crate::cbor::Value;
use crate::data_integrity::{CONTEXT_HUIZHENG, Issuance};
use crate::key::{Algorithm, PublicKey, Signer, SoftwareKey};
use crate::mdoc::{self, DeviceResponse, MDL, MDL_NAMESPACE, SessionTranscript, Trust};
use crate::vc_cose::{self, UnverifiedCredential};
use crate::x509::{Certifying, MDOC_SIGNER};

/// Every case of the envelopes in CBOR.
pub(super) fn cases(rng: &mut impl CryptoRngCore) -> Result<Vec<Case>, Unprepared> {
    let mut cases = Vec::new();
    mdoc(rng, &mut cases)?;
    vc_cose(rng, &mut cases)?;
    Ok(cases)
}

/// Salts without their cost: the random source is not what is measured.
struct Counting(u64);

impl RngCore for Counting {
    fn next_u32(&mut self) -> u32 {
        self.next_u64() as u32
    }

    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let random = self.next_u64().to_le_bytes();
            chunk.copy_from_slice(&random[..chunk.len()]);
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Counting {}

fn issuance(device: &PublicKey, certificate: Vec<u8>) -> mdoc::Issuance {
    let texts = [
        ("family_name", "张"),
        ("given_name", "三"),
        ("issuing_country", "CN"),
        ("issuing_authority", "合肥市公安局交通警察支队"),
        ("document_number", "340100000001"),
        ("un_distinguishing_sign", "CHN"),
        ("nationality", "CN"),
        ("resident_address", "安徽省合肥市庐阳区长江中路1号"),
    ];
    let dates = [("birth_date", "1990-01-01"), ("issue_date", "2026-01-01"), ("expiry_date", "2032-01-01")];
    let mut elements: Vec<(String, Value)> =
        texts.iter().map(|(name, text)| ((*name).to_owned(), Value::from(*text))).collect();
    elements
        .extend(dates.iter().map(|(name, day)| ((*name).to_owned(), Value::tagged(1004, Value::from(*day)))));
    elements.push(("portrait".to_owned(), Value::Bytes(vec![0xd8; 2048])));
    mdoc::Issuance {
        doc_type: MDL.to_owned(),
        name_spaces: vec![(MDL_NAMESPACE.to_owned(), elements)],
        device_key: device.clone(),
        signed: NOW,
        valid_from: NOW,
        valid_until: NOW.plus(86_400),
        status: Some(status()),
        x5chain: vec![certificate],
    }
}

fn mdoc(rng: &mut impl CryptoRngCore, cases: &mut Vec<Case>) -> Result<(), Unprepared> {
    let key = SoftwareKey::generate(Algorithm::Es256, rng);
    let device = SoftwareKey::generate(Algorithm::Es256, rng);
    let (twin, device_twin) = (copy(&key)?, copy(&device)?);
    let public = key.public_key().clone();
    let certificate = Certifying {
        issuer: "C=CN,CN=Bench",
        subject: "C=CN,CN=Bench",
        uri: Some(ISSUER),
        serial: &[1; 16],
        from: NOW,
        until: NOW.plus(86_400),
        purpose: Some(MDOC_SIGNER),
    };
    let certificate = certificate.sign(&public, &key).map_err(|_| Unprepared)?;
    let issuance = issuance(device.public_key(), certificate);
    let to_sign = issuance.clone().prepare(&public, &mut Counting(0)).map_err(|_| Unprepared)?;
    let to_sign = to_sign.bytes().to_vec();
    let issue = move |key: &SoftwareKey, start: u64| issuance.clone().sign(key, &mut Counting(start)).ok();
    let issued = issue(&key, 1).ok_or(Unprepared)?;

    let session =
        SessionTranscript::openid4vp("x509_san_dns:counter.example", "n", None, "https://counter.example");
    let chosen = ["family_name", "expiry_date", "portrait"].map(|name| (MDL_NAMESPACE, name));
    let bind = {
        let session = session.clone();
        move |issued: &[u8]| {
            let document = mdoc::Unverified::parse(issued).ok()?;
            Some(document.select(&chosen).ok()?.bind(&session))
        }
    };
    let to_bind = bind(&issued).ok_or(Unprepared)?.bytes().to_vec();
    let presented = bind(&issued).ok_or(Unprepared)?.sign(&device).map_err(|_| Unprepared)?;
    let checks = [bare(&key, &to_sign)?, bare(&device, &to_bind)?];
    let device_signs = to_bind;

    cases.push(Case {
        name: "issue/mdoc",
        run: Box::new(move || issue(&key, black_box(2)).is_some()),
        floor: Box::new(move || twin.sign(black_box(&to_sign)).is_ok()),
    });
    cases.push(Case {
        name: "present/mdoc",
        run: Box::new(move || bind(black_box(&issued)).is_some_and(|bound| bound.sign(&device).is_ok())),
        floor: Box::new(move || device_twin.sign(black_box(&device_signs)).is_ok()),
    });
    cases.push(Case {
        name: "verify/mdoc",
        run: Box::new(move || {
            let expect = mdoc::Expect { doc_type: MDL, transcript: &session, reader: None, now: NOW };
            let Ok(mut response) = DeviceResponse::parse(black_box(&presented)) else { return false };
            let document = response.documents.pop();
            document.is_some_and(|document| black_box(document.verify(Trust::Key(&public), &expect)).is_ok())
        }),
        floor: Box::new(move || checks.iter().all(|check| check())),
    });
    Ok(())
}

fn vc_cose(rng: &mut impl CryptoRngCore, cases: &mut Vec<Case>) -> Result<(), Unprepared> {
    let key = SoftwareKey::generate(Algorithm::Es256, rng);
    let twin = copy(&key)?;
    let public = key.public_key().clone();
    let issuance = Issuance {
        id: None,
        contexts: vec![CONTEXT_HUIZHENG.to_owned()],
        types: vec!["BusinessLicence".to_owned()],
        issuer: ISSUER.to_owned(),
        verification_method: format!("{ISSUER}#key-2"),
        holder: Some(public.did_key().did),
        claims: licence()?.into_map(),
        issued_at: NOW,
        valid_from: Some(NOW),
        valid_until: Some(NOW.plus(86_400)),
        status: Some(status()),
    };
    let prepare = move |key: &PublicKey| vc_cose::issue(issuance.clone(), key).ok();
    let to_sign = prepare(&public).ok_or(Unprepared)?.bytes().to_vec();
    let issued = prepare(&public).ok_or(Unprepared)?.sign(&key).map_err(|_| Unprepared)?;
    let check = bare(&key, &to_sign)?;
    cases.push(Case {
        name: "issue/vc-cose",
        run: Box::new(move || prepare(key.public_key()).is_some_and(|prepared| prepared.sign(&key).is_ok())),
        floor: Box::new(move || twin.sign(black_box(&to_sign)).is_ok()),
    });
    let holder = SoftwareKey::generate(Algorithm::Es256, rng);
    cases.push(holding::as_cose("present/vc-cose", issued.clone(), holder)?);
    cases.push(Case {
        name: "verify/vc-cose",
        run: Box::new(move || {
            let credential = UnverifiedCredential::parse(black_box(&issued));
            credential.is_ok_and(|credential| black_box(credential.verify(&public, NOW)).is_ok())
        }),
        floor: Box::new(check),
    });
    Ok(())
}

fn copy(key: &SoftwareKey) -> Result<SoftwareKey, Unprepared> {
    SoftwareKey::from_secret_bytes(key.algorithm(), &key.to_secret_bytes()).map_err(|_| Unprepared)
}

/// The bare verification of what was signed.
fn bare(key: &SoftwareKey, message: &[u8]) -> Result<impl Fn() -> bool + 'static, Unprepared> {
    let signature = key.sign(message).map_err(|_| Unprepared)?;
    let point = key.public_key().uncompressed().ok_or(Unprepared)?.to_vec();
    let (key, message) = (UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point), message.to_vec());
    Ok(move || key.verify(black_box(&message), &signature).is_ok())
}
