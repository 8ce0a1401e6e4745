//! `issuer.toml`: everything a department sets, read and checked before anything starts.
//!
//! Any setting can be given in the environment too: `HUIZHENG_ISSUER_LISTEN`, `HUIZHENG_ISSUER_DATABASE__SCHEMA`. Secrets are
//! never settings but files that settings name.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use protocol::{Endpoint, RedirectUri, Secret};
use registry::{Anchor, LocalText};
use serde::Deserialize;
pub use service::SettingsError;
use service::settings::{Beside, DatabaseSettings, TlsSettings};
use url::Url;

use crate::accounts::StaffLogin;
use crate::citizens::{Citizens, OidcConfig};
use crate::config::{Config, Policy, StaffAccount, WalletClient};
use crate::model::Roles;
use crate::oidc::{IdTokenAlgorithm, OidcClient};
use crate::onestop::OneStop;

/// The file with every setting explained, as `huizheng issuer config` prints it.
pub const EXAMPLE: &str = include_str!("../issuer.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    name: LocalText,
    credential_types: Vec<String>,
    listen: SocketAddr,
    #[serde(default)]
    operators: Option<SocketAddr>,
    base_url: Url,
    node_url: Url,
    anchor_file: PathBuf,
    data_dir: PathBuf,
    #[serde(default)]
    tls: Option<TlsSettings>,
    #[serde(default)]
    database: Option<DatabaseSettings>,
    #[serde(default)]
    staff: Vec<StaffSettings>,
    #[serde(default)]
    staff_login: Option<StaffLoginSettings>,
    #[serde(default)]
    citizens: Option<CitizensSettings>,
    #[serde(default)]
    wallets: Vec<WalletSettings>,
    #[serde(default)]
    one_stop: Vec<OneStop>,
    #[serde(default)]
    vc_api: bool,
    #[serde(default)]
    demonstration: bool,
    #[serde(default)]
    policy: PolicySettings,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StaffSettings {
    name: String,
    token_file: PathBuf,
    roles: Roles,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StaffLoginSettings {
    issuer: String,
    client_id: String,
    #[serde(default)]
    client_secret_file: Option<PathBuf>,
    #[serde(default)]
    scopes: Option<Vec<String>>,
    #[serde(default)]
    id_token_algorithm: Option<IdTokenAlgorithm>,
    #[serde(default)]
    name_claim: Option<String>,
    #[serde(default)]
    roles_claim: Option<String>,
    roles: BTreeMap<String, Roles>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CitizensSettings {
    issuer: String,
    client_id: String,
    #[serde(default)]
    client_secret_file: Option<PathBuf>,
    #[serde(default)]
    scopes: Option<Vec<String>>,
    #[serde(default)]
    id_token_algorithm: Option<IdTokenAlgorithm>,
    #[serde(default)]
    name_claim: Option<String>,
    #[serde(default)]
    id_number_claim: Option<String>,
    #[serde(default)]
    represents_claim: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WalletSettings {
    client_id: String,
    redirect_uris: Vec<String>,
}

/// As [`Policy`], with times in seconds; what is left out is as there.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PolicySettings {
    offer_lifetime_s: Option<u64>,
    offers_per_application: Option<u32>,
    applications_per_client: Option<u32>,
    applications_period_s: Option<u64>,
    trusted_proxies: Option<u8>,
    console_idle_s: Option<u64>,
    console_lifetime_s: Option<u64>,
    prepared_offer_lifetime_s: Option<u64>,
    token_lifetime_s: Option<u64>,
    renewal_lifetime_s: Option<u64>,
    nonce_lifetime_s: Option<u64>,
    batch_size: Option<u32>,
    key_attestation: Option<bool>,
    wallet_attestation: Option<bool>,
    issue_without_chain_s: Option<u64>,
    issue_unaccredited: Option<bool>,
    sd_jwt_certificate: Option<bool>,
    issuance_time_grain_s: Option<u64>,
    list_length: Option<u32>,
    list_share: Option<u32>,
    list_ttl_s: Option<u64>,
    audit_anchored_every_s: Option<std::num::NonZeroU64>,
}

impl Config {
    /// From the file and the environment. Files that settings name are looked for beside it.
    ///
    /// # Errors
    /// [`SettingsError`] names the setting.
    pub fn load(
        file: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, SettingsError> {
        let settings: Settings = service::config::load(Some(file), "HUIZHENG_ISSUER", environment)?;
        settings.resolve(&Beside::of(file))
    }
}

impl Settings {
    fn resolve(self, beside: &Beside<'_>) -> Result<Config, SettingsError> {
        let anchor: Anchor = beside.json("anchor_file", &self.anchor_file)?;
        let tls = self.tls.map(|tls| tls.resolve(beside)).transpose()?;
        let database = self.database.map(|database| database.resolve(beside)).transpose()?;
        let account = |staff: StaffSettings| {
            let token = beside.account("staff.token_file", &staff.name, &staff.token_file)?;
            Ok::<_, SettingsError>(StaffAccount { token, roles: staff.roles })
        };
        let wallet = |wallet: WalletSettings| {
            let address = |uri: &String| {
                RedirectUri::parse(uri).map_err(|error| SettingsError::value("wallets.redirect_uris", &error))
            };
            let redirect_uris = wallet.redirect_uris.iter().map(address).collect::<Result<_, _>>()?;
            Ok::<_, SettingsError>(WalletClient { client_id: wallet.client_id, redirect_uris })
        };
        Ok(Config {
            name: self.name,
            credential_types: self.credential_types,
            listen: self.listen,
            tls,
            operators: self.operators,
            base_url: Some(self.base_url),
            node_url: self.node_url,
            anchor,
            staff: self.staff.into_iter().map(account).collect::<Result<_, _>>()?,
            staff_login: self.staff_login.map(|login| login.resolve(beside)).transpose()?,
            data_dir: beside.path(&self.data_dir),
            database: database.map(|database| store::Server {
                address: database.address.to_string(),
                schema: database.schema,
                authorities: database.authorities,
            }),
            vc_api: self.vc_api,
            demonstration: self.demonstration,
            citizens: self.citizens.map_or(Ok(Citizens::Nowhere), |citizens| citizens.resolve(beside))?,
            wallets: self.wallets.into_iter().map(wallet).collect::<Result<_, _>>()?,
            one_stop: self.one_stop,
            judge: None,
            policy: self.policy.resolve(),
        })
    }
}

impl StaffLoginSettings {
    fn resolve(self, beside: &Beside<'_>) -> Result<StaffLogin, SettingsError> {
        let client = client("staff_login.issuer", &self.issuer, &self.client_id, self.scopes)?;
        let secret =
            self.client_secret_file.map(|path| beside.secret("staff_login.client_secret_file", &path));
        Ok(StaffLogin {
            client: OidcClient {
                client_secret: secret.transpose()?.map(|secret| Secret::new(secret.as_str())),
                id_token_algorithm: self.id_token_algorithm,
                ..client
            },
            name_claim: self.name_claim.unwrap_or_else(|| "preferred_username".to_owned()),
            roles_claim: self.roles_claim.unwrap_or_else(|| "groups".to_owned()),
            roles: self.roles,
        })
    }
}

impl CitizensSettings {
    fn resolve(self, beside: &Beside<'_>) -> Result<Citizens, SettingsError> {
        let client = client("citizens.issuer", &self.issuer, &self.client_id, self.scopes)?;
        let usual = OidcConfig::new(client.issuer.clone(), &self.client_id);
        let secret = self.client_secret_file.map(|path| beside.secret("citizens.client_secret_file", &path));
        Ok(Citizens::OpenIdConnect(OidcConfig {
            client: OidcClient {
                client_secret: secret.transpose()?.map(|secret| Secret::new(secret.as_str())),
                id_token_algorithm: self.id_token_algorithm,
                ..client
            },
            name_claim: self.name_claim.unwrap_or(usual.name_claim),
            id_number_claim: self.id_number_claim.unwrap_or(usual.id_number_claim),
            represents_claim: self.represents_claim.unwrap_or(usual.represents_claim),
        }))
    }
}

fn client(
    setting: &'static str,
    issuer: &str,
    client_id: &str,
    scopes: Option<Vec<String>>,
) -> Result<OidcClient, SettingsError> {
    let issuer = Endpoint::parse(issuer).map_err(|error| SettingsError::value(setting, &error))?;
    let usual = OidcClient::new(issuer, client_id);
    Ok(OidcClient { scopes: scopes.unwrap_or(usual.scopes.clone()), ..usual })
}

impl PolicySettings {
    fn resolve(self) -> Policy {
        let usual = Policy::default();
        let time = |seconds: Option<u64>, usual: Duration| seconds.map_or(usual, Duration::from_secs);
        Policy {
            offer_lifetime: time(self.offer_lifetime_s, usual.offer_lifetime),
            offers_per_application: self.offers_per_application.unwrap_or(usual.offers_per_application),
            applications_per_client: self.applications_per_client.unwrap_or(usual.applications_per_client),
            applications_period: time(self.applications_period_s, usual.applications_period),
            trusted_proxies: self.trusted_proxies.unwrap_or(usual.trusted_proxies),
            console_idle: time(self.console_idle_s, usual.console_idle),
            console_lifetime: time(self.console_lifetime_s, usual.console_lifetime),
            prepared_offer_lifetime: time(self.prepared_offer_lifetime_s, usual.prepared_offer_lifetime),
            token_lifetime: time(self.token_lifetime_s, usual.token_lifetime),
            renewal_lifetime: time(self.renewal_lifetime_s, usual.renewal_lifetime),
            nonce_lifetime: time(self.nonce_lifetime_s, usual.nonce_lifetime),
            batch_size: self.batch_size.unwrap_or(usual.batch_size),
            key_attestation: self.key_attestation.unwrap_or(usual.key_attestation),
            wallet_attestation: self.wallet_attestation.unwrap_or(usual.wallet_attestation),
            issue_without_chain: time(self.issue_without_chain_s, usual.issue_without_chain),
            issue_unaccredited: self.issue_unaccredited.unwrap_or(usual.issue_unaccredited),
            sd_jwt_certificate: self.sd_jwt_certificate.unwrap_or(usual.sd_jwt_certificate),
            issuance_time_grain: time(self.issuance_time_grain_s, usual.issuance_time_grain),
            list_length: self.list_length.unwrap_or(usual.list_length),
            list_share: self.list_share.unwrap_or(usual.list_share),
            list_ttl: time(self.list_ttl_s, usual.list_ttl),
            audit_anchored_every: time(
                self.audit_anchored_every_s.map(Into::into),
                usual.audit_anchored_every,
            ),
        }
    }
}
