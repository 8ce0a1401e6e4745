//! What survives a stop, a crash half-way, and a chain that is away.

use std::time::Duration;

use credentials::key::Algorithm;

use crate::wallet::Wallet;
use crate::world::{STAFF_TOKEN, World};

#[tokio::test]
async fn everything_acknowledged_is_there_after_a_restart() {
    let mut world = World::start().await;
    let did = world.did();
    let submitted = world.apply("business-licence", testkit::Company::nth(3).business_licence_claims()).await;
    let approved = world.approved().await;
    let offer = world.collectable(&approved).await;
    let token = world.token(&offer).await;
    let nonce = world.nonce().await;
    let (_, credential) = world.issued("business-licence-vc").await;
    assert_eq!(world.change(&credential, "suspend").await.status, 200);
    world.restart().await;

    assert_eq!(world.did(), did);
    let path = format!("/api/applications/{}", submitted.id);
    assert_eq!(world.http.get(&path, Some(&submitted.secret)).await.json()["state"], "submitted");
    let wallet = Wallet::new(Algorithm::EdDsa);
    let answer = world.ask(&token, "business-licence-sd-jwt", &wallet.proof(&world, &nonce)).await;
    assert_eq!(answer.status, 200, "a token and a nonce from before count: {}", answer.text());
    assert_eq!(world.record(&credential).await["status"], "suspended");
    assert_eq!(world.change(&credential, "reinstate").await.status, 200);
    world.stop().await;
}

#[tokio::test]
async fn while_the_chain_is_away_issuing_goes_on_and_a_change_is_noted_and_not_said() {
    let mut world = World::start().await;
    let (_, credential) = world.issued("business-licence-vc").await;
    world.stop_chain().await;
    let answer = world.change(&credential, "revoke").await;
    assert_eq!((answer.status, answer.problem().as_str()), (503, "change-queued"));
    let record = world.record(&credential).await;
    assert_eq!((&record["status"], &record["pending"]["change"]), (&"valid".into(), &"revoke".into()));
    assert_eq!(world.change(&credential, "suspend").await.problem(), "change-pending");
    world.issued("business-licence-sd-jwt").await;

    // Neither forgets it: not the issuer that stops, nor the one that starts while the chain is still away.
    world.restart().await;
    assert_eq!(world.record(&credential).await["status"], "valid");
    world.start_chain().await;
    let revoked = async {
        while world.record(&credential).await["status"] != "revoked" {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), revoked).await.expect("made once the chain is back");
    let record = world.record(&credential).await;
    assert!(record.get("pending").is_none());
    assert_eq!(record["changes"][0]["by"], "li");
    world.stop().await;
}

#[tokio::test]
async fn a_change_that_is_on_the_chain_and_was_not_settled_is_found_done() {
    let mut world = World::start().await;
    let (_, credential) = world.issued("business-licence-vc").await;
    assert_eq!(world.change(&credential, "revoke").await.status, 200);
    world.stop_issuer().await;
    // As a crash between the chain and the store leaves it: noted, on the chain, not settled.
    {
        use issuer::model::{CredentialRecord, Id, Standing};
        const CREDENTIALS: store::Table<u128, CredentialRecord> = store::Table::new("credentials");
        const PENDING: store::Table<u128, ()> = store::Table::new("status-pending");
        let path = world.config.data_dir.join("store");
        let opened = tokio::task::spawn_blocking(move || {
            store::Store::persistent(path, &store::Options::default()).expect("opens")
        });
        let opened = opened.await.unwrap();
        let id: Id = credential.parse().unwrap();
        let key = u128::from_be_bytes(id.to_bytes());
        let undo = move |tx: &mut store::Tx<'_>| {
            let mut record = tx.get(&CREDENTIALS, key)?.expect("there");
            record.pending = record.changes.pop();
            record.standing = Standing::Valid;
            tx.put(&PENDING, key, &())?;
            tx.put(&CREDENTIALS, key, &record)
        };
        opened.write_async::<_, store::StoreError, _>(undo).await.unwrap();
        tokio::task::spawn_blocking(move || opened.close()).await.unwrap();
    }
    world.start_issuer().await;
    let healed = async {
        while world.record(&credential).await["status"] != "revoked" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), healed).await.expect("healed");
    assert_eq!(world.record(&credential).await["changes"].as_array().unwrap().len(), 1);
    world.stop().await;
}

#[tokio::test]
async fn an_hour_without_the_chain_is_gone_through_and_caught_up_with() {
    let mut world = World::start().await;
    let (_, revoked) = world.issued("business-licence-vc").await;
    let (_, suspended) = world.issued("business-licence-sd-jwt").await;
    world.stop_chain().await;
    for minute in 0..6 {
        if minute == 3 {
            assert_eq!(world.change(&revoked, "revoke").await.problem(), "change-queued");
            assert_eq!(world.change(&suspended, "suspend").await.problem(), "change-queued");
        }
        world.clock.forward(600);
        world.issued("business-licence-sd-jwt").await;
    }
    for credential in [&revoked, &suspended] {
        assert_eq!(world.record(credential).await["status"], "valid", "nothing is said that is not so");
    }
    // A list that nobody can vouch for any more is not served.
    assert_eq!(world.http.get("/status-lists/0", None).await.problem(), "chain-unreachable");
    world.start_chain().await;
    let caught_up = async {
        while world.record(&revoked).await["status"] != "revoked"
            || world.record(&suspended).await["status"] != "suspended"
        {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), caught_up).await.expect("caught up");
    assert_eq!(world.change(&suspended, "reinstate").await.status, 200);
    world.issued("business-licence-vc").await;
    world.stop().await;
}

#[tokio::test]
async fn a_later_start_needs_no_chain() {
    let mut world = World::start().await;
    world.stop_issuer().await;
    world.stop_chain().await;
    world.start_issuer().await;
    let listed = world.http.get("/api/applications", Some(STAFF_TOKEN)).await;
    assert_eq!(listed.status, 200);
    world.approved().await;
    world.stop().await;
}
