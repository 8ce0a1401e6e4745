//! Certificates and COSE headers that name addresses: of lists of what was withdrawn, of who answers for that, of the authority's own
//! certificate, of its rules. The certificate is of the issuer's own key and says the issuer's name, so the credential is accepted with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use credentials::cbor::{self, Map, Value as Cbor};
use credentials::cose::{Header, Making};
use credentials::envelope::MediaType;
use credentials::key::{Algorithm, PublicKey, Signer as _, SoftwareKey};
use credentials::{vc_cose, x509};
use e2e::{DRIVING, Holder, LICENCE, Offer};
use rand_core::OsRng;
use rcgen::{
    CertificateParams, CrlDistributionPoint, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, PublicKeyData, SanType, SignatureAlgorithm,
};
use serde_json::{Value, json};

use super::trap::Trap;
use super::{everywhere, issued, key_named, market_key, verified};
use crate::mdoc::{self, member};
use crate::{STAGE, certificates, licence};

/// COSE's `x5u` (RFC 9360 §2): where a certificate is.
const X5U: i64 = 35;

/// A P-256 key as a certificate holds it.
struct Point(Vec<u8>);

impl PublicKeyData for Point {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

/// An element of DER.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).expect("short");
    let head = if length < 0x80 { vec![tag, length] } else { vec![tag, 0x81, length] };
    [head, content.to_vec()].concat()
}

/// A certificate of this key by an authority that nobody knows, with an address wherever RFC 5280 has a place for one.
fn certificate(key: &PublicKey, uri: &str, url: &str) -> Vec<u8> {
    let place = |name: &str| der(0x86, format!("{url}/{name}").as_bytes());
    let described = |oid: &[u8], name: &str| der(0x30, &[der(0x06, oid), place(name)].concat());
    let method = |number: u8| [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, number];
    let authority = [described(&method(1), "ocsp"), described(&method(2), "authority")].concat();
    let subject = described(&method(5), "repository");
    let point = der(0x30, &der(0xa0, &der(0xa0, &place("freshest"))));
    let cps = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x02, 0x01];
    let rules = der(0x30, &[der(0x06, &cps), der(0x16, format!("{url}/rules").as_bytes())].concat());
    let any = der(0x06, &[0x55, 0x1d, 0x20, 0x00]);
    let policy = der(0x30, &[any, der(0x30, &rules)].concat());
    let extension = |oid: &[u64], inside: &[u8]| CustomExtension::from_oid_content(oid, der(0x30, inside));

    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Signer");
    params.subject_alt_names = vec![SanType::URI(uri.try_into().expect("a URI"))];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let purpose = x509::MDOC_SIGNER.split('.').map(|arc| arc.parse().expect("a number")).collect();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Other(purpose)];
    let lists = vec![format!("{url}/withdrawn")];
    params.crl_distribution_points = vec![CrlDistributionPoint { uris: lists }];
    params.custom_extensions = vec![
        extension(&[1, 3, 6, 1, 5, 5, 7, 1, 1], &authority),
        extension(&[1, 3, 6, 1, 5, 5, 7, 1, 11], &subject),
        extension(&[2, 5, 29, 18], &place("issuer")),
        extension(&[2, 5, 29, 46], &point),
        extension(&[2, 5, 29, 32], &policy),
    ];
    let (of_authority, by) = (CertificateParams::default(), KeyPair::generate().expect("a key"));
    let of_authority = of_authority.self_signed(&by).expect("signed");
    let (from, until) = (rcgen::date_time_ymd(2020, 1, 1), rcgen::date_time_ymd(2049, 1, 1));
    (params.not_before, params.not_after) = (from, until);
    let Cbor::Map(cose) = key.to_cose_key() else { panic!("a key") };
    let coordinate = |label: i64| cose.member(label).and_then(Cbor::as_bytes).expect("a coordinate");
    let point = Point([&[4], coordinate(-2), coordinate(-3)].concat());
    params.signed_by(&point, &of_authority, &by).expect("signed").der().to_vec()
}

/// The SD-JWT VC with such a certificate.
fn certified_token(credential: &Value, url: &str, signer: &SoftwareKey) -> Value {
    let certificate = certificate(signer.public_key(), &key_named(credential), url);
    let text = credential.as_str().expect("an SD-JWT VC");
    certificates::with(text, &[STANDARD.encode(certificate)], signer).into()
}

