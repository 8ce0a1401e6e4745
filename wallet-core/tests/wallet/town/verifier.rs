//! A verifier: OpenID4VP as our own counter speaks it, with what can be wrong turned on by the ask.

use std::sync::{Arc, Mutex};

use credentials::{
    UnixSeconds, data_integrity,
    jwe::{self, DecryptionKey},
    jws::{self, Header},
    key::{Algorithm, Signer, SoftwareKey},
    mdoc, sd_jwt,
    x509::Certifying,
};
use protocol::{
    limits::Form,
    openid4vp::{
        AuthorizationRequest, AuthorizationResponse, ClientId, Presentation, REQUEST_TYPE, VerifierInfo,
    },
};
use registry::{Ask as Allowed, Did, Slug};
use serde_json::{Value, json};
use testkit::FixedClock;
use wallet_core::ports::{HttpRequest, HttpResponse, Method};

use super::{Chain, chain::purpose, key, organisation, status};

/// The verifiers' addresses: a bank, and another office.
pub(crate) const URLS: [&str; 2] = ["https://bank.example", "https://office.example"];

/// What the verifier asks, rights and wrongs.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) dcql: Value,
    pub(crate) purpose: Option<&'static str>,
    pub(crate) method: &'static str,
    /// Seconds from now.
    pub(crate) expires: i64,
    pub(crate) aud: Option<&'static str>,
    pub(crate) typ: &'static str,
    /// Signed with another key than the one it names.
    pub(crate) forged: bool,
    pub(crate) alg_none: bool,
    pub(crate) kid: Option<String>,
    /// The client id in the request, if another than in the link.
    pub(crate) client_id: Option<String>,
    pub(crate) formats: Option<Value>,
    pub(crate) response_mode: Option<&'static str>,
    /// Wants its answer encrypted to its key.
    pub(crate) encrypted: bool,
    /// Known by its certificate instead of its DID.
    pub(crate) certified: Option<Certified>,
    pub(crate) transaction_data: Vec<String>,
    /// Whether its request says that the request is where it itself is.
    pub(crate) names_itself: bool,
    /// The status it answers the presentation with.
    pub(crate) answers: u16,
}

impl Ask {
    pub(crate) fn new(dcql: Value) -> Self {
        Self {
            dcql,
            purpose: Some("open-account"),
            method: "get",
            expires: 300,
            aud: Some("https://self-issued.me/v2"),
            typ: REQUEST_TYPE,
            forged: false,
            alg_none: false,
            kid: None,
            client_id: None,
            formats: None,
            response_mode: None,
            encrypted: false,
            names_itself: false,
            certified: None,
            transaction_data: Vec::new(),
            answers: 200,
        }
    }

    /// Name and credit code of a business licence.
    pub(crate) fn licence() -> Self {
        Self::licence_claims(&["name", "creditCode"])
    }

    pub(crate) fn licence_claims(names: &[&str]) -> Self {
        let claims: Vec<Value> = names.iter().map(|name| json!({ "path": [name] })).collect();
        Self::new(json!({ "credentials": [{
            "id": "licence", "format": "dc+sd-jwt",
            "meta": { "vct_values": ["urn:huizheng:business-licence:1"] },
            "claims": claims,
        }]}))
    }

    /// Elements of a driver's licence, each a namespace and a name.
    pub(crate) fn driving(elements: &[[&str; 2]]) -> Self {
        let claims: Vec<Value> = elements.iter().map(|path| json!({ "path": path })).collect();
        Self {
            purpose: Some("driving-check"),
            ..Self::new(json!({ "credentials": [{
                "id": "licence", "format": "mso_mdoc",
                "meta": { "doctype_value": mdoc::MDL },
                "claims": claims,
            }]}))
        }
    }

