//! Which server, and how it may be talked to.

use std::{fmt, path::PathBuf, str::FromStr, sync::Arc, time::Duration};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::OpenError;

/// A PostgreSQL server, and the schema in it that one store owns. Its `Debug` keeps the address, which may hold a
/// password, to itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    /// A connection URL or key-value string as libpq reads it: `postgres://user:password@host/database` or
    /// `host=/run/postgresql dbname=huizheng user=issuer`.
    pub address: String,
    /// The schema: 1 to 48 of `a-z`, `0-9` and `_`, beginning with a letter. Instances of one service name the same,
    /// different services different ones.
    pub schema: String,
    /// The certificate authorities, in PEM, that the server's certificate must come from. Needed for any server that is
    /// not on this machine; with it, nothing is said in the clear.
    pub authorities: Option<PathBuf>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl Server {
    pub(super) fn connection(&self) -> Result<(Config, Option<MakeRustlsConnect>), OpenError> {
        let unusable = |reason: String| OpenError::Unreachable { reason };
        if !is_schema(&self.schema) {
            return Err(unusable(
                "the schema's name must be 1 to 48 of a-z, 0-9 and _, beginning with a letter".to_owned(),
            ));
        }
        // The parser's message names the setting that is wrong, never its value.
        let mut config =
            Config::from_str(&self.address).map_err(|error| unusable(format!("its address: {error}")))?;
        config.application_name("huizheng").connect_timeout(Duration::from_secs(5));
        let Some(path) = &self.authorities else {
            let addresses_are_here = config.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback);
            if !(config.get_hosts().iter().all(is_here) && addresses_are_here) {
                return Err(OpenError::Unprotected);
            }
            config.ssl_mode(SslMode::Disable);
            return Ok((config, None));
        };
        config.ssl_mode(SslMode::Require);
        let mut roots = RootCertStore::empty();
        let read = |error: &dyn fmt::Display| unusable(format!("{}: {error}", path.display()));
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| read(&error))? {
            let certificate = certificate.map_err(|error| read(&error))?;
            roots.add(certificate).map_err(|error| read(&error))?;
        }
        if roots.is_empty() {
            return Err(read(&"it has no certificate"));
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok((config, Some(MakeRustlsConnect::new(tls))))
    }
}

/// Whether what is said to this host stays on this machine.
fn is_here(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
        }
    }
}

/// Only such names go into statements as they are.
fn is_schema(name: &str) -> bool {
    name.len() <= 48
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}
