//! URLs that messages may name.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// An absolute `https` URL without credentials or fragment. Plain `http` is let through for loopback hosts only, so that
/// a system on one machine works; whoever follows the URL need not think of it again.
///
/// The text is kept as it came, since identifiers are compared character by character.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Endpoint(String);

/// Why a text is no [`Endpoint`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// It does not parse as an absolute URL.
    #[error("not an absolute URL; write it as https://host/path")]
    NotAUrl,
    /// The scheme is neither `https` nor, on loopback, `http`.
    #[error("only https is accepted (http only for an address on this machine)")]
    NotSecure,
    /// `user:password@` stands before the host.
    #[error("a URL here must not carry a user name or password")]
    HasCredentials,
    /// There is a `#fragment`.
    #[error("a URL here must not have a fragment")]
    HasFragment,
    /// It is longer than 2,048 bytes.
    #[error("a URL here must have at most {MAX_LENGTH} bytes")]
    TooLong,
}

const MAX_LENGTH: usize = 2048;

impl Endpoint {
    /// Checks the text.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        if text.len() > MAX_LENGTH {
            return Err(EndpointError::TooLong);
        }
        // The URL parser strips white space and control characters: a text with any is not the URL it would be taken for.
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(EndpointError::NotAUrl);
        }
        let url = Url::parse(text).map_err(|_| EndpointError::NotAUrl)?;
        match url.scheme() {
            "https" if url.has_host() => {}
            "http" if is_loopback(&url) => {}
            _ => return Err(EndpointError::NotSecure),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::HasCredentials);
        }
        if url.fragment().is_some() {
            return Err(EndpointError::HasFragment);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text as it came.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `scheme://host[:port]`, normalised.
    pub fn origin(&self) -> String {
        Url::parse(&self.0).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
    }

    /// The host, without port.
    pub fn host(&self) -> String {
        Url::parse(&self.0).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Whether the host is, by its name or number, inside a machine or a network: nothing that a stranger should send
    /// anybody to. What a name resolves to is not looked at.
    pub fn is_internal(&self) -> bool {
        let Ok(url) = Url::parse(&self.0) else { return false };
        match url.host() {
            Some(Host::Ipv4(ip)) => is_internal_v4(ip),
            Some(Host::Ipv6(ip)) => match ip.to_ipv4_mapped() {
                Some(ip) => is_internal_v4(ip),
                None => {
                    let first = ip.segments().first().copied().unwrap_or_default();
                    // Unique local (RFC 4193) and link-local (RFC 4291 §2.5.6).
                    ip.is_loopback()
                        || ip.is_unspecified()
                        || first & 0xfe00 == 0xfc00
                        || first & 0xffc0 == 0xfe80
                }
            },
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.').to_ascii_lowercase();
                // Names without a dot, and those kept for such uses (RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`).
                !name.contains('.')
                    || [".localhost", ".local", ".internal", ".home.arpa"]
                        .iter()
                        .any(|end| name.ends_with(end))
            }
            None => false,
        }
    }

    /// The URL with `path` after it; exactly one slash stands between them. For endpoints below a base URL.
    pub fn join(&self, path: &str) -> Result<Self, EndpointError> {
        Self::parse(&format!("{}/{}", self.0.trim_end_matches('/'), path.trim_start_matches('/')))
    }

    /// `/.well-known/<name>` put between host and path, as RFC 8414 §3.1 and OpenID4VCI 1.0 §12.2.2 say.
    ///
    /// `https://host/tenant` and `openid-credential-issuer` give `https://host/.well-known/openid-credential-issuer/tenant`.
    pub fn well_known(&self, name: &str) -> Result<Self, EndpointError> {
        let authority = self.0.find("://").map_or(0, |at| at + 3);
        let path = self.0[authority..].find(['/', '?']).map_or(self.0.len(), |at| authority + at);
        let (host, path) = self.0.split_at(path);
        Self::parse(&format!("{host}/.well-known/{name}{}", path.trim_end_matches('/')))
    }
}

/// This machine, a private network (RFC 1918), a link (RFC 3927), a carrier's network (RFC 6598), or no place.
fn is_internal_v4(ip: std::net::Ipv4Addr) -> bool {
    let [a, b, ..] = ip.octets();
    let carriers = a == 100 && (64..128).contains(&b);
    ip.is_loopback() || ip.is_private() || ip.is_link_local() || carriers || a == 0 || ip.is_broadcast()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

impl TryFrom<String> for Endpoint {
    type Error = EndpointError;

    fn try_from(text: String) -> Result<Self, EndpointError> {
        Self::parse(&text)
    }
}

impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> Self {
        endpoint.0
    }
}

impl std::str::FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        Self::parse(text)
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, EndpointError};

    #[test]
    fn what_lies_inside_a_network_is_told_from_what_lies_outside() {
        let inside = |text: &str| Endpoint::parse(text).expect(text).is_internal();
        for text in [
            "http://127.0.0.1:7102/x",
            "http://localhost/x",
            "https://printer/x",
            "https://router.local/x",
            "https://db.internal./x",
            "https://10.1.2.3/x",
            "https://172.16.0.1/x",
            "https://192.168.1.1:8443/x",
            "https://169.254.169.254/latest/meta-data",
            "https://100.64.0.1/x",
            "https://0.0.0.0/x",
            "https://0x0a000001/x",
            "https://[::1]/x",
            "https://[::ffff:10.0.0.1]/x",
            "https://[fd00::1]/x",
            "https://[fe80::1]/x",
        ] {
            assert!(inside(text), "{text}");
        }
        for text in [
            "https://issuer.example/x",
            "https://8.8.8.8/x",
            "https://[2001:db8::1]/x",
            "https://local.example/x",
        ] {
            assert!(!inside(text), "{text}");
        }
    }

    #[test]
    fn https_and_loopback_pass_unchanged() {
        for text in [
            "https://a.example",
            "https://a.example/x?y=1",
            "http://127.0.0.1:8080/a",
            "http://[::1]/",
            "http://localhost:3000",
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn refuses_each_by_its_name() {
        let refused = [
            ("http://a.example/", EndpointError::NotSecure),
            ("http://127.0.0.1.a.example/", EndpointError::NotSecure),
            ("file:///etc/passwd", EndpointError::NotSecure),
            ("javascript:alert(1)", EndpointError::NotSecure),
            ("https://u:p@a.example/", EndpointError::HasCredentials),
            ("https://a.example/#x", EndpointError::HasFragment),
            ("/relative", EndpointError::NotAUrl),
            ("https://a.example/\n", EndpointError::NotAUrl),
            ("", EndpointError::NotAUrl),
        ];
        for (text, error) in refused {
            assert_eq!(Endpoint::parse(text), Err(error), "{text}");
        }
        assert_eq!(
            Endpoint::parse(&format!("https://a.example/{}", "a".repeat(2048))),
            Err(EndpointError::TooLong)
        );
    }

    #[test]
    fn the_well_known_part_goes_between_host_and_path() {
        // OpenID4VCI 1.0 §12.2.2
        let at = |id: &str| {
            Endpoint::parse(id).unwrap().well_known("openid-credential-issuer").unwrap().to_string()
        };
        assert_eq!(
            at("https://issuer.example.com/tenant"),
            "https://issuer.example.com/.well-known/openid-credential-issuer/tenant"
        );
        assert_eq!(
            at("https://issuer.example.com"),
            "https://issuer.example.com/.well-known/openid-credential-issuer"
        );
        assert_eq!(
            at("https://issuer.example.com/"),
            "https://issuer.example.com/.well-known/openid-credential-issuer"
        );
    }
}
