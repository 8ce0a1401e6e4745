//! What a verifier must be told before it starts, one struct for each concern.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use registry::{Anchor, LocalText, Slug};
use service::{StaffAccount, Tls};
use url::Url;

use crate::access::{ApiKey, Keys};
use crate::account::AccountPolicy;
use crate::identity::KnownBy;
use crate::purpose::PurposeConfig;
use crate::vc_api::VcApiConfig;

/// Everything about one verifier.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// A certificate and key, to answer TLS alone; `None` where a proxy ends TLS.
    pub tls: Option<Tls>,
    /// Where operators read `/metrics`: an address that neither clerks nor wallets reach. `None` for nowhere.
    pub operators: Option<SocketAddr>,
    /// The chain's nodes; at least one. The first is asked, and the next when it doesn't answer or can't be believed.
    pub node_urls: Vec<Url>,
    /// What of the chain is trusted from the start.
    pub anchor: Anchor,
    /// Its folder: keys, what was proven of the chain, and the store unless `database` says where that is. Made if missing; nobody
    /// else may write there.
    pub data_dir: PathBuf,
    /// The database that several instances of this verifier share, all with the same keys and the same base URLs. With `None`
    /// the store is in `data_dir`, and the instance is the only one.
    pub database: Option<store::Server>,
    /// Where other instances reach this one's `operators` address. Claims are in the memory of the instance that judged them: with `None`
    /// whoever asks another sees the decision without them.
    pub peer_url: Option<Url>,
    /// Whether and how it answers the W3C CCG's VC-API too.
    pub vc_api: Option<VcApiConfig>,
    /// Whether it demonstrates with people and companies that are made up, which every page then says.
    pub demonstration: bool,
    /// Periods and sizes.
    pub policy: Policy,
    /// The organisations that it serves; at least one, each with what is its own and no way to another's.
    pub tenants: Vec<Tenant>,
}

/// An organisation that asks: with its own DID and keys, policies, clerks, programs and requests.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// What its keys and rows are kept under. It must never change.
    pub id: Slug,
    /// The organisation's name, as its clerks and the holders read it. What holders are to believe is the name that is
    /// registered with the purpose.
    pub name: LocalText,
    /// The address that clerks and wallets reach it at. `https`, or `http` on loopback. With several tenants it says whose a
    /// request is; one alone can leave it out, and is reached where the verifier listens.
    pub base_url: Option<Url>,
    /// What it asks for; at least one, each id once. The ids are those registered on the chain.
    pub purposes: Vec<PurposeConfig>,
    /// The folder that the purposes were read from, to be read again when its files change; none: they stay as they are.
    pub policies_dir: Option<PathBuf>,
    /// Whose tokens open the counter and the API.
    pub staff: Vec<StaffAccount>,
    /// The keys of programs, each for its scopes.
    pub api_keys: Vec<ApiKey>,
}

/// Periods and sizes, with the defaults that a counter would run with.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// How long a request can be answered.
    pub request_lifetime: Duration,
    /// How long a result is kept after its request was answered or ran out. Then nothing of it remains.
    pub result_lifetime: Duration,
    /// How long what is personal stays on a counter's screen: long enough to read and compare, short enough for whoever comes next.
    pub on_screen: Duration,
    /// How old a holder's signature may be.
    pub binding_max_age: Duration,
    /// How old facts of the chain may be while its node can't be reached.
    pub evidence_max_age: Duration,
    /// How many proxies of the organisation's own stand before it, each appending to `X-Forwarded-For`. With 0, the
    /// default, a client's address is the socket's.
    pub trusted_proxies: u8,
    /// Whether answers are encrypted (`direct_post.jwt`, as HAIP 1.0 asks) where a program does not say otherwise.
    pub encrypted_responses: bool,
    /// How it proves to wallets who it is where a program does not say otherwise.
    pub known_by: KnownBy,
    /// Bytes of shown claims kept in memory at most, for each tenant; the oldest results lose theirs first.
    pub shown_bytes: usize,
    /// How many requests one clerk or program may ask for in a minute.
    pub asked_per_minute: u32,
    /// How many requests one client, known by its address, may fetch or answer in a minute. Many phones may share an address.
    pub answered_per_minute: u32,
    /// The account that it gives of itself: the log of decisions, webhooks, the journal.
    pub account: AccountPolicy,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            request_lifetime: Duration::from_secs(300),
            result_lifetime: Duration::from_secs(600),
            on_screen: Duration::from_secs(120),
            binding_max_age: Duration::from_secs(300),
            evidence_max_age: Duration::from_secs(120),
            trusted_proxies: 0,
            encrypted_responses: true,
            known_by: KnownBy::DecentralizedIdentifier,
            shown_bytes: 64 << 20,
            asked_per_minute: 6_000,
            answered_per_minute: 1_200,
            account: AccountPolicy::default(),
        }
    }
}

