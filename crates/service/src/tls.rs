//! TLS for servers that no proxy stands before.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A server's certificate and key, read and found to belong together. TLS 1.2 and 1.3, HTTP/2 and 1.1.
#[derive(Clone)]
pub struct Tls(pub(crate) Arc<ServerConfig>);

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls(…)")
    }
}

/// Why a certificate or its key can't be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct TlsError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it; never a part of it.
    pub reason: String,
}

impl Tls {
    /// From a chain of certificates, the server's own first, and its private key; both PEM. They are read once: a new
    /// certificate counts from the next start.
    ///
    /// # Errors
    /// [`TlsError`] names the file.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let at = |path: &Path, reason: &dyn fmt::Display| TlsError {
            path: path.to_owned(),
            reason: reason.to_string(),
        };
        let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
            .and_then(Iterator::collect)
            .map_err(|error| at(certificate, &error))?;
        let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| at(key, &error))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| at(certificate, &error))?
            .with_no_client_auth()
            .with_single_cert(chain, secret)
            .map_err(|error| at(certificate, &error))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }
}
