//! The business licence under `bbs-2023`: issued, derived, verified. The floors are the bare BBS operations on as many messages.

use std::hint::black_box;
use std::sync::Arc;

use rand_core::{CryptoRng, CryptoRngCore, RngCore};
use serde_json::{Map, Value};

use super::cases::{NOW, Unprepared};
use super::suites::{MANDATORY, SHOWN, issuance};
use super::{Case, Measured, holding};
use crate::bbs::{Disclosed, Proof, PublicKey, SecretKey, Signature, prove};
use crate::data_integrity::UnverifiedCredential;
use crate::data_integrity::bbs::{Issuing, LabelKey, derive};
use crate::jsonld::Contexts;
use crate::key::{Algorithm, SoftwareKey};

const NONCE: &[u8] = b"n-0S6_WzA2Mj";

/// Three claims shown beside what is mandatory.
pub(super) fn cases(rng: &mut impl CryptoRngCore) -> Result<[Case; 4], Unprepared> {
    let key = SecretKey::generate(rng);
    let label_key = LabelKey::generate(rng);
    let contexts = Contexts::pinned();
    let (document, options) = issuance()?.document().map_err(|_| Unprepared)?;
    let issue = move |key: &SecretKey| {
        let mandatory = MANDATORY.map(str::to_owned).to_vec();
        let (document, options) = (document.clone(), options.clone());
        match (Issuing { document, options, mandatory, contexts }).sign(key, &label_key) {
            Ok(Value::Object(issued)) => Some(issued),
            _ => None,
        }
    };
    let issued = issue(&key).ok_or(Unprepared)?;
    let pointers = SHOWN.map(|name| format!("/credentialSubject/{name}")).to_vec();
    let drawn = Drawn::from(rng);
    let shown = derive(&issued, &pointers, NONCE, contexts, &mut drawn.clone()).map_err(|_| Unprepared)?;
    let least = derive(&issued, &[], NONCE, contexts, &mut drawn.clone()).map_err(|_| Unprepared)?;
    let count = |value: &Value| value.as_object().map_or(Err(Unprepared), statements);
    let mandatory = count(&least)?;
    let bare = Bare::new(&key, statements(&issued)? - mandatory, count(&shown)? - mandatory, &drawn)?;
    let bare = Arc::new(bare);
    let floor = |operation: fn(&Bare) -> bool| {
        let bare = Arc::clone(&bare);
        Box::new(move || operation(black_box(&bare))) as Box<Measured>
    };
    let (public, text) = (key.public_key().clone(), shown.to_string());
    let (chosen, again) = (pointers.clone(), drawn.clone());
    let choose = Box::new(move |issued: Map<String, Value>| {
        derive(&issued, &chosen, NONCE, contexts, &mut again.clone()).ok()
    });
    let (whole, holder) = (Value::Object(issued.clone()), SoftwareKey::generate(Algorithm::Es256, rng));
    let present = holding::with_proof("present/bbs-2023", &whole, holder, choose, Some(floor(Bare::proves)))?;
    Ok([
        Case {
            name: "issue/bbs-2023",
            run: Box::new(move || issue(&key).is_some()),
            floor: floor(Bare::signs),
        },
        Case {
            name: "derive/bbs-2023",
            run: Box::new(move || {
                derive(black_box(&issued), &pointers, NONCE, contexts, &mut drawn.clone()).is_ok()
            }),
            floor: floor(Bare::proves),
        },
        present,
        Case {
            name: "verify/bbs-2023",
            run: Box::new(move || {
                let credential = UnverifiedCredential::parse(black_box(text.as_bytes()));
                credential.is_ok_and(|credential| credential.verify_bbs(&public, NOW, contexts).is_ok())
            }),
            floor: floor(Bare::verifies),
        },
    ])
}

/// How many statements a document makes.
fn statements(document: &Map<String, Value>) -> Result<usize, Unprepared> {
    let mut bare = document.clone();
    bare.remove("proof");
    Ok(Contexts::pinned().to_rdf(&bare).map_err(|_| Unprepared)?.len())
}

/// As many messages without a document.
struct Bare {
    key: SecretKey,
    public: PublicKey,
    messages: Vec<[u8; 128]>,
    indexes: Vec<usize>,
    signature: Signature,
    proof: Proof,
    drawn: Drawn,
}

const HEADER: [u8; 64] = [7; 64];

impl Bare {
    fn new(key: &SecretKey, all: usize, visible: usize, drawn: &Drawn) -> Result<Self, Unprepared> {
        let key = SecretKey::from_bytes(key.to_bytes()).map_err(|_| Unprepared)?;
        let public = key.public_key().clone();
        let messages: Vec<[u8; 128]> = (0_u8..=255).take(all).map(|number| [number; 128]).collect();
        let list: Vec<&[u8]> = messages.iter().map(<[u8; 128]>::as_slice).collect();
        let indexes: Vec<usize> = (0..visible).collect();
        let signature = key.sign(&HEADER, &list).map_err(|_| Unprepared)?;
        let proof = prove(&public, &signature, (&HEADER, NONCE), &list, &indexes, &mut drawn.clone());
        let proof = proof.map_err(|_| Unprepared)?;
        Ok(Self { key, public, messages, indexes, signature, proof, drawn: drawn.clone() })
    }

    fn list(&self) -> Vec<&[u8]> {
        self.messages.iter().map(<[u8; 128]>::as_slice).collect()
    }

    fn signs(&self) -> bool {
        self.key.sign(&HEADER, &self.list()).is_ok()
    }

    fn proves(&self) -> bool {
        let mut rng = self.drawn.clone();
        prove(&self.public, &self.signature, (&HEADER, NONCE), &self.list(), &self.indexes, &mut rng).is_ok()
    }

    fn verifies(&self) -> bool {
        let shown = &self.list()[..self.indexes.len()];
        let disclosed = Disclosed {
            header: &HEADER,
            presentation_header: NONCE,
            messages: shown,
            indexes: &self.indexes,
        };
        self.public.verify_proof(&self.proof, &disclosed).is_ok()
    }
}

/// Random bytes drawn once, given out again from the beginning by every clone: cases can't borrow a source.
#[derive(Clone)]
struct Drawn {
    bytes: Arc<[u8]>,
    at: usize,
}

impl Drawn {
    fn from(rng: &mut impl CryptoRngCore) -> Self {
        let mut bytes = vec![0; 48 * 256];
        rng.fill_bytes(&mut bytes);
        Self { bytes: bytes.into(), at: 0 }
    }
}

impl RngCore for Drawn {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, to: &mut [u8]) {
        for byte in to {
            *byte = self.bytes[self.at % self.bytes.len()];
            self.at += 1;
        }
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(to);
        Ok(())
    }
}

impl CryptoRng for Drawn {}
