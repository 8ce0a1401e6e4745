//! RDFC-1.0: the W3C's manifest, and graphs made to take forever.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use credentials::rdf::{Dataset, HashAlgorithm, Node, TooMuchWork, Work};
use serde_json::Value;

use crate::bulk::vectors;
use crate::nquads;

fn read(folder: &Path, entry: &Value, member: &str) -> String {
    std::fs::read_to_string(folder.join(entry[member].as_str().unwrap())).unwrap()
}

/// All 86 tests: 64 evaluations, 21 maps of labels, one graph to be given up.
#[test]
fn w3c_manifest() {
    let Some(folder) = vectors("rdf-canon") else { return };
    let manifest = std::fs::read(folder.join("manifest.jsonld")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let mut kinds = BTreeMap::new();
    let mut hardest = 0;
    for entry in manifest["entries"].as_array().unwrap() {
        let name = entry["id"].as_str().unwrap();
        let kind = entry["type"].as_str().unwrap();
        *kinds.entry(kind).or_insert(0) += 1;
        let (dataset, blanks) = nquads::parse(&read(&folder, entry, "action"));
        let sha384 = entry["hashAlgorithm"] == "SHA384";
        let algorithm = if sha384 { HashAlgorithm::Sha384 } else { HashAlgorithm::Sha256 };
        let canonical = dataset.canonicalize(algorithm, Work::default());
        hardest = canonical.as_ref().map_or(hardest, |canonical| canonical.steps().max(hardest));
        match kind {
            "rdfc:RDFC10EvalTest" => {
                assert_eq!(canonical.unwrap().lines().concat(), read(&folder, entry, "result"), "{name}");
            }
            "rdfc:RDFC10MapTest" => {
                let canonical = canonical.unwrap();
                let map: HashMap<String, String> = blanks
                    .into_iter()
                    .map(|(label, blank)| (label, format!("c14n{}", canonical.label(blank).unwrap())))
                    .collect();
                let expected: HashMap<String, String> =
                    serde_json::from_str(&read(&folder, entry, "result")).unwrap();
                assert_eq!(map, expected, "{name}");
            }
            "rdfc:RDFC10NegativeEvalTest" => assert_eq!(canonical.unwrap_err(), TooMuchWork, "{name}"),
            other => panic!("a new kind of test: {other}"),
        }
    }
    println!("the hardest takes {hardest} steps");
    assert!(2 * hardest <= Work::default().0, "{hardest}: room for what is harder and honest");
    assert_eq!(kinds.values().copied().collect::<Vec<_>>(), [64, 21, 1]);
}

/// The hard ones of that manifest, always at hand (W3C Test Suite Licence).
#[test]
fn hard_graphs_of_the_manifest() {
    let cases: Value = serde_json::from_str(include_str!("data/rdfc10-hard.json")).unwrap();
    for case in cases.as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let algorithm = if case["hash"] == "SHA384" { HashAlgorithm::Sha384 } else { HashAlgorithm::Sha256 };
        let lines: Vec<&str> = case["action"].as_str().unwrap().lines().collect();
        // The order in which quads come, and blank nodes with them, says nothing.
        for turned in [false, true] {
            let text = if turned { lines.iter().rev().copied().collect() } else { lines.clone() }.join("\n");
            let (dataset, blanks) = nquads::parse(&text);
            let canonical = dataset.canonicalize(algorithm, Work::default()).unwrap();
            assert_eq!(canonical.lines().concat(), case["result"].as_str().unwrap(), "{name}");
            let Some(labels) = case["labels"].as_object().filter(|_| !turned) else { continue };
            assert_eq!(labels.len(), blanks.len(), "{name}");
            for (label, blank) in blanks {
                let found = format!("c14n{}", canonical.label(blank).unwrap());
                assert_eq!(labels[&label], found.as_str(), "{name} {label}");
            }
        }
    }
}

/// What npm's rdf-canonize 5.0 makes of graphs whose blank nodes look alike at first, blank names of graphs among them.
#[test]
fn as_a_second_implementation_has_it() {
    let cases: Value = serde_json::from_str(include_str!("data/rdfc10-rdf-canonize.json")).unwrap();
    let cases = cases.as_array().unwrap();
    assert_eq!(cases.len(), 44);
    for (at, case) in cases.iter().enumerate() {
        let lines: Vec<&str> = case["action"].as_str().unwrap().lines().collect();
        for turned in [false, true] {
            let text = if turned { lines.iter().rev().copied().collect() } else { lines.clone() }.join("\n");
            let canonical =
                nquads::parse(&text).0.canonicalize(HashAlgorithm::Sha256, Work::default()).unwrap();
            assert_eq!(canonical.lines().concat(), case["result"].as_str().unwrap(), "{at}");
        }
    }
}

