//! Who a request comes from, as far as limits are concerned.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use http::HeaderMap;
use http::request::Parts;

/// The header in which a proxy says whom it speaks for: each appends the address that it was asked from.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Tells clients apart by their addresses, as the socket has them or as trusted proxies say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Clients {
    trusted_proxies: u8,
}

impl Clients {
    /// Behind so many proxies of one's own, each of which appends to `x-forwarded-for`. With 0 the header, which anyone
    /// can send, is not looked at.
    pub fn behind(trusted_proxies: u8) -> Self {
        Self { trusted_proxies }
    }

    /// A key for whoever sends this request. An IPv6 client is known by its /64: within it addresses cost nothing.
    pub fn key(self, parts: &Parts) -> String {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        match self.forwarded(&parts.headers).or(peer).map(|ip| ip.to_canonical()) {
            Some(IpAddr::V4(ip)) => ip.to_string(),
            Some(IpAddr::V6(ip)) => Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).to_string(),
            None => "unknown".to_owned(),
        }
    }

    /// What the outermost trusted proxy saw: counted from the right, as everything further left is hearsay. A request
    /// that did not come through all of them is its sender's own.
    fn forwarded(self, headers: &HeaderMap) -> Option<IpAddr> {
        let place = usize::from(self.trusted_proxies).checked_sub(1)?;
        let lines: Vec<&str> =
            headers.get_all(FORWARDED_FOR).iter().map(|line| line.to_str().unwrap_or_default()).collect();
        lines.join(",").rsplit(',').nth(place)?.trim().parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(trusted_proxies: u8, peer: &str, forwarded: &[&str]) -> String {
        let mut request = http::Request::new(());
        for line in forwarded {
            request.headers_mut().append(FORWARDED_FOR, line.parse().expect("header"));
        }
        let peer: SocketAddr = peer.parse().expect("address");
        request.extensions_mut().insert(ConnectInfo(peer));
        Clients::behind(trusted_proxies).key(&request.into_parts().0)
    }

    #[test]
    fn without_trusted_proxies_nobody_speaks_for_another() {
        assert_eq!(key(0, "192.0.2.1:9", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(key(0, "[::ffff:192.0.2.1]:9", &[]), "192.0.2.1");
    }

    #[test]
    fn what_the_sender_wrote_before_the_proxies_is_not_believed() {
        let lines = ["203.0.113.66", "198.51.100.7, 10.0.0.2"];
        assert_eq!(key(1, "10.0.0.1:9", &lines), "10.0.0.2");
        assert_eq!(key(2, "10.0.0.1:9", &lines), "198.51.100.7");
        assert_eq!(key(4, "10.0.0.1:9", &lines), "10.0.0.1", "it did not come through all of them");
        assert_eq!(key(1, "10.0.0.1:9", &["nonsense"]), "10.0.0.1");
    }

    #[test]
    fn an_ipv6_client_is_its_network() {
        assert_eq!(key(0, "[2001:db8:1:2:3:4:5:6]:9", &[]), "2001:db8:1:2::");
        assert_eq!(key(0, "[2001:db8:1:2:ffff::1]:9", &[]), "2001:db8:1:2::");
    }
}
