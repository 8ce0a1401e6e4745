//! One citizen's story, step by step, and how far it was acknowledged.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::catalogue::Catalogue;
use credentials::jwe::{self, Enc, EncryptionKey};
use credentials::jws::{self, Header};
use credentials::key::{Algorithm, Jwk, Signer as _, SoftwareKey};
use credentials::{ClaimPath, UnixSeconds, sd_jwt};
use protocol::limits::Form;
use protocol::openid4vci::{OfferLink, PRE_AUTHORIZED_CODE, PROOF_TYPE};
use rand_core::OsRng;
use registry::{RecordKey, Status, StatusListId, history};
use serde_json::{Value, json};

use crate::demo::{Network, NotAcknowledged};

const CONFIGURATION: &str = "business-licence-sd-jwt";
/// Copies of the credential: what is done to it is done to each.
const COPIES: usize = 3;

/// What was acknowledged last. Of the next one nobody knows whether it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Acknowledged {
    Nothing,
    Submitted,
    Approved,
    Redeemed,
    Received,
    Presented,
    Suspended,
    Reinstated,
    Revoked,
}

pub(crate) struct Story {
    keys: [SoftwareKey; COPIES],
    so_far: Acknowledged,
    application: String,
    secret: String,
    token: String,
    credentials: Vec<String>,
    request: String,
}

impl Default for Story {
    fn default() -> Self {
        Self {
            keys: [(); COPIES].map(|()| SoftwareKey::generate(Algorithm::Es256, &mut OsRng)),
            so_far: Acknowledged::Nothing,
            application: String::new(),
            secret: String::new(),
            token: String::new(),
            credentials: Vec::new(),
            request: String::new(),
        }
    }
}

impl Story {
    pub(crate) fn is_over(&self) -> bool {
        self.so_far == Acknowledged::Revoked
    }

    /// Takes the next step; done before or not, it must succeed as long as somebody answers.
    pub(crate) async fn go_on(&mut self, network: &Network) -> Result<(), NotAcknowledged> {
        self.so_far = match self.so_far {
            Acknowledged::Nothing => self.submit(network).await?,
            Acknowledged::Submitted => self.approve(network).await?,
            Acknowledged::Approved => self.redeem(network).await?,
            Acknowledged::Redeemed => self.receive(network).await?,
            Acknowledged::Received => self.present(network).await?,
            Acknowledged::Presented => self.change(network, "suspend", Acknowledged::Suspended).await?,
            Acknowledged::Suspended => self.change(network, "reinstate", Acknowledged::Reinstated).await?,
            Acknowledged::Reinstated | Acknowledged::Revoked => {
                self.change(network, "revoke", Acknowledged::Revoked).await?
            }
        };
        Ok(())
    }

    /// Whether it is on the phone.
    pub(crate) fn was_received(&self) -> bool {
        self.so_far >= Acknowledged::Received
    }

    /// Whether the counter has accepted it.
    pub(crate) fn was_presented(&self) -> bool {
        self.so_far >= Acknowledged::Presented
    }

    /// Presents what was received, once more.
    pub(crate) async fn is_accepted(&mut self, network: &Network) {
        self.so_far = self.present(network).await.expect("an answer");
        self.must_be_there(network).await;
    }

    fn at_market(&self, network: &Network, what: &str) -> String {
        format!("{}/api/applications/{}{what}", network.market().url, self.application)
    }

    async fn submit(&mut self, network: &Network) -> Result<Acknowledged, NotAcknowledged> {
        let kind = Catalogue::bundled().expect("reads").by_id("business-licence").expect("a type");
        let sent = json!({"type": kind.id, "claims": kind.example()});
        let url = format!("{}/api/applications", network.market().url);
        let (status, body) = network.post(&url, None, &sent).await?;
        assert_eq!(status, 201, "{body}");
        (self.application, self.secret) = (text(&body, "id"), text(&body, "secret"));
        Ok(Acknowledged::Submitted)
    }

