//! How cards stand, as evidence comes and ages.

use std::time::Duration;

use registry::api::BUNDLE;
use registry::{Record, RecordKey, Status, UnixMillis};
use wallet_core::{CardState, ChainError, Event, LastKnown, WebError, ports::HttpError};

use crate::town::{Holder, NODE, Plan};

async fn state_after(holder: &Holder) -> CardState {
    holder.wallet.refresh().await.unwrap();
    holder.wallet.cards().unwrap()[0].state
}

#[tokio::test]
async fn suspended_reinstated_and_revoked_for_good() {
    let (holder, card) = Holder::new().await.with_licence().await;
    let as_of = UnixMillis(holder.town.clock.millis());
    holder.town.set_status(70_000, Status::Suspended);
    assert_eq!(holder.wallet.cards().unwrap()[0].state, card.state, "nobody was asked yet");
    assert_eq!(state_after(&holder).await, CardState::Suspended { as_of });
    holder.town.set_status(70_000, Status::Valid);
    assert_eq!(state_after(&holder).await, CardState::Valid { as_of });
    holder.town.set_status(70_000, Status::Revoked);
    assert_eq!(state_after(&holder).await, CardState::Revoked { as_of });
    holder.town.clock.advance(Duration::from_secs(10 * 86_400));
    assert_eq!(holder.wallet.cards().unwrap()[0].state, CardState::Revoked { as_of }, "age changes nothing");
}

#[tokio::test]
async fn evidence_ages_into_not_knowing() {
    let (holder, _) = Holder::new().await.with_licence().await;
    let as_of = UnixMillis(holder.town.clock.millis());
    holder.town.detour(NODE, Err(HttpError::Unreachable));
    holder.town.clock.advance(Duration::from_secs(23 * 3600));
    assert_eq!(holder.wallet.refresh().await, Err(ChainError::Web(WebError::Unreachable)));
    assert_eq!(holder.wallet.cards().unwrap()[0].state, CardState::Valid { as_of });
    holder.town.clock.advance(Duration::from_secs(2 * 3600));
    let last = Some(LastKnown { suspended: false, as_of });
    assert_eq!(holder.wallet.cards().unwrap()[0].state, CardState::Unknown { last });
    holder.town.clock.advance(Duration::from_secs(366 * 86_400));
    assert_eq!(holder.wallet.cards().unwrap()[0].state.id(), "expired");
}

#[tokio::test]
async fn a_key_declared_compromised_before_the_issue_makes_the_card_worthless() {
    let (holder, _) = Holder::new().await.with_licence().await;
    let did = RecordKey::Did(holder.town.issuer.did.clone());
    if let Record::Did(record) = holder.town.chain.lock().unwrap().record(&did) {
        for key in &mut record.keys {
            key.compromised_since = Some(UnixMillis(5_000));
        }
    }
    assert_eq!(state_after(&holder).await.id(), "not-trusted");
}

#[tokio::test]
async fn of_a_key_compromised_later_only_what_the_issuer_stands_by_counts() {
    let (holder, _) = Holder::new().await.with_licence().await;
    let issuer = holder.town.issuer.did.clone();
    let compromised = UnixMillis(holder.town.clock.millis());
    if let Record::Did(record) = holder.town.chain.lock().unwrap().record(&RecordKey::Did(issuer)) {
        for key in &mut record.keys {
            key.compromised_since = Some(compromised);
        }
    }
    assert_eq!(state_after(&holder).await.id(), "not-trusted", "it says nothing of any");
}

#[tokio::test]
async fn a_card_without_status_is_as_good_as_its_issuers_key() {
    let holder = Holder::new().await;
    let link = holder.town.issuer.offer(Plan { with_status: false, ..Plan::licence() });
    let offer = holder.wallet.preview_offer(&link).await.unwrap();
    let card = holder.wallet.receive(&offer, Some("123456")).await.unwrap().cards.remove(0);
    assert_eq!(card.state, CardState::Valid { as_of: UnixMillis(holder.town.clock.millis()) });
}

