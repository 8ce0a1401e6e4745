//! Credentials that were issued rightly and spoiled afterwards, each by the name of its flaw: one table for every place
//! that credentials come in at.
//!
//! A [`Kind`] is a way to secure a credential, and has its [`Flaw`]s; a [`Place`] takes some kinds. What is found is the same
//! everywhere, by the same name, but for what a place can't even read: that each place says in its own words
//! ([`Place::word`]). A new row is tried in every place that takes its kind.

pub mod binding;
mod kind;
mod linked;
pub mod mdoc;
mod place;
mod selective;
mod signed;
mod token;
mod whole;

use serde_json::{Map, Value};

use credentials::data_integrity::ProofOptions;
use credentials::key::SoftwareKey;

pub use kind::{Good, IssuersKeys, Kind};
pub use place::Place;

/// It is JSON, but no credential.
pub const MALFORMED: &str = "malformed";
/// It is not even JSON that is read.
pub const UNREADABLE: &str = "unreadable";

/// It is no flaw, though it looks like one: it is taken.
pub const TAKEN: &str = "taken";

/// A text so long that places that read it as JSON stop before they know what it is.
const TOO_LONG: &[(Place, &str)] = &[(Place::Batch, "invalid-line"), (Place::Wallet, UNREADABLE)];

/// The VC-API looks a key up for the purpose that a proof must have; it reads the purpose of a proof only with a key.
const NO_KEY_FOR_IT: &[(Place, &str)] =
    &[(Place::VcApi, "key_of_another_controller"), (Place::VcApiPresented, "key_of_another_controller")];

/// A flaw of a credential.
pub struct Flaw {
    /// Its name.
    pub name: &'static str,
    /// What is found: the stable name of the flaw, [`MALFORMED`], [`UNREADABLE`] or [`TAKEN`].
    pub found: &'static str,
    /// What is found in places that look at something else first.
    but: &'static [(Place, &'static str)],
    spoil: Spoil,
}

/// A change to a JSON object.
type Change = fn(&mut Value);

enum Spoil {
    /// To the credential, which is an object.
    Value(Change),
    /// To its text.
    Text(fn(String) -> Vec<u8>),
    /// To the text of a token.
    Token(fn(&str) -> String),
    /// To the text of a token, by whoever knows the issuer's public key.
    Keyed(fn(&str, &SoftwareKey) -> String),
    /// To what the issuer signs, which it signs again: what only an issuer can do wrong.
    Resigned(Change),
    /// The same of a credential with a proof, and of what the proof says.
    Reproved(fn(&mut Map<String, Value>, &mut ProofOptions)),
    /// To an mdoc.
    Mdoc(mdoc::MdocFlaw),
}

impl Flaw {
    const fn new(name: &'static str, found: &'static str, spoil: Spoil) -> Self {
        Self { name, found, but: &[], spoil }
    }

    const fn but(self, but: &'static [(Place, &'static str)]) -> Self {
        Self { but, ..self }
    }

    /// What this place finds of a credential that is so many bytes long with the flaw.
    pub fn found_at(&self, place: Place, length: usize) -> &'static str {
        if place.longest().is_some_and(|longest| length > longest) {
            return "413";
        }
        let other = self.but.iter().find(|(at, _)| *at == place);
        other.map_or_else(|| place.word(self.found), |(_, found)| *found)
    }

    /// Whether it is a flaw of the text that a token or an mdoc is written as, whatever that says.
    pub const fn is_of_text(&self) -> bool {
        matches!(self.spoil, Spoil::Token(_) | Spoil::Text(_))
    }

    /// The credential with this flaw, as JSON is given to a signer; none when the flaw is in the text.
    pub fn of_value(&self, good: &Good<'_>) -> Option<Value> {
        if matches!(self.spoil, Spoil::Text(_)) {
            return None;
        }
        Some(serde_json::from_slice(&self.of(good)).expect("JSON"))
    }

    /// The JSON text of the credential with this flaw.
    pub fn of(&self, good: &Good<'_>) -> Vec<u8> {
        let mut credential = good.credential.clone();
        match &self.spoil {
            Spoil::Value(spoil) => spoil(&mut credential),
            Spoil::Text(spoil) => return spoil(credential.to_string()),
            Spoil::Token(spoil) => kind::change_text(&mut credential, spoil),
            Spoil::Keyed(spoil) => {
                kind::change_text(&mut credential, |text| spoil(text, good.keys.of(good.kind)));
            }
            Spoil::Resigned(spoil) => {
                kind::change_text(&mut credential, |text| {
                    token::resigned(text, *spoil, good.keys.of(good.kind))
                });
            }
            Spoil::Reproved(spoil) => credential = good.kind.proven(&credential, good.keys, *spoil),
            Spoil::Mdoc(flaw) => {
                kind::change_bytes(&mut credential, |bytes| flaw.of(bytes, good.keys.of(good.kind)));
            }
        }
        credential.to_string().into_bytes()
    }
}

fn remove(value: &mut Value, name: &str) {
    value.as_object_mut().expect("an object").remove(name);
}

fn contexts(credential: &mut Value) -> &mut Vec<Value> {
    credential["@context"].as_array_mut().expect("contexts")
}

fn replace_proof(credential: &mut Value, change: impl Fn(&str) -> String) {
    let text = credential["proof"]["proofValue"].as_str().expect("a proof value");
    credential["proof"]["proofValue"] = change(text).into();
}

/// The same time with another sign for UTC.
fn spell_otherwise(time: &mut Value) {
    *time = time.as_str().expect("a time").replace('Z', "+00:00").into();
}

/// The bytes of a proof value in base58.
fn proof(credential: &Value) -> Vec<u8> {
    let text = credential["proof"]["proofValue"].as_str().expect("a proof value");
    bs58::decode(&text[1..]).into_vec().expect("base58")
}

fn set_proof(credential: &mut Value, bytes: &[u8]) {
    credential["proof"]["proofValue"] = format!("z{}", bs58::encode(bytes).into_string()).into();
}

/// The same ECDSA signature on P-256 with the other half of `s`: n − s, which verifies as well. It is taken, for others write it
/// (docs/credentials.md); nothing here goes by a signature's bytes.
pub fn with_other_s(signature: &mut [u8]) {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
        0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let mut borrow = 0;
    for (byte, order) in signature[32..].iter_mut().zip(ORDER).rev() {
        let difference = i16::from(order) - i16::from(*byte) - borrow;
        borrow = i16::from(difference < 0);
        *byte = difference.rem_euclid(256).to_le_bytes()[0];
    }
}
