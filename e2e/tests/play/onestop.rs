//! One-stop: the licence of one department is the application at another.

use e2e::{Holder, LICENCE, TAX};
use testkit::Company;
use wallet_core::{Event, Outcome, PresentError};

use crate::{licence, play};

#[test]
fn a_licence_is_shown_to_the_tax_bureau_and_the_confirmation_is_on_the_phone_without_a_field_typed() {
    play(async |play| {
        let (market, tax) = (play.market(), play.tax());
        let holder = Holder::new(play, "onestop").await;
        let (_, offer) = market.offered(LICENCE, &licence(61)).await;
        holder.receive(&offer).await.expect("received");

        let asked = tax.asks(TAX).await;
        let presented = holder.present(&asked).await.expect("presented");
        let Event::Presented { asked: who, shared, outcome: Outcome::Delivered } = holder.last_event() else {
            panic!("the log has it")
        };
        assert_eq!((who.purpose.as_str(), who.verifier), (TAX, tax.did.clone()));
        assert_eq!(shared[0].claims, ["name", "creditCode"], "nothing else left");

        let application = tax.led_to(&presented);
        let seen = tax.application(&application).await;
        let company = Company::nth(61);
        assert_eq!(seen["state"], "approved", "{seen}");
        assert_eq!(seen["claims"]["taxpayerNumber"], company.credit_code);
        assert_eq!(seen["claims"]["name"], company.name);
        assert_eq!(tax.presented(&asked).await["state"], "accepted");

        let received = holder.receive(&tax.offer(&application).await).await.expect("received");
        assert_eq!((received.cards[0].kind.as_str(), received.failed.len()), (TAX, 0));
        assert_eq!(tax.issued(&application).await.len(), 2);
    });
}

#[test]
fn a_licence_that_was_revoked_meanwhile_is_refused_and_a_recorded_answer_is_worth_nothing() {
    play(async |play| {
        let (market, tax) = (play.market(), play.tax());
        let holder = Holder::new(play, "onestop-revoked").await;
        let (licence, offer) = market.offered(LICENCE, &licence(62)).await;
        holder.receive(&offer).await.expect("received");

        // The bureau's request is no other's: its answer to the counter's is refused there.
        let asked = tax.asks(TAX).await;
        holder.present(&asked).await.expect("presented");
        let recorded = holder.last_answer();
        let form = "application/x-www-form-urlencoded";
        let again = play.http.post(&recorded.url, None, form, recorded.body.clone()).await;
        assert_eq!(again.error(), (409, "invalid_request".into()));
        let counter = play.counter();
        let asked = counter.ask("company-service").await;
        let elsewhere = counter.fetch(&asked).await.response_uri();
        assert_eq!(play.http.post(&elsewhere, None, form, recorded.body).await.status, 400);

        market.change_all(&licence, "revoke").await;
        let asked = tax.asks(TAX).await;
        let presented = holder.present(&asked).await.expect("taken, and refused");
        assert!(presented.redirect.expect("where it says why").as_str().contains("/presentations/"));
        let seen = tax.presented(&asked).await;
        assert_eq!(
            (&seen["state"], &seen["flaws"][0]["code"]),
            (&"refused".into(), &"revoked".into()),
            "{seen}"
        );
    });
}

#[test]
fn what_the_holder_does_not_agree_to_makes_no_application() {
    play(async |play| {
        let (market, tax) = (play.market(), play.tax());
        let holder = Holder::new(play, "onestop-no").await;
        let (_, offer) = market.offered(LICENCE, &licence(63)).await;
        holder.receive(&offer).await.expect("received");
        let asked = tax.asks(TAX).await;
        let consent = holder.wallet.review_request(&asked.link).await.expect("a request");
        holder.wallet.decline(&consent.id).await.expect("declined");
        assert_eq!(tax.presented(&asked).await["state"], "declined");
        let refused = holder.wallet.present(&consent.id, &wallet_core::Choice::first()).await;
        assert!(matches!(refused, Err(PresentError::NotOpen)), "{refused:?}");
    });
}
