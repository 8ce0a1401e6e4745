//! By what a holder is found again: keyed digests of the identifier and of the holder line, so that the index holds nothing
//! of anybody's.

use credentials::catalogue::CredentialType;
use serde_json::{Map, Value};

use crate::citizens;
use crate::seals::Seals;

/// A holder's marks for a type: the identifier's, then the holder line's, then the one by which a citizen who logs in is matched.
pub(crate) fn of(seals: &Seals, of: &CredentialType, claims: &Map<String, Value>) -> Vec<String> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let identifier = of.desk.identified_by.as_deref().unwrap_or(&of.holder_line);
    let mut marks =
        vec![by_identifier(seals, &of.id, text(identifier)), by_name(seals, text(&of.holder_line))];
    marks.extend(citizens::name_of(seals, of, claims));
    marks
}

/// The mark of an identifier, for one type: the same person has another one in another type.
pub(crate) fn by_identifier(seals: &Seals, credential_type: &str, identifier: &str) -> String {
    seals.mark(credential_type, &normal(identifier))
}

/// The mark of a holder line, whatever the type.
pub(crate) fn by_name(seals: &Seals, name: &str) -> String {
    seals.mark("", &normal(name))
}

/// How people write the same in other ways: spaces, small letters.
pub(crate) fn normal(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    #[test]
    fn a_mark_is_the_same_for_the_same_holder_and_says_nothing_without_the_key() {
        let (ours, theirs) = (Seals::new(&Zeroizing::new([1; 32])), Seals::new(&Zeroizing::new([2; 32])));
        let mark = by_identifier(&ours, "digital-id", "11010519491231002X");
        assert_eq!(mark, by_identifier(&ours, "digital-id", "110105 19491231 002x"));
        assert_ne!(mark, by_identifier(&ours, "mandate", "11010519491231002X"));
        assert_ne!(mark, by_identifier(&theirs, "digital-id", "11010519491231002X"));
        assert!(!mark.contains("1949"));
    }
}
