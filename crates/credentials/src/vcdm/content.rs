//! What a credential says of itself.

use serde_json::{Map, Value};

use crate::data_integrity::{ParseError, id_of};
use crate::jws::LEEWAY;
use crate::status::StatusRef;
use crate::{Flaw, UnixSeconds};

/// What a credential says of itself. Only a [`VerifiedCredential`](super::VerifiedCredential) makes it more than a claim.
#[derive(Clone)]
pub struct Content {
    members: Map<String, Value>,
    types: Vec<String>,
    facts: Facts,
}

/// What is read out of the members beforehand.
#[derive(Clone)]
pub(crate) struct Facts {
    issuer: String,
    subject_ids: Vec<Option<String>>,
    valid_from: Option<UnixSeconds>,
    valid_until: Option<UnixSeconds>,
    status: Option<StatusRef>,
}

impl Content {
    /// From members whose heading was checked; `is_v1` when they are of VCDM 1.1.
    pub(crate) fn read(
        members: Map<String, Value>,
        types: Vec<String>,
        is_v1: bool,
    ) -> Result<Self, ParseError> {
        let facts = Facts::read(&members, is_v1)?;
        Ok(Self { members, types, facts })
    }

    /// The issuer it names, to look up.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.facts.issuer
    }

    /// Its types, `VerifiableCredential` among them.
    #[must_use]
    pub fn types(&self) -> &[String] {
        &self.types
    }

    /// The ids of its subjects; `None` for a subject without one.
    pub fn subject_ids(&self) -> impl Iterator<Item = Option<&str>> + '_ {
        self.facts.subject_ids.iter().map(Option::as_deref)
    }

    /// From when it counts.
    #[must_use]
    pub fn valid_from(&self) -> Option<UnixSeconds> {
        self.facts.valid_from
    }

    /// From when it counts no more.
    #[must_use]
    pub fn valid_until(&self) -> Option<UnixSeconds> {
        self.facts.valid_until
    }

    /// Where its status is.
    #[must_use]
    pub fn status(&self) -> Option<&StatusRef> {
        self.facts.status.as_ref()
    }

    /// The members whether or not anything was checked, `proof` left out; of a token its own claims too. A wallet reads its own
    /// stored cards so, having verified them when they came.
    #[must_use]
    pub fn dangerous_members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// Whether it counts now.
    pub(crate) fn check_times(&self, now: UnixSeconds) -> Result<(), Flaw> {
        if self.facts.valid_from.is_some_and(|from| now.plus(LEEWAY) < from) {
            return Err(Flaw::NotYetValid);
        }
        if self.facts.valid_until.is_some_and(|until| now >= until.plus(LEEWAY)) {
            return Err(Flaw::Expired);
        }
        Ok(())
    }

    /// Whether this DID, which presents it, is its only subject.
    pub(crate) fn check_subject(&self, holder: &str) -> Result<(), Flaw> {
        if self.subject_ids().any(|id| id.is_none()) {
            return Err(Flaw::NotBound);
        }
        if self.subject_ids().flatten().all(|id| id == holder) { Ok(()) } else { Err(Flaw::HolderIsAnother) }
    }
}

impl Facts {
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(crate) fn read(members: &Map<String, Value>, is_v1: bool) -> Result<Self, ParseError> {
        let (from, until) =
            if is_v1 { ("issuanceDate", "expirationDate") } else { ("validFrom", "validUntil") };
        if is_v1 && !members.contains_key(from) {
            return Err(ParseError::Member(from));
        }
        let issuer = members.get("issuer").and_then(id_of).ok_or(ParseError::Member("issuer"))?;
        let subjects = match members.get("credentialSubject") {
            Some(Value::Array(list)) if !list.is_empty() => list.as_slice(),
            Some(one @ Value::Object(_)) => std::slice::from_ref(one),
            _ => return Err(ParseError::Member("credentialSubject")),
        };
        let subject_ids = subjects
            .iter()
            .map(|subject| match subject {
                Value::Object(map) => match map.get("id") {
                    None => Ok(None),
                    Some(Value::String(id)) => Ok(Some(id.clone())),
                    Some(_) => Err(ParseError::Member("credentialSubject")),
                },
                _ => Err(ParseError::Member("credentialSubject")),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            issuer: issuer.to_owned(),
            subject_ids,
            valid_from: time(members, from)?,
            valid_until: time(members, until)?,
            status: members.get("credentialStatus").map(StatusRef::from_credential_status).transpose()?,
        })
    }
}

fn time(members: &Map<String, Value>, name: &'static str) -> Result<Option<UnixSeconds>, ParseError> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => {
            UnixSeconds::parse_rfc3339(text).map(Some).map_err(|_| ParseError::Member(name))
        }
        Some(_) => Err(ParseError::Member(name)),
    }
}
