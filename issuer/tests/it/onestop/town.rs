//! Two departments on one chain: market supervision, which issues licences, and the tax bureau, to which they are presented.

use credentials::jwe::{self, Enc, EncryptionKey};
use credentials::key::{Algorithm, Jwk, Signer, SoftwareKey};
use credentials::{ClaimPath, UnixSeconds, jws, sd_jwt};
use issuer::{Approval, Config, OneStop, Policy, RunningIssuer};
use protocol::Format;
use protocol::dcql::Step;
use protocol::openid4vp::{AuthorizationRequest, AuthorizationResponse, Presentation, ResponseMode, VpToken};
use rand_core::OsRng;
use registry::{Action, Ask, LegalBasis, LocalText, PurposeDraft, Slug, UnixMillis};
use serde_json::{Value, json};

use crate::http::{Answer, Http};
use crate::wallet::Wallet;
use crate::world::{STAFF_TOKEN, World};

pub const TAX: &str = "tax-registration";
pub const AUTHORITY: &str = "国家税务总局合肥市高新区税务局";

pub struct Town {
    /// Market supervision, and the chain.
    pub world: World,
    pub tax: RunningIssuer,
    pub http: Http,
    /// The tax bureau's.
    pub config: Config,
}

/// A credential on a phone, and the key that it is bound to.
pub struct Card {
    pub text: String,
    pub wallet: Wallet,
    /// Its record at market supervision.
    pub id: String,
}

/// What was asked.
pub struct Asked {
    pub id: String,
    pub link: String,
    pub request: AuthorizationRequest,
}

/// What a dishonest phone says instead of the truth.
#[derive(Default)]
pub struct Lies {
    pub nonce: Option<&'static str>,
    pub audience: Option<String>,
    pub key: Option<SoftwareKey>,
    pub strip_binding: bool,
    pub also: Vec<&'static str>,
    pub without: Vec<&'static str>,
    pub state: Option<&'static str>,
    /// Seconds before now at which it says it signs.
    pub age: i64,
}

pub fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

/// The purpose as governance registers it.
pub fn purpose(did: &str, claims: &[&str]) -> Action {
    Action::RegisterPurpose(PurposeDraft {
        did: did.parse().unwrap(),
        purpose: slug(TAX),
        verifier_name: LocalText::new("合肥市税务局", "Hefei Tax Bureau"),
        purpose_name: LocalText::new("凭营业执照办理", "By business licence"),
        legal_basis: LegalBasis::Statutory,
        legal_text: LocalText::new(
            "《税收征收管理法》第十五条",
            "Tax Collection and Administration Law, article 15",
        ),
        asks: vec![Ask {
            credential_type: slug("business-licence"),
            claims: claims.iter().map(ToString::to_string).collect(),
        }],
        retention_days: 3650,
        valid_from: UnixMillis(0),
        valid_until: None,
    })
}

fn accreditation(did: &str, credential_type: &str) -> Action {
    Action::Accredit {
        did: did.parse().unwrap(),
        credential_type: slug(credential_type),
        issuer_name: LocalText::new("合肥市市场监督管理局", "Hefei Market Supervision"),
        valid_from: UnixMillis(0),
        valid_until: None,
    }
}

pub fn one_stop(approval: Approval) -> OneStop {
    let Value::Object(given) = json!({"taxAuthority": AUTHORITY, "taxpayerKind": "small-scale", "taxTypes": ["vat", "corporate-income"]})
    else {
        unreachable!("an object")
    };
    let taken = [("taxpayerNumber", "creditCode"), ("name", "name")];
    OneStop {
        credential_type: TAX.into(),
        presented: "business-licence".into(),
        purpose: slug(TAX),
        taken: taken.into_iter().map(|(here, there)| (here.to_owned(), there.to_owned())).collect(),
        given,
        approval,
    }
}

impl Town {
    pub async fn start(approval: Approval) -> Self {
        let town = Self::unaccredited(approval).await;
        town.world.govern(&accreditation(&town.world.did(), "business-licence")).await;
        town
    }

    /// The same before market supervision is accredited.
    pub async fn unaccredited(approval: Approval) -> Self {
        let town = Self::unregistered(approval).await;
        town.world.govern(&purpose(&town.did(), &["name", "creditCode"])).await;
        town
    }

    /// The same before the tax bureau has a purpose.
    pub async fn unregistered(approval: Approval) -> Self {
        let world = World::with(Policy::default()).await;
        let config = Config {
            name: LocalText::new("合肥市税务局", "Hefei Tax Bureau"),
            credential_types: vec![TAX.into()],
            listen: ([127, 0, 0, 1], testkit::free_ports(1)).into(),
            data_dir: world.config.data_dir.with_file_name("tax"),
            one_stop: vec![one_stop(approval)],
            judge: cli::judge::by_counter(),
            ..world.config.clone()
        };
        let tax = world.instance(config.clone()).await;
        let http = Http::new(tax.base_url());
        world.govern(&accreditation(&tax.did().to_string(), TAX)).await;
        Self { world, tax, http, config }
    }

    pub async fn stop(self) {
        self.tax.shutdown().await;
        self.world.stop().await;
    }

    pub fn did(&self) -> String {
        self.tax.did().to_string()
    }

    /// A licence of the first company's, on a phone of its own.
    pub async fn licence(&self) -> Card {
        let claims = testkit::Company::nth(0).business_licence_claims();
        self.issued("business-licence", "business-licence-sd-jwt", claims).await
    }

