//! Stopped in good order and started again: everything is still there.

use e2e::{Holder, LICENCE, LICENCE_SD_JWT, Play};
use wallet_core::{Event, Outcome};

use crate::licence;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_still_there() {
    let folder = tempfile::tempdir().unwrap();
    let play = Play::start(folder.path()).await;
    assert!(play.stack.is_new());
    let (market, counter) = (play.market(), play.counter());
    let waiting = market.apply(LICENCE, &licence(50)).await;
    let (uncollected, offer) = market.offered(LICENCE, &licence(51)).await;
    let (collected, other_offer) = market.offered(LICENCE, &licence(52)).await;
    let holder = Holder::new(&play, "citizen").await;
    holder.receive(&other_offer).await.expect("received");
    let asked = counter.ask("company-service").await;
    holder.present(&asked).await.expect("presented");
    let decided = counter.decision(&asked).await;
    decided.must_accept();
    let open = counter.ask("company-service").await;
    market.change_all(&collected, "suspend").await;
    let (did, client_id, anchor) =
        (market.did.clone(), counter.client_id(), play.urls().chain.anchor.clone());
    drop(holder);
    play.stop().await;

    let play = Play::start(folder.path()).await;
    assert!(!play.stack.is_new());
    let (market, counter) = (play.market(), play.counter());
    assert_eq!((&market.did, counter.client_id()), (&did, client_id), "the same organisations");
    assert_eq!(play.urls().chain.anchor.chain_id, anchor.chain_id, "the same chain");

    // Applications and decisions.
    assert_eq!(market.application(&waiting).await["state"], "submitted");
    assert_eq!(market.application(&uncollected).await["state"], "approved");
    assert_eq!(market.issued(&collected).await.len(), 2);
    let again = counter.decision(&asked).await;
    assert_eq!((again.verdict(), &again.0["checks"]), (Some("accepted"), &decided.0["checks"]));
    assert_eq!(counter.decision(&open).await.state(), "open");

    // The offer that was out still counts, under the same codes.
    let same = market.offer(&uncollected).await;
    assert_eq!((same.code, same.tx_code), (offer.code, offer.tx_code));

    // The wallet, its log, and the status.
    let holder = Holder::open(&play, "citizen").await;
    assert!(matches!(holder.last_event(), Event::Presented { outcome: Outcome::Delivered, .. }));
    assert_eq!(holder.card().await.state.id(), "suspended");
    let id = market.credential_id(&collected, LICENCE_SD_JWT).await;
    assert_eq!(market.credential(&id).await["status"], "suspended");
    market.change_all(&collected, "reinstate").await;
    let asked = counter.ask("company-service").await;
    holder.present(&asked).await.expect("presented");
    counter.decision(&asked).await.must_accept();
    market.approve(&waiting).await;
    play.stop().await;
}
