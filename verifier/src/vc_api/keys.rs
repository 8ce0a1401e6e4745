//! Whose key is it? `did:key` and `did:jwk` say it themselves, `did:hui` by the chain, `did:web` where it is allowed.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use credentials::UnixSeconds;
use credentials::data_integrity::Purpose;
use credentials::key::{DidDocument, DidKeyError, DidWeb, PublicKey, SelfContained};
use registry::history::key_valid_at;
use registry::{KeyId, RecordKey, UnixMillis};
use service::{NodeClient, outbound};

use crate::decision::usable;

/// How long a DID document may take, and how large it may be.
const PATIENCE: Duration = Duration::from_secs(5);
const LARGEST: usize = 64 << 10;

/// Looks keys up.
pub(super) struct Resolver {
    node: NodeClient,
    hosts: HashSet<String>,
    web: reqwest::Client,
}

/// The keys that were found, by the DID URLs that proofs name.
pub(super) type Keys = BTreeMap<String, PublicKey>;

impl Resolver {
    pub(super) fn new(node: NodeClient, hosts: Vec<String>) -> Self {
        Self { node, hosts: hosts.into_iter().collect(), web: outbound::public_https_client(PATIENCE) }
    }

    /// The keys that proofs name, as they were for this purpose when each proof was made. What can't be had, for whatever
    /// reason, is not among them: its proof then counts for nothing.
    pub(super) async fn keys(
        &self,
        named: impl IntoIterator<Item = (String, Option<UnixSeconds>)>,
        purpose: Purpose,
    ) -> Keys {
        let mut keys = Keys::new();
        for (method, created) in named {
            if let Some(key) = self.key(&method, created, purpose).await {
                keys.insert(method, key);
            }
        }
        keys
    }

    async fn key(&self, method: &str, created: Option<UnixSeconds>, purpose: Purpose) -> Option<PublicKey> {
        match SelfContained::parse(method) {
            // A DID alone names no key.
            Ok(found) => (found.verification_method == method).then_some(found.key),
            Err(DidKeyError::OtherMethod) if method.starts_with("did:hui:") => {
                self.of_the_chain(method, created?, purpose).await
            }
            Err(DidKeyError::OtherMethod) => self.of_the_web(method, purpose).await,
            Err(_) => None,
        }
    }

    async fn of_the_chain(&self, method: &str, created: UnixSeconds, purpose: Purpose) -> Option<PublicKey> {
        let id: KeyId = method.parse().ok()?;
        let proven = self.node.proven_one(RecordKey::Did(id.did.clone())).await.ok()?;
        let purpose = match purpose {
            Purpose::AssertionMethod => registry::Purpose::AssertionMethod,
            Purpose::Authentication => registry::Purpose::Authentication,
        };
        let at = UnixMillis::from_seconds(created.0);
        // Credentials write whole seconds: what held at either end of the second counts.
        let end = at.after(Duration::from_millis(999));
        let key =
            key_valid_at(&proven, &id, purpose, end).or_else(|_| key_valid_at(&proven, &id, purpose, at));
        usable(&key.ok()?.key)
    }

    async fn of_the_web(&self, method: &str, purpose: Purpose) -> Option<PublicKey> {
        let did = DidWeb::parse(method).ok().filter(|did| self.hosts.contains(did.host()))?;
        let answer = self.web.get(did.url()).header("accept", "application/did+json, application/json");
        let answer = answer.send().await.ok().filter(|answer| answer.status() == 200)?;
        let body = outbound::body(answer, LARGEST).await.ok()?;
        DidDocument::parse(&body, did.did()).ok()?.key(method, purpose).cloned()
    }
}
