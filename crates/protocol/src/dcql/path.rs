//! Claims path pointers (OpenID4VP 1.0 §7).

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One step of a [`ClaimPath`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Step {
    /// The member of this name of each selected object.
    Key(String),
    /// The element at this index (from 0) of each selected array.
    Index(u32),
    /// All elements of each selected array; `null` in JSON.
    All(()),
}

impl Step {
    /// Could both select the same element?
    fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All(()), Self::Index(_) | Self::All(())) | (Self::Index(_), Self::All(())) => true,
            (a, b) => a == b,
        }
    }
}

/// Points to one claim or several in a credential. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<Step>", into = "Vec<Step>")]
pub struct ClaimPath(Vec<Step>);

/// Why a path selects nothing (§7.1.1), or is no path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It has no step, or more than 32.
    #[error("a claim path has between 1 and 32 steps")]
    Length,
    /// A name was asked of something that is not an object.
    #[error("the path asks for a name where the credential has no object")]
    NotAnObject,
    /// An index or `null` was asked of something that is not an array.
    #[error("the path asks for an element where the credential has no list")]
    NotAList,
    /// Nothing is selected.
    #[error("the credential has no such claim")]
    Nothing,
}

const MAX_STEPS: usize = 32;

impl ClaimPath {
    /// A path of these steps.
    pub fn new(steps: Vec<Step>) -> Result<Self, PathError> {
        if steps.is_empty() || steps.len() > MAX_STEPS { Err(PathError::Length) } else { Ok(Self(steps)) }
    }

    /// A path of names only, for instance `["address", "street_address"]`.
    pub fn of_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, PathError> {
        Self::new(names.into_iter().map(|name| Step::Key(name.to_owned())).collect())
    }

    /// The steps, at least one.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// What it selects in `root`, each with the exact path (no [`Step::All`]) that leads to it (§7.1.1).
    ///
    /// Elements where a step does not fit are dropped as long as something remains; a step that fits no element at all
    /// because of its type is an error, as the specification says.
    pub fn select<'v>(&self, root: &'v Value) -> Result<Vec<(ClaimPath, &'v Value)>, PathError> {
        let mut selected: Vec<(Vec<Step>, &Value)> = vec![(Vec::new(), root)];
        for step in &self.0 {
            let mut next = Vec::new();
            for (at, value) in selected {
                extend(&mut next, at, value, step)?;
            }
            if next.is_empty() {
                return Err(PathError::Nothing);
            }
            selected = next;
        }
        Ok(selected.into_iter().map(|(steps, value)| (Self(steps), value)).collect())
    }

    /// Does asking for `self` account for seeing `shown`? It does when one lies on the way to the other: what is below
    /// a claim asked for was asked for, and what is above it can't be avoided.
    pub fn accounts_for(&self, shown: &Self) -> bool {
        self.0.iter().zip(&shown.0).all(|(asked, shown)| asked.meets(shown))
    }

    /// Is what `shown` points to asked for by `self` itself, not only passed on the way?
    pub fn covers(&self, shown: &Self) -> bool {
        self.0.len() <= shown.0.len() && self.accounts_for(shown)
    }

    /// The path one step further.
    pub(super) fn child(steps: &[Step], step: Step) -> Self {
        Self(steps.iter().cloned().chain([step]).collect())
    }
}

fn extend<'v>(
    next: &mut Vec<(Vec<Step>, &'v Value)>,
    mut at: Vec<Step>,
    value: &'v Value,
    step: &Step,
) -> Result<(), PathError> {
    match step {
        Step::Key(name) => {
            let object = value.as_object().ok_or(PathError::NotAnObject)?;
            if let Some(member) = object.get(name) {
                at.push(step.clone());
                next.push((at, member));
            }
        }
        Step::Index(index) => {
            let list = value.as_array().ok_or(PathError::NotAList)?;
            if let Some(element) = usize::try_from(*index).ok().and_then(|index| list.get(index)) {
                at.push(step.clone());
                next.push((at, element));
            }
        }
        Step::All(()) => {
            let list = value.as_array().ok_or(PathError::NotAList)?;
            for (index, element) in (0u32..).zip(list) {
                let ClaimPath(steps) = ClaimPath::child(&at, Step::Index(index));
                next.push((steps, element));
            }
        }
    }
    Ok(())
}

