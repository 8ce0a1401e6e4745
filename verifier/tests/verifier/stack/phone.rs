//! A phone that answers requests, honestly unless told otherwise.

use std::time::Duration;

use credentials::data_integrity::Presenting;
use credentials::jwe::{self, Enc, EncryptionKey};
use credentials::key::{Algorithm, Signer, SoftwareKey};
use credentials::{ClaimPath, UnixSeconds, jws, mdoc, sd_jwt};
use protocol::openid4vp::{
    AuthorizationRequest, AuthorizationResponse, Presentation, ResponseMode, TransactionData, VpToken,
};
use protocol::{Format, Secret};
use reqwest::Client;
use serde_json::Value;
use service::{clock, outbound};

/// A credential on a phone.
#[derive(Clone)]
pub(crate) enum Card {
    SdJwt(String),
    Whole(Value),
    /// `IssuerSigned` in CBOR.
    Mdoc(Vec<u8>),
}

pub(crate) struct Phone {
    pub(crate) key: SoftwareKey,
    pub(crate) http: Client,
}

/// What a dishonest phone says instead of the truth.
#[derive(Default)]
pub(crate) struct Lies {
    pub(crate) nonce: Option<&'static str>,
    pub(crate) audience: Option<String>,
    pub(crate) key: Option<SoftwareKey>,
    /// Leaves the key binding off.
    pub(crate) strip_binding: bool,
    /// Shows these beside what was asked.
    pub(crate) also: Vec<&'static str>,
    /// Keeps these back.
    pub(crate) without: Vec<&'static str>,
    /// Seconds before now at which it says it signs.
    pub(crate) age: i64,
    pub(crate) state: Option<&'static str>,
    /// Signs without what was to be authorised.
    pub(crate) unauthorised: bool,
}

