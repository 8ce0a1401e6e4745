//! Addresses inside: a trap listens on this machine, and its address stands wherever a credential, a request, an offer or metadata can
//! name one. No service goes there, whoever signed it; a wallet goes where its holder's link leads, and never inside.

mod baits;
mod certified;
mod requests;
mod trap;
mod wallet;

use credentials::jwe::{self, Enc, EncryptionKey};
use credentials::key::{Algorithm, Jwk, SoftwareKey};
use credentials::sd_jwt;
use e2e::{Holder, LICENCE, LICENCE_SD_JWT, LICENCE_VC, Play, Rogue, TAX, token};
use protocol::limits::Form;
use rand_core::OsRng;
use serde_json::{Value, json};

use self::trap::Trap;
use crate::{STAGE, WHOLE, licence};

/// A purpose that takes the licence as SD-JWT VC, and all that it asks for.
const PART: &str = "company-service";
const CLAIMS: &[&str] = &["name", "creditCode", "legalRepresentative"];

/// What is shown to the tax bureau.
const TAKEN: &[&str] = &["name", "creditCode"];

/// A key that market supervision signs with, read from its folder: what it signs is genuine, whatever stands in it.
fn market_key(play: &Play, algorithm: Algorithm) -> SoftwareKey {
    let name = if algorithm == Algorithm::Es256 { "signing-p256.key" } else { "signing-ed25519.key" };
    let file = play.data.join("stack/issuers/market-supervision/keys").join(name);
    SoftwareKey::from_secret_bytes(algorithm, &std::fs::read(file).expect("a key")).expect("a key")
}

/// A licence in both formats, and the key that it is bound to.
async fn issued(play: &Play, company: usize) -> (Rogue, [Value; 2]) {
    let market = play.market();
    let (_, offer) = market.offered(LICENCE, &licence(company)).await;
    let rogue = Rogue::default();
    let credentials = rogue.collect(&market, &offer, [LICENCE_SD_JWT, LICENCE_VC]).await;
    (rogue, credentials)
}

#[test]
fn a_trap_knows_who_comes() {
    STAGE.play(async |play| {
        let behind = Trap::set().await;
        let trap = Trap::before(&behind).await;
        let holder = Holder::new(play, "walks into a trap").await;
        assert!(trap.came().await.is_empty());
        // A link that a holder scans is followed, here where the chain's own node is on this machine; where it leads on is not.
        let link = format!("openid-credential-offer://?credential_offer_uri={}/offer", trap.url);
        let refused = holder.wallet.preview_offer(&link).await.expect_err("no offer");
        assert!(matches!(refused, wallet_core::OfferRefused::Web(wallet_core::WebError::Redirected)));
        assert_eq!(trap.came().await, ["GET /offer HTTP/1.1"]);
        assert!(behind.came().await.is_empty(), "nobody is sent on");
    });
}

#[test]
fn no_token_leads_anybody_anywhere() {
    STAGE.play(async |play| {
        let behind = Trap::set().await;
        let trap = Trap::before(&behind).await;
        let (rogue, [credential, _]) = issued(play, 301).await;
        let credential = credential.as_str().expect("an SD-JWT VC");
        let signer = market_key(play, Algorithm::Es256);
        let mut accepted = Vec::new();
        for (name, put) in baits::tokens() {
            let spoiled = baits::token(credential, put, &format!("{}/{name}", trap.url), &signer);
            if everywhere(play, &rogue, &json!(spoiled)).await {
                accepted.push(name);
            }
        }
        // What changes nothing that counts is taken, so what stands there was looked at to the end.
        for name in ["jku", "x5u", "vctm"] {
            assert!(accepted.contains(&name), "{name} is among {accepted:?}");
        }
        for name in ["kid", "kid_did_web", "iss", "iss_did_web", "vct", "vct_integrity", "status_list_alone"]
        {
            assert!(!accepted.contains(&name), "{name} says who issued what, or where its status is");
        }
        let holder = Holder::new(play, "receives addresses").await;
        for (name, put) in baits::tokens() {
            let (_, offer) = play.market().offered(LICENCE, &licence(302)).await;
            let (url, key) = (format!("{}/{name}", trap.url), market_key(play, Algorithm::Es256));
            let spoiling = move |c: &Value| {
                Some(json!(baits::token(c.as_str()?, put, &url, &key)).to_string().into_bytes())
            };
            holder.receive_spoiled(&offer, Box::new(spoiling)).await.expect("the other format");
        }
        assert_eq!((trap.came().await, behind.came().await), (vec![], vec![]));
    });
}

