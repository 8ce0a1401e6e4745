//! `did:web`: addresses, and the documents found there.

use credentials::data_integrity::Purpose;
use credentials::key::{Algorithm, DidDocument, DidWeb, DidWebError, DocumentError, Signer};
use serde_json::{Value, json};

use crate::support::key;

/// The first three are the examples of the did:web method, §2 and §3.2.
#[test]
fn addresses() {
    for (did, url) in [
        ("did:web:w3c-ccg.github.io", "https://w3c-ccg.github.io/.well-known/did.json"),
        ("did:web:w3c-ccg.github.io:user:alice", "https://w3c-ccg.github.io/user/alice/did.json"),
        ("did:web:example.com:a_b-c.d", "https://example.com/a_b-c.d/did.json"),
        ("did:web:example.com%3A3000", "https://example.com:3000/.well-known/did.json"),
        ("did:web:example.com%3A3000:user:alice#key-1", "https://example.com:3000/user/alice/did.json"),
    ] {
        let read = DidWeb::parse(did).unwrap();
        assert_eq!(read.url(), url);
        assert_eq!(read.did(), did.split('#').next().unwrap());
    }
    assert_eq!(DidWeb::parse("did:web:example.com%3A3000:user").unwrap().host(), "example.com");
}

#[test]
fn addresses_refused() {
    for (name, did, error) in [
        ("another_method", "did:key:z6Mk", DidWebError::OtherMethod),
        ("no_host", "did:web:", DidWebError::Host),
        ("host_without_dot", "did:web:localhost", DidWebError::Host),
        ("ip_v4", "did:web:127.0.0.1", DidWebError::Host),
        ("ip_v4_hexadecimal", "did:web:0x7f.0.0.0x1", DidWebError::Host),
        ("ip_v6", "did:web:%5B%3A%3A1%5D", DidWebError::Port),
        ("upper_case", "did:web:Example.com", DidWebError::Host),
        ("not_ascii", "did:web:exämple.com", DidWebError::Host),
        ("user_info", "did:web:alice@example.com", DidWebError::Host),
        ("host_with_slash", "did:web:example.com/evil", DidWebError::Host),
        ("host_with_query", "did:web:example.com?x", DidWebError::Host),
        ("label_empty", "did:web:example..com", DidWebError::Host),
        ("label_begins_with_hyphen", "did:web:-example.com", DidWebError::Host),
        ("label_ends_with_hyphen", "did:web:example-.com", DidWebError::Host),
        ("dot_at_the_end", "did:web:example.com.", DidWebError::Host),
        ("port_zero", "did:web:example.com%3A0", DidWebError::Port),
        ("port_too_large", "did:web:example.com%3A65536", DidWebError::Port),
        ("port_padded", "did:web:example.com%3A0443", DidWebError::Port),
        ("port_in_lower_case_escape", "did:web:example.com%3a443", DidWebError::Host),
        ("path_up", "did:web:example.com:..:secret", DidWebError::Path),
        ("path_empty", "did:web:example.com::user", DidWebError::Path),
        ("path_escaped", "did:web:example.com:%2e%2e", DidWebError::Path),
        ("path_with_slash", "did:web:example.com:a/b", DidWebError::Path),
        ("path_with_query", "did:web:example.com:a?b", DidWebError::Path),
    ] {
        assert_eq!(DidWeb::parse(did), Err(error), "{name}");
    }
    assert_eq!(DidWeb::parse(&format!("did:web:example.com:{}", "a".repeat(600))), Err(DidWebError::TooLong));
    // RFC 1035 §2.3.4, as text.
    let host = |last: usize| format!("did:web:{0}.{0}.{0}.{1}", "a".repeat(63), "a".repeat(last));
    assert_eq!(DidWeb::parse(&host(62)), Err(DidWebError::Host), "host_too_long");
    assert!(DidWeb::parse(&host(61)).is_ok());
}

/// A change to a document.
type Change = fn(&mut Value);

const DID: &str = "did:web:licences.example";

fn document() -> Value {
    let multikey = key(1, Algorithm::EdDsa).public_key().to_multikey();
    let jwk = serde_json::to_value(key(2, Algorithm::Es256).public_key().to_jwk()).unwrap();
    json!({
        "@context": ["https://www.w3.org/ns/did/v1"],
        "id": DID,
        "verificationMethod": [
            {"id": format!("{DID}#a"), "type": "Multikey", "controller": DID, "publicKeyMultibase": multikey},
            {"id": format!("{DID}#b"), "type": "JsonWebKey", "controller": DID, "publicKeyJwk": jwk},
            {"id": format!("{DID}#c"), "type": "X25519KeyAgreementKey2020", "controller": DID},
        ],
        "assertionMethod": [format!("{DID}#a")],
        "authentication": [format!("{DID}#b")],
    })
}

