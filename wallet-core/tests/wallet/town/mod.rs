//! A town with a chain, an issuer and a verifier. Everything in it is done by the real crates; only the network
//! between them is a function call.

mod chain;
mod grants;
mod issuer;
mod verifier;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use async_trait::async_trait;
use credentials::key::{Algorithm, SoftwareKey};
use registry::{Status, UnixMillis};
use testkit::FixedClock;
use wallet_core::{
    Card, Choice, ConsentRequest, Wallet, WalletConfig,
    ports::{HttpClient, HttpError, HttpRequest, HttpResponse, Method, Ports},
    software::{DeviceSecret, SoftwareKeyStore},
};

pub(crate) use chain::{Chain, organisation};
pub(crate) use grants::Decision;
pub(crate) use issuer::{Issuer, Plan};
pub(crate) use verifier::{Ask, Certified, Verifier, public};

pub(crate) const NODE: &str = "https://node.example";
pub(crate) const PIN: &str = "246810";

/// What a request is answered with.
pub(crate) type Answer = Result<HttpResponse, HttpError>;

/// The town.
pub(crate) struct Town {
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) chain: Mutex<Chain>,
    pub(crate) issuer: Issuer,
    pub(crate) verifier: Verifier,
    /// Another verifier, with the same purposes.
    pub(crate) office: Verifier,
    /// Further offices, made when they are asked for.
    further: Mutex<Vec<Arc<Verifier>>>,
    /// Answers put in place of the real ones, by URL prefix.
    pub(crate) detours: Mutex<BTreeMap<String, Answer>>,
    /// Whether each request lets others run before it is sent and after it is answered, as on a network.
    pub(crate) yields: AtomicBool,
    /// Requests to URLs with this prefix are never answered.
    pub(crate) silent: Mutex<Option<String>>,
    /// So many credential responses are lost on their way.
    pub(crate) lost: Mutex<u32>,
    /// Whether wallets made from now on show what is to be confirmed.
    pub(crate) shows_confirmations: AtomicBool,
    /// Every request, in order: method, URL, body.
    pub(crate) seen: Mutex<Vec<(Method, String, Vec<u8>)>>,
}

impl Town {
    /// A town in which everybody is who they say and may do what they do.
    pub(crate) fn new() -> Arc<Self> {
        let clock = Arc::new(FixedClock::default());
        let mut chain = Chain::new(Arc::clone(&clock));
        let issuer = Issuer::new(&mut chain, Arc::clone(&clock), 1);
        let [bank, office] = verifier::URLS;
        let verifier = Verifier::new(&mut chain, Arc::clone(&clock), bank, 2);
        let office = Verifier::new(&mut chain, Arc::clone(&clock), office, 3);
        Arc::new(Self {
            clock,
            chain: Mutex::new(chain),
            issuer,
            verifier,
            office,
            further: Mutex::default(),
            detours: Mutex::default(),
            yields: AtomicBool::new(false),
            silent: Mutex::default(),
            lost: Mutex::default(),
            shows_confirmations: AtomicBool::new(false),
            seen: Mutex::default(),
        })
    }

    pub(crate) fn config(&self) -> WalletConfig {
        let anchor = self.chain.lock().unwrap().anchor();
        let mut config = WalletConfig::new(anchor, NODE.parse().unwrap()).with_insecurely_cheap_pin();
        config.shows_confirmations = self.shows_confirmations.load(Relaxed);
        config
    }

    pub(crate) fn ports(self: &Arc<Self>, folder: &Path) -> Ports {
        let secret = DeviceSecret::from_bytes(b"the device");
        let keys = SoftwareKeyStore::open(folder.join("keys"), &secret).unwrap();
        let clock = Arc::clone(&self.clock);
        let now = move || UnixMillis(clock.millis());
        Ports::new(Arc::new(keys), Arc::clone(self) as Arc<dyn HttpClient>, Arc::new(now))
    }

    /// Another office, with the same purposes as the bank.
    pub(crate) fn further_office(&self) -> Arc<Verifier> {
        let mut further = self.further.lock().unwrap();
        let number = u8::try_from(further.len()).unwrap();
        let url = format!("https://office-{number}.example").leak();
        let mut chain = self.chain.lock().unwrap();
        let office = Arc::new(Verifier::new(&mut chain, Arc::clone(&self.clock), url, 20 + number));
        further.push(Arc::clone(&office));
        office
    }

    pub(crate) fn detour(&self, prefix: &str, answer: Answer) {
        self.detours.lock().unwrap().insert(prefix.to_owned(), answer);
    }