impl TryFrom<Vec<Step>> for ClaimPath {
    type Error = PathError;

    fn try_from(steps: Vec<Step>) -> Result<Self, PathError> {
        Self::new(steps)
    }
}

impl From<ClaimPath> for Vec<Step> {
    fn from(path: ClaimPath) -> Self {
        path.0
    }
}

/// For people and logs: `address.street_address`, `degrees[*].type`.
impl std::fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(name) if position == 0 => f.write_str(name)?,
                Step::Key(name) => write!(f, ".{name}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::All(()) => f.write_str("[*]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{ClaimPath, PathError};

    // OpenID4VP 1.0 §7.3
    fn example() -> Value {
        json!({
            "name": "Arthur Dent",
            "address": {"street_address": "42 Market Street", "locality": "Milliways", "postal_code": "12345"},
            "degrees": [
                {"type": "Bachelor of Science", "university": "University of Betelgeuse"},
                {"type": "Master of Science", "university": "University of Betelgeuse"}
            ],
            "nationalities": ["British", "Betelgeusian"]
        })
    }

    fn path(steps: Value) -> ClaimPath {
        serde_json::from_value(steps).unwrap()
    }

    fn selected(steps: Value) -> Result<Vec<Value>, PathError> {
        let root = example();
        path(steps).select(&root).map(|found| found.into_iter().map(|(_, value)| value.clone()).collect())
    }

    #[test]
    fn selects_as_the_specification_shows() {
        assert_eq!(selected(json!(["name"])), Ok(vec![json!("Arthur Dent")]));
        assert_eq!(selected(json!(["address"])), Ok(vec![example()["address"].clone()]));
        assert_eq!(selected(json!(["address", "street_address"])), Ok(vec![json!("42 Market Street")]));
        assert_eq!(selected(json!(["nationalities", 1])), Ok(vec![json!("Betelgeusian")]));
        assert_eq!(
            selected(json!(["degrees", null, "type"])),
            Ok(vec![json!("Bachelor of Science"), json!("Master of Science")])
        );
    }

    #[test]
    fn names_what_a_path_ran_into() {
        assert_eq!(selected(json!(["name", "first"])), Err(PathError::NotAnObject));
        assert_eq!(selected(json!(["name", 0])), Err(PathError::NotAList));
        assert_eq!(selected(json!(["address", null])), Err(PathError::NotAList));
        assert_eq!(selected(json!(["absent"])), Err(PathError::Nothing));
        assert_eq!(selected(json!(["nationalities", 2])), Err(PathError::Nothing));
    }

    #[test]
    fn exact_paths_come_back() {
        let root = example();
        let found = path(json!(["degrees", null, "type"])).select(&root).unwrap();
        assert_eq!(found[1].0, path(json!(["degrees", 1, "type"])));
    }

    #[test]
    fn is_no_path() {
        for wrong in [
            json!([]),
            json!([-1]),
            json!([1.5]),
            json!([true]),
            json!([{}]),
            json!("name"),
            json!([4_294_967_296u64]),
        ] {
            assert!(serde_json::from_value::<ClaimPath>(wrong.clone()).is_err(), "{wrong}");
        }
        assert!(ClaimPath::of_names(std::iter::repeat_n("a", 33)).is_err());
    }

    #[test]
    fn accounts_for_what_lies_above_and_below() {
        let asked = path(json!(["address", "locality"]));
        assert!(asked.accounts_for(&path(json!(["address"]))));
        assert!(!asked.covers(&path(json!(["address"]))));
        assert!(asked.covers(&path(json!(["address", "locality", "part"]))));
        assert!(!asked.accounts_for(&path(json!(["address", "postal_code"]))));
        assert!(path(json!(["degrees", null])).covers(&path(json!(["degrees", 1, "type"]))));
        assert!(!path(json!(["degrees", 0])).accounts_for(&path(json!(["degrees", 1]))));
    }

    #[test]
    fn reads_well() {
        assert_eq!(path(json!(["degrees", null, "type"])).to_string(), "degrees[*].type");
    }
}
