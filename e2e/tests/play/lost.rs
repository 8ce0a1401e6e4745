//! A phone is lost: what is on it counts nowhere from then, and its holder goes on with a new one.

use e2e::{Counter, Decision, Holder, LICENCE, LICENCE_SD_JWT};
use protocol::openid4vci::TokenErrorCode;
use wallet_core::{CardState, ReceiveError};

use crate::{licence, play};

async fn present(counter: &Counter, holder: &Holder, purpose: &str) -> Decision {
    let asked = counter.ask(purpose).await;
    holder.present(&asked).await.expect("the counter takes a genuine presentation");
    counter.decision(&asked).await
}

#[test]
fn a_clerk_declares_it_lost_and_a_new_one_takes_its_place() {
    play(async |play| {
        let (market, police, counter) = (play.market(), play.police(), play.counter());
        let lost = Holder::new(play, "stolen-phone").await;
        let other = Holder::new(play, "partners-phone").await;
        let (first, offer) = market.offered(LICENCE, &licence(80)).await;
        lost.receive(&offer).await.expect("received");
        let (second, offer) = market.offered(LICENCE, &licence(81)).await;
        lost.receive(&offer).await.expect("received");
        let person = testkit::Person::nth(80).digital_id_claims();
        let (elsewhere, offer) = police.offered("digital-id", &person).await;
        lost.receive(&offer).await.expect("received");
        let (_, offer) = market.offered(LICENCE, &licence(82)).await;
        other.receive(&offer).await.expect("received");
        for holder in [&lost, &other] {
            present(&counter, holder, "company-service").await.must_accept();
        }
        let backup = lost.wallet.back_up("a phrase that nobody guesses at all").unwrap();

        // One licence names the phone; both companies' are on it, in both formats.
        let named = market.credential_id(&first, LICENCE_SD_JWT).await;
        let declared = market.phone_lost(&named).await;
        assert_eq!(declared["revoked"].as_array().unwrap().len(), 4, "{declared}");
        for purpose in ["company-service", "licence-original"] {
            present(&counter, &lost, purpose).await.must_refuse(&[("status", "revoked")]);
            present(&counter, &other, purpose).await.must_accept();
        }
        // Another department's are that one's to revoke, by its own word.
        let own = police.credential(&police.credential_id(&elsewhere, "digital-id-sd-jwt").await).await;
        assert_eq!(own["status"], "valid");
        assert!(!police.own_phone_lost(&elsewhere).await["revoked"].as_array().unwrap().is_empty());

        // Whoever has it can renew nothing.
        lost.wallet.refresh().await.unwrap();
        for card in lost.wallet.cards().unwrap() {
            assert!(matches!(card.state, CardState::Revoked { .. }), "{}", card.state.id());
            assert!(lost.wallet.is_renewable(&card.id).unwrap());
            let refused = lost.wallet.renew(&card.id).await.unwrap_err();
            assert_eq!(refused, ReceiveError::TokenRefused(TokenErrorCode::InvalidClient));
        }

        // The new phone knows from the backup what to collect, and gets it under keys of its own.
        let (new, _) =
            Holder::restored(play, "bought-phone", &backup, "a phrase that nobody guesses at all").await;
        assert_eq!(new.wallet.to_collect().unwrap().len(), 3);
        for application in [&first, &second] {
            new.receive(&market.renewed(application).await).await.expect("collected again");
        }
        new.receive(&police.renewed(&elsewhere).await).await.expect("collected again");
        assert!(new.wallet.to_collect().unwrap().is_empty());
        for purpose in ["company-service", "licence-original"] {
            present(&counter, &new, purpose).await.must_accept();
        }

        // Found again, it is a phone like any other: it shows a new key, and what was on it stays revoked.
        let (_, offer) = market.offered(LICENCE, &licence(83)).await;
        lost.receive(&offer).await.expect("received under a new key");
        let valid = |card: &&wallet_core::Card| matches!(card.state, CardState::Valid { .. });
        assert_eq!(lost.wallet.cards().unwrap().iter().filter(valid).count(), 1);
    });
}
