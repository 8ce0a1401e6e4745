//! Organisations that are not what they say, or do what they may not.

use e2e::{Asked, Counter, Holder, LICENCE, LICENCE_SD_JWT, Rogue, others};
use protocol::openid4vp::{BadRequest, ClientId, RequestLink};
use serde_json::json;
use wallet_core::{Event, ReceiveError, Rejected, RequestRefused};

use crate::{licence, play};

#[test]
fn issuer_accredited_for_another_type() {
    play(async |play| {
        let counter = play.counter();
        let (_running, impostor) = others::issuer(play, "Driving School", &["digital-id"]).await;
        let (_, offer) = impostor.offered(LICENCE, &licence(40)).await;
        let holder = Holder::new(play, "other-type").await;
        let refused = holder.receive(&offer).await.expect_err("the wallet looks it up");
        let ReceiveError::Rejected(Rejected::NotAccredited { credential_type, .. }) = refused else {
            panic!("{refused}")
        };
        assert_eq!(credential_type.as_str(), LICENCE);
        assert!(holder.wallet.cards().unwrap().is_empty());

        // Whoever takes it nevertheless gets nowhere with it.
        let (_, offer) = impostor.offered(LICENCE, &licence(41)).await;
        let rogue = Rogue::default();
        let [credential] = rogue.collect(&impostor, &offer, [LICENCE_SD_JWT]).await;
        let asked = counter.ask("company-service").await;
        let request = counter.fetch(&asked).await;
        let claims = ["name", "creditCode", "legalRepresentative"];
        let shown = rogue.present(&credential, &counter.client_id(), request.nonce(), &claims);
        counter.answer(&request, &shown).await.must(200);
        counter.decision(&asked).await.must_refuse(&[("issuer_accredited", "never_accredited")]);
    });
}

/// A holder with a licence, who is asked.
async fn review(play: &e2e::Play, name: &str, company: usize, asked: &Asked) -> (Holder, RequestRefused) {
    let holder = Holder::new(play, name).await;
    let (_, offer) = play.market().offered(LICENCE, &licence(company)).await;
    holder.receive(&offer).await.expect("received");
    let refused = holder.wallet.review_request(&asked.link).await.expect_err("the wallet refuses");
    (holder, refused)
}

/// Nothing left, the log says why, and the verifier was told.
async fn must_be_refused(holder: &Holder, counter: &Counter, asked: &Asked, code: &str, claims: &[&str]) {
    let Event::Refused { reason, claims: too_much, .. } = holder.last_event() else { panic!("not logged") };
    assert_eq!((reason.as_str(), too_much), (code, claims.iter().map(ToString::to_string).collect()));
    let decision = counter.decision(asked).await;
    assert_eq!((decision.state(), decision.verdict()), ("declined", None));
    let sent = String::from_utf8(holder.last_answer().body).unwrap();
    assert!(sent.contains("error=access_denied") && !sent.contains("vp_token"), "{sent}");
}

#[test]
fn unregistered_verifier() {
    play(async |play| {
        let (_running, stranger) = others::counter(play, "Stranger", false).await;
        let asked = stranger.ask("company-service").await;
        let (holder, refused) = review(play, "unregistered", 42, &asked).await;
        assert!(matches!(refused, RequestRefused::NotRegistered { .. }), "{refused}");
        must_be_refused(&holder, &stranger, &asked, "not-registered", &[]).await;
    });
}

#[test]
fn purpose_that_is_not_registered() {
    play(async |play| {
        let counter = play.counter();
        let dcql = query(&["name"]);
        let asked = counter.ask_for("market-research", &dcql).await;
        let (holder, refused) = review(play, "no-such-purpose", 43, &asked).await;
        assert!(matches!(refused, RequestRefused::NotRegistered { .. }), "{refused}");
        must_be_refused(&holder, &counter, &asked, "not-registered", &[]).await;
    });
}

#[test]
fn purpose_that_asks_too_much() {
    play(async |play| {
        let counter = play.counter();
        let asked =
            counter.ask_for("company-service", &query(&["name", "registeredCapital", "address"])).await;
        let (holder, refused) = review(play, "too-much", 44, &asked).await;
        let RequestRefused::AsksTooMuch { claims, .. } = &refused else { panic!("{refused}") };
        assert_eq!(claims, &["address", "registeredCapital"]);
        must_be_refused(&holder, &counter, &asked, "asks-too-much", &["address", "registeredCapital"]).await;
    });
}

fn query(claims: &[&str]) -> serde_json::Value {
    let claims: Vec<_> = claims.iter().map(|name| json!({"path": [name]})).collect();
    json!({"credentials": [{
        "id": "licence", "format": "dc+sd-jwt",
        "meta": {"vct_values": ["urn:huizheng:business-licence:1"]},
        "claims": claims,
    }]})
}

#[test]
fn request_of_one_verifier_in_anothers_name() {
    play(async |play| {
        let (_running, stranger) = others::counter(play, "Borrower", false).await;
        let asked = stranger.ask("company-service").await;
        let in_whose_name = ClientId::new(play.counter().client_id());
        let link = RequestLink::to(in_whose_name, asked.request_uri.parse().unwrap()).to_string();
        let borrowed = Asked { link, ..asked };
        let (holder, refused) = review(play, "borrowed-name", 45, &borrowed).await;
        assert_eq!(refused, RequestRefused::Request(BadRequest::OtherKey));
        assert!(matches!(holder.last_event(), Event::Refused { .. }), "the log has it");
    });
}
