//! Calls that are given up (a future that is dropped) at any point at which they wait: for the network, the device or the disk.
//! What the issuer gave is in the wallet after the next pick-up, once, and the lists agree.

use std::{future::poll_fn, pin::pin, sync::atomic::Ordering::Relaxed, task::Poll};

use wallet_core::ReceiveError;

use crate::town::{Ask, Decision, Holder, Plan};

/// Waits for a future so many times, then gives it up.
pub(crate) async fn given_up<F: Future>(future: F, mut after: u32) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if after <= 1 => Poll::Ready(None),
        Poll::Pending => {
            after -= 1;
            Poll::Pending
        }
    })
    .await
}

async fn holder() -> Holder {
    let holder = Holder::new().await;
    holder.town.yields.store(true, Relaxed);
    holder
}

/// Goes on with what stopped. Then the wallet has what the issuer gave, and shows it.
async fn settled(holder: &Holder, at: u32) -> usize {
    for picked in holder.wallet.pick_up().await.unwrap() {
        assert!(picked.over && picked.outcome.is_ok(), "given up at {at}: {:?}", picked.outcome);
    }
    assert!(holder.wallet.pick_up().await.unwrap().is_empty());
    let cards = holder.wallet.cards().unwrap();
    assert_eq!(cards.len(), holder.wallet.cards_page(None, 10).unwrap().len(), "given up at {at}");
    let given = holder.town.issuer.issued("business-licence-sd-jwt");
    assert_eq!(cards.len(), given.len(), "given up at {at}");
    if !cards.is_empty() {
        holder.present_first(Ask::licence()).await.unwrap();
        // The keys are this card's alone.
        holder.wallet.delete_card(&cards[0].id).await.unwrap();
        assert!(holder.wallet.cards().unwrap().is_empty(), "given up at {at}");
    }
    cards.len()
}

fn plan() -> Plan {
    Plan { batch: 2, ..Plan::licence().rotating() }
}

#[tokio::test]
async fn receiving_given_up_anywhere_loses_nothing_that_was_issued() {
    let mut came = 0;
    for at in 1.. {
        let holder = holder().await;
        let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(plan())).await.unwrap();
        let received = given_up(holder.wallet.receive(&offer, Some("123456")), at).await;
        if let Some(received) = received {
            assert_eq!(received.unwrap().cards.len(), 1);
            assert!(at > 20, "{at} are too few to be all");
            break;
        }
        came += settled(&holder, at).await;
    }
    assert!(came > 5, "{came}");
}

#[tokio::test]
async fn receiving_given_up_goes_on_when_it_is_called_again() {
    let holder = holder().await;
    let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(plan())).await.unwrap();
    // Beyond the token: before that, nothing of the offer is used up.
    let mut at = 9;
    while holder.town.issuer.issued("business-licence-sd-jwt").is_empty() {
        assert!(given_up(holder.wallet.receive(&offer, Some("123456")), at).await.is_none());
        at += 3;
    }
    let received = holder.wallet.receive(&offer, Some("123456")).await.unwrap();
    assert_eq!((received.cards.len(), received.failed.len()), (1, 0));
    let again = holder.wallet.receive(&offer, Some("123456")).await.unwrap_err();
    assert_eq!(again, ReceiveError::CodeRefused, "an offer is taken up once");
}

#[tokio::test]
async fn picking_up_given_up_anywhere_loses_nothing() {
    for at in 1.. {
        let holder = holder().await;
        let plan = Plan { takes_time: true, ..plan().sd_jwt() };
        let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(plan)).await.unwrap();
        let waits = holder.wallet.receive(&offer, Some("123456")).await.unwrap_err();
        assert_eq!(waits, ReceiveError::Deferred);
        *holder.town.issuer.decision.lock().unwrap() = Decision::Approved;
        let picked = given_up(holder.wallet.pick_up(), at).await;
        if let Some(picked) = picked {
            assert!(picked.unwrap()[0].outcome.is_ok());
            assert!(at > 8, "{at} are too few to be all");
            break;
        }
        assert_eq!(settled(&holder, at).await, 1, "given up at {at}");
    }
}

#[tokio::test]
async fn renewing_given_up_anywhere_leaves_one_card() {
    let mut unheard = 0;
    for at in 1.. {
        let holder = holder().await;
        let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(plan())).await.unwrap();
        let card = holder.wallet.receive(&offer, Some("123456")).await.unwrap().cards.remove(0);
        let renewed = given_up(holder.wallet.renew(&card.id), at).await;
        if let Some(renewed) = renewed {
            assert_eq!(renewed.unwrap().cards.len(), 1);
            assert!(at > 20, "{at} are too few to be all");
            break;
        }
        if holder.wallet.pick_up().await.unwrap().is_empty()
            && holder.wallet.card(&card.id).unwrap().is_some()
            && holder.wallet.renew(&card.id).await.is_err()
        {
            // A new refresh token was given, and the wallet gave up before it heard of it.
            unheard += 1;
        }
        assert_eq!(settled(&holder, at).await, 1, "given up at {at}");
    }
    assert!(unheard <= 2, "{unheard}");
}

#[tokio::test]
async fn who_fails_takes_no_key_from_who_shows_it_too() {
    let mut came = 0;
    for at in 1.. {
        let holder = holder().await;
        let first = holder.wallet.preview_offer(&holder.town.issuer.offer(plan())).await.unwrap();
        let mut receiving = pin!(holder.wallet.receive(&first, Some("123456")));
        if given_up(receiving.as_mut(), at).await.is_some() {
            assert!(at > 20, "{at} are too few to be all");
            break;
        }
        // Another offer of the same department, taken up with the wrong code meanwhile.
        let plan = Plan::digital_id().sd_jwt().coming_back();
        let second = holder.wallet.preview_offer(&holder.town.issuer.offer(plan)).await.unwrap();
        let refused = holder.wallet.receive(&second, Some("000000")).await.unwrap_err();
        assert!(matches!(refused, ReceiveError::TxCodeWrong { .. }), "{refused:?}");
        came += receiving.await.unwrap_or_else(|error| panic!("at {at}: {error}")).cards.len();
        let card = holder.wallet.cards().unwrap().remove(0);
        holder.wallet.renew(&card.id).await.unwrap();
        // And whoever was last leaves nothing.
        holder.wallet.delete_card(&holder.wallet.cards().unwrap()[0].id).await.unwrap();
        assert_eq!(holder.wallet.export().unwrap()["keys"], serde_json::json!([]), "at {at}");
    }
    assert!(came > 15, "{came}");
}

#[tokio::test]
async fn what_is_under_way_is_not_begun_a_second_time() {
    let holder = holder().await;
    let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(plan())).await.unwrap();
    let mut first = pin!(holder.wallet.receive(&offer, Some("123456")));
    assert!(given_up(first.as_mut(), 9).await.is_none());
    let second = holder.wallet.receive(&offer, Some("123456")).await.unwrap_err();
    assert_eq!(second, ReceiveError::UnderWay);
    assert!(holder.wallet.pick_up().await.unwrap().is_empty(), "who is at it goes on");
    assert_eq!(first.await.unwrap().cards.len(), 1);
    assert_eq!(holder.wallet.cards().unwrap().len(), 1);
}
