//! The whole system, running.

use std::path::{Path, PathBuf};

use cli::stack::{Ports, Stack, StackConfig};
use cli::urls::Urls;
use credentials::key::{Algorithm, SoftwareKey};

use crate::flaws::IssuersKeys;
use crate::{Counter, Desk, Http};

/// A running stack and who is in it.
pub struct Play {
    /// The stack.
    pub stack: Stack,
    /// Its data folder; wallets lie beside it.
    pub data: PathBuf,
    /// A client for whatever has no driver.
    pub http: Http,
}

impl Play {
    /// Starts a stack on a folder, new or used before, at any free ports, with all that can be switched on.
    pub async fn start(data: &Path) -> Self {
        let config = StackConfig::new(data.join("stack"), Ports::Any).expect("a configuration");
        let config = StackConfig { vc_api: Some(verifier::VcApiConfig::default()), ..config };
        let stack = Stack::start(config).await.unwrap_or_else(|error| panic!("the stack: {error}"));
        Self { stack, data: data.to_owned(), http: Http::default() }
    }

    /// Stops it in good order.
    pub async fn stop(self) {
        self.stack.shutdown().await;
    }

    /// Where everything is.
    pub fn urls(&self) -> &Urls {
        self.stack.urls()
    }

    /// Market supervision, which issues business licences.
    pub fn market(&self) -> Desk {
        self.desk("market-supervision")
    }

    /// Public security, which issues digital IDs.
    pub fn police(&self) -> Desk {
        self.desk("public-security")
    }

    /// The tax bureau, to which the business licence is presented.
    pub fn tax(&self) -> Desk {
        self.desk("tax")
    }

    /// The keys that one of its issuers signs with, read from its folder.
    pub fn keys_of(&self, issuer: &str) -> IssuersKeys {
        let key = |name: &str, algorithm| {
            let file = self.data.join("stack/issuers").join(issuer).join("keys").join(name);
            SoftwareKey::from_secret_bytes(algorithm, &std::fs::read(file).expect("a key")).expect("a key")
        };
        IssuersKeys {
            ed25519: key("signing-ed25519.key", Algorithm::EdDsa),
            p256: key("signing-p256.key", Algorithm::Es256),
            did: self.urls().issuers[issuer].did.clone(),
        }
    }

    fn desk(&self, id: &str) -> Desk {
        let issuer = &self.urls().issuers[id];
        Desk::new(&self.http, &issuer.url, &issuer.did, &self.urls().staff_token)
    }

    /// The service centre's counter.
    pub fn counter(&self) -> Counter {
        let verifier = &self.urls().verifier;
        Counter::new(&self.http, &verifier.url, &verifier.did, &self.urls().staff_token)
    }
}