#[tokio::test]
async fn a_deleted_card_is_gone_with_its_keys_and_logged() {
    let (holder, card) = Holder::new().await.with_licence().await;
    assert!(holder.wallet.delete_card(&card.id).await.unwrap());
    assert!(!holder.wallet.delete_card(&card.id).await.unwrap());
    let holder = holder.reopened().await;
    assert!(holder.wallet.cards().unwrap().is_empty());
    assert!(holder.wallet.card(&card.id).unwrap().is_none());
    let log = holder.wallet.log(None, 1).unwrap();
    assert!(matches!(log[0].event, Event::Deleted { .. }));
    assert!(holder.wallet.delete_log_entry(&log[0].id).await.unwrap());
    assert!(matches!(holder.wallet.log(None, 1).unwrap()[0].event, Event::Received { .. }));
}

#[tokio::test]
async fn a_node_that_answers_something_else_is_not_believed() {
    let (holder, card) = Holder::new().await.with_licence().await;
    let did = RecordKey::Did(holder.town.issuer.did.clone());
    let body = holder.town.chain.lock().unwrap().bundle(&[did]).to_bytes();
    holder.town.detour(NODE, Ok(crate::town::ok(BUNDLE, body)));
    assert_eq!(holder.wallet.refresh().await, Err(ChainError::Malformed), "of less than was asked for");
    holder.town.detour(NODE, Ok(crate::town::ok("application/json", r#"{"evidence":[]}"#)));
    assert_eq!(holder.wallet.refresh().await, Err(ChainError::Malformed));
    holder.town.detour(NODE, Ok(crate::town::status(503, "text/plain", "")));
    assert_eq!(holder.wallet.refresh().await, Err(ChainError::Status(503)));
    assert_eq!(holder.wallet.cards().unwrap()[0].state, card.state);
}

#[tokio::test]
async fn a_name_of_nothing_is_nothing_however_long() {
    let (holder, card) = Holder::new().await.with_licence().await;
    for name in ["", "x", "../..", &"a".repeat(100_000)] {
        assert!(holder.wallet.card(name).unwrap().is_none());
        assert!(!holder.wallet.delete_card(name).await.unwrap());
        assert!(!holder.wallet.delete_log_entry(name).await.unwrap());
    }
    assert!(holder.wallet.log(Some(&"a".repeat(100_000)), 1).unwrap().is_empty());
    assert_eq!(holder.wallet.cards().unwrap()[0].id, card.id);
}

#[tokio::test]
async fn cards_of_different_blocks_stand_by_their_own_however_often_they_are_shown() {
    let mut holder = Holder::new().await;
    for number in 0..3 {
        holder.town.chain.lock().unwrap().next_block();
        // In a part of the list of its own, so that no card brings evidence for another.
        let link = holder.town.issuer.offer(Plan { index: number * 2048, ..Plan::licence() });
        let offer = holder.wallet.preview_offer(&link).await.unwrap();
        assert_eq!(holder.wallet.receive(&offer, Some("123456")).await.unwrap().failed, []);
        holder.town.clock.advance(Duration::from_secs(3600));
    }
    let states = |holder: &Holder| {
        holder.wallet.cards_page(None, 20).unwrap().iter().map(|card| card.state).collect::<Vec<_>>()
    };
    let first = states(&holder);
    assert!(first.iter().all(|state| state.id() == "valid"));
    assert!(first[0] != first[1] && first[1] != first[2], "as of the block of each");
    assert_eq!(states(&holder), first);
    for card in holder.wallet.cards().unwrap() {
        assert_eq!(holder.wallet.card(&card.id).unwrap().unwrap().state, card.state);
    }
    holder = holder.reopened().await;
    assert_eq!(states(&holder), first);
}
