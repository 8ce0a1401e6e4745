//! The same for mdocs: flaws of `IssuerSigned`, as it is issued and as it stands in a presentation.

use credentials::UnixSeconds;
use credentials::cbor::{self, Map, Value};
use credentials::cose::{self, Header};
use credentials::key::{Algorithm, Signer as _, SoftwareKey};
use credentials::x509::{Certificate, Certifying, MDOC_SIGNER};
use rand_core::OsRng;

use super::{Flaw, MALFORMED, Place, TAKEN, with_other_s};

/// A flaw of an mdoc.
pub(super) struct MdocFlaw {
    name: &'static str,
    found: &'static str,
    spoil: Spoil,
}

enum Spoil {
    /// A change to `IssuerSigned`.
    Whole(fn(&mut Value)),
    /// A change to what the issuer signs. It does not sign it again.
    Object(fn(&mut Value)),
    /// The same, and it does: what only an issuer can do wrong.
    Resigned(fn(&mut Value)),
    /// Another key signs, with what certificate this makes of the issuer's.
    Forged(fn(&SoftwareKey, &[u8]) -> Vec<u8>),
    /// A change to the bytes.
    Bytes(fn(Vec<u8>) -> Vec<u8>),
}

impl MdocFlaw {
    /// `IssuerSigned` with this flaw; `issuer` is the key that signed it.
    pub(super) fn of(&self, issued: &[u8], issuer: &SoftwareKey) -> Vec<u8> {
        let mut document = cbor::parse(issued).expect("CBOR");
        match self.spoil {
            Spoil::Whole(spoil) => spoil(&mut document),
            Spoil::Object(spoil) => member(&mut document, "issuerAuth", |auth| {
                change_payload(auth, spoil);
            }),
            Spoil::Resigned(spoil) => member(&mut document, "issuerAuth", |auth| {
                let payload = change_payload(auth, spoil);
                let certificate = certificate(auth);
                *auth = signed(issuer, payload, certificate);
            }),
            Spoil::Forged(make) => member(&mut document, "issuerAuth", |auth| {
                let forger = SoftwareKey::generate(Algorithm::Es256, &mut OsRng);
                let payload = change_payload(auth, |_| ());
                *auth = signed(&forger, payload, make(&forger, &certificate(auth)));
            }),
            Spoil::Bytes(spoil) => return spoil(issued.to_vec()),
        }
        cbor::encode(&document)
    }
}

/// All of them.
pub(super) fn flaws() -> Vec<Flaw> {
    let flaw = |flaw: MdocFlaw| Flaw::new(flaw.name, flaw.found, super::Spoil::Mdoc(flaw));
    let text = |name, spoil| Flaw::new(name, MALFORMED, super::Spoil::Token(spoil));
    let texts = [
        text("base64_padded", |text| format!("{text}==")),
        text("base64_of_the_other_alphabet", |text| format!("+/{}", &text[2..])),
        text("base64_and_one_more", |text| format!("{text}A")),
        text("base64_with_a_space", |text| format!("{} {}", &text[..8], &text[8..])),
        text("too_long", |text| format!("{text}{}", "A".repeat(12 << 20))).but(super::TOO_LONG),
    ];
    let types =
        [flaw(of_another_type()).but(OF_ANOTHER_TYPE), flaw(changed_to_another_type()).but(READ_FIRST)];
    mdocs().into_iter().map(flaw).chain(types).chain(texts).collect()
}