/// Each step is counted: work that cost nothing could go on forever.
#[test]
fn what_hard_graphs_cost() {
    assert_eq!(Work::default(), Work(20_000));
    let cases: Value = serde_json::from_str(include_str!("data/rdfc10-hard.json")).unwrap();
    let steps: Vec<u32> = cases
        .as_array()
        .unwrap()
        .iter()
        .map(|case| {
            let (dataset, _) = nquads::parse(case["action"].as_str().unwrap());
            let canonical = dataset.canonicalize(HashAlgorithm::Sha256, Work::default()).unwrap();
            let steps = canonical.steps();
            // No step less is enough.
            assert_eq!(
                dataset.canonicalize(HashAlgorithm::Sha256, Work(steps)).map(|c| c.steps()),
                Ok(steps)
            );
            let less =
                steps.checked_sub(1).map(|less| dataset.canonicalize(HashAlgorithm::Sha256, Work(less)));
            assert!(less.is_none_or(|canonical| canonical.is_err()));
            steps
        })
        .collect();
    assert_eq!(steps, [2, 0, 16, 72, 0, 16, 6168, 12, 0, 52, 0, 0, 0, 0, 0, 0, 0]);
}

/// RDFC-1.0 §B.3, duplicated paths: the document there gives the canonical form there.
#[test]
fn duplicate_paths() {
    let text = "_:e0 <http://example.org/vocab#p> _:e1 .\n_:e1 <http://example.org/vocab#q> \"1\" .\n\
                _:e2 <http://example.org/vocab#p> _:e3 .\n_:e3 <http://example.org/vocab#q> \"1\" .\n";
    let canonical = nquads::parse(text).0.canonicalize(HashAlgorithm::Sha256, Work::default()).unwrap();
    // Two pairs, told apart by nothing: each line of one pair and of the other.
    assert_eq!(canonical.lines().len(), 4);
    let renamed = text.replace("_:e0", "_:x").replace("_:e2", "_:e0").replace("_:x", "_:e2");
    let again = nquads::parse(&renamed).0.canonicalize(HashAlgorithm::Sha256, Work::default()).unwrap();
    assert_eq!(canonical.lines(), again.lines());
}

fn clique(size: u32) -> Dataset {
    let mut dataset = Dataset::new();
    let nodes: Vec<Node> = (0..size).map(|_| dataset.blank()).collect();
    let p = dataset.iri("urn:p");
    for a in &nodes {
        for b in nodes.iter().filter(|b| *b != a) {
            dataset.add(*a, p, *b, None);
        }
    }
    dataset
}

/// Nested empty objects: what a JSON document can do without any label.
fn twins(children: u32) -> Dataset {
    let mut dataset = Dataset::new();
    let p = dataset.iri("urn:p");
    for _ in 0..2 {
        let parent = dataset.blank();
        for _ in 0..children {
            let child = dataset.blank();
            dataset.add(parent, p, child, None);
        }
    }
    dataset
}

#[test]
fn poison_is_given_up() {
    let canonicalize = |dataset: &Dataset| dataset.canonicalize(HashAlgorithm::Sha256, Work::default());
    for size in [8, 9, 20, 60] {
        assert_eq!(canonicalize(&clique(size)).unwrap_err(), TooMuchWork, "poison_clique_{size}");
    }
    for children in [10, 5_000] {
        assert_eq!(canonicalize(&twins(children)).unwrap_err(), TooMuchWork, "poison_twins_{children}");
    }
    assert!(canonicalize(&clique(4)).is_ok());
    assert!(canonicalize(&twins(5)).is_ok());
    // Two long chains that are the same: no recursion without end.
    let mut chains = Dataset::new();
    let p = chains.iri("urn:p");
    for _ in 0..2 {
        let mut last = chains.blank();
        for _ in 0..20_000 {
            let next = chains.blank();
            chains.add(last, p, next, None);
            last = next;
        }
    }
    assert_eq!(canonicalize(&chains).unwrap_err(), TooMuchWork, "poison_chains");
}

/// A quad that stands twice is one quad.
#[test]
fn repetitions_count_once() {
    let text = "_:a <urn:p> _:b .\n_:b <urn:q> \"1\" .\n";
    let once = nquads::parse(text).0.canonicalize(HashAlgorithm::Sha256, Work::default()).unwrap();
    let text = format!("{text}_:a <urn:p> _:b .\n");
    let twice = nquads::parse(&text).0.canonicalize(HashAlgorithm::Sha256, Work::default()).unwrap();
    assert_eq!(once.lines(), twice.lines());
}
