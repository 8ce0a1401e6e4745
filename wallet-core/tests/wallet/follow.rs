//! The wallet follows the validators as they change.

use std::time::Duration;

use registry::{EvidenceError, HandOverError, UnixMillis, api::HAND_OVERS};
use wallet_core::{ChainError, RequestRefused, Wallet};

use crate::town::{Ask, Holder, NODE, PIN, Town};

fn fetched(holder: &Holder) -> usize {
    holder.town.requests_to(&format!("{}{HAND_OVERS}", NODE.trim_end_matches('/')))
}

#[tokio::test]
async fn hand_overs_are_followed_once_and_remembered() {
    let (holder, card) = Holder::new().await.with_licence().await;
    assert_eq!(fetched(&holder), 0, "as long as nothing changes there is nothing to ask");
    for _ in 0..3 {
        holder.town.chain.lock().unwrap().hand_over();
    }
    holder.wallet.refresh().await.unwrap();
    assert_eq!(fetched(&holder), 1);
    assert_eq!(holder.wallet.cards().unwrap()[0].state.id(), "valid");
    holder.wallet.refresh().await.unwrap();
    let holder = holder.reopened().await;
    holder.wallet.refresh().await.unwrap();
    assert_eq!(fetched(&holder), 1, "what was followed is kept");
    holder.town.chain.lock().unwrap().hand_over();
    assert_eq!(holder.wallet.cards().unwrap()[0].id, card.id);
    holder.wallet.refresh().await.unwrap();
    assert_eq!(fetched(&holder), 2);
}

#[tokio::test]
async fn evidence_from_before_a_change_still_shows_a_cards_state() {
    let (holder, _) = Holder::new().await.with_licence().await;
    holder.town.chain.lock().unwrap().hand_over();
    // The verifier's facts make the wallet follow; without a purpose it refuses before it looks at its cards.
    let link = holder.town.office.ask(Ask { purpose: None, ..Ask::licence() });
    assert!(matches!(holder.wallet.review_request(&link).await, Err(RequestRefused::NoPurpose)));
    assert_eq!(fetched(&holder), 1);
    assert_eq!(holder.wallet.cards().unwrap()[0].state.id(), "valid");
}

#[tokio::test]
async fn a_node_that_lags_behind_takes_nothing_back() {
    let (holder, _) = Holder::new().await.with_licence().await;
    let state = |holder: &Holder| holder.wallet.cards().unwrap()[0].state.id();
    holder.wallet.refresh().await.unwrap();
    let asked = holder.town.seen.lock().unwrap().last().unwrap().2.clone();
    let asked: registry::api::EvidenceRequest = serde_json::from_slice(&asked).unwrap();
    let before = holder.town.chain.lock().unwrap().bundle(&asked.keys).to_bytes();
    holder.town.clock.advance(Duration::from_secs(60));
    holder.town.set_status(70_000, registry::Status::Revoked);
    holder.wallet.refresh().await.unwrap();
    assert_eq!(state(&holder), "revoked");
    holder.town.detour(NODE, Ok(crate::town::ok(registry::api::BUNDLE, before)));
    holder.wallet.refresh().await.expect("young enough in itself");
    assert_eq!(state(&holder), "revoked");
}

#[tokio::test]
async fn more_changes_than_one_answer_lists() {
    let (holder, _) = Holder::new().await.with_licence().await;
    for _ in 0..101 {
        holder.town.chain.lock().unwrap().hand_over();
    }
    holder.wallet.refresh().await.unwrap();
    assert_eq!(fetched(&holder), 2);
}

#[tokio::test]
async fn hand_overs_that_lead_nowhere_are_refused_by_name() {
    let (holder, card) = Holder::new().await.with_licence().await;
    for _ in 0..3 {
        holder.town.chain.lock().unwrap().hand_over();
    }
    let all = holder.town.chain.lock().unwrap().hand_overs.clone();
    let serve = |hand_overs| holder.town.chain.lock().unwrap().hand_overs = hand_overs;
    let missing = vec![all[0].clone(), all[2].clone()];
    let (height, after) = (all[2].claimed_height(), all[0].claimed_height());
    for (hand_overs, refused) in [
        (vec![], ChainError::Evidence(EvidenceError::OtherValidators)),
        (vec![all[0].clone()], ChainError::Evidence(EvidenceError::OtherValidators)),
        (missing, ChainError::HandOver(HandOverError::NotLinked { height, after })),
    ] {
        serve(hand_overs);
        assert_eq!(holder.wallet.refresh().await, Err(refused));
    }
    assert_eq!(holder.wallet.cards().unwrap()[0].state, card.state);
    serve(all);
    holder.wallet.refresh().await.unwrap();
}

#[tokio::test]
async fn a_trusting_period_ends_when_the_validators_were_not_seen_for_so_long() {
    const YEAR: Duration = Duration::from_secs(365 * 86_400);
    let town = Town::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet");
    let mut config = town.config();
    config.trusting = Some(YEAR);
    // An anchor of today, as an app's newest version brings it.
    config.anchor.time = UnixMillis(town.clock.millis());
    let wallet = Wallet::create(&path, PIN, town.ports(folder.path()), config.clone()).await.unwrap();
    let look = async |wallet: &Wallet| {
        let link = town.office.ask(Ask::licence());
        wallet.review_request(&link).await.err().map(|error| format!("{error:?}"))
    };
    let usual = look(&wallet).await;
    town.clock.advance(YEAR * 2 / 3);
    assert_eq!(look(&wallet).await, usual, "seen again");
    drop(wallet);
    town.clock.advance(YEAR * 2 / 3);
    town.chain.lock().unwrap().hand_over();
    let wallet = Wallet::open(&path, PIN, town.ports(folder.path()), config).await.unwrap();
    assert_eq!(look(&wallet).await, usual, "the sighting was kept, so the change is followed");
    town.clock.advance(YEAR * 4 / 3);
    town.chain.lock().unwrap().hand_over();
    let refused = look(&wallet).await.unwrap();
    assert!(refused.contains("AnchorTooOld"), "{refused}");
}
