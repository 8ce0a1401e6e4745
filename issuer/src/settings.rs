//! `issuer.toml`: everything a department sets, read and checked before anything starts.
//!
//! Any setting can be given in the environment too: `HUIZHENG_ISSUER_LISTEN`, `HUIZHENG_ISSUER_DATABASE__SCHEMA`. Secrets are
//! never settings but files that settings name.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use protocol::{Endpoint, RedirectUri, Secret};
use registry::{Anchor, LocalText};
use serde::Deserialize;
use service::Tls;
use url::Url;
use zeroize::Zeroizing;

use crate::accounts::StaffLogin;
use crate::citizens::{Citizens, OidcConfig};
use crate::config::{Config, Policy, StaffAccount, WalletClient};
use crate::model::Roles;
use crate::oidc::OidcClient;
use crate::onestop::OneStop;

/// The file with every setting explained, as `huizheng issuer config` prints it.
pub const EXAMPLE: &str = include_str!("../issuer.toml");

/// Why settings can't be used. No variant carries what is in a secret's file.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file or a variable of the environment.
    #[error(transparent)]
    Load(#[from] service::config::ConfigError),
    /// A file that a setting names.
    #[error("{setting}: {} can't be used ({reason})", path.display())]
    File {
        /// The setting.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A value.
    #[error("{setting}: {reason}")]
    Value {
        /// The setting.
        setting: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The certificate or its key.
    #[error("tls: {0}")]
    Tls(#[from] service::TlsError),
}

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
    policy: PolicySettings,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TlsSettings {
    certificate_file: PathBuf,
    key_file: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DatabaseSettings {
    address_file: PathBuf,
    schema: String,
    #[serde(default)]
    authorities_file: Option<PathBuf>,
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
        settings.resolve(&Beside(file.parent().unwrap_or_else(|| Path::new(""))))
    }
}

impl Settings {
    fn resolve(self, beside: &Beside<'_>) -> Result<Config, SettingsError> {
        let anchor = beside.read("anchor_file", &self.anchor_file)?;
        let anchor: Anchor =
            serde_json::from_str(&anchor).map_err(|error| file("anchor_file", &self.anchor_file, &error))?;
        let tls = match self.tls {
            Some(tls) => Some(Tls::load(&beside.path(&tls.certificate_file), &beside.path(&tls.key_file))?),
            None => None,
        };
        let database = match self.database {
            Some(database) => Some(store::Server {
                address: beside.secret("database.address_file", &database.address_file)?.to_string(),
                schema: database.schema,
                authorities: database.authorities_file.map(|path| beside.path(&path)),
            }),
            None => None,
        };
        let account = |staff: StaffSettings| {
            let token = beside.secret("staff.token_file", &staff.token_file)?;
            if token.len() < 32 {
                return Err(file(
                    "staff.token_file",
                    &staff.token_file,
                    &"a token has at least 32 characters",
                ));
            }
            Ok(StaffAccount::new(staff.name, &token, staff.roles))
        };
        let wallet = |wallet: WalletSettings| {
            let address = |uri: &String| {
                RedirectUri::parse(uri).map_err(|error| value("wallets.redirect_uris", &error))
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
            database,
            vc_api: false,
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
    let issuer = Endpoint::parse(issuer).map_err(|error| value(setting, &error))?;
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

/// The settings' own folder: relative paths begin there.
struct Beside<'a>(&'a Path);

impl Beside<'_> {
    fn path(&self, path: &Path) -> PathBuf {
        self.0.join(path)
    }

    fn read(&self, setting: &'static str, path: &Path) -> Result<String, SettingsError> {
        std::fs::read_to_string(self.path(path)).map_err(|error| file(setting, path, &error))
    }

    /// A secret that a file of the account's own holds, without the line's end.
    fn secret(&self, setting: &'static str, path: &Path) -> Result<Zeroizing<String>, SettingsError> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let about = std::fs::metadata(self.path(path)).map_err(|error| file(setting, path, &error))?;
            if about.permissions().mode() & 0o077 != 0 {
                return Err(file(setting, path, &"others may read it: set its mode to 600"));
            }
        }
        let text = Zeroizing::new(self.read(setting, path)?);
        match text.trim_end_matches(['\r', '\n']) {
            "" => Err(file(setting, path, &"it is empty")),
            secret => Ok(Zeroizing::new(secret.to_owned())),
        }
    }
}

fn file(setting: &'static str, path: &Path, reason: &dyn fmt::Display) -> SettingsError {
    SettingsError::File { setting, path: path.to_owned(), reason: reason.to_string() }
}

fn value(setting: &'static str, reason: &dyn fmt::Display) -> SettingsError {
    SettingsError::Value { setting, reason: reason.to_string() }
}
