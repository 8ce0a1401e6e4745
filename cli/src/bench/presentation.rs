//! Presenting over HTTP: the counter asks, a wallet that does no more than it must answers, encrypted, the counter decides. The
//! wallet's cryptography is ring's: it runs on the same processors, and is not what is measured.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credentials::key::{Algorithm, SoftwareKey};
use credentials::{ClaimPath, UnixSeconds, sd_jwt};
use rand_core::{OsRng, RngCore as _};
use serde_json::{Value, json};
use verifier::RequestSigner;
use zeroize::Zeroizing;

use super::issuance;
use super::pace::per_second;
use super::sealing::seal;
use crate::fault::{Done, Fault, OrFault};
use crate::stack::Stack;
use crate::story::counter::{Asked, Counter};
use crate::story::desk::Desk;
use crate::story::letter::form;
use crate::story::teller::must;

/// Requests of a presentation: ask, signed request, answer.
pub(super) const PRESENTATION_TRIPS: f64 = 3.0;
pub(super) const PURPOSE: &str = "company-service";
pub(super) const QUERY: &str = "business-licence-sd-jwt";
/// Each so-manieth decision is read and must be an acceptance.
const LOOK_AT: usize = 200;

/// Presentations a second, from asking to the decision.
pub(super) async fn per_s(stack: &Stack, http: &reqwest::Client, budget: Duration) -> Done<f64> {
    let phone = Arc::new(Phone::with_licence(stack, http).await?);
    let one = move |number: usize| {
        let phone = phone.clone();
        async move { phone.show(number.is_multiple_of(LOOK_AT)).await.map(|_| true) }
    };
    per_second(budget, one).await
}

/// A phone with a business licence.
pub(super) struct Phone {
    pub(super) credential: String,
    pub(super) holder: SoftwareKey,
    /// The same key.
    signer: RequestSigner,
    counter: Counter,
}

impl Phone {
    /// Has a licence issued.
    pub(super) async fn with_licence(stack: &Stack, http: &reqwest::Client) -> Done<Self> {
        let urls = stack.urls();
        let issuer = urls.issuers.get("market-supervision");
        let issuer = issuer.ok_or_else(|| Fault::new("the licensing issuer is missing", ""))?;
        let mut secret = Zeroizing::new([0; 32]);
        OsRng.fill_bytes(secret.as_mut());
        let todo = "this build is broken; report it";
        let holder = SoftwareKey::from_secret_bytes(Algorithm::Es256, secret.as_slice()).or_fault(todo)?;
        let signer = RequestSigner::new(&secret).or_fault(todo)?;
        let credential = issuance::one(&Desk::new(http, issuer, urls), &holder).await?;
        let counter =
            Counter { http: http.clone(), url: urls.verifier.url.clone(), token: urls.staff_token.clone() };
        Ok(Self { credential, holder, signer, counter })
    }

    /// Is asked and answers; how long it took from posting the answer to its being taken. With `look` the decision is read, and
    /// must be an acceptance.
    pub(super) async fn show(&self, look: bool) -> Done<Duration> {
        let asked = self.counter.ask(PURPOSE, None).await?;
        let request = self.request(&asked).await?;
        let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default();
        let presentation = self.presentation(text("client_id"), text("nonce"))?;
        let answer = json!({ "vp_token": { QUERY: [presentation] }, "state": text("state") });
        let key = request.pointer("/client_metadata/jwks/keys/0").unwrap_or(&Value::Null);
        let sealed = seal(answer.to_string().as_bytes(), key)?;
        let fields = [("response", sealed.as_str())];
        let posted = Instant::now();
        form(&self.counter.http, text("response_uri"), &fields).await?.expect(200, "the answer")?;
        let took = posted.elapsed();
        if look {
            let decided = self.counter.decision(&asked).await?;
            must!(decided.decision == "accepted", "the counter should accept: {}", decided.body);
        }
        Ok(took)
    }

    /// The claims of the signed request. A real wallet checks the signature: `huizheng demo --story` shows it.
    async fn request(&self, asked: &Asked) -> Done<Value> {
        let url = format!("{}/requests/{}/object", self.counter.url, asked.id);
        let answer = self.counter.http.get(url).send().await.or_fault("the counter should answer")?;
        let token = answer.text().await.or_fault("the counter should answer")?;
        let payload =
            token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok()).unwrap_or_default();
        serde_json::from_slice(&payload).or_fault("the request should be a signed token")
    }

    pub(super) fn presentation(&self, audience: &str, nonce: &str) -> Done<String> {
        let todo = "this build is broken; report it";
        let chosen = ["name", "creditCode", "legalRepresentative"].map(ClaimPath::top);
        let now = UnixSeconds(service::clock::now().seconds());
        let selection =
            sd_jwt::Unverified::parse(&self.credential).or_fault(todo)?.select(&chosen).or_fault(todo)?;
        selection.bind(audience, nonce, now).or_fault(todo)?.sign(&self.signer).or_fault(todo)
    }
}
