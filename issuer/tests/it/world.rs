//! A real chain, a real store, a real issuer on loopback, and a clock that can be put forward.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chain::{Node, SoloConfig, SoloLedger};
use credentials::key::{Algorithm, Signer, SoftwareKey};
use issuer::model::{Role, Roles};
use issuer::{Clock, Config, Issuer, Policy, RunningIssuer, StaffAccount};
use registry::build::{SoftwareSigner, TxSigner};
use registry::{Genesis, GenesisGovernance, LocalText, Member, Slug, Validator, ValidatorSet};
use serde_json::{Value, json};

use crate::http::{Answer, Http};
use crate::wallet::Wallet;

pub const STAFF_TOKEN: &str = "a token of the staff that nobody guesses";
pub const CLERK_TOKEN: &str = "a token of a clerk";
pub const SUPERVISOR_TOKEN: &str = "a token of a supervisor";
pub const AUDITOR_TOKEN: &str = "a token of an auditor";
pub const ADMIN_TOKEN: &str = "a token of an admin";
pub const SECOND_STAFF_TOKEN: &str = "a token of another member of the staff";

/// What an issuer of a test issues.
const TYPES: [&str; 5] =
    ["business-licence", "digital-id", "drivers-licence", "talent-certificate", "mandate"];

/// The machine's clock, put forward.
#[derive(Default)]
pub struct ShiftedClock(AtomicU64);

