//! What a wallet is told when it is opened.

use std::time::Duration;

use wallet_core::{ConfigError, LinkPolicy};

use crate::error::WalletError;

/// Which chain a wallet trusts, and how it reaches it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct WalletConfig {
    /// The chain's trust anchor as JSON, as a node gives it at `/v1/anchor`: the only thing that is believed without
    /// proof. An app ships it.
    pub anchor: String,
    /// The base URL of a node of that chain. It need not be trusted: all it answers is proven.
    pub node: String,
    /// How many wrong PINs in a row wipe the wallet; none: it stays locked, and each try takes a day in the end.
    #[uniffi(default = None)]
    pub wipe_after: Option<u32>,
    /// Whether nothing leaves that links its holder (`UseAnotherWay`): cards shown together that don't tell by themselves that they
    /// are one person's, or a copy that others have seen. False: it is said, and she decides.
    #[uniffi(default = false)]
    pub refuse_links: bool,
    /// Whether this app shows its holder the `confirmations` of a request before she says yes. False: the wallet refuses requests that
    /// have any (`GetNewRequest`), for nobody authorises what she did not read.
    #[uniffi(default = false)]
    pub shows_confirmations: bool,
    /// Who this app is to issuers at which its holder logs in, as they have it in their settings. None: this system's own wallet.
    #[uniffi(default = None)]
    pub client: Option<WalletClient>,
    /// Evidence up to this old decides about issuers, verifiers and purposes, and of a card that is asked for it is not fetched anew.
    /// Ten minutes if none.
    #[uniffi(default = None)]
    pub fresh: Option<Duration>,
    /// Evidence up to this old still shows a card's state; beyond it the state is unknown. A day if none.
    #[uniffi(default = None)]
    pub stale: Option<Duration>,
    /// How long the chain's validators may go unseen before a change of them is not followed any more, and the app must come with a newer
    /// anchor. Unlimited if none.
    #[uniffi(default = None)]
    pub trusting: Option<Duration>,
}

/// Who an app is to issuers, and where browsers come back to it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct WalletClient {
    /// Its client id: `cn.example.wallet`.
    pub client_id: String,
    /// Its redirect URI, of a scheme with a dot in it that is the app's own (RFC 8252 §7.1), or an https address that the app has claimed:
    /// `cn.example.wallet:/authorized`.
    pub redirect_uri: String,
}

impl TryFrom<WalletConfig> for wallet_core::WalletConfig {
    type Error = WalletError;

    fn try_from(config: WalletConfig) -> Result<Self, WalletError> {
        let WalletConfig {
            anchor,
            node,
            wipe_after,
            refuse_links,
            shows_confirmations,
            client,
            fresh,
            stale,
            trusting,
        } = config;
        let mut parsed = Self::parse(&anchor, &node)?;
        parsed.wipe_after = wipe_after;
        parsed.links = if refuse_links { LinkPolicy::Refuse } else { LinkPolicy::Say };
        parsed.shows_confirmations = shows_confirmations;
        parsed.trusting = trusting;
        if let Some(WalletClient { client_id, redirect_uri }) = client {
            parsed.client = wallet_core::WalletClient::parse(&client_id, &redirect_uri)?;
        }
        if let Some(fresh) = fresh {
            parsed.fresh = fresh;
        }
        if let Some(stale) = stale {
            parsed.stale = stale;
        }
        Ok(parsed)
    }
}

impl From<ConfigError> for WalletError {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Anchor | ConfigError::Node(_) | ConfigError::Client => {
                Self::FixApp { reason: error.to_string() }
            }
        }
    }
}
