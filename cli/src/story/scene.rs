//! Who plays: the stack, a holder with a wallet of her own, the desks and the counter.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use credentials::catalogue::{Catalogue, CredentialType};
use protocol::Endpoint;
use serde_json::Value;
use service::outbound;
use wallet_core::ports::{HttpClient, HttpError, HttpRequest, HttpResponse, Method, Ports};
use wallet_core::{ConsentRequest, RequestRefused, Wallet, WalletConfig};

use super::counter::{Asked, Counter, Decided};
use super::desk::Desk;
use crate::device::{self, Http};
use crate::fault::{Done, Fault, OrFault};
use crate::stack::{Ports as StackPorts, Stack};
use crate::{demo, term};

/// The PIN of the story's holder.
pub(super) const PIN: &str = "135790";

/// Everything the story needs.
pub(super) struct Scene {
    pub(super) stack: Stack,
    /// How many validators decide; none for one alone.
    pub(super) network: Option<u16>,
    pub(super) wallet: Wallet,
    pub(super) folder: std::path::PathBuf,
    pub(super) http: reqwest::Client,
    pub(super) sent: Arc<Sent>,
    pub(super) licensing: Desk,
    pub(super) police: Desk,
    pub(super) tax: Desk,
    pub(super) counter: Counter,
}

impl Scene {
    pub(super) async fn set(data: &Path, ports: StackPorts, network: Option<u16>) -> Done<Self> {
        let stack = demo::start(data, ports, network).await?;
        let folder = data.join("story").join(service::clock::now().0.to_string());
        Self::with(stack, folder, network).await
    }

    /// With the holder's wallet from before, or a new one.
    pub(super) async fn with(stack: Stack, folder: std::path::PathBuf, network: Option<u16>) -> Done<Self> {
        let urls = stack.urls();
        let http = outbound::client(std::time::Duration::from_secs(20));
        let issuer = |id: &str| {
            let issuer = urls.issuers.get(id).map(|issuer| Desk::new(&http, issuer, urls));
            issuer.ok_or_else(|| {
                Fault::new(format!("there is no issuer {id}"), "the story needs the demo's issuers")
            })
        };
        let (licensing, police) = (issuer("market-supervision")?, issuer("public-security")?);
        let tax = issuer("tax")?;
        let counter =
            Counter { http: http.clone(), url: urls.verifier.url.clone(), token: urls.staff_token.clone() };
        let sent = Arc::new(Sent::default());
        let ports = device::ports(&folder).or_fault("name another folder with --data")?;
        let ports = Ports { http: sent.clone(), ..ports };
        let node = Endpoint::parse(&urls.chain.url).or_fault("")?;
        let config = WalletConfig::new(urls.chain.anchor.clone(), node);
        let vault = folder.join(device::VAULT);
        let wallet = if Wallet::exists(&vault) {
            Wallet::open(&vault, PIN, ports, config).await.or_fault("the story's wallet should open again")?
        } else {
            Wallet::create(&vault, PIN, ports, config).await.or_fault("name another folder with --data")?
        };
        Ok(Self { network, licensing, police, tax, counter, stack, wallet, folder, http, sent })
    }

    /// The example claims of a credential type.
    pub(super) fn example(kind: &str) -> Done<Value> {
        let catalogue = Catalogue::bundled().or_fault("this build is broken; report it")?;
        let kind = catalogue.by_id(kind);
        kind.map(CredentialType::example).ok_or_else(|| Fault::new("the catalogue lacks a type", ""))
    }

    /// The counter asks, the holder looks at what would leave.
    pub(super) async fn ask(&self, purpose: &str) -> Done<(Asked, ConsentRequest)> {
        let asked = self.counter.ask(purpose, None).await?;
        let consent = self
            .wallet
            .review_request(&asked.link)
            .await
            .or_fault("the wallet should have asked the holder")?;
        Ok((asked, consent))
    }

    /// The counter asks, the holder agrees, the counter decides.
    pub(super) async fn show(&self, purpose: &str) -> Done<(ConsentRequest, Decided)> {
        let (asked, consent) = self.ask(purpose).await?;
        self.agree(asked, consent).await
    }

    /// The same, answered in clear.
    pub(super) async fn show_in_clear(&self, purpose: &str) -> Done<(ConsentRequest, Decided)> {
        let asked = self.counter.ask_in_clear(purpose).await?;
        let consent = self.wallet.review_request(&asked.link).await;
        self.agree(asked, consent.or_fault("the wallet should have asked its holder")?).await
    }

    async fn agree(&self, asked: Asked, consent: ConsentRequest) -> Done<(ConsentRequest, Decided)> {
        let agreed = self.wallet.present(&consent.id, &wallet_core::Choice::first()).await;
        agreed.or_fault("the counter should have taken the answer")?;
        Ok((consent, self.counter.decision(&asked).await?))
    }

    /// The wallet must refuse by itself.
    pub(super) async fn refusal(&self, asked: &Asked) -> Done<RequestRefused> {
        match self.wallet.review_request(&asked.link).await {
            Err(refused) => Ok(refused),
            Ok(_) => Err(Fault::new(
                "the wallet should have refused, and asked the holder",
                "the story broke here",
            )),
        }
    }

    pub(super) async fn shutdown(self) {
        drop(self.wallet);
        self.stack.shutdown().await;
    }
}

/// The names of what would leave, for people.
pub(super) fn leaving(consent: &ConsentRequest) -> String {
    let options = consent.questions.iter().filter_map(|question| question.options.first());
    let claims = options.flat_map(|option| &option.leaves).map(|claim| term::plain(&claim.label.en));
    claims.collect::<Vec<_>>().join(", ")
}

/// HTTP that remembers the last answer it sent to a counter: what an eavesdropper would have.
#[derive(Default)]
pub(super) struct Sent {
    last: Mutex<Option<(String, Vec<u8>)>>,
    http: std::sync::OnceLock<Http>,
}

impl Sent {
    /// Where the last answer went, and its bytes.
    pub(super) fn last(&self) -> Option<(String, Vec<u8>)> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl HttpClient for Sent {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if request.method == Method::Post && request.url.as_str().ends_with("/response") {
            let seen = (request.url.as_str().to_owned(), request.body.clone());
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        }
        self.http.get_or_init(Http::new).send(request).await
    }
}
