//! One entry, in its one form: a line of JSON without spaces, its members in this order, and the hash over all before it.

use std::collections::BTreeMap;

use registry::{Did, Hash32};
use serde::{Deserialize, Serialize};

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "role")]
pub enum Who {
    /// A member of staff, a clerk.
    Staff {
        /// The account's name.
        name: String,
    },
    /// A department's system, a program.
    System {
        /// Its key's name.
        name: String,
    },
    /// Whoever applied, known by the application's secret.
    Applicant,
    /// A wallet, known by what it was offered or asked.
    Wallet,
    /// Whoever tried to sign in.
    Stranger,
    /// The issuer whose log it is.
    Issuer,
    /// The verifier whose log it is.
    Verifier,
}

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number: 1, and one more each.
    pub n: u64,
    /// When, in seconds since 1970.
    pub at: i64,
    /// Who.
    pub who: Who,
    /// What, in a word.
    pub what: String,
    /// To what: names of the service's own.
    pub about: BTreeMap<String, String>,
    /// In which request, as its log lines and its answer say; none for what nobody asked for. A name that the caller chose is
    /// here as a digest: it could be anything.
    pub request: Option<String>,
    /// The hash of the entry before; for the first, what names whose log it is.
    pub previous: Hash32,
    /// SHA-256, tagged, of this entry's JSON with 32 zero bytes here.
    pub hash: Hash32,
}

impl Entry {
    /// With its hash.
    pub(super) fn sealed(self) -> Self {
        Self { hash: self.proper_hash(), ..self }
    }

    /// Reads a line, without its end. None for anything but the one form of an entry; whether the hashes hold is not looked at.
    #[must_use]
    pub fn read(line: &[u8]) -> Option<Self> {
        let entry: Self = serde_json::from_slice(line).ok()?;
        // What is written again as it was read had no other members, no spaces and no other spelling.
        (entry.line().strip_suffix('\n')?.as_bytes() == line).then_some(entry)
    }

    /// Its line in an export, with the line's end.
    #[must_use]
    pub fn line(&self) -> String {
        // Nothing in an entry has no JSON form.
        let json = serde_json::to_string(self).unwrap_or_default();
        format!("{json}\n")
    }

    /// Whether the hash is that of what it says.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.hash == self.proper_hash()
    }

    fn proper_hash(&self) -> Hash32 {
        let json = Self { hash: Hash32::ZERO, ..self.clone() }.line();
        Hash32::tagged("huizheng/audit-entry/1", &[json.as_bytes()])
    }
}

/// What the first entry of this DID's log follows.
#[must_use]
pub fn beginning(did: &Did) -> Hash32 {
    Hash32::tagged("huizheng/audit-log/1", &[did.to_string().as_bytes()])
}

/// A request's id, if it is one that the service makes: sixteen hexadecimal digits, of which one at least is a letter, since a
/// row of sixteen figures may be somebody's card. Any other's digest.
pub(super) fn request(id: String) -> String {
    let is_ours = id.len() == 16
        && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && id.bytes().any(|byte| byte.is_ascii_lowercase());
    if is_ours { id } else { Hash32::of(id.as_bytes()).to_string().chars().take(16).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_one_form() {
        let about = BTreeMap::from([("application".to_owned(), "01j0".to_owned())]);
        let entry = Entry {
            n: 1,
            at: 1_790_000_000,
            who: Who::Staff { name: "li".into() },
            what: "application-approved".into(),
            about,
            request: Some("0123456789abcdef".into()),
            previous: Hash32::ZERO,
            hash: Hash32::ZERO,
        }
        .sealed();
        let line = entry.line();
        let line = line.trim_end();
        assert!(
            line.starts_with(r#"{"n":1,"at":1790000000,"who":{"role":"staff","name":"li"},"what":"#),
            "{line}"
        );
        assert_eq!(Entry::read(line.as_bytes()).as_ref(), Some(&entry));
        assert!(entry.is_sound());
        for other in [
            line.replace(":1,", ": 1,"),
            line.replace("\"n\":1", "\"n\":1,\"n\":1"),
            line.replace("{\"n\"", "{\"extra\":0,\"n\""),
            line.replace("\"name\":\"li\"", "\"name\":\"\\u006ci\""),
            line.replace("\"name\":\"li\"", "\"name\":\"li\",\"more\":1"),
            format!("{line} "),
            line[..line.len() - 1].to_owned(),
            String::new(),
        ] {
            assert_eq!(Entry::read(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn a_request_id_that_the_caller_chose_is_not_repeated() {
        assert_eq!(request("00ff00ff00ff00ff".into()), "00ff00ff00ff00ff");
        for chosen in ["6222021234567890", "340104199001011234", "Wang-Xiaoming", "00FF00FF00FF00FF"] {
            let noted = request(chosen.into());
            assert_eq!(noted.len(), 16);
            assert_ne!(noted, chosen);
        }
    }
}
