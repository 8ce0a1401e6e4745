//! What contexts say, what they may not say, and what a document means under them: each rule by a context of its own.

use credentials::jsonld::{Contexts, JsonLdError};
use credentials::rdf::{HashAlgorithm, Work};
use serde_json::{Value, json};

use crate::ld_support::object;

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const XSD: &str = "http://www.w3.org/2001/XMLSchema#";

/// The statements of a document under a context; `_:` for each of its blank nodes.
fn said(contexts: &Contexts, context: &Value, document: &Value) -> Result<String, JsonLdError> {
    let mut document = object(document);
    document.insert("@context".to_owned(), context.clone());
    let dataset = contexts.to_rdf(&document)?;
    Ok(dataset.canonicalize(HashAlgorithm::Sha256, Work::default()).unwrap().lines().concat())
}

/// The contexts `urn:c0`, `urn:c1`, … as a list, one on top of the other.
fn on_top(contexts: &[Value]) -> (Contexts, Value) {
    let with = |known: Contexts, (at, context): (usize, &Value)| {
        known.with(&format!("urn:c{at}"), &json!({"@context": context}).to_string()).unwrap()
    };
    let known = contexts.iter().enumerate().fold(Contexts::new(), with);
    (known, (0..contexts.len()).map(|at| format!("urn:c{at}")).collect())
}

fn under(contexts: &[Value], document: &Value) -> Result<String, JsonLdError> {
    let (known, list) = on_top(contexts);
    said(&known, &list, document)
}

/// Whether a context is taken at all.
fn taken(contexts: &[Value]) -> Result<(), JsonLdError> {
    under(contexts, &json!({"urn:p": "x"})).map(drop)
}

#[test]
fn contexts_refused_by_flaw() {
    for (name, context) in [
        ("version_1_0", json!({"@version": 1.0})),
        ("version_in_words", json!({"@version": "1.1"})),
        ("base", json!({"@base": "urn:b"})),
        ("base_null", json!({"@base": null})),
        ("import", json!({"@import": "urn:c0"})),
        ("propagate", json!({"@propagate": false})),
        ("language_number", json!({"@language": 1})),
        ("protected_in_words", json!({"@protected": "true"})),
        ("vocab_number", json!({"@vocab": 1})),
        ("vocab_relative", json!({"@vocab": "v"})),
        ("vocab_empty", json!({"@vocab": ""})),
        ("vocab_with_a_space", json!({"@vocab": "urn:a b"})),
        ("vocab_of_blank_nodes", json!({"@vocab": "_:b"})),
        ("vocab_by_an_alias", json!([{"k": "@id"}, {"@vocab": "k"}])),
        ("a_url_inside", json!(["urn:c0"])),
        ("a_number", json!(1)),
        ("term_empty", json!({"": "urn:a"})),
        ("term_is_a_keyword", json!({"@id": "urn:a"})),
        ("term_is_another_keyword", json!({"@reverse": "urn:a"})),
        ("term_number", json!({"a": 1})),
        ("term_list", json!({"a": []})),
        ("term_true", json!({"a": true})),
        ("definition_with_more", json!({"a": {"@id": "urn:a", "@foo": 1}})),
        ("definition_with_a_word", json!({"a": {"@id": "urn:a", "id": "urn:b"}})),
        ("definition_id_number", json!({"a": {"@id": 1}})),
        ("definition_prefix_in_words", json!({"a": {"@id": "urn:a", "@prefix": "yes"}})),
        ("definition_protected_in_words", json!({"a": {"@id": "urn:a", "@protected": "yes"}})),
        ("definition_type_number", json!({"a": {"@id": "urn:a", "@type": 1}})),
        ("definition_type_undefined", json!({"a": {"@id": "urn:a", "@type": "t"}})),
        ("definition_type_keyword", json!({"a": {"@id": "urn:a", "@type": "@list"}})),
        ("definition_type_null", json!({"t": null, "a": {"@id": "urn:a", "@type": "t"}})),
        ("definition_language_number", json!({"a": {"@id": "urn:a", "@language": 1}})),
        ("container_unknown", json!({"a": {"@id": "urn:a", "@container": "@foo"}})),
        ("container_number", json!({"a": {"@id": "urn:a", "@container": 1}})),
        ("container_unknown_among", json!({"a": {"@id": "urn:a", "@container": ["@set", "set"]}})),
        ("alias_of_contexts", json!({"c": "@context"})),
        ("alias_of_contexts_in_full", json!({"c": {"@id": "@context"}})),
        ("alias_with_a_context", json!({"i": {"@id": "@id", "@context": {}}})),
        ("term_of_itself", json!({"a": "a:b"})),
        ("terms_of_each_other", json!({"a": "b:x", "b": "a:y"})),
        (
            "types_of_each_other",
            json!({"a": {"@id": "urn:a", "@type": "b"}, "b": {"@id": "urn:b", "@type": "a"}}),
        ),
        ("undefined_word", json!({"a": "b"})),
        ("no_vocab", json!({"a": {}})),
        ("no_vocab_by_its_name", json!({"a": "a"})),
        ("iri_with_a_space", json!({"a": "urn:a b"})),
        ("iri_by_a_prefix_with_a_space", json!({"p": "urn:p#", "a": "p:a b"})),
        ("blank_node", json!({"a": "_:a"})),
    ] {
        assert_eq!(taken(&[context]), Err(JsonLdError::ContextMalformed), "{name}");
    }
    let chain = |length: usize| {
        let term = |at: usize| (format!("t{at}"), json!(format!("t{}:x", at + 1)));
        let mut terms: serde_json::Map<String, Value> = (0..length).map(term).collect();
        terms.insert(format!("t{length}"), "urn:end#".into());
        taken(&[Value::Object(terms)])
    };
    assert_eq!(chain(32), Ok(()));
    assert_eq!(chain(33), Err(JsonLdError::ContextMalformed), "terms_of_each_other_without_end");
    // What a term stands for has an end, whether it is written out, comes from a prefix, or from `@vocab`.
    let long = |length: usize| format!("urn:{}#", "x".repeat(length - 5));
    for (name, context) in [
        ("iri", &(|length| json!({"a": long(length)})) as &dyn Fn(usize) -> Value),
        (
            "iri_by_a_prefix",
            &|length| json!({"p": long(400), "a": format!("p:{}", "y".repeat(length - 400))}),
        ),
        ("iri_by_vocab", &|length| json!([{"@vocab": long(length - 4)}, {"name": {}}])),
        ("vocab", &|length| json!({"@vocab": long(length)})),
        ("type", &|length| json!({"a": {"@id": "urn:a", "@type": long(length)}})),
    ] {
        assert_eq!(taken(&[context(512)]), Ok(()), "{name}");
        assert_eq!(taken(&[context(513)]), Err(JsonLdError::ContextMalformed), "{name}_too_long");
    }
    // And so has the number of terms, however many contexts they come from.
    let terms = |from: usize, to: usize| -> Value {
        (from..to).map(|n| (format!("t{n}"), json!("urn:t"))).collect::<serde_json::Map<_, _>>().into()
    };
    assert_eq!(taken(&[terms(0, 2048)]), Ok(()));
    assert_eq!(taken(&[terms(0, 2048), terms(0, 100)]), Ok(()), "the same anew");
    assert_eq!(taken(&[terms(0, 2049)]), Err(JsonLdError::TooMuchWork), "terms_too_many");
    let one_more = taken(&[terms(0, 2000), terms(2000, 2049)]);
    assert_eq!(one_more, Err(JsonLdError::TooMuchWork), "terms_too_many_together");
    for text in ["{}", "[]", "x", r#"{"@context": {}, "@context": {}}"#] {
        let refused = Contexts::new().with("urn:c", text).map(drop);
        assert_eq!(refused, Err(JsonLdError::ContextMalformed), "{text}");
    }
    for (name, context) in [
        ("version", json!({"@version": 1.1})),
        ("empty", json!({})),
        ("nothing", json!(null)),
        ("several", json!([{"a": "urn:a"}, {"b": "a:b"}, null])),
        ("types_are_a_set", json!({"@type": {"@container": "@set"}})),
        ("like_a_keyword", json!({"@foo": "urn:a"})),
        ("unprotected", json!({"@protected": false, "a": "urn:a"})),
        ("left_out_here", json!({"a": {"@reverse": "urn:a"}, "b": {"@id": "urn:b", "@nest": "@nest"}})),
    ] {
        assert_eq!(taken(&[context]), Ok(()), "{name}");
    }
}