    /// The whole licence as a W3C credential.
    pub(crate) fn whole_licence(purpose: &'static str) -> Self {
        let dcql = json!({ "credentials": [{
            "id": "licence", "format": "ldp_vc",
            "meta": { "type_values": [["BusinessLicence"]] },
        }]});
        Self { purpose: Some(purpose), ..Self::new(dcql) }
    }
}

/// A verifier's certificate, and how it is known by it.
#[derive(Clone)]
pub(crate) struct Certified {
    /// `x509_san_dns` with this host instead of `x509_hash`.
    pub(crate) host: Option<&'static str>,
    /// The key of the chain that it names, if another than its own.
    pub(crate) names: Option<String>,
    /// Certified by the very key that it is for.
    pub(crate) by_itself: bool,
    /// For another key than the chain has.
    pub(crate) of_another: bool,
    /// Seconds from now at which it ends.
    pub(crate) until: i64,
}

impl Certified {
    pub(crate) const GOOD: Self =
        Self { host: None, names: None, by_itself: false, of_another: false, until: 600 };
}

pub(crate) struct Verifier {
    pub(crate) did: Did,
    pub(super) url: &'static str,
    clock: Arc<FixedClock>,
    key: SoftwareKey,
    ask: Mutex<Ask>,
    /// What answers are encrypted to.
    sealed_to: DecryptionKey,
    /// How many answers came encrypted.
    pub(crate) sealed: Mutex<usize>,
    /// What came back, taken apart.
    pub(crate) came: Mutex<Vec<AuthorizationResponse>>,
}

impl Verifier {
    pub(crate) fn new(chain: &mut Chain, clock: Arc<FixedClock>, url: &'static str, seed: u8) -> Self {
        let key = key(seed.into(), Algorithm::Es256);
        let (did, keys) = organisation(&chain.network(), seed, &[&key]);
        chain.register(&did, &keys);
        let some = |kind: &str, claims: &[&str]| Allowed {
            credential_type: Slug::new(kind).unwrap(),
            claims: claims.iter().map(|&claim| claim.to_owned()).collect(),
        };
        let asks = vec![
            some("business-licence", &["name", "creditCode", "legalRepresentative"]),
            some("digital-id", &["name", "ageOver18"]),
        ];
        chain.put(purpose(&did, "open-account", asks));
        let driving = some("drivers-licence", &["familyNameLatin", "class", "validUntil", "ageOver18"]);
        chain.put(purpose(&did, "driving-check", vec![driving]));
        let catalogue = credentials::catalogue::Catalogue::bundled().unwrap();
        let all: Vec<&str> = catalogue
            .by_id("business-licence")
            .unwrap()
            .claims
            .iter()
            .map(|claim| claim.name.as_str())
            .collect();
        chain.put(purpose(&did, "full-check", vec![some("business-licence", &all)]));
        let sealed_to = DecryptionKey::generate("enc", &mut testkit::rng(seed.into()));
        Self {
            did,
            url,
            clock,
            key,
            ask: Mutex::new(Ask::licence()),
            sealed_to,
            sealed: Mutex::default(),
            came: Mutex::default(),
        }
    }

    pub(crate) fn client_id(&self) -> String {
        format!("decentralized_identifier:{}", self.did)
    }

    fn client_id_of(&self, ask: &Ask) -> String {
        match &ask.certified {
            None => self.client_id(),
            Some(Certified { host: Some(host), .. }) => ClientId::of_host(host).to_string(),
            Some(certified) => ClientId::of_certificate(&self.certificate(certified)).to_string(),
        }
    }

    fn certificate(&self, certified: &Certified) -> Vec<u8> {
        let now = UnixSeconds(self.clock.seconds());
        let own = format!("{}#key-2", self.did);
        let (authority, other) = (key(97, Algorithm::Es256), key(98, Algorithm::Es256));
        let subject = if certified.of_another { &other } else { &self.key };
        let certifying = Certifying {
            issuer: "C=CN,CN=Organisation",
            subject: "C=CN,CN=Counter",
            uri: Some(certified.names.as_deref().unwrap_or(&own)),
            serial: &[1; 16],
            from: now.plus(-3600),
            until: now.plus(certified.until),
            purpose: Some("1.3.6.1.5.5.7.3.2"),
        };
        let signer = if certified.by_itself { subject } else { &authority };
        certifying.sign_for_host("bank.example", subject.public_key(), signer).unwrap()
    }

