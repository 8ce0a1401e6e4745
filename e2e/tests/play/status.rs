//! Credentials that count no more. The presentation is genuine, so the wallet gets 200; the decision says why not.

use std::time::Duration;

use credentials::key::{Algorithm, SoftwareKey};
use credentials::{UnixSeconds, sd_jwt};
use e2e::{Application, Counter, Decision, Desk, Holder, LICENCE, LICENCE_SD_JWT, Rogue};
use rand_core::OsRng;
use serde_json::Value;

use crate::{licence, play};

async fn present(counter: &Counter, holder: &Holder, purpose: &str) -> Decision {
    let asked = counter.ask(purpose).await;
    holder.present(&asked).await.expect("the counter takes a genuine presentation");
    counter.decision(&asked).await
}

async fn status_of(desk: &Desk, application: &Application) -> Value {
    let id = desk.credential_id(application, LICENCE_SD_JWT).await;
    desk.credential(&id).await["status"].clone()
}

#[test]
fn revoked() {
    play(async |play| {
        let (market, counter) = (play.market(), play.counter());
        let holder = Holder::new(play, "revoked").await;
        let (application, offer) = market.offered(LICENCE, &licence(30)).await;
        holder.receive(&offer).await.expect("received");
        for purpose in ["company-service", "licence-original"] {
            present(&counter, &holder, purpose).await.must_accept();
        }
        market.change_all(&application, "revoke").await;
        assert_eq!(holder.card().await.state.id(), "revoked");
        for purpose in ["company-service", "licence-original"] {
            present(&counter, &holder, purpose).await.must_refuse(&[("status", "revoked")]);
        }

        let id = market.credential_id(&application, LICENCE_SD_JWT).await;
        for change in ["reinstate", "suspend", "revoke"] {
            let refused = market.change(&id, change).await;
            assert_eq!(refused.status, 409, "{change}: {}", refused.text());
        }
        assert_eq!(status_of(&market, &application).await, "revoked");
    });
}

#[test]
fn collected_again_on_another_phone() {
    play(async |play| {
        let (market, counter) = (play.market(), play.counter());
        let lost = Holder::new(play, "lost-phone").await;
        let (application, offer) = market.offered(LICENCE, &licence(35)).await;
        lost.receive(&offer).await.expect("received");
        let found = Holder::new(play, "new-phone").await;
        found.receive(&market.renewed(&application).await).await.expect("received again");
        for purpose in ["company-service", "licence-original"] {
            present(&counter, &found, purpose).await.must_accept();
            present(&counter, &lost, purpose).await.must_refuse(&[("status", "revoked")]);
        }
        assert_eq!((lost.card().await.state.id(), found.card().await.state.id()), ("revoked", "valid"));
        assert_eq!(status_of(&market, &application).await, "valid");
    });
}

#[test]
fn suspended_and_reinstated() {
    play(async |play| {
        let (market, counter) = (play.market(), play.counter());
        let holder = Holder::new(play, "suspended").await;
        let (application, offer) = market.offered(LICENCE, &licence(31)).await;
        holder.receive(&offer).await.expect("received");

        market.change_all(&application, "suspend").await;
        assert_eq!(holder.card().await.state.id(), "suspended");
        let suspended = [("status", "suspended")];
        present(&counter, &holder, "company-service").await.must_refuse(&suspended);
        present(&counter, &holder, "licence-original").await.must_refuse(&suspended);

        market.change_all(&application, "reinstate").await;
        assert_eq!(holder.card().await.state.id(), "valid");
        present(&counter, &holder, "company-service").await.must_accept();
        present(&counter, &holder, "licence-original").await.must_accept();
    });
}

/// The issuer itself, by its own key, makes the very credential it made before, with an end that has passed.
#[test]
fn expired() {
    play(async |play| {
        let (market, counter) = (play.market(), play.counter());
        let (_, offer) = market.offered(LICENCE, &licence(32)).await;
        let rogue = Rogue::default();
        let [credential] = rogue.collect(&market, &offer, [LICENCE_SD_JWT]).await;
        let good = sd_jwt::Unverified::parse(credential.as_str().unwrap()).unwrap();

        let keys = play.data.join("stack/issuers/market-supervision/keys");
        let secret = std::fs::read(keys.join("signing-p256.key")).unwrap();
        let key = SoftwareKey::from_secret_bytes(Algorithm::Es256, &secret).unwrap();
        let issued = good.times().iat.unwrap();
        let Value::Object(claims) = licence(32) else { panic!("claims are an object") };
        let expired = sd_jwt::Issuance {
            issuer: market.did.to_string(),
            kid: good.header().kid.clone(),
            x5c: None,
            vct: good.vct().unwrap().to_owned(),
            disclosable: claims.keys().map(|name| credentials::ClaimPath::top(name)).collect(),
            claims,
            holder: Some(rogue.public_key().clone()),
            issued_at: issued,
            not_before: None,
            expires: Some(UnixSeconds(issued.0 - 3600)),
            status: good.status().cloned(),
            decoys: 0,
        };
        let expired = Value::String(expired.sign(&key, &mut OsRng).unwrap());

        for (credential, flaws) in [(expired, &[("validity", "expired")][..]), (credential, &[])] {
            let asked = counter.ask("company-service").await;
            let request = counter.fetch(&asked).await;
            let claims = ["name", "creditCode", "legalRepresentative"];
            let shown = rogue.present(&credential, &counter.client_id(), request.nonce(), &claims);
            counter.answer(&request, &shown).await.must(200);
            let decision = counter.decision(&asked).await;
            assert_eq!(decision.flaws(), flaws);
            assert_eq!(decision.verdict(), Some(if flaws.is_empty() { "accepted" } else { "refused" }));
        }
    });
}

#[test]
fn an_expired_card_says_so() {
    play(async |play| {
        let holder = Holder::new(play, "expired").await;
        let (_, offer) = play.market().offered(LICENCE, &licence(33)).await;
        holder.receive(&offer).await.expect("received");
        drop(holder);
        let eleven_years = Duration::from_secs(11 * 366 * 86_400);
        let later = Holder::open_later(play, "expired", eleven_years).await;
        assert_eq!(later.wallet.cards().unwrap()[0].state.id(), "expired");
    });
}