    async fn approve(&self, network: &Network) -> Result<Acknowledged, NotAcknowledged> {
        let url = self.at_market(network, "/approve");
        let (status, body) = network.post(&url, Some(&network.urls.staff_token), &json!({})).await?;
        let before = status == 409 && (body["state"] == "approved" || body["state"] == "issued");
        assert!(status == 200 || before, "{status} {body}");
        Ok(Acknowledged::Approved)
    }

    /// With a new offer each time: the one before may have been used up.
    async fn redeem(&mut self, network: &Network) -> Result<Acknowledged, NotAcknowledged> {
        let market = &network.market().url;
        let url = self.at_market(network, "/offer");
        let (status, offer) = network.post(&url, Some(&self.secret), &json!({})).await?;
        assert_eq!(status, 200, "{offer}");
        let Ok(OfferLink::Value(inside)) = OfferLink::parse(&text(&offer, "offer_uri_by_value")) else {
            panic!("no offer")
        };
        let form = Form::default()
            .with("grant_type", Some(PRE_AUTHORIZED_CODE))
            .with("pre-authorized_code", inside.pre_authorized().map(|grant| grant.code.expose()))
            .with("tx_code", offer["tx_code"].as_str());
        let (status, token) = network.post_form(&format!("{market}/token"), form.encode()).await?;
        assert_eq!(status, 200, "{token}");
        self.token = text(&token, "access_token");
        Ok(Acknowledged::Redeemed)
    }

    /// With the same token and keys each time: an answer that was lost comes again.
    async fn receive(&mut self, network: &Network) -> Result<Acknowledged, NotAcknowledged> {
        let market = &network.market().url;
        let (status, nonce) = network.post(&format!("{market}/nonce"), None, &json!({})).await?;
        assert_eq!(status, 200, "{nonce}");
        let claims = json!({"aud": market, "iat": now().0, "nonce": nonce["c_nonce"]});
        let proof = |key: &SoftwareKey| {
            let header = Header::typed(PROOF_TYPE).with_jwk(key.public_key().to_jwk());
            jws::sign(&header, &claims, key).expect("signed")
        };
        let proofs: Vec<_> = self.keys.iter().map(proof).collect();
        let sent = json!({"credential_configuration_id": CONFIGURATION, "proofs": {"jwt": proofs}});
        let url = format!("{market}/credential");
        let (status, body) = network.post(&url, Some(&self.token), &sent).await?;
        assert_eq!(status, 200, "{body}");
        let credentials = body["credentials"].as_array().expect("credentials");
        assert_eq!(credentials.len(), COPIES, "a copy for each key");
        self.credentials = credentials.iter().map(|one| text(one, "credential")).collect();
        Ok(Acknowledged::Received)
    }

    async fn present(&mut self, network: &Network) -> Result<Acknowledged, NotAcknowledged> {
        let (counter, staff) = (&network.urls.verifier, Some(network.urls.staff_token.as_str()));
        let wish = json!({"purpose": "company-service", "response_mode": "direct_post"});
        let (status, asked) = network.post(&format!("{}/api/requests", counter.url), staff, &wish).await?;
        assert_eq!(status, 201, "{asked}");
        let request = request(network, &text(&asked, "request_uri")).await?;
        let answer = self.answer(&request, &["name", "creditCode", "legalRepresentative"]);
        let (status, body) = network.post_form(&text(&request, "response_uri"), answer).await?;
        assert_eq!(status, 200, "{body}");
        self.request = text(&asked, "id");
        Ok(Acknowledged::Presented)
    }