/// A list of at most eight contexts, none of them twice.
#[test]
fn lists_of_contexts() {
    let contexts: Vec<Value> = (0..8).map(|at| json!({(format!("t{at}")): format!("urn:{at}")})).collect();
    assert_eq!(taken(&contexts), Ok(()));
    let nine: Vec<Value> = (0..9).map(|at| json!({(format!("t{at}")): format!("urn:{at}")})).collect();
    assert_eq!(taken(&nine), Err(JsonLdError::ContextList));
    let (known, _) = on_top(&contexts);
    let list = |list: Value| said(&known, &list, &json!({"urn:p": "x"})).map(drop);
    assert_eq!(
        list(json!(["urn:c0", "urn:c1", "urn:c0"])),
        Err(JsonLdError::ContextList),
        "twice_with_another_between"
    );
    assert_eq!(list(json!(["urn:c0", "urn:c0"])), Err(JsonLdError::ContextList), "twice");
    assert_eq!(list(json!("urn:c0")), Ok(()), "one_without_a_list");
    assert_eq!(list(json!(["urn:c0", ["urn:c1"]])), Err(JsonLdError::ContextMalformed), "a_list_in_the_list");
    // Another context in the place of one that was used already.
    let document = json!({"t0": "x"});
    assert!(said(&known, &json!(["urn:c0"]), &document).unwrap().contains("<urn:0>"));
    let known = known.with("urn:c0", r#"{"@context": {"t0": "urn:new"}}"#).unwrap();
    assert!(said(&known, &json!(["urn:c0"]), &document).unwrap().contains("<urn:new>"));
}

/// What a protected term may not say anew, part by part.
#[test]
fn protected_terms_stay_what_they_are() {
    let protected = |definition: &Value| json!({"@protected": true, "a": definition});
    let plain = json!({"@id": "urn:a#"});
    for (name, other) in [
        ("another_id", json!({"@id": "urn:b#"})),
        ("nothing", json!(null)),
        ("a_keyword", json!("@id")),
        ("another_type", json!({"@id": "urn:a#", "@type": "@id"})),
        ("another_container", json!({"@id": "urn:a#", "@container": "@list"})),
        ("a_graph", json!({"@id": "urn:a#", "@container": "@graph"})),
        ("a_map", json!({"@id": "urn:a#", "@container": "@language"})),
        ("a_language", json!({"@id": "urn:a#", "@language": "en"})),
        ("no_language", json!({"@id": "urn:a#", "@language": null})),
        ("a_context", json!({"@id": "urn:a#", "@context": {"b": "urn:b"}})),
        ("a_prefix", json!({"@id": "urn:a#", "@prefix": true})),
        ("a_nest", json!({"@id": "urn:a#", "@nest": "@nest"})),
    ] {
        let refused = Err(JsonLdError::TermProtected);
        assert_eq!(taken(&[protected(&plain), json!({"a": other})]), refused, "{name}");
        assert_eq!(taken(&[protected(&other), json!({"a": plain})]), refused, "{name}_before");
        assert_eq!(taken(&[protected(&other), protected(&other)]), Ok(()), "{name}_again");
        assert_eq!(taken(&[json!({"a": plain}), protected(&other)]), Ok(()), "{name}_unprotected");
    }
    let own = json!({"a": {"@id": "urn:a#", "@protected": true}});
    let other = json!({"a": {"@id": "urn:b#", "@protected": true}});
    assert_eq!(taken(&[own.clone(), other]), Err(JsonLdError::TermProtected), "protected_by_itself");
    let excepted = json!({"@protected": true, "a": {"@id": "urn:a#", "@protected": false}});
    assert_eq!(taken(&[excepted.clone(), json!({"a": "urn:b#"})]), Ok(()), "excepted");
    // Who says the same again without protection has not taken it off.
    let thrice = [own.clone(), json!({"a": {"@id": "urn:a#"}}), json!({"a": "urn:b#"})];
    assert_eq!(taken(&thrice), Err(JsonLdError::TermProtected), "protection_taken_off");
    for (name, contexts, taken_at_all) in [
        ("wiped", vec![own.clone(), json!(null)], false),
        ("wiped_in_a_list", vec![own, json!([null])], false),
        ("wiped_unprotected", vec![excepted, json!(null)], true),
    ] {
        let expected = if taken_at_all { Ok(()) } else { Err(JsonLdError::TermProtected) };
        assert_eq!(taken(&contexts), expected, "{name}");
    }
}

/// A member's own context may say a protected term anew, a type's own may not; and how far each of them reaches.
#[test]
fn contexts_of_terms() {
    let of = |what: &Value| json!({"@protected": true, "type": "@type", "id": "@id", "a": "urn:a", "T": {"@id": "urn:T", "@context": what}, "p": {"@id": "urn:p", "@context": what}});
    let other = of(&json!({"a": "urn:b"}));
    let by_member =
        under(std::slice::from_ref(&other), &json!({"id": "urn:1", "p": {"id": "urn:2", "a": "x"}}));
    assert!(by_member.unwrap().contains("<urn:2> <urn:b> \"x\""));
    let by_type = under(std::slice::from_ref(&other), &json!({"id": "urn:1", "type": "T", "a": "x"}));
    assert_eq!(by_type, Err(JsonLdError::TermProtected));
    let wiped = of(&json!(null));
    assert_eq!(under(std::slice::from_ref(&wiped), &json!({"type": "T"})), Err(JsonLdError::TermProtected));
    assert_eq!(under(&[wiped], &json!({"p": {"a": "x"}})), Err(JsonLdError::TermUndefined));

    let context = of(&json!({"b": "urn:b", "q": "urn:q"}));
    let says = |document: Value| under(std::slice::from_ref(&context), &document);
    let undefined = Err(JsonLdError::TermUndefined);
    assert_eq!(says(json!({"b": "x"})), undefined, "nobody's");
    assert!(says(json!({"type": "T", "b": "x"})).unwrap().contains("<urn:b> \"x\""));
    assert_eq!(
        says(json!({"type": "T", "q": {"b": "x"}})),
        undefined,
        "a type's context ends with its object"
    );
    assert_eq!(says(json!({"type": "T", "q": [{"b": "x"}]})), undefined);
    assert!(says(json!({"p": {"b": "x"}})).unwrap().contains("<urn:b> \"x\""));
    assert!(says(json!({"p": {"a": {"b": "x"}}})).unwrap().contains("<urn:b> \"x\""), "a member's goes on");
    assert_eq!(
        says(json!({"p": {"a": "x"}, "b": "x"})),
        undefined,
        "a member's context ends with the member"
    );
    // Of several types each has its say, whatever their order.
    let two = json!({"type": "@type", "T": {"@id": "urn:T", "@context": {"x": "urn:t"}}, "U": {"@id": "urn:U", "@context": {"x": "urn:u", "y": "urn:y"}}, "V": "urn:V"});
    let by = |types: Value| under(std::slice::from_ref(&two), &json!({"type": types, "x": "1", "y": "2"}));
    let both = by(json!(["T", "U", "V"])).unwrap();
    assert!(
        both.contains("<urn:u> \"1\"") && both.contains("<urn:y> \"2\""),
        "in the order of their names: {both}"
    );
    assert_eq!(by(json!(["U", "V", "T"])).unwrap(), both);
    assert_eq!(by(json!("V")), undefined);
    let by_both_names =
        under(std::slice::from_ref(&two), &json!({"type": "T", "@type": "U", "x": "1", "y": "2"})).unwrap();
    assert!(by_both_names.contains("<urn:t> \"1\"") || by_both_names.contains("<urn:u> \"1\""));
    // A type's name is read by what was in force before its own context.
    let renames = json!({"type": "@type", "V": "urn:V", "T": {"@id": "urn:T", "@context": {"V": "urn:other", "T": "urn:T2"}}});
    let types = under(&[renames], &json!({"type": ["T", "V"]})).unwrap();
    assert!(types.contains("<urn:T>") && types.contains("<urn:V>") && !types.contains("urn:T2"), "{types}");
    // What a type's context defined is gone inside, and what it hid is back.
    let hides = json!({"type": "@type", "a": "urn:a", "q": "urn:q", "T": {"@id": "urn:T", "@context": {"a": "urn:hidden"}}});
    let inside = under(&[hides], &json!({"type": "T", "a": "1", "q": {"a": "2"}})).unwrap();
    assert!(inside.contains("<urn:hidden> \"1\"") && inside.contains("<urn:a> \"2\""), "{inside}");
    // Values stand under their member's own context too.
    let of_values = json!({"p": {"@id": "urn:p", "@context": {"@language": "en", "v": "@value"}}});
    assert!(under(std::slice::from_ref(&of_values), &json!({"p": "x"})).unwrap().contains("\"x\"@en"));
    assert!(under(std::slice::from_ref(&of_values), &json!({"p": ["x", "y"]})).unwrap().contains("\"y\"@en"));
    assert!(under(&[of_values], &json!({"p": {"@value": "x"}})).unwrap().contains("\"x\" ."));
}

/// More contexts of terms than a document may need.
#[test]
fn contexts_of_terms_without_end() {
    let context: Value = {
        let term =
            |at: usize| (format!("p{at}"), json!({"@id": format!("urn:{at}"), "@context": {"x": "urn:x"}}));
        (0..300).map(term).collect::<serde_json::Map<_, _>>().into()
    };
    let members = |many: usize| -> Value {
        (0..many).map(|at| (format!("p{at}"), json!("v"))).collect::<serde_json::Map<_, _>>().into()
    };
    assert!(under(std::slice::from_ref(&context), &members(256)).is_ok());
    assert_eq!(under(std::slice::from_ref(&context), &members(257)), Err(JsonLdError::TooMuchWork));
    // What is kept costs nothing the next time, and says the same.
    let (known, list) = on_top(&[context]);
    let first = said(&known, &list, &members(200)).unwrap();
    assert_eq!(said(&known, &list, &members(200)).unwrap(), first);
    assert!(said(&known, &list, &members(300)).is_ok());
}

#[test]
fn what_terms_mean() {
    let context = json!({
        "p": "urn:p#", "slash": "urn:s/", "bare": "urn:bare", "full": {"@id": "urn:f#"},
        "forced": {"@id": "urn:g", "@prefix": true}, "forbidden": {"@id": "urn:h#", "@prefix": false},
        "c": "p:c", "p:d": {"@type": "@id"}, "urn:x:y": {"@type": "@id"},
        "id": "@id", "type": "@type", "v": "@value", "l": "@list", "s": "@set", "lang": "@language",
        "ref": {"@id": "urn:ref", "@type": "@id"}, "word": {"@id": "urn:word", "@type": "@vocab"},
        "day": {"@id": "urn:day", "@type": "urn:Day"}, "by": {"@id": "urn:by", "@type": "p:T"},
        "real": {"@id": "urn:real", "@type": "http://www.w3.org/2001/XMLSchema#double"},
        "plain": {"@id": "urn:plain", "@type": "@none"}, "raw": {"@id": "urn:raw", "@type": "@json"},
        "de": {"@id": "urn:de", "@language": "de"}, "set": {"@id": "urn:set", "@container": "@set"},
        "list": {"@id": "urn:list", "@container": "@list"}, "T": "urn:T",
    });
    let integer = |n: &str| format!("\"{n}\"^^<{XSD}integer>");
    for (name, member, object) in [
        ("prefix", json!({"p:x": "1"}), "<urn:p#x> \"1\"".to_owned()),
        ("prefix_with_a_slash", json!({"slash:x": "1"}), "<urn:s/x> \"1\"".into()),
        ("no_prefix_without_a_delimiter", json!({"bare:x": "1"}), "<bare:x> \"1\"".into()),
        ("no_prefix_in_full", json!({"full:x": "1"}), "<full:x> \"1\"".into()),
        ("prefix_by_its_word", json!({"forced:x": "1"}), "<urn:gx> \"1\"".into()),
        ("no_prefix_by_its_word", json!({"forbidden:x": "1"}), "<forbidden:x> \"1\"".into()),
        ("no_prefix_before_slashes", json!({"p://x": "1"}), "<p://x> \"1\"".into()),
        ("no_prefix_of_a_prefix", json!({"c": "1"}), "<urn:p#c> \"1\"".into()),
        ("term_with_a_prefix", json!({"p:d": "urn:o"}), "<urn:p#d> <urn:o>".into()),
        ("term_that_is_an_iri", json!({"urn:x:y": "urn:o"}), "<urn:x:y> <urn:o>".into()),
        ("iri", json!({"urn:other": "1"}), "<urn:other> \"1\"".into()),
        ("reference", json!({"ref": "urn:o"}), "<urn:ref> <urn:o>".into()),
        ("reference_by_a_prefix", json!({"ref": "p:o"}), "<urn:ref> <urn:p#o>".into()),
        ("reference_that_is_a_number", json!({"ref": 5}), format!("<urn:ref> {}", integer("5"))),
        ("word", json!({"word": "T"}), "<urn:word> <urn:T>".into()),
        ("word_that_is_an_iri", json!({"word": "urn:o"}), "<urn:word> <urn:o>".into()),
        ("datatype", json!({"day": "x"}), "<urn:day> \"x\"^^<urn:Day>".into()),
        ("datatype_by_a_prefix", json!({"by": "x"}), "<urn:by> \"x\"^^<urn:p#T>".into()),
        ("datatype_of_a_number", json!({"day": 5}), "<urn:day> \"5\"^^<urn:Day>".into()),
        ("datatype_of_a_truth", json!({"day": true}), "<urn:day> \"true\"^^<urn:Day>".into()),
        ("double", json!({"real": 5}), format!("<urn:real> \"5.0E0\"^^<{XSD}double>")),
        ("no_datatype", json!({"plain": "x"}), "<urn:plain> \"x\"".into()),
        ("truth", json!({"plain": false}), format!("<urn:plain> \"false\"^^<{XSD}boolean>")),
        ("fraction", json!({"plain": 0.5}), format!("<urn:plain> \"5.0E-1\"^^<{XSD}double>")),
        (
            "large_and_whole",
            json!({"plain": 1e20}),
            format!("<urn:plain> {}", integer("100000000000000000000")),
        ),
        (
            "json",
            json!({"raw": {"b": [1, null], "a": "x"}}),
            format!(r#"<urn:raw> "{{\"a\":\"x\",\"b\":[1,null]}}"^^<{RDF}JSON>"#),
        ),
        ("json_null", json!({"raw": null}), format!("<urn:raw> \"null\"^^<{RDF}JSON>")),
        ("json_list", json!({"raw": []}), format!("<urn:raw> \"[]\"^^<{RDF}JSON>")),
        ("language_of_a_term", json!({"de": "x"}), "<urn:de> \"x\"@de".into()),
        ("value", json!({"plain": {"v": "x"}}), "<urn:plain> \"x\"".into()),
        (
            "value_of_a_type",
            json!({"plain": {"v": "x", "type": "p:T"}}),
            "<urn:plain> \"x\"^^<urn:p#T>".into(),
        ),
        (
            "value_in_a_language",
            json!({"plain": {"v": "x", "lang": "zh-hans-2"}}),
            "<urn:plain> \"x\"@zh-hans-2".into(),
        ),
        (
            "value_of_json",
            json!({"plain": {"v": [null], "type": "@json"}}),
            format!("<urn:plain> \"[null]\"^^<{RDF}JSON>"),
        ),
        ("value_despite_its_term", json!({"de": {"v": "x"}}), "<urn:de> \"x\" .".into()),
        ("set", json!({"plain": {"s": ["x"]}}), "<urn:plain> \"x\"".into()),
        ("set_of_one", json!({"plain": {"@set": "x"}}), "<urn:plain> \"x\"".into()),
        ("sets_are_how_values_are_read", json!({"set": "x"}), "<urn:set> \"x\"".into()),
        ("arrays_in_arrays", json!({"plain": [["x"]]}), "<urn:plain> \"x\"".into()),
        ("list_of_none", json!({"plain": {"l": []}}), format!("<urn:plain> <{RDF}nil>")),
        ("list_by_its_term_and_its_word", json!({"list": {"l": []}}), format!("<urn:list> <{RDF}nil>")),
        ("type", json!({"type": "T"}), format!("<{RDF}type> <urn:T>")),
        ("types", json!({"type": ["T", "p:T"]}), format!("<{RDF}type> <urn:p#T>")),
        ("type_by_its_keyword", json!({"@type": "T"}), format!("<{RDF}type> <urn:T>")),
        ("object", json!({"plain": {"id": "urn:o"}}), "<urn:plain> <urn:o>".into()),
    ] {
        let mut document = member;
        document["id"] = "urn:s".into();
        let found = under(std::slice::from_ref(&context), &document).unwrap();
        let expected = format!("<urn:s> {object}");
        assert!(found.contains(&expected), "{name}: {found} has no {expected}");
    }
    let one = under(std::slice::from_ref(&context), &json!({"id": "urn:s", "list": "x"})).unwrap();
    assert_eq!(one, under(std::slice::from_ref(&context), &json!({"id": "urn:s", "list": ["x"]})).unwrap());
    assert_eq!(
        one,
        under(std::slice::from_ref(&context), &json!({"id": "urn:s", "list": {"l": "x"}})).unwrap()
    );
    assert_eq!(one.lines().count(), 3);
    let mixed =
        under(&[context], &json!({"id": "urn:s", "plain": ["x", {"v": "y"}, {"s": ["z", 1]}]})).unwrap();
    assert_eq!(mixed.lines().count(), 4, "{mixed}");
}

#[test]
fn what_documents_may_not_say() {
    use JsonLdError as E;
    let context = json!({
        "id": "@id", "type": "@type", "v": "@value", "l": "@list", "s": "@set", "none": "@none", "g": "@graph",
        "a": "urn:a", "ref": {"@id": "urn:ref", "@type": "@id"}, "word": {"@id": "urn:word", "@type": "@vocab"},
        "list": {"@id": "urn:list", "@container": "@list"}, "graph": {"@id": "urn:graph", "@container": "@graph"},
        "nothing": null, "nothing2": {"@id": null}, "kw": "@foo", "back": {"@reverse": "urn:back"},
        "nest": {"@id": "urn:nest", "@nest": "@nest"}, "index": {"@id": "urn:index", "@index": "urn:i"},
        "turned": {"@id": "urn:turned", "@direction": "rtl"},
        "m1": {"@id": "urn:m", "@container": "@id"}, "m2": {"@id": "urn:m", "@container": "@index"},
        "m3": {"@id": "urn:m", "@container": "@language"}, "m4": {"@id": "urn:m", "@container": ["@type", "@set"]},
    });
    for (name, flaw, document) in [
        ("nothing", E::TermUndefined, json!({"nothing": "x"})),
        ("nothing_in_full", E::TermUndefined, json!({"nothing2": "x"})),
        ("like_a_keyword", E::TermUndefined, json!({"kw": "x"})),
        ("reverse", E::TermUndefined, json!({"back": {"id": "urn:x"}})),
        ("nest", E::KeywordRefused, json!({"nest": "x"})),
        ("index", E::KeywordRefused, json!({"index": "x"})),
        ("direction", E::KeywordRefused, json!({"turned": "x"})),
        ("map_by_id", E::KeywordRefused, json!({"m1": {"urn:x": {"a": "x"}}})),
        ("map_by_index", E::KeywordRefused, json!({"m2": {"x": "x"}})),
        ("map_by_language", E::KeywordRefused, json!({"m3": {"en": "x"}})),
        ("map_by_type", E::KeywordRefused, json!({"m4": {"T": {"a": "x"}}})),
        ("graph", E::KeywordRefused, json!({"g": []})),
        ("none", E::KeywordRefused, json!({"none": "x"})),
        ("value_at_the_top", E::KeywordRefused, json!({"v": "x"})),
        ("list_at_the_top", E::KeywordRefused, json!({"l": ["x"]})),
        ("type_of_a_keyword", E::KeywordRefused, json!({"type": "@id"})),
        ("type_of_an_alias", E::KeywordRefused, json!({"type": "id"})),
        ("type_of_nothing", E::TermUndefined, json!({"type": "nothing"})),
        ("type_null", E::TermUndefined, json!({"type": null})),
        ("type_object", E::TermUndefined, json!({"type": {"id": "urn:T"}})),
        ("type_null_among", E::TermUndefined, json!({"type": ["urn:T", null]})),
        ("id_null", E::IriRelative, json!({"id": null, "a": "x"})),
        ("id_of_a_keyword", E::IriRelative, json!({"id": "@type", "a": "x"})),
        ("id_of_an_alias", E::IriRelative, json!({"id": "type", "a": "x"})),
        ("id_like_a_keyword", E::KeywordRefused, json!({"id": "@foo", "a": "x"})),
        ("reference_relative", E::IriRelative, json!({"ref": "x"})),
        ("reference_to_a_keyword", E::TermUndefined, json!({"ref": "@id"})),
        ("reference_to_a_blank_node", E::BlankNodeLabel, json!({"ref": "_:b"})),
        ("word_undefined", E::TermUndefined, json!({"word": "x"})),
        ("word_of_a_keyword", E::TermUndefined, json!({"word": "id"})),
        ("word_of_nothing", E::TermUndefined, json!({"word": "nothing"})),
        ("only_an_id", E::ValueDropped, json!({"id": "urn:s"})),
        ("nothing_at_all", E::ValueDropped, json!({})),
        ("null", E::ValueDropped, json!({"a": null})),
        ("null_in_a_list", E::ValueDropped, json!({"list": ["x", null]})),
        ("null_in_an_array", E::ValueDropped, json!({"a": [null]})),
        ("null_in_a_set", E::ValueDropped, json!({"a": {"s": [null]}})),
        ("empty_set", E::ValueDropped, json!({"a": {"s": []}})),
        ("empty_array_in_an_array", E::ValueDropped, json!({"a": ["x", []]})),
        ("array_in_a_list_by_its_word", E::ValueDropped, json!({"a": {"l": [["x"]]}})),
        ("graph_of_a_scalar", E::ValueDropped, json!({"graph": "x"})),
        ("graph_of_a_reference", E::ValueDropped, json!({"graph": {"id": "urn:x"}})),
        ("graph_of_nothing", E::ValueDropped, json!({"graph": {}})),
        ("set_with_more", E::ValueMalformed, json!({"a": {"s": ["x"], "a": "x"}})),
        ("list_with_more", E::ValueMalformed, json!({"a": {"l": ["x"], "a": "x"}})),
        ("list_with_more_in_a_list", E::ValueMalformed, json!({"list": {"l": ["x"], "a": "x"}})),
        ("value_and_list", E::ValueMalformed, json!({"a": {"v": "x", "l": ["x"]}})),
        ("value_and_id", E::ValueMalformed, json!({"a": {"v": "x", "id": "urn:x"}})),
        ("value_and_a_word", E::ValueMalformed, json!({"a": {"v": "x", "unknown": "x"}})),
        ("value_twice", E::ValueMalformed, json!({"a": {"v": "x", "@value": "y"}})),
        ("value_of_a_keyword", E::ValueMalformed, json!({"a": {"v": "x", "type": "@id"}})),
        ("value_of_several_types", E::ValueMalformed, json!({"a": {"v": "x", "type": ["urn:T"]}})),
        ("value_of_an_undefined_type", E::TermUndefined, json!({"a": {"v": "x", "type": "T"}})),
        ("value_number_in_a_language", E::ValueMalformed, json!({"a": {"v": 1, "@language": "en"}})),
        ("value_in_no_language", E::ValueMalformed, json!({"a": {"v": "x", "@language": null}})),
        ("value_without_a_value", E::KeywordRefused, json!({"a": {"@language": "en"}})),
        ("value_array", E::ValueMalformed, json!({"a": {"v": ["x"]}})),
        ("value_array_of_a_type", E::ValueMalformed, json!({"a": {"v": ["x"], "type": "urn:T"}})),
        ("value_null_of_a_type", E::ValueDropped, json!({"a": {"v": null, "type": "urn:T"}})),
        ("value_with_an_index", E::KeywordRefused, json!({"a": {"v": "x", "@index": "i"}})),
        ("value_with_a_direction", E::KeywordRefused, json!({"a": {"v": "x", "@direction": "ltr"}})),
        ("value_with_a_context", E::ContextInside, json!({"a": {"v": "x", "@context": null}})),
        ("language_large", E::ValueMalformed, json!({"a": {"v": "x", "@language": "EN"}})),
        ("language_large_inside", E::ValueMalformed, json!({"a": {"v": "x", "@language": "en-GB"}})),
        ("language_empty", E::ValueMalformed, json!({"a": {"v": "x", "@language": ""}})),
        ("language_of_a_digit", E::ValueMalformed, json!({"a": {"v": "x", "@language": "1n"}})),
        ("language_of_two_words", E::ValueMalformed, json!({"a": {"v": "x", "@language": "en us"}})),
    ] {
        assert_eq!(under(std::slice::from_ref(&context), &document), Err(flaw), "{name}");
    }
    // Each of JSON-LD's own words, as a member of a document and of an object in it.
    for word in [
        "base",
        "container",
        "default",
        "direction",
        "embed",
        "explicit",
        "foo",
        "graph",
        "import",
        "included",
        "index",
        "json",
        "language",
        "list",
        "nest",
        "none",
        "omitDefault",
        "prefix",
        "preserve",
        "propagate",
        "protected",
        "requireAll",
        "reverse",
        "set",
        "value",
        "version",
        "vocab",
    ] {
        let word = format!("@{word}");
        let refused = under(std::slice::from_ref(&context), &json!({"a": "x", (word.as_str()): "x"}));
        assert_eq!(refused, Err(E::KeywordRefused), "{word}");
        let inside = under(std::slice::from_ref(&context), &json!({"a": {"a": "x", (word.as_str()): "x"}}));
        assert!(inside.is_err(), "{word} inside");
        let as_type = under(std::slice::from_ref(&context), &json!({"type": word}));
        assert_eq!(as_type, Err(E::KeywordRefused), "{word} as a type");
    }
    // What only looks like a keyword is an undefined name.
    for word in ["@", "@foo1", "@foo bar", "@@id"] {
        assert_eq!(
            under(std::slice::from_ref(&context), &json!({(word): "x"})),
            Err(E::TermUndefined),
            "{word}"
        );
    }
}

/// `@vocab` where it is asked for, and what it still does not reach.
#[test]
fn falling_back() {
    let fall = |context: Value, document: Value| {
        let (known, list) = on_top(&[context]);
        said(&known.dangerous_with_vocab_fallback(), &list, &document)
    };
    let vocab = json!({"@vocab": "urn:v#", "id": "@id", "implied": {}, "itself": "itself", "of": "word", "no": null, "ref": {"@type": "@id"}});
    for (name, document, expected) in [
        ("member", json!({"any": "x"}), "<urn:v#any> \"x\""),
        ("type", json!({"@type": "Any"}), "<urn:v#Any>"),
        ("implied", json!({"implied": "x"}), "<urn:v#implied> \"x\""),
        ("by_its_own_name", json!({"itself": "x"}), "<urn:v#itself> \"x\""),
        ("by_another_name", json!({"of": "x"}), "<urn:v#word> \"x\""),
        ("reference", json!({"ref": "urn:o"}), "<urn:v#ref> <urn:o>"),
    ] {
        let found = fall(vocab.clone(), document).unwrap();
        assert!(found.contains(expected), "{name}: {found}");
    }
    for (name, flaw, document) in [
        ("nothing", JsonLdError::TermUndefined, json!({"no": "x"})),
        ("id", JsonLdError::IriRelative, json!({"id": "any", "implied": "x"})),
        ("reference", JsonLdError::IriRelative, json!({"ref": "any"})),
        ("with_a_space", JsonLdError::IriMalformed, json!({"a b": "x"})),
        ("type_with_a_space", JsonLdError::IriMalformed, json!({"@type": "a b"})),
    ] {
        assert_eq!(fall(vocab.clone(), document), Err(flaw), "{name}");
    }
    // A vocabulary by a term, by a prefix, and taken back.
    let by_term = json!([{"p": "urn:p#"}, {"@vocab": "p"}]);
    assert!(fall(by_term, json!({"any": "x"})).unwrap().contains("<urn:p#any>"));
    let by_prefix = json!([{"p": "urn:p#"}, {"@vocab": "p:q/"}]);
    assert!(fall(by_prefix, json!({"any": "x"})).unwrap().contains("<urn:p#q/any>"));
    let taken_back = json!([{"@vocab": "urn:v#"}, {"@vocab": null}]);
    assert_eq!(fall(taken_back, json!({"any": "x"})), Err(JsonLdError::TermUndefined));
    // Without it, what would fall back is told from what is undefined.
    assert_eq!(under(std::slice::from_ref(&vocab), &json!({"any": "x"})), Err(JsonLdError::VocabFallback));
    assert_eq!(under(&[vocab], &json!({"@type": "Any"})), Err(JsonLdError::VocabFallback));
}

/// The language that a context sets, a term's own, and none.
#[test]
fn languages() {
    let context = json!({"@language": "en", "a": "urn:a", "de": {"@id": "urn:de", "@language": "de"}, "none": {"@id": "urn:none", "@language": null}, "day": {"@id": "urn:day", "@type": "urn:Day"}});
    let says = |document: Value| under(std::slice::from_ref(&context), &document).unwrap();
    for (document, expected) in [
        (json!({"a": "x"}), "\"x\"@en ."),
        (json!({"de": "x"}), "\"x\"@de ."),
        (json!({"none": "x"}), "\"x\" ."),
        (json!({"day": "x"}), "\"x\"^^<urn:Day> ."),
        (json!({"a": {"@value": "x"}}), "\"x\" ."),
        (json!({"a": true}), "boolean> ."),
    ] {
        assert!(says(document.clone()).contains(expected), "{document}");
    }
    let taken_back = [context.clone(), json!({"@language": null})];
    assert!(under(&taken_back, &json!({"a": "x"})).unwrap().contains("\"x\" ."));
    let large = json!({"@language": "en-GB", "a": "urn:a"});
    assert_eq!(under(&[large], &json!({"a": "x"})), Err(JsonLdError::ValueMalformed), "in two spellings");
    let turned = [json!({"@direction": "rtl", "a": "urn:a", "n": {"@id": "urn:n", "@type": "urn:T"}})];
    assert_eq!(
        under(&turned, &json!({"a": "x"})),
        Err(JsonLdError::KeywordRefused),
        "a direction would be dropped"
    );
    assert!(under(&turned, &json!({"a": 5})).is_ok() && under(&turned, &json!({"n": "x"})).is_ok());
    let turned_back = [turned[0].clone(), json!({"@direction": null})];
    assert!(under(&turned_back, &json!({"a": "x"})).is_ok());
}

/// A context inside a document: on top of the list outside, and only where the list alone is in force.
#[test]
fn contexts_inside() {
    let known = Contexts::new()
        .with("urn:out", r#"{"@context": {"p": "urn:p", "T": {"@id": "urn:T", "@context": {"t": "urn:t"}}, "s": {"@id": "urn:s", "@context": {}}, "e": {"@id": "urn:e", "@context": null}, "v": {"@id": "urn:v", "@context": [null, {"@vocab": "urn:v#"}]}, "g": {"@id": "urn:g", "@container": "@graph"}}}"#)
        .and_then(|known| known.with("urn:in", r#"{"@context": {"q": "urn:q"}}"#))
        .and_then(|known| known.with("urn:language", r#"{"@context": {"@language": "en"}}"#))
        .and_then(|known| known.with("urn:direction", r#"{"@context": {"@direction": "rtl"}}"#))
        .unwrap();
    let says = |list: Value, document: Value| said(&known, &list, &document);
    let inside = |context: Value| json!({"p": {"@context": context, "q": "x"}});
    assert!(says(json!("urn:out"), inside(json!("urn:in"))).unwrap().contains("<urn:q> \"x\""));
    assert!(
        says(json!("urn:out"), json!({"p": {"@context": "urn:in", "p": "x"}}))
            .unwrap()
            .contains("<urn:p> \"x\""),
        "what is outside still counts"
    );
    assert!(
        says(json!("urn:out"), json!({"p": {"@context": "urn:out", "p": "x"}})).is_ok(),
        "the same again"
    );
    assert_eq!(says(json!("urn:out"), inside(json!("urn:gone"))), Err(JsonLdError::ContextUnknown));
    assert_eq!(says(json!("urn:out"), inside(json!({"q": "urn:q"}))), Err(JsonLdError::ContextInline));
    assert_eq!(
        says(json!("urn:out"), json!({"s": {"@context": "urn:in", "q": "x"}})),
        Err(JsonLdError::ContextInside),
        "under a member's context"
    );
    // Where nothing is in force the inner list is all there is.
    assert!(
        says(json!("urn:out"), json!({"e": {"@context": "urn:in", "q": "x"}}))
            .unwrap()
            .contains("<urn:q> \"x\"")
    );
    assert_eq!(
        says(json!("urn:out"), json!({"e": {"@context": "urn:in", "p": "x"}})),
        Err(JsonLdError::TermUndefined)
    );
    // A list that only sets a language is not nothing: other processors would sign it.
    let under_language = says(json!("urn:language"), json!({"urn:o": inside(json!("urn:in"))["p"]})).unwrap();
    assert!(under_language.contains("\"x\"@en"), "language_from_outside: {under_language}");
    let turned = says(json!("urn:direction"), json!({"urn:o": inside(json!("urn:in"))["p"]}));
    assert_eq!(turned, Err(JsonLdError::KeywordRefused), "direction_from_outside");
    // A third list would stand on the second without the first.
    let third = json!({"p": {"@context": "urn:in", "q": {"@context": "urn:language", "q": "x"}}});
    assert_eq!(
        says(json!("urn:out"), third),
        Err(JsonLdError::ContextInside),
        "context_inside_a_context_inside"
    );
    let back = json!({"p": {"@context": "urn:in", "q": {"@context": "urn:out", "p": "x"}}});
    assert_eq!(says(json!("urn:out"), back), Err(JsonLdError::ContextInside), "context_inside_again");
    // A vocabulary is not nothing either.
    assert_eq!(
        says(json!("urn:out"), json!({"v": {"@context": "urn:in", "q": "x"}})),
        Err(JsonLdError::ContextInside)
    );
    // And the list goes on for what is inside it.
    let deeper = json!({"p": {"@context": "urn:in", "q": {"@context": "urn:in", "q": "x"}}});
    assert!(says(json!("urn:out"), deeper).is_ok());
    assert!(
        says(json!("urn:out"), json!({"g": {"@context": "urn:in", "q": "x"}}))
            .unwrap()
            .contains("<urn:q> \"x\" _:")
    );
    let document = json!({"p": "x"});
    assert_eq!(known.to_rdf(&object(&document)).err(), Some(JsonLdError::TermUndefined), "context_missing");
}

/// As deep as JSON may be, and no deeper.
#[test]
fn depth() {
    let (known, list) = on_top(&[json!({"a": "urn:a"})]);
    let deep = |depth: usize, wrap: fn(Value) -> Value| {
        let document = (0..depth).fold(json!("x"), |inner, _| wrap(inner));
        known.to_rdf(&object(&json!({"@context": list, "a": document}))).map(drop)
    };
    type Kind = (&'static str, fn(Value) -> Value);
    let kinds: [Kind; 4] = [
        ("objects", |inner| json!({"a": inner})),
        ("arrays", |inner| json!([inner])),
        ("sets", |inner| json!({"@set": inner})),
        ("lists", |inner| json!({"@list": [{"a": inner}]})),
    ];
    for (name, wrap) in kinds {
        assert_eq!(deep(20, wrap), Ok(()), "{name}");
        assert_eq!(deep(100, wrap), Err(JsonLdError::TooDeep), "{name}");
    }
    assert_eq!(deep(64, |inner| json!({"a": inner})), Ok(()));
    assert_eq!(deep(65, |inner| json!({"a": inner})), Err(JsonLdError::TooDeep));
}

/// Names that look like prefixes, terms by other terms, and aliases of every word that JSON-LD keeps to itself.
#[test]
fn names_at_their_edges() {
    let says = |context: Value, document: Value| under(&[context], &document);
    for end in [":", "/", "?", "#", "@", "[", "]"] {
        // Brackets are taken in addresses alone.
        let iri = format!("http://h/{end}");
        let found = says(json!({"p": iri}), json!({"p:x": "1"}));
        assert_eq!(found.as_deref(), Ok(format!("_:c14n0 <{iri}x> \"1\" .\n").as_str()), "{end}");
    }
    assert_eq!(says(json!({"a/b": "urn:ab#"}), json!({"a/b:x": "1"})), Err(JsonLdError::IriRelative));
    assert_eq!(says(json!({"_": "urn:b#"}), json!({"_:x": "1"})), Err(JsonLdError::BlankNodeLabel));
    assert_eq!(says(json!({}), json!({":x": "1"})), Err(JsonLdError::TermUndefined));
    assert_eq!(says(json!({"@foo": "urn:a"}), json!({"@foo": "1"})), Err(JsonLdError::KeywordRefused));
    for (context, member) in [
        (json!({"a": "b", "b": "urn:b"}), "<urn:b>"),
        (json!({"b": "a", "a": "urn:b"}), "<urn:b>"),
        (json!({"a": {"@id": "b"}, "b": {"@id": "urn:b"}}), "<urn:b>"),
        (json!({"@vocab": "urn:v#", "a": "b", "b": "urn:b"}), "<urn:b>"),
        (json!({"@vocab": "urn:v#", "a": {"@id": "a"}}), "<urn:v#a>"),
        (json!([{"b": "urn:b"}, {"a": "b"}]), "<urn:b>"),
    ] {
        let found = says(context.clone(), json!({"a": "1"})).unwrap();
        assert!(found.contains(&format!("{member} \"1\"")), "{context}: {found}");
    }
    let chain = |length: usize| {
        let term = |at: usize| (format!("t{at}"), json!(format!("t{}", at + 1)));
        let mut terms: serde_json::Map<String, Value> = (0..length).map(term).collect();
        terms.insert(format!("t{length}"), "urn:end".into());
        taken(&[Value::Object(terms)])
    };
    assert_eq!(chain(32), Ok(()));
    assert_eq!(chain(33), Err(JsonLdError::ContextMalformed), "terms_by_each_other_without_end");
    assert_eq!(
        says(json!({"i": {"@id": "@id"}}), json!({"i": "urn:s", "urn:p": "1"})).unwrap(),
        "<urn:s> <urn:p> \"1\" .\n"
    );
    for word in [
        "base",
        "container",
        "default",
        "direction",
        "embed",
        "explicit",
        "graph",
        "import",
        "included",
        "index",
        "json",
        "language",
        "list",
        "nest",
        "none",
        "omitDefault",
        "prefix",
        "preserve",
        "propagate",
        "protected",
        "requireAll",
        "reverse",
        "set",
        "value",
        "version",
        "vocab",
    ] {
        let alias = json!({"a": format!("@{word}")});
        assert_eq!(says(alias, json!({"a": "1"})), Err(JsonLdError::KeywordRefused), "{word}");
    }
}

/// A type's context is there for what is said to be of the type, and a reference is no object inside.
#[test]
fn types_reach_no_further() {
    let context = json!({
        "type": "@type", "id": "@id", "a": "urn:a", "q": "urn:q",
        "T": {"@id": "urn:T", "@context": {"t": "urn:t", "p": "urn:p#"}}, "U": {"@id": "urn:U", "@context": {"u": "urn:u"}},
    });
    let says = |document: Value| under(std::slice::from_ref(&context), &document);
    let undefined = Err(JsonLdError::TermUndefined);
    assert_eq!(says(json!({"a": "T", "t": "x"})), undefined, "a value that is a type's name");
    assert_eq!(says(json!({"id": "urn:T", "t": "x"})), undefined, "an id that is a type's");
    for types in [json!(["T", "U"]), json!(["U", "T"])] {
        assert!(says(json!({"type": types, "t": "x", "u": "y"})).is_ok());
        for inside in ["t", "u"] {
            assert_eq!(says(json!({"type": types, "q": {(inside): "x"}})), undefined, "{inside} inside");
        }
    }
    let referred = says(json!({"type": "T", "q": {"id": "p:x"}})).unwrap();
    assert!(referred.contains("<urn:q> <urn:p#x>"), "{referred}");
    let inside = says(json!({"type": "T", "q": {"id": "p:x", "a": "1"}})).unwrap();
    assert!(inside.contains("<urn:q> <p:x>"), "{inside}");
}

/// What was processed before changes no meaning, whatever came first.
#[test]
fn the_cache_changes_no_meaning() {
    let context = json!({
        "type": "@type", "p": {"@id": "urn:p", "@context": {}}, "T": {"@id": "urn:T", "@context": {"@language": "de"}},
    });
    let (of_type, plain) = (json!({"type": "T", "p": "x"}), json!({"p": "x"}));
    for turn in [[&of_type, &plain], [&plain, &of_type]] {
        let (known, list) = on_top(std::slice::from_ref(&context));
        for document in turn.iter().chain(&turn) {
            let found = said(&known, &list, document).unwrap();
            assert_eq!(found.contains("\"x\"@de"), *document == &of_type, "{document}: {found}");
        }
    }
}

#[test]
fn lists_hold_objects_in_their_order() {
    let context = json!({"id": "@id", "a": "urn:a", "list": {"@id": "urn:list", "@container": "@list"}});
    let says = |document: Value| under(std::slice::from_ref(&context), &document);
    let one = says(json!({"id": "urn:s", "list": {"id": "urn:o"}})).unwrap();
    assert!(one.contains("first> <urn:o>"), "{one}");
    assert_eq!(says(json!({"id": "urn:s", "list": [{"id": "urn:o"}]})).unwrap(), one);
    let two = says(json!({"id": "urn:s", "list": ["x", "y"]})).unwrap();
    let head =
        two.lines().find_map(|line| line.strip_prefix("<urn:s> <urn:list> ")?.strip_suffix(" .")).unwrap();
    assert!(two.lines().any(|line| line.starts_with(head) && line.ends_with("first> \"x\" .")), "{two}");
    for (name, object) in [
        ("list_and_id", json!({"@id": "urn:x", "@list": ["x"]})),
        ("set_and_id", json!({"@id": "urn:x", "@set": ["x"]})),
        ("value_and_id", json!({"@id": "urn:x", "@value": "x"})),
    ] {
        assert_eq!(says(json!({"a": object})), Err(JsonLdError::ValueMalformed), "{name}");
    }
}
