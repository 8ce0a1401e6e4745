//! Requests that a service sends: no redirects, no proxies, a time limit, and answers of bounded size.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;

/// Why an answer could not be read.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// Nobody answered, or the answer broke off.
    #[error("{url} doesn't answer")]
    Unreachable {
        /// Who was asked, without the query.
        url: String,
    },
    /// The answer is larger than allowed.
    #[error("{url} answers with more than {limit} bytes")]
    TooLarge {
        /// Who was asked, without the query.
        url: String,
        /// The limit in bytes.
        limit: usize,
    },
}

/// An HTTP client with these limits. Share it: it keeps connections.
pub fn client(timeout: Duration) -> reqwest::Client {
    built(|builder| builder.timeout(timeout).connect_timeout(timeout.min(Duration::from_secs(5))))
}

/// An HTTP client for answers that go on and on: they may take for ever, but not be silent for longer than this.
pub fn listening_client(silence: Duration) -> reqwest::Client {
    built(|builder| builder.read_timeout(silence).connect_timeout(silence.min(Duration::from_secs(5))))
}

/// An HTTP client for addresses that strangers name: https alone, and only at public addresses, whatever a name resolves to.
pub fn public_https_client(timeout: Duration) -> reqwest::Client {
    let connect = timeout.min(Duration::from_secs(5));
    built(|builder| {
        builder
            .timeout(timeout)
            .connect_timeout(connect)
            .https_only(true)
            .dns_resolver(Arc::new(PublicAddresses))
    })
}

/// Looks names up, and gives no address that is not of the public internet. The connection is made to what was looked
/// up here, so a name that resolves otherwise the next time gains nothing.
struct PublicAddresses;

impl Resolve for PublicAddresses {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err("the name has no public address".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Whether an address belongs to the public internet (IANA's special-purpose registries, RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127 | 240.., ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !special && !address.is_multicast()
}

/// Global unicast, without what carries IPv4 addresses inside (Teredo, 6to4), and without examples.
fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x2002 | 0x3fff, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

/// How long a connection that is not used is kept for the next request: less than our servers keep it (ten seconds), since one that the
/// server is just closing takes a request and answers nothing.
const IDLE: Duration = Duration::from_secs(5);

#[expect(clippy::panic, reason = "the settings are fixed here, so this fails at once on a machine or never")]
fn built(limits: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder) -> reqwest::Client {
    // Whoever installed one first keeps it; both are the same.
    _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().redirect(Policy::none()).no_proxy().tcp_nodelay(true);
    let builder = builder.pool_idle_timeout(IDLE);
    match limits(builder).build() {
        Ok(client) => client,
        Err(error) => panic!("no HTTP client can be made here: {error}"),
    }
}

/// Reads an answer's body, at most `limit` bytes of it.
pub async fn body(mut answer: reqwest::Response, limit: usize) -> Result<Vec<u8>, OutboundError> {
    let url = without_query(answer.url());
    let mut body = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > limit => {
                return Err(OutboundError::TooLarge { url, limit });
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(_) => return Err(OutboundError::Unreachable { url }),
        }
    }
}

pub(crate) fn without_query(url: &url::Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for public in
            ["1.1.1.1", "100.128.0.1", "172.32.0.1", "198.20.0.1", "2606:4700::1111", "2400:3200::1"]
        {
            assert!(is_public(public.parse().expect("an address")), "{public}");
        }
        for other in [
            "0.0.0.0",
            "10.0.0.1",
            "127.0.0.1",
            "100.64.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "fc00::1",
            "fe80::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
        ] {
            assert!(!is_public(other.parse().expect("an address")), "{other}");
        }
    }

    #[tokio::test]
    async fn names_of_this_machine_are_not_asked() {
        let client = public_https_client(Duration::from_secs(5));
        assert!(client.get("https://localhost/").send().await.expect_err("refused").is_connect());
        assert!(client.get("http://example.com/").send().await.expect_err("not https").is_builder());
    }
}
