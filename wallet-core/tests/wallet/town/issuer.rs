//! An issuer: OpenID4VCI as our own issuer speaks it, with what can be wrong turned on by a plan.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

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

use super::{
    Chain,
    grants::{Decision, Given, Offered, refusal},
    key, organisation,
};

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
    /// How far from there the entry of a W3C credential is.
    pub(crate) apart: u32,
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
    /// Whoever shows a key for its token may come back with it, and say what became of a credential.
    pub(crate) comes_back: bool,
    /// Each refresh gives another refresh token, and the one before counts no more.
    pub(crate) rotates: bool,
    /// It takes time, until it is decided.
    pub(crate) takes_time: bool,
    /// So many copies at once.
    pub(crate) batch: u32,
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
            apart: 0,
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
            comes_back: false,
            rotates: false,
            takes_time: false,
            batch: 1,
        }
    }

    pub(crate) fn coming_back(self) -> Self {
        Self { comes_back: true, ..self }
    }

    pub(crate) fn taking_time(self) -> Self {
        Self { takes_time: true, ..self.coming_back() }
    }

    pub(crate) fn rotating(self) -> Self {
        Self { rotates: true, ..self.coming_back() }
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
    pub(super) clock: Arc<FixedClock>,
    p256: SoftwareKey,
    ed25519: SoftwareKey,
    /// By the number of their code.
    pub(super) offers: Mutex<Vec<Offered>>,
    pub(crate) decision: Mutex<Decision>,
    /// The file of what it knows of its offers, if it is to outlive the process.
    pub(super) kept: Mutex<Option<PathBuf>>,
    nonces: Mutex<u32>,
    /// Attestations that came in proofs.
    pub(crate) attested: Mutex<Vec<String>>,
    /// The DIDs or thumbprints of every key that proved itself.
    pub(crate) holders: Mutex<Vec<String>>,
    /// What wallets said became of credentials: the id and the event.
    pub(crate) notified: Mutex<Vec<(String, String)>>,
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
        Self {
            did,
            clock,
            p256,
            ed25519,
            offers: Mutex::default(),
            decision: Mutex::new(Decision::Open),
            kept: Mutex::default(),
            nonces: Mutex::default(),
            attested: Mutex::default(),
            holders: Mutex::default(),
            notified: Mutex::default(),
        }
    }

    /// An offer by value, to be redeemed with `123456`.
    pub(crate) fn offer(&self, plan: Plan) -> String {
        let mut offers = self.offers.lock().unwrap();
        let link = link_of(&plan, offers.len());
        offers.push(Offered { plan, given: Given::default() });
        link
    }

    pub(crate) fn offer_by_reference(&self, plan: Plan) -> String {
        self.offer(plan);
        OfferLink::Reference(format!("{URL}/offers/1").parse().unwrap()).to_string()
    }

    pub(crate) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let answer = self.answered(request);
        self.keep();
        answer
    }

    fn answered(&self, request: &HttpRequest) -> HttpResponse {
        match request.url.as_str().strip_prefix(URL).unwrap() {
            "/.well-known/openid-credential-issuer" => super::json(&self.metadata()),
            "/.well-known/oauth-authorization-server" => super::json(&self.server()),
            "/offers/1" => self.offer_body(),
            "/token" => self.token(request),
            "/nonce" => super::json(&json!({ "c_nonce": self.next_nonce() })),
            "/credential" => self.credential(request),
            "/deferred" => self.deferred(request),
            "/notification" => self.notification(request),
            other => panic!("the wallet asked for {other}"),
        }
    }

    /// The newest offer's plan.
    fn plan(&self) -> Plan {
        self.offers.lock().unwrap().last().map_or_else(Plan::licence, |offered| offered.plan.clone())
    }

    fn offer_body(&self) -> HttpResponse {
        let number = self.offers.lock().unwrap().len() - 1;
        let OfferLink::Value(offer) = OfferLink::parse(&link_of(&self.plan(), number)).unwrap() else {
            panic!("by value")
        };
        super::json(&serde_json::to_value(offer).unwrap())
    }

    fn server(&self) -> Value {
        let mut server = json!({ "issuer": URL, "token_endpoint": format!("{URL}/token") });
        if self.plan().comes_back {
            server["dpop_signing_alg_values_supported"] = json!(["ES256"]);
        }
        server
    }

    fn metadata(&self) -> Value {
        let plan = self.plan();
        let mut proofs = json!({ "jwt": { "proof_signing_alg_values_supported": ["EdDSA", "ES256"] } });
        if plan.wants_attestation {
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
        let mut metadata = json!({
            "credential_issuer": URL,
            "credential_endpoint": format!("{URL}/credential"),
            "nonce_endpoint": format!("{URL}/nonce"),
            "deferred_credential_endpoint": format!("{URL}/deferred"),
            "notification_endpoint": format!("{URL}/notification"),
            "display": [{ "name": "市监局", "locale": "zh" }, { "name": "Market supervision", "locale": "en" }],
            "credential_configurations_supported": configurations,
        });
        if plan.batch > 1 {
            metadata["batch_credential_issuance"] = json!({ "batch_size": plan.batch });
        }
        metadata
    }

    fn next_nonce(&self) -> String {
        let mut nonces = self.nonces.lock().unwrap();
        *nonces += 1;
        format!("nonce-{nonces}")
    }

    fn credential(&self, request: &HttpRequest) -> HttpResponse {
        let offer = match self.offer_of(request) {
            Ok(offer) => offer,
            Err(refusal) => return refusal,
        };
        let asked = CredentialRequest::parse(&request.body).unwrap();
        let Some(Proofs::Jwt(proofs)) = &asked.proofs else { panic!("a jwt proof") };
        let Requested::Configuration(configuration) = &asked.requested else { panic!("by configuration") };
        let mut offers = self.offers.lock().unwrap();
        let Offered { plan, given } = &mut offers[offer];
        let mut keys = Vec::new();
        for proof in proofs {
            let (key, nonce) = self.check_proof(proof);
            keys.push(key);
            if plan.stale_nonces > 0 || nonce != format!("nonce-{}", *self.nonces.lock().unwrap()) {
                plan.stale_nonces = plan.stale_nonces.saturating_sub(1);
                return refusal(400, "invalid_nonce");
            }
        }
        if plan.takes_time && *self.decision.lock().unwrap() == Decision::Open {
            return given.defer(offer, configuration, &keys);
        }
        if !given.give(configuration, &keys) {
            return refusal(400, "credential_request_denied");
        }
        self.issue(offer, plan, configuration, &keys)
    }

    /// A copy for each of these keys.
    pub(super) fn issue(
        &self,
        offer: usize,
        plan: &Plan,
        configuration: &str,
        keys: &[PublicKey],
    ) -> HttpResponse {
        let (id, _) = ["-sd-jwt", "-mdoc", "-vc"]
            .iter()
            .find_map(|end| Some((configuration.strip_suffix(end)?, end)))
            .unwrap();
        let kind = Catalogue::bundled().unwrap().by_id(id).unwrap();
        let mut plan = plan.clone();
        if plan.kind != id {
            plan.claims = kind.example().as_object().unwrap().clone();
        }
        if configuration.ends_with("-vc") {
            plan.index += plan.apart;
        }
        let copy = |(at, key): (u32, &PublicKey)| {
            let plan = Plan { index: plan.index + at, ..plan.clone() };
            let credential = match configuration.rsplit('-').next() {
                Some("jwt") => self.issue_sd_jwt(&plan, kind, key),
                Some("mdoc") => self.issue_mdoc(&plan, kind, key),
                _ => self.issue_ldp(&plan, kind, key),
            };
            json!({ "credential": credential })
        };
        let mut answer = json!({ "credentials": (0..).zip(keys).map(copy).collect::<Vec<_>>() });
        if plan.comes_back {
            answer["notification_id"] = format!("{offer}-{configuration}").into();
        }
        super::json(&answer)
    }

    fn notification(&self, request: &HttpRequest) -> HttpResponse {
        if let Err(refusal) = self.offer_of(request) {
            return refusal;
        }
        let said: Value = serde_json::from_slice(&request.body).unwrap();
        let text = |name: &str| said[name].as_str().unwrap().to_owned();
        self.notified.lock().unwrap().push((text("notification_id"), text("event")));
        super::status(204, "text/plain", "")
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

/// The offer of this number by value, to be redeemed with `123456`.
fn link_of(plan: &Plan, number: usize) -> String {
    let mut grant = json!({ "pre-authorized_code": format!("code-{number}") });
    if plan.with_tx_code {
        grant["tx_code"] = json!({ "input_mode": "numeric", "length": 6 });
    }
    let offer = json!({
        "credential_issuer": URL,
        "credential_configuration_ids": plan.configurations,
        "grants": { "urn:ietf:params:oauth:grant-type:pre-authorized_code": grant },
    });
    let form = Form::default().with("credential_offer", Some(&offer.to_string()));
    format!("openid-credential-offer://?{}", form.encode())
}

/// Changes the last digit of the issuer's signature's middle.
fn tamper(text: &str) -> String {
    let at = text.find('~').unwrap() - 20;
    let replacement = if &text[at..=at] == "A" { "B" } else { "A" };
    format!("{}{replacement}{}", &text[..at], &text[at + 1..])
}
