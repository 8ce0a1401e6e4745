//! What comes after: cards that take time are picked up, and cards are renewed. An issuer gives once; the wallet keeps.

use std::time::Duration;

use registry::UnixMillis;
use wallet_core::{PickedUp, ReceiveError, ports::KeyStoreError};

use crate::{
    given_up::given_up,
    town::{Ask, Decision, Holder, Plan, status},
};

const NOTIFICATION: &str = "https://issuer.example/notification";

impl Holder {
    /// Asks for what takes time.
    async fn waiting_for(&self, plan: Plan) {
        let offer = self.wallet.preview_offer(&self.town.issuer.offer(plan)).await.unwrap();
        let waits = self.wallet.receive(&offer, Some("123456")).await.unwrap_err();
        assert_eq!(waits, ReceiveError::Deferred);
    }

    fn decide(&self, decision: Decision) {
        *self.town.issuer.decision.lock().unwrap() = decision;
    }

    async fn pick_up(&self) -> Vec<PickedUp> {
        self.wallet.pick_up().await.unwrap()
    }
}

#[tokio::test]
async fn what_takes_time_is_picked_up_once_and_the_issuer_is_told() {
    let holder = Holder::new().await;
    assert!(holder.wallet.waited_for().unwrap().is_empty());
    holder.waiting_for(Plan::licence().sd_jwt().taking_time()).await;
    let waited = holder.wallet.waited_for().unwrap();
    assert_eq!((waited.len(), waited[0].offered.kind.as_str()), (1, "business-licence"));
    assert_eq!(waited[0].issuer.as_str(), "https://issuer.example");
    assert_eq!(
        waited[0].ask_after,
        Some(UnixMillis(holder.town.clock.millis() + 10_000)),
        "as the issuer said"
    );
    let early = holder.pick_up().await;
    assert_eq!((early[0].outcome.as_ref().err(), early[0].over), (Some(&ReceiveError::Deferred), false));
    holder.decide(Decision::Approved);
    // Its token is long over by then.
    holder.town.clock.advance(Duration::from_secs(86_400));
    let holder = holder.reopened().await;
    assert_eq!(holder.wallet.waited_for().unwrap(), waited, "however long the app was closed");
    let picked = holder.pick_up().await;
    assert_eq!((picked.len(), picked[0].outcome.as_ref().unwrap().len(), picked[0].over), (1, 1, true));
    assert!(holder.pick_up().await.is_empty() && holder.wallet.waited_for().unwrap().is_empty());
    let said = ("0-business-licence-sd-jwt".to_owned(), "credential_accepted".to_owned());
    assert_eq!(*holder.town.issuer.notified.lock().unwrap(), [said]);
    holder.present_first(Ask::licence()).await.unwrap();
}

#[tokio::test]
async fn an_export_has_what_takes_time_and_what_tells_where_its_holder_has_been() {
    let (holder, _) = Holder::new().await.with_licence().await;
    holder.waiting_for(Plan::digital_id().sd_jwt().taking_time()).await;
    let export = holder.wallet.export().unwrap();
    let row = &export["collecting"][0];
    assert_eq!(row["issuer"].as_str().unwrap().trim_end_matches('/'), "https://issuer.example");
    let part = &row["credentials"][0];
    assert_eq!((&part["configuration"], &part["stand"]), (&"digital-id-sd-jwt".into(), &"waiting".into()));
    assert_eq!(export["issuersKeys"].as_array().unwrap().len(), 1);
    assert_eq!(
        export["keys"].as_array().unwrap().len(),
        4,
        "two of the card, one that waits, the phone's own"
    );
    assert_eq!((&export["logins"], &export["biometrics"]), (&serde_json::json!([]), &false.into()));
    let issuer = holder.town.issuer.did.to_string();
    let evidence = export["evidence"].as_array().unwrap();
    assert!(evidence.iter().any(|one| one["record"].as_str().unwrap().contains(&issuer)));
    let text = export.to_string();
    assert!(
        !text.contains("refresh-") && !text.contains("token-"),
        "nothing by which somebody acts in her place"
    );
}

