//! Collecting by logging in at the issuer's, with our own wallet.

use credentials::catalogue::Catalogue;
use e2e::{Holder, LICENCE, LICENCE_SD_JWT, browser};
use wallet_core::{AuthorizeError, ReceiveError};

use crate::play;

/// The claims of the company that the demo's first citizen represents.
fn licence() -> serde_json::Value {
    Catalogue::bundled().unwrap().by_id(LICENCE).unwrap().example()
}

/// Of the same citizen.
fn digital_id() -> serde_json::Value {
    Catalogue::bundled().unwrap().by_id("digital-id").unwrap().example()
}

#[test]
fn a_citizen_collects_without_an_offer_and_with_one() {
    play(async |play| {
        let market = play.market();
        let application = market.apply(LICENCE, &licence()).await;
        market.approve(&application).await;
        let holder = Holder::new(play, "logs-in").await;
        let issuer = market.url.parse().unwrap();
        let offered = holder.wallet.preview_issuer(&issuer).await.unwrap();
        assert!(offered.takes_login() && !offered.takes_code());

        let begun = holder.wallet.begin_login(&offered, &[LICENCE_SD_JWT.to_owned()]).await.unwrap();
        let back = browser::log_in(&begun.address, 0).await;
        assert!(back.starts_with("cn.huizheng.wallet:/authorized?"), "{back}");
        // Somebody puts another issuer's name into the answer: a mix-up, refused before anything is sent.
        let mixed_up = back.replace("iss=", "iss=https%3A%2F%2Fevil.example&x=");
        let refused = holder.wallet.finish_login(&mixed_up).await.unwrap_err();
        assert!(matches!(refused, AuthorizeError::Answer(_)), "{refused}");
        let received = holder.wallet.finish_login(&back).await.unwrap();
        assert_eq!((received.cards.len(), received.failed.len()), (1, 0));
        assert_eq!(market.issued(&application).await, [LICENCE_SD_JWT]);
        let again = holder.wallet.finish_login(&back).await.unwrap_err();
        assert_eq!(again, AuthorizeError::NotOpen, "an answer is taken once");

        // By an offer, for what is left; the wallet is closed while its browser is open.
        let offer = market.offer(&application).await;
        let offered = holder.wallet.preview_offer(&offer.link).await.unwrap();
        assert!(offered.takes_login() && offered.takes_code());
        let begun = holder.wallet.begin_login(&offered, &[]).await.unwrap();
        let back = browser::log_in(&begun.address, 0).await;
        let logins = &holder.wallet.export().unwrap()["logins"];
        assert_eq!(logins[0]["issuer"], serde_json::json!(issuer), "the holder can read that it is open");
        drop(holder);
        let holder = Holder::open(play, "logs-in").await;
        let received = holder.wallet.finish_login(&back).await.unwrap();
        assert_eq!((received.cards.len(), received.failed.len()), (1, 0));
        assert_eq!(market.issued(&application).await.len(), 2);
    });
}

#[test]
fn a_credential_that_takes_time_is_picked_up_and_renewed() {
    play(async |play| {
        let police = play.police();
        let application = police.apply("digital-id", &digital_id()).await;
        let holder = Holder::new(play, "waits").await;
        let issuer = police.url.parse().unwrap();
        let offered = holder.wallet.preview_issuer(&issuer).await.unwrap();
        let wanted = ["digital-id-sd-jwt".to_owned()];
        let begun = holder.wallet.begin_login(&offered, &wanted).await.unwrap();
        let back = browser::log_in(&begun.address, 0).await;
        let waits = holder.wallet.finish_login(&back).await.unwrap_err();
        assert_eq!(waits, AuthorizeError::Receive(ReceiveError::Deferred));
        let picked = holder.wallet.pick_up().await.unwrap();
        assert_eq!(picked[0].outcome.as_ref().unwrap_err(), &ReceiveError::Deferred);

        police.approve(&application).await;
        drop(holder);
        let holder = Holder::open(play, "waits").await;
        let picked = holder.wallet.pick_up().await.unwrap();
        let cards = picked[0].outcome.as_ref().unwrap();
        assert_eq!(cards.len(), 1);
        assert!(holder.wallet.pick_up().await.unwrap().is_empty(), "it is picked up once");
        let id = police.credential_id(&application, "digital-id-sd-jwt").await;
        let record = police.credential(&id).await;
        assert_eq!(
            (&record["copies"], &record["notified"]),
            (&4.into(), &serde_json::json!(["credential_accepted"]))
        );

        // Renewed: fresh keys, the one before is revoked, and one card stays.
        let before = cards[0].id.clone();
        assert!(holder.wallet.is_renewable(&before).unwrap());
        let renewed = holder.wallet.renew(&before).await.unwrap();
        assert_eq!((renewed.cards.len(), renewed.failed.len()), (1, 0));
        assert_ne!(holder.card().await.id, before);
        assert_eq!(police.credential(&id).await["status"], "revoked");
        assert!(holder.wallet.is_renewable(&renewed.cards[0].id).unwrap(), "and again next year");
    });
}
