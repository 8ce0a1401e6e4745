//! Scopes: the same tables several times in one store, each as if it were alone.

use std::sync::Arc;

/// What every key of a scope begins with; nothing outside any scope.
///
/// A space, which no table's name begins with, the name, and the zero byte that no name has: so no key of one scope is another's,
/// nor one of no scope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Scope(Arc<[u8]>);

impl Scope {
    /// The scope of this name; none for a name that is empty, longer than 64 bytes, or has anything but visible ASCII.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let fits = (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self([b" ", name.as_bytes(), b"\0"].concat().into()))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        for wrong in ["", "a b", "a\0b", "徽", &"a".repeat(65)] {
            assert_eq!(Scope::named(wrong), None, "{wrong}");
        }
        assert_eq!(Scope::named("bank").map(|scope| scope.bytes().to_vec()), Some(b" bank\0".to_vec()));
    }
}
