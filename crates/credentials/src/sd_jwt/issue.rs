//! Issuing an SD-JWT VC.

use rand_core::CryptoRngCore;
use serde_json::{Map, Value, json};

use super::disclosure::{DIGEST_OF_ELEMENT, DIGESTS, Disclosure, HASH, HASH_NAME, decoy, digest};
use super::{MAX_DISCLOSURES, TYP};
use crate::claim::Step;
use crate::jws::{self, CreateError, Header};
use crate::key::{PublicKey, SignError, SignatureRefused, Signer};
use crate::status::StatusRef;
use crate::{ClaimPath, UnixSeconds};

/// Claims that the token itself has; a credential's own claims can't take these names (SD-JWT VC §2.2.2).
const RESERVED: &[&str] = &[
    "iss",
    "iat",
    "nbf",
    "exp",
    "cnf",
    "vct",
    "vct#integrity",
    "status",
    DIGESTS,
    HASH_NAME,
    DIGEST_OF_ELEMENT,
];

/// A credential to be issued.
#[derive(Clone)]
pub struct Issuance {
    /// Who issues: a DID or an HTTPS URL.
    pub issuer: String,
    /// The issuer's key, as a DID URL.
    pub kid: Option<String>,
    /// The issuer's certificate chain, base64 DER.
    pub x5c: Option<Vec<String>>,
    /// The type: `urn:huizheng:business-licence:1`.
    pub vct: String,
    /// The claims about the subject.
    pub claims: Map<String, Value>,
    /// Which claims the holder may hold back, anywhere in the tree; the rest always shows.
    pub disclosable: Vec<ClaimPath>,
    /// The key that the credential is bound to.
    pub holder: Option<PublicKey>,
    /// When it is issued.
    pub issued_at: UnixSeconds,
    /// From when it counts.
    pub not_before: Option<UnixSeconds>,
    /// From when it counts no more.
    pub expires: Option<UnixSeconds>,
    /// Where its status is.
    pub status: Option<StatusRef>,
    /// So many false digests at the top, to hide how many claims there are.
    pub decoys: usize,
}

/// Why a credential could not be issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// A claim has a name that is the token's.
    #[error("the claim name {0} is reserved")]
    ReservedName(String),
    /// A path names no claim that is there.
    #[error("there is no claim {0} to make disclosable")]
    NoSuchClaim(ClaimPath),
    /// More disclosures than a reader takes.
    #[error("too many disclosable claims")]
    TooMany,
    /// Making the token.
    #[error(transparent)]
    Create(#[from] CreateError),
}

impl From<SignError> for IssueError {
    fn from(error: SignError) -> Self {
        Self::Create(error.into())
    }
}

/// A credential that only lacks its signature.
pub struct Prepared {
    token: jws::Prepared,
    disclosures: Vec<String>,
}

impl Issuance {
    /// Hides the disclosable claims and lays out the token for `key` to sign.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn prepare(self, key: &PublicKey, rng: &mut impl CryptoRngCore) -> Result<Prepared, IssueError> {
        let mut root = Value::Object(self.claims);
        refuse_reserved(&root, true)?;
        let mut places = Vec::new();
        for path in &self.disclosable {
            let before = places.len();
            expand(&root, &path.0, &mut Vec::new(), &mut places);
            if places.len() == before || path.0.is_empty() {
                return Err(IssueError::NoSuchClaim(path.clone()));
            }
        }
        // The deepest first, so that a hidden parent contains the digests of its hidden children. Elements of one
        // array keep their place, for a digest takes the place of each.
        places.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        places.dedup();
        if places.len() > MAX_DISCLOSURES {
            return Err(IssueError::TooMany);
        }
        let disclosures = places.iter().filter_map(|place| hide(&mut root, place, rng)).collect();
        let Value::Object(mut payload) = root else { return Err(CreateError::NotAnObject.into()) };
        add_decoys(&mut payload, self.decoys, rng);
        sort_digests(&mut payload);