    /// Shows these claims to whoever asks.
    fn answer(&self, request: &Value, claims: &[&str]) -> String {
        let paths: Vec<_> = claims.iter().map(|claim| ClaimPath::top(claim)).collect();
        let held = sd_jwt::Unverified::parse(&self.credentials[0]).expect("an SD-JWT VC");
        let shown = held.select(&paths).expect("claims");
        let shown = shown.bind(&text(request, "client_id"), &text(request, "nonce"), now());
        let shown = shown.expect("bound").sign(&self.keys[0]).expect("signed");
        let query = text(&request["dcql_query"]["credentials"][0], "id");
        let (vp_token, state) = (json!({query: [shown]}), &request["state"]);
        if request["response_mode"] != "direct_post.jwt" {
            let form = Form::default().with("vp_token", Some(&vp_token.to_string()));
            return form.with("state", state.as_str()).encode();
        }
        let jwk: Jwk =
            serde_json::from_value(request["client_metadata"]["jwks"]["keys"][0].clone()).expect("a key");
        let key = EncryptionKey::from_jwk(&jwk).expect("to encrypt to");
        let answer = json!({"vp_token": vp_token, "state": state}).to_string();
        let sealed = jwe::encrypt(answer.as_bytes(), &key, Enc::A256Gcm, &mut OsRng).expect("sealed");
        Form::default().with("response", Some(&sealed)).encode()
    }

    /// Shows the licence in the place of a form: an answer to another request is refused, the right one becomes an application that
    /// is approved at once.
    pub(crate) async fn becomes_a_tax_registration(&self, network: &Network) {
        let url = format!("{}/api/presentations", network.market().url);
        let mut asked = Vec::new();
        for _ in 0..2 {
            let wish = json!({"type": "tax-registration"});
            let (status, body) = network.post(&url, None, &wish).await.expect("an answer");
            assert_eq!(status, 201, "{body}");
            let request = request(network, &text(&body, "request_uri")).await.expect("an answer");
            asked.push((format!("{url}/{}", text(&body, "id")), request));
        }
        let [(forged_at, forged), (right_at, right)] = asked.as_slice() else { unreachable!("two") };
        let mut mixed = forged.clone();
        mixed["nonce"] = right["nonce"].clone();
        for (request, answer, status, at, state) in [
            (forged, self.answer(&mixed, &["name", "creditCode"]), 400, forged_at, "refused"),
            (right, self.answer(right, &["name", "creditCode"]), 200, right_at, "accepted"),
        ] {
            let sent = network.post_form(&text(request, "response_uri"), answer).await.expect("an answer");
            assert_eq!(sent.0, status, "{}", sent.1);
            let (_, seen) = network.get(at, "").await.expect("an answer");
            assert_eq!(seen["state"], state, "{seen}");
        }
    }

    async fn change(
        &self,
        network: &Network,
        change: &str,
        done: Acknowledged,
    ) -> Result<Acknowledged, NotAcknowledged> {
        let url = format!("{}/{change}", self.credential_url(network).await?);
        let sent = json!({"reason": "测试"});
        let (status, body) = network.post(&url, Some(&network.urls.staff_token), &sent).await?;
        let code = body["type"].as_str().unwrap_or_default();
        match status {
            200 => Ok(done),
            // The killed process had done it.
            409 if code.ends_with(":already") || code.ends_with(":revocation-final") => Ok(done),
            // The killed process had begun it, and the one that runs now is about to end it.
            409 if code.ends_with(":change-pending") => Ok(self.so_far),
            _ => panic!("{status} {body}"),
        }
    }

    async fn credential_url(&self, network: &Network) -> Result<String, NotAcknowledged> {
        let seen = network.get(&self.at_market(network, ""), &network.urls.staff_token).await?.1;
        Ok(format!("{}/api/credentials/{}", network.market().url, text(&seen["credentials"], CONFIGURATION)))
    }

    /// All that was acknowledged is there, and at most the next step beyond it.
    pub(crate) async fn must_be_there(&self, network: &Network) {
        let staff = &network.urls.staff_token;
        if self.so_far < Acknowledged::Submitted {
            return;
        }
        let (status, seen) = network.get(&self.at_market(network, ""), staff).await.expect("an answer");
        assert_eq!(status, 200, "{seen}");
        let kind = Catalogue::bundled().expect("reads").by_id("business-licence").expect("a type");
        assert_eq!(seen["claims"], kind.example(), "the claims are whole");
        let approved = seen["state"] == "approved" || seen["state"] == "issued";
        assert!(approved || seen["state"] == "submitted", "{seen}");
        assert!(approved || self.so_far == Acknowledged::Submitted, "{:?}: {seen}", self.so_far);
        let received = seen["credentials"].get(CONFIGURATION).is_some();
        assert!(received || self.so_far < Acknowledged::Received, "{:?}: {seen}", self.so_far);
        assert!(!received || self.so_far >= Acknowledged::Redeemed, "{:?}: {seen}", self.so_far);
        if received {
            self.status_must_agree(network).await;
        }
        if self.so_far >= Acknowledged::Presented {
            let url = format!("{}/api/requests/{}", network.urls.verifier.url, self.request);
            let (status, decided) = network.get(&url, staff).await.expect("an answer");
            assert_eq!((status, decided["decision"].as_str()), (200, Some("accepted")), "{decided}");
        }
    }

