//! `issuance/hearing.rs`: what is issued while the chain is away, and what is not issued because of what it says.

use std::time::Duration;

use credentials::key::Algorithm;
use issuer::Policy;
use registry::Action;

use crate::authorize::LICENCE;
use crate::http::Answer;
use crate::pages_console::Clerk;
use crate::wallet::Wallet;
use crate::world::{STAFF_TOKEN, World};

const HOUR: u64 = 3600;

/// A credential is asked for on an application of its own; and what the application says after.
async fn ask(world: &World) -> (Answer, String) {
    let applied = world.approved().await;
    let token = world.token(&world.collectable(&applied).await).await;
    let proof = Wallet::new(Algorithm::Es256).proof(world, &world.nonce().await);
    let answer = world.ask(&token, LICENCE, &proof).await;
    let path = format!("/api/applications/{}", applied.id);
    let found = world.http.get(&path, Some(STAFF_TOKEN)).await.json();
    (answer, found["state"].as_str().unwrap().to_owned())
}

async fn is_issued(world: &World) {
    let (answer, state) = ask(world).await;
    assert_eq!((answer.status, state.as_str()), (200, "issued"), "{}", answer.text());
}

async fn is_unavailable(world: &World) {
    let (answer, state) = ask(world).await;
    assert_eq!((answer.status, state.as_str()), (503, "approved"), "{}", answer.text());
    assert_eq!(answer.json()["error"], "temporarily_unavailable");
    assert_eq!(answer.header("retry-after"), "30");
}

async fn is_denied(world: &World) {
    let (answer, state) = ask(world).await;
    assert_eq!((answer.oauth_error().as_str(), state.as_str()), ("credential_request_denied", "approved"));
}

/// Waits until the issuer has heard what the chain says, and asks then.
async fn in_time(world: &World, status: u16) {
    let heard = async {
        while ask(world).await.0.status != status {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), heard).await.expect("heard");
}

#[tokio::test]
async fn issuing_goes_on_for_a_day_without_the_chain_and_then_waits_for_it() {
    let mut world = World::accountable(Policy::default()).await;
    world.accredit("business-licence").await;
    in_time(&world, 200).await;
    world.stop_chain().await;
    world.clock.forward(23 * HOUR);
    // What was heard is kept over a restart.
    world.restart().await;
    is_issued(&world).await;
    let clerk = Clerk::sign_in(&world).await;
    assert!(clerk.see("/console/overview").await.contains("签发可进行到"));
    world.clock.forward(2 * HOUR);
    is_unavailable(&world).await;
    let clerk = Clerk::sign_in(&world).await;
    assert!(clerk.see("/console/overview").await.contains("链恢复之前不签发证照"));
    world.restart().await;
    is_unavailable(&world).await;
    world.start_chain().await;
    in_time(&world, 200).await;
    world.stop().await;
}

#[tokio::test]
async fn with_no_time_to_spare_issuing_stops_with_the_chain() {
    let policy = Policy { issue_without_chain: Duration::ZERO, ..Policy::default() };
    let mut world = World::accountable(policy).await;
    world.accredit("business-licence").await;
    in_time(&world, 200).await;
    world.stop_chain().await;
    // It has no facts of a minute ago then.
    world.restart().await;
    is_unavailable(&world).await;
    world.stop().await;
}

#[tokio::test]
async fn what_the_department_is_not_accredited_for_is_denied_with_the_chain_or_without() {
    let mut world = World::accountable(Policy::default()).await;
    world.accredit("digital-id").await;
    is_denied(&world).await;
    world.stop_chain().await;
    world.restart().await;
    is_denied(&world).await;
    world.start_chain().await;
    world.accredit("business-licence").await;
    in_time(&world, 200).await;

    let withdraw = Action::WithdrawAccreditation {
        did: world.did().parse().unwrap(),
        credential_type: "business-licence".parse().unwrap(),
    };
    world.govern(&withdraw).await;
    in_time(&world, 400).await;
    is_denied(&world).await;
    world.stop().await;
}

#[tokio::test]
async fn a_setting_lets_a_department_try_things_out_before_it_is_accredited() {
    let policy = Policy { issue_unaccredited: true, ..Policy::default() };
    let world = World::accountable(policy).await;
    is_issued(&world).await;
    world.stop().await;
}
