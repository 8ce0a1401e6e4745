//! What a wallet is told when it is opened.

use std::time::Duration;

use protocol::{Endpoint, EndpointError};
use registry::Anchor;

use crate::{present::LinkPolicy, receive::WalletClient, vault::PinCost};

/// Which chain a wallet trusts and how it reaches it.
#[derive(Debug, Clone)]
pub struct WalletConfig {
    /// The chain's pinned trust anchor: the only thing that is believed without proof.
    pub anchor: Anchor,
    /// A node of that chain. It need not be trusted: all it answers is proven.
    pub node: Endpoint,
    /// Evidence up to this old decides about issuers, verifiers and purposes, and of a card that is asked for it is not fetched
    /// anew. Ten minutes unless told.
    pub fresh: Duration,
    /// Evidence up to this old still shows a card's state; beyond it the state is unknown. A day unless told.
    pub stale: Duration,
    /// How long the validators may go unseen before a change of them is not followed any more, and the app must come with
    /// a newer anchor; see [`LightClient::follow`](registry::LightClient::follow). Unlimited unless told.
    pub trusting: Option<Duration>,
    /// Whether this app shows its holder the [confirmations](crate::ConsentRequest::confirmations) of a request before she says
    /// yes. Until it is told so, a wallet refuses requests that have any: nobody authorises what she did not read.
    pub shows_confirmations: bool,
    /// What is done about answers by which their holder could be linked. They are said, unless told.
    pub links: LinkPolicy,
    /// How many wrong PINs in a row wipe the wallet. `None`, unless told: it stays locked, and each try takes a day in the end.
    pub wipe_after: Option<u32>,
    /// Who this wallet is to issuers at which its holder logs in.
    pub client: WalletClient,
    pub(crate) pin_cost: PinCost,
}

/// This system's own wallet, as its issuers know it.
const CLIENT_ID: &str = "cn.huizheng.wallet";
const REDIRECT_URI: &str = "cn.huizheng.wallet:/authorized";

impl WalletConfig {
    /// The usual times and costs.
    #[must_use]
    pub fn new(anchor: Anchor, node: Endpoint) -> Self {
        Self {
            anchor,
            node,
            fresh: Duration::from_secs(600),
            stale: Duration::from_secs(86_400),
            trusting: None,
            shows_confirmations: false,
            links: LinkPolicy::Say,
            wipe_after: None,
            client: WalletClient { client_id: CLIENT_ID.to_owned(), redirect_uri: REDIRECT_URI.to_owned() },
            pin_cost: PinCost::DEFAULT,
        }
    }

    /// The same from texts: the anchor as JSON, as a node gives it at `/v1/anchor`, and the node's URL.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn parse(anchor: &str, node: &str) -> Result<Self, ConfigError> {
        let anchor = objects::from_slice(anchor.as_bytes()).map_err(|_| ConfigError::Anchor)?;
        Ok(Self::new(anchor, Endpoint::parse(node)?))
    }

    /// A cheap PIN hash, for tests and measurements that open many wallets. It protects nothing.
    #[must_use]
    pub fn with_insecurely_cheap_pin(self) -> Self {
        Self { pin_cost: PinCost { memory_kib: 64, passes: 1 }, ..self }
    }
}

/// Why texts make no [`WalletConfig`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The anchor is no anchor.
    #[error("the chain's trust anchor can't be read")]
    Anchor,
    /// The node's URL is none.
    #[error("the chain's node: {0}")]
    Node(#[from] EndpointError),
    /// No client id (RFC 6749 appendix A.1), or a redirect URI that is neither https, nor http on this machine, nor of a private
    /// scheme with a dot in it.
    #[error("who the wallet is to issuers: no client id, or no redirect_uri that is safe to come back to")]
    Client,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_an_id_and_a_redirect_uri_that_is_safe() {
        let client = WalletClient::parse("cn.example.wallet", "cn.example.wallet:/back").unwrap();
        assert_eq!(
            (&*client.client_id, &*client.redirect_uri),
            ("cn.example.wallet", "cn.example.wallet:/back")
        );
        for (id, uri) in [
            ("", "cn.example.wallet:/back"),
            ("wallet\n", "cn.example.wallet:/back"),
            ("wallet", "wallet:/back"),
            ("wallet", "http://wallet.example/back"),
            ("wallet", "https://wallet.example/back#here"),
        ] {
            assert_eq!(WalletClient::parse(id, uri).err(), Some(ConfigError::Client), "{id} {uri}");
        }
    }

    #[test]
    fn what_is_no_anchor_or_no_node_is_named() {
        assert_eq!(WalletConfig::parse("{}", "https://node.example").err(), Some(ConfigError::Anchor));
        let validator = r#"{"key":"z6MkjchhfUsD6mmvni8mCdXHw216Xrm9bQe2mBH1P5RDjVJG","power":1}"#;
        let chain = "00".repeat(32);
        let anchor = format!(
            r#"{{"chainId":"{chain}","network":"anhui","validators":[{validator}],"height":0,
                "time":"2026-03-02T04:00:00.000Z"}}"#
        );
        let config = WalletConfig::parse(&anchor, "https://node.example").unwrap();
        assert_eq!(config.anchor.network.as_str(), "anhui");
        let insecure = WalletConfig::parse(&anchor, "http://node.example").err();
        assert_eq!(insecure, Some(ConfigError::Node(EndpointError::NotSecure)));
    }
}
