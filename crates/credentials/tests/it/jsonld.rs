//! JSON-LD without surprises: what is refused, by the name of its flaw, and what is read.

use credentials::catalogue::{Catalogue, Format};
use credentials::jsonld::{Contexts, JsonLdError, PINNED};
use credentials::rdf::{HashAlgorithm, Work};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::ld_support::{Change, object};
use crate::support::{bytes, vc_issued};
use credentials::data_integrity::{
    Cryptosuite, Issuance, IssueError, Making, UnverifiedCredential, UnverifiedPresentation,
};
use credentials::key::{Algorithm, Signer};
use credentials::{Flaw, json as strict};

#[test]
fn contexts_are_those_published() {
    for pin in PINNED {
        assert_eq!(hex::encode(Sha256::digest(pin.text)), pin.sha256, "{}", pin.url);
        let alone = json!({"@context": [pin.url], "id": "urn:a", "type": "urn:T"});
        assert!(Contexts::pinned().to_rdf(&object(&alone)).is_ok(), "{}", pin.url);
    }
}

/// Each claim and type of the catalogue that is issued as VCDM means something under this system's context.
#[test]
fn context_knows_the_catalogue() {
    for kind in
        Catalogue::bundled().unwrap().types().iter().filter(|kind| kind.formats.contains(&Format::LdpVc))
    {
        let mut subject = object(&kind.example());
        subject.insert("id".to_owned(), "urn:holder".into());
        let document = json!({
            "@context": ["https://www.w3.org/ns/credentials/v2", "https://schema.huizheng.example/2026/v1"],
            "type": ["VerifiableCredential", kind.vc_type],
            "issuer": "did:example:i",
            "validFrom": "2026-03-01T00:00:00Z",
            "credentialSubject": subject,
        });
        let dataset = Contexts::pinned().to_rdf(&object(&document)).unwrap();
        // Types, issuer, time and the subject's link, and each claim once, or each choice of a list.
        let more: usize = subject.values().filter_map(Value::as_array).map(|list| list.len() - 1).sum();
        assert_eq!(dataset.len(), 5 + subject.len() - 1 + more, "{}", kind.id);
    }
}

fn credential() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://schema.huizheng.example/2026/v1"],
        "type": ["VerifiableCredential", "BusinessLicence"],
        "issuer": {"id": "did:example:i", "name": "Issuer"},
        "validFrom": "2026-03-01T00:00:00Z",
        "credentialStatus": {
            "type": "RegistryStatusEntry",
            "statusIndex": "4",
            "statusList": "did:example:i/status/1"
        },
        "credentialSubject": {"id": "did:example:s", "businessScope": "x", "registeredCapital": 5}
    })
}

fn lines(document: &Value) -> Result<Vec<String>, JsonLdError> {
    let dataset = Contexts::pinned().to_rdf(&object(document))?;
    Ok(dataset.canonicalize(HashAlgorithm::Sha256, Work::default()).unwrap().lines().to_vec())
}

fn push(list: &mut Value, one: Value) {
    list.as_array_mut().unwrap().push(one);
}

