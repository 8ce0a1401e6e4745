//! What stands in `proofValue`.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use crate::Flaw;
use crate::cbor;
use crate::data_integrity::components::{self, Kind, fixed, list, number, pointer};
use crate::data_integrity::selective::LabelKey;
use crate::data_integrity::statements::{Statements, hash, keyed, text};
use crate::data_integrity::suite::hash_rdf;
use crate::jsonld::Contexts;
use crate::key::{Algorithm, PublicKey, Signature};
use crate::rdf::HashAlgorithm;

const BASE: Kind = [0xd9, 0x5d, 0x00];
const DERIVED: Kind = [0xd9, 0x5d, 0x01];

/// The proof as the issuer made it: for the holder alone.
#[derive(Clone)]
pub(in crate::data_integrity) struct Base {
    pub(super) signature: Signature,
    pub(super) key: PublicKey,
    pub(super) label_key: LabelKey,
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
    pub(in crate::data_integrity) fn parse(text: &str) -> Option<Self> {
        let (kind, bytes) = components::open(text)?;
        let [signature, key, third, fourth, fifth] = components::five(&bytes)?;
        let (signature, key) = (of_64(&signature)?, statement_key(&key)?);
        match kind {
            BASE => Some(Self::Base(Base {
                signature,
                key,
                label_key: LabelKey::dangerous_fixed(fixed(&third)?),
                signatures: list(&fourth, of_64)?,
                mandatory: list(&fifth, pointer)?,
            })),
            DERIVED => Some(Self::Derived(Derived {
                signature,
                key,
                signatures: list(&third, of_64)?,
                labels: components::labels(&fourth, fixed)?,
                mandatory: list(&fifth, number)?,
            })),
            _ => None,
        }
    }

    /// The issuer's signature over the mandatory statements and the key that signed the others.
    pub(in crate::data_integrity) fn signature(&self) -> &[u8] {
        match self {
            Self::Base(Base { signature, .. }) | Self::Derived(Derived { signature, .. }) => signature,
        }
    }

    pub(super) fn text(&self) -> String {
        let bytes = |bytes: &[u8]| cbor::Value::from(bytes);
        let signatures = |list: &[Signature]| cbor::Value::Array(list.iter().map(|one| bytes(one)).collect());
        match self {
            Self::Base(base) => components::write(
                BASE,
                [
                    bytes(&base.signature),
                    bytes(&base.key.to_multikey_bytes()),
                    bytes(base.label_key.0.as_ref()),
                    signatures(&base.signatures),
                    components::write_pointers(&base.mandatory),
                ],
            ),
            Self::Derived(derived) => components::write(
                DERIVED,
                [
                    bytes(&derived.signature),
                    bytes(&derived.key.to_multikey_bytes()),
                    signatures(&derived.signatures),
                    components::write_labels(&derived.labels, |label| bytes(label)),
                    components::write_numbers(&derived.mandatory),
                ],
            ),
        }
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
                Statements::signed(document, contexts, labels(&base.label_key), &base.mandatory)?
            }
            Self::Derived(derived) => {
                let labels =
                    sorted::collect(derived.labels.iter().map(|(number, hmac)| (*number, text(hmac))));
                Statements::shown(document, contexts, &labels, &derived.mandatory)?
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
pub(super) fn labels(key: &LabelKey) -> impl FnOnce(u32) -> Vec<String> {
    |count| (0..count).map(|number| text(&keyed(key, number))).collect()
}

/// What the issuer signs (§3.5.4).
pub(super) fn signed_by_issuer(proof_hash: &[u8], key: &PublicKey, mandatory_hash: &[u8]) -> Vec<u8> {
    [proof_hash, &key.to_multikey_bytes(), mandatory_hash].concat()
}

fn of_64(value: &cbor::Value) -> Option<Signature> {
    fixed::<64>(value).map(Signature::from)
}

/// A P-256 key in Multikey bytes.
fn statement_key(value: &cbor::Value) -> Option<PublicKey> {
    PublicKey::from_multikey_bytes(value.as_bytes()?).ok().filter(|key| key.algorithm() == Algorithm::Es256)
}
