//! `keys/replacement.rs`: the key that acts on the chain is replaced by two, and never in the middle of an act.

use std::time::Duration;

use credentials::UnixSeconds;
use registry::build::{SoftwareSigner, TxSigner};
use registry::{
    Action, Author, DidDocument, DidRecord, DocumentKey, PublicKey, Purpose, Record, RecordKey, Slug,
};
use serde_json::{Value, json};

use crate::http::Answer;
use crate::world::{ADMIN_TOKEN, AUDITOR_TOKEN, CLERK_TOKEN, STAFF_TOKEN, World};

const SD_JWT: &str = "business-licence-sd-jwt";
const KEYS: store::Table<str, Value> = store::Table::new("keys");

async fn replace(world: &World, step: &str, token: &str) -> Answer {
    let body = if step.is_empty() { json!({"reason": "离任交接"}) } else { json!({}) };
    world.http.post_json(&format!("/api/keys/author/replace{step}"), Some(token), &body).await
}

async fn replaced(world: &World) -> String {
    let asked = replace(world, "", ADMIN_TOKEN).await;
    assert_eq!(asked.status, 200, "{}", asked.text());
    let replaced = replace(world, "/approve", STAFF_TOKEN).await;
    assert_eq!(replaced.status, 200, "{}", replaced.text());
    replaced.json()["key"].as_str().unwrap().to_owned()
}

async fn document(world: &World) -> DidRecord {
    let key = RecordKey::Did(world.did().parse().unwrap());
    match world.node_client().proven_one(key).await.unwrap().record() {
        Some(Record::Did(record)) => record.clone(),
        other => panic!("{other:?}"),
    }
}

/// The one key that authors, as the chain has it.
async fn author(world: &World) -> String {
    let record = document(world).await;
    let authors = record.current_keys().filter(|key| key.purposes.contains(Purpose::CapabilityInvocation));
    let names: Vec<_> = authors.map(|key| key.fragment.to_string()).collect();
    assert_eq!(names.len(), 1, "{names:?}");
    names[0].clone()
}

async fn keys(world: &World) -> Value {
    let answer = world.http.get("/api/keys", Some(AUDITOR_TOKEN)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// The state of a key of the author's.
async fn state(world: &World, name: &str) -> Option<String> {
    let keys = keys(world).await;
    let all = keys["keys"].as_array().unwrap().iter();
    let mut found = all.filter(|key| key["slot"] == "author" && key["key"] == name);
    found.next().map(|key| key["state"].as_str().unwrap().to_owned())
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting).await.expect(what);
}

fn files(world: &World) -> Vec<String> {
    let dir = std::fs::read_dir(world.config.data_dir.join("keys")).unwrap();
    let names = dir.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.starts_with("author")).collect();
    names.sort();
    names
}

fn signer(world: &World, file: &str) -> SoftwareSigner {
    let seed = std::fs::read(world.config.data_dir.join("keys").join(file)).unwrap();
    SoftwareSigner::from_seed(&seed.try_into().unwrap()).unwrap()
}

/// Puts a key where a replacement would, and the row that notes it into the stopped issuer's store.
async fn noted(world: &World, name: &str) {
    let path = world.config.data_dir.join("keys").join(format!("author.{name}.key"));
    service::files::write_secret(&path, &[9; 32]).unwrap();
    let public = PublicKey::Ed25519(signer(world, &format!("author.{name}.key")).public_key());
    let (by, at) = (issuer::model::Actor::staff("zhou"), UnixSeconds(0));
    let next = json!({"name": name, "public": public.to_multikey(), "by": by, "at": at});
    let row = json!({"current": "key-1", "since": at, "next": next});
    let path = world.config.data_dir.join("store");
    let opened = move || store::Store::persistent(path, &store::Options::default()).expect("opens");
    let opened = tokio::task::spawn_blocking(opened).await.unwrap();
    let put = move |tx: &mut store::Tx<'_>| tx.put(&KEYS, "author", &row);
    opened.write_async::<_, store::StoreError, _>(put).await.unwrap();
    tokio::task::spawn_blocking(move || opened.close()).await.unwrap();
}

