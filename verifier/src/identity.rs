//! Who this verifier is: its keys, and the DID they make.
//!
//! The DID follows from the first keys alone, so a start that broke off goes on where it was, and a folder that is moved
//! stays the same verifier. After a recovery by the recovery key others are in their place: the chain says which.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use credentials::jws::Header;
use credentials::key::{Algorithm, Signer, SoftwareKey};
use protocol::Endpoint;
use protocol::offline::OFFLINE_TYPE;
use protocol::openid4vp::{ClientId, REQUEST_TYPE};
use registry::build::SoftwareSigner;
use registry::{Did, DidRecord, PublicKey, Slug};
use serde::{Deserialize, Serialize};
use service::secrets::{SecretError, SecretFolder};
use service::{KeyFiles, Organisation, OrganisationError};
use zeroize::Zeroizing;

use crate::certificate::certify;
use crate::row_key::RowKey;
use crate::sealing::Sealing;
use crate::signer::RequestSigner;

/// What is sealed with the journal's key.
const JOURNAL: &str = "huizheng/journal-rows/1";
/// Where that key is.
const JOURNAL_FILE: &str = "journal.key";

/// The key of the journal alone, in this folder; none where no identity was made.
pub(crate) fn journal_key(dir: &Path) -> Result<Option<RowKey>, SecretError> {
    let secret = if dir.is_dir() { SecretFolder::open(dir)?.existing(JOURNAL_FILE)? } else { None };
    Ok(secret.map(|secret| RowKey::new(JOURNAL, &secret)))
}

/// The keys and the DID.
pub(crate) struct Identity {
    organisation: Organisation,
    signing: RequestSigner,
    kid: String,
    sealing: Sealing,
    kept: Arc<RowKey>,
    journal: Arc<RowKey>,
    did_id: ClientId,
    certified: Certified,
}

/// As whom it is known by certificate.
struct Certified {
    /// DER.
    certificate: Vec<u8>,
    by_hash: ClientId,
    /// None where its host is an address, which no certificate names.
    by_host: Option<ClientId>,
}

/// How a verifier proves to wallets who it is (OpenID4VP 1.0 §5.9.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KnownBy {
    /// By its DID on the chain.
    #[default]
    DecentralizedIdentifier,
    /// By the hash of its certificate.
    X509Hash,
    /// By the DNS name in its certificate.
    X509SanDns,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("did", self.did()).finish_non_exhaustive()
    }
}

/// The keys that sign requests.
const SIGNING: KeyFiles = KeyFiles::new("signing-p256", "key-2");

impl Identity {
    /// The DID in this folder, where the chain must say which of several keys there counts.
    pub(crate) fn undecided(dir: &Path, network: &Slug) -> Result<Option<Did>, OrganisationError> {
        let folder = SecretFolder::open(dir)?;
        let several = KeyFiles::AUTHOR.names(&folder)?.len() > 1 || SIGNING.names(&folder)?.len() > 1;
        if several { Organisation::did_in(&folder, network) } else { Ok(None) }
    }

    /// The identity in this folder; made if there is none. `base` is where it is reached, `record` what the chain says of it, if
    /// it was asked: then the keys that it says are retired are erased.
    pub(crate) fn open(
        dir: &Path,
        network: &Slug,
        base: &Endpoint,
        record: Option<&DidRecord>,
    ) -> Result<Self, OrganisationError> {
        let folder = SecretFolder::open(dir)?;
        let organisation = match Organisation::noted(&folder, network)? {
            Some(organisation) => organisation,
            None => Self::first(&folder, network)?,
        };
        let (_, author) = counting(KeyFiles::AUTHOR, &folder, record)?;
        let unusable = |_| OrganisationError::Unusable("author.key");
        organisation.act_with(SoftwareSigner::from_seed(&author).map_err(unusable)?);
        let (name, signing) = counting(SIGNING, &folder, record)?;
        let signing = signer(&signing)?;
        let kid = format!("{}#{name}", organisation.did());
        let authority = folder.secret("certificates-p256.key")?;
        let authority = SoftwareKey::from_secret_bytes(Algorithm::Es256, &*authority);
        let authority = authority.map_err(|_| OrganisationError::Unusable("certificates-p256.key"))?;
        let host = base.host();
        let named = (organisation.did(), kid.as_str());
        let certificate = certify(&authority, signing.public_key(), named, &host)
            .map_err(|_| OrganisationError::Unusable("certificates-p256.key"))?;
        let is_address = host.parse::<IpAddr>().is_ok() || host.starts_with('[');
        Ok(Self {
            did_id: ClientId::of_did(&organisation.did().to_string()),
            certified: Certified {
                by_hash: ClientId::of_certificate(&certificate),
                by_host: (!is_address).then(|| ClientId::of_host(&host)),
                certificate,
            },
            sealing: Sealing::new(&*folder.secret("answers.key")?),
            kept: Arc::new(RowKey::new("huizheng/kept-claims/1", &*folder.secret("kept-claims.key")?)),
            journal: Arc::new(RowKey::new(JOURNAL, &*folder.secret(JOURNAL_FILE)?)),
            organisation,
            signing,
            kid,
        })
    }

    fn first(folder: &SecretFolder, network: &Slug) -> Result<Organisation, OrganisationError> {
        let public = signer(&*folder.secret("signing-p256.key")?)?.public_key().to_bytes();
        let public = public.try_into().ok().and_then(|bytes| PublicKey::p256(&bytes).ok());
        let public = public.ok_or(OrganisationError::Unusable("signing-p256.key"))?;
        Organisation::open(folder, network, &[public])
    }

