//! What the settings files of services have in common: files that settings name, and secrets that are never settings.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::config::ConfigError;
use crate::staff::StaffAccount;
use crate::tls::{Tls, TlsError};

/// The fewest characters of a token: `openssl rand -base64 32` gives more.
const SHORTEST_TOKEN: usize = 32;

/// Why settings can't be used. No variant carries what is in a secret's file.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file or a variable of the environment.
    #[error(transparent)]
    Load(#[from] ConfigError),
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
    Tls(#[from] TlsError),
}

impl SettingsError {
    /// A file that can't be used, and why.
    #[must_use]
    pub fn file(setting: &'static str, path: &Path, reason: &dyn fmt::Display) -> Self {
        Self::File { setting, path: path.to_owned(), reason: reason.to_string() }
    }

    /// A value that can't be used, and why. The reason must not have the value of a secret.
    #[must_use]
    pub fn value(setting: &'static str, reason: &dyn fmt::Display) -> Self {
        Self::Value { setting, reason: reason.to_string() }
    }
}

/// The folder of a settings file: relative paths begin there.
#[derive(Debug, Clone, Copy)]
pub struct Beside<'a>(pub &'a Path);

impl<'a> Beside<'a> {
    /// Beside this settings file.
    #[must_use]
    pub fn of(file: &'a Path) -> Self {
        Self(file.parent().unwrap_or_else(|| Path::new("")))
    }

    /// Where a path of the settings is.
    #[must_use]
    pub fn path(&self, path: &Path) -> PathBuf {
        self.0.join(path)
    }

    /// The text of a file.
    ///
    /// # Errors
    /// [`SettingsError::File`].
    pub fn read(&self, setting: &'static str, path: &Path) -> Result<String, SettingsError> {
        std::fs::read_to_string(self.path(path)).map_err(|error| SettingsError::file(setting, path, &error))
    }

    /// What a file of JSON holds.
    ///
    /// # Errors
    /// [`SettingsError::File`].
    pub fn json<T: serde::de::DeserializeOwned>(
        &self,
        setting: &'static str,
        path: &Path,
    ) -> Result<T, SettingsError> {
        let text = self.read(setting, path)?;
        serde_json::from_str(&text).map_err(|error| SettingsError::file(setting, path, &error))
    }

    /// A secret that a file of the account's own holds, without the line's end.
    ///
    /// # Errors
    /// [`SettingsError::File`], also when others may read it, or it is empty.
    pub fn secret(&self, setting: &'static str, path: &Path) -> Result<Zeroizing<String>, SettingsError> {
        let refused = |reason: &dyn fmt::Display| SettingsError::file(setting, path, reason);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let about = std::fs::metadata(self.path(path)).map_err(|error| refused(&error))?;
            if about.permissions().mode() & 0o077 != 0 {
                return Err(refused(&"others may read it: set its mode to 600"));
            }
        }
        let text = Zeroizing::new(self.read(setting, path)?);
        match text.trim_end_matches(['\r', '\n']) {
            "" => Err(refused(&"it is empty")),
            secret => Ok(Zeroizing::new(secret.to_owned())),
        }
    }

    /// An account with the token that a file holds: at least 32 characters, so that no slow hash is needed.
    ///
    /// # Errors
    /// [`SettingsError::File`].
    pub fn account(
        &self,
        setting: &'static str,
        name: &str,
        token_file: &Path,
    ) -> Result<StaffAccount, SettingsError> {
        let token = self.secret(setting, token_file)?;
        if token.len() < SHORTEST_TOKEN {
            let reason = format!("a token has at least {SHORTEST_TOKEN} characters");
            return Err(SettingsError::file(setting, token_file, &reason));
        }
        Ok(StaffAccount::new(name, &token))
    }
}

/// `[tls]`: a certificate chain and its key, PEM.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsSettings {
    certificate_file: PathBuf,
    key_file: PathBuf,
}

impl TlsSettings {
    /// The certificate and its key, read.
    ///
    /// # Errors
    /// [`SettingsError::Tls`].
    pub fn resolve(&self, beside: &Beside<'_>) -> Result<Tls, SettingsError> {
        Ok(Tls::load(&beside.path(&self.certificate_file), &beside.path(&self.key_file))?)
    }
}

/// `[database]`: where several instances keep what they share.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    address_file: PathBuf,
    schema: String,
    #[serde(default)]
    authorities_file: Option<PathBuf>,
}

/// A database, as a store is opened with. The address has a password: there is no `Debug`.
pub struct Database {
    /// A connection URL.
    pub address: Zeroizing<String>,
    /// The schema.
    pub schema: String,
    /// Authorities that its certificate must be of, PEM.
    pub authorities: Option<PathBuf>,
}

impl DatabaseSettings {
    /// The database, its address read.
    ///
    /// # Errors
    /// [`SettingsError::File`].
    pub fn resolve(self, beside: &Beside<'_>) -> Result<Database, SettingsError> {
        Ok(Database {
            address: beside.secret("database.address_file", &self.address_file)?,
            schema: self.schema,
            authorities: self.authorities_file.map(|path| beside.path(&path)),
        })
    }
}
