//! What a counter says while the chain's node is away, lies, or has another time; and what it remembers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use registry::api::{self, EvidenceRequest};
use registry::build::{SoftwareSigner, TxSigner};
use registry::{
    Certificate, CertificateSignature, Evidence, EvidenceBundle, Hash32, Header, RecordKey, Status,
    UnixMillis, VoteKind, vote_bytes,
};
use serde_json::Value;
use service::{Layers, Running, Server, clock};
use verifier::{Policy, Verifier};

use crate::stack::{Card, Counter, Issuer, Lies, Network, Phone, check, not_passed};

/// What a node says.
#[derive(Clone)]
pub(crate) enum Says {
    /// What the chain says.
    Truth,
    /// Evidence, and good evidence, for another key than was asked for.
    AnotherKey,
    /// What it said once, for ever.
    OnceSaid(Arc<Mutex<Option<Bytes>>>),
    /// Blocks that were never decided: this far from now, signed by this key.
    Invented { seconds: i64, validator: u8 },
    /// Nothing.
    Nothing,
}

/// A node that stands before another, and says of the records what it likes. It tells of no events.
pub(crate) struct Liar {
    says: Arc<Mutex<Says>>,
    pub(crate) running: Running,
}

#[derive(Clone)]
struct Behind {
    says: Arc<Mutex<Says>>,
    genesis: registry::Genesis,
    node: String,
    http: reqwest::Client,
}

impl Liar {
    pub(crate) async fn start(network: &Network) -> Self {
        let says = Arc::new(Mutex::new(Says::Truth));
        let behind = Behind {
            says: says.clone(),
            genesis: network.genesis.clone(),
            node: network.node_url.clone(),
            http: service::outbound::client(Duration::from_secs(20)),
        };
        let router = Router::new().route("/{*path}", any(answer)).with_state(behind);
        let running = Server::bind(([127, 0, 0, 1], 0).into(), Layers::default().wrap(router)).await.unwrap();
        Self { says, running }
    }

    pub(crate) fn say(&self, says: Says) {
        *self.says.lock().unwrap() = says;
    }
}

async fn answer(State(behind): State<Behind>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let path = parts.uri.path_and_query().unwrap().to_string();
    let says = behind.says.lock().unwrap().clone();
    let asks = |body: Bytes| async {
        let request = behind.http.request(parts.method.clone(), format!("{}{path}", behind.node)).body(body);
        let kind = parts.headers.get("content-type").cloned();
        let request = kind.into_iter().fold(request, |request, kind| request.header("content-type", kind));
        let answer = request.header("accept", api::BUNDLE).send().await.unwrap();
        (answer.status(), answer.bytes().await.unwrap())
    };
    if parts.uri.path() == api::EVENTS {
        return axum::http::StatusCode::NOT_FOUND.into_response();
    }
    let about_records = parts.uri.path() == api::EVIDENCE;
    match says {
        Says::Nothing => axum::http::StatusCode::BAD_GATEWAY.into_response(),
        Says::AnotherKey if about_records => {
            let other = EvidenceRequest { keys: vec![RecordKey::Governance] };
            asks(serde_json::to_vec(&other).unwrap().into()).await.into_response()
        }
        Says::OnceSaid(said) if about_records => {
            let before = said.lock().unwrap().clone();
            let bytes = match before {
                Some(bytes) => bytes,
                None => asks(body).await.1,
            };
            *said.lock().unwrap() = Some(bytes.clone());
            bytes.into_response()
        }
        Says::Invented { seconds, validator } if about_records => {
            let asked: EvidenceRequest = serde_json::from_slice(&body).unwrap();
            behind.invented(&asked.keys, seconds, validator).into_response()
        }
        _ => asks(body).await.into_response(),
    }
}

impl Behind {
    /// What a chain of the same genesis would prove whose first block was this far from now.
    fn invented(&self, keys: &[RecordKey], seconds: i64, validator: u8) -> Vec<u8> {
        let time = clock::now().0.checked_add_signed(seconds * 1000).unwrap();
        let header = Header {
            height: 1,
            time: UnixMillis(time),
            previous: Hash32::of(b"the block before"),
            ..self.genesis.header()
        };
        let block_id = header.id();
        let vote = vote_bytes(VoteKind::Precommit, &header.chain_id, header.height, 0, Some(&block_id));
        let signature = SoftwareSigner::from_seed(&[validator; 32]).unwrap().sign(&vote).unwrap();
        let signatures = vec![CertificateSignature { validator: 0, signature }];
        let certificate = Certificate { height: header.height, round: 0, block_id, signatures };
        let state = self.genesis.state();
        let prove = |key: &RecordKey| {
            let record = state.bytes(key).map(<[u8]>::to_vec);
            Evidence::new(key.clone(), record, state.prove(key), &header, certificate.clone())
        };
        EvidenceBundle::of(&keys.iter().map(prove).collect::<Vec<_>>()).unwrap().to_bytes()
    }
}

