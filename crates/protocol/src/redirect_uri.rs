//! Where an authorization server may send a browser back to (RFC 6749 §3.1.2, RFC 8252 §7).

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// A wallet's redirect URI: `https`, `http` on loopback, or a private scheme with a dot in it, as an app has it
/// (`cn.huizheng.wallet:/authorized`). Without fragment and credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectUri(String);

/// The text is no redirect URI that is safe to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a redirect_uri is https, http on this machine, or a private scheme with a dot in it, without fragment"
)]
pub struct BadRedirectUri;

impl RedirectUri {
    /// Checks the text.
    pub fn parse(text: &str) -> Result<Self, BadRedirectUri> {
        let graphic = text.len() <= 1024 && text.bytes().all(|b| b.is_ascii_graphic());
        let url = Url::parse(text).ok().filter(|_| graphic).ok_or(BadRedirectUri)?;
        let safe = match url.scheme() {
            "https" => url.has_host(),
            "http" => is_loopback(&url),
            scheme => scheme.contains('.'),
        };
        let bare = url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
        if safe && bare { Ok(Self(text.to_owned())) } else { Err(BadRedirectUri) }
    }

    /// Whether a request with this URI comes back to the `registered` one: character by character; on loopback by literal
    /// address the port may differ, for an app takes what port it gets (RFC 8252 §7.3).
    pub fn is(&self, registered: &Self) -> bool {
        if self == registered {
            return true;
        }
        let (Ok(mut said), Ok(mut known)) = (Url::parse(&self.0), Url::parse(&registered.0)) else {
            return false;
        };
        let literal = |url: &Url| {
            url.scheme() == "http" && is_loopback(url) && !matches!(url.host(), Some(Host::Domain(_)))
        };
        literal(&said)
            && literal(&known)
            && said.set_port(None).is_ok()
            && known.set_port(None).is_ok()
            && said == known
    }

    /// The address with these parameters added to its query.
    pub fn with(&self, parameters: &[(&str, &str)]) -> String {
        let Ok(mut url) = Url::parse(&self.0) else { return self.0.clone() };
        url.query_pairs_mut().extend_pairs(parameters);
        url.into()
    }

    /// What a content security policy calls the place: an origin, or the private scheme.
    pub fn source(&self) -> String {
        match Url::parse(&self.0) {
            Ok(url) if url.has_host() && matches!(url.scheme(), "http" | "https") => {
                url.origin().ascii_serialization()
            }
            Ok(url) => format!("{}:", url.scheme()),
            Err(_) => String::new(),
        }
    }

    /// The text as it came.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

impl TryFrom<String> for RedirectUri {
    type Error = BadRedirectUri;

    fn try_from(text: String) -> Result<Self, BadRedirectUri> {
        Self::parse(&text)
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> Self {
        uri.0
    }
}

#[cfg(test)]
mod tests {
    use super::RedirectUri;

    fn uri(text: &str) -> RedirectUri {
        RedirectUri::parse(text).unwrap()
    }

    #[test]
    fn what_a_browser_must_not_be_sent_to() {
        for text in [
            "javascript:alert(1)",
            "data:text/html,x",
            "http://a.example/cb",
            "wallet:/cb",
            "https://u:p@a.example/cb",
            "https://a.example/cb#x",
            "/cb",
            "https://a.example/ cb",
            "",
        ] {
            assert!(RedirectUri::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_loopback_may_have_another_port() {
        assert!(uri("http://127.0.0.1:4000/cb").is(&uri("http://127.0.0.1/cb")));
        assert!(!uri("http://127.0.0.1:4000/other").is(&uri("http://127.0.0.1/cb")));
        assert!(!uri("https://a.example:444/cb").is(&uri("https://a.example/cb")));
        assert!(!uri("https://a.example/cb/").is(&uri("https://a.example/cb")));
        assert!(uri("cn.huizheng.wallet:/authorized").is(&uri("cn.huizheng.wallet:/authorized")));
    }

    #[test]
    fn parameters_and_sources() {
        assert_eq!(
            uri("https://a.example/cb?x=1").with(&[("code", "a b")]),
            "https://a.example/cb?x=1&code=a+b"
        );
        assert_eq!(uri("https://a.example/cb?x=1").source(), "https://a.example");
        let app = uri("cn.huizheng.wallet:/authorized");
        assert_eq!(app.with(&[("code", "1")]), "cn.huizheng.wallet:/authorized?code=1");
        assert_eq!(app.source(), "cn.huizheng.wallet:");
    }
}
