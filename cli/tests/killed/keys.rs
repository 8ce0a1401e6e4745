//! Killed while it replaces its own key: one key works afterwards, and every key that it spoke of is on the chain.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use registry::{Record, RecordKey};
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

/// The states of the keys on P-256, by name, once none of them is changing.
async fn settled(network: &Network) -> BTreeMap<String, String> {
    let url = format!("{}/api/keys", network.market().url);
    let began = Instant::now();
    loop {
        let (status, body) = network.get(&url, &network.urls.staff_token).await.expect("an answer");
        assert_eq!(status, 200, "{body}");
        let text = |key: &Value, name: &str| key[name].as_str().expect("text").to_owned();
        let keys = body["keys"].as_array().expect("keys").iter().filter(|key| key["slot"] == "p256");
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
        let states = settled(&network).await;
        let in_use: Vec<_> = states.iter().filter(|(_, state)| *state == "in-use").collect();
        assert_eq!(in_use.len(), 1, "{states:?}");
        let did = network.market().did.clone();
        let proven = network.chain.proven_one(RecordKey::Did(did)).await.expect("evidence");
        let Some(Record::Did(record)) = proven.record() else { panic!("no document") };
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