/// A counter that asks a liar, an issuer whose records it has not asked for yet, and a card.
struct Scene {
    network: Network,
    liar: Liar,
    counter: Counter,
    market: Issuer,
    phone: Phone,
    card: Card,
}

impl Scene {
    async fn start(policy: Policy) -> Self {
        let network = Network::start().await;
        let liar = Liar::start(&network).await;
        let mut config = Counter::config(&network, &network.dir.path().join("lied-to"), policy);
        config.node_urls = vec![liar.running.base_url().parse().unwrap()];
        let counter = Counter::of(Verifier::bind(config).await.unwrap());
        let market = Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
        let phone = Phone::new();
        let card = market.licence(&phone, 3, 1);
        Self { network, liar, counter, market, phone, card }
    }

    async fn decision(&self) -> Value {
        decision(&self.counter, &self.phone, &self.card).await
    }
}

async fn decision(counter: &Counter, phone: &Phone, card: &Card) -> Value {
    let asked = counter.ask("open-account").await;
    assert_eq!(phone.answer(&asked.request_uri, card, Lies::default()).await.status, 200);
    counter.read(&asked.id).await
}

/// The checks that rest on the chain.
const OF_THE_CHAIN: [&str; 4] =
    ["issuer_signature", "issuer_key_valid_when_issued", "issuer_accredited", "status"];

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_lies_is_named_and_nothing_is_accepted() {
    let scene = Scene::start(Policy::default()).await;
    let hour = 3_600;
    for (says, code) in [
        (Says::AnotherKey, "chain_not_believed"),
        // A certificate by a key that is no validator's.
        (Says::Invented { seconds: 0, validator: 8 }, "chain_not_believed"),
        // What a right node says when this machine's clock is an hour ahead, or behind.
        (Says::Invented { seconds: -hour, validator: 9 }, "chain_too_old"),
        (Says::Invented { seconds: hour, validator: 9 }, "chain_from_the_future"),
        (Says::Nothing, "chain_unreachable"),
    ] {
        scene.liar.say(says);
        let decision = scene.decision().await;
        assert_eq!(decision["decision"], "cannot_tell", "{code}");
        for id in OF_THE_CHAIN {
            assert_eq!(check(&decision, id), ("unknown", code));
        }
        // In words, that a clerk can do something with.
        for lang in ["zh", "en"] {
            let checks = decision["checks"].as_array().unwrap();
            let said = checks.iter().find(|check| check["id"] == "status").unwrap()["finding"][lang].as_str();
            assert!(said.is_some_and(|text| text.len() > 10 && !text.contains(code)), "{code} {said:?}");
        }
        assert_eq!(decision["claims"], serde_json::json!({}), "{code}");
    }
    scene.liar.say(Says::Truth);
    assert_eq!(scene.decision().await["decision"], "accepted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_says_for_ever_what_it_said_once_is_found_out() {
    let policy = Policy { evidence_max_age: Duration::from_secs(6), ..Policy::default() };
    let scene = Scene::start(policy).await;
    scene.liar.say(Says::OnceSaid(Arc::default()));
    let first = scene.decision().await;
    assert_eq!(first["decision"], "accepted", "it is true as yet: {:?}", not_passed(&first));
    let found_out = async {
        loop {
            let decision = scene.decision().await;
            if decision["decision"] != "accepted" {
                return decision;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let decision = tokio::time::timeout(Duration::from_secs(30), found_out).await.unwrap();
    assert_eq!(check(&decision, "status"), ("unknown", "chain_too_old"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_forgets_a_revocation_is_not_believed() {
    let scene = Scene::start(Policy::default()).await;
    let said = Arc::new(Mutex::new(None));
    scene.liar.say(Says::OnceSaid(said.clone()));
    assert_eq!(scene.decision().await["decision"], "accepted");
    scene.market.set(&scene.network, 1, Status::Revoked).await;
    scene.liar.say(Says::Truth);
    assert_eq!(check(&scene.decision().await, "status"), ("failed", "revoked"));
    // Good evidence, young enough, of a block before: what was seen since stays seen.
    scene.liar.say(Says::OnceSaid(said));
    assert_eq!(check(&scene.decision().await, "status"), ("failed", "revoked"));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_one_node_is_away_or_lies_the_next_is_asked() {
    let network = Network::start().await;
    let (liar, second) = (Liar::start(&network).await, Liar::start(&network).await);
    let market = Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
    let mut config = Counter::config(&network, &network.dir.path().join("two-nodes"), Policy::default());
    let nobody = "http://127.0.0.1:9".parse().unwrap();
    let [one, two] = [&liar, &second].map(|liar| liar.running.base_url().parse().unwrap());
    config.node_urls = vec![nobody, one, two];
    // The first start needs a node: it finds one, though the first that is named is none.
    let counter = Counter::of(Verifier::bind(config).await.unwrap());
    let phone = Phone::new();
    let lies = [Says::AnotherKey, Says::Invented { seconds: 0, validator: 8 }, Says::Nothing];
    for (company, lie) in lies.into_iter().enumerate() {
        // A card whose status was not asked for yet: 2,048 entries are one record.
        let card = market.licence(&phone, company, 4096 * (u32::try_from(company).unwrap() + 1));
        liar.say(lie);
        assert_eq!(decision(&counter, &phone, &card).await["decision"], "accepted", "{company}");
        // And back.
        liar.say(Says::Truth);
        second.say(Says::Nothing);
        let card = market.licence(&phone, company, 4096 * (u32::try_from(company).unwrap() + 10));
        assert_eq!(decision(&counter, &phone, &card).await["decision"], "accepted", "{company}");
        second.say(Says::Truth);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_proven_outlives_the_node_and_a_restart() {
    let network = Network::start().await;
    let market = Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
    let phone = Phone::new();
    let (known, unknown) = (market.licence(&phone, 3, 1), market.licence(&phone, 4, 9_000));
    let config = || Counter::config(&network, &network.dir.path().join("remembering"), Policy::default());
    let counter = Counter::of(Verifier::bind(config()).await.unwrap());
    assert_eq!(decision(&counter, &phone, &known).await["decision"], "accepted");
    counter.running.shutdown().await;
    let dir = network.dir.path().to_owned();
    let away = "http://127.0.0.1:9".parse::<url::Url>().unwrap();

    let mut without = config();
    without.node_urls = vec![away.clone()];
    let counter = Counter::of(Verifier::bind(without).await.unwrap());
    let first = decision(&counter, &phone, &known).await;
    assert_eq!(first["decision"], "accepted", "{:?}", not_passed(&first));
    assert_eq!(counter.http.get(counter.url("/health/ready")).send().await.unwrap().status(), 200);
    let other = decision(&counter, &phone, &unknown).await;
    assert_eq!(
        check(&other, "status"),
        ("unknown", "chain_unreachable"),
        "what was never asked is not known"
    );
    counter.running.shutdown().await;

    // Another anchor believes nothing of it.
    let stranger = Network::start().await;
    let mut moved = config();
    (moved.node_urls, moved.anchor) = (vec![away], stranger.anchor.clone());
    let counter = Counter::of(Verifier::bind(moved).await.unwrap());
    let decision = decision(&counter, &phone, &known).await;
    assert_eq!(check(&decision, "status"), ("unknown", "chain_unreachable"));
    counter.running.shutdown().await;
    drop(dir);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_is_seen_when_its_block_is_told() {
    let network = Network::start().await;
    let market = Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
    let counter = Counter::start(&network).await;
    let phone = Phone::new();
    let card = market.licence(&phone, 3, 1);
    assert_eq!(decision(&counter, &phone, &card).await["decision"], "accepted");
    market.set(&network, 1, Status::Revoked).await;
    let seen =
        async { while check(&decision(&counter, &phone, &card).await, "status") != ("failed", "revoked") {} };
    let begun = std::time::Instant::now();
    tokio::time::timeout(Duration::from_secs(30), seen).await.unwrap();
    println!("a revocation was seen {} ms after it was final", begun.elapsed().as_millis());
    // And nobody forgets it when the node goes, or the counter starts anew.
    let Network { node, .. } = network;
    node.shutdown().await;
    assert_eq!(check(&decision(&counter, &phone, &card).await, "status"), ("failed", "revoked"));
    counter.running.shutdown().await;
}
