//! Issuing over HTTP: offer, token, nonce, credential, as a wallet that does no more than it must.

use std::sync::Arc;
use std::time::{Duration, Instant};

use credentials::jws::{self, Header};
use credentials::key::{Algorithm, Signer, SoftwareKey};
use rand_core::OsRng;
use reqwest::Method;
use serde_json::{Value, json};

use super::pace::per_second;
use crate::fault::{Done, Fault, OrFault};
use crate::stack::Stack;
use crate::story::desk::{Desk, OfferLetter};
use crate::story::letter::{Answer, form, send};

/// The type that is issued, in the form that counters ask for.
const TYPE: &str = "business-licence";
const CONFIGURATION: &str = "business-licence-sd-jwt";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";
/// Offers prepared before the first measurement, and at most.
const FIRST_OFFERS: usize = 96;
const MOST_OFFERS: usize = 60_000;

/// Issuances a second. Applying, approving and making the offers happen before.
pub(super) async fn per_s(stack: &Stack, http: &reqwest::Client, budget: Duration) -> Done<f64> {
    let urls = stack.urls();
    let issuer = urls.issuers.get("market-supervision");
    let issuer = issuer.ok_or_else(|| Fault::new("the licensing issuer is missing", ""))?;
    let desk = Desk::new(http, issuer, urls);
    let holder = Arc::new(SoftwareKey::generate(Algorithm::Es256, &mut OsRng));
    let start = Instant::now();
    let first = offers(&desk, FIRST_OFFERS).await?;
    run(&desk, &holder, first, Duration::from_secs(60)).await?;
    // Warm now, and the rate so far says how many offers the measurement can use up; twice as many are made.
    let rate = FIRST_OFFERS as f64 / start.elapsed().as_secs_f64();
    let wanted = (rate * budget.as_secs_f64() * 8.0).clamp(FIRST_OFFERS as f64, MOST_OFFERS as f64);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped just before")]
    let prepared = offers(&desk, wanted as usize).await?;
    run(&desk, &holder, prepared, budget).await
}

async fn run(
    desk: &Desk,
    holder: &Arc<SoftwareKey>,
    offers: Vec<OfferLetter>,
    budget: Duration,
) -> Done<f64> {
    let (desk, holder, offers) = (desk.clone(), holder.clone(), Arc::new(offers));
    let one = move |number: usize| {
        let (desk, holder, offers) = (desk.clone(), holder.clone(), offers.clone());
        async move {
            let Some(offer) = offers.get(number) else { return Ok(false) };
            collect(&desk, &holder, offer).await.map(|_| true)
        }
    };
    per_second(budget, one).await
}

/// One credential, bound to `holder`; its text.
pub(super) async fn one(desk: &Desk, holder: &SoftwareKey) -> Done<String> {
    let offer = offers(desk, 1).await?.pop();
    collect(desk, holder, &offer.ok_or_else(|| Fault::new("there is no offer", ""))?).await
}

pub(super) async fn offers(desk: &Desk, count: usize) -> Done<Vec<OfferLetter>> {
    let catalogue =
        credentials::catalogue::Catalogue::bundled().or_fault("this build is broken; report it")?;
    let kind = catalogue.by_id(TYPE).ok_or_else(|| Fault::new("the catalogue lacks a type", ""))?;
    let claims = Arc::new(kind.example());
    let each = count.div_ceil(16);
    let tasks = (0..16).map(|_| {
        let (desk, claims) = (desk.clone(), claims.clone());
        tokio::spawn(async move {
            let mut letters = Vec::with_capacity(each);
            for _ in 0..each {
                let application = desk.apply(TYPE, &claims).await?;
                desk.approve(&application).await?;
                letters.push(desk.offer(&application, false).await?);
            }
            Done::Ok(letters)
        })
    });
    let mut letters = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        letters.extend(task.await.or_fault("")??);
    }
    letters.truncate(count);
    Ok(letters)
}

/// Offer, token, nonce, credential.
pub(super) async fn collect(desk: &Desk, holder: &SoftwareKey, letter: &OfferLetter) -> Done<String> {
    let credential = collect_as(desk, holder, letter, CONFIGURATION).await?;
    credential.as_str().map(str::to_owned).ok_or_else(|| Fault::new("the credential is no token", ""))
}

/// The same in another form.
pub(super) async fn collect_as(
    desk: &Desk,
    holder: &SoftwareKey,
    letter: &OfferLetter,
    configuration: &str,
) -> Done<Value> {
    let (_, query) = letter.link.split_once('?').unwrap_or_default();
    let uri = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "credential_offer_uri");
    let uri = uri.map(|(_, uri)| uri.into_owned()).unwrap_or_default();
    let offer = send(&desk.http, Method::GET, &uri, None, None).await?.expect(200, "the offer")?;
    let code = offer.get("grants").and_then(|grants| grants.get(GRANT)?.get("pre-authorized_code")?.as_str());
    let fields = [
        ("grant_type", GRANT),
        ("pre-authorized_code", code.unwrap_or_default()),
        ("tx_code", letter.tx_code.as_str()),
    ];
    let token = form(&desk.http, &format!("{}/token", desk.url), &fields).await?.expect(200, "the token")?;
    let token = Answer::text(&token, "/access_token")?;
    let nonce = send(&desk.http, Method::POST, &format!("{}/nonce", desk.url), None, None)
        .await?
        .expect(200, "the nonce")?;
    let proof = proof(desk, holder, &Answer::text(&nonce, "/c_nonce")?)?;
    let request = json!({ "credential_configuration_id": configuration, "proofs": { "jwt": [proof] } });
    let url = format!("{}/credential", desk.url);
    let issued = send(&desk.http, Method::POST, &url, Some(&token), Some(request))
        .await?
        .expect(200, "the credential")?;
    let credential = issued.pointer("/credentials/0/credential").cloned();
    credential.ok_or_else(|| Fault::new("the issuer answers without a credential", ""))
}

fn proof(desk: &Desk, holder: &SoftwareKey, nonce: &str) -> Done<String> {
    let header = Header {
        typ: Some("openid4vci-proof+jwt".into()),
        jwk: Some(holder.public_key().to_jwk()),
        ..Header::default()
    };
    let claims: Value = json!({ "aud": desk.url, "iat": service::clock::now().seconds(), "nonce": nonce });
    jws::sign(&header, &claims, holder).or_fault("this build is broken; report it")
}