impl ShiftedClock {
    pub fn forward(&self, seconds: u64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// Takes back what it was put forward.
    pub fn back(&self, seconds: u64) {
        self.0.fetch_sub(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for ShiftedClock {
    fn now_ms(&self) -> u64 {
        service::clock::now().0 + self.0.load(Ordering::SeqCst)
    }
}

pub struct World {
    pub http: Http,
    pub clock: Arc<ShiftedClock>,
    pub config: Config,
    node: Option<Node>,
    issuer: Option<RunningIssuer>,
    chain_dir: PathBuf,
    genesis: Genesis,
    _dir: tempfile::TempDir,
}

/// An application that came in.
#[derive(Clone)]
pub struct Applied {
    pub id: String,
    pub secret: String,
    pub link: String,
}

/// An offer as the applicant gets it.
#[derive(Clone)]
pub struct Collectable {
    pub offer_uri: String,
    pub by_value: String,
    pub code: String,
    pub tx_code: String,
}

impl World {
    pub async fn start() -> Self {
        Self::with(Policy::default()).await
    }

    pub async fn with(policy: Policy) -> Self {
        Self::of(policy, issuer::Citizens::Synthetic(citizens())).await
    }

    /// The same, with another place where citizens log in. It issues before governance has accredited it for anything.
    pub async fn of(policy: Policy, citizens: issuer::Citizens) -> Self {
        Self::of_exactly(Policy { issue_unaccredited: true, ..policy }, citizens, &TYPES).await
    }

    /// One that issues everything in the catalogue.
    pub async fn of_every_type() -> Self {
        let catalogue = credentials::catalogue::Catalogue::bundled().expect("the catalogue");
        let types: Vec<_> = catalogue.types().iter().map(|of| of.id.as_str()).collect();
        let policy = Policy { issue_unaccredited: true, ..Policy::default() };
        Self::of_exactly(policy, issuer::Citizens::Synthetic(citizens()), &types).await
    }

    /// One that issues what governance has accredited it for, and nothing else.
    pub async fn accountable(policy: Policy) -> Self {
        Self::of_exactly(policy, issuer::Citizens::Synthetic(citizens()), &TYPES).await
    }

    async fn of_exactly(policy: Policy, citizens: issuer::Citizens, types: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("dir");
        let (validator, member) = (signer(1), signer(2));
        let genesis = Genesis {
            network: Slug::new("anhui").expect("name"),
            time: service::clock::now(),
            governance: GenesisGovernance {
                members: vec![Member { name: LocalText::new("数据局", "Data"), key: member.public_key() }],
                threshold: 1,
            },
            validators: ValidatorSet::new(vec![Validator { key: validator.public_key(), power: 1 }])
                .expect("set"),
        };
        let chain_dir = dir.path().join("chain");
        let node = open_node(&chain_dir, &genesis, &format!("127.0.0.1:{}", testkit::free_ports(1))).await;
        let config = Config {
            name: LocalText::new("合肥市市场监督管理局", "Hefei Market Supervision"),
            credential_types: types.iter().map(|of| (*of).to_owned()).collect(),
            // The addresses must stay the same over restarts.
            listen: ([127, 0, 0, 1], testkit::free_ports(1)).into(),
            base_url: None,
            node_url: node.base_url().parse().expect("url"),
            anchor: genesis.anchor(),
            staff: vec![
                StaffAccount::new("li", STAFF_TOKEN, Roles::ALL),
                StaffAccount::new("wu", SECOND_STAFF_TOKEN, Roles::ALL),
                StaffAccount::new("chen", CLERK_TOKEN, Roles::of(&[Role::Clerk])),
                StaffAccount::new("sun", AUDITOR_TOKEN, Roles::of(&[Role::Auditor])),
                StaffAccount::new("zhou", ADMIN_TOKEN, Roles::of(&[Role::Admin])),
                StaffAccount::new("he", SUPERVISOR_TOKEN, Roles::of(&[Role::Supervisor])),
            ],
            staff_login: None,
            data_dir: dir.path().join("issuer"),
            database: None,
            tls: None,
            operators: None,
            vc_api: true,
            demonstration: true,
            citizens,
            wallets: vec![issuer::WalletClient::ours()],
            one_stop: Vec::new(),
            judge: None,
            policy,
        };
        let clock = Arc::new(ShiftedClock::default());
        let issuer = Issuer::bind_with(config.clone(), clock.clone()).await.expect("starts");
        let http = Http::new(issuer.base_url());
        Self { http, clock, config, node: Some(node), issuer: Some(issuer), chain_dir, genesis, _dir: dir }
    }

    /// Another instance of the same issuer, with the same keys and the same clock.
    pub async fn instance(&self, config: Config) -> RunningIssuer {
        Issuer::bind_with(config, self.clock.clone()).await.expect("starts")
    }

    /// The same world as it is seen at another address.
    pub fn see_through(&mut self, base_url: &str) {
        self.http = Http::without_reuse(base_url);
    }

    pub fn base(&self) -> &str {
        self.http.base()
    }

    pub fn did(&self) -> String {
        self.issuer.as_ref().expect("running").did().to_string()
    }

    /// Stops the issuer and starts it again on the same folder.
    pub async fn restart(&mut self) {
        self.stop_issuer().await;
        self.start_issuer().await;
    }

    pub async fn stop_issuer(&mut self) {
        if let Some(issuer) = self.issuer.take() {
            issuer.shutdown().await;
        }
    }

    pub async fn start_issuer(&mut self) {
        self.issuer = Some(Issuer::bind_with(self.config.clone(), self.clock.clone()).await.expect("starts"));
    }

    pub async fn stop_chain(&mut self) {
        if let Some(node) = self.node.take() {
            node.shutdown().await;
        }
    }

    pub async fn start_chain(&mut self) {
        let address = self.config.node_url.socket_addrs(|| None).expect("address")[0].to_string();
        self.node = Some(open_node(&self.chain_dir, &self.genesis, &address).await);
    }

    pub async fn stop(mut self) {
        self.stop_issuer().await;
        self.stop_chain().await;
    }

    /// A client of the chain of one's own.
    pub fn node_client(&self) -> service::NodeClient {
        service::NodeClient::new(service::NodeConfig::new(
            self.config.node_url.as_str().trim_end_matches('/'),
            self.config.anchor.clone(),
        ))
    }

    /// Signs and submits a transaction of the governance.
    pub async fn govern(&self, action: &registry::Action) {
        let node = self.node_client();
        node.act(&registry::Author::Governance, action, &[&signer(2)]).await.expect("governed");
    }

    /// Governance accredits the issuer for a type.
    pub async fn accredit(&self, credential_type: &str) {
        let accredit = registry::Action::Accredit {
            did: self.did().parse().expect("a DID"),
            credential_type: Slug::new(credential_type).expect("a name"),
            issuer_name: self.config.name.clone(),
            valid_from: registry::UnixMillis(0),
            valid_until: None,
        };
        self.govern(&accredit).await;
    }

    pub async fn apply(&self, credential_type: &str, claims: Value) -> Applied {
        let answer = self
            .http
            .post_json("/api/applications", None, &json!({"type": credential_type, "claims": claims}))
            .await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let body = answer.json();
        let text = |name: &str| body[name].as_str().expect("text").to_owned();
        Applied { id: text("id"), secret: text("secret"), link: text("link") }
    }

    pub async fn approve(&self, applied: &Applied) {
        let path = format!("/api/applications/{}/approve", applied.id);
        let answer = self.http.post_json(&path, Some(STAFF_TOKEN), &json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// Applied for a business licence, and approved.
    pub async fn approved(&self) -> Applied {
        let applied =
            self.apply("business-licence", testkit::Company::nth(0).business_licence_claims()).await;
        self.approve(&applied).await;
        applied
    }

    pub async fn collectable(&self, applied: &Applied) -> Collectable {
        let path = format!("/api/applications/{}/offer", applied.id);
        self.read_offer(&self.http.get(&path, Some(&applied.secret)).await)
    }

    pub async fn renewed(&self, applied: &Applied) -> Collectable {
        let path = format!("/api/applications/{}/offer", applied.id);
        self.read_offer(&self.http.post_json(&path, Some(&applied.secret), &json!({})).await)
    }

    fn read_offer(&self, answer: &Answer) -> Collectable {
        assert_eq!(answer.status, 200, "{}", answer.text());
        let body = answer.json();
        let by_value = body["offer_uri_by_value"].as_str().expect("link").to_owned();
        let link = protocol::openid4vci::OfferLink::parse(&by_value).expect("an offer");
        let protocol::openid4vci::OfferLink::Value(offer) = link else { panic!("by value") };
        assert_eq!(offer.credential_issuer.as_str(), self.base());
        Collectable {
            offer_uri: body["offer_uri"].as_str().expect("link").to_owned(),
            by_value,
            code: offer.pre_authorized().expect("grant").code.expose().to_owned(),
            tx_code: body["tx_code"].as_str().expect("code").to_owned(),
        }
    }

    pub async fn redeem(&self, code: &str, tx_code: &str) -> Answer {
        let grant = protocol::openid4vci::PRE_AUTHORIZED_CODE;
        let form = [("grant_type", grant), ("pre-authorized_code", code), ("tx_code", tx_code)];
        self.http.post_form("/token", &form).await
    }

    pub async fn token(&self, offer: &Collectable) -> String {
        let answer = self.redeem(&offer.code, &offer.tx_code).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["access_token"].as_str().expect("token").to_owned()
    }

    pub async fn nonce(&self) -> String {
        let answer = self.http.post_json("/nonce", None, &json!({})).await;
        answer.json()["c_nonce"].as_str().expect("nonce").to_owned()
    }

    pub async fn ask(&self, token: &str, configuration: &str, proof: &str) -> Answer {
        let body = json!({"credential_configuration_id": configuration, "proofs": {"jwt": [proof]}});
        self.http.post_json("/credential", Some(token), &body).await
    }

    /// A credential in a wallet, and the record of it.
    pub async fn issued(&self, configuration: &str) -> (Value, String) {
        self.collected(&self.approved().await, configuration).await
    }

    /// The same of an application that is approved.
    pub async fn collected(&self, applied: &Applied, configuration: &str) -> (Value, String) {
        let offer = self.collectable(applied).await;
        let token = self.token(&offer).await;
        let wallet = Wallet::new(Algorithm::Es256);
        let answer = self.ask(&token, configuration, &wallet.proof(self, &self.nonce().await)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let credential = answer.json()["credentials"][0]["credential"].clone();
        let path = format!("/api/applications/{}", applied.id);
        let found = self.http.get(&path, Some(STAFF_TOKEN)).await.json();
        (credential, found["credentials"][configuration].as_str().expect("id").to_owned())
    }

    pub async fn change(&self, credential: &str, change: &str) -> Answer {
        let path = format!("/api/credentials/{credential}/{change}");
        self.http.post_json(&path, Some(STAFF_TOKEN), &json!({"reason": "遗失"})).await
    }

    pub async fn record(&self, credential: &str) -> Value {
        self.http.get(&format!("/api/credentials/{credential}"), Some(STAFF_TOKEN)).await.json()
    }

    /// Seconds since 1970 by the issuer's clock.
    pub fn now(&self) -> i64 {
        i64::try_from(self.clock.now_ms() / 1000).expect("now")
    }

    /// The public key of one of the issuer's own keys, as its files have it.
    pub fn issuer_key(&self, algorithm: Algorithm) -> credentials::key::PublicKey {
        let name = match algorithm {
            Algorithm::EdDsa => "signing-ed25519.key",
            Algorithm::Es256 => "signing-p256.key",
            other => panic!("issuers have no key for {other:?}"),
        };
        let secret = std::fs::read(self.config.data_dir.join("keys").join(name)).expect("key file");
        let key = SoftwareKey::from_secret_bytes(algorithm, &secret).expect("key");
        key.public_key().clone()
    }
}

/// The representative of the company that applies, and somebody else.
fn citizens() -> Vec<issuer::Citizen> {
    let citizen = |n| issuer::Citizen {
        name: testkit::Person::nth(n).name,
        id_number: Some(testkit::Person::nth(n).id_number),
        represents: vec![testkit::Company::nth(n).credit_code],
    };
    vec![citizen(0), citizen(1)]
}

async fn open_node(dir: &std::path::Path, genesis: &Genesis, address: &str) -> Node {
    let config = SoloConfig { heartbeat: Duration::from_secs(15), ..SoloConfig::new(dir) };
    let ledger = SoloLedger::open(config, Some(genesis.clone()), Arc::new(signer(1))).expect("opens");
    Node::bind(chain::NodeConfig::new(address.parse().expect("address")), Arc::new(ledger))
        .await
        .expect("binds")
}

pub fn signer(seed: u8) -> SoftwareSigner {
    SoftwareSigner::from_seed(&[seed; 32]).expect("key")
}
