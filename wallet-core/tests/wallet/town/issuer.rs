//! An issuer: OpenID4VCI as our own issuer speaks it, with what can be wrong turned on by a plan.

use std::sync::{Arc, Mutex};

use credentials::{
    ClaimPath, UnixSeconds,
    catalogue::{Catalogue, CredentialType},
    data_integrity, jws,
    key::{Algorithm, PublicKey, SelfContained, Signer, SoftwareKey},
    mdoc, sd_jwt,
    status::{RegistryEntry, StatusRef},
    x509::{Certifying, MDOC_SIGNER},
};
use protocol::{
    Endpoint,
    limits::Form,
    openid4vci::{CredentialRequest, OfferLink, PROOF_TYPE, ProofClaims, Proofs, Requested},
};
use registry::Did;
use serde_json::{Map, Value, json};
use testkit::{Company, FixedClock, Person};
use wallet_core::ports::{HttpRequest, HttpResponse};

use super::{Chain, key, organisation, status};

pub(crate) const URL: &str = "https://issuer.example";

/// What the issuer does with the next offer, rights and wrongs.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) kind: &'static str,
    pub(crate) configurations: Vec<&'static str>,
    pub(crate) claims: Map<String, Value>,
    /// How many wrong transaction codes are taken.
    pub(crate) attempts: u32,
    /// Whether it says how many are left.
    pub(crate) tells_attempts: bool,
    pub(crate) with_tx_code: bool,
    pub(crate) index: u32,
    pub(crate) with_status: bool,
    /// Where the status is said to be; its own list unless told.
    pub(crate) status_list: Option<String>,
    /// Bound to this key instead of the holder's.
    pub(crate) bound_to: Option<PublicKey>,
    pub(crate) vct: Option<&'static str>,
    pub(crate) iss: Option<String>,
    pub(crate) kid: Option<Option<String>>,
    /// Signed with another key than the one it names.
    pub(crate) forged: bool,
    /// A claim is changed after signing.
    pub(crate) tampered: bool,
    pub(crate) issued_ago: i64,
    pub(crate) lifetime: i64,
    /// Nonces that are refused before one is taken.
    pub(crate) stale_nonces: u32,
    pub(crate) hidden: bool,
    /// Keys must be vouched for; the attestation that is in a proof is noted.
    pub(crate) wants_attestation: bool,
    /// An element that no catalogue knows.
    pub(crate) extra_element: bool,
}

impl Plan {
    pub(crate) fn licence() -> Self {
        Self::of("business-licence", Company::nth(1).business_licence_claims())
    }

    pub(crate) fn digital_id() -> Self {
        Self::of("digital-id", Person::nth(1).digital_id_claims())
    }

    pub(crate) fn driving() -> Self {
        Self::of("drivers-licence", Catalogue::bundled().unwrap().by_id("drivers-licence").unwrap().example())
    }

    fn of(kind: &'static str, claims: Value) -> Self {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        let configurations = match kind {
            "digital-id" => vec!["digital-id-sd-jwt", "digital-id-vc"],
            "drivers-licence" => vec!["drivers-licence-mdoc", "drivers-licence-sd-jwt"],
            _ => vec!["business-licence-sd-jwt", "business-licence-vc"],
        };
        Self {
            kind,
            configurations,
            claims,
            attempts: 5,
            tells_attempts: true,
            with_tx_code: true,
            index: 70_000,
            with_status: true,
            status_list: None,
            bound_to: None,
            vct: None,
            iss: None,
            kid: None,
            forged: false,
            tampered: false,
            issued_ago: 0,
            lifetime: 365 * 86_400,
            stale_nonces: 0,
            hidden: true,
            wants_attestation: false,
            extra_element: false,
        }
    }

    pub(crate) fn sd_jwt(mut self) -> Self {
        self.configurations.truncate(1);
        self
    }

    pub(crate) fn ldp(mut self) -> Self {
        self.configurations.remove(0);
        self
    }
}

pub(crate) struct Issuer {
    pub(crate) did: Did,
    clock: Arc<FixedClock>,
    p256: SoftwareKey,
    ed25519: SoftwareKey,
    plan: Mutex<Plan>,
    nonces: Mutex<u32>,
    /// Attestations that came in proofs.
    pub(crate) attested: Mutex<Vec<String>>,
    /// The DIDs or thumbprints of every key that proved itself.
    pub(crate) holders: Mutex<Vec<String>>,
}

