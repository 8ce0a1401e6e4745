//! One citizen's story, step by step, and how far it was acknowledged.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::catalogue::Catalogue;
use credentials::jws::{self, Header};
use credentials::key::{Algorithm, Signer as _, SoftwareKey};
use credentials::{ClaimPath, UnixSeconds, sd_jwt};
use protocol::limits::Form;
use protocol::openid4vci::{OfferLink, PRE_AUTHORIZED_CODE, PROOF_TYPE};
use rand_core::OsRng;
use registry::{RecordKey, Status, StatusListId, history};
use serde_json::{Value, json};

use crate::demo::{Network, NotAcknowledged};

const CONFIGURATION: &str = "business-licence-sd-jwt";

/// What was acknowledged last. Of the next one nobody knows whether it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Acknowledged {
    Nothing,
    Submitted,
    Approved,
    Redeemed,
    Received,
    Presented,
    Revoked,
}

pub(crate) struct Story {
    key: SoftwareKey,
    so_far: Acknowledged,
    application: String,
    secret: String,
    token: String,
    credential: String,
    request: String,
}

impl Default for Story {
    fn default() -> Self {
        Self {
            key: SoftwareKey::generate(Algorithm::Es256, &mut OsRng),
            so_far: Acknowledged::Nothing,
            application: String::new(),
            secret: String::new(),
            token: String::new(),
            credential: String::new(),
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
            Acknowledged::Presented | Acknowledged::Revoked => self.revoke(network).await?,
        };
        Ok(())
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

    /// With the same token and key each time: an answer that was lost comes again.
    async fn receive(&mut self, network: &Network) -> Result<Acknowledged, NotAcknowledged> {
        let market = &network.market().url;
        let (status, nonce) = network.post(&format!("{market}/nonce"), None, &json!({})).await?;
        assert_eq!(status, 200, "{nonce}");
        let header = Header::typed(PROOF_TYPE).with_jwk(self.key.public_key().to_jwk());
        let claims = json!({"aud": market, "iat": now().0, "nonce": nonce["c_nonce"]});
        let proof = jws::sign(&header, &claims, &self.key).expect("signed");
        let sent = json!({"credential_configuration_id": CONFIGURATION, "proofs": {"jwt": [proof]}});
        let url = format!("{market}/credential");
        let (status, body) = network.post(&url, Some(&self.token), &sent).await?;
        assert_eq!(status, 200, "{body}");
        self.credential = text(&body["credentials"][0], "credential");
        Ok(Acknowledged::Received)
    }

    async fn present(&mut self, network: &Network) -> Result<Acknowledged, NotAcknowledged> {
        let (counter, staff) = (&network.urls.verifier, Some(network.urls.staff_token.as_str()));
        let wish = json!({"purpose": "company-service", "response_mode": "direct_post"});
        let (status, asked) = network.post(&format!("{}/api/requests", counter.url), staff, &wish).await?;
        assert_eq!(status, 201, "{asked}");
        let (status, object) = network.get(&text(&asked, "request_uri"), "").await?;
        assert_eq!(status, 200, "{object}");
        let payload = object.as_str().and_then(|token| token.split('.').nth(1)).expect("a token");
        let request: Value = serde_json::from_slice(&BASE64.decode(payload).expect("text")).expect("JSON");
        let paths = ["name", "creditCode", "legalRepresentative"].map(ClaimPath::top);
        let held = sd_jwt::Unverified::parse(&self.credential).expect("an SD-JWT VC");
        let shown =
            held.select(&paths).expect("claims").bind(&counter.client_id, &text(&request, "nonce"), now());
        let shown = shown.expect("bound").sign(&self.key).expect("signed");
        let query = text(&request["dcql_query"]["credentials"][0], "id");
        let form = Form::default()
            .with("vp_token", Some(&json!({query: [shown]}).to_string()))
            .with("state", request["state"].as_str());
        let (status, body) = network.post_form(&text(&request, "response_uri"), form.encode()).await?;
        assert_eq!(status, 200, "{body}");
        self.request = text(&asked, "id");
        Ok(Acknowledged::Presented)
    }

    async fn revoke(&self, network: &Network) -> Result<Acknowledged, NotAcknowledged> {
        let url = format!("{}/revoke", self.credential_url(network).await?);
        let sent = json!({"reason": "测试"});
        let (status, body) = network.post(&url, Some(&network.urls.staff_token), &sent).await?;
        let code = body["type"].as_str().unwrap_or_default();
        match status {
            200 => Ok(Acknowledged::Revoked),
            409 if code.ends_with("revocation-final") => Ok(Acknowledged::Revoked),
            // The killed process had begun it, and the one that runs now is about to end it.
            409 if code.ends_with("change-pending") => Ok(Acknowledged::Presented),
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

    /// The issuer and the chain say the same, and no less than was acknowledged.
    async fn status_must_agree(&self, network: &Network) {
        let url = self.credential_url(network).await.expect("an answer");
        let (_, seen) = network.get(&url, &network.urls.staff_token).await.expect("an answer");
        let number = |name: &str| u32::try_from(seen[name].as_u64().expect("a number")).expect("small");
        let (list, index) = (number("status_list"), number("status_index"));
        let list = StatusListId { owner: network.market().did.clone(), number: list };
        let proven = network.chain.proven_one(RecordKey::chunk_of(&list, index)).await.expect("evidence");
        let on_chain = history::status_at(&proven, &list, index).expect("a status");
        match (seen["status"].as_str(), on_chain) {
            (Some("valid"), Status::Valid) | (Some("revoked"), Status::Revoked) => {}
            // The chain was first, and the issuer is about to see it.
            (Some("valid"), Status::Revoked) if seen.get("pending").is_some() => {}
            other => panic!("{other:?}: {seen}"),
        }
        match on_chain {
            Status::Valid => assert_ne!(self.so_far, Acknowledged::Revoked, "{seen}"),
            Status::Revoked => assert!(self.so_far >= Acknowledged::Presented, "{seen}"),
            Status::Suspended => panic!("nobody suspended it"),
        }
    }
}

fn now() -> UnixSeconds {
    UnixSeconds(service::clock::now().seconds())
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}