#[test]
fn no_document_leads_anybody_anywhere() {
    STAGE.play(async |play| {
        let behind = Trap::set().await;
        let trap = Trap::before(&behind).await;
        let (rogue, [token, credential]) = issued(play, 303).await;
        let (ed25519, p256) = (market_key(play, Algorithm::EdDsa), market_key(play, Algorithm::Es256));
        let kid = key_named(&token);
        let (mut accepted, mut enveloped) = (Vec::new(), Vec::new());
        for (name, put) in baits::documents() {
            let url = format!("{}/{name}", trap.url);
            let spoiled = baits::document(&credential, put, &url, &ed25519);
            if everywhere(play, &rogue, &spoiled).await {
                accepted.push(name);
            }
            if verified(play, &baits::enveloped(&credential, put, &url, (&kid, &p256))).await {
                enveloped.push(name);
            }
        }
        // The issuer signed all of it: what counts is as it was, and the rest was looked at to the end.
        let harmless = [
            ["context", "context_imported", "id", "type", "issuer_image", "schema", "terms_of_use"]
                .as_slice(),
            &[
                "evidence",
                "refresh_service",
                "render_method",
                "related_resource",
                "status_list",
                "proof_domain",
            ],
        ];
        assert_eq!(accepted, harmless.concat());
        // In an envelope alone nobody asks whose it is.
        enveloped.retain(|name| !["subject", "subject_did_web"].contains(name));
        assert_eq!(enveloped, harmless.concat());
        let holder = Holder::new(play, "receives documents with addresses").await;
        for (name, put) in baits::documents() {
            let (_, offer) = play.market().offered(LICENCE, &licence(304)).await;
            let (url, key) = (format!("{}/{name}", trap.url), market_key(play, Algorithm::EdDsa));
            let spoiling = move |c: &Value| {
                c.is_object().then(|| baits::document(c, put, &url, &key).to_string().into_bytes())
            };
            holder.receive_spoiled(&offer, Box::new(spoiling)).await.expect("the other format");
        }
        assert_eq!((trap.came().await, behind.came().await), (vec![], vec![]));
    });
}

/// Gives a credential to every service that takes one; whether the counter accepted it.
async fn everywhere(play: &Play, rogue: &Rogue, credential: &Value) -> bool {
    verified(play, credential).await;
    let (base, staff) = (&play.urls().verifier.url, Some(play.urls().staff_token.as_str()));
    let alone = json!({"credential": credential});
    let answer = play.http.post_json(&format!("{base}/api/verify"), staff, &alone).await;
    assert!([200, 400].contains(&answer.status), "{}", answer.text());
    let url = format!("{base}/api/verify/batch");
    let answer = play.http.post(&url, staff, "application/x-ndjson", alone.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    one_stop(play, rogue, credential).await;

    let counter = play.counter();
    let (purpose, form) = if credential.is_string() { (PART, "dc+sd-jwt") } else { (WHOLE, "ldp_vc") };
    let asked = counter.ask(purpose).await;
    let request = counter.fetch(&asked).await;
    let shown = shown(rogue, credential, &counter.client_id(), request.nonce(), CLAIMS);
    counter.answer_with_bytes(&request, form, shown.to_string().as_bytes()).await;
    counter.decision(&asked).await.verdict() == Some("accepted")
}

/// By the VC-API, alone and presented; whether it verifies alone.
async fn verified(play: &Play, credential: &Value) -> bool {
    let base = &play.urls().verifier.url;
    let body = json!({"verifiableCredential": credential});
    let answer = play.http.post_json(&format!("{base}/credentials/verify"), None, &body).await;
    assert!([200, 400].contains(&answer.status), "{}", answer.text());
    let verifies = answer.status == 200;
    if credential.is_object() {
        let presentation = Rogue::default().present(credential, "here", "now", &[]);
        let body = json!({"verifiablePresentation": presentation, "options": {"challenge": "now", "domain": "here"}});
        let answer = play.http.post_json(&format!("{base}/presentations/verify"), None, &body).await;
        assert!([200, 400].contains(&answer.status), "{}", answer.text());
    }
    verifies
}

/// The key that an SD-JWT VC says it is signed with.
fn key_named(credential: &Value) -> String {
    let read = sd_jwt::Unverified::parse(credential.as_str().expect("an SD-JWT VC")).expect("reads");
    read.header().kid.clone().expect("named")
}

/// To the tax bureau, in the place of a form; it takes encrypted answers alone.
async fn one_stop(play: &Play, rogue: &Rogue, credential: &Value) {
    let tax = play.tax();
    let asked = tax.asks(TAX).await;
    let request = token::payload(&play.http.get(&asked.request_uri, None).await.text());
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let audience = format!("decentralized_identifier:{}", tax.did);
    let shown = shown(rogue, credential, &audience, &text(&request["nonce"]), TAKEN);
    let query = text(&request["dcql_query"]["credentials"][0]["id"]);
    let answer = json!({"vp_token": {query: [shown]}, "state": request["state"]});
    let key: Jwk =
        serde_json::from_value(request["client_metadata"]["jwks"]["keys"][0].clone()).expect("a key");
    let key = EncryptionKey::from_jwk(&key).expect("a key");
    let enc = Enc::named("A256GCM").expect("known");
    let sealed = jwe::encrypt(answer.to_string().as_bytes(), &key, enc, &mut OsRng).expect("encrypted");
    let form = Form::default().with("response", Some(&sealed));
    let answer = play.http.post_form(&text(&request["response_uri"]), &form).await;
    assert!([200, 400].contains(&answer.status), "{}", answer.text());
}

/// Presented by its holder; as it is where it can't even be read.
fn shown(rogue: &Rogue, credential: &Value, audience: &str, nonce: &str, names: &[&str]) -> Value {
    let is_readable = credential.as_str().is_none_or(|text| sd_jwt::Unverified::parse(text).is_ok());
    if is_readable { rogue.present(credential, audience, nonce, names) } else { credential.clone() }
}
