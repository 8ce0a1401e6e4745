//! `did:web`: a DID whose document stands at an address on the web. Whoever holds that address holds the DID.

use super::did::controller;

/// The longest `did:web` that is read.
const LONGEST: usize = 512;

/// A `did:web`, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DidWeb {
    did: String,
    host: String,
    port: Option<u16>,
    path: Vec<String>,
}

/// The text is no `did:web` that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DidWebError {
    /// Another method.
    #[error("not a did:web")]
    OtherMethod,
    /// The host is no lower-case domain name: an address in numbers, a name without a dot, or one in other characters.
    #[error("the host of the did:web is not a domain name")]
    Host,
    /// The port is no number from 1 to 65535 in its shortest form, or not after `%3A`.
    #[error("the port of the did:web is malformed")]
    Port,
    /// A path segment is empty, `.`, `..`, or has characters beside letters, digits, `.`, `-` and `_`.
    #[error("the path of the did:web is malformed")]
    Path,
    /// Longer than any that is taken.
    #[error("the did:web is too long")]
    TooLong,
}

impl DidWeb {
    /// Reads a DID, or the DID URL of one of its keys (did:web method §3.2).
    ///
    /// # Errors
    /// [`DidWebError`].
    pub fn parse(text: &str) -> Result<Self, DidWebError> {
        let did = controller(text);
        let rest = did.strip_prefix("did:web:").ok_or(DidWebError::OtherMethod)?;
        if did.len() > LONGEST {
            return Err(DidWebError::TooLong);
        }
        let mut parts = rest.split(':');
        let authority = parts.next().unwrap_or_default();
        let (host, port) = match authority.split_once("%3A") {
            None => (authority, None),
            Some((host, port)) => (host, Some(port_of(port).ok_or(DidWebError::Port)?)),
        };
        if !is_domain_name(host) {
            return Err(DidWebError::Host);
        }
        let path: Vec<String> = parts.map(str::to_owned).collect();
        if !path.iter().all(|segment| is_segment(segment)) {
            return Err(DidWebError::Path);
        }
        Ok(Self { did: did.to_owned(), host: host.to_owned(), port, path })
    }

    /// The DID.
    #[must_use]
    pub fn did(&self) -> &str {
        &self.did
    }

    /// The host, for an allow-list.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Where its document is: always `https`.
    #[must_use]
    pub fn url(&self) -> String {
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        let path = if self.path.is_empty() { ".well-known".to_owned() } else { self.path.join("/") };
        format!("https://{}{port}/{path}/did.json", self.host)
    }
}

fn port_of(text: &str) -> Option<u16> {
    let port: u16 = text.parse().ok().filter(|port| *port != 0)?;
    (port.to_string() == text).then_some(port)
}

/// Two labels or more, the last not all digits: so no IP address is one, in whatever notation.
fn is_domain_name(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    host.len() <= 253
        && host.contains('.')
        && host.split('.').all(is_label)
        && last.bytes().any(|b| b.is_ascii_lowercase())
        // `0x7f` and the like are numbers to resolvers.
        && !last.starts_with("0x")
}

fn is_segment(segment: &str) -> bool {
    !matches!(segment, "" | "." | "..")
        && segment.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}
