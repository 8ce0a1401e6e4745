//! The issuer's own keys: replaced, stolen, and left half-way by a crash.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::catalogue::Catalogue;
use credentials::key::{Algorithm, PublicKey, Signer, SoftwareKey};
use credentials::x509::{Certificate, MDOC_SIGNER, check_chain};
use credentials::{ClaimPath, UnixSeconds, data_integrity, jws, mdoc, sd_jwt};
use rand_core::OsRng;
use registry::history::{KeyNotValid, kept_nevertheless, key_valid_at};
use registry::{
    Action, DidRecord, KeptSignature, Purpose, Record, RecordKey, SignatureTag, Slug, StatusListId,
    UnixMillis,
};
use serde_json::{Value, json};

use crate::http::Answer;
use crate::wallet::Wallet;
use crate::world::{ADMIN_TOKEN, AUDITOR_TOKEN, CLERK_TOKEN, STAFF_TOKEN, World};

const SD_JWT: &str = "business-licence-sd-jwt";
const VC: &str = "business-licence-vc";
const KEYS: store::Table<str, Value> = store::Table::new("keys");

pub async fn rotate(world: &World, slot: &str) -> Answer {
    world.http.post_json(&format!("/api/keys/{slot}/rotate"), Some(ADMIN_TOKEN), &json!({})).await
}

async fn document(world: &World) -> DidRecord {
    let key = RecordKey::Did(world.did().parse().unwrap());
    match world.node_client().proven_one(key).await.unwrap().record() {
        Some(Record::Did(record)) => record.clone(),
        other => panic!("{other:?}"),
    }
}

fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

fn files(world: &World) -> Vec<String> {
    let dir = world.config.data_dir.join("keys");
    let mut names: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("signing") || name.starts_with("mdoc"))
        .collect();
    names.sort();
    names
}

fn kid(credential: &Value) -> String {
    match credential {
        Value::String(text) => sd_jwt::Unverified::parse(text).unwrap().header().kid.clone().unwrap(),
        whole => data_integrity::UnverifiedCredential::read(whole.clone())
            .unwrap()
            .verification_method()
            .to_owned(),
    }
}

/// The states of all keys, by name.
async fn states(world: &World) -> BTreeMap<String, String> {
    let answer = world.http.get("/api/keys", Some(AUDITOR_TOKEN)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let keys = answer.json()["keys"].as_array().unwrap().clone();
    let text = |key: &Value, name: &str| key[name].as_str().unwrap().to_owned();
    keys.iter().map(|key| (text(key, "key"), text(key, "state"))).collect()
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting).await.expect(what);
}

