//! What a verifier must be told before it starts, one struct for each concern.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use registry::{Anchor, LocalText};
use service::StaffAccount;
use url::Url;

use crate::access::ApiKey;
use crate::identity::KnownBy;
use crate::purpose::PurposeConfig;
use crate::vc_api::VcApiConfig;

/// Everything about one verifier.
#[derive(Clone, Debug)]
pub struct Config {
    /// The organisation's name, as its clerks and the holders read it. What holders are to believe is the name that is
    /// registered with the purpose.
    pub name: LocalText,
    /// What it asks for; at least one, each id once. The ids are those registered on the chain.
    pub purposes: Vec<PurposeConfig>,
    /// The folder that the purposes were read from, to be read again when its files change; none: they stay as they are.
    pub policies_dir: Option<PathBuf>,
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// The address that wallets reach it at, if not the one it listens on (behind a proxy). `https`, or `http` on
    /// loopback.
    pub base_url: Option<Url>,
    /// The chain's node.
    pub node_url: Url,
    /// What of the chain is trusted from the start.
    pub anchor: Anchor,
    /// Whose tokens open the counter and the API.
    pub staff: Vec<StaffAccount>,
    /// The keys of programs, each for its scopes.
    pub api_keys: Vec<ApiKey>,
    /// Its folder: store, keys. Made if missing; nobody else may write there.
    pub data_dir: PathBuf,
    /// Whether and how it answers the W3C CCG's VC-API too.
    pub vc_api: Option<VcApiConfig>,
    /// Periods and sizes.
    pub policy: Policy,
}

/// Periods and sizes, with the defaults that a counter would run with.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// How long a request can be answered.
    pub request_lifetime: Duration,
    /// How long a result is kept after its request was answered or ran out. Then nothing of it remains.
    pub result_lifetime: Duration,
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
    /// Bytes of shown claims kept in memory at most; the oldest results lose theirs first.
    pub shown_bytes: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            request_lifetime: Duration::from_secs(300),
            result_lifetime: Duration::from_secs(600),
            binding_max_age: Duration::from_secs(300),
            evidence_max_age: Duration::from_secs(120),
            trusted_proxies: 0,
            encrypted_responses: true,
            known_by: KnownBy::DecentralizedIdentifier,
            shown_bytes: 64 << 20,
        }
    }
}

/// Why a configuration can't be used; each says which setting to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The organisation has no name in one of the languages.
    #[error("name: give it in zh and en, at most 80 characters each")]
    Name,
    /// No purpose.
    #[error("purposes is empty: name at least one")]
    NoPurpose,
    /// Two purposes have one id.
    #[error("purposes: `{0}` is there twice")]
    Twice(String),
    /// The public address is more than a host and a port.
    #[error("base_url must be https://host[:port] (http on loopback), without path, query and fragment")]
    BaseUrl,
    /// A period is zero, or longer than a day.
    #[error("policy: request_lifetime, result_lifetime and binding_max_age are from 1 second to a day")]
    Period,
}

impl Config {
    /// Checks what can be checked before anything starts.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if !self.name.is_within(80) {
            return Err(ConfigError::Name);
        }
        if self.purposes.is_empty() {
            return Err(ConfigError::NoPurpose);
        }
        for (at, purpose) in self.purposes.iter().enumerate() {
            if self.purposes[..at].iter().any(|other| other.id == purpose.id) {
                return Err(ConfigError::Twice(purpose.id.to_string()));
            }
        }
        if let Some(url) = &self.base_url
            && (url.path() != "/" || url.query().is_some())
        {
            return Err(ConfigError::BaseUrl);
        }
        let Policy { request_lifetime, result_lifetime, binding_max_age, .. } = self.policy;
        let sane = |period: Duration| (1..=86_400).contains(&period.as_secs());
        if [request_lifetime, result_lifetime, binding_max_age].into_iter().all(sane) {
            Ok(())
        } else {
            Err(ConfigError::Period)
        }
    }
}
