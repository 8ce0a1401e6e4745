//! ssi's opinion beside ours.

use std::sync::LazyLock;

use credentials::data_integrity::{Cryptosuite, Making};
use credentials::jsonld::Contexts;
use credentials::key::{Algorithm, Signer};
use credentials::rdf::{HashAlgorithm, Work};
use credentials::second::Second;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::ld_support::object;
use crate::nquads;
use crate::support::{issuer, vc_issuance};

const VOCABULARY: &str = r#"{"@context": {
    "ex": "https://example.org/v#",
    "text": "ex:text", "number": "ex:number",
    "ref": {"@id": "ex:ref", "@type": "@id"},
    "word": {"@id": "ex:word", "@type": "@vocab"},
    "date": {"@id": "ex:date", "@type": "http://www.w3.org/2001/XMLSchema#date"},
    "list": {"@id": "ex:list", "@container": "@list"},
    "json": {"@id": "ex:json", "@type": "@json"},
    "german": {"@id": "ex:german", "@language": "de"},
    "graph": {"@id": "ex:graph", "@type": "@id", "@container": "@graph"},
    "scoped": {"@id": "ex:scoped", "@context": {"inner": "ex:inner", "text": "ex:otherText"}},
    "Typed": {"@id": "ex:Typed", "@context": {"own": "ex:own", "text": "ex:typedText"}},
    "Plain": "ex:Plain"
}}"#;

static FIRST: LazyLock<Contexts> =
    LazyLock::new(|| Contexts::new().with("https://example.org/v", VOCABULARY).unwrap());
static SECOND: LazyLock<Second> =
    LazyLock::new(|| Second::new(&[("https://example.org/v", VOCABULARY)]).unwrap());

fn ours(document: &Value) -> Option<Vec<String>> {
    let dataset = FIRST.to_rdf(&object(document)).ok()?;
    Some(dataset.canonicalize(HashAlgorithm::Sha256, Work::default()).ok()?.lines().to_vec())
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        "[a-z\"\\\\徽é]{0,6}".prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        (-1_000_000_i32..1_000_000).prop_map(|n| json!((f64::from(n) + 0.5) / 64.0)),
    ]
}

fn named() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!("urn:a")),
        Just(json!("did:example:b")),
        Just(json!("ex:c")),
        Just(json!("https://example.org/d#e"))
    ]
}

/// The members of an object that the vocabulary explains.
fn node() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        ("text|number", scalar()).prop_map(|(name, value)| (name, value)),
        ("text|number", proptest::collection::vec(scalar(), 1..3))
            .prop_map(|(name, list)| (name, list.into())),
        ("ref", named()).prop_map(|(name, value)| (name, value)),
        ("word", prop_oneof![Just("Plain"), Just("urn:w"), Just("ex:w")]).prop_map(|(n, v)| (n, v.into())),
        ("date|german", "[0-9-]{4}").prop_map(|(name, text)| (name, text.into())),
        ("json", proptest::collection::vec(scalar(), 0..3))
            .prop_map(|(name, list)| (name, json!({"k": list}))),
        ("text", "[a-z]{1,3}").prop_map(|(n, t)| (n, json!({"@value": t, "@language": "en-gb"}))),
        ("number", "[a-z]{1,3}").prop_map(|(n, t)| (n, json!({"@value": t, "@type": "ex:D"}))),
    ];
    let members = proptest::collection::vec(leaf, 1..5)
        .prop_map(|list| Value::Object(list.into_iter().collect::<Map<_, _>>()));
    members.prop_recursive(3, 16, 3, |inner| {
        (inner.clone(), inner.clone(), "ref|graph|scoped|text", 0..4, proptest::option::of(named())).prop_map(
            |(mut outer, inner, name, kind, id)| {
                let map = outer.as_object_mut().unwrap();
                match kind {
                    0 => drop(map.insert("@type".to_owned(), json!(["Typed"]))),
                    1 => drop(map.insert("@type".to_owned(), json!(["Plain", "Typed"]))),
                    _ => {}
                }
                if let Some(id) = id {
                    map.insert("@id".to_owned(), id);
                }
                map.insert(name, inner);
                outer
            },
        )
    })
}

proptest! {
    /// What both read, both read the same: its dataset, canonicalised here, is ours. (Its own labels differ now and
    /// then, against the specification.) Left out is what it gets wrong, and `lists_in_full` and the W3C's tests hold
    /// ours to: lists (it drops their elements), tabs and line feeds, datatypes of numbers and truth values (it puts
    /// its own in their place), `1.0` (an integer).
    #[test]
    fn documents_mean_the_same_to_both(mut document in node()) {
        document["@context"] = json!(["https://example.org/v"]);
        if let (Some(ours), Ok(theirs)) = (ours(&document), SECOND.canonical(&document)) {
            let theirs = nquads::parse(&theirs.concat()).0.canonicalize(HashAlgorithm::Sha256, Work::default());
            prop_assert_eq!(ours, theirs.unwrap().lines().to_vec());
        }
    }
}

#[test]
fn credentials_mean_the_same_to_both() {
    let second = Second::new(&[]).unwrap();
    let key = issuer(Algorithm::EdDsa);
    let making = Making::with(Cryptosuite::EddsaRdfc2022);
    let mut secured =
        object(&vc_issuance().prepare_with(key.public_key(), &making).unwrap().sign(&key).unwrap());
    assert_eq!(second.verifies(&secured, key.public_key()), Ok(true));
    secured["credentialSubject"]["name"] = "x".into();
    assert_eq!(second.verifies(&secured, key.public_key()), Ok(false));

    let key = issuer(Algorithm::Es256);
    let making = Making::with(Cryptosuite::EcdsaRdfc2019);
    let secured = object(&vc_issuance().prepare_with(key.public_key(), &making).unwrap().sign(&key).unwrap());
    assert_eq!(second.verifies(&secured, key.public_key()), Ok(true));
}
