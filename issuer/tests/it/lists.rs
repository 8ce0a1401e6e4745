//! `routes/lists.rs`.

use credentials::UnixSeconds;
use credentials::data_integrity::UnverifiedCredential;
use credentials::key::Algorithm;
use credentials::status::{BitstringList, Purpose, Status, TokenList};
use issuer::Policy;
use std::time::Duration;

use crate::world::World;

async fn token_status(world: &World, index: u64) -> Status {
    let answer = world.http.get("/status-lists/0", None).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/statuslist+jwt"));
    let uri = format!("{}/status-lists/0", world.base());
    let key = world.issuer_key(Algorithm::Es256);
    let (list, claims) =
        TokenList::verify(&answer.text(), &uri, &key, UnixSeconds(world.now())).expect("verifies");
    assert_eq!(claims.ttl, Some(15));
    assert_eq!(list.entries(), 131_072);
    list.status(index).expect("in the list")
}

async fn bit(world: &World, purpose: Purpose, index: u64) -> bool {
    let url = format!("{}/bitstring/0/{}", world.base(), purpose.name());
    let answer = world.http.get(&url, None).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/vc"));
    let credential = UnverifiedCredential::parse(answer.text().as_bytes()).expect("well-formed");
    let verified =
        credential.verify(&world.issuer_key(Algorithm::EdDsa), UnixSeconds(world.now())).expect("verifies");
    let list = BitstringList::from_credential(&verified, &url, purpose, &world.did()).expect("its own list");
    list.is_set(index).expect("in the list")
}

#[tokio::test]
async fn both_lists_say_what_the_chain_says_as_soon_as_a_change_returns() {
    let world = World::start().await;
    let (_, credential) = world.issued("business-licence-vc").await;
    let index = world.record(&credential).await["status_index"].as_u64().unwrap();
    assert_eq!(token_status(&world, index).await, Status::Valid);
    for (change, status, revoked, suspended) in [
        ("suspend", Status::Suspended, false, true),
        ("reinstate", Status::Valid, false, false),
        ("revoke", Status::Invalid, true, false),
    ] {
        assert_eq!(world.change(&credential, change).await.status, 200);
        assert_eq!(token_status(&world, index).await, status, "{change}");
        assert_eq!(bit(&world, Purpose::Revocation, index).await, revoked, "{change}");
        assert_eq!(bit(&world, Purpose::Suspension, index).await, suspended, "{change}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_list_comes_in_the_form_that_is_wanted() {
    let world = World::start().await;
    let get = async |accept: &str| {
        let answer = world.http.get_with("/status-lists/0", &[("accept", accept.to_owned())]).await;
        assert_eq!((answer.status, answer.header("vary")), (200, "Accept"), "{accept}");
        answer
    };
    for (accept, form) in [
        ("application/statuslist+cwt", "cwt"),
        ("application/statuslist+jwt", "jwt"),
        ("*/*", "jwt"),
        ("application/statuslist+cwt, application/statuslist+jwt", "jwt"),
        ("application/statuslist+jwt;q=0.5, application/statuslist+cwt", "cwt"),
        ("application/statuslist+cwt, */*;q=0.1", "cwt"),
        ("application/statuslist+cwt;q=0, application/*", "jwt"),
        ("application/statuslist+cwt;q=much", "jwt"),
        ("application/statuslist+cwt;q=7", "jwt"),
        ("application/statuslist+cwt;q=0.001", "cwt"),
        ("text/html", "jwt"),
    ] {
        let expected = format!("application/statuslist+{form}");
        assert_eq!(get(accept).await.header("content-type"), expected, "{accept}");
    }
    let answer = get("application/statuslist+cwt").await;
    let uri = format!("{}/status-lists/0", world.base());
    let key = world.issuer_key(Algorithm::Es256);
    let now = UnixSeconds(world.now());
    let (list, claims) = TokenList::verify_cwt(answer.bytes(), &uri, &key, now).expect("verifies");
    assert_eq!((list.entries(), claims.ttl), (131_072, Some(15)));
    world.stop().await;
}

#[tokio::test]
async fn a_list_that_is_not_there_is_not_found() {
    let world = World::start().await;
    for path in [
        "/status-lists/7",
        "/status-lists/x",
        "/status-lists/-1",
        "/bitstring/7/revocation",
        "/bitstring/0/x",
    ] {
        assert_eq!(world.http.get(path, None).await.problem(), "not-found", "{path}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_served_list_outlives_a_short_absence_of_the_chain_and_not_a_long_one() {
    let mut world = World::start().await;
    assert_eq!(token_status(&world, 0).await, Status::Valid);
    world.stop_chain().await;
    world.clock.forward(60);
    assert_eq!(token_status(&world, 0).await, Status::Valid);
    world.clock.forward(3600);
    let answer = world.http.get("/status-lists/0", None).await;
    // The chain's client may still hold facts that are young by the machine's own clock: a list may then be made of
    // them, but never one that says it was made later than they were.
    if answer.status == 200 {
        let uri = format!("{}/status-lists/0", world.base());
        let key = world.issuer_key(Algorithm::Es256);
        TokenList::verify(&answer.text(), &uri, &key, UnixSeconds(world.now())).expect_err("it is over");
    } else {
        assert_eq!((answer.status, answer.problem().as_str()), (503, "chain-unreachable"));
    }
    world.stop().await;
}

#[tokio::test]
async fn the_next_list_opens_by_itself() {
    let world = World::with(Policy { list_share: 2, ..Policy::default() }).await;
    let mut lists = Vec::new();
    for _ in 0..5 {
        let (_, credential) = world.issued("business-licence-vc").await;
        lists.push(world.record(&credential).await["status_list"].as_u64().unwrap());
        if lists.len() % 2 == 0 {
            // The keeper was rung: the next one opens on the chain.
            let opened = format!("/status-lists/{}", lists.len() / 2);
            let opens = async {
                while world.http.get(&opened, None).await.status != 200 {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(60), opens).await.expect("it opens");
        }
    }
    assert_eq!(lists, [0, 0, 1, 1, 2]);
    assert_eq!(world.http.get("/status-lists/2", None).await.status, 200);
    world.stop().await;
}
