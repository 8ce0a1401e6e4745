//! What stands in `proofValue`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Map, Value as Json};
use zeroize::Zeroizing;

use super::cbor;
use crate::Flaw;
use crate::data_integrity::statements::{Statements, hash, keyed, text};
use crate::data_integrity::suite::hash_rdf;
use crate::jsonld::{Contexts, Selection};
use crate::key::{Algorithm, PublicKey, Signature};
use crate::rdf::HashAlgorithm;

const BASE: [u8; 3] = [0xd9, 0x5d, 0x00];
const DERIVED: [u8; 3] = [0xd9, 0x5d, 0x01];

/// The proof as the issuer made it: for the holder alone.
#[derive(Clone)]
pub(in crate::data_integrity) struct Base {
    pub(super) signature: Signature,
    pub(super) key: PublicKey,
    pub(super) hmac_key: Zeroizing<[u8; 32]>,
    pub(super) signatures: Vec<Signature>,
    pub(super) mandatory: Vec<String>,
}

/// The proof as it is shown.
#[derive(Clone)]
pub(in crate::data_integrity) struct Derived {
    pub(super) signature: Signature,
    pub(super) key: PublicKey,
    pub(super) signatures: Vec<Signature>,
    /// From the numbers of canonical labels to the HMACs that take their place.
    pub(super) labels: BTreeMap<u32, [u8; 32]>,
    /// Which of the sorted statements are mandatory.
    pub(super) mandatory: Vec<usize>,
}

/// Either.
#[derive(Clone)]
pub(in crate::data_integrity) enum Value {
    Base(Base),
    Derived(Derived),
}

impl Value {
    /// `u` and base64url of three bytes that say which, and CBOR.
    pub(in crate::data_integrity) fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64.decode(text.strip_prefix('u')?).ok()?;
        let (kind, rest) = bytes.split_first_chunk::<3>()?;
        match *kind {
            BASE => cbor::read_base(rest).map(Self::Base),
            DERIVED => cbor::read_derived(rest).map(Self::Derived),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> String {
        let (mut bytes, rest) = match self {
            Self::Base(base) => (BASE.to_vec(), cbor::write_base(base)),
            Self::Derived(derived) => (DERIVED.to_vec(), cbor::write_derived(derived)),
        };
        bytes.extend(rest);
        format!("u{}", BASE64.encode(bytes))
    }

    /// Whether the issuer's key signed the options and the mandatory statements, and the key made for this credential
    /// every other statement of the document.
    pub(in crate::data_integrity) fn check(
        &self,
        document: &Map<String, Json>,
        options: &Map<String, Json>,
        issuer_key: &PublicKey,
        contexts: &Contexts,
    ) -> Result<(), Flaw> {
        let (statements, mandatory) = match self {
            Self::Base(base) => {
                let statements = Statements::of(document, contexts, labels(&base.hmac_key))?;
                let mandatory = statements.chosen(&Selection::of(document, &base.mandatory)?)?;
                (statements, mandatory)
            }
            Self::Derived(derived) => {
                let labels = derived.labels.iter().map(|(number, hmac)| (*number, text(hmac))).collect();
                let statements = Statements::shown(document, contexts, &labels)?;
                let mandatory = statements.numbered(&derived.mandatory)?;
                (statements, mandatory)
            }
        };
        let (signature, key, signatures) = match self {
            Self::Base(base) => (&base.signature, &base.key, &base.signatures),
            Self::Derived(derived) => (&derived.signature, &derived.key, &derived.signatures),
        };
        let context = document.get("@context").unwrap_or(&Json::Null);
        let proof_hash = hash_rdf(contexts, context, options, HashAlgorithm::Sha256)?;
        let (mandatory, others) = statements.divided(&mandatory);
        let others: Vec<&str> = others.collect();
        if others.len() != signatures.len() {
            return Err(Flaw::StatementCountWrong);
        }
        let signed = signed_by_issuer(&proof_hash, key, &hash(mandatory));
        issuer_key.verify(&signed, signature).map_err(|_| Flaw::SignatureWrong)?;
        let right = others.iter().zip(signatures).all(|(one, by)| key.verify(one.as_bytes(), by).is_ok());
        if right { Ok(()) } else { Err(Flaw::StatementUnsigned) }
    }
}

/// The labels of so many blank nodes.
pub(super) fn labels(hmac_key: &[u8; 32]) -> impl FnOnce(u32) -> Vec<String> {
    |count| (0..count).map(|number| text(&keyed(hmac_key, number))).collect()
}

/// What the issuer signs (§3.5.4).
pub(super) fn signed_by_issuer(proof_hash: &[u8], key: &PublicKey, mandatory_hash: &[u8]) -> Vec<u8> {
    [proof_hash, &key.to_multikey_bytes(), mandatory_hash].concat()
}

/// A P-256 key in Multikey bytes.
pub(super) fn statement_key(bytes: &[u8]) -> Option<PublicKey> {
    PublicKey::from_multikey_bytes(bytes).ok().filter(|key| key.algorithm() == Algorithm::Es256)
}
