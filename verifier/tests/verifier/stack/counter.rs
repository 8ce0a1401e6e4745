//! A running verifier, and how a program talks to it.

use std::path::Path;
use std::time::Duration;

use registry::Slug;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use service::outbound;
use url::Url;
use verifier::{Config, Policy, PurposeConfig, RunningVerifier, StaffAccount, Tenant, Verifier};

use super::{Network, both};

pub(crate) const TOKEN: &str = "a token that a test made up and nobody else has";

pub(crate) struct Counter {
    pub(crate) running: RunningVerifier,
    pub(crate) http: Client,
}

/// A request that was asked.
pub(crate) struct Asked {
    pub(crate) id: String,
    pub(crate) link: String,
    pub(crate) request_uri: String,
}

/// `driving`: a driver's licence as mdoc. `open-account`: name and credit code; `full-licence`: everything, in either format.
fn purposes() -> Vec<PurposeConfig> {
    let all = credentials::catalogue::Catalogue::bundled().unwrap().by_id("business-licence").unwrap();
    let all: Vec<&str> = all.claims.iter().map(|claim| claim.name.as_str()).collect();
    let purposes = json!([
        {
            "id": "open-account",
            "title": {"zh": "开立对公账户", "en": "Open a business account"},
            "asks": [{"credential_type": "business-licence", "claims": ["name", "creditCode"]}]
        },
        {
            "id": "full-licence",
            "title": {"zh": "查验营业执照", "en": "See the whole licence"},
            "asks": [{"credential_type": "business-licence", "claims": all, "formats": ["dc+sd-jwt", "ldp_vc"]}]
        },
        {
            "id": "driving",
            "title": {"zh": "驾驶资格核验", "en": "Right to drive"},
            "asks": [{
                "credential_type": "drivers-licence",
                "claims": ["familyName", "portrait", "class", "firstIssued", "validUntil"],
                "formats": ["mso_mdoc", "dc+sd-jwt"]
            }]
        }
    ]);
    serde_json::from_value(purposes).unwrap()
}

impl Counter {
    pub(crate) async fn start(network: &Network) -> Self {
        Self::start_with(network, "counter", Policy::default()).await
    }

    pub(crate) async fn start_with(network: &Network, folder: &str, policy: Policy) -> Self {
        let running =
            Verifier::bind(Self::config(network, &network.dir.path().join(folder), policy)).await.unwrap();
        Self::of(running)
    }

    /// A counter with these policies.
    pub(crate) async fn start_by(network: &Network, policies: Value) -> Self {
        let dir = network.dir.path().join("policies-counter");
        let mut config = Self::config(network, &dir, Policy::default());
        config.tenants[0].purposes = serde_json::from_value(policies).unwrap();
        Self::of(Verifier::bind(config).await.unwrap())
    }

    pub(crate) fn of(running: RunningVerifier) -> Self {
        Self { running, http: outbound::client(Duration::from_secs(20)) }
    }

    pub(crate) fn config(network: &Network, data_dir: &Path, policy: Policy) -> Config {
        let node_url = Url::parse(&network.node_url).unwrap();
        let config = Config::local(Self::tenant("bank", TOKEN), node_url, network.anchor.clone(), data_dir);
        Config { vc_api: Some(verifier::VcApiConfig::default()), policy, ..config }
    }

    /// A tenant of this name whose clerk has this token.
    pub(crate) fn tenant(id: &str, token: &str) -> Tenant {
        let name = both("合肥示例银行", "Example Bank Hefei");
        let staff = vec![StaffAccount::new("counter 3", token)];
        Tenant::new(Slug::new(id).unwrap(), name, purposes(), staff)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.base_url())
    }

    /// Asks for a configured purpose.
    pub(crate) async fn ask(&self, purpose: &str) -> Asked {
        self.ask_json(&json!({ "purpose": purpose, "response_mode": "direct_post" })).await
    }

    pub(crate) async fn ask_json(&self, wish: &Value) -> Asked {
        let answer = self.post("/api/requests", wish, Some(TOKEN)).await;
        assert_eq!(answer.status(), 201);
        let asked: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        let text = |name: &str| asked[name].as_str().unwrap().to_owned();
        Asked { id: text("id"), link: text("link"), request_uri: text("request_uri") }
    }

    pub(crate) async fn post(&self, path: &str, body: &Value, token: Option<&str>) -> Response {
        let request =
            self.http.post(self.url(path)).header("content-type", "application/json").body(body.to_string());
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        request.send().await.unwrap()
    }

    /// Announces a body of this length without sending it; the status that comes back.
    pub(crate) async fn announce(&self, uri: &str, media_type: &str, length: usize) -> u16 {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let uri = Url::parse(uri).unwrap();
        let address = (uri.host_str().unwrap(), uri.port().unwrap());
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: counter\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: {media_type}\r\n\
             content-length: {length}\r\n\r\n",
            uri.path()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0u8; 12];
        stream.read_exact(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[9..]).parse().unwrap()
    }

    /// Where a request stands.
    pub(crate) async fn read(&self, id: &str) -> Value {
        let answer =
            self.http.get(self.url(&format!("/api/requests/{id}"))).bearer_auth(TOKEN).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }
}