/// Changes the stopped issuer's store.
async fn in_store(
    world: &World,
    change: impl FnOnce(&mut store::Tx<'_>) -> Result<(), store::StoreError> + Send + 'static,
) {
    let path = world.config.data_dir.join("store");
    let opened = move || store::Store::persistent(path, &store::Options::default()).expect("opens");
    let opened = tokio::task::spawn_blocking(opened).await.unwrap();
    opened.write_async::<_, store::StoreError, _>(change).await.unwrap();
    tokio::task::spawn_blocking(move || opened.close()).await.unwrap();
}

/// An ask for a licence whose offer was redeemed: to see whether anything is signed.
struct Asking {
    token: String,
    wallet: Wallet,
}

impl Asking {
    async fn begin(world: &World) -> Self {
        let offer = world.collectable(&world.approved().await).await;
        Self { token: world.token(&offer).await, wallet: Wallet::new(Algorithm::Es256) }
    }

    async fn ask(&self, world: &World, configuration: &str) -> Answer {
        let proof = self.wallet.proof(world, &world.nonce().await);
        world.ask(&self.token, configuration, &proof).await
    }
}

#[tokio::test]
async fn a_new_key_signs_what_comes_and_the_old_one_vouches_for_what_was() {
    let mut world = World::start().await;
    let did = world.did();
    let (old, _) = world.issued(SD_JWT).await;
    // Credentials write whole seconds: a key that was there for less than one would be in none.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let asking = Asking::begin(&world).await;
    assert_eq!(asking.ask(&world, SD_JWT).await.status, 200);
    for other in [CLERK_TOKEN, AUDITOR_TOKEN] {
        let refused = world.http.post_json("/api/keys/p256/rotate", Some(other), &json!({})).await;
        assert_eq!(refused.status, 403, "keys are for admins");
    }
    assert_eq!(rotate(&world, "authors").await.status, 404);
    assert_eq!(kid(&old), format!("{did}#key-3"));

    let rotated = rotate(&world, "p256").await;
    assert_eq!((rotated.status, &rotated.json()["key"]), (200, &json!("key-4")), "{}", rotated.text());
    let record = document(&world).await;
    assert_eq!(record.version, 2);
    let (former, new) = (record.key(&slug("key-3")).unwrap(), record.key(&slug("key-4")).unwrap());
    assert_eq!((former.until, new.until, new.purposes), (Some(new.from), None, former.purposes));
    assert!(files(&world).contains(&"signing-p256.key-4.key".to_owned()));
    assert!(!files(&world).contains(&"signing-p256.key".to_owned()), "a key that is gone can't be stolen");

    let (credential, _) = world.issued(SD_JWT).await;
    assert_eq!(kid(&credential), format!("{did}#key-4"));
    let proven = world.node_client().proven_one(RecordKey::Did(did.parse().unwrap())).await.unwrap();
    for credential in [&old, &credential] {
        let read = sd_jwt::Unverified::parse(credential.as_str().unwrap()).unwrap();
        let (id, issued) = (kid(credential).parse().unwrap(), read.times().iat.unwrap());
        let at = UnixMillis::from_seconds(issued.0);
        let valid = |at| key_valid_at(&proven, &id, Purpose::AssertionMethod, at);
        // Either end of the second that it says.
        let key = valid(at.after(Duration::from_millis(999))).or_else(|_| valid(at));
        let key = key.expect("valid when it was issued").key.to_multikey();
        let key = PublicKey::from_multikey(&key).unwrap();
        read.verify_issued(&key, None, UnixSeconds(world.now())).expect("by this key");
    }

    // Asked for again, what was reserved under the old key is signed by the new one, and not dated before it.
    let again = asking.ask(&world, SD_JWT).await;
    assert_eq!(again.status, 200, "{}", again.text());
    let again = again.json()["credentials"][0]["credential"].clone();
    let read = sd_jwt::Unverified::parse(again.as_str().unwrap()).unwrap();
    assert_eq!(kid(&again), format!("{did}#key-4"));
    assert!(read.times().iat.unwrap().0 >= new.from.seconds());

    // Lists and metadata too.
    let list =
        world.http.get_with("/status-lists/0", &[("accept", "application/statuslist+jwt".into())]).await;
    let metadata = [("accept", "application/jwt".to_owned())];
    let metadata = world.http.get_with("/.well-known/openid-credential-issuer", &metadata).await;
    for token in [list.text(), metadata.text()] {
        let token = jws::Unverified::parse(&token).unwrap();
        assert_eq!(token.header().kid.as_deref(), Some(format!("{did}#key-4").as_str()));
    }

    // It stays so, with or without the chain.
    world.restart().await;
    world.stop_chain().await;
    world.restart().await;
    assert_eq!(world.did(), did, "the same issuer");
    assert_eq!(kid(&world.issued(SD_JWT).await.0), format!("{did}#key-4"));
    world.start_chain().await;
    let rotated = rotate(&world, "p256").await;
    assert_eq!(rotated.json()["key"], "key-5", "{}", rotated.text());
    let states = states(&world).await;
    let state = |key: &str| states[key].as_str();
    assert_eq!(
        ["key-2", "key-3", "key-4", "key-5", "root-1"].map(state),
        ["in-use", "retired", "retired", "in-use", "in-use"]
    );
    world.stop().await;
}

#[tokio::test]
async fn every_key_can_be_replaced() {
    let world = World::start().await;
    let did = world.did();
    assert_eq!(kid(&world.issued(VC).await.0), format!("{did}#key-2"));
    assert_eq!(rotate(&world, "ed25519").await.json()["key"], "key-4");
    assert_eq!(rotate(&world, "p256").await.json()["key"], "key-5");
    let (credential, _) = world.issued(VC).await;
    assert_eq!(kid(&credential), format!("{did}#key-4"));
    let record = document(&world).await;
    let key = PublicKey::from_multikey(&record.key(&slug("key-4")).unwrap().key.to_multikey()).unwrap();
    let read = data_integrity::UnverifiedCredential::read(credential).unwrap();
    read.verify(&key, UnixSeconds(world.now())).expect("by the new key");
    assert_eq!(kid(&world.issued(SD_JWT).await.0), format!("{did}#key-5"));

    // The root that only readers of mdocs know is not on the chain; both go on counting.
    let before = world.http.get("/mdoc/root", None).await.bytes().to_vec();
    assert_eq!(rotate(&world, "mdoc-root").await.json()["key"], "root-2");
    let after = world.http.get("/mdoc/root", None).await.bytes().to_vec();
    assert_ne!(before, after);
    let roots = world.http.get("/mdoc/roots", None).await.json();
    let encode = |der: &[u8]| base64::engine::general_purpose::STANDARD.encode(der);
    assert_eq!(roots["roots"], json!([encode(&after), encode(&before)]));
    let applied = world.apply("drivers-licence", example("drivers-licence")).await;
    world.approve(&applied).await;
    let token = world.token(&world.collectable(&applied).await).await;
    let proof = Wallet::new(Algorithm::Es256).proof(&world, &world.nonce().await);
    let answer = world.ask(&token, "drivers-licence-mdoc", &proof).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = answer.json()["credentials"][0]["credential"].as_str().unwrap().to_owned();
    let document = mdoc::Unverified::parse(&BASE64.decode(text).unwrap()).unwrap();
    assert_eq!(document.issuer_uri(), Some(format!("{did}#key-5").as_str()));
    let chain = [document.certificate().clone()];
    let root = |der: &[u8]| [Certificate::parse(der).unwrap()];
    let now = UnixSeconds(world.now());
    assert_eq!(check_chain(&chain, &root(&after), MDOC_SIGNER, now), Ok(()));
    assert!(check_chain(&chain, &root(&before), MDOC_SIGNER, now).is_err());
    world.stop().await;
}

fn example(credential_type: &str) -> Value {
    Catalogue::bundled().unwrap().by_id(credential_type).unwrap().example()
}

/// The row of a rotation that was noted, and the key that was made for it.
fn noted(world: &World, name: &str) -> Value {
    let mut secret = [7; 32];
    secret[31] = u8::try_from(name.len()).unwrap();
    let path = key_file(world, name);
    service::files::write_secret(&path, &secret).unwrap();
    let key = SoftwareKey::from_secret_bytes(Algorithm::Es256, &secret).unwrap();
    let (by, at) = (issuer::model::Actor::staff("zhou"), UnixSeconds(0));
    let next = json!({"name": name, "public": key.public_key().to_multikey(), "by": by, "at": at});
    json!({"current": "key-3", "since": at, "next": next})
}

fn key_file(world: &World, name: &str) -> PathBuf {
    world.config.data_dir.join("keys").join(format!("signing-p256.{name}.key"))
}

#[tokio::test]
async fn a_rotation_that_broke_off_before_it_was_noted_leaves_the_old_key() {
    let mut world = World::start().await;
    world.stop_issuer().await;
    drop(noted(&world, "key-4"));
    world.start_issuer().await;
    assert_eq!(kid(&world.issued(SD_JWT).await.0), format!("{}#key-3", world.did()));
    let made = std::fs::read(key_file(&world, "key-4")).unwrap();
    assert_eq!(rotate(&world, "p256").await.json()["key"], "key-4");
    assert_eq!(std::fs::read(key_file(&world, "key-4")).unwrap(), made, "the key that was made is used");
    world.stop().await;
}

#[tokio::test]
async fn a_rotation_that_was_noted_is_completed_and_until_then_nothing_is_signed() {
    let mut world = World::start().await;
    let asking = Asking::begin(&world).await;
    world.stop_issuer().await;
    let row = noted(&world, "key-4");
    in_store(&world, move |tx| tx.put(&KEYS, "p256", &row)).await;
    world.stop_chain().await;
    world.start_issuer().await;
    let refused = asking.ask(&world, SD_JWT).await;
    assert_eq!((refused.status, &refused.json()["error"]), (503, &json!("temporarily_unavailable")));
    assert_eq!(asking.ask(&world, VC).await.status, 200, "the other key is not being replaced");
    assert_eq!(rotate(&world, "p256").await.problem(), "chain-unreachable");
    assert_eq!(states(&world).await["key-3"], "changing");
    world.start_chain().await;
    until("completed", async || states(&world).await.get("key-4").is_some_and(|state| state == "in-use"))
        .await;
    let answer = asking.ask(&world, SD_JWT).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(kid(&answer.json()["credentials"][0]["credential"]), format!("{}#key-4", world.did()));
    assert_eq!(document(&world).await.version, 2, "once");
    world.stop().await;
}

/// The author's key of a world's issuer, from its folder.
fn author(world: &World) -> registry::build::SoftwareSigner {
    let seed = std::fs::read(world.config.data_dir.join("keys/author.key")).unwrap();
    registry::build::SoftwareSigner::from_seed(&seed.try_into().unwrap()).unwrap()
}

async fn act(world: &World, action: &Action) {
    let did = registry::Author::Did(world.did().parse().unwrap());
    world.node_client().act(&did, action, &[&author(world)]).await.expect("acted");
}

/// The document with another P-256 key in the place of the one that holds.
async fn document_with(world: &World, name: &str) -> registry::DidDocument {
    let secret = std::fs::read(key_file(world, name)).unwrap();
    let key = SoftwareKey::from_secret_bytes(Algorithm::Es256, &secret).unwrap();
    let key = registry::PublicKey::p256(&key.public_key().to_bytes().try_into().unwrap()).unwrap();
    let record = document(world).await;
    let of = |held: &registry::VerificationKey| match held.key {
        registry::PublicKey::P256(_) => {
            registry::DocumentKey { fragment: slug(name), key, purposes: held.purposes }
        }
        registry::PublicKey::Ed25519(_) => {
            registry::DocumentKey { fragment: held.fragment.clone(), key: held.key, purposes: held.purposes }
        }
    };
    registry::DidDocument { keys: record.current_keys().map(of).collect(), services: vec![] }
}

#[tokio::test]
async fn a_rotation_that_reached_the_chain_alone_is_found_done() {
    let mut world = World::start().await;
    // Noted in the store, or not even that: as after a restore of an older store.
    for (name, in_the_store) in [("key-4", true), ("key-55", false)] {
        let row = noted(&world, name);
        let document = document_with(&world, name).await;
        act(&world, &Action::DidRotate { document }).await;
        world.stop_issuer().await;
        if in_the_store {
            in_store(&world, move |tx| tx.put(&KEYS, "p256", &row)).await;
        }
        world.start_issuer().await;
        until("found", async || states(&world).await.get(name).is_some_and(|state| state == "in-use")).await;
        assert_eq!(kid(&world.issued(SD_JWT).await.0), format!("{}#{name}", world.did()));
        until("erased", async || !files(&world).contains(&"signing-p256.key".to_owned())).await;
    }
    assert_eq!(document(&world).await.version, 3, "nothing was written twice");
    world.stop().await;
}

#[tokio::test]
async fn a_key_that_was_not_erased_in_time_is_never_used_and_erased_once_the_chain_says_so() {
    let mut world = World::start().await;
    let old = std::fs::read(world.config.data_dir.join("keys/signing-p256.key")).unwrap();
    assert_eq!(rotate(&world, "p256").await.status, 200);
    world.stop_issuer().await;
    service::files::write_secret(&world.config.data_dir.join("keys/signing-p256.key"), &old).unwrap();
    // One that was made and never used, and is newer.
    service::files::write_secret(&key_file(&world, "key-9"), &old).unwrap();
    world.stop_chain().await;
    world.start_issuer().await;
    assert_eq!(kid(&world.issued(SD_JWT).await.0), format!("{}#key-4", world.did()));
    world.start_chain().await;
    until("erased", async || !files(&world).contains(&"signing-p256.key".to_owned())).await;
    assert_eq!(kid(&world.issued(SD_JWT).await.0), format!("{}#key-4", world.did()));
    assert!(key_file(&world, "key-4").exists());
    world.stop().await;
}

#[tokio::test]
async fn without_the_chain_no_rotation_is_begun() {
    let mut world = World::start().await;
    world.stop_chain().await;
    let refused = rotate(&world, "p256").await;
    assert_eq!((refused.status, refused.problem().as_str()), (503, "chain-unreachable"));
    assert_eq!(kid(&world.issued(SD_JWT).await.0), format!("{}#key-3", world.did()), "issuing goes on");
    world.stop().await;
}

async fn ask(world: &World, key: &str, since: UnixMillis, keep: bool, token: &str) -> Answer {
    let body = json!({"since": since, "keep": keep, "reason": "备份介质遗失"});
    world.http.post_json(&format!("/api/keys/{key}/compromised"), Some(token), &body).await
}

/// Approves what waits, as it is now.
async fn approve(world: &World, key: &str, token: &str) -> Answer {
    approve_wish(world, key, &wish(world, key).await, token).await
}

async fn approve_wish(world: &World, key: &str, wish: &Value, token: &str) -> Answer {
    let path = format!("/api/keys/{key}/compromised/approve");
    world.http.post_json(&path, Some(token), &json!({"wish": wish})).await
}

/// What names the wish that waits for a key.
async fn wish(world: &World, key: &str) -> Value {
    let keys = world.http.get("/api/keys", Some(STAFF_TOKEN)).await.json();
    let found = keys["declarations"].as_array().unwrap().iter().find(|one| one["key"] == key);
    found.map_or(json!("none"), |one| one["wish"].clone())
}

fn tag(credential: &Value) -> SignatureTag {
    match credential {
        Value::String(text) => {
            let read = sd_jwt::Unverified::parse(text).unwrap();
            SignatureTag::of(read.issuer_signature())
        }
        whole => {
            let read = data_integrity::UnverifiedCredential::read(whole.clone()).unwrap();
            SignatureTag::of(read.issuer_signature().unwrap())
        }
    }
}

/// Whether the chain says that a signature at a credential's place is stood by.
async fn is_kept(world: &World, credential: &str, tag: SignatureTag) -> bool {
    let record = world.record(credential).await;
    let index = u32::try_from(record["status_index"].as_u64().unwrap()).unwrap();
    let list = StatusListId { owner: world.did().parse().unwrap(), number: 0 };
    let kept = world.node_client().proven_one(RecordKey::kept_of(&list, index)).await.unwrap();
    kept_nevertheless(&kept, &list, index, tag).is_ok()
}

#[tokio::test]
async fn a_stolen_key_counts_for_nothing_but_what_the_issuer_stands_by() {
    let world = World::start().await;
    let stolen = std::fs::read(world.config.data_dir.join("keys/signing-p256.key")).unwrap();
    let stolen = SoftwareKey::from_secret_bytes(Algorithm::Es256, &stolen).unwrap();
    let (genuine, id) = world.issued(SD_JWT).await;
    let (revoked, revoked_id) = world.issued(SD_JWT).await;
    let (other, other_id) = world.issued(VC).await;
    assert_eq!(world.change(&revoked_id, "revoke").await.status, 200);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let since = service::clock::now();
    let (late, late_id) = world.issued(SD_JWT).await;

    assert_eq!(ask(&world, "key-3", since, true, CLERK_TOKEN).await.status, 403);
    assert_eq!(ask(&world, "key-1", since, true, ADMIN_TOKEN).await.status, 404, "it signs no credentials");
    assert_eq!(ask(&world, "key-8", since, true, ADMIN_TOKEN).await.status, 404);
    let ahead = since.after(Duration::from_secs(3600));
    assert_eq!(ask(&world, "key-3", ahead, true, ADMIN_TOKEN).await.problem(), "compromise-date");
    assert_eq!(approve(&world, "key-3", STAFF_TOKEN).await.status, 404, "nobody asked");
    let asked = ask(&world, "key-3", since, true, ADMIN_TOKEN).await;
    assert_eq!((asked.status, &asked.json()["state"]), (200, &json!("asked")), "{}", asked.text());
    assert_eq!(approve(&world, "key-3", ADMIN_TOKEN).await.problem(), "same-person");
    assert_eq!(document(&world).await.version, 1, "nothing happens before another approves");

    let declared = approve(&world, "key-3", STAFF_TOKEN).await;
    assert_eq!(declared.status, 200, "{}", declared.text());
    let declared = declared.json();
    assert_eq!(
        (&declared["state"], &declared["kept"], &declared["left_out"]),
        (&json!("done"), &json!(1), &json!(2))
    );
    assert_eq!(ask(&world, "key-3", since, true, ADMIN_TOKEN).await.problem(), "already");
    let key = document(&world).await.key(&slug("key-3")).unwrap().clone();
    assert_eq!(key.compromised_since, Some(since));
    assert_eq!(kid(&world.issued(SD_JWT).await.0), format!("{}#key-4", world.did()), "it was replaced");
    assert_eq!(states(&world).await["key-3"], "compromised");

    // By its date alone nothing counts; by name, what was signed before and is not revoked.
    let proven = world.node_client().proven_one(RecordKey::Did(world.did().parse().unwrap())).await.unwrap();
    let id_of = |name: &str| format!("{}#{name}", world.did()).parse().unwrap();
    for at in [since.0 - 1, key.from.0].map(UnixMillis) {
        let doubted = key_valid_at(&proven, &id_of("key-3"), Purpose::AssertionMethod, at);
        assert_eq!(doubted, Err(KeyNotValid::Doubted { since }));
    }
    assert!(is_kept(&world, &id, tag(&genuine)).await);
    assert!(!is_kept(&world, &revoked_id, tag(&revoked)).await);
    assert!(!is_kept(&world, &late_id, tag(&late)).await);
    assert!(
        !is_kept(&world, &other_id, tag(&other)).await,
        "its key was not stolen, and it needs no keeping"
    );

    // The thief dates a forgery back and gives it the place of a genuine one.
    let good = sd_jwt::Unverified::parse(genuine.as_str().unwrap()).unwrap();
    let Value::Object(claims) = testkit::Company::nth(9).business_licence_claims() else { panic!() };
    let forged = sd_jwt::Issuance {
        issuer: world.did(),
        kid: good.header().kid.clone(),
        x5c: None,
        vct: good.vct().unwrap().to_owned(),
        disclosable: claims.keys().map(|name| ClaimPath::top(name)).collect(),
        claims,
        holder: good.holder().cloned(),
        issued_at: good.times().iat.unwrap(),
        not_before: None,
        expires: good.times().exp,
        status: good.status().cloned(),
        decoys: 0,
    };
    let forged = Value::String(forged.sign(&stolen, &mut OsRng).unwrap());
    assert!(!is_kept(&world, &id, tag(&forged)).await);
    world.stop().await;
}

#[tokio::test]
async fn what_is_not_kept_is_collected_again() {
    let world = World::start().await;
    let applied = world.approved().await;
    let token = world.token(&world.collectable(&applied).await).await;
    let first = Wallet::new(Algorithm::Es256);
    let answer = world.ask(&token, SD_JWT, &first.proof(&world, &world.nonce().await)).await;
    assert_eq!(answer.status, 200);
    let since = service::clock::now();
    assert_eq!(ask(&world, "key-3", since, false, ADMIN_TOKEN).await.status, 200);
    let declared = approve(&world, "key-3", STAFF_TOKEN).await.json();
    assert_eq!((&declared["state"], &declared["kept"]), (&json!("done"), &json!(0)));
    let token = world.token(&world.renewed(&applied).await).await;
    let again =
        world.ask(&token, SD_JWT, &Wallet::new(Algorithm::Es256).proof(&world, &world.nonce().await)).await;
    assert_eq!(again.status, 200, "{}", again.text());
    assert_eq!(kid(&again.json()["credentials"][0]["credential"]), format!("{}#key-4", world.did()));
    world.stop().await;
}

#[tokio::test]
async fn a_request_can_be_taken_back_and_an_approved_one_not() {
    let world = World::start().await;
    let since = service::clock::now();
    let withdraw = || async {
        let path = "/api/keys/key-2/compromised/withdraw";
        world.http.post_json(path, Some(STAFF_TOKEN), &json!({})).await.status
    };
    assert_eq!(withdraw().await, 404);
    assert_eq!(ask(&world, "key-2", since, true, ADMIN_TOKEN).await.status, 200);
    assert_eq!(withdraw().await, 200);
    assert_eq!(approve(&world, "key-2", STAFF_TOKEN).await.status, 404);
    assert_eq!(ask(&world, "key-2", since, true, ADMIN_TOKEN).await.status, 200);
    assert_eq!(approve(&world, "key-2", STAFF_TOKEN).await.status, 200);
    assert_eq!(withdraw().await, 409);
    world.stop().await;
}

#[tokio::test]
async fn a_wish_takes_the_place_of_none_that_waits_and_is_approved_as_it_was_seen() {
    let world = World::start().await;
    let now = service::clock::now();
    let earlier = UnixMillis(now.0 - 3_600_000);
    let asked = ask(&world, "key-2", now, true, ADMIN_TOKEN).await.json();
    let again = ask(&world, "key-2", earlier, false, ADMIN_TOKEN).await;
    assert_eq!((again.status, again.problem().as_str()), (409, "already"));
    let kept = world.http.get("/api/keys", Some(ADMIN_TOKEN)).await.json()["declarations"][0].clone();
    assert_eq!(kept, asked, "what was asked first");
    let seen = asked["wish"].clone();

    let withdraw = "/api/keys/key-2/compromised/withdraw";
    assert_eq!(world.http.post_json(withdraw, Some(ADMIN_TOKEN), &json!({})).await.status, 200);
    for (other, since, keep) in [("since", earlier, true), ("keep", now, false)] {
        assert_eq!(ask(&world, "key-2", since, keep, ADMIN_TOKEN).await.status, 200);
        let refused = approve_wish(&world, "key-2", &seen, STAFF_TOKEN).await;
        assert_eq!((refused.status, refused.problem().as_str()), (409, "another-wish"), "{other}");
        assert_eq!(world.http.post_json(withdraw, Some(STAFF_TOKEN), &json!({})).await.status, 200);
    }
    let body = json!({"since": now, "keep": true, "reason": "另有原因"});
    let path = "/api/keys/key-2/compromised";
    assert_eq!(world.http.post_json(path, Some(ADMIN_TOKEN), &body).await.status, 200);
    let refused = approve_wish(&world, "key-2", &seen, STAFF_TOKEN).await;
    assert_eq!(refused.problem(), "another-wish", "reason");
    let blind = world.http.post_json(&format!("{path}/approve"), Some(STAFF_TOKEN), &json!({})).await;
    assert_eq!(blind.status, 400, "nobody approves unseen");
    assert_eq!(states(&world).await["key-2"], "in-use", "nothing was done");
    assert_eq!(approve(&world, "key-2", STAFF_TOKEN).await.status, 200);
    world.stop().await;
}

#[tokio::test]
async fn a_declaration_that_was_approved_while_the_chain_was_away_is_carried_out() {
    let mut world = World::start().await;
    let (genuine, id) = world.issued(SD_JWT).await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let since = service::clock::now();
    assert_eq!(ask(&world, "key-3", since, true, ADMIN_TOKEN).await.status, 200);
    world.stop_chain().await;
    let refused = approve(&world, "key-3", STAFF_TOKEN).await;
    assert_eq!(refused.status, 503, "{}", refused.text());
    world.restart().await;
    world.start_chain().await;
    until("declared", async || is_kept(&world, &id, tag(&genuine)).await).await;
    assert_eq!(document(&world).await.key(&slug("key-3")).unwrap().compromised_since, Some(since));
    until("settled", async || states(&world).await["key-3"] == "compromised").await;
    world.stop().await;
}

#[tokio::test]
async fn a_stolen_root_is_not_given_to_readers_any_more() {
    let world = World::start().await;
    let before = world.http.get("/mdoc/root", None).await.bytes().to_vec();
    assert_eq!(ask(&world, "root-1", service::clock::now(), true, ADMIN_TOKEN).await.status, 200);
    assert_eq!(approve(&world, "root-1", STAFF_TOKEN).await.status, 200);
    let after = world.http.get("/mdoc/root", None).await.bytes().to_vec();
    assert_ne!(before, after);
    let encoded = base64::engine::general_purpose::STANDARD.encode(&after);
    assert_eq!(world.http.get("/mdoc/roots", None).await.json()["roots"], json!([encoded]));
    assert_eq!(states(&world).await["root-1"], "compromised");
    world.stop().await;
}

#[tokio::test]
async fn no_more_is_kept_than_the_chain_takes_and_what_is_named_twice_stays_one() {
    let world = World::start().await;
    let (genuine, id) = world.issued(SD_JWT).await;
    let index = u32::try_from(world.record(&id).await["status_index"].as_u64().unwrap()).unwrap();
    let kept = vec![KeptSignature { index, tag: tag(&genuine) }];
    act(&world, &Action::KeepSigned { number: 0, kept: kept.clone() }).await;
    act(&world, &Action::KeepSigned { number: 0, kept }).await;
    assert!(is_kept(&world, &id, tag(&genuine)).await);
    world.stop().await;
}
