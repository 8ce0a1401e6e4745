//! Made-up citizens who log in by being chosen: for demonstrations, where nobody is real.

use async_trait::async_trait;
use protocol::limits::Form;

use super::{Citizen, IdentitySource};
use crate::login::{Login, LoginError};

/// The source; its page is the issuer's own.
#[derive(Debug)]
pub struct Synthetic(Vec<Citizen>);

impl Synthetic {
    /// A source of these people.
    #[must_use]
    pub fn new(people: Vec<Citizen>) -> Self {
        Self(people)
    }
}

#[async_trait]
impl IdentitySource for Synthetic {
    async fn begin(&self, _: &Login) -> Result<String, LoginError> {
        Ok("/authorize/citizens".to_owned())
    }

    async fn finish(&self, _: &Login, answer: &Form) -> Result<Citizen, LoginError> {
        let number: Option<usize> = answer.get("citizen").and_then(|number| number.parse().ok());
        number.and_then(|number| self.0.get(number)).cloned().ok_or(LoginError::Declined)
    }

    fn to_choose_from(&self) -> &[Citizen] {
        &self.0
    }
}
