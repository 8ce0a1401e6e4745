//! Certificates and COSE headers that name addresses: of lists of what was withdrawn, of who answers for that, of the authority's own
//! certificate, of its rules. The certificate is of the issuer's own key and says the issuer's name, so the credential is accepted with it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use credentials::cbor::{self, Map, Value as Cbor};
use credentials::cose::{Header, Making};
use credentials::key::{PublicKey, Signer as _, SoftwareKey};
use credentials::{vc_cose, x509};
use e2e::{DRIVING, DRIVING_MDOC, Holder, LICENCE, Play, Rogue, Showing};
use rcgen::{
    CertificateParams, CrlDistributionPoint, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, PublicKeyData, SanType, SignatureAlgorithm,
};
use serde_json::{Value, json};

use super::trap::Trap;
use super::{baits, everywhere, issued, verified};
use crate::mdoc::{self, member};
use crate::{PURPOSE_OF_MDOC, STAGE, licence};

/// `x5u` in COSE (RFC 9360 §2), and what JOSE calls it.
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

#[test]
fn no_certificate_of_a_token_leads_anybody_anywhere() {
    STAGE.play(async |play| {
        let trap = Trap::set().await;
        let (rogue, [credential, document]) = issued(play, 305).await;
        let signer = play.keys_of("market-supervision").p256;
        let certified = move |credential: &str, url: &str, signer: &SoftwareKey| {
            baits::signed_again(credential, signer, |header, _| {
                let kid = header.kid.clone().expect("named");
                let certificate = certificate(signer.public_key(), &kid, url);
                header.x5c = Some(vec![STANDARD.encode(certificate)]);
            })
        };
        let text = credential.as_str().expect("an SD-JWT VC");
        let shown = certified(text, &trap.url, &signer);
        assert!(everywhere(play, &rogue, &json!(shown)).await, "the certificate is of the issuer's key");

        let holder = Holder::new(play, "receives certificates with addresses").await;
        let (_, offer) = play.market().offered(LICENCE, &licence(306)).await;
        let (url, key) = (trap.url.clone(), play.keys_of("market-supervision").p256);
        let spoiling =
            move |c: &Value| Some(json!(certified(c.as_str()?, &url, &key)).to_string().into_bytes());
        let received = holder.receive_spoiled(&offer, Box::new(spoiling)).await.expect("both");
        assert!(received.failed.is_empty(), "{:?}", received.failed);

        verified(play, &enveloped(&document, &trap.url, &signer)).await;
        assert_eq!(trap.came().await, Vec::<String>::new());
    });
}

/// The document in `vc+cose`, with addresses in both headers.
fn enveloped(document: &Value, url: &str, signer: &SoftwareKey) -> Value {
    let Value::Object(mut members) = document.clone() else { panic!("a document") };
    let kid =
        members.remove("proof").expect("a proof")["verificationMethod"].as_str().expect("a key").to_owned();
    let certificate = certificate(signer.public_key(), &kid, url);
    let named = |header: Header| Header {
        x5chain: vec![certificate.clone()],
        other: vec![(X5U.into(), url.into()), ("jku".into(), url.into())],
        ..header
    };
    let protected = Header::typed(vc_cose::TYP).with_content_type("application/vc").with_kid(&kid);
    let making = Making {
        protected: named(protected),
        unprotected: Header { x5chain: Vec::new(), ..named(Header::default()) },
        ..Making::default()
    };
    let payload = Value::Object(members).to_string().into_bytes();
    let message = making.prepare(payload, signer.public_key()).sign(signer).expect("signed");
    credentials::envelope::MediaType::VcCose.envelope(&message)
}

#[test]
fn no_certificate_of_an_mdoc_leads_anybody_anywhere() {
    STAGE.play(async |play| {
        let trap = Trap::set().await;
        let signer = play.keys_of("public-security").p256;
        let police = play.police();
        let rogue = Rogue::default();
        let (_, offer) = police.offered(DRIVING, &mdoc::claims()).await;
        let [credential] = rogue.collect(&police, &offer, [DRIVING_MDOC]).await;
        let shown = certified(credential.as_str().expect("text"), &trap.url, &signer);

        let counter = play.counter();
        let asked = counter.ask(PURPOSE_OF_MDOC).await;
        let request = counter.fetch(&asked).await;
        let response = Showing::of(&counter, &request).of_mdoc(&shown, rogue.key());
        let text = json!(URL_SAFE_NO_PAD.encode(cbor::encode(&response))).to_string();
        counter.answer_with_bytes(&request, "mso_mdoc", text.as_bytes()).await.must(200);
        counter.decision(&asked).await.must_accept();
        assert!(received_elsewhere(play, &shown).await);

        let holder = Holder::new(play, "receives mdocs with addresses").await;
        let (_, offer) = police.offered(DRIVING, &mdoc::claims()).await;
        let (url, key) = (trap.url.clone(), play.keys_of("public-security").p256);
        let spoiling = move |c: &Value| {
            let text = c.as_str().filter(|text| !text.contains('~'))?;
            Some(json!(certified(text, &url, &key)).to_string().into_bytes())
        };
        let received = holder.receive_spoiled(&offer, Box::new(spoiling)).await.expect("all formats");
        assert!(received.failed.is_empty(), "{:?}", received.failed);
        assert_eq!(trap.came().await, Vec::<String>::new());
    });
}

/// The mdoc with a certificate of its issuer's key that names addresses, and an address beside it: neither is under the signature.
fn certified(issued: &str, url: &str, signer: &SoftwareKey) -> String {
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

async fn received_elsewhere(play: &Play, mdoc: &str) -> bool {
    let (base, staff) = (&play.urls().verifier.url, Some(play.urls().staff_token.as_str()));
    let alone = json!({"credential": mdoc});
    let answer = play.http.post_json(&format!("{base}/api/verify"), staff, &alone).await.must(200);
    answer["decision"] == "accepted"
}