    /// Any credential of market supervision's.
    pub async fn issued(&self, credential_type: &str, configuration: &str, claims: Value) -> Card {
        let world = &self.world;
        let applied = world.apply(credential_type, claims).await;
        world.approve(&applied).await;
        let token = world.token(&world.collectable(&applied).await).await;
        let wallet = Wallet::new(Algorithm::Es256);
        let answer = world.ask(&token, configuration, &wallet.proof(world, &world.nonce().await)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let text = answer.json()["credentials"][0]["credential"].as_str().unwrap().to_owned();
        let found =
            world.http.get(&format!("/api/applications/{}", applied.id), Some(STAFF_TOKEN)).await.json();
        let id = found["credentials"][configuration].as_str().unwrap().to_owned();
        Card { text, wallet, id }
    }

    pub async fn ask(&self) -> Asked {
        let answer = self.http.post_json("/api/presentations", None, &json!({"type": TAX})).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let body = answer.json();
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        Asked { id: text("id"), link: text("link"), request: self.fetch(&text("request_uri")).await }
    }

    /// Reads what is asked, and believes it.
    pub async fn fetch(&self, request_uri: &str) -> AuthorizationRequest {
        let answer = self.http.get(request_uri, None).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("content-type"), "application/oauth-authz-req+jwt");
        let token = jws::Unverified::parse(&answer.text()).unwrap();
        serde_json::from_value(Value::Object(token.dangerous_claims().clone())).unwrap()
    }

    /// The body that a phone posts.
    pub fn body(&self, request: &AuthorizationRequest, card: &Card, lies: &Lies) -> String {
        sealed(request, &self.answer(request, card, lies))
    }

    /// What is in it.
    pub fn answer(&self, request: &AuthorizationRequest, card: &Card, lies: &Lies) -> AuthorizationResponse {
        let part = &request.dcql_query.as_ref().unwrap().credentials[0];
        assert_eq!(part.format, Format::SdJwtVc);
        let asked = part.claims.iter().flatten().map(|claim| match claim.path.steps() {
            [Step::Key(name)] => name.clone(),
            _ => panic!("a claim's name"),
        });
        let held = sd_jwt::Unverified::parse(&card.text).unwrap();
        let claims = held.dangerous_claims();
        let names: Vec<String> = asked
            .chain(lies.also.iter().map(ToString::to_string))
            .filter(|name| !lies.without.contains(&name.as_str()) && claims.get(name.as_str()).is_some())
            .collect();
        let paths: Vec<ClaimPath> = names.iter().map(|name| ClaimPath::top(name)).collect();
        let selection = held.select(&paths).unwrap();
        let text = if lies.strip_binding {
            selection.text().to_owned()
        } else {
            let shown = selection.text().to_owned();
            let audience = lies.audience.as_deref().unwrap_or(request.client_id.as_str());
            let nonce = lies.nonce.unwrap_or(&request.nonce);
            let to_bind = selection.bind(audience, nonce, UnixSeconds(self.world.now() - lies.age)).unwrap();
            // By hand: the credential's own key would refuse another's signature.
            let key = lies.key.as_ref().unwrap_or(&card.wallet.key);
            let signature = key.sign(to_bind.bytes()).unwrap();
            format!("{shown}{}.{}", String::from_utf8(to_bind.bytes().to_vec()).unwrap(), base64(&signature))
        };
        let state = lies.state.map(protocol::Secret::from).or_else(|| request.state.clone());
        let vp_token = VpToken::one(part.id.clone(), Presentation::Text(text));
        AuthorizationResponse::Presented { vp_token, state }
    }

    pub async fn post(&self, request: &AuthorizationRequest, body: String) -> Answer {
        let address = request.response_uri.as_ref().unwrap().as_str();
        self.http.post(address, None, "application/x-www-form-urlencoded", body).await
    }

    /// Asks, and answers with this card and these lies.
    pub async fn present(&self, card: &Card, lies: Lies) -> (Asked, Answer) {
        let asked = self.ask().await;
        let body = self.body(&asked.request, card, &lies);
        let answer = self.post(&asked.request, body).await;
        (asked, answer)
    }

    /// How a presentation stands.
    pub async fn look(&self, asked: &Asked) -> Value {
        let answer = self.http.get(&format!("/api/presentations/{}", asked.id), None).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// The tax bureau's applications, newest first.
    pub async fn applications(&self) -> Vec<Value> {
        let list = self.http.get("/api/applications", Some(STAFF_TOKEN)).await.json();
        list["applications"].as_array().unwrap().clone()
    }
}

/// The application that a wallet's answer leads to: its id and its key.
pub fn led_to(answer: &Answer) -> (String, String) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let address = url::Url::parse(answer.json()["redirect_uri"].as_str().expect("an address")).unwrap();
    let id = address.path().strip_prefix("/applications/").expect("an application").to_owned();
    let key = address.query_pairs().find(|(name, _)| name == "key").expect("a key").1.into_owned();
    (id, key)
}

/// The key that a request wants its answer encrypted to.
pub fn key(request: &AuthorizationRequest) -> Jwk {
    let metadata = request.client_metadata.as_ref().unwrap();
    let encryption = metadata.response_encryption().expect("a key for the answer");
    serde_json::from_value(Value::Object(encryption.jwk)).unwrap()
}

/// An answer as it is posted to a request: encrypted to its key.
pub fn sealed(request: &AuthorizationRequest, answer: &AuthorizationResponse) -> String {
    assert_eq!(request.response_mode, Some(ResponseMode::DirectPostJwt));
    let key = EncryptionKey::from_jwk(&key(request)).unwrap();
    let text = jwe::encrypt(&answer.to_payload().unwrap(), &key, Enc::A256Gcm, &mut OsRng).unwrap();
    AuthorizationResponse::Encrypted(text).to_form().encode()
}

pub fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
