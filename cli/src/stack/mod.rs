//! Everything in one process on loopback: chain, issuers, counter, phone. The demo runs it, and so do end-to-end tests.

mod alone;
mod error;
mod members;
mod seed;
mod start;
mod validators;

pub(crate) use alone::counter_alone;
pub use error::StackError;
pub use seed::{IssuerSeed, PurposeSeed, Seed, VerifierSeed};

use std::collections::BTreeMap;
use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use chain::Node;
use issuer::RunningIssuer;
use service::NodeClient;
use validators::Validators;
use verifier::RunningVerifier;

use crate::govern::Governance;
use crate::phone::RunningPhone;
use crate::urls::Urls;

/// What a stack is started with.
#[derive(Debug, Clone)]
pub struct StackConfig {
    /// Everything is kept here; made if missing.
    pub data: PathBuf,
    /// The ports to take.
    pub ports: Ports,
    /// How many validators decide together; none for a chain of one alone.
    pub network: Option<u16>,
    /// Who takes part.
    pub seed: Seed,
    /// Issuers' periods and sizes.
    pub issuing: issuer::Policy,
    /// The counter's periods and sizes.
    pub checking: verifier::Policy,
    /// Whether and how issuers and counter answer the VC-API too.
    pub vc_api: Option<verifier::VcApiConfig>,
    /// The counter's address, its port aside, where it is not that of the loopback interface: a name, which its certificate then has.
    pub counter_name: Option<url::Url>,
}

impl StackConfig {
    /// The demo's organisations with their usual periods.
    ///
    /// # Errors
    /// [`StackError::Seed`], which only a broken build has.
    pub fn new(data: impl Into<PathBuf>, ports: Ports) -> Result<Self, StackError> {
        Ok(Self {
            data: data.into(),
            ports,
            network: None,
            seed: Seed::bundled()?,
            // On loopback everybody is one client.
            issuing: issuer::Policy { applications_per_client: u32::MAX, ..issuer::Policy::default() },
            checking: verifier::Policy {
                asked_per_minute: u32::MAX,
                answered_per_minute: u32::MAX,
                ..verifier::Policy::default()
            },
            vc_api: None,
            counter_name: None,
        })
    }
}

/// Which ports of the loopback address to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ports {
    /// Whatever is free.
    Any,
    /// These in a row, from the chain to the phone.
    From(u16),
}

impl Ports {
    /// `0` takes any free ones.
    pub fn from_base(base: u16) -> Self {
        if base == 0 { Self::Any } else { Self::From(base) }
    }

    fn addr(self, index: u16) -> SocketAddr {
        let port = match self {
            Self::Any => 0,
            Self::From(base) => base.saturating_add(index),
        };
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
    }
}

/// A stack that is running. Dropping it without [`Stack::shutdown`] is like a power cut: nothing acknowledged is lost.
pub struct Stack {
    node: Node,
    /// The chain's validators, when there are several.
    validators: Option<tokio::sync::Mutex<Validators>>,
    issuers: BTreeMap<String, RunningIssuer>,
    verifier: RunningVerifier,
    phone: RunningPhone,
    client: NodeClient,
    governance: Governance,
    urls: Urls,
    new: bool,
    /// Keeps other stacks out of the data folder.
    _claim: File,
}

impl Stack {
    /// Starts everything, in order: the chain (its genesis at the first start), the issuers and the counter (which
    /// register their own DIDs), then what governance has to say of them, as far as the chain doesn't say it yet.
    ///
    /// # Errors
    /// [`StackError`]; what was started by then stops with its value.
    pub async fn start(config: StackConfig) -> Result<Self, StackError> {
        start::start(config).await
    }

    /// Where everything is.
    pub fn urls(&self) -> &Urls {
        &self.urls
    }

    /// The chain's client, for questions and transactions beside the services'.
    pub fn client(&self) -> &NodeClient {
        &self.client
    }

    /// The governing departments, who can grant and withdraw.
    pub fn governance(&self) -> &Governance {
        &self.governance
    }

    /// Whether this start began a new chain.
    pub fn is_new(&self) -> bool {
        self.new
    }

    /// Kills one of several validators, as if its machine were gone. Not the first: everyone asks its node.
    pub async fn end_validator(&self, n: usize) {
        if let Some(validators) = &self.validators {
            validators.lock().await.end(n).await;
        }
    }

    /// Starts a validator again.
    ///
    /// # Errors
    /// [`StackError::Network`], [`StackError::Process`].
    pub async fn begin_validator(&self, n: usize) -> Result<(), StackError> {
        match &self.validators {
            Some(validators) => validators.lock().await.begin(n).await,
            None => Ok(()),
        }
    }

    /// How high each of several validators is; none for one that is stopped.
    pub async fn validator_heights(&self) -> Vec<Option<u64>> {
        match &self.validators {
            Some(validators) => validators.lock().await.heights().await,
            None => Vec::new(),
        }
    }

    /// Stops everything: requests in flight finish, stores are flushed; the chain last.
    pub async fn shutdown(self) {
        self.phone.shutdown().await;
        self.verifier.shutdown().await;
        for issuer in self.issuers.into_values() {
            issuer.shutdown().await;
        }
        self.node.shutdown().await;
        if let Some(validators) = self.validators {
            validators.into_inner().shutdown().await;
        }
    }
}