fn read(change: impl FnOnce(&mut Value)) -> Result<DidDocument, DocumentError> {
    let mut document = document();
    change(&mut document);
    DidDocument::parse(document.to_string().as_bytes(), DID)
}

#[test]
fn a_key_serves_what_the_document_names_it_for() {
    let read = read(|_| {}).unwrap();
    let (a, b, c) = (format!("{DID}#a"), format!("{DID}#b"), format!("{DID}#c"));
    assert_eq!(read.key(&a, Purpose::AssertionMethod), Some(key(1, Algorithm::EdDsa).public_key()));
    assert_eq!(read.key(&b, Purpose::Authentication), Some(key(2, Algorithm::Es256).public_key()));
    for (id, purpose) in [
        (&a, Purpose::Authentication),
        (&b, Purpose::AssertionMethod),
        (&c, Purpose::AssertionMethod),
        (&DID.to_owned(), Purpose::AssertionMethod),
    ] {
        assert_eq!(read.key(id, purpose), None, "{id}");
    }
}

#[test]
fn a_key_written_out_in_a_relationship_serves_that_one() {
    let read = read(|d| {
        let mut own = d["verificationMethod"][0].clone();
        own["id"] = format!("{DID}#own").into();
        d["assertionMethod"] = json!([own]);
    })
    .unwrap();
    let own = format!("{DID}#own");
    assert!(read.key(&own, Purpose::AssertionMethod).is_some());
    assert!(read.key(&own, Purpose::Authentication).is_none());
    assert!(read.key(&format!("{DID}#a"), Purpose::AssertionMethod).is_none());
}

#[test]
fn keys_passed_over() {
    let a = format!("{DID}#a");
    for (name, change) in [
        (
            "of_another_controller",
            (|d| d["verificationMethod"][0]["controller"] = "did:web:other.example".into()) as fn(&mut Value),
        ),
        ("revoked", |d| d["verificationMethod"][0]["revoked"] = "2020-01-01T00:00:00Z".into()),
        ("of_another_did", |d| d["verificationMethod"][0]["id"] = "did:web:licences.example.evil#a".into()),
    ] {
        assert!(read(change).unwrap().key(&a, Purpose::AssertionMethod).is_none(), "{name}");
    }
    // Nor under the foreign id that the document gives them.
    for id in
        ["did:web:licences.example.evil#a", "did:web:other.example#a", "did:web:licences.example/x#a", "#a"]
    {
        let read = read(|d| {
            d["verificationMethod"][0]["id"] = id.into();
            d["assertionMethod"] = json!([id]);
        });
        assert!(read.unwrap().key(id, Purpose::AssertionMethod).is_none(), "{id}");
    }
}

#[test]
fn a_document_may_say_that_it_is_not_deactivated() {
    assert!(read(|d| d["deactivated"] = false.into()).is_ok());
}

#[test]
fn documents_refused() {
    let cases: Vec<(&str, Change, DocumentError)> = vec![
        ("of_another_did", |d| d["id"] = "did:web:other.example".into(), DocumentError::OtherId),
        ("id_missing", |d| drop(d.as_object_mut().unwrap().remove("id")), DocumentError::OtherId),
        ("deactivated", |d| d["deactivated"] = true.into(), DocumentError::Deactivated),
        ("methods_object", |d| d["verificationMethod"] = json!({}), DocumentError::Malformed),
        (
            "methods_too_many",
            |d| d["verificationMethod"] = vec![d["verificationMethod"][2].clone(); 65].into(),
            DocumentError::Malformed,
        ),
        ("relationship_number", |d| d["assertionMethod"] = json!([1]), DocumentError::Malformed),
        (
            "one_id_twice",
            |d| d["verificationMethod"][1]["id"] = d["verificationMethod"][0]["id"].clone(),
            DocumentError::DuplicateKey,
        ),
    ];
    for (name, change, error) in cases {
        assert_eq!(read(change).map(drop), Err(error), "{name}");
    }
    let twice = document().to_string().replacen('{', &format!("{{\"id\":\"{DID}\","), 1);
    assert!(matches!(DidDocument::parse(twice.as_bytes(), DID), Err(DocumentError::Json(_))), "id_twice");
}
