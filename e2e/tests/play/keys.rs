//! What holders and counters see when an issuer's key is replaced, and when it was stolen.

use std::time::Duration;

use credentials::key::{Algorithm, SoftwareKey};
use credentials::{UnixSeconds, sd_jwt};
use e2e::{Counter, Decision, Desk, Holder, LICENCE, LICENCE_SD_JWT, Play, Rogue, others};
use rand_core::OsRng;
use registry::UnixMillis;
use serde_json::Value;
use service::clock;

use crate::{licence, play};

const CLAIMS: [&str; 3] = ["name", "creditCode", "legalRepresentative"];
/// The SD-JWT VC, signed on P-256, and the W3C credential, signed with Ed25519.
const PURPOSES: [&str; 2] = ["company-service", "licence-original"];
const RIGHT: &[(&str, &str)] = &[];

async fn present(counter: &Counter, holder: &Holder, purpose: &str) -> Decision {
    let asked = counter.ask(purpose).await;
    holder.present(&asked).await.expect("the counter takes a genuine presentation");
    counter.decision(&asked).await
}

async fn received(play: &Play, desk: &Desk, name: &str, company: usize) -> Holder {
    let holder = Holder::new(play, name).await;
    let (_, offer) = desk.offered(LICENCE, &licence(company)).await;
    holder.receive(&offer).await.expect("received");
    holder
}

/// What a counter finds wrong with a credential that a rogue shows.
async fn found(counter: &Counter, rogue: &Rogue, credential: &Value, flaws: &[(&str, &str)]) {
    let asked = counter.ask("company-service").await;
    let request = counter.fetch(&asked).await;
    let shown = rogue.present(credential, &counter.client_id(), request.nonce(), &CLAIMS);
    counter.answer(&request, &shown).await.must(200);
    let decision = counter.decision(&asked).await;
    assert_eq!(decision.flaws(), flaws);
    assert_eq!(decision.verdict(), Some(if flaws.is_empty() { "accepted" } else { "refused" }));
}

#[test]
fn rotation_breaks_nothing() {
    play(async |play| {
        let counter = play.counter();
        let (running, desk) = others::issuer(play, "Rotating", &[LICENCE]).await;
        let before = received(play, &desk, "before-rotation", 90).await;
        // Credentials write whole seconds: a key that was there for less than one would be in none.
        tokio::time::sleep(Duration::from_millis(1100)).await;
        assert_eq!([desk.rotate("p256").await, desk.rotate("ed25519").await], ["key-4", "key-5"]);
        let after = received(play, &desk, "after-rotation", 91).await;
        for purpose in PURPOSES {
            present(&counter, &before, purpose).await.must_accept();
            present(&counter, &after, purpose).await.must_accept();
        }
        assert_eq!((before.card().await.state.id(), after.card().await.state.id()), ("valid", "valid"));
        running.shutdown().await;
    });
}

/// A thief who has the key file, and a licence of its own to copy from.
struct Thief {
    rogue: Rogue,
    key: SoftwareKey,
    own: Value,
}

impl Thief {
    async fn of(play: &Play, desk: &Desk, name: &str) -> Self {
        let secret = std::fs::read(others::keys_of(play, name).join("signing-p256.key")).unwrap();
        let key = SoftwareKey::from_secret_bytes(Algorithm::Es256, &secret).unwrap();
        let rogue = Rogue::default();
        let (_, offer) = desk.offered(LICENCE, &licence(92)).await;
        let [own] = rogue.collect(desk, &offer, [LICENCE_SD_JWT]).await;
        Self { rogue, key, own }
    }

    /// A licence of another company, for the thief, that says it was issued then. Its status is the thief's own, or at an
    /// entry that was never given out.
    fn forge(&self, issued_at: UnixSeconds, index: Option<u32>) -> Value {
        let good = sd_jwt::Unverified::parse(self.own.as_str().unwrap()).unwrap();
        let mut status = good.status().cloned().unwrap();
        if let Some(index) = index {
            status.registry.as_mut().unwrap().index = index;
            status.token.as_mut().unwrap().index = index.into();
        }
        let Value::Object(claims) = licence(93) else { panic!("claims are an object") };
        let forged = sd_jwt::Issuance {
            issuer: good.issuer().unwrap().to_owned(),
            kid: good.header().kid.clone(),
            x5c: None,
            vct: good.vct().unwrap().to_owned(),
            disclosable: claims.keys().map(|name| credentials::ClaimPath::top(name)).collect(),
            claims,
            holder: Some(self.rogue.public_key().clone()),
            issued_at,
            not_before: None,
            expires: good.times().exp,
            status: Some(status),
            decoys: 0,
        };
        Value::String(forged.sign(&self.key, &mut OsRng).unwrap())
    }