fn mdocs() -> Vec<MdocFlaw> {
    let flaw = |name, found, spoil| MdocFlaw { name, found, spoil };
    let whole = |name, found, spoil| flaw(name, found, Spoil::Whole(spoil));
    let object = |name, spoil| flaw(name, "signature_wrong", Spoil::Object(spoil));
    let resigned = |name, found, spoil| flaw(name, found, Spoil::Resigned(spoil));
    let bytes = |name, spoil| flaw(name, MALFORMED, Spoil::Bytes(spoil));
    vec![
        whole("element_changed", "digest_wrong", |d| item(d, |i| set(i, "elementValue", "x"))),
        whole("element_renamed", "digest_wrong", |d| item(d, |i| set(i, "elementIdentifier", "x"))),
        whole("element_salt_changed", "digest_wrong", |d| item(d, |i| set(i, "random", vec![7; 32]))),
        whole("element_not_in_the_digests", "statement_unsigned", |d| item(d, |i| set(i, "digestID", 999))),
        whole("element_in_another_namespace", "statement_unsigned", |d| {
            items(d, |items| {
                let moved = Value::Array(vec![items.remove(0)]);
                Some(("urn:other".into(), moved))
            });
        }),
        whole("element_twice", MALFORMED, |d| {
            items(d, |items| {
                items.push(items[0].clone());
                None
            });
        }),
        whole("element_salt_short", MALFORMED, |d| item(d, |i| set(i, "random", vec![7; 15]))),
        whole("signature_with_the_other_s", TAKEN, |d| {
            part(d, 3, |signature| {
                let mut bytes = signature.as_bytes().expect("a signature").to_vec();
                with_other_s(&mut bytes);
                *signature = bytes.into();
            });
        }),
        whole("signature_changed", "signature_wrong", |d| {
            part(d, 3, |signature| *signature = Value::Bytes(vec![7; 64]));
        }),
        whole("signature_truncated", MALFORMED, |d| {
            part(d, 3, |signature| *signature = Value::Bytes(vec![7; 63]));
        }),
        whole("alg_of_another_key", "algorithm_not_of_key", |d| protected(d, &[(1, (-8).into())])),
        whole("alg_missing", MALFORMED, |d| protected(d, &[])),
        whole("critical_header_unknown", MALFORMED, |d| {
            protected(d, &[(1, (-7).into()), (2, Value::Array(vec!["x".into()]))]);
        }),
        whole("certificate_missing", MALFORMED, |d| part(d, 1, |header| *header = Map::default().into())),
        object("mso_prolonged", |o| member(o, "validityInfo", |v| set(v, "validUntil", time(2_524_608_000)))),
        object("mso_bound_to_another_key", |o| {
            let other = SoftwareKey::generate(Algorithm::Es256, &mut OsRng).public_key().to_cose_key();
            member(o, "deviceKeyInfo", |info| set(info, "deviceKey", other));
        }),
        object("mso_without_status", |o| remove(o, "status")),
        object("mso_digest_replaced", |o| {
            member(o, "valueDigests", |spaces| {
                member(spaces, "org.iso.18013.5.1", |digests| {
                    change(digests, &0.into(), |digest| *digest = vec![7; 32].into());
                });
            });
        }),
        flaw("signature_of_another_key", "signature_wrong", Spoil::Forged(|_, issuers| issuers.to_vec())),
        flaw("certificate_of_another_key", "key_of_another_controller", Spoil::Forged(certified)),
        resigned("expired", "expired", |o| {
            let validity = |v: &mut Value| set(v, "validUntil", time(now().0 - 3_600));
            member(o, "validityInfo", validity);
        }),
        resigned("not_yet_valid", "not_yet_valid", |o| {
            member(o, "validityInfo", |v| set(v, "validFrom", time(now().0 + 3_600)));
        }),
        resigned("signed_in_the_future", "created_in_future", |o| {
            member(o, "validityInfo", |v| set(v, "signed", time(now().0 + 3_600)));
        }),
        resigned("mso_of_another_version", MALFORMED, |o| set(o, "version", "2.0")),
        resigned("mso_digests_by_sha1", MALFORMED, |o| set(o, "digestAlgorithm", "SHA-1")),
        resigned("mso_status_not_understood", MALFORMED, |o| {
            set(o, "status", Map::from([("x", 1.into())]));
        }),
        bytes("cut_off", |b| b[..b.len() - 1].to_vec()),
        bytes("nested_20000", |b| [vec![0x81; 20_000], b].concat()),
        bytes("length_indefinite", |b| [&[0xbf], &b[1..], &[0xff]].concat()),
        bytes("length_not_shortest", |b| [&[0xb8, b[0] & 0x1f], &b[1..]].concat()),
        bytes("name_twice", |b| [&[0xa3], &b[1..], &text("nameSpaces")[..], &[0xa0]].concat()),
        bytes("not_a_map", |_| text("x")),
    ]
}

/// Where nobody says what type it should be, none is wrong; the catalogue doesn't have this one.
const OF_ANOTHER_TYPE: &[(Place, &str)] = &[
    (Place::Library, TAKEN),
    (Place::Verify, "type_not_in_catalogue"),
    (Place::Batch, "type_not_in_catalogue"),
    (Place::Folder, "type_not_in_catalogue"),
];

/// A wallet looks first whether it is what it asked for.
const READ_FIRST: &[(Place, &str)] = &[(Place::Wallet, "doc_type_wrong")];

/// Another type, and nobody signed that.
fn changed_to_another_type() -> MdocFlaw {
    let spoil = Spoil::Object(|o| set(o, "docType", "org.example.other"));
    MdocFlaw { name: "mso_of_another_type", found: "signature_wrong", spoil }
}

/// Another type, signed by the issuer: what only the device's part, which says the type again, gives away at a counter.
fn of_another_type() -> MdocFlaw {
    let spoil = Spoil::Resigned(|o| set(o, "docType", "org.example.other"));
    MdocFlaw { name: "signed_as_another_type", found: "doc_type_wrong", spoil }
}