#[tokio::test]
async fn who_waits_no_more_leaves_nothing_behind_and_gets_nothing() {
    let (holder, card) = Holder::new().await.with_licence().await;
    holder.waiting_for(Plan::digital_id().sd_jwt().taking_time()).await;
    let waited = holder.wallet.waited_for().unwrap().remove(0);
    {
        holder.town.yields.store(true, std::sync::atomic::Ordering::Relaxed);
        let mut asking = std::pin::pin!(holder.wallet.pick_up());
        assert!(given_up(asking.as_mut(), 4).await.is_none());
        assert_eq!(holder.wallet.give_up(&waited.id).await, Err(ReceiveError::UnderWay));
    }
    assert!(holder.wallet.give_up(&waited.id).await.unwrap());
    assert!(!holder.wallet.give_up(&waited.id).await.unwrap());
    holder.decide(Decision::Approved);
    assert!(holder.pick_up().await.is_empty() && holder.wallet.waited_for().unwrap().is_empty());
    let export = holder.wallet.export().unwrap();
    assert_eq!(export["keys"].as_array().unwrap().len(), 2, "the licence's alone");
    assert_eq!(holder.wallet.cards().unwrap()[0].id, card.id);
    assert!(!holder.wallet.give_up("none").await.unwrap());
}

#[tokio::test]
async fn what_was_rejected_is_over() {
    let holder = Holder::new().await;
    holder.waiting_for(Plan::licence().sd_jwt().taking_time()).await;
    holder.decide(Decision::Rejected);
    let picked = holder.pick_up().await;
    assert!(picked[0].over && picked[0].outcome.is_err());
    assert!(holder.pick_up().await.is_empty());
}

#[tokio::test]
async fn a_refresh_token_that_takes_the_place_of_another_is_kept_whatever_comes_next() {
    let holder = Holder::new().await;
    holder.waiting_for(Plan { takes_time: true, ..Plan::licence().sd_jwt().rotating() }).await;
    for _ in 0..2 {
        holder.town.clock.advance(Duration::from_secs(86_400));
        assert_eq!(holder.pick_up().await[0].outcome.as_ref().err(), Some(&ReceiveError::Deferred));
    }
    holder.decide(Decision::Approved);
    holder.town.clock.advance(Duration::from_secs(86_400));
    let card = holder.pick_up().await.remove(0).outcome.unwrap().remove(0);

    // Renewing: what is given anew can't be fetched at first.
    holder.town.clock.advance(Duration::from_secs(86_400));
    let place = "https://issuer.example/nonce";
    holder.town.detour(place, Ok(status(503, "text/plain", "")));
    let failed = holder.wallet.renew(&card.id).await.unwrap_err();
    assert_eq!(failed, ReceiveError::Unavailable(503));
    holder.town.detours.lock().unwrap().clear();
    let holder = holder.reopened().await;
    let renewed = holder.wallet.renew(&card.id).await.unwrap().cards.remove(0);
    let cards = holder.wallet.cards().unwrap();
    assert_eq!(cards.iter().map(|card| &card.id).collect::<Vec<_>>(), [&renewed.id]);
    holder.town.clock.advance(Duration::from_secs(86_400));
    assert!(holder.wallet.renew(&renewed.id).await.is_ok(), "and again");
}

#[tokio::test]
async fn a_card_that_was_deleted_while_it_was_renewed_does_not_come_back() {
    let renewing = async || {
        let holder = Holder::new().await;
        let plan = Plan { batch: 2, ..Plan::licence().rotating() };
        let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(plan)).await.unwrap();
        let card = holder.wallet.receive(&offer, Some("123456")).await.unwrap().cards.remove(0);
        (holder, card)
    };
    let nothing_is_left = async |holder: &Holder, at: u32| {
        assert!(holder.pick_up().await.is_empty(), "at {at}");
        let export = holder.wallet.export().unwrap();
        for part in ["cards", "collecting", "keys", "issuersKeys"] {
            assert_eq!(export[part], serde_json::json!([]), "{part} at {at}");
        }
    };
    // It stopped on its way, and was to go on.
    let (holder, card) = renewing().await;
    holder.town.detour("https://issuer.example/nonce", Ok(status(503, "text/plain", "")));
    assert_eq!(holder.wallet.renew(&card.id).await.unwrap_err(), ReceiveError::Unavailable(503));
    holder.town.detours.lock().unwrap().clear();
    assert_eq!(holder.wallet.waited_for().unwrap().len(), 2);
    assert!(holder.wallet.delete_card(&card.id).await.unwrap());
    nothing_is_left(&holder, 0).await;

    // It is under way, however far.
    for at in 1.. {
        let (holder, card) = renewing().await;
        holder.town.yields.store(true, std::sync::atomic::Ordering::Relaxed);
        let mut renewed = std::pin::pin!(holder.wallet.renew(&card.id));
        if given_up(renewed.as_mut(), at).await.is_some() {
            assert!(at > 20, "{at} are too few to be all");
            break;
        }
        if holder.wallet.delete_card(&card.id).await.unwrap() {
            let refused = renewed.await.unwrap_err();
            // Its keys are gone with it.
            let expected = [ReceiveError::Demands("a new offer"), KeyStoreError::Gone.into()];
            assert!(expected.contains(&refused), "at {at}: {refused:?}");
            nothing_is_left(&holder, at).await;
        } else {
            assert_eq!(renewed.await.unwrap().cards.len(), 1, "it was in place already at {at}");
        }
    }
}