#[test]
fn credential_as_statements() {
    let expected = "\
<did:example:i> <https://schema.org/name> \"Issuer\" .
<did:example:s> <https://schema.huizheng.example/2026/v1#businessScope> \"x\" .
<did:example:s> <https://schema.huizheng.example/2026/v1#registeredCapital> \"5\"^^<http://www.w3.org/2001/XMLSchema#integer> .
_:c14n0 <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://schema.huizheng.example/2026/v1#BusinessLicence> .
_:c14n0 <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://www.w3.org/2018/credentials#VerifiableCredential> .
_:c14n0 <https://www.w3.org/2018/credentials#credentialStatus> _:c14n1 .
_:c14n0 <https://www.w3.org/2018/credentials#credentialSubject> <did:example:s> .
_:c14n0 <https://www.w3.org/2018/credentials#issuer> <did:example:i> .
_:c14n0 <https://www.w3.org/2018/credentials#validFrom> \"2026-03-01T00:00:00Z\"^^<http://www.w3.org/2001/XMLSchema#dateTime> .
_:c14n1 <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://schema.huizheng.example/2026/v1#RegistryStatusEntry> .
_:c14n1 <https://schema.huizheng.example/2026/v1#statusIndex> \"4\" .
_:c14n1 <https://schema.huizheng.example/2026/v1#statusList> <did:example:i/status/1> .
";
    let mut found = lines(&credential()).unwrap();
    let mut expected: Vec<String> = expected.lines().map(|line| format!("{line}\n")).collect();
    // Which of the two blank nodes is first is for the hashes to say.
    if found.concat().contains("c14n1> ")
        || found.iter().any(|line| line.starts_with("_:c14n0 <https://schema.huizheng"))
    {
        let swap = |line: &String| {
            line.replace("c14n0", "c14nX").replace("c14n1", "c14n0").replace("c14nX", "c14n1")
        };
        expected = expected.iter().map(swap).collect();
    }
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

#[test]
fn refused_by_flaw() {
    use JsonLdError as E;
    let cases: &[(&str, E, Change<'_>)] = &[
        ("undefined_term", E::TermUndefined, &|c| c["credentialSubject"]["busnessScope"] = "x".into()),
        ("undefined_term_at_the_top", E::TermUndefined, &|c| c["ageOver80"] = true.into()),
        ("undefined_type", E::TermUndefined, &|c| c["type"][1] = "BusinessLicense".into()),
        ("term_out_of_its_type", E::TermUndefined, &|c| c["credentialSubject"]["statusIndex"] = "1".into()),
        ("type_scope_does_not_reach_inside", E::TermUndefined, &|c| {
            c["credentialSubject"]["issuer"] = "did:example:x".into();
        }),
        ("dropped_null", E::ValueDropped, &|c| c["credentialSubject"]["term"] = Value::Null),
        ("dropped_null_in_array", E::ValueDropped, &|c| c["credentialSubject"]["term"] = json!(["a", null])),
        ("dropped_empty_array", E::ValueDropped, &|c| c["credentialSubject"]["term"] = json!([])),
        ("dropped_empty_types", E::ValueDropped, &|c| c["credentialSubject"]["type"] = json!([])),
        ("dropped_graph_name", E::ValueDropped, &|c| c["proof"] = "urn:proof".into()),
        ("dropped_empty_graph", E::ValueDropped, &|c| c["proof"] = json!({"id": "urn:proof"})),
        ("dropped_null_value", E::ValueDropped, &|c| {
            c["credentialSubject"]["term"] = json!({"@value": null});
        }),
        ("dropped_direction", E::KeywordRefused, &|c| {
            c["credentialSubject"]["term"] = json!({"@value": "x", "@language": "ar", "@direction": "rtl"});
        }),
        ("dropped_index", E::KeywordRefused, &|c| {
            c["credentialSubject"]["term"] = json!({"@value": "x", "@index": "a"});
        }),
        ("keyword_form", E::KeywordRefused, &|c| c["@foo"] = "x".into()),
        ("keyword_reverse", E::KeywordRefused, &|c| c["@reverse"] = json!({"urn:p": {"@id": "urn:a"}})),
        ("keyword_graph", E::KeywordRefused, &|c| c["@graph"] = json!([])),
        ("keyword_included", E::KeywordRefused, &|c| c["@included"] = json!([])),
        ("keyword_nest", E::KeywordRefused, &|c| c["@nest"] = json!({"name": "x"})),
        ("relative_id", E::IriRelative, &|c| c["id"] = "credentials/1".into()),
        ("relative_reference", E::IriRelative, &|c| c["issuer"] = "issuer".into()),
        ("id_is_no_text", E::IriRelative, &|c| c["id"] = json!(["urn:a"])),
        ("id_twice", E::IriRelative, &|c| {
            c["id"] = "urn:a".into();
            c["@id"] = "urn:a".into();
        }),
        ("malformed_iri", E::IriMalformed, &|c| c["id"] = "urn:a> <urn:b".into()),
        ("malformed_property", E::IriMalformed, &|c| c["urn:a b"] = "x".into()),
        ("blank_node_label", E::BlankNodeLabel, &|c| c["id"] = "_:b0".into()),
        ("blank_node_label_escaped", E::BlankNodeLabel, &|c| {
            c["credentialSubject"]["id"] = "\u{5f}:b0".into();
        }),
        ("blank_node_property", E::BlankNodeLabel, &|c| c["_:p"] = "x".into()),
        ("blank_node_type", E::BlankNodeLabel, &|c| c["type"][1] = "_:T".into()),
        ("unknown_context", E::ContextUnknown, &|c| c["@context"][1] = "https://example.org/v1".into()),
        ("inline_context", E::ContextInline, &|c| c["@context"][1] = json!({"businessScope": "urn:x"})),
        ("inline_context_added", E::ContextInline, &|c| {
            push(&mut c["@context"], json!({"@vocab": "urn:x#"}));
        }),
        ("context_inside", E::ContextInside, &|c| {
            let message = json!({"@context": "https://www.w3.org/ns/did/v1", "status": "x"});
            c["credentialStatus"] = json!({"type": "BitstringStatusListEntry", "statusMessage": message});
        }),
        ("inline_context_inside", E::ContextInline, &|c| {
            c["credentialSubject"]["@context"] = json!({"businessScope": "urn:x"});
        }),
        ("context_null_inside", E::ContextMalformed, &|c| c["credentialSubject"]["@context"] = Value::Null),
        ("context_in_a_value", E::ContextInside, &|c| {
            c["credentialSubject"]["term"] = json!({"@value": "x", "@context": []});
        }),
        ("context_twice", E::ContextList, &|c| {
            push(&mut c["@context"], "https://www.w3.org/ns/credentials/v2".into());
        }),
        ("context_list_long", E::ContextList, &|c| {
            c["@context"] = (0..9).map(|n| json!(format!("urn:{n}"))).collect();
        }),
        ("context_number", E::ContextMalformed, &|c| c["@context"][1] = 1.into()),
        ("protected_term_redefined", E::TermProtected, &|c| {
            c["@context"] = json!([
                "https://schema.huizheng.example/2026/v1",
                "https://www.w3.org/2018/credentials/v1",
                "https://www.w3.org/ns/credentials/v2"
            ]);
        }),
        ("type_is_no_text", E::TermUndefined, &|c| c["type"][1] = 5.into()),
        ("value_with_type_and_language", E::ValueMalformed, &|c| {
            c["credentialSubject"]["term"] = json!({"@value": "x", "@type": "urn:t", "@language": "en"});
        }),
        ("value_with_another_member", E::ValueMalformed, &|c| {
            c["credentialSubject"]["term"] = json!({"@value": "x", "name": "y"});
        }),
        ("value_is_an_object", E::ValueMalformed, &|c| {
            c["credentialSubject"]["term"] = json!({"@value": {"a": 1}});
        }),
        ("language_in_two_spellings", E::ValueMalformed, &|c| {
            c["credentialSubject"]["term"] = json!({"@value": "x", "@language": "zh-Hans"});
        }),
        ("nested_too_deep", E::TooDeep, &|c| {
            let deep = (0..100).fold(json!({"name": "x"}), |inner, _| json!({"urn:p": inner}));
            c["credentialSubject"]["urn:p"] = deep;
        }),
    ];
    assert!(lines(&credential()).is_ok());
    for (name, error, change) in cases {
        let mut changed = credential();
        change(&mut changed);
        assert_eq!(Contexts::pinned().to_rdf(&object(&changed)).err(), Some(*error), "{name}");
    }
}

/// `@vocab` gives a meaning to whatever is misspelt: only for those who ask for it.
#[test]
fn a_context_written_out_means_the_same_wrapped_or_not() {
    let inline = Contexts::new().dangerous_with_inline();
    let with = |context: Value| {
        let context = json!(["https://www.w3.org/ns/credentials/v2", context]);
        let document = json!({"@context": context, "type": ["VerifiableCredential", "Alumni"]});
        inline.to_rdf(&object(&document)).map(|dataset| {
            dataset.canonicalize(HashAlgorithm::Sha256, Work::default()).unwrap().lines().join("\n")
        })
    };
    let terms = json!({"Alumni": "https://example.org/Alumni"});
    assert_eq!(with(json!({"@context": terms})), with(terms.clone()));
    assert!(with(terms.clone()).unwrap().contains("https://example.org/Alumni"));
    assert!(with(json!({"@context": terms, "other": "urn:x"})).is_err());
}

#[test]
fn vocab_hides_typing_errors() {
    let vocabulary = r#"{"@context": {"@vocab": "https://example.org/v#"}}"#;
    let mut document = credential();
    document["@context"][1] = "https://example.org/vocabulary".into();
    let contexts = || Contexts::new().with("https://example.org/vocabulary", vocabulary).unwrap();
    assert_eq!(contexts().to_rdf(&object(&document)).err(), Some(JsonLdError::VocabFallback));
    assert!(contexts().dangerous_with_vocab_fallback().to_rdf(&object(&document)).is_ok());
    let inline = Contexts::new().dangerous_with_inline();
    document["@context"][1] = json!({"@vocab": "https://example.org/v#"});
    assert_eq!(inline.to_rdf(&object(&document)).err(), Some(JsonLdError::VocabFallback));
}

/// The order of contexts is part of what they say; the order of members and of array elements is not.
#[test]
fn order_counts_only_where_it_means_something() {
    let mut shuffled = credential();
    shuffled["type"] = json!(["BusinessLicence", "VerifiableCredential"]);
    assert_eq!(lines(&shuffled), lines(&credential()));
    let contexts = Contexts::new()
        .with("https://example.org/a", r#"{"@context": {"a": "urn:a#"}}"#)
        .unwrap()
        .with("https://example.org/b", r#"{"@context": {"a": "urn:b#"}}"#)
        .unwrap();
    let canonical = |list: [&str; 2]| {
        let document = json!({"@context": list, "a": "x"});
        let dataset = contexts.to_rdf(&object(&document)).unwrap();
        dataset.canonicalize(HashAlgorithm::Sha256, Work::default()).unwrap().lines().concat()
    };
    let (a, b) = ("https://example.org/a", "https://example.org/b");
    assert!(canonical([a, b]).contains("urn:b#") && canonical([b, a]).contains("urn:a#"));
}

/// JSON-LD 1.1 API §8.4: a list is a chain of cells, and the empty one is `rdf:nil`.
#[test]
fn lists_in_full() {
    let context = r#"{"@context": {"list": {"@id": "urn:l", "@container": "@list"}, "plain": "urn:p"}}"#;
    let contexts = Contexts::new().with("https://example.org/lists", context).unwrap();
    let canonical = |mut document: Value| {
        document["@context"] = "https://example.org/lists".into();
        document["@id"] = "urn:a".into();
        let dataset = contexts.to_rdf(&object(&document)).unwrap();
        dataset.canonicalize(HashAlgorithm::Sha256, Work::default()).unwrap().lines().concat()
    };
    let rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
    let two = canonical(json!({"list": ["x", "x"]}));
    for part in [
        "<urn:a> <urn:l> _:c14n".to_owned(),
        format!("<{rdf}first> \"x\" ."),
        format!("<{rdf}rest> <{rdf}nil> ."),
        format!("<{rdf}rest> _:c14n"),
    ] {
        assert!(two.contains(&part), "{part}: {two}");
    }
    assert_eq!(two.lines().count(), 5);
    assert_eq!(canonical(json!({"plain": {"@list": ["x", "x"]}})), two.replace("urn:l", "urn:p"));
    assert_eq!(canonical(json!({"list": []})), format!("<urn:a> <urn:l> <{rdf}nil> .\n"));
    let nested = canonical(json!({"list": [["x"], []]}));
    assert_eq!(nested.lines().count(), 1 + 4 + 2, "{nested}");
    assert_ne!(canonical(json!({"list": ["x", "y"]})), canonical(json!({"list": ["y", "x"]})));
}

/// What can't be signed whole isn't issued, and what was not signed isn't accepted.
#[test]
fn credentials_with_flaws() {
    let key = crate::support::issuer(Algorithm::EdDsa);
    let making = || Making::with(Cryptosuite::EddsaRdfc2022);
    let issuance = |claim: &str| {
        let mut issuance: Issuance = crate::support::vc_issuance();
        issuance.claims.insert(claim.to_owned(), "x".into());
        issuance
    };
    let refused = issuance("nmae").prepare_with(key.public_key(), &making()).err();
    assert_eq!(refused, Some(IssueError::JsonLd(JsonLdError::TermUndefined)));
    let wrong = crate::support::key(1, Algorithm::Es256);
    let refused = issuance("sex").prepare_with(wrong.public_key(), &making()).err();
    assert_eq!(refused, Some(IssueError::KeyNotOfSuite), "wrong_key_type");

    let issued = issuance("sex").prepare_with(key.public_key(), &making()).unwrap().sign(&key).unwrap();
    let flaws = |value: &Value| {
        let read = UnverifiedCredential::parse(&bytes(value)).unwrap();
        read.check(key.public_key(), crate::support::NOW).flaws().to_vec()
    };
    assert_eq!(flaws(&issued), []);
    let cases: &[(&str, Flaw, Change<'_>)] = &[
        ("undefined_term_added", Flaw::JsonLd(JsonLdError::TermUndefined), &|c| {
            c["credentialSubject"]["nickname"] = "x".into();
        }),
        ("context_injected", Flaw::JsonLd(JsonLdError::ContextUnknown), &|c| {
            push(&mut c["@context"], "https://example.org/".into());
        }),
        ("context_of_the_proof", Flaw::ContextInjected, &|c| {
            c["proof"]["@context"] = json!(["https://www.w3.org/ns/credentials/v2"]);
        }),
        ("context_replaced", Flaw::JsonLd(JsonLdError::TermUndefined), &|c| {
            c["@context"] = json!(["https://www.w3.org/ns/credentials/v2"]);
        }),
        ("claim_changed", Flaw::SignatureWrong, &|c| c["credentialSubject"]["name"] = "x".into()),
        ("blank_node_poison", Flaw::JsonLd(JsonLdError::TooMuchWork), &|c| {
            let leaves: Vec<Value> = (0..12).map(|_| json!({})).collect();
            c["credentialSubject"]["urn:p"] = json!([{"urn:q": leaves}, {"urn:q": leaves}]);
        }),
        ("cryptosuite_of_another_key", Flaw::AlgorithmNotOfKey, &|c| {
            c["proof"]["cryptosuite"] = "ecdsa-rdfc-2019".into();
        }),
        ("cryptosuite_unknown", Flaw::AlgorithmNotOfKey, &|c| c["proof"]["cryptosuite"] = "x-2026".into()),
        ("cryptosuite_over_jcs", Flaw::SignatureWrong, &|c| {
            c["proof"]["cryptosuite"] = "eddsa-jcs-2022".into();
        }),
        ("purpose_wrong", Flaw::SignatureWrong, &|c| c["proof"]["proofPurpose"] = "authentication".into()),
        ("purpose_undefined", Flaw::JsonLd(JsonLdError::TermUndefined), &|c| {
            c["proof"]["proofPurpose"] = "assertion".into();
        }),
        ("proof_option_undefined", Flaw::JsonLd(JsonLdError::TermUndefined), &|c| {
            c["proof"]["note"] = "x".into();
        }),
    ];
    for (name, flaw, change) in cases {
        let mut changed = issued.clone();
        change(&mut changed);
        assert_eq!(flaws(&changed).first(), Some(flaw), "{name}");
    }
    let text = issued.to_string().replacen("{", r#"{"issuer":"did:example:x","#, 1);
    let duplicate = UnverifiedCredential::parse(text.as_bytes()).err();
    assert_eq!(duplicate, Some(strict::Error::DuplicateName.into()), "duplicate_keys");
}

/// A presentation over RDF, with credentials of both kinds inside: each under its own contexts.
#[test]
fn presented_over_rdf() {
    use crate::support::{expect, key, presenting, vc_holder, vc_issuance};
    let issuer = crate::support::issuer(Algorithm::EdDsa);
    let over_rdf = || Making::with(Cryptosuite::EddsaRdfc2022);
    let prepared = vc_issuance().prepare_with(issuer.public_key(), &over_rdf()).unwrap();
    let credentials = vec![prepared.sign(&issuer).unwrap(), vc_issued(Algorithm::EdDsa)];
    let holder = vc_holder();
    let presenting = presenting(credentials, &holder);
    let secured = presenting.prepare_with(&over_rdf()).unwrap().sign(&key(2, Algorithm::EdDsa)).unwrap();
    let verified = UnverifiedPresentation::parse(&bytes(&secured)).unwrap().verify(&expect()).unwrap();
    for credential in verified.into_credentials() {
        credential.verify(issuer.public_key(), crate::support::NOW).unwrap();
    }
    for (name, change) in [
        ("challenge_changed", &(|p: &mut Value| p["proof"]["challenge"] = "x".into()) as &dyn Fn(&mut Value)),
        ("domain_changed", &|p| p["proof"]["domain"] = "x".into()),
        ("inner_claim_changed", &|p| {
            p["verifiableCredential"][0]["credentialSubject"]["name"] = "x".into();
        }),
        ("inner_context_changed", &|p| {
            p["verifiableCredential"][0]["@context"] = json!(["https://www.w3.org/ns/credentials/v2"]);
        }),
        ("credential_removed", &|p| p["verifiableCredential"] = json!([p["verifiableCredential"][0]])),
    ] {
        let mut changed = secured.clone();
        change(&mut changed);
        let read = UnverifiedPresentation::read(changed).unwrap();
        assert!(read.check(&expect()).flaws().contains(&Flaw::KeyBindingSignatureWrong), "{name}");
    }
}

/// VCDM 1.1: read when asked for, with its own names for the times.
#[test]
fn vcdm_1_1_is_read() {
    use credentials::data_integrity::{ParseError, Prepared, ProofOptions, Purpose, Reading};
    let key = crate::support::issuer(Algorithm::EdDsa);
    let did = key.public_key().did_key();
    let document = json!({
        "@context": ["https://www.w3.org/2018/credentials/v1", "https://w3id.org/security/data-integrity/v2"],
        "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
        "type": ["VerifiableCredential"],
        "issuer": did.did,
        "issuanceDate": "2026-01-01T00:00:00Z",
        "expirationDate": "2026-12-31T00:00:00Z",
        "credentialSubject": {"id": "did:example:s"}
    });
    let options = ProofOptions {
        verification_method: did.verification_method.clone(),
        purpose: Purpose::AssertionMethod,
        created: Some(crate::support::NOW),
        expires: None,
        challenge: None,
        domain: None,
    };
    let making = Making::with(Cryptosuite::EddsaRdfc2022);
    let prepared = Prepared::beside(object(&document), options, key.public_key(), &making).unwrap();
    let secured = prepared.sign(&key).unwrap();
    assert_eq!(UnverifiedCredential::read(secured.clone()).err(), Some(ParseError::Context));
    let old = Reading { vcdm_1_1: true, ..Reading::default() };
    let read = UnverifiedCredential::read_as(secured.clone(), old).unwrap();
    let expired = credentials::UnixSeconds::parse_rfc3339("2027-01-01T00:00:00Z").unwrap();
    assert_eq!(read.check(key.public_key(), expired).flaws(), [Flaw::Expired]);
    read.verify(key.public_key(), crate::support::NOW).unwrap();
    let mut undated = secured;
    undated.as_object_mut().unwrap().remove("issuanceDate");
    let read = UnverifiedCredential::read_as(undated, old);
    assert_eq!(read.err(), Some(ParseError::Member("issuanceDate")));
}
