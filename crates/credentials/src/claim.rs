//! Where a claim is inside a credential.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One step of a [`ClaimPath`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Step {
    /// The member of an object with this name.
    Member(String),
    /// The element of an array at this place, from 0.
    Element(usize),
    /// Every element of an array (`null` in JSON).
    Every(()),
}

/// The path of a claim: `["address", "city"]`, `["taxTypes", null]`, `["list", 2]`.
///
/// The same form as the claims path pointer of OpenID4VP 1.0 §7 and SD-JWT VC, in JSON too.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClaimPath(pub Vec<Step>);

impl ClaimPath {
    /// The path of a member at the top.
    #[must_use]
    pub fn top(name: &str) -> Self {
        Self(vec![Step::Member(name.to_owned())])
    }

    /// A path of nested members.
    #[must_use]
    pub fn members(names: &[&str]) -> Self {
        Self(names.iter().map(|name| Step::Member((*name).to_owned())).collect())
    }

    /// What stands at this path; `Every` gives each element. Empty when there is nothing.
    #[must_use]
    pub fn select<'v>(&self, root: &'v Value) -> Vec<&'v Value> {
        let mut here = vec![root];
        for step in &self.0 {
            here = here
                .into_iter()
                .flat_map(|value| match step {
                    Step::Member(name) => value.get(name.as_str()).into_iter().collect::<Vec<_>>(),
                    Step::Element(at) => {
                        value.as_array().and_then(|list| list.get(*at)).into_iter().collect()
                    }
                    Step::Every(()) => value.as_array().map(|list| list.iter().collect()).unwrap_or_default(),
                })
                .collect();
        }
        here
    }

    /// Whether `self` selects `other` itself or something that contains it or lies inside it. `other` is concrete:
    /// it has no `Every`.
    #[must_use]
    pub(crate) fn touches(&self, other: &[Step]) -> bool {
        self.0.iter().zip(other).all(|(mine, theirs)| match (mine, theirs) {
            (Step::Every(()), Step::Element(_)) => true,
            (mine, theirs) => mine == theirs,
        })
    }
}

impl fmt::Display for ClaimPath {
    /// `address.city`, `taxTypes[]`, `list[2]`: for people, not for machines.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Member(name) if at == 0 => f.write_str(name)?,
                Step::Member(name) => write!(f, ".{name}")?,
                Step::Element(index) => write!(f, "[{index}]")?,
                Step::Every(()) => f.write_str("[]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn selects_and_shows() {
        let root = json!({"a": {"b": [1, {"c": 2}]}});
        let path: ClaimPath = serde_json::from_value(json!(["a", "b", null, "c"])).unwrap();
        assert_eq!(path.select(&root), [&json!(2)]);
        assert_eq!(path.to_string(), "a.b[].c");
        let path: ClaimPath = serde_json::from_value(json!(["a", "b", 0])).unwrap();
        assert_eq!(path.select(&root), [&json!(1)]);
        assert_eq!(serde_json::to_value(&path).unwrap(), json!(["a", "b", 0]));
        assert!(ClaimPath::top("z").select(&root).is_empty());
        assert!(serde_json::from_value::<ClaimPath>(json!([-1])).is_err());
        assert!(serde_json::from_value::<ClaimPath>(json!([true])).is_err());
    }
}