    /// The DID.
    pub(crate) fn did(&self) -> &Did {
        self.organisation.did()
    }

    /// Who acts on the chain.
    pub(crate) fn organisation(&self) -> &Organisation {
        &self.organisation
    }

    /// Who it is to wallets: also the audience of what they present. None for a DNS name where it has none.
    pub(crate) fn client_id(&self, known_by: KnownBy) -> Option<&ClientId> {
        match known_by {
            KnownBy::DecentralizedIdentifier => Some(&self.did_id),
            KnownBy::X509Hash => Some(&self.certified.by_hash),
            KnownBy::X509SanDns => self.certified.by_host.as_ref(),
        }
    }

    /// The header of a request: of the key by its DID URL, or of its certificate.
    pub(crate) fn header(&self, known_by: KnownBy) -> Header {
        let header = Header::typed(REQUEST_TYPE);
        match known_by {
            KnownBy::DecentralizedIdentifier => header.with_kid(&self.kid),
            KnownBy::X509Hash | KnownBy::X509SanDns => {
                Header { x5c: Some(vec![STANDARD.encode(&self.certified.certificate)]), ..header }
            }
        }
    }

    /// The header of a request that is shown as codes.
    pub(crate) fn offline_header(&self) -> Header {
        Header::typed(OFFLINE_TYPE).with_kid(&self.kid)
    }

    /// The key that signs requests.
    pub(crate) fn signer(&self) -> &RequestSigner {
        &self.signing
    }

    /// The DID URL of that key.
    pub(crate) fn key_id(&self) -> &str {
        &self.kid
    }

    /// What seals the claims that are kept.
    pub(crate) fn kept_key(&self) -> &Arc<RowKey> {
        &self.kept
    }

    /// What seals the journal of decisions made without the node.
    pub(crate) fn journal_key(&self) -> &Arc<RowKey> {
        &self.journal
    }

    /// What opens answers.
    pub(crate) fn sealing(&self) -> &Sealing {
        &self.sealing
    }
}

fn signer(secret: &[u8; 32]) -> Result<RequestSigner, OrganisationError> {
    RequestSigner::new(secret).map_err(|_| OrganisationError::Unusable("signing-p256.key"))
}

/// The key that counts among those in these files, with its name: the one that the chain has. Without its word it is the oldest,
/// since those after it may be drafted only.
fn counting(
    files: KeyFiles,
    folder: &SecretFolder,
    record: Option<&DidRecord>,
) -> Result<(Slug, Zeroizing<[u8; 32]>), OrganisationError> {
    let names = files.names(folder)?;
    let holds =
        |name: &&Slug| record.is_some_and(|record| record.current_keys().any(|key| key.fragment == **name));
    let name = names.iter().find(holds).or(names.first());
    let name = name.ok_or(OrganisationError::Unusable("author.key or signing-p256.key"))?.clone();
    let secret =
        folder.existing(&files.file(&name))?.ok_or(OrganisationError::Unusable("signing-p256.key"))?;
    let retired = |other: &&Slug| {
        **other != name && record.and_then(|record| record.key(other)).is_some_and(|key| key.until.is_some())
    };
    for other in names.iter().filter(retired) {
        folder.erase(&files.file(other))?;
        tracing::info!(key = %other, "a retired key was erased");
    }
    Ok((name, secret))
}

#[cfg(test)]
mod tests {
    use super::*;
    use credentials::x509::Certificate;

    #[test]
    fn the_same_folder_is_the_same_verifier_and_its_document_has_the_key_it_signs_with() {
        let dir = tempfile::tempdir().expect("dir");
        let network = Slug::new("anhui").expect("name");
        let base = Endpoint::parse("https://counter.example").expect("an address");
        let first = Identity::open(dir.path(), &network, &base, None).expect("made");
        let again = Identity::open(dir.path(), &network, &base, None).expect("read");
        assert_eq!(first.did(), again.did());
        for known_by in [KnownBy::DecentralizedIdentifier, KnownBy::X509Hash, KnownBy::X509SanDns] {
            assert!(first.client_id(known_by).is_some());
            assert_eq!(first.client_id(known_by), again.client_id(known_by));
            assert_eq!(first.header(known_by), again.header(known_by));
        }
        let at_address = Endpoint::parse("http://127.0.0.1:1").expect("an address");
        let unnamed = Identity::open(dir.path(), &network, &at_address, None).expect("read");
        assert_eq!(unnamed.client_id(KnownBy::X509SanDns), None);
        let certificate = Certificate::parse(&first.certified.certificate).expect("reads");
        assert_eq!(
            (certificate.hosts(), certificate.uris()),
            (&["counter.example".to_owned()][..], &[first.kid.clone()][..])
        );
        assert!(!certificate.is_self_signed() && certificate.key() == first.signer().public_key());
        let (key, kid) = (first.signer(), &first.kid);
        let fragment = kid.rsplit('#').next().expect("fragment");
        let keys = &first.organisation().document().keys;
        let found = keys.iter().find(|key| key.fragment.as_str() == fragment).expect("in it");
        assert_eq!(found.key.to_multikey(), key.public_key().to_multikey());
        let by_did = first.client_id(KnownBy::DecentralizedIdentifier).expect("always");
        assert_eq!(by_did.did(), Some(first.did().to_string().as_str()));
    }
}