    pub(crate) fn requests_to(&self, prefix: &str) -> usize {
        self.seen.lock().unwrap().iter().filter(|(_, url, _)| url.starts_with(prefix)).count()
    }

    pub(crate) fn set_status(&self, index: u32, status: Status) {
        self.chain.lock().unwrap().set_status(&self.issuer.did, index, status);
    }
}

#[async_trait]
impl HttpClient for Town {
    async fn send(&self, request: HttpRequest) -> Answer {
        if !self.yields.load(Relaxed) {
            return self.answer(request).await;
        }
        tokio::task::yield_now().await;
        let answer = self.answer(request).await;
        tokio::task::yield_now().await;
        answer
    }
}

impl Town {
    async fn answer(&self, request: HttpRequest) -> Answer {
        let url = request.url.as_str();
        self.seen.lock().unwrap().push((request.method, url.to_owned(), request.body.clone()));
        let is_silent = |prefix: &String| url.starts_with(prefix.as_str());
        if self.silent.lock().unwrap().as_ref().is_some_and(is_silent) {
            return std::future::pending().await;
        }
        if let Some((_, answer)) =
            self.detours.lock().unwrap().iter().find(|(prefix, _)| url.starts_with(*prefix))
        {
            return answer.clone();
        }
        if url.starts_with(NODE) {
            return Ok(self.chain.lock().unwrap().answer(&request));
        }
        if url.starts_with(issuer::URL) {
            let answer = self.issuer.answer(&request);
            let mut lost = self.lost.lock().unwrap();
            if url.ends_with("/credential") && *lost > 0 {
                *lost -= 1;
                return Err(HttpError::Unreachable);
            }
            return Ok(answer);
        }
        for (verifier, at) in [&self.verifier, &self.office].into_iter().zip(verifier::URLS) {
            if url.starts_with(at) {
                return Ok(verifier.answer(&request));
            }
        }
        let further = self.further.lock().unwrap();
        let office = further.iter().find(|office| url.starts_with(office.url));
        office.map(|office| office.answer(&request)).ok_or(HttpError::Unreachable)
    }
}

/// A holder with a wallet in this town.
pub(crate) struct Holder {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) wallet: Wallet,
    pub(crate) town: Arc<Town>,
}

impl Holder {
    pub(crate) async fn new() -> Self {
        Self::of(Town::new()).await
    }

    pub(crate) async fn of(town: Arc<Town>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wallet");
        let wallet = Wallet::create(&path, PIN, town.ports(folder.path()), town.config()).await.unwrap();
        Self { folder, wallet, town }
    }

    /// Closes the wallet and opens it again.
    pub(crate) async fn reopened(self) -> Self {
        let Self { folder, wallet, town } = self;
        drop(wallet);
        let path = folder.path().join("wallet");
        let wallet = Wallet::open(&path, PIN, town.ports(folder.path()), town.config()).await.unwrap();
        Self { folder, wallet, town }
    }

    /// Receives a business licence in both formats.
    pub(crate) async fn with_licence(self) -> (Self, Card) {
        let link = self.town.issuer.offer(Plan::licence());
        let offer = self.wallet.preview_offer(&link).await.unwrap();
        let received = self.wallet.receive(&offer, Some("123456")).await.unwrap();
        assert_eq!(received.failed, []);
        let card = received.cards.first().unwrap().clone();
        (self, card)
    }

    pub(crate) async fn review(&self, ask: Ask) -> Result<ConsentRequest, wallet_core::RequestRefused> {
        let link = self.town.verifier.ask(ask);
        self.wallet.review_request(&link).await
    }

    pub(crate) async fn present_first(
        &self,
        ask: Ask,
    ) -> Result<wallet_core::Presented, wallet_core::PresentError> {
        let consent = self.review(ask).await.unwrap();
        self.wallet.present(&consent.id, &Choice::first()).await
    }
}

pub(crate) fn key(seed: u64, algorithm: Algorithm) -> SoftwareKey {
    SoftwareKey::generate(algorithm, &mut testkit::rng(seed))
}

pub(crate) fn ok(content_type: &str, body: impl Into<Vec<u8>>) -> HttpResponse {
    status(200, content_type, body)
}

pub(crate) fn status(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![("Content-Type".to_owned(), content_type.to_owned())],
        body: body.into(),
    }
}

pub(crate) fn json(value: &serde_json::Value) -> HttpResponse {
    ok("application/json", value.to_string())
}
