//! A credential as the query language sees it.

use serde_json::Value;

use crate::Format;

use super::{ClaimPath, CredentialQuery, Step, TrustedAuthority};

/// A credential, reduced to what a query can ask about. The caller has verified it.
#[derive(Clone)]
pub struct Candidate<'a> {
    /// Its format.
    pub format: Format,
    /// Its type.
    pub kind: CredentialKind<'a>,
    /// What claim paths are resolved in: an SD-JWT's processed payload, a W3C credential as a whole, an mdoc's elements
    /// by namespace.
    pub claims: &'a Value,
    /// Is it bound to a key whose possession can be proved?
    pub holder_bound: bool,
    /// By which trusted authorities its issuer counts as trusted, as far as known.
    pub authorities: &'a [TrustedAuthority],
}

/// A credential's type, in the terms of its format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind<'a> {
    /// SD-JWT VC: its `vct`, and the types it extends.
    Vct(&'a [String]),
    /// W3C: every name its types go by. The fully expanded ones are what a query is matched with (§B.1.1); a caller that
    /// also accepts the short terms lists those too.
    Types(&'a [String]),
    /// mdoc: its document type.
    Doctype(&'a str),
}

impl Candidate<'_> {
    /// Does it have the format and type asked for?
    pub fn is_of(&self, query: &CredentialQuery) -> bool {
        let meta = &query.meta;
        self.format == query.format
            && match self.kind {
                CredentialKind::Vct(held) => {
                    meta.vct_values.as_ref().is_some_and(|asked| asked.iter().any(|vct| held.contains(vct)))
                }
                CredentialKind::Types(held) => meta
                    .type_values
                    .as_ref()
                    .is_some_and(|asked| asked.iter().any(|set| set.iter().all(|name| held.contains(name)))),
                CredentialKind::Doctype(held) => meta.doctype_value.as_deref() == Some(held),
            }
    }

    /// Is its issuer trusted by one of the authorities asked for?
    pub fn is_trusted_by(&self, asked: Option<&[TrustedAuthority]>) -> bool {
        let Some(asked) = asked else { return true };
        asked.iter().any(|asked| {
            self.authorities.iter().any(|held| {
                held.kind == asked.kind && asked.values.iter().any(|value| held.values.contains(value))
            })
        })
    }
}

/// The paths of all leaves of `value`, which itself is at `below`. Empty objects and lists are leaves.
///
/// For credentials that are shown whole: everything in them is shown. At most 4,096 are listed.
pub fn leaves(value: &Value, below: &[Step]) -> Vec<ClaimPath> {
    const MAX_LEAVES: usize = 4096;
    let mut found = Vec::new();
    let mut open = vec![(below.to_vec(), value)];
    while let Some((at, value)) = open.pop() {
        let step = |step| Vec::from(ClaimPath::child(&at, step));
        match value {
            Value::Object(members) if !members.is_empty() => {
                open.extend(
                    members.iter().rev().map(|(name, member)| (step(Step::Key(name.clone())), member)),
                );
            }
            Value::Array(elements) if !elements.is_empty() => {
                let indexed =
                    (0u32..).zip(elements).map(|(index, element)| (step(Step::Index(index)), element));
                open.extend(indexed.collect::<Vec<_>>().into_iter().rev());
            }
            _ => found.extend(ClaimPath::new(at).ok()),
        }
        if found.len() == MAX_LEAVES {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::leaves;
    use crate::dcql::Step;

    #[test]
    fn leaves_are_listed_in_order() {
        let value = json!({"a": {"b": 1, "c": []}, "d": ["x", {"e": null}]});
        let found: Vec<String> =
            leaves(&value, &[Step::Key("s".into())]).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["s.a.b", "s.a.c", "s.d[0]", "s.d[1].e"]);
    }
}