/// A certificate for the forger's key that names the issuer's, as the issuer's own does.
fn certified(forger: &SoftwareKey, issuers: &[u8]) -> Vec<u8> {
    let real = Certificate::parse(issuers).expect("a certificate");
    let certifying = Certifying {
        issuer: "C=CN,CN=forged",
        subject: "C=CN,CN=forged",
        uri: real.uris().first().map(String::as_str),
        serial: &[1; 16],
        from: now().plus(-86_400),
        until: now().plus(86_400),
        purpose: Some(MDOC_SIGNER),
    };
    certifying.sign(forger.public_key(), forger).expect("a certificate")
}

fn signed(key: &SoftwareKey, payload: Vec<u8>, certificate: Vec<u8>) -> Value {
    let unprotected = Header { x5chain: vec![certificate], ..Header::default() };
    let making = cose::Making { unprotected, ..cose::Making::default() };
    let message = making.prepare(payload, key.public_key()).sign(key).expect("signed");
    cbor::parse(&message).expect("CBOR").untagged(cose::TAG_SIGN1).expect("a message").clone()
}

fn certificate(auth: &Value) -> Vec<u8> {
    let unprotected = auth.as_array().and_then(|parts| parts[1].as_map()).expect("a header");
    unprotected.member(33).and_then(Value::as_bytes).expect("a certificate").to_vec()
}

/// Changes what is signed; its new bytes.
fn change_payload(auth: &mut Value, spoil: fn(&mut Value)) -> Vec<u8> {
    let Value::Array(parts) = auth else { panic!("a message") };
    let payload = cbor::parse(parts[2].as_bytes().expect("a payload")).expect("CBOR");
    let mut object = cbor::parse(payload.as_encoded().expect("an object")).expect("CBOR");
    spoil(&mut object);
    let payload = cbor::encode(&Value::encoded(cbor::encode(&object)));
    parts[2] = payload.clone().into();
    payload
}

/// Changes the items of the first namespace, and may add a namespace.
fn items(document: &mut Value, spoil: impl FnOnce(&mut Vec<Value>) -> Option<(Value, Value)>) {
    member(document, "nameSpaces", |spaces| {
        let mut entries = entries(spaces);
        let Value::Array(items) = &mut entries[0].1 else { panic!("items") };
        let added = spoil(items);
        entries.extend(added);
        *spaces = Map::sorted(entries).into();
    });
}

/// Changes the first item.
fn item(document: &mut Value, spoil: impl FnOnce(&mut Value)) {
    items(document, |items| {
        let mut inside = cbor::parse(items[0].as_encoded().expect("an item")).expect("CBOR");
        spoil(&mut inside);
        items[0] = Value::encoded(cbor::encode(&inside));
        None
    });
}

/// Changes one of the four parts of the issuer's message.
fn part(document: &mut Value, at: usize, spoil: impl FnOnce(&mut Value)) {
    member(document, "issuerAuth", |auth| {
        let Value::Array(parts) = auth else { panic!("a message") };
        spoil(&mut parts[at]);
    });
}

fn protected(document: &mut Value, header: &[(i64, Value)]) {
    let entries = header.iter().map(|(label, value)| ((*label).into(), value.clone())).collect();
    part(document, 0, |protected| *protected = cbor::encode(&Map::sorted(entries).into()).into());
}

fn set(map: &mut Value, name: &str, value: impl Into<Value>) {
    member(map, name, |old| *old = value.into());
}

pub(crate) fn member(map: &mut Value, name: &str, spoil: impl FnOnce(&mut Value)) {
    change(map, &name.into(), spoil);
}

fn change(map: &mut Value, key: &Value, spoil: impl FnOnce(&mut Value)) {
    let mut entries = entries(map);
    let (_, found) = entries.iter_mut().find(|(name, _)| name == key).expect("the member");
    spoil(found);
    *map = Map::sorted(entries).into();
}

fn remove(map: &mut Value, name: &str) {
    let mut entries = entries(map);
    entries.retain(|(key, _)| key.as_text() != Some(name));
    *map = Map::sorted(entries).into();
}

fn entries(map: &mut Value) -> Vec<(Value, Value)> {
    let Value::Map(map) = std::mem::replace(map, Value::Null) else { panic!("a map") };
    map.into_entries()
}

fn time(seconds: i64) -> Value {
    Value::tagged(0, UnixSeconds(seconds).rfc3339().into())
}

fn text(text: &str) -> Vec<u8> {
    cbor::encode(&text.into())
}

fn now() -> UnixSeconds {
    crate::rogue::now()
}