    pub(crate) fn ask(&self, ask: Ask) -> String {
        let form = Form::default()
            .with("client_id", Some(&self.client_id_of(&ask)))
            .with("request_uri", Some(&format!("{}/request", self.url)))
            .with("request_uri_method", (ask.method == "post").then_some("post"));
        *self.ask.lock().unwrap() = ask;
        format!("openid4vp://authorize?{}", form.encode())
    }

    pub(crate) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        match request.url.as_str().strip_prefix(self.url).unwrap() {
            "/request" => {
                let nonce = (request.method == Method::Post)
                    .then(|| Form::parse(&request.body).unwrap().get("wallet_nonce").unwrap().to_owned());
                super::ok("application/oauth-authz-req+jwt", self.request(nonce))
            }
            "/response" => {
                let mut came = AuthorizationResponse::parse(&request.body).unwrap();
                if let AuthorizationResponse::Encrypted(text) = &came {
                    let payload = jwe::decrypt(text, &self.sealed_to).unwrap();
                    came = AuthorizationResponse::parse_payload(&payload).unwrap();
                    *self.sealed.lock().unwrap() += 1;
                }
                self.came.lock().unwrap().push(came);
                status(self.ask.lock().unwrap().answers, "application/json", "{}")
            }
            _ => status(404, "text/plain", ""),
        }
    }

    fn request(&self, wallet_nonce: Option<String>) -> String {
        let ask = self.ask.lock().unwrap().clone();
        let now = self.clock.seconds();
        let client_id = ClientId::new(ask.client_id.clone().unwrap_or_else(|| self.client_id_of(&ask)));
        let query = serde_json::from_value(ask.dcql.clone()).unwrap();
        let response_uri = format!("{}/response", self.url).parse().unwrap();
        let mut request = AuthorizationRequest::direct_post(client_id, response_uri, "n-1".to_owned(), query);
        request.state = Some("state".into());
        request.aud = ask.aud.map(Into::into);
        request.wallet_nonce = wallet_nonce;
        request.verifier_info = ask.purpose.map(|purpose| vec![VerifierInfo::for_purpose(purpose)]);
        let mut claims = serde_json::to_value(request).unwrap();
        claims["iat"] = now.into();
        claims["exp"] = (now + ask.expires).into();
        if let Some(formats) = &ask.formats {
            claims["client_metadata"] = json!({ "vp_formats_supported": formats });
        }
        if let Some(mode) = ask.response_mode {
            claims["response_mode"] = mode.into();
        }
        if ask.encrypted {
            claims["response_mode"] = "direct_post.jwt".into();
            claims["client_metadata"] = json!({
                "jwks": { "keys": [self.sealed_to.to_jwk().unwrap()] },
                "encrypted_response_enc_values_supported": ["A128GCM", "A256GCM"],
            });
        }
        if ask.names_itself {
            claims["request_uri"] = format!("{}/request", self.url).into();
        }
        if !ask.transaction_data.is_empty() {
            claims["transaction_data"] = json!(ask.transaction_data);
        }
        let kid = ask.kid.clone().unwrap_or_else(|| format!("{}#key-2", self.did));
        let header = match &ask.certified {
            None => Header::typed(ask.typ).with_kid(&kid),
            Some(certified) => {
                use base64::{Engine, engine::general_purpose::STANDARD};
                let chain = vec![STANDARD.encode(self.certificate(certified))];
                Header { x5c: Some(chain), ..Header::typed(ask.typ) }
            }
        };
        let forger = key(98, Algorithm::Es256);
        let token = jws::sign(&header, &claims, if ask.forged { &forger } else { &self.key }).unwrap();
        match ask.alg_none {
            true => unsign(&token),
            false => token,
        }
    }

    /// A counter's signed request of these claims, for a QR code.
    pub(crate) fn offline(&self, claims: &Value, typ: &str) -> String {
        let header = Header::typed(typ).with_kid(&format!("{}#key-2", self.did));
        jws::sign(&header, claims, &self.key).unwrap()
    }

    /// The presentations that came last, by their question's id.
    pub(crate) fn presented(&self, question: &str) -> Presentation {
        match self.came.lock().unwrap().last().unwrap() {
            AuthorizationResponse::Presented { vp_token, state } => {
                assert!(state.as_ref().unwrap().matches("state"), "the state comes back");
                let (_, list) = vp_token.0.iter().find(|(id, _)| id.as_str() == question).unwrap();
                list[0].clone()
            }
            other => panic!("{other:?}"),
        }
    }

    /// The claims of an SD-JWT that came, once it is verified as a counter does.
    pub(crate) fn verified_sd_jwt(&self, issuer: &credentials::key::PublicKey) -> Value {
        let Presentation::Text(text) = self.presented("licence") else { panic!("text") };
        let audience = self.client_id_of(&self.ask.lock().unwrap().clone());
        let expect = sd_jwt::Expect {
            audience: &audience,
            nonce: "n-1",
            now: UnixSeconds(self.clock.seconds()),
            max_age: 60,
        };
        sd_jwt::Unverified::parse(&text).unwrap().verify_presented(issuer, &expect).unwrap().claims().clone()
    }

    /// The elements of an mdoc that came, once it is verified as a counter does.
    pub(crate) fn verified_mdoc(&self, issuer: &credentials::key::PublicKey) -> Value {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
        let Presentation::Text(text) = self.presented("licence") else { panic!("text") };
        let mut response = mdoc::DeviceResponse::parse(&BASE64.decode(text).unwrap()).unwrap();
        let response_uri = format!("{}/response", self.url);
        let is_sealed = self.ask.lock().unwrap().encrypted;
        let sealed_to = is_sealed.then(|| self.sealed_to.thumbprint().unwrap());
        let transcript =
            &mdoc::SessionTranscript::openid4vp(&self.client_id(), "n-1", sealed_to.as_ref(), &response_uri);
        let now = UnixSeconds(self.clock.seconds());
        let expect = mdoc::Expect { doc_type: mdoc::MDL, transcript, reader: None, now };
        assert_eq!(response.documents.len(), 1);
        let document = response.documents.remove(0);
        document.verify(mdoc::Trust::Key(issuer), &expect).unwrap().claims()
    }

    /// The subject of a W3C credential that came, once the presentation is verified as a counter does.
    pub(crate) fn verified_ldp(&self, issuer: &credentials::key::PublicKey) -> Value {
        let Presentation::Object(whole) = self.presented("licence") else { panic!("an object") };
        let expect = data_integrity::Expect {
            nonce: "n-1",
            audience: &self.client_id(),
            now: UnixSeconds(self.clock.seconds()),
            max_age: 60,
        };
        let presentation = data_integrity::UnverifiedPresentation::read(Value::Object(whole)).unwrap();
        let inside = presentation.verify(&expect).unwrap().into_credentials().remove(0);
        inside.verify(issuer, UnixSeconds(self.clock.seconds())).unwrap().subject().clone()
    }
}

/// The token with `alg: none`, its signature as it was.
fn unsign(token: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
    let (header, rest) = token.split_once('.').unwrap();
    let mut header: Value = serde_json::from_slice(&BASE64.decode(header).unwrap()).unwrap();
    header["alg"] = "none".into();
    format!("{}.{rest}", BASE64.encode(header.to_string()))
}

/// A signer's public half.
pub(crate) fn public(seed: u64, algorithm: Algorithm) -> credentials::key::PublicKey {
    key(seed, algorithm).public_key().clone()
}