/// The mdoc with such a certificate, and an address beside it: neither is under the signature.
fn certified_mdoc(issued: &str, url: &str, signer: &SoftwareKey) -> String {
    let mut issued = cbor::parse(&URL_SAFE_NO_PAD.decode(issued).expect("base64url")).expect("CBOR");
    member(&mut issued, "issuerAuth", |auth| {
        let Cbor::Array(parts) = auth else { panic!("a message") };
        let own = parts[1].as_map().and_then(|header| header.member(33)).and_then(Cbor::as_bytes);
        let own = x509::Certificate::parse(own.expect("a certificate")).expect("reads");
        let certificate = certificate(signer.public_key(), &own.uris()[0], url);
        parts[1] = Map::sorted(vec![(33.into(), certificate.into()), (X5U.into(), url.into())]).into();
    });
    URL_SAFE_NO_PAD.encode(cbor::encode(&issued))
}

/// What the document says in `vc+cose`, with addresses in both headers. Such a message says no time, and a key on the chain counts at a
/// time: so a key that is its own name signs it.
fn enveloped(document: &Value, url: &str) -> Value {
    let signer = SoftwareKey::generate(Algorithm::Es256, &mut OsRng);
    let named = signer.public_key().did_key();
    let Value::Object(mut members) = document.clone() else { panic!("a document") };
    for of_another in ["proof", "credentialStatus"] {
        members.remove(of_another).expect("a member");
    }
    members.insert("issuer".to_owned(), named.did.into());
    let protected = Header {
        x5chain: vec![certificate(signer.public_key(), &named.verification_method, url)],
        other: vec![(X5U.into(), url.into())],
        ..Header::typed(vc_cose::TYP).with_content_type("application/vc").with_kid(&named.verification_method)
    };
    let unprotected = Header { other: vec![("jku".into(), url.into())], ..Header::default() };
    let making = Making { protected, unprotected, ..Making::default() };
    let payload = Value::Object(members).to_string().into_bytes();
    let message = making.prepare(payload, signer.public_key()).sign(&signer).expect("signed");
    MediaType::VcCose.envelope(&message)
}

/// A wallet takes what an issuer gives, of which this makes one credential another.
async fn received(holder: &Holder, offer: &Offer, change: impl Fn(&Value) -> Option<Value> + Send + 'static) {
    let changed = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&changed);
    let spoiling = move |credential: &Value| {
        let credential = change(credential)?;
        counted.fetch_add(1, Ordering::SeqCst);
        Some(credential.to_string().into_bytes())
    };
    let received = holder.receive_spoiled(offer, Box::new(spoiling)).await.expect("all formats");
    assert!(received.failed.is_empty(), "{:?}", received.failed);
    assert_eq!(changed.load(Ordering::SeqCst), 1);
}

#[test]
fn no_certificate_of_a_token_leads_anybody_anywhere() {
    STAGE.play(async |play| {
        let trap = Trap::set().await;
        let (rogue, [credential, document]) = issued(play, 305).await;
        let signer = market_key(play, Algorithm::Es256);
        let shown = certified_token(&credential, &trap.url, &signer);
        assert!(everywhere(play, &rogue, &shown).await, "the certificate is of the issuer's key");
        assert!(verified(play, &enveloped(&document, &trap.url)).await);

        let holder = Holder::new(play, "receives certificates with addresses").await;
        let (_, offer) = play.market().offered(LICENCE, &licence(306)).await;
        let url = trap.url.clone();
        let is_token = |credential: &&Value| credential.is_string();
        let change =
            move |c: &Value| Some(c).filter(is_token).map(|token| certified_token(token, &url, &signer));
        received(&holder, &offer, change).await;
        assert_eq!(trap.came().await, Vec::<String>::new());
    });
}

#[test]
fn no_certificate_of_an_mdoc_leads_anybody_anywhere() {
    STAGE.play(async |play| {
        let trap = Trap::set().await;
        let (rogue, credential) = mdoc::issued(play).await;
        let signer = play.keys_of("public-security").p256;
        let certified = certified_mdoc(&credential, &trap.url, &signer);
        let (asked, answer) =
            mdoc::shown(play, |session| cbor::encode(&session.of_mdoc(&certified, rogue.key()))).await;
        answer.must(200);
        play.counter().decision(&asked).await.must_accept();
        let (base, staff) = (&play.urls().verifier.url, Some(play.urls().staff_token.as_str()));
        let alone = json!({"credential": certified});
        let judged = play.http.post_json(&format!("{base}/api/verify"), staff, &alone).await.must(200);
        assert_eq!(judged["decision"], "accepted");

        let holder = Holder::new(play, "receives mdocs with addresses").await;
        let (_, offer) = play.police().offered(DRIVING, &mdoc::claims()).await;
        let url = trap.url.clone();
        let change = move |c: &Value| {
            let mdoc = c.as_str().filter(|text| !text.contains('~'))?;
            Some(certified_mdoc(mdoc, &url, &signer).into())
        };
        received(&holder, &offer, change).await;
        assert_eq!(trap.came().await, Vec::<String>::new());
    });
}
