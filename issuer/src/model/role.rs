//! What members of the staff may do.

use serde::{Deserialize, Serialize};

use super::Actor;

/// A role. Nobody has one that wasn't given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Reviews applications, changes credentials' status, imports records.
    Clerk,
    /// The same, is the second to approve where two must, and issues in bulk.
    Supervisor,
    /// Reads everything and changes nothing.
    Auditor,
    /// Keeps accounts, API keys and the issuer's own keys; sees nobody's data.
    Admin,
}

/// Several roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Role>", into = "Vec<Role>")]
pub struct Roles(u8);

/// A member of the staff, as an account has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The account's name.
    pub name: String,
    /// Its roles.
    pub roles: Roles,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Clerk, Self::Supervisor, Self::Auditor, Self::Admin];

    /// Its stable text (`clerk`).
    pub fn code(self) -> &'static str {
        match self {
            Self::Clerk => "clerk",
            Self::Supervisor => "supervisor",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }

    /// The role with this text.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl Roles {
    /// Every role at once, for those who try things out.
    pub const ALL: Self = Self::of(&Role::ALL);

    /// These.
    pub const fn of(roles: &[Role]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < roles.len() {
            bits |= roles[at].bit();
            at += 1;
        }
        Self(bits)
    }

    /// Whether this role is among them.
    pub fn has(self, role: Role) -> bool {
        self.0 & role.bit() != 0
    }

    /// Whether the two share a role.
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.has(*role))
    }
}

impl From<Vec<Role>> for Roles {
    fn from(roles: Vec<Role>) -> Self {
        Self::of(&roles)
    }
}

impl From<Roles> for Vec<Role> {
    fn from(roles: Roles) -> Self {
        roles.iter().collect()
    }
}

impl Member {
    /// As whoever did something.
    pub fn actor(&self) -> Actor {
        Actor::staff(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_those_given_and_no_others() {
        let roles = Roles::of(&[Role::Clerk, Role::Auditor]);
        assert_eq!(roles.iter().collect::<Vec<_>>(), [Role::Clerk, Role::Auditor]);
        assert!(roles.meets(Roles::of(&[Role::Auditor])) && !roles.meets(Roles::of(&[Role::Admin])));
        assert!(!Roles::default().meets(Roles::ALL));
        let text = serde_json::to_string(&roles).expect("writes");
        assert_eq!(text, r#"["clerk","auditor"]"#);
        assert_eq!(serde_json::from_str::<Roles>(&text).expect("reads"), roles);
        assert!(serde_json::from_str::<Roles>(r#"["root"]"#).is_err());
    }
}