    /// The issuer and the chain say the same of every copy, and no less than was acknowledged.
    async fn status_must_agree(&self, network: &Network) {
        let url = self.credential_url(network).await.expect("an answer");
        let (_, seen) = network.get(&url, &network.urls.staff_token).await.expect("an answer");
        assert_eq!(seen["copies"], COPIES, "{seen}");
        let number = |name: &str| u32::try_from(seen[name].as_u64().expect("a number")).expect("small");
        let mut places = self.places();
        let owner = network.market().did.clone();
        let first = (StatusListId { owner, number: number("status_list") }, number("status_index"));
        assert!(places.is_empty() || places.contains(&first), "{places:?}: {seen}");
        places.insert(first);
        let chunk = |(list, index): &(StatusListId, u32)| RecordKey::chunk_of(list, *index);
        // Together, so of one block.
        let chunks: Vec<_> = places.iter().map(chunk).collect::<BTreeSet<_>>().into_iter().collect();
        let proven = network.chain.proven(&chunks).await.expect("evidence");
        let on_chain: Vec<_> = places
            .iter()
            .map(|place| {
                let fact = proven.iter().find(|fact| *fact.key() == chunk(place)).expect("asked for");
                history::status_at(fact, &place.0, place.1).expect("a status")
            })
            .collect();
        let status = on_chain[0];
        assert!(on_chain.iter().all(|other| *other == status), "half of it was changed: {on_chain:?}");
        let here = match seen["status"].as_str() {
            Some("valid") => Status::Valid,
            Some("suspended") => Status::Suspended,
            Some("revoked") => Status::Revoked,
            _ => panic!("{seen}"),
        };
        // Where they differ the chain was first, and the issuer is about to see it.
        assert!(here == status || seen.get("pending").is_some(), "{status:?}: {seen}");
        let possible = match self.so_far {
            Acknowledged::Presented => [Status::Valid, Status::Suspended],
            Acknowledged::Suspended => [Status::Suspended, Status::Valid],
            Acknowledged::Reinstated => [Status::Valid, Status::Revoked],
            Acknowledged::Revoked => [Status::Revoked; 2],
            _ => [Status::Valid; 2],
        };
        assert!(possible.contains(&status), "{:?} and then {status:?}: {seen}", self.so_far);
    }

    /// Where the status of each copy is that is on the phone.
    fn places(&self) -> BTreeSet<(StatusListId, u32)> {
        let place = |text: &String| {
            let read = sd_jwt::Unverified::parse(text).expect("an SD-JWT VC");
            let entry = read.status().and_then(|status| status.registry.clone()).expect("on the chain");
            (entry.list.parse().expect("a list"), entry.index)
        };
        let places: BTreeSet<_> = self.credentials.iter().map(place).collect();
        assert_eq!(places.len(), self.credentials.len(), "each at a place of its own");
        places
    }
}

/// What is asked at this address.
async fn request(network: &Network, uri: &str) -> Result<Value, NotAcknowledged> {
    let (status, object) = network.get(uri, "").await?;
    assert_eq!(status, 200, "{object}");
    let payload = object.as_str().and_then(|token| token.split('.').nth(1)).expect("a token");
    Ok(serde_json::from_slice(&BASE64.decode(payload).expect("text")).expect("JSON"))
}

fn now() -> UnixSeconds {
    UnixSeconds(service::clock::now().seconds())
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}