impl Issuer {
    pub(crate) fn new(chain: &mut Chain, clock: Arc<FixedClock>, seed: u8) -> Self {
        let (p256, ed25519) = (key(seed.into(), Algorithm::Es256), key(seed.into(), Algorithm::EdDsa));
        let (did, keys) = organisation(&chain.network(), seed, &[&p256, &ed25519]);
        chain.register(&did, &keys);
        chain.accredit(&did, "business-licence");
        chain.accredit(&did, "digital-id");
        chain.accredit(&did, "drivers-licence");
        chain.open_list(&did);
        let plan = Mutex::new(Plan::licence());
        Self {
            did,
            clock,
            p256,
            ed25519,
            plan,
            nonces: Mutex::default(),
            attested: Mutex::default(),
            holders: Mutex::default(),
        }
    }

    /// An offer by value, to be redeemed with `123456`.
    pub(crate) fn offer(&self, plan: Plan) -> String {
        let mut grant = json!({ "pre-authorized_code": "code" });
        if plan.with_tx_code {
            grant["tx_code"] = json!({ "input_mode": "numeric", "length": 6 });
        }
        let offer = json!({
            "credential_issuer": URL,
            "credential_configuration_ids": plan.configurations,
            "grants": { "urn:ietf:params:oauth:grant-type:pre-authorized_code": grant },
        });
        let form = Form::default().with("credential_offer", Some(&offer.to_string()));
        *self.plan.lock().unwrap() = plan;
        format!("openid-credential-offer://?{}", form.encode())
    }

    pub(crate) fn offer_by_reference(&self, plan: Plan) -> String {
        self.offer(plan);
        OfferLink::Reference(format!("{URL}/offers/1").parse().unwrap()).to_string()
    }

