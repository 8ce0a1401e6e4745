//! What stands in `proofValue` (§3.3.1 to §3.3.5).

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use crate::bbs::{Disclosed, MAX_HEADER, Proof, PublicKey, Signature};
use crate::data_integrity::components::{self, Kind, fixed, list, number, pointer};
use crate::data_integrity::selective::LabelKey;
use crate::data_integrity::statements::{Statements, hash, keyed, text};
use crate::data_integrity::suite::hash_rdf;
use crate::jsonld::{Contexts, JsonLdError};
use crate::rdf::HashAlgorithm;
use crate::{Flaw, cbor};

const BASE: Kind = [0xd9, 0x5d, 0x02];
const DERIVED: Kind = [0xd9, 0x5d, 0x03];

/// The hash of the options, then that of the mandatory statements.
pub(super) type Header = [u8; 64];

/// The proof as the issuer made it: for the holder alone.
#[derive(Clone)]
pub(in crate::data_integrity) struct Base {
    pub(super) signature: Signature,
    pub(super) header: Header,
    pub(super) key: PublicKey,
    pub(super) label_key: LabelKey,
    pub(super) mandatory: Vec<String>,
}

/// The proof as it is shown.
#[derive(Clone)]
pub(in crate::data_integrity) struct Derived {
    pub(super) proof: Proof,
    /// From the numbers of canonical labels to those of the shuffled labels that take their place.
    pub(super) labels: BTreeMap<u32, u32>,
    /// Which of the sorted statements are mandatory.
    pub(super) mandatory: Vec<usize>,
    /// For each of the others its number among all that are not mandatory.
    pub(super) shown: Vec<usize>,
    pub(super) presentation_header: Vec<u8>,
}

/// Either.
#[derive(Clone)]
pub(in crate::data_integrity) enum Value {
    Base(Base),
    Derived(Derived),
}

/// Why a text is no proof value that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::data_integrity) enum ReadError {
    Malformed,
    /// Of a feature of the suite that is not supported.
    Feature(&'static str),
}

impl Base {
    fn read(bytes: &[u8]) -> Option<Self> {
        let [signature, header, key, label_key, mandatory] = components::five(bytes)?;
        Some(Self {
            signature: Signature::from_bytes(&fixed(&signature)?)?,
            header: fixed(&header)?,
            key: PublicKey::from_bytes(&fixed(&key)?).ok()?,
            label_key: LabelKey::dangerous_fixed(fixed(&label_key)?),
            mandatory: list(&mandatory, pointer)?,
        })
    }
}

impl Derived {
    fn read(bytes: &[u8]) -> Option<Self> {
        let [proof, labels, mandatory, shown, header] = components::five(bytes)?;
        Some(Self {
            proof: Proof::from_bytes(proof.as_bytes()?)?,
            labels: components::labels(&labels, |place| u32::try_from(place.as_integer()?).ok())?,
            mandatory: list(&mandatory, number)?,
            shown: list(&shown, number)?,
            presentation_header: header.as_bytes().filter(|bytes| bytes.len() <= MAX_HEADER)?.to_vec(),
        })
    }
}

impl Value {
    pub(in crate::data_integrity) fn parse(text: &str) -> Result<Self, ReadError> {
        let (kind, bytes) = components::open(text).ok_or(ReadError::Malformed)?;
        let read = match kind {
            BASE => Base::read(&bytes).map(Self::Base),
            DERIVED => Derived::read(&bytes).map(Self::Derived),
            [0xd9, 0x5d, 0x04 | 0x05] => return Err(ReadError::Feature("anonymous holder binding")),
            [0xd9, 0x5d, 0x06..=0x09] => return Err(ReadError::Feature("pseudonym")),
            _ => None,
        };
        // Everything has one encoding only: names rise too, and points are compressed the one way.
        read.filter(|value| value.text() == text).ok_or(ReadError::Malformed)
    }

    pub(super) fn text(&self) -> String {
        let bytes = |bytes: &[u8]| cbor::Value::from(bytes);
        match self {
            Self::Base(base) => components::write(
                BASE,
                [
                    bytes(&base.signature.to_bytes()),
                    bytes(&base.header),
                    bytes(base.key.to_bytes()),
                    bytes(base.label_key.0.as_ref()),
                    components::write_pointers(&base.mandatory),
                ],
            ),
            Self::Derived(derived) => components::write(
                DERIVED,
                [
                    bytes(&derived.proof.to_bytes()),
                    components::write_labels(&derived.labels, |place| i64::from(*place).into()),
                    components::write_numbers(&derived.mandatory),
                    components::write_numbers(&derived.shown),
                    bytes(&derived.presentation_header),
                ],
            ),
        }
    }

    /// What the holder tied the proof to; none before anything is derived.
    pub(in crate::data_integrity) fn presentation_header(&self) -> Option<&[u8]> {
        match self {
            Self::Base(_) => None,
            Self::Derived(derived) => Some(&derived.presentation_header),
        }
    }

    /// Whether the issuer's key signed the options, the mandatory statements and every other statement of the document.
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
                    sorted::collect(derived.labels.iter().map(|(number, place)| (*number, label(*place))));
                Statements::shown(document, contexts, &labels, &derived.mandatory)?
            }
        };
        let (mandatory, others) = statements.divided(&mandatory);
        let header = header(document, options, mandatory, contexts)?;
        let messages: Vec<&[u8]> = others.map(str::as_bytes).collect();
        let checked = match self {
            Self::Base(base) if base.header != header || base.key != *issuer_key => {
                return Err(Flaw::SignatureWrong);
            }
            Self::Base(base) => issuer_key.verify(&header, &messages, &base.signature),
            Self::Derived(derived) if derived.shown.len() != messages.len() => {
                return Err(Flaw::StatementCountWrong);
            }
            Self::Derived(derived) => {
                let disclosed = Disclosed {
                    header: &header,
                    presentation_header: &derived.presentation_header,
                    messages: &messages,
                    indexes: &derived.shown,
                };
                issuer_key.verify_proof(&derived.proof, &disclosed)
            }
        };
        checked.map_err(|_| Flaw::SignatureWrong)
    }
}

/// What the issuer signs beside the messages (§3.3.3, `bbsHeader`).
pub(super) fn header<'s>(
    document: &Map<String, Json>,
    options: &Map<String, Json>,
    mandatory: impl Iterator<Item = &'s str>,
    contexts: &Contexts,
) -> Result<Header, JsonLdError> {
    let context = document.get("@context").unwrap_or(&Json::Null);
    let proof_hash = hash_rdf(contexts, context, options, HashAlgorithm::Sha256)?;
    let mut header = [0; 64];
    header[..32].copy_from_slice(&proof_hash);
    header[32..].copy_from_slice(&hash(mandatory));
    Ok(header)
}

/// The labels of so many blank nodes (§3.3.4, `createShuffledIdLabelMapFunction`).
pub(super) fn labels(key: &LabelKey) -> impl FnOnce(u32) -> Vec<String> {
    |count| shuffled(key, count).into_iter().map(label).collect()
}

/// For each of so many blank nodes its place in the order of their HMACs' texts.
pub(super) fn shuffled(key: &LabelKey, count: u32) -> Vec<u32> {
    let mut order: Vec<(String, u32)> =
        (0..count).map(|number| (text(&keyed(key, number)), number)).collect();
    sorted::sort(&mut order);
    let mut places = vec![0; order.len()];
    for (place, (_, number)) in (0..).zip(order) {
        places[number as usize] = place;
    }
    places
}

fn label(place: u32) -> String {
    format!("b{place}")
}