#[tokio::test]
async fn cards_of_one_offer_share_their_refresh_token_and_are_renewed_each_by_itself() {
    let holder = Holder::new().await;
    let plan = Plan {
        configurations: vec!["business-licence-sd-jwt", "digital-id-sd-jwt"],
        ..Plan::licence().rotating()
    };
    let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(plan)).await.unwrap();
    let cards = holder.wallet.receive(&offer, Some("123456")).await.unwrap().cards;
    assert_eq!(cards.len(), 2);
    for card in &cards {
        holder.town.clock.advance(Duration::from_secs(86_400));
        let renewed = holder.wallet.renew(&card.id).await.unwrap();
        assert_eq!(renewed.cards.iter().map(|card| &card.kind).collect::<Vec<_>>(), [&card.kind]);
        assert_eq!(holder.wallet.cards().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_passing_fault_of_the_issuer_ends_nothing() {
    let holder = Holder::new().await;
    holder.waiting_for(Plan::licence().sd_jwt().taking_time()).await;
    holder.decide(Decision::Approved);
    holder.town.clock.advance(Duration::from_secs(86_400));
    let faults = [
        (503, r#"{"error":"temporarily_unavailable"}"#),
        (500, r#"{"error":"server_error"}"#),
        (429, r#"{"error":"invalid_request"}"#),
        (400, r#"{"error":"temporarily_unavailable"}"#),
        (502, "<html>"),
    ];
    for place in ["token", "deferred"].map(|path| format!("https://issuer.example/{path}")) {
        for (code, body) in faults {
            holder.town.detour(&place, Ok(status(code, "application/json", body)));
            let picked = holder.pick_up().await;
            assert_eq!(picked[0].outcome.as_ref().err(), Some(&ReceiveError::Unavailable(code)), "{place}");
            assert!(!picked[0].over, "{place} {code} {body}");
        }
        holder.town.detours.lock().unwrap().clear();
    }
    // Nor does a refusal that says nothing of the credential itself.
    let place = "https://issuer.example/deferred";
    holder.town.detour(place, Ok(status(400, "application/json", r#"{"error":"invalid_proof"}"#)));
    assert!(!holder.pick_up().await[0].over);
    holder.town.detours.lock().unwrap().clear();
    assert!(holder.pick_up().await[0].outcome.is_ok());
    holder.present_first(Ask::licence()).await.unwrap();
}

#[tokio::test]
async fn a_card_that_was_picked_up_keeps_its_keys_when_telling_the_issuer_is_given_up() {
    let holder = Holder::new().await;
    holder.waiting_for(Plan::licence().sd_jwt().taking_time()).await;
    holder.decide(Decision::Approved);
    *holder.town.silent.lock().unwrap() = Some(NOTIFICATION.to_owned());
    let given_up = tokio::time::timeout(Duration::from_millis(500), holder.wallet.pick_up()).await;
    assert!(given_up.is_err(), "it waits for the issuer to hear of it");
    *holder.town.silent.lock().unwrap() = None;

    assert!(holder.pick_up().await.is_empty(), "it is picked up");
    let holder = holder.reopened().await;
    assert!(holder.pick_up().await.is_empty());
    assert_eq!(holder.wallet.cards().unwrap().len(), 1);
    holder.present_first(Ask::licence()).await.unwrap();
}
