//! What must work.

use e2e::{Holder, LICENCE};
use serde_json::json;
use testkit::{Company, Person};
use wallet_core::{Event, Outcome, RequestRefused};

use crate::{licence, play};

#[test]
fn a_licence_is_applied_for_approved_received_presented_and_accepted() {
    play(async |play| {
        let (market, counter) = (play.market(), play.counter());
        let holder = Holder::new(play, "story").await;
        let (_, offer) = market.offered(LICENCE, &licence(1)).await;
        let received = holder.receive(&offer).await.expect("received");
        assert_eq!((received.cards.len(), received.failed.len()), (1, 0));
        assert_eq!(holder.card().await.state.id(), "valid");

        let asked = counter.ask("company-service").await;
        holder.present(&asked).await.expect("presented");
        let decision = counter.decision(&asked).await;
        decision.must_accept();
        let company = Company::nth(1);
        let mut claims = decision.claims();
        claims.sort_by_key(|(name, _)| *name);
        let [(_, code), (_, representative), (_, name)] = claims.as_slice() else { panic!("{claims:?}") };
        assert_eq!(**code, company.credit_code);
        assert_eq!(**representative, company.legal_representative);
        assert_eq!(**name, company.name);

        let Event::Presented { shared, outcome: Outcome::Delivered, .. } = holder.last_event() else {
            panic!("the log has it")
        };
        assert_eq!(shared[0].claims, ["name", "creditCode", "legalRepresentative"]);
    });
}

#[test]
fn a_whole_licence_is_accepted_as_w3c_credential() {
    play(async |play| {
        let (market, counter) = (play.market(), play.counter());
        let holder = Holder::new(play, "story-whole").await;
        let (_, offer) = market.offered(LICENCE, &licence(2)).await;
        holder.receive(&offer).await.expect("received");
        let asked = counter.ask("licence-original").await;
        let consent = holder.wallet.review_request(&asked.link).await.expect("a request");
        let question = &consent.questions.iter().find(|question| {
            question.options.iter().any(|option| option.format == wallet_core::Format::LdpVc)
        });
        assert!(question.is_some(), "the licence can be shown whole");
        holder.wallet.present(&consent.id, &wallet_core::Choice::first()).await.expect("presented");
        counter.decision(&asked).await.must_accept();
    });
}

#[test]
fn an_adult_shows_nothing_but_that() {
    play(async |play| {
        let (police, counter) = (play.police(), play.counter());
        let holder = Holder::new(play, "story-adult").await;
        let (_, offer) = police.offered("digital-id", &Person::nth(3).digital_id_claims()).await;
        holder.receive(&offer).await.expect("received");
        let asked = counter.ask("adult-check").await;
        holder.present(&asked).await.expect("presented");
        let decision = counter.decision(&asked).await;
        decision.must_accept();
        assert_eq!(decision.claims(), [(&"ageOver18".to_owned(), &json!(true))]);
        let sent = String::from_utf8(holder.last_answer().body).expect("a form");
        assert!(!sent.contains(&Person::nth(3).id_number));
    });
}

#[test]
fn an_adult_shows_nothing_but_that_of_a_w3c_credential() {
    play(async |play| {
        let (police, counter) = (play.police(), play.counter());
        let holder = Holder::new(play, "story-adult-w3c").await;
        let (application, offer) = police.offered("digital-id", &Person::nth(5).digital_id_claims()).await;
        holder.receive(&offer).await.expect("received");
        let dcql = json!({"credentials": [{
            "id": "adult",
            "format": "ldp_vc",
            "meta": {"type_values": [["DigitalId"]]},
            "claims": [{"path": ["credentialSubject", "ageOver18"]}],
        }]});
        let asked = counter.ask_for("adult-check", &dcql).await;
        let consent = holder.wallet.review_request(&asked.link).await.expect("a request");
        let option = &consent.questions[0].options[0];
        assert_eq!(option.leaves.iter().map(|claim| claim.name.as_str()).collect::<Vec<_>>(), ["ageOver18"]);
        assert!(option.stays.iter().any(|claim| claim.name == "idNumber"));
        assert_eq!(option.warnings, []);
        holder.present(&asked).await.expect("presented");
        let decision = counter.decision(&asked).await;
        decision.must_accept();
        assert_eq!(decision.claims(), [(&"ageOver18".to_owned(), &json!(true))]);
        let sent = String::from_utf8(holder.last_answer().body).expect("a form");
        assert!(sent.contains("ecdsa-sd-2023") && !sent.contains(&Person::nth(5).id_number));

        // Whoever asks for the subject itself asks for all of it, which this purpose does not allow.
        let mut all = dcql.clone();
        all["credentials"][0]["claims"][0]["path"] = json!(["credentialSubject"]);
        let asked = counter.ask_for("adult-check", &all).await;
        let refused = holder.wallet.review_request(&asked.link).await.expect_err("too much");
        assert!(matches!(refused, RequestRefused::AsksTooMuch { .. }), "{refused}");

        // Revoked, it counts no more, though the same statements are shown.
        police.change_all(&application, "revoke").await;
        let asked = counter.ask_for("adult-check", &dcql).await;
        holder.present(&asked).await.expect("presented");
        counter.decision(&asked).await.must_refuse(&[("status", "revoked")]);
    });
}

#[test]
fn two_cards_answer_one_request() {
    play(async |play| {
        let holder = Holder::new(play, "story-two").await;
        let (_, offer) = play.police().offered("digital-id", &Person::nth(4).digital_id_claims()).await;
        holder.receive(&offer).await.expect("received");
        let (_, offer) = play.market().offered(LICENCE, &licence(4)).await;
        holder.receive(&offer).await.expect("received");
        let asked = play.counter().ask("tax-registration").await;
        holder.present(&asked).await.expect("presented");
        play.counter().decision(&asked).await.must_accept();
    });
}
