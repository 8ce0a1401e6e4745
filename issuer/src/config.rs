//! What an issuer must be told before it starts, one struct for each concern.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use protocol::RedirectUri;
use registry::{Anchor, LocalText};
use url::Url;

use crate::accounts::StaffLogin;
use crate::citizens::Citizens;
use crate::model::Roles;
use crate::onestop::{Judge, OneStop, OneStopError};

/// Everything about one issuer.
#[derive(Clone, Debug)]
pub struct Config {
    /// The department's name, as citizens read it.
    pub name: LocalText,
    /// Catalogue ids of the credential types it issues; at least one.
    pub credential_types: Vec<String>,
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// A certificate and key, to answer TLS alone; `None` where a proxy ends TLS.
    pub tls: Option<service::Tls>,
    /// Where operators read `/metrics`: an address that citizens do not reach. `None` for nowhere.
    pub operators: Option<SocketAddr>,
    /// The address that others reach it at, if not the one it listens on (behind a proxy). It is also the Credential
    /// Issuer Identifier (OpenID4VCI 1.0 §12.2.1), so it must never change.
    pub base_url: Option<Url>,
    /// The chain's node.
    pub node_url: Url,
    /// What of the chain is trusted from the start.
    pub anchor: Anchor,
    /// Who may sign in to the console and use the staff's API.
    pub staff: Vec<StaffAccount>,
    /// The OpenID provider where the staff sign in too, if there is one.
    pub staff_login: Option<StaffLogin>,
    /// Its folder: keys, and the store unless `database` says where that is. Made if missing; nobody else may write there.
    pub data_dir: PathBuf,
    /// The database that several instances of this issuer share, all with the same keys and the same `base_url`. With `None`
    /// there is one instance, and its store is in `data_dir`.
    pub database: Option<store::Server>,
    /// Whether it answers the W3C CCG's VC-API too: issuers with DIDs of their own, which sign what anyone asks them to. For
    /// test suites.
    pub vc_api: bool,
    /// Whether it demonstrates with people and companies that are made up: then every page says so, and forms can be filled with the
    /// catalogue's examples.
    pub demonstration: bool,
    /// Where citizens log in, to collect by the authorization code grant.
    pub citizens: Citizens,
    /// The wallets that may ask for that grant, by client id.
    pub wallets: Vec<WalletClient>,
    /// The types that are applied for by presenting another credential.
    pub one_stop: Vec<OneStop>,
    /// Who judges what is presented then, as any counter would; needed where `one_stop` has something. No setting of a file:
    /// whoever puts the service together brings it.
    pub judge: Option<Arc<dyn Judge>>,
    /// Periods and sizes.
    pub policy: Policy,
}

/// A wallet that is known here: a public client (RFC 6749 §2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletClient {
    /// Its client id.
    pub client_id: String,
    /// Where its browser may come back to; on loopback the port may differ.
    pub redirect_uris: Vec<RedirectUri>,
}

impl WalletClient {
    /// This system's own wallet: an app with a private scheme, or a program that listens on loopback.
    #[must_use]
    pub fn ours() -> Self {
        let known = ["cn.huizheng.wallet:/authorized", "http://127.0.0.1/authorized"];
        let redirect_uris = known.iter().filter_map(|uri| RedirectUri::parse(uri).ok()).collect();
        Self { client_id: "cn.huizheng.wallet".to_owned(), redirect_uris }
    }
}

/// An account of the configuration: a token and what it may do.
#[derive(Clone, Debug)]
pub struct StaffAccount {
    /// Name and token.
    pub token: service::StaffAccount,
    /// Its roles.
    pub roles: Roles,
}

impl StaffAccount {
    /// An account with this token, which must be random (32 bytes or more), and these roles.
    pub fn new(name: impl Into<String>, token: &str, roles: Roles) -> Self {
        Self { token: service::StaffAccount::new(name, token), roles }
    }
}

