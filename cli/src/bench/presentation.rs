//! Presenting over HTTP: the counter asks, a wallet that does no more than it must answers, encrypted, the counter decides. What the wallet
//! can have ready is ready: its connection, its keys, the choice of claims. It runs on this machine's processors too, so its cryptography
//! is ring's and its HTTP no more than it takes: it is not what is measured.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credentials::key::{Algorithm, SoftwareKey};
use credentials::sd_jwt::{self, Selection};
use credentials::{ClaimPath, UnixSeconds};
use rand_core::{OsRng, RngCore as _};
use serde::Deserialize;
use serde_json::json;
use verifier::RequestSigner;
use zeroize::Zeroizing;

use super::issuance;
use super::pace::per_second;
use super::sealing::{To, seal};
use super::wallets::Wallets;
use super::wire::{Wires, request};
use crate::fault::{Done, Fault, OrFault};
use crate::stack::Stack;
use crate::story::desk::Desk;
use crate::story::teller::must;

/// Requests of a presentation: ask, signed request, answer.
pub(super) const PRESENTATION_TRIPS: f64 = 3.0;
pub(super) const PURPOSE: &str = "company-service";
pub(super) const QUERY: &str = "business-licence-sd-jwt";
/// Each so-manieth decision is read and must be an acceptance.
const LOOK_AT: usize = 200;
const BROKEN: &str = "this build is broken; report it";
const FORM: &str = "content-type: application/x-www-form-urlencoded\r\n";

/// Presentations a second, from asking to the decision.
pub(super) async fn per_s(
    stack: &Stack,
    http: &reqwest::Client,
    wallets: &Wallets,
    budget: Duration,
) -> Done<f64> {
    let phone = Arc::new(Phone::with_licence(stack, http).await?);
    let one = move |number: usize| {
        let phone = phone.clone();
        async move { phone.show(number.is_multiple_of(LOOK_AT)).await.map(|_| true) }
    };
    Ok(wallets.run(per_second(budget, one)).await?.done)
}

/// A phone with a business licence, at a counter.
pub(super) struct Phone {
    pub(super) credential: String,
    pub(super) holder: SoftwareKey,
    /// The same key.
    signer: RequestSigner,
    /// What it shows, whoever asks.
    chosen: Selection,
    counter: Wires,
    /// The clerk's part.
    asking: String,
    token: String,
}

/// What is put on the counter's screen.
#[derive(Deserialize)]
struct Asked<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
}

/// What this wallet needs of the signed request. A real one checks the signature: `huizheng demo --story` shows it.
#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    client_id: Cow<'a, str>,
    #[serde(borrow)]
    nonce: Cow<'a, str>,
    #[serde(borrow)]
    state: Cow<'a, str>,
    #[serde(borrow)]
    response_uri: Cow<'a, str>,
    #[serde(borrow)]
    client_metadata: Metadata<'a>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow)]
    jwks: Keys<'a>,
}

#[derive(Deserialize)]
struct Keys<'a> {
    #[serde(borrow)]
    keys: [To<'a>; 1],
}

/// What came of it.
#[derive(Deserialize)]
struct Decided<'a> {
    #[serde(borrow)]
    decision: Option<Cow<'a, str>>,
}

impl Phone {
    /// Has a licence issued.
    pub(super) async fn with_licence(stack: &Stack, http: &reqwest::Client) -> Done<Self> {
        let urls = stack.urls();
        let issuer = urls.issuers.get("market-supervision");
        let issuer = issuer.ok_or_else(|| Fault::new("the licensing issuer is missing", ""))?;
        let mut secret = Zeroizing::new([0; 32]);
        OsRng.fill_bytes(secret.as_mut());
        let holder = SoftwareKey::from_secret_bytes(Algorithm::Es256, secret.as_slice()).or_fault(BROKEN)?;
        let signer = RequestSigner::new(&secret).or_fault(BROKEN)?;
        let credential = issuance::one(&Desk::new(http, issuer, urls), &holder).await?;
        let chosen = ["name", "creditCode", "legalRepresentative"].map(ClaimPath::top);
        let read = sd_jwt::Unverified::parse(&credential).or_fault(BROKEN)?;
        let chosen = read.select(&chosen).or_fault(BROKEN)?;
        let host = urls.verifier.url.strip_prefix("http://");
        let counter = Wires::to(host.ok_or_else(|| Fault::new("the counter should answer HTTP", BROKEN))?);
        let token = format!("authorization: Bearer {}\r\n", urls.staff_token);
        let headers = format!("{token}content-type: application/json\r\n");
        let body = json!({ "purpose": PURPOSE }).to_string();
        let asking = request("POST /api/requests", &counter.host, &headers, Some(&body));
        Ok(Self { credential, holder, signer, chosen, counter, asking, token })
    }

    /// Is asked and answers; how long it took from posting the answer to its being taken. With `look` the decision is read, and
    /// must be an acceptance.
    pub(super) async fn show(&self, look: bool) -> Done<Duration> {
        let mut wire = self.counter.take().await?;
        let host = &self.counter.host;
        let asked = wire.exchange(self.asking.as_bytes()).await?.expect(201, "asking")?;
        let id = serde_json::from_slice::<Asked<'_>>(asked).or_fault(BROKEN)?.id.into_owned();
        let fetching = request(&format!("GET /requests/{id}/object"), host, "", None);
        let token = wire.exchange(fetching.as_bytes()).await?.expect(200, "the request")?;
        let answer = self.answer(token)?;
        let posted = Instant::now();
        wire.exchange(answer.as_bytes()).await?.expect(200, "the answer")?;
        let took = posted.elapsed();
        if look {
            let reading = request(&format!("GET /api/requests/{id}"), host, &self.token, None);
            let read = wire.exchange(reading.as_bytes()).await?.expect(200, "the decision")?;
            let decided: Decided<'_> = serde_json::from_slice(read).or_fault(BROKEN)?;
            let accepted = decided.decision.as_deref() == Some("accepted");
            must!(accepted, "the counter should accept: {}", String::from_utf8_lossy(read));
        }
        self.counter.give_back(wire);
        Ok(took)
    }

    /// The answer to a signed request, to be sent as it is.
    fn answer(&self, token: &[u8]) -> Done<String> {
        let payload = token.split(|byte| *byte == b'.').nth(1).unwrap_or_default();
        let payload = URL_SAFE_NO_PAD.decode(payload).or_fault(BROKEN)?;
        let asked: Request<'_> =
            serde_json::from_slice(&payload).or_fault("the counter should ask for an encrypted answer")?;
        let presentation = self.presentation(&asked.client_id, &asked.nonce)?;
        // Neither has anything in it that JSON would write otherwise.
        let answer = format!(r#"{{"vp_token":{{"{QUERY}":["{presentation}"]}},"state":"{}"}}"#, asked.state);
        let [key] = &asked.client_metadata.jwks.keys;
        let host = &self.counter.host;
        let path = asked.response_uri.strip_prefix("http://").and_then(|rest| rest.strip_prefix(host));
        let path = path.ok_or_else(|| Fault::new("the answer should go to the counter", BROKEN))?;
        // Neither has a compact JWE anything that a form would.
        let body = format!("response={}", seal(answer.as_bytes(), key)?);
        Ok(request(&format!("POST {path}"), host, FORM, Some(&body)))
    }

    pub(super) fn presentation(&self, audience: &str, nonce: &str) -> Done<String> {
        let now = UnixSeconds(service::clock::now().seconds());
        let bound = self.chosen.clone().bind(audience, nonce, now).or_fault(BROKEN)?;
        bound.sign(&self.signer).or_fault(BROKEN)
    }
}