    pub(crate) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        match request.url.as_str().strip_prefix(URL).unwrap() {
            "/.well-known/openid-credential-issuer" => super::json(&self.metadata()),
            "/.well-known/oauth-authorization-server" => {
                super::json(&json!({ "issuer": URL, "token_endpoint": format!("{URL}/token") }))
            }
            "/offers/1" => self.offer_body(),
            "/token" => self.token(&request.body),
            "/nonce" => super::json(&json!({ "c_nonce": self.next_nonce() })),
            "/credential" => self.credential(request),
            other => panic!("the wallet asked for {other}"),
        }
    }

    fn offer_body(&self) -> HttpResponse {
        let plan = self.plan.lock().unwrap().clone();
        let link = self.offer(plan);
        let OfferLink::Value(offer) = OfferLink::parse(&link).unwrap() else { panic!("by value") };
        super::json(&serde_json::to_value(offer).unwrap())
    }

    fn metadata(&self) -> Value {
        let mut proofs = json!({ "jwt": { "proof_signing_alg_values_supported": ["EdDSA", "ES256"] } });
        if self.plan.lock().unwrap().wants_attestation {
            proofs["jwt"]["key_attestations_required"] = json!({});
        }
        let mut configurations = Map::new();
        for kind in Catalogue::bundled().unwrap().types() {
            let sd_jwt = json!({
                "format": "dc+sd-jwt", "vct": kind.vct, "proof_types_supported": proofs,
                "cryptographic_binding_methods_supported": ["jwk"],
            });
            let ldp = json!({
                "format": "ldp_vc", "proof_types_supported": proofs,
                "credential_definition": { "type": ["VerifiableCredential", kind.vc_type] },
                "cryptographic_binding_methods_supported": ["did:key"],
            });
            let mdoc = json!({
                "format": "mso_mdoc", "proof_types_supported": proofs, "doctype": kind.doc_type(),
                "cryptographic_binding_methods_supported": ["cose_key"],
            });
            configurations.insert(format!("{}-mdoc", kind.id), mdoc);
            configurations.insert(format!("{}-sd-jwt", kind.id), sd_jwt);
            configurations.insert(format!("{}-vc", kind.id), ldp);
        }
        json!({
            "credential_issuer": URL,
            "credential_endpoint": format!("{URL}/credential"),
            "nonce_endpoint": format!("{URL}/nonce"),
            "display": [{ "name": "市监局", "locale": "zh" }, { "name": "Market supervision", "locale": "en" }],
            "credential_configurations_supported": configurations,
        })
    }

    fn token(&self, body: &[u8]) -> HttpResponse {
        let form = Form::parse(body).unwrap();
        let mut plan = self.plan.lock().unwrap();
        if plan.with_tx_code && form.get("tx_code") != Some("123456") {
            plan.attempts -= 1;
            let mut refusal = json!({ "error": "invalid_grant" });
            if plan.tells_attempts {
                refusal["attempts_left"] = plan.attempts.into();
            }
            return status(400, "application/json", refusal.to_string());
        }
        super::json(&json!({ "access_token": "token", "token_type": "bearer", "expires_in": 300 }))
    }

    fn next_nonce(&self) -> String {
        let mut nonces = self.nonces.lock().unwrap();
        *nonces += 1;
        format!("nonce-{nonces}")
    }

    fn credential(&self, request: &HttpRequest) -> HttpResponse {
        let authorized = ("authorization".to_owned(), "Bearer token".to_owned());
        assert!(request.headers.contains(&authorized), "the token is sent along");
        let asked = CredentialRequest::parse(&request.body).unwrap();
        let Some(Proofs::Jwt(proofs)) = &asked.proofs else { panic!("a jwt proof") };
        let Requested::Configuration(configuration) = &asked.requested else { panic!("by configuration") };
        let (holder, nonce) = self.check_proof(&proofs[0]);
        let mut plan = self.plan.lock().unwrap();
        if plan.stale_nonces > 0 || nonce != format!("nonce-{}", *self.nonces.lock().unwrap()) {
            plan.stale_nonces = plan.stale_nonces.saturating_sub(1);
            return status(400, "application/json", json!({ "error": "invalid_nonce" }).to_string());
        }
        let plan = plan.clone();
        let kind = Catalogue::bundled().unwrap().by_id(plan.kind).unwrap();
        let credential = match configuration.rsplit('-').next() {
            Some("jwt") => self.issue_sd_jwt(&plan, kind, &holder),
            Some("mdoc") => self.issue_mdoc(&plan, kind, &holder),
            _ => self.issue_ldp(&plan, kind, &holder),
        };
        super::json(&json!({ "credentials": [{ "credential": credential }] }))
    }

    fn check_proof(&self, proof: &str) -> (PublicKey, String) {
        let token = jws::Unverified::parse(proof).unwrap();
        if let Some(attestation) = token.header().other.get("key_attestation") {
            self.attested.lock().unwrap().push(attestation.as_str().unwrap().to_owned());
        }
        let key = match (&token.header().kid, &token.header().jwk) {
            (Some(kid), None) => SelfContained::parse(kid).unwrap().key,
            (None, Some(jwk)) => PublicKey::from_jwk(jwk).unwrap(),
            _ => panic!("one key"),
        };
        let claims: ProofClaims = token.verify(&key, PROOF_TYPE).unwrap().claims;
        let issuer: Endpoint = URL.parse().unwrap();
        let nonce = claims.check(&issuer, self.clock.seconds(), 300).unwrap().to_owned();
        self.holders.lock().unwrap().push(key.thumbprint());
        (key, nonce)
    }

    fn status(&self, plan: &Plan) -> Option<StatusRef> {
        let list = plan.status_list.clone().unwrap_or_else(|| format!("{}/status/1", self.did));
        let registry = Some(RegistryEntry { list, index: plan.index });
        plan.with_status.then(|| StatusRef { registry, ..StatusRef::default() })
    }

    /// The claims with the derived ones worked out, as an issuer does.
    fn claims(&self, plan: &Plan, kind: &CredentialType) -> Map<String, Value> {
        match kind.validate_claims(&Value::Object(plan.claims.clone()), UnixSeconds(self.clock.seconds())) {
            Ok(checked) => checked.into_map(),
            // A plan to issue nonsense.
            Err(_) => plan.claims.clone(),
        }
    }

    fn issue_sd_jwt(&self, plan: &Plan, kind: &CredentialType, holder: &PublicKey) -> Value {
        let issued_at = UnixSeconds(self.clock.seconds() - plan.issued_ago);
        let claims = self.claims(plan, kind);
        let issuance = sd_jwt::Issuance {
            issuer: plan.iss.clone().unwrap_or_else(|| self.did.to_string()),
            kid: plan.kid.clone().unwrap_or_else(|| Some(format!("{}#key-2", self.did))),
            x5c: None,
            vct: plan.vct.unwrap_or(&kind.vct).to_owned(),
            disclosable: match plan.hidden {
                true => claims.keys().map(|name| ClaimPath::top(name)).collect(),
                false => vec![],
            },
            claims,
            holder: Some(plan.bound_to.clone().unwrap_or_else(|| holder.clone())),
            issued_at,
            not_before: None,
            expires: Some(issued_at.plus(plan.lifetime)),
            status: self.status(plan),
            decoys: 0,
        };
        let signer = if plan.forged { key(99, Algorithm::Es256) } else { key(1, Algorithm::Es256) };
        assert!(plan.forged || signer.public_key() == self.p256.public_key());
        let text = issuance.sign(&signer, &mut testkit::rng(5)).unwrap();
        match plan.tampered {
            true => tamper(&text).into(),
            false => text.into(),
        }
    }

    /// `iss` and `kid` are the name of the key in the certificate; `vct` is another type of document.
    fn issue_mdoc(&self, plan: &Plan, kind: &CredentialType, holder: &PublicKey) -> Value {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
        let signed = UnixSeconds(self.clock.seconds() - plan.issued_ago);
        let forger = key(99, Algorithm::Es256);
        let signer = if plan.forged { &forger } else { &self.p256 };
        let named = plan.kid.clone().unwrap_or_else(|| Some(format!("{}#key-2", self.did)));
        let certifying = Certifying {
            issuer: "C=CN,CN=Town root",
            subject: "C=CN,CN=Town",
            uri: named.as_deref(),
            serial: &[1; 16],
            from: signed,
            until: signed.plus(plan.lifetime),
            purpose: Some(MDOC_SIGNER),
        };
        let claims: Map<String, Value> = plan.claims.clone();
        let mut name_spaces = match kind.validate_claims(&Value::Object(claims), signed) {
            Ok(checked) => kind.mdoc_elements(&checked).unwrap().unwrap(),
            // A plan to issue nonsense.
            Err(_) => vec![(mdoc::MDL_NAMESPACE.to_owned(), vec![("family_name".to_owned(), "x".into())])],
        };
        if plan.extra_element {
            name_spaces.push(("urn:other".to_owned(), vec![("class".to_owned(), "x".into())]));
        }
        let issuance = mdoc::Issuance {
            doc_type: plan.vct.or(kind.doc_type()).unwrap().to_owned(),
            name_spaces,
            device_key: plan.bound_to.clone().unwrap_or_else(|| holder.clone()),
            signed,
            valid_from: signed,
            valid_until: signed.plus(plan.lifetime),
            status: self.status(plan),
            x5chain: vec![certifying.sign(signer.public_key(), signer).unwrap()],
        };
        let mut bytes = issuance.sign(signer, &mut testkit::rng(5)).unwrap();
        if plan.tampered {
            let at = bytes.windows(5).position(|window| window == b"CHENG").unwrap();
            bytes[at] = b'Z';
        }
        BASE64.encode(bytes).into()
    }

    fn issue_ldp(&self, plan: &Plan, kind: &CredentialType, holder: &PublicKey) -> Value {
        let issued_at = UnixSeconds(self.clock.seconds() - plan.issued_ago);
        let bound = plan.bound_to.as_ref().unwrap_or(holder);
        let issuer = plan.iss.clone().unwrap_or_else(|| self.did.to_string());
        let issuance = data_integrity::Issuance {
            id: None,
            contexts: vec![data_integrity::CONTEXT_HUIZHENG.to_owned()],
            types: vec![kind.vc_type.clone()],
            verification_method: format!("{issuer}#key-3"),
            issuer,
            holder: Some(bound.did_key().did),
            claims: self.claims(plan, kind),
            issued_at,
            valid_from: Some(issued_at),
            valid_until: Some(issued_at.plus(plan.lifetime)),
            status: self.status(plan),
        };
        let forger = key(99, Algorithm::EdDsa);
        let mut document = issuance.sign(if plan.forged { &forger } else { &self.ed25519 }).unwrap();
        if plan.tampered {
            document["credentialSubject"]["name"] = "别的公司".into();
        }
        document
    }
}

/// Changes the last digit of the issuer's signature's middle.
fn tamper(text: &str) -> String {
    let at = text.find('~').unwrap() - 20;
    let replacement = if &text[at..=at] == "A" { "B" } else { "A" };
    format!("{}{replacement}{}", &text[..at], &text[at + 1..])
}
