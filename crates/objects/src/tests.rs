use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::from_slice;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Person {
    name: String,
    age: Option<u8>,
}

/// Everything that a type may have inside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct All {
    one: Person,
    maybe: Option<Person>,
    many: Vec<Person>,
    named: BTreeMap<String, Person>,
    pair: (Person, f64),
    wrapped: Wrapped,
    kind: Kind,
    text: String,
    whole: i64,
    any: Value,
    nothing: (),
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Wrapped(Person);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Kind {
    Plain,
    Of(Person),
    Both(Person, bool),
    Fields { person: Person },
}

fn read<T: DeserializeOwned>(value: &Value) -> serde_json::Result<T> {
    from_slice(&serde_json::to_vec(value)?)
}

fn example(kind: &Value) -> Value {
    let person = json!({ "name": "a", "age": 1 });
    json!({
        "one": person, "maybe": person, "many": [person], "named": { "a": person }, "pair": [person, 1.5], "wrapped": person,
        "kind": kind, "text": "t", "whole": -3, "any": [person, null], "nothing": null, "beyond": [1],
    })
}

fn kinds() -> [Value; 4] {
    let person = json!({ "name": "a", "age": null });
    [
        json!("Plain"),
        json!({ "Of": person }),
        json!({ "Both": [person, true] }),
        json!({ "Fields": { "person": person } }),
    ]
}

#[test]
fn what_is_an_object_is_read_as_ever() {
    for kind in kinds() {
        let value = example(&kind);
        let all: All = read(&value).unwrap();
        assert_eq!(all, serde_json::from_value(value.clone()).unwrap());
        assert_eq!(serde_json::to_value(all).unwrap(), value);
    }
}

#[test]
fn a_list_in_an_objects_place_is_refused_at_any_depth() {
    let list = json!(["a", 1]);
    assert!(serde_json::from_value::<Person>(list.clone()).is_ok(), "serde alone takes it");
    assert!(read::<Person>(&list).is_err());
    assert!(read::<Vec<Person>>(&json!([list])).is_err());
    for place in ["/one", "/maybe", "/many/0", "/named/a", "/pair/0", "/wrapped"] {
        let mut value = example(&json!("Plain"));
        *value.pointer_mut(place).unwrap() = list.clone();
        assert!(serde_json::from_value::<All>(value.clone()).is_ok(), "serde alone takes it at {place}");
        assert!(read::<All>(&value).is_err(), "{place}");
    }
    for kind in [
        json!({ "Of": list }),
        json!({ "Both": [list, true] }),
        json!({ "Fields": [{ "name": "a", "age": 1 }] }),
        json!({ "Fields": { "person": list } }),
    ] {
        assert!(read::<All>(&example(&kind)).is_err(), "{kind}");
    }
}

#[test]
fn what_is_no_json_or_more_than_one_value_is_refused() {
    for text in
        [r#"{"name":"a"} {}"#, r#"{"name":"a""#, r#"{"name":"a","name":"b"}"#, r#"{"age":1}"#, "", "null"]
    {
        assert!(from_slice::<Person>(text.as_bytes()).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn any_value_is_read_as_serde_reads_it(text in any_json()) {
        let expected: Value = serde_json::from_slice(text.as_bytes()).unwrap();
        prop_assert_eq!(from_slice::<Value>(text.as_bytes()).unwrap(), expected);
    }
}

fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        "[a-z\\\\\"\u{4e2d}]{0,8}".prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(4, 32, 4, |inside| {
        prop_oneof![
            prop::collection::vec(inside.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{0,4}", inside, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    value.prop_map(|value| value.to_string())
}