/// Periods and sizes, with the defaults that a department would run with.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// How long an offer can be redeemed.
    pub offer_lifetime: Duration,
    /// Offers made on one application at most. Each one may replace what was issued: revoke it on the chain and take
    /// another entry of a status list.
    pub offers_per_application: u32,
    /// Applications that one client, known by its address, may hand in within [`Policy::applications_period`].
    pub applications_per_client: u32,
    /// See [`Policy::applications_per_client`].
    pub applications_period: Duration,
    /// How many proxies of the department's own stand before it, each appending to `X-Forwarded-For`. With 0, the default,
    /// a client's address is the socket's.
    pub trusted_proxies: u8,
    /// How long a member of the staff stays signed in without doing anything.
    pub console_idle: Duration,
    /// How long a member of the staff stays signed in at most.
    pub console_lifetime: Duration,
    /// How long an offer that was prepared in bulk can be redeemed: its holder learns of it by letter or message.
    pub prepared_offer_lifetime: Duration,
    /// How long an access token counts; at most five minutes.
    pub token_lifetime: Duration,
    /// How long a wallet that has shown a key may come back with it: for what takes time, and to renew before expiry.
    pub renewal_lifetime: Duration,
    /// How long a nonce for key proofs counts.
    pub nonce_lifetime: Duration,
    /// Copies of a credential that a wallet may ask for at once, so that it shows each to one verifier; 1 to 32.
    pub batch_size: u32,
    /// Whether keys in proofs must be vouched for by an accredited wallet provider; see [`crate::WALLET_PROVIDER`].
    pub key_attestation: bool,
    /// Whether wallets must be vouched for when they ask for tokens.
    pub wallet_attestation: bool,
    /// How long issuing goes on after the chain was last heard. With zero only while it answers, or did within two minutes.
    pub issue_without_chain: Duration,
    /// Whether credentials are issued of types that the department is known not to be accredited for. They count nowhere.
    pub issue_unaccredited: bool,
    /// Whether SD-JWT VCs carry the certificate of the key that signed them beside its DID URL: HAIP 1.0 §6.1 wants it, and it makes
    /// what is shown with no network longer.
    pub sd_jwt_certificate: bool,
    /// How coarse the time of issuance is that credentials carry: what was issued together is not told by it.
    pub issuance_time_grain: Duration,
    /// Entries of a status list.
    pub list_length: u32,
    /// Entries given out on a list before the next one takes over. Well below the length, so that a random free entry is
    /// found in a few tries and its number says nothing about when.
    pub list_share: u32,
    /// How long a served status list may be cached.
    pub list_ttl: Duration,
    /// How often the audit log is anchored on the chain, when something was noted.
    pub audit_anchored_every: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            offer_lifetime: Duration::from_secs(600),
            offers_per_application: 20,
            applications_per_client: 60,
            applications_period: Duration::from_secs(600),
            trusted_proxies: 0,
            console_idle: Duration::from_secs(30 * 60),
            console_lifetime: Duration::from_secs(12 * 3600),
            prepared_offer_lifetime: Duration::from_secs(30 * 86_400),
            token_lifetime: Duration::from_secs(300),
            renewal_lifetime: Duration::from_secs(400 * 86_400),
            nonce_lifetime: Duration::from_secs(300),
            batch_size: 8,
            key_attestation: false,
            wallet_attestation: false,
            // A night and the morning after it: long enough that nobody is turned away for an outage that people mend, short
            // enough that a department whose accreditation was withdrawn does not go on for long.
            issue_without_chain: Duration::from_secs(86_400),
            issue_unaccredited: false,
            sd_jwt_certificate: true,
            issuance_time_grain: Duration::from_secs(3600),
            list_length: 131_072,
            list_share: 98_304,
            list_ttl: Duration::from_secs(15),
            audit_anchored_every: Duration::from_secs(600),
        }
    }
}

/// How long an access token counts at most. Whoever collects by a code need not bind the token to a key, and tokens that count
/// longer than five minutes must not be given without (OpenID4VCI 1.0 §13, "Protecting the Access Token").
const LONGEST_TOKEN: Duration = Duration::from_secs(300);

/// Why a configuration can't be used; each says which setting to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// No credential type.
    #[error("credential_types is empty: name at least one of the catalogue")]
    NoTypes,
    /// A type that the catalogue doesn't have.
    #[error("credential_types: the catalogue has no `{0}`")]
    UnknownType(String),
    /// The public address is more than a host and a port.
    #[error("base_url must be http(s)://host[:port], without path, query and fragment")]
    BaseUrl,
    /// A status list's length or share is out of bounds.
    #[error(
        "policy: list_length must be a multiple of 2048 from 131072 on, and list_share from 1 to list_length"
    )]
    List,
    /// The number of copies is out of bounds.
    #[error("policy: batch_size must be from 1 to 32")]
    Batch,
    /// Access tokens would count for no time, or for longer than one may that is bound to no key.
    #[error("policy: token_lifetime_s must be from 1 to 300, for tokens may be bound to no key")]
    TokenLifetime,
    /// What is presented for a type.
    #[error("one_stop for `{0}`: {1}")]
    OneStop(String, OneStopError),
    /// Nobody judges what is presented.
    #[error("one_stop: nobody was named who judges what is presented")]
    NoJudge,
    /// The department has no name in one of the languages.
    #[error("name: give it in zh and en, at most 80 characters each")]
    Name,
}

impl Config {
    /// Checks what can be checked before anything starts.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if self.credential_types.is_empty() {
            return Err(ConfigError::NoTypes);
        }
        if !self.one_stop.is_empty() && self.judge.is_none() {
            return Err(ConfigError::NoJudge);
        }
        if !self.name.is_within(80) {
            return Err(ConfigError::Name);
        }
        if let Some(url) = &self.base_url
            && (!matches!(url.scheme(), "http" | "https") || url.path() != "/" || url.query().is_some())
        {
            return Err(ConfigError::BaseUrl);
        }
        let Policy { list_length, list_share, batch_size, token_lifetime, .. } = self.policy;
        if token_lifetime < Duration::from_secs(1) || token_lifetime > LONGEST_TOKEN {
            return Err(ConfigError::TokenLifetime);
        }
        if !(1..=32).contains(&batch_size) {
            return Err(ConfigError::Batch);
        }
        // Bitstring Status List 1.0 §6.1 asks for at least 131,072 entries; a chunk on the chain has 2,048.
        if list_length < 131_072 || list_length % 2048 != 0 || !(1..=list_length).contains(&list_share) {
            return Err(ConfigError::List);
        }
        Ok(())
    }
}
