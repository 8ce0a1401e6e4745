//! What a wallet is told when it is opened.

use wallet_core::ConfigError;

use crate::error::WalletError;

/// Which chain a wallet trusts, and how it reaches it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct WalletConfig {
    /// The chain's trust anchor as JSON, as a node gives it at `/v1/anchor`: the only thing that is believed without
    /// proof. An app ships it.
    pub anchor: String,
    /// The base URL of a node of that chain. It need not be trusted: all it answers is proven.
    pub node: String,
}

impl TryFrom<WalletConfig> for wallet_core::WalletConfig {
    type Error = WalletError;

    fn try_from(WalletConfig { anchor, node }: WalletConfig) -> Result<Self, WalletError> {
        Ok(Self::parse(&anchor, &node)?)
    }
}

impl From<ConfigError> for WalletError {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Anchor | ConfigError::Node(_) => Self::FixApp { reason: error.to_string() },
        }
    }
}
