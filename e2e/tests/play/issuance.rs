//! Refused by the issuer.

use e2e::{Holder, LICENCE, LICENCE_SD_JWT, LICENCE_VC, Rogue, token};
use wallet_core::ReceiveError;

use crate::{licence, play};

#[test]
fn wrong_tx_code_five_times() {
    play(async |play| {
        let market = play.market();
        let holder = Holder::new(play, "wrong-tx-code").await;
        let (application, offer) = market.offered(LICENCE, &licence(10)).await;
        for attempt in 1..=5 {
            let refused = holder.receive_with(&offer, &offer.wrong_tx_code()).await.expect_err("wrong");
            let expected = match refused {
                ReceiveError::TxCodeWrong { attempts_left } => attempts_left == 5 - attempt,
                ReceiveError::CodeRefused => attempt == 5,
                _ => false,
            };
            assert!(expected, "attempt {attempt}: {refused}");
        }
        let late = Rogue::default().redeem(&market, &offer, &offer.tx_code).await;
        assert_eq!(late.error(), (400, "invalid_grant".into()), "the right code comes too late");
        assert!(market.issued(&application).await.is_empty());
        assert!(holder.wallet.cards().expect("cards").is_empty());

        let renewed = market.renewed(&application).await;
        holder.receive(&renewed).await.expect("a new offer counts");
    });
}

#[test]
fn code_reused() {
    play(async |play| {
        let market = play.market();
        let (application, offer) = market.offered(LICENCE, &licence(11)).await;
        Holder::new(play, "code-used").await.receive(&offer).await.expect("received");
        let id = market.credential_id(&application, LICENCE_SD_JWT).await;

        let second = Rogue::default().redeem(&market, &offer, &offer.tx_code).await;
        assert_eq!(second.error(), (400, "invalid_grant".into()));
        assert_eq!(market.credential_id(&application, LICENCE_SD_JWT).await, id, "nothing new was issued");
    });
}

#[test]
fn token_used_for_another_key() {
    play(async |play| {
        let market = play.market();
        let (_, offer) = market.offered(LICENCE, &licence(12)).await;
        let (holder, thief) = (Rogue::default(), Rogue::default());
        let token = holder.token(&market, &offer).await;
        holder.ask_rightly(&market, &token, LICENCE_SD_JWT).await.must(200);
        let stolen = thief.ask_rightly(&market, &token, LICENCE_SD_JWT).await;
        assert!((400..404).contains(&stolen.error().0), "{}", stolen.text());
    });
}

#[test]
fn nonce_reused() {
    play(async |play| {
        let market = play.market();
        let (application, offer) = market.offered(LICENCE, &licence(13)).await;
        let rogue = Rogue::default();
        let token = rogue.token(&market, &offer).await;
        let proof = rogue.proof(&market.url, &rogue.nonce(&market).await);
        rogue.ask(&market, &token, LICENCE_SD_JWT, &proof).await.must(200);

        let again = rogue.ask(&market, &token, LICENCE_VC, &proof).await;
        assert_eq!(again.error(), (400, "invalid_nonce".into()));
        assert_eq!(market.issued(&application).await, [LICENCE_SD_JWT]);
        rogue.ask_rightly(&market, &token, LICENCE_VC).await.must(200);
    });
}

#[test]
fn nonce_of_another_issuer() {
    play(async |play| {
        let market = play.market();
        let (application, offer) = market.offered(LICENCE, &licence(14)).await;
        let rogue = Rogue::default();
        let token = rogue.token(&market, &offer).await;
        let proof = rogue.proof(&market.url, &rogue.nonce(&play.police()).await);
        let refused = rogue.ask(&market, &token, LICENCE_SD_JWT, &proof).await;
        assert_eq!(refused.error(), (400, "invalid_nonce".into()));
        assert!(market.issued(&application).await.is_empty());
    });
}

#[test]
fn proof_for_another_issuer() {
    play(async |play| {
        let market = play.market();
        let (application, offer) = market.offered(LICENCE, &licence(15)).await;
        let rogue = Rogue::default();
        let token = rogue.token(&market, &offer).await;
        let nonce = rogue.nonce(&market).await;
        let relayed = rogue.proof(&play.police().url, &nonce);
        let refused = rogue.ask(&market, &token, LICENCE_SD_JWT, &relayed).await;
        assert_eq!(refused.error(), (400, "invalid_proof".into()));
        assert!(market.issued(&application).await.is_empty());

        let right = rogue.proof(&market.url, &nonce);
        rogue.ask(&market, &token, LICENCE_SD_JWT, &right).await.must(200);
    });
}

#[test]
fn proof_alg_none() {
    play(async |play| {
        let market = play.market();
        let (application, offer) = market.offered(LICENCE, &licence(16)).await;
        let rogue = Rogue::default();
        let token = rogue.token(&market, &offer).await;
        let proof = rogue.proof(&market.url, &rogue.nonce(&market).await);
        for forged in [token::unsigned(&proof), token::alg_none(&proof)] {
            let refused = rogue.ask(&market, &token, LICENCE_SD_JWT, &forged).await;
            assert_eq!(refused.error(), (400, "invalid_proof".into()));
        }
        assert!(market.issued(&application).await.is_empty());
        rogue.ask(&market, &token, LICENCE_SD_JWT, &proof).await.must(200);
    });
}

#[test]
fn token_of_another_issuer() {
    play(async |play| {
        let (market, police) = (play.market(), play.police());
        let (_, offer) = market.offered(LICENCE, &licence(17)).await;
        let rogue = Rogue::default();
        let token = rogue.token(&market, &offer).await;
        let refused = rogue.ask_rightly(&police, &token, "digital-id-sd-jwt").await;
        assert_eq!(refused.error(), (401, "invalid_token".into()));
        let offer_elsewhere = rogue.redeem(&police, &offer, &offer.tx_code).await;
        assert_eq!(offer_elsewhere.error(), (400, "invalid_grant".into()));
    });
}