/// Why a configuration can't be used; each says which setting to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// No node.
    #[error("node_urls is empty: name at least one")]
    NoNode,
    /// Other instances are told of an address that nobody listens on.
    #[error("peer_url: set operators too, for that is what it leads to")]
    PeerUrl,
    /// No tenant.
    #[error("tenants is empty: name at least one")]
    NoTenant,
    /// Two tenants have one id.
    #[error("tenants: `{0}` is there twice")]
    TenantTwice(Slug),
    /// Two tenants can't be told apart.
    #[error(
        "tenants.{0}.base_url: with several tenants each needs one of its own, with another host or port"
    )]
    TenantAddress(Slug),
    /// The organisation has no name in one of the languages.
    #[error("tenants.{0}.name: give it in zh and en, at most 80 characters each")]
    Name(Slug),
    /// A clerk would pass for a program.
    #[error(
        "tenants.{0}.staff: `{1}` can't be a clerk's name, for the audit log writes a program's key so; give one that does not begin with `{prefix}`",
        prefix = Keys::PREFIX
    )]
    ClerkName(Slug, String),
    /// No purpose.
    #[error("tenants.{0}: it asks for nothing; name at least one purpose")]
    NoPurpose(Slug),
    /// Two purposes have one id.
    #[error("tenants.{0}: the purpose `{1}` is there twice")]
    Twice(Slug, String),
    /// The public address is more than a host and a port.
    #[error(
        "tenants.{0}.base_url must be https://host[:port] (http on loopback), without path, query and fragment"
    )]
    BaseUrl(Slug),
    /// A period is zero, or longer than a day.
    #[error(
        "policy: request_lifetime, result_lifetime, on_screen, binding_max_age and evidence_max_age are from 1 second to a day"
    )]
    Period,
}

impl Config {
    /// A verifier of one tenant on a free port of this machine, reached where it listens, with the usual periods.
    #[must_use]
    pub fn local(tenant: Tenant, node_url: Url, anchor: Anchor, data_dir: impl Into<PathBuf>) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tls: None,
            operators: None,
            node_urls: vec![node_url],
            anchor,
            data_dir: data_dir.into(),
            database: None,
            peer_url: None,
            vc_api: None,
            demonstration: false,
            policy: Policy::default(),
            tenants: vec![tenant],
        }
    }

    /// Checks what can be checked before anything starts.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if self.node_urls.is_empty() {
            return Err(ConfigError::NoNode);
        }
        if self.peer_url.is_some() && self.operators.is_none() {
            return Err(ConfigError::PeerUrl);
        }
        if self.tenants.is_empty() {
            return Err(ConfigError::NoTenant);
        }
        for (at, tenant) in self.tenants.iter().enumerate() {
            tenant.check()?;
            if self.tenants[..at].iter().any(|other| other.id == tenant.id) {
                return Err(ConfigError::TenantTwice(tenant.id.clone()));
            }
            let place = |tenant: &Tenant| {
                let url = tenant.base_url.as_ref()?;
                Some((url.host_str()?.to_owned(), url.port_or_known_default()?))
            };
            let taken = |other: &Tenant| place(other) == place(tenant);
            if self.tenants.len() > 1 && (place(tenant).is_none() || self.tenants[..at].iter().any(taken)) {
                return Err(ConfigError::TenantAddress(tenant.id.clone()));
            }
        }
        let Policy {
            request_lifetime, result_lifetime, on_screen, binding_max_age, evidence_max_age, ..
        } = self.policy;
        let sane = |period: Duration| (1..=86_400).contains(&period.as_secs());
        let periods = [request_lifetime, result_lifetime, on_screen, binding_max_age, evidence_max_age];
        if periods.into_iter().all(sane) { Ok(()) } else { Err(ConfigError::Period) }
    }
}

impl Tenant {
    /// A tenant that is reached where the verifier listens, and has no programs.
    #[must_use]
    pub fn new(id: Slug, name: LocalText, purposes: Vec<PurposeConfig>, staff: Vec<StaffAccount>) -> Self {
        Self { id, name, base_url: None, purposes, policies_dir: None, staff, api_keys: Vec::new() }
    }

    fn check(&self) -> Result<(), ConfigError> {
        let id = || self.id.clone();
        if !self.name.is_within(80) {
            return Err(ConfigError::Name(id()));
        }
        if let Some(clerk) = self.staff.iter().find(|clerk| clerk.name.starts_with(Keys::PREFIX)) {
            return Err(ConfigError::ClerkName(id(), clerk.name.clone()));
        }
        if self.purposes.is_empty() {
            return Err(ConfigError::NoPurpose(id()));
        }
        for (at, purpose) in self.purposes.iter().enumerate() {
            if self.purposes[..at].iter().any(|other| other.id == purpose.id) {
                return Err(ConfigError::Twice(id(), purpose.id.to_string()));
            }
        }
        match &self.base_url {
            Some(url) if url.path() != "/" || url.query().is_some() => Err(ConfigError::BaseUrl(id())),
            _ => Ok(()),
        }
    }
}
