//! `verifier.toml`: everything that is set, read and checked before anything starts.
//!
//! Any setting can be given in the environment too: `HUIZHENG_VERIFIER_LISTEN`,
//! `HUIZHENG_VERIFIER_TENANTS__BANK__BASE_URL`. Secrets are never settings but files that settings name.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use registry::{LocalText, Slug};
use serde::Deserialize;
use service::SettingsError;
use service::settings::{Beside, DatabaseSettings, TlsSettings};
use url::Url;

use crate::access::{ApiKey, Scope};
use crate::account::AccountPolicy;
use crate::config::{Config, Policy, Tenant};
use crate::identity::KnownBy;
use crate::purpose::PurposeConfig;
use crate::vc_api::VcApiConfig;

/// The file with every setting explained, as `huizheng verifier config` prints it.
pub const EXAMPLE: &str = include_str!("../verifier.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    listen: SocketAddr,
    #[serde(default)]
    operators: Option<SocketAddr>,
    #[serde(default)]
    peer_url: Option<Url>,
    node_urls: Vec<Url>,
    anchor_file: PathBuf,
    data_dir: PathBuf,
    #[serde(default)]
    tls: Option<TlsSettings>,
    #[serde(default)]
    database: Option<DatabaseSettings>,
    #[serde(default)]
    vc_api: Option<VcApiSettings>,
    #[serde(default)]
    demonstration: bool,
    #[serde(default)]
    policy: PolicySettings,
    tenants: BTreeMap<Slug, TenantSettings>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VcApiSettings {
    #[serde(default)]
    did_web_hosts: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TenantSettings {
    name: LocalText,
    base_url: Url,
    policies_dir: PathBuf,
    #[serde(default)]
    staff: Vec<StaffSettings>,
    #[serde(default)]
    api_keys: Vec<KeySettings>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StaffSettings {
    name: String,
    token_file: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeySettings {
    name: String,
    key_file: PathBuf,
    scopes: Vec<Scope>,
    #[serde(default)]
    webhooks: Vec<Url>,
}

/// As [`Policy`], with times in seconds; what is left out is as there.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PolicySettings {
    request_lifetime_s: Option<u64>,
    result_lifetime_s: Option<u64>,
    on_screen_s: Option<u64>,
    binding_max_age_s: Option<u64>,
    evidence_max_age_s: Option<u64>,
    trusted_proxies: Option<u8>,
    encrypted_responses: Option<bool>,
    known_by: Option<KnownBy>,
    shown_bytes: Option<usize>,
    asked_per_minute: Option<u32>,
    answered_per_minute: Option<u32>,
    audit_anchored_every_s: Option<std::num::NonZeroU64>,
    webhook_tries: Option<u8>,
    webhook_delay_s: Option<u64>,
    webhook_timeout_s: Option<u64>,
    loopback_webhooks: Option<bool>,
    journal_kept_s: Option<std::num::NonZeroU64>,
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
        let settings: Settings = service::config::load(Some(file), "HUIZHENG_VERIFIER", environment)?;
        settings.resolve(&Beside::of(file))
    }
}

impl Settings {
    fn resolve(self, beside: &Beside<'_>) -> Result<Config, SettingsError> {
        let database = self.database.map(|database| database.resolve(beside)).transpose()?;
        let tenants = self.tenants.into_iter().map(|(id, tenant)| tenant.resolve(id, beside));
        Ok(Config {
            listen: self.listen,
            tls: self.tls.map(|tls| tls.resolve(beside)).transpose()?,
            operators: self.operators,
            node_urls: self.node_urls,
            anchor: beside.json("anchor_file", &self.anchor_file)?,
            data_dir: beside.path(&self.data_dir),
            database: database.map(|database| store::Server {
                address: database.address.to_string(),
                schema: database.schema,
                authorities: database.authorities,
            }),
            peer_url: self.peer_url,
            vc_api: self.vc_api.map(|vc_api| VcApiConfig { did_web_hosts: vc_api.did_web_hosts }),
            demonstration: self.demonstration,
            policy: self.policy.resolve(),
            tenants: tenants.collect::<Result<_, _>>()?,
        })
    }
}

impl TenantSettings {
    fn resolve(self, id: Slug, beside: &Beside<'_>) -> Result<Tenant, SettingsError> {
        let policies_dir = beside.path(&self.policies_dir);
        let purposes = PurposeConfig::load_dir(&policies_dir)
            .map_err(|error| SettingsError::value("tenants.policies_dir", &error))?;
        let clerk =
            |clerk: StaffSettings| beside.account("tenants.staff.token_file", &clerk.name, &clerk.token_file);
        let key = |key: KeySettings| {
            let account = beside.account("tenants.api_keys.key_file", &key.name, &key.key_file)?;
            Ok::<_, SettingsError>(ApiKey { account, scopes: key.scopes, webhooks: key.webhooks })
        };
        Ok(Tenant {
            id,
            name: self.name,
            base_url: Some(self.base_url),
            purposes,
            policies_dir: Some(policies_dir),
            staff: self.staff.into_iter().map(clerk).collect::<Result<_, _>>()?,
            api_keys: self.api_keys.into_iter().map(key).collect::<Result<_, _>>()?,
        })
    }
}

impl PolicySettings {
    fn resolve(self) -> Policy {
        let usual = Policy::default();
        let time = |seconds: Option<u64>, usual: Duration| seconds.map_or(usual, Duration::from_secs);
        Policy {
            request_lifetime: time(self.request_lifetime_s, usual.request_lifetime),
            result_lifetime: time(self.result_lifetime_s, usual.result_lifetime),
            on_screen: time(self.on_screen_s, usual.on_screen),
            binding_max_age: time(self.binding_max_age_s, usual.binding_max_age),
            evidence_max_age: time(self.evidence_max_age_s, usual.evidence_max_age),
            trusted_proxies: self.trusted_proxies.unwrap_or(usual.trusted_proxies),
            encrypted_responses: self.encrypted_responses.unwrap_or(usual.encrypted_responses),
            known_by: self.known_by.unwrap_or(usual.known_by),
            shown_bytes: self.shown_bytes.unwrap_or(usual.shown_bytes),
            asked_per_minute: self.asked_per_minute.unwrap_or(usual.asked_per_minute),
            answered_per_minute: self.answered_per_minute.unwrap_or(usual.answered_per_minute),
            account: AccountPolicy {
                audit_anchored_every: time(
                    self.audit_anchored_every_s.map(std::num::NonZeroU64::get),
                    usual.account.audit_anchored_every,
                ),
                webhook_tries: self.webhook_tries.unwrap_or(usual.account.webhook_tries),
                webhook_delay: time(self.webhook_delay_s, usual.account.webhook_delay),
                webhook_timeout: time(self.webhook_timeout_s, usual.account.webhook_timeout),
                loopback_webhooks: self.loopback_webhooks.unwrap_or(usual.account.loopback_webhooks),
                journal_kept: time(
                    self.journal_kept_s.map(std::num::NonZeroU64::get),
                    usual.account.journal_kept,
                ),
            },
        }
    }
}
