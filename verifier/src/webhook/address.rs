//! Where a program may be told.

use protocol::Endpoint;
use url::{Host, Url};

/// Why an address is not told anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAllowed {
    /// Its origin is not among those of the key.
    #[error("its origin is not registered for this key")]
    Origin,
    /// It is an address of this machine, and the configuration does not say that those may be told.
    #[error("it is on this machine")]
    Loopback,
    /// Its host is an IP address: what is behind it can't be held to the public internet.
    #[error("its host is an IP address; name the host")]
    Address,
}

/// What an address is told through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// https, at addresses of the public internet alone.
    Public,
    /// This machine.
    Loopback,
}

impl Allowed {
    /// Whether this address may be told, by the origins of a key; looked at when it is asked for and again before each try.
    pub(crate) fn check(to: &Endpoint, origins: &[Url], loopback: bool) -> Result<Self, NotAllowed> {
        let url = Url::parse(to.as_str()).map_err(|_| NotAllowed::Origin)?;
        if !origins.iter().any(|allowed| allowed.origin() == url.origin()) {
            return Err(NotAllowed::Origin);
        }
        let is_here = match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            None => return Err(NotAllowed::Origin),
        };
        match (is_here, url.host()) {
            (true, _) if loopback => Ok(Self::Loopback),
            (true, _) => Err(NotAllowed::Loopback),
            // No name is looked up for it, so nothing would hold it to public addresses.
            (false, Some(Host::Ipv4(_) | Host::Ipv6(_)) | None) => Err(NotAllowed::Address),
            // An Endpoint that is not of this machine is https.
            (false, Some(Host::Domain(_))) => Ok(Self::Public),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_registered_origins_are_told_and_none_inside() {
        let origins: Vec<Url> = [
            "https://bank.example",
            "http://127.0.0.1:9000",
            "http://localhost:9000",
            "https://[::1]:9000",
            "https://10.0.0.1",
            "https://169.254.169.254",
            "https://[fd00::1]",
        ]
        .iter()
        .map(|origin| origin.parse().expect("a URL"))
        .collect();
        let check = |to: &str, loopback| {
            Allowed::check(&Endpoint::parse(to).expect("an endpoint"), &origins, loopback)
        };
        assert_eq!(check("https://bank.example/told?by=us", false), Ok(Allowed::Public));
        for other in [
            "https://bank.example:8443/",
            "https://evil.example/",
            "https://bank.example.evil.example/",
            "https://127.0.0.1:9000/",
        ] {
            assert_eq!(check(other, true), Err(NotAllowed::Origin), "{other}");
        }
        for here in ["http://127.0.0.1:9000/", "http://localhost:9000/", "https://[::1]:9000/"] {
            assert_eq!(check(here, false), Err(NotAllowed::Loopback), "{here}");
            assert_eq!(check(here, true), Ok(Allowed::Loopback), "{here}");
        }
        for inside in
            ["https://10.0.0.1/", "https://169.254.169.254/", "https://[fd00::1]/", "https://167772161/"]
        {
            assert_eq!(check(inside, true), Err(NotAllowed::Address), "{inside}");
        }
    }
}
