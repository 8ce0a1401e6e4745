//! Killed while it replaces its own keys: one key of each works afterwards, and every key that it spoke of is on the chain.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use registry::{DidRecord, Purpose, Record, RecordKey};
use serde_json::{Value, json};

use crate::demo::{Demo, Network};
use crate::moment;
use crate::story::Story;

/// How often it is killed; five times as often with `HUIZHENG_LONG` set.
const KILLS: u64 = 4;

/// How many of the keys it spoke of are looked for: the chain remembers the newest 64 of a DID.
const NEWEST: usize = 48;

/// Replaces the key again and again until nobody answers; the new keys that were acknowledged.
async fn rotating(network: Arc<Network>) -> Vec<String> {
    let url = format!("{}/api/keys/p256/rotate", network.market().url);
    let mut acknowledged = Vec::new();
    while let Ok((status, body)) = network.post(&url, Some(&network.urls.staff_token), &json!({})).await {
        assert_eq!(status, 200, "{body}");
        acknowledged.push(body["key"].as_str().expect("a name").to_owned());
    }
    acknowledged
}

/// Has two admins replace the author's key again and again until nobody answers; the new keys that were acknowledged.
async fn replacing(network: Arc<Network>) -> Vec<String> {
    let url = format!("{}/api/keys/author/replace", network.market().url);
    let (one, other) =
        (Some(network.urls.staff_token.as_str()), Some(network.urls.supervisor_token.as_str()));
    let mut acknowledged = Vec::new();
    // What was asked before a kill is still asked, and what was approved goes on by itself.
    while let Ok((asked, body)) = network.post(&url, one, &json!({"reason": "its turn"})).await {
        assert!(matches!(asked, 200 | 409), "{body}");
        match network.post(&format!("{url}/approve"), other, &json!({})).await {
            Err(_) => break,
            Ok((200, body)) => acknowledged.push(body["key"].as_str().expect("a name").to_owned()),
            Ok((status, body)) => assert!(matches!(status, 404 | 409), "{body}"),
        }
    }
    acknowledged
}

async fn document(network: &Network) -> DidRecord {
    let did = network.market().did.clone();
    let proven = network.chain.proven_one(RecordKey::Did(did)).await.expect("evidence");
    match proven.record() {
        Some(Record::Did(record)) => record.clone(),
        other => panic!("no document: {other:?}"),
    }
}

/// The states of a slot's keys, by name, once none of them is changing.
async fn settled(network: &Network, slot: &str) -> BTreeMap<String, String> {
    let url = format!("{}/api/keys", network.market().url);
    let began = Instant::now();
    loop {
        let (status, body) = network.get(&url, &network.urls.staff_token).await.expect("an answer");
        assert_eq!(status, 200, "{body}");
        let text = |key: &Value, name: &str| key[name].as_str().expect("text").to_owned();
        let keys = body["keys"].as_array().expect("keys").iter().filter(|key| key["slot"] == slot);
        let states: BTreeMap<_, _> = keys.map(|key| (text(key, "key"), text(key, "state"))).collect();
        if states.values().all(|state| state == "in-use" || state == "retired") {
            return states;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "it stays half-way: {states:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_that_was_killed_leaves_one_key_that_works() {
    let folder = tempfile::tempdir().expect("a folder");
    let kills = KILLS * if std::env::var_os("HUIZHENG_LONG").is_some() { 5 } else { 1 };
    let mut acknowledged: Vec<String> = Vec::new();
    let mut stories: Vec<Story> = Vec::new();
    for kill in 0..=kills {
        let demo = Demo::start(folder.path()).await;
        let network = Arc::new(demo.network());
        let states = settled(&network, "p256").await;
        let in_use: Vec<_> = states.iter().filter(|(_, state)| *state == "in-use").collect();
        assert_eq!(in_use.len(), 1, "{states:?}");
        let record = document(&network).await;
        for key in acknowledged.iter().rev().take(NEWEST) {
            assert!(record.keys.iter().any(|known| known.fragment.as_str() == key), "{key} was spoken of");
        }
        assert!(record.current_keys().any(|key| key.fragment.as_str() == in_use[0].0), "{states:?}");
        // What was signed before counts, and what is signed now does: the counter takes both.
        for story in &stories {
            story.must_be_there(&network).await;
        }
        let mut story = Story::default();
        while !story.was_presented() {
            story.go_on(&network).await.expect("one key works");
        }
        stories.push(story);
        if kill == kills {
            network.audit_logs_are_whole().await;
            break;
        }
        let rotating = tokio::spawn(rotating(network));
        tokio::time::sleep(moment(kill.wrapping_add(100), 900)).await;
        demo.kill();
        acknowledged.extend(rotating.await.expect("no answer was wrong"));
    }
    println!("{kills} kills, {} rotations acknowledged", acknowledged.len());
    assert!(!acknowledged.is_empty(), "it had work to do");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replacement_of_the_authors_key_that_was_killed_leaves_one_that_acts() {
    let folder = tempfile::tempdir().expect("a folder");
    let kills = KILLS * if std::env::var_os("HUIZHENG_LONG").is_some() { 5 } else { 1 };
    let mut acknowledged: Vec<String> = Vec::new();
    for kill in 0..=kills {
        let demo = Demo::start(folder.path()).await;
        let network = Arc::new(demo.network());
        let states = settled(&network, "author").await;
        let in_use: Vec<_> = states.iter().filter(|(_, state)| *state == "in-use").collect();
        assert_eq!(in_use.len(), 1, "{states:?}");
        let record = document(&network).await;
        for key in acknowledged.iter().rev().take(NEWEST) {
            assert!(record.keys.iter().any(|known| known.fragment.as_str() == key), "{key} was spoken of");
        }
        let authors =
            record.current_keys().filter(|key| key.purposes.contains(Purpose::CapabilityInvocation));
        let authors: Vec<_> = authors.map(|key| key.fragment.as_str()).collect();
        assert_eq!(authors, [in_use[0].0], "{states:?}");
        // Whoever authors now can act: a key is replaced by it.
        let url = format!("{}/api/keys/ed25519/rotate", network.market().url);
        let rotated = network.post(&url, Some(&network.urls.staff_token), &json!({})).await;
        let (status, body) = rotated.expect("it acts");
        assert_eq!(status, 200, "{body}");
        if kill == kills {
            network.audit_logs_are_whole().await;
            break;
        }
        let replacing = tokio::spawn(replacing(network));
        tokio::time::sleep(moment(kill.wrapping_add(200), 900)).await;
        demo.kill();
        acknowledged.extend(replacing.await.expect("no answer was wrong"));
    }
    println!("{kills} kills, {} replacements acknowledged", acknowledged.len());
    assert!(!acknowledged.is_empty(), "it had work to do");
}
