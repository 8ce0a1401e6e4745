//! Certificates beside an SD-JWT VC that say something else than the credential does. The issuer's own key signed all of it, so nothing
//! else is wrong with it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use credentials::key::{Algorithm, PublicKey, Signer as _, SoftwareKey};
use credentials::sd_jwt::Unverified;
use credentials::x509::{ANY_PURPOSE, Certifying};
use e2e::{Holder, LICENCE, LICENCE_SD_JWT, Rogue, others};
use rand_core::OsRng;
use serde_json::{Value, json};
use wallet_core::{ReceiveError, Rejected};

use crate::{STAGE, licence, now, signed_again};

const NAME: &str = "Certifier";
/// A purpose, and all that it asks for.
const PURPOSE: &str = "company-service";
const CLAIMS: &[&str] = &["name", "creditCode", "legalRepresentative"];

/// A certificate of this key that names it so.
fn certificate(key: &PublicKey, uri: &str) -> String {
    let authority = SoftwareKey::generate(Algorithm::Es256, &mut OsRng);
    let certifying = Certifying {
        issuer: "C=CN,CN=Authority",
        subject: "C=CN,CN=Signer",
        uri: Some(uri),
        serial: &[7; 16],
        from: now().plus(-60),
        until: now().plus(3600),
        purpose: Some(ANY_PURPOSE),
    };
    BASE64.encode(certifying.sign(key, &authority).expect("made"))
}

/// The credential signed anew with these certificates.
pub(crate) fn with(credential: &str, x5c: &[String], signer: &SoftwareKey) -> String {
    signed_again(credential, signer, |header, _| header.x5c = Some(x5c.to_vec()))
}

#[test]
fn what_contradicts_the_credential_is_refused_by_name_everywhere() {
    STAGE.play(async |play| {
        let (running, desk) = others::issuer(play, NAME, &[LICENCE]).await;
        let secret = std::fs::read(others::keys_of(play, NAME).join("signing-p256.key")).expect("its key");
        let signer = SoftwareKey::from_secret_bytes(Algorithm::Es256, &secret).expect("a key");
        let (key, other) = (signer.public_key(), SoftwareKey::generate(Algorithm::Es256, &mut OsRng));
        let rogue = Rogue::default();
        let (_, offer) = desk.offered(LICENCE, &licence(161)).await;
        let [credential] = rogue.collect(&desk, &offer, [LICENCE_SD_JWT]).await;
        let credential = credential.as_str().expect("an SD-JWT VC").to_owned();
        let read = Unverified::parse(&credential).expect("reads");
        let kid = read.header().kid.clone().expect("named");
        let own = read.header().x5c.clone().expect("certified");
        let market = format!("{}#key-3", play.market().did);
        let counter = play.counter();
        let holder = Holder::new(play, "shows certificates").await;
        let cases = [
            ("as_issued", own.clone(), None),
            ("another_authority", vec![certificate(key, &kid)], None),
            ("nothing_named", vec![certificate(key, "https://issuer.example")], None),
            ("another_key", vec![certificate(other.public_key(), &kid)], Some("certificate_of_another_key")),
            (
                "behind_the_right_one",
                vec![certificate(other.public_key(), &kid), own[0].clone()],
                Some("certificate_of_another_key"),
            ),
            (
                "another_name",
                vec![certificate(key, &kid.replace("#key-3", "#key-2"))],
                Some("certificate_names_another_key"),
            ),
            ("anothers_name", vec![certificate(key, &market)], Some("certificate_names_another_key")),
            ("no_certificate", vec!["MIIB".to_owned()], Some("certificate_unreadable")),
            ("no_base64", vec!["!".to_owned()], Some("certificate_unreadable")),
            ("none_of_them", Vec::new(), Some("certificate_unreadable")),
        ];
        for (company, (name, x5c, flaw)) in (162..).zip(cases) {
            let spoiled = with(&credential, &x5c, &signer);
            let found = Unverified::parse(&spoiled).expect("reads").check_issuer(key, now());
            let ids: Vec<_> = found.flaws().iter().map(|flaw| flaw.id()).collect();
            assert_eq!(ids, Vec::from_iter(flaw), "{name} in the library");

            let asked = counter.ask(PURPOSE).await;
            let request = counter.fetch(&asked).await;
            let shown = rogue.present(&json!(spoiled), &counter.client_id(), request.nonce(), CLAIMS);
            let answer = counter.answer(&request, &shown).await;
            let decision = counter.decision(&asked).await;
            match flaw {
                None => {
                    assert_eq!(answer.status, 200, "{name} at the counter: {}", answer.text());
                    decision.must_accept();
                }
                Some(flaw) => {
                    assert_eq!(answer.status, 400, "{name} at the counter: {}", answer.text());
                    decision.must_refuse(&[("issuer_signature", flaw)]);
                }
            }

            let (_, offer) = desk.offered(LICENCE, &licence(company)).await;
            let signer = SoftwareKey::from_secret_bytes(Algorithm::Es256, &secret).expect("a key");
            let spoiling = move |c: &Value| {
                c.as_str().map(|text| json!(with(text, &x5c, &signer)).to_string().into_bytes())
            };
            let received =
                holder.receive_spoiled(&offer, Box::new(spoiling)).await.expect("the other format");
            let why: Vec<_> = received.failed.iter().map(|one| &one.error).collect();
            match (flaw, why.as_slice()) {
                (None, []) => {}
                (Some(flaw), [ReceiveError::Rejected(Rejected::Flawed(refused))]) => {
                    assert_eq!(refused.flaws()[0].id(), flaw, "{name} at the wallet");
                }
                _ => panic!("{name} at the wallet: {why:?}"),
            }
        }
        running.shutdown().await;
    });
}