/// An HTTP answer, read.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Phone {
    pub(crate) fn new() -> Self {
        Self::of(77)
    }

    /// Another one for each number.
    pub(crate) fn of(number: u64) -> Self {
        Self {
            key: SoftwareKey::generate(Algorithm::Es256, &mut testkit::rng(number)),
            http: outbound::client(Duration::from_secs(20)),
        }
    }

    /// Fetches a request, without checking it.
    pub(crate) async fn fetch(&self, request_uri: &str) -> AuthorizationRequest {
        let text = self.http.get(request_uri).send().await.unwrap().text().await.unwrap();
        let token = jws::Unverified::parse(&text).unwrap();
        serde_json::from_value(Value::Object(token.dangerous_claims().clone())).unwrap()
    }

    /// Fetches a request and answers it with one card.
    pub(crate) async fn answer(&self, request_uri: &str, card: &Card, lies: Lies) -> Reply {
        let request = self.fetch(request_uri).await;
        let response = self.response(&request, card, &lies);
        self.post(&request, self.sealed(&request, &response)).await
    }

    /// The form of an answer, encrypted if the request asks so.
    pub(crate) fn sealed(&self, request: &AuthorizationRequest, response: &AuthorizationResponse) -> String {
        match sealed_to(request) {
            None => response.to_form().encode(),
            Some(key) => {
                let payload = response.to_payload().unwrap();
                let jwe = jwe::encrypt(&payload, &key, Enc::A256Gcm, &mut testkit::rng(8)).unwrap();
                AuthorizationResponse::Encrypted(jwe).to_form().encode()
            }
        }
    }

    /// What answers one credential query with this card.
    pub(crate) fn answering(&self, request: &AuthorizationRequest, id: &str, card: &Card) -> Presentation {
        let query = request.dcql_query.as_ref().unwrap();
        let part = query.credentials.iter().find(|part| part.id.as_str() == id).unwrap();
        let name = |claim: &protocol::dcql::ClaimQuery| match claim.path.steps() {
            [.., protocol::dcql::Step::Key(name)] => Some(name.clone()),
            _ => None,
        };
        let asked: Vec<String> = part.claims.iter().flatten().filter_map(name).collect();
        let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
        self.presentation(request, card, &asked, &Lies::default())
    }

    /// The answer itself.
    pub(crate) fn response(
        &self,
        request: &AuthorizationRequest,
        card: &Card,
        lies: &Lies,
    ) -> AuthorizationResponse {
        let format = match card {
            Card::SdJwt(_) => Format::SdJwtVc,
            Card::Whole(_) => Format::LdpVc,
            Card::Mdoc(_) => Format::MsoMdoc,
        };
        let query = request.dcql_query.as_ref().unwrap();
        let part =
            query.credentials.iter().find(|part| part.format == format).unwrap_or(&query.credentials[0]);
        let asked: Vec<&str> = part
            .claims
            .iter()
            .flatten()
            .filter_map(|claim| match claim.path.steps() {
                [.., protocol::dcql::Step::Key(name)] => Some(name.as_str()),
                _ => None,
            })
            .collect();
        let state = lies.state.map(Secret::from).or_else(|| request.state.clone());
        let presentation = self.presentation(request, card, &asked, lies);
        AuthorizationResponse::Presented { vp_token: VpToken::one(part.id.clone(), presentation), state }
    }

    fn presentation(
        &self,
        request: &AuthorizationRequest,
        card: &Card,
        asked: &[&str],
        lies: &Lies,
    ) -> Presentation {
        let key = lies.key.as_ref().unwrap_or(&self.key);
        let nonce = lies.nonce.unwrap_or(&request.nonce);
        let audience = lies.audience.as_deref().unwrap_or(request.client_id.as_str());
        let now = UnixSeconds(clock::now().seconds() - lies.age);
        match card {
            Card::SdJwt(text) => {
                let card = sd_jwt::Unverified::parse(text).unwrap();
                let held = card.dangerous_claims().clone();
                let names = asked.iter().chain(&lies.also).filter(|name| !lies.without.contains(name));
                let names: Vec<ClaimPath> = names
                    .filter(|name| held.get(**name).is_some())
                    .map(|name| ClaimPath::top(name))
                    .collect();
                let selection = card.select(&names).unwrap();
                if lies.strip_binding {
                    return Presentation::Text(selection.text().to_owned());
                }
                let transactions = request.transaction_data.iter().flatten().filter(|_| !lies.unauthorised);
                let transactions: Vec<_> =
                    transactions.map(|text| TransactionData::parse(text).unwrap()).collect();
                let signed = TransactionData::claims(&transactions.iter().collect::<Vec<_>>());
                let to_bind = selection.bind_with(audience, nonce, now, signed).unwrap();
                // Signed by hand: the credential's own key would refuse another key's signature.
                let signature = key.sign(to_bind.bytes()).unwrap();
                let bytes = String::from_utf8(to_bind.bytes().to_vec()).unwrap();
                let encoded = protocol_base64(&signature);
                Presentation::Text(format!("{}{bytes}.{encoded}", selection_text(text, &names)))
            }
            Card::Whole(credential) => {
                let holder = key.public_key().did_key();
                let presenting = Presenting {
                    holder: &holder,
                    credentials: vec![credential.clone()],
                    challenge: nonce,
                    domain: audience,
                    created: now,
                };
                let Value::Object(mut members) = presenting.sign(key).unwrap() else { panic!("an object") };
                if lies.strip_binding {
                    members.get_mut("proof").unwrap().as_object_mut().unwrap().remove("challenge");
                }
                Presentation::Object(members)
            }
            Card::Mdoc(bytes) => {
                let card = mdoc::Unverified::parse(bytes).unwrap();
                let names = asked.iter().chain(&lies.also).filter(|name| !lies.without.contains(name));
                let names: Vec<&str> = names.copied().collect();
                let held = card.dangerous_elements();
                let chosen = held.filter(|(_, name, _)| names.contains(name));
                let chosen: Vec<_> = chosen.map(|(space, name, _)| (space, name)).collect();
                let response_uri = request.response_uri.as_ref().unwrap().as_str();
                let thumbprint = sealed_to(request).map(|key| key.thumbprint().unwrap());
                let session =
                    mdoc::SessionTranscript::openid4vp(audience, nonce, thumbprint.as_ref(), response_uri);
                let to_bind = card.select(&chosen).unwrap().bind(&session);
                let response = to_bind.sign(key).unwrap();
                Presentation::Text(protocol_base64(&response))
            }
        }
    }

    /// Posts a form to where the request says.
    pub(crate) async fn post(&self, request: &AuthorizationRequest, form: String) -> Reply {
        self.post_to(request.response_uri.as_ref().unwrap().as_str(), form).await
    }

    pub(crate) async fn post_to(&self, uri: &str, form: String) -> Reply {
        let sent =
            self.http.post(uri).header("content-type", "application/x-www-form-urlencoded").body(form).send();
        Reply::read(sent.await.unwrap()).await
    }
}

impl Reply {
    pub(crate) async fn read(answer: reqwest::Response) -> Self {
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await.unwrap();
        Self { status, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
    }

    /// Its OAuth error code.
    pub(crate) fn error(&self) -> &str {
        self.body["error"].as_str().unwrap_or_default()
    }
}

/// The key that a request wants its answer encrypted to.
fn sealed_to(request: &AuthorizationRequest) -> Option<EncryptionKey> {
    (request.response_mode == Some(ResponseMode::DirectPostJwt)).then(|| {
        let asked = request.client_metadata.as_ref().unwrap().response_encryption().unwrap();
        let jwk = serde_json::from_value(Value::Object(asked.jwk)).unwrap();
        EncryptionKey::from_jwk(&jwk).unwrap()
    })
}

/// The thumbprint of the key that a request wants its answer encrypted to, in base64url.
pub(crate) fn thumbprint(request: &AuthorizationRequest) -> Option<String> {
    Some(protocol_base64(&sealed_to(request)?.thumbprint().unwrap()))
}

fn selection_text(card: &str, names: &[ClaimPath]) -> String {
    sd_jwt::Unverified::parse(card).unwrap().select(names).unwrap().text().to_owned()
}

fn protocol_base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
