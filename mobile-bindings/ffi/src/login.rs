//! Collecting by logging in at the issuer's, in a browser.

use crate::{
    error::WalletError,
    offer::{Offer, Received},
    wallet::Wallet,
};

#[uniffi::export]
impl Wallet {
    /// Asks an issuer what it issues, without an offer; `issuer` is its address. What comes can be had by `begin_login`.
    pub async fn preview_issuer(&self, issuer: String) -> Result<Offer, WalletError> {
        let wallet = self.unlocked()?;
        let issuer = wallet_core::Issuer::parse(&issuer)
            .map_err(|error| WalletError::FixApp { reason: error.to_string() })?;
        self.while_wanted(async { Ok(Offer(wallet.preview_issuer(&issuer).await?)) }).await
    }

    /// Begins to collect by logging in at the issuer's: gives the address to open in the **device's browser** (a Custom Tab,
    /// `ASWebAuthenticationSession`), never in a view of the app's own (RFC 8252 §8.12). `configurations` are of one
    /// type, see `OfferedCredential`; all of the offer if empty.
    ///
    /// The browser comes back to the app at the redirect URI of the configuration: give that whole address to
    /// `finish_login`. The app may be closed meanwhile.
    #[uniffi::method(default(configurations))]
    pub async fn begin_login(
        &self,
        offer: &Offer,
        configurations: Vec<String>,
    ) -> Result<String, WalletError> {
        let wallet = self.unlocked()?;
        self.while_wanted(async { Ok(wallet.begin_login(&offer.0, &configurations).await?.address) }).await
    }

    /// Goes on with a login whose browser came back at `address`, and collects.
    pub async fn finish_login(&self, address: String) -> Result<Received, WalletError> {
        let wallet = self.unlocked()?;
        self.while_wanted(async { Ok(wallet.finish_login(&address).await?.into()) }).await
    }
}