    fn issued(&self) -> UnixSeconds {
        sd_jwt::Unverified::parse(self.own.as_str().unwrap()).unwrap().times().iat.unwrap()
    }
}

async fn declare(desk: &Desk, since: UnixMillis, keep: bool) {
    desk.ask_compromised("key-3", since, keep).await.must(200);
    assert_eq!(desk.approve_compromised("key-3").await.status, 409, "not by the same person");
    others::second(desk).approve_compromised("key-3").await.must(200);
}

#[test]
fn of_a_stolen_key_what_was_before_is_kept_and_back_dated_times_do_not_help() {
    play(async |play| {
        let counter = play.counter();
        let (running, desk) = others::issuer(play, "Robbed", &[LICENCE]).await;
        let holder = received(play, &desk, "before-theft", 94).await;
        let thief = Thief::of(play, &desk, "Robbed").await;
        let forged = thief.forge(thief.issued(), None);
        found(&counter, &thief.rogue, &forged, RIGHT).await; // Nobody knows yet.
        tokio::time::sleep(Duration::from_millis(1100)).await;
        let since = clock::now();
        let late = received(play, &desk, "after-theft", 95).await;
        declare(&desk, since, true).await;

        for purpose in PURPOSES {
            present(&counter, &holder, purpose).await.must_accept();
        }
        assert_eq!(holder.card().await.state.id(), "valid", "the issuer stands by it");
        found(&counter, &thief.rogue, &thief.own, RIGHT).await;
        // Its date is as coarse as any, and says that it is from before; it is not one that the issuer stands by.
        let later = [("issuer_key_valid_when_issued", "key_compromised_later")];
        present(&counter, &late, "company-service").await.must_refuse(&later);
        present(&counter, &late, "licence-original").await.must_accept(); // By the other key.
        assert_eq!(late.card().await.state.id(), "not-trusted");

        let back_dated = thief.issued();
        for (name, forged) in [
            ("made before it was declared", forged),
            ("at the place of the thief's own", thief.forge(back_dated, None)),
            ("at a place that was never given out", thief.forge(back_dated, Some(77_777))),
        ] {
            println!("{name}");
            found(&counter, &thief.rogue, &forged, &later).await;
        }
        let stolen = [("issuer_key_valid_when_issued", "key_compromised")];
        found(&counter, &thief.rogue, &thief.forge(UnixSeconds(since.seconds() + 1), None), &stolen).await;
        let fresh = received(play, &desk, "after-declaration", 96).await;
        for purpose in PURPOSES {
            present(&counter, &fresh, purpose).await.must_accept();
        }
        running.shutdown().await;
    });
}

#[test]
fn of_a_stolen_key_nothing_counts_where_nothing_is_kept_and_holders_collect_again() {
    play(async |play| {
        let counter = play.counter();
        let (running, desk) = others::issuer(play, "Stripped", &[LICENCE]).await;
        let holder = Holder::new(play, "not-kept").await;
        let (application, offer) = desk.offered(LICENCE, &licence(97)).await;
        holder.receive(&offer).await.expect("received");
        tokio::time::sleep(Duration::from_millis(1100)).await;
        declare(&desk, clock::now(), false).await;
        let later = [("issuer_key_valid_when_issued", "key_compromised_later")];
        present(&counter, &holder, "company-service").await.must_refuse(&later);
        assert_eq!(holder.card().await.state.id(), "not-trusted");
        let again = Holder::new(play, "collected-again").await;
        again.receive(&desk.renewed(&application).await).await.expect("received again");
        for purpose in PURPOSES {
            present(&counter, &again, purpose).await.must_accept();
        }
        running.shutdown().await;
    });
}