        payload.insert("iss".to_owned(), self.issuer.into());
        payload.insert("vct".to_owned(), self.vct.into());
        payload.insert("iat".to_owned(), self.issued_at.0.into());
        payload.insert(HASH_NAME.to_owned(), HASH.into());
        for (name, time) in [("nbf", self.not_before), ("exp", self.expires)] {
            if let Some(UnixSeconds(seconds)) = time {
                payload.insert(name.to_owned(), seconds.into());
            }
        }
        if let Some(holder) = self.holder {
            payload.insert("cnf".to_owned(), json!({ "jwk": holder.to_jwk() }));
        }
        if let Some(status) = self.status.filter(|status| !status.is_empty()) {
            payload.insert("status".to_owned(), status.to_claim());
        }
        let header = Header { kid: self.kid, x5c: self.x5c, ..Header::typed(TYP) };
        let token = jws::prepare(&header, &Value::Object(payload), key)?;
        Ok(Prepared { token, disclosures })
    }

    /// The credential, signed at once: `<token>~<disclosure>~…~`.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn sign(self, signer: &dyn Signer, rng: &mut impl CryptoRngCore) -> Result<String, IssueError> {
        let Prepared { token, disclosures } = self.prepare(signer.public_key(), rng)?;
        Ok(join(&token.sign(signer)?, &disclosures))
    }
}

impl Prepared {
    /// The bytes to sign.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.token.bytes()
    }

    /// The credential: `<token>~<disclosure>~…~`.
    ///
    /// # Errors
    /// [`SignatureRefused`] when this is not the key's signature of [`Prepared::bytes`].
    pub fn finish(self, signature: &[u8]) -> Result<String, SignatureRefused> {
        Ok(join(&self.token.finish(signature)?, &self.disclosures))
    }
}

fn join(token: &str, disclosures: &[String]) -> String {
    let mut text = format!("{token}~");
    for disclosure in disclosures {
        text.push_str(disclosure);
        text.push('~');
    }
    text
}

fn refuse_reserved(value: &Value, top: bool) -> Result<(), IssueError> {
    match value {
        Value::Object(map) => map.iter().try_for_each(|(name, value)| {
            let taken = if top {
                RESERVED.contains(&name.as_str())
            } else {
                name == DIGESTS || name == DIGEST_OF_ELEMENT
            };
            if taken { Err(IssueError::ReservedName(name.clone())) } else { refuse_reserved(value, false) }
        }),
        Value::Array(list) => list.iter().try_for_each(|value| refuse_reserved(value, false)),
        _ => Ok(()),
    }
}

/// Every place that a path selects, without `Every`.
fn expand(value: &Value, rest: &[Step], here: &mut Vec<Step>, places: &mut Vec<Vec<Step>>) {
    let Some((step, rest)) = rest.split_first() else {
        places.push(here.clone());
        return;
    };
    let mut enter = |child: Option<&Value>, step: Step| {
        if let Some(child) = child {
            here.push(step);
            expand(child, rest, here, places);
            here.pop();
        }
    };
    match (step, value) {
        (Step::Member(name), Value::Object(map)) => enter(map.get(name), step.clone()),
        (Step::Element(at), Value::Array(list)) => enter(list.get(*at), step.clone()),
        (Step::Every(()), Value::Array(list)) => {
            for (at, element) in list.iter().enumerate() {
                enter(Some(element), Step::Element(at));
            }
        }
        _ => {}
    }
}

/// Takes what stands at a place out, leaves its digest, and gives its disclosure.
fn hide(root: &mut Value, place: &[Step], rng: &mut impl CryptoRngCore) -> Option<String> {
    let (last, parents) = place.split_last()?;
    let parent = parents.iter().try_fold(root, |value, step| match step {
        Step::Member(name) => value.get_mut(name),
        Step::Element(at) => value.get_mut(at),
        Step::Every(()) => None,
    })?;
    match last {
        Step::Member(name) => {
            let map = parent.as_object_mut()?;
            let value = map.remove(name)?;
            let disclosure = Disclosure::create(Some(name), &value, rng);
            let digests = map.entry(DIGESTS).or_insert_with(|| Value::Array(Vec::new()));
            digests.as_array_mut()?.push(digest(&disclosure).into());
            // A hidden parent is written out later with its digests in order.
            digests.as_array_mut()?.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
            Some(disclosure)
        }
        Step::Element(at) => {
            let element = parent.get_mut(at)?;
            let disclosure = Disclosure::create(None, element, rng);
            *element = json!({ DIGEST_OF_ELEMENT: digest(&disclosure) });
            Some(disclosure)
        }
        Step::Every(()) => None,
    }
}

fn add_decoys(payload: &mut Map<String, Value>, count: usize, rng: &mut impl CryptoRngCore) {
    if count > 0 {
        let digests = payload.entry(DIGESTS).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(list) = digests {
            list.extend((0..count).map(|_| Value::from(decoy(rng))));
        }
    }
}

/// The order of digests must not tell the order of claims (RFC 9901 §4.2.4.1).
fn sort_digests(payload: &mut Map<String, Value>) {
    if let Some(Value::Array(list)) = payload.get_mut(DIGESTS) {
        list.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    }
}
