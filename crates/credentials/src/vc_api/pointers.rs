//! JSON pointers for tokens: what the suites of selective disclosure take, as paths of claims.

use serde_json::{Map, Value};

use crate::ClaimPath;
use crate::claim::Step;
use crate::jsonld::{JsonLdError, pointer_names};

/// The path that a pointer names in a document.
///
/// # Errors
/// [`JsonLdError::Pointer`] for a text that is no pointer, or names nothing there.
pub(super) fn path(document: &Map<String, Value>, pointer: &str) -> Result<ClaimPath, JsonLdError> {
    let mut names = pointer_names(pointer)?.into_iter();
    let first = names.next().ok_or(JsonLdError::Pointer)?;
    let mut here = document.get(&first).ok_or(JsonLdError::Pointer)?;
    let mut path = vec![Step::Member(first)];
    for name in names {
        let (step, next) = match here {
            Value::Array(list) => {
                let at = name.parse::<usize>().ok().filter(|at| at.to_string() == name);
                let at = at.ok_or(JsonLdError::Pointer)?;
                (Step::Element(at), list.get(at))
            }
            other => (Step::Member(name.clone()), other.get(&name)),
        };
        here = next.ok_or(JsonLdError::Pointer)?;
        path.push(step);
    }
    Ok(ClaimPath(path))
}

/// Every claim of the subject, one by one, but its id and what the pointers name in whole or in part.
///
/// # Errors
/// [`JsonLdError::Pointer`].
pub(super) fn hideable(
    document: &Map<String, Value>,
    mandatory: &[String],
) -> Result<Vec<ClaimPath>, JsonLdError> {
    let mandatory = mandatory.iter().map(|pointer| path(document, pointer)).collect::<Result<Vec<_>, _>>()?;
    let subject = || Step::Member("credentialSubject".to_owned());
    let of = |start: Vec<Step>, claims: &Map<String, Value>| -> Vec<ClaimPath> {
        let claims = claims.keys().filter(|name| *name != "id");
        claims.map(|name| ClaimPath([start.as_slice(), &[Step::Member(name.clone())]].concat())).collect()
    };
    let claims: Vec<ClaimPath> = match document.get("credentialSubject") {
        Some(Value::Object(claims)) => of(vec![subject()], claims),
        Some(Value::Array(subjects)) => {
            let subjects = subjects.iter().enumerate();
            let each = subjects.filter_map(|(at, one)| Some((at, one.as_object()?)));
            each.flat_map(|(at, claims)| of(vec![subject(), Step::Element(at)], claims)).collect()
        }
        _ => Vec::new(),
    };
    let stays = |claim: &ClaimPath| mandatory.iter().any(|path| path.touches(&claim.0));
    Ok(claims.into_iter().filter(|claim| !stays(claim)).collect())
}