#[tokio::test]
async fn two_admins_replace_it_and_the_old_one_acts_no_more() {
    let mut world = World::start().await;
    let did = world.did();
    assert_eq!(state(&world, "key-1").await.as_deref(), Some("in-use"));
    let alone = world.http.post_json("/api/keys/author/rotate", Some(ADMIN_TOKEN), &json!({})).await;
    assert_eq!((alone.status, alone.problem().as_str()), (409, "takes-two"));
    for token in [CLERK_TOKEN, AUDITOR_TOKEN] {
        assert_eq!(replace(&world, "", token).await.status, 403);
    }
    assert_eq!(replace(&world, "/approve", STAFF_TOKEN).await.status, 404, "nobody asked");
    let reasonless = json!({"reason": " "});
    let path = "/api/keys/author/replace";
    let refused = world.http.post_json(path, Some(ADMIN_TOKEN), &reasonless).await.status;
    assert!((400..=422).contains(&refused), "{refused}");

    let asked = replace(&world, "", ADMIN_TOKEN).await.json();
    assert_eq!((&asked["replaces"], &asked["reason"]), (&json!("key-1"), &json!("离任交接")));
    assert_eq!(replace(&world, "", STAFF_TOKEN).await.problem(), "already");
    assert_eq!(replace(&world, "/approve", ADMIN_TOKEN).await.problem(), "same-person");
    assert_eq!(document(&world).await.version, 1, "nothing happens before another approves");
    assert_eq!(replace(&world, "/withdraw", STAFF_TOKEN).await.status, 200);
    assert_eq!(replace(&world, "/approve", STAFF_TOKEN).await.status, 404);
    assert_eq!(keys(&world).await["replacement"], Value::Null);

    let stolen = signer(&world, "author.key");
    assert_eq!(replaced(&world).await, "key-4");
    assert_eq!((author(&world).await.as_str(), document(&world).await.version), ("key-4", 2));
    assert_eq!(state(&world, "key-1").await.as_deref(), Some("retired"));
    assert_eq!(files(&world), ["author.key-4.key"], "the old one is erased");
    let by_it = Author::Did(did.parse().unwrap());
    let refused = world.node_client().act(&by_it, &Action::DidDeactivate, &[&stolen]).await.unwrap_err();
    assert!(format!("{refused:?}").contains("not-authorised"), "{refused:?}");

    // The new one acts: for credentials, and for the other keys. After a restart too.
    let (_, first) = world.issued(SD_JWT).await;
    assert_eq!(world.change(&first, "revoke").await.status, 200);
    world.restart().await;
    assert_eq!(world.did(), did, "the same issuer");
    let (_, second) = world.issued(SD_JWT).await;
    assert_eq!(world.change(&second, "revoke").await.status, 200);
    let rotated = world.http.post_json("/api/keys/p256/rotate", Some(ADMIN_TOKEN), &json!({})).await;
    assert_eq!(rotated.json()["key"], "key-5", "{}", rotated.text());
    assert_eq!(replaced(&world).await, "key-6");

    let log = world.http.get("/api/audit?after=0", Some(AUDITOR_TOKEN)).await.text();
    for (what, times) in [
        ("key-replacement-asked", 3),
        ("key-replacement-withdrawn", 1),
        ("key-replacement-approved", 2),
        ("\"slot\":\"author\"", 10),
    ] {
        assert_eq!(log.matches(what).count(), times, "{what}: {log}");
    }
    assert!(!log.contains("离任"), "no words of people");
    world.stop().await;
}

#[tokio::test]
async fn what_is_asked_of_the_chain_meanwhile_is_never_refused() {
    let world = World::start().await;
    let mut credentials = Vec::new();
    for _ in 0..6 {
        credentials.push(world.issued(SD_JWT).await.1);
    }
    assert_eq!(replace(&world, "", ADMIN_TOKEN).await.status, 200);
    let revoked = credentials.iter().map(|credential| world.change(credential, "revoke"));
    let (replaced, revoked) =
        tokio::join!(replace(&world, "/approve", STAFF_TOKEN), futures_util::future::join_all(revoked));
    assert_eq!(replaced.status, 200, "{}", replaced.text());
    for answer in revoked {
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    world.stop().await;
}

#[tokio::test]
async fn one_that_was_noted_is_completed_and_what_was_asked_meanwhile_is_made() {
    let mut world = World::start().await;
    let (_, credential) = world.issued(SD_JWT).await;
    world.stop_issuer().await;
    noted(&world, "key-4").await;
    world.stop_chain().await;
    world.start_issuer().await;
    assert_eq!(world.change(&credential, "revoke").await.status, 503);
    world.start_chain().await;
    until("completed", async || state(&world, "key-4").await.as_deref() == Some("in-use")).await;
    assert_eq!(author(&world).await, "key-4");
    until("revoked", async || world.record(&credential).await["status"] == "revoked").await;
    assert!(world.record(&credential).await["refused"].is_null());
    world.stop().await;
}

#[tokio::test]
async fn one_that_reached_the_chain_alone_is_found_done() {
    let mut world = World::start().await;
    let (_, credential) = world.issued(SD_JWT).await;
    let by = Author::Did(world.did().parse().unwrap());
    let before = document(&world).await;
    world.stop_issuer().await;
    noted(&world, "key-4").await;
    let name = Slug::new("key-4").unwrap();
    let of = |held: &registry::VerificationKey| {
        let (mut fragment, mut key) = (held.fragment.clone(), held.key);
        if held.purposes.contains(Purpose::CapabilityInvocation) {
            fragment = name.clone();
            key = PublicKey::Ed25519(signer(&world, "author.key-4.key").public_key());
        }
        DocumentKey { fragment, key, purposes: held.purposes }
    };
    let keys = before.current_keys().map(of).collect();
    let document = DidDocument { keys, services: vec![] };
    let old = signer(&world, "author.key");
    world.node_client().act(&by, &Action::DidRotate { document }, &[&old]).await.expect("rotated");
    world.start_issuer().await;
    until("found", async || state(&world, "key-4").await.as_deref() == Some("in-use")).await;
    assert_eq!(world.change(&credential, "revoke").await.status, 200);
    until("erased", async || files(&world) == ["author.key-4.key"]).await;
    world.stop().await;
}

#[tokio::test]
async fn one_that_was_approved_while_the_chain_was_away_is_carried_out_once() {
    let mut world = World::start().await;
    assert_eq!(replace(&world, "", ADMIN_TOKEN).await.status, 200);
    world.stop_chain().await;
    let queued = replace(&world, "/approve", STAFF_TOKEN).await;
    assert_eq!((queued.status, queued.problem().as_str()), (503, "key-change-queued"));
    assert_eq!(replace(&world, "/withdraw", ADMIN_TOKEN).await.problem(), "already");
    assert_eq!(keys(&world).await["replacement"]["approved_by"], "li");
    world.restart().await;
    world.start_chain().await;
    until("replaced", async || author(&world).await == "key-4").await;
    until("over", async || keys(&world).await["replacement"].is_null()).await;
    assert_eq!(document(&world).await.version, 2, "once");
    world.stop().await;
}
