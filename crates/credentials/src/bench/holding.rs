//! Presenting W3C credentials as a wallet does: read as they are kept, claims chosen where the mechanism lets the holder choose, and
//! wrapped in a presentation that a key in the phone signs for one verifier. The floor is that signature (by ES256, as phones'
//! secure hardware has it), and what else cannot be saved.

use std::hint::black_box;

use serde_json::{Map, Value};

use super::cases::{NOW, Unprepared};
use super::{Case, Measured};
use crate::data_integrity::Presenting;
use crate::envelope::MediaType;
use crate::key::{Signer, SoftwareKey};
use crate::{json, vc_cose, vc_jose};

/// The verifier it is for, and its challenge.
const DOMAIN: &str = "decentralized_identifier:did:hui:anhui:zCounter";
const CHALLENGE: &str = "n-0S6_WzA2Mj";
/// What a presentation's key signs of a document: two hashes.
const HASHES: [u8; 64] = [7; 64];

/// What a holder does to a credential before showing it: nothing, or deriving.
pub(super) type Choosing = dyn Fn(Map<String, Value>) -> Option<Value> + Send + Sync;

/// A credential with a proof inside, in a presentation with another. `floor` is what cannot be saved beside the signature.
pub(super) fn with_proof(
    name: &'static str,
    issued: &Value,
    holder: SoftwareKey,
    choose: Box<Choosing>,
    floor: Option<Box<Measured>>,
) -> Result<Case, Unprepared> {
    let text = issued.to_string();
    let signing = signing(&holder)?;
    let as_holder = holder.public_key().did_key();
    let run = move || {
        let Ok(Value::Object(issued)) = json::parse(black_box(text.as_bytes())) else { return false };
        let Some(shown) = choose(issued) else { return false };
        let presenting = Presenting {
            holder: &as_holder,
            credentials: vec![shown],
            challenge: CHALLENGE,
            domain: DOMAIN,
            created: NOW,
        };
        presenting.sign(&holder).is_ok_and(|shown| !black_box(shown.to_string()).is_empty())
    };
    let floor = move || signing() && floor.as_ref().is_none_or(|floor| floor());
    Ok(Case { name, run: Box::new(run), floor: Box::new(floor) })
}

/// A token of the kind in an envelope, in a token.
pub(super) fn as_jwt(
    name: &'static str,
    issued: String,
    media_type: MediaType,
    holder: SoftwareKey,
) -> Result<Case, Unprepared> {
    let floor = signing(&holder)?;
    let as_holder = holder.public_key().did_key();
    let run = move || {
        let presenting = vc_jose::Presenting {
            holder: &as_holder,
            credentials: vec![(media_type, black_box(&issued).clone().into_bytes())],
            nonce: CHALLENGE,
            audience: DOMAIN,
            created: NOW,
        };
        presenting.prepare().is_ok_and(|prepared| prepared.sign(&holder).is_ok())
    };
    Ok(Case { name, run: Box::new(run), floor: Box::new(floor) })
}

/// The same in COSE.
pub(super) fn as_cose(name: &'static str, issued: Vec<u8>, holder: SoftwareKey) -> Result<Case, Unprepared> {
    let floor = signing(&holder)?;
    let as_holder = holder.public_key().did_key();
    let run = move || {
        let presenting = vc_cose::Presenting {
            holder: &as_holder,
            credentials: vec![black_box(&issued).clone()],
            nonce: CHALLENGE,
            audience: DOMAIN,
            created: NOW,
        };
        presenting.prepare().sign(&holder).is_ok()
    };
    Ok(Case { name, run: Box::new(run), floor: Box::new(floor) })
}

/// One bare signature by a key like this one.
fn signing(key: &SoftwareKey) -> Result<impl Fn() -> bool + Send + Sync + 'static, Unprepared> {
    let twin = SoftwareKey::from_secret_bytes(key.algorithm(), &key.to_secret_bytes());
    let twin = twin.map_err(|_| Unprepared)?;
    Ok(move || twin.sign(black_box(&HASHES)).is_ok())
}
