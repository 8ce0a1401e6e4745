//! Values about a person, which no log line and no error may show.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

/// A value about a person. `Debug` hides it and there is no `Display`: whoever shows it must mean to.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Personal<T>(pub T);

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(personal)")
    }
}

impl<T> Deref for Personal<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Personal;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Personal("徐静怡")), "(personal)");
    }
}
