//! What a wallet is told when it is opened.

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
}

impl TryFrom<WalletConfig> for wallet_core::WalletConfig {
    type Error = WalletError;

    fn try_from(config: WalletConfig) -> Result<Self, WalletError> {
        let WalletConfig { anchor, node, wipe_after, refuse_links } = config;
        let mut parsed = Self::parse(&anchor, &node)?;
        parsed.wipe_after = wipe_after;
        parsed.links = if refuse_links { LinkPolicy::Refuse } else { LinkPolicy::Say };
        Ok(parsed)
    }
}

impl From<ConfigError> for WalletError {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Anchor | ConfigError::Node(_) => Self::FixApp { reason: error.to_string() },
        }
    }
}
