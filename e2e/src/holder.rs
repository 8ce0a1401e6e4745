//! An honest wallet.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use protocol::Endpoint;
use service::clock;
use wallet_core::ports::Ports;
use wallet_core::software::{DeviceSecret, SoftwareKeyStore};
use wallet_core::{
    Card, Choice, Event, OpenError, PresentError, Presented, ReceiveError, Received, RestoreError, Restored,
    Wallet, WalletConfig,
};

use crate::{Asked, Http, Offer, Play, Sent, Spoiling};

const PIN: &str = "246810";

/// A wallet in a folder of its own, and its connections.
pub struct Holder {
    /// The wallet.
    pub wallet: Wallet,
    http: Http,
}

impl Holder {
    /// A new wallet; every holder of a play has another name.
    pub async fn new(play: &Play, name: &str) -> Self {
        let (folder, config, http) = (folder(play, name), config(play), Http::default());
        let ports = ports(&folder, &http, Duration::ZERO);
        let wallet = Wallet::create(folder.join("vault"), PIN, ports, config).await.expect("a wallet");
        Self { wallet, http }
    }

    /// Opens a wallet that there is.
    pub async fn open(play: &Play, name: &str) -> Self {
        Self::open_later(play, name, Duration::ZERO).await
    }

    /// Opens a wallet that there is, with its clock so far ahead.
    pub async fn open_later(play: &Play, name: &str, ahead: Duration) -> Self {
        let (folder, config, http) = (folder(play, name), config(play), Http::default());
        let ports = ports(&folder, &http, ahead);
        let wallet = Wallet::open(folder.join("vault"), PIN, ports, config).await.expect("the wallet");
        Self { wallet, http }
    }

    /// A wallet on a new phone, from a backup.
    pub async fn restored(play: &Play, name: &str, file: &[u8], passphrase: &str) -> (Self, Restored) {
        Self::try_restored(play, name, file, passphrase).await.expect("a wallet from the backup")
    }

    /// The same, if the backup and the passphrase are right.
    pub async fn try_restored(
        play: &Play,
        name: &str,
        file: &[u8],
        passphrase: &str,
    ) -> Result<(Self, Restored), RestoreError> {
        let (folder, config, http) = (folder(play, name), config(play), Http::default());
        let ports = ports(&folder, &http, Duration::ZERO);
        let (wallet, restored) =
            Wallet::restore(folder.join("vault"), PIN, ports, config, file, passphrase).await?;
        Ok((Self { wallet, http }, restored))
    }

    /// Opens a wallet that there is, if this is its PIN.
    pub async fn try_open(play: &Play, name: &str, pin: &str) -> Result<Self, OpenError> {
        let (folder, config, http) = (folder(play, name), config(play), Http::default());
        let ports = ports(&folder, &http, Duration::ZERO);
        Ok(Self { wallet: Wallet::open(folder.join("vault"), pin, ports, config).await?, http })
    }

    /// Whether it has no network from now on.
    pub fn cut(&self, is_cut: bool) {
        self.http.cut(is_cut);
    }

    /// Looks at an offer and takes it.
    pub async fn receive(&self, offer: &Offer) -> Result<Received, ReceiveError> {
        self.receive_with(offer, &offer.tx_code).await
    }

    /// The same with another transaction code.
    pub async fn receive_with(&self, offer: &Offer, tx_code: &str) -> Result<Received, ReceiveError> {
        let previewed = self.wallet.preview_offer(&offer.link).await.expect("an offer");
        self.wallet.receive(&previewed, Some(tx_code)).await
    }

    /// The same while the connection does this to every credential.
    pub async fn receive_spoiled(&self, offer: &Offer, spoiling: Spoiling) -> Result<Received, ReceiveError> {
        self.http.spoil(Some(spoiling));
        let received = self.receive(offer).await;
        self.http.spoil(None);
        received
    }

    /// The only card, with the newest evidence.
    pub async fn card(&self) -> Card {
        self.wallet.refresh().await.expect("evidence");
        let mut cards = self.wallet.cards().expect("cards");
        assert_eq!(cards.len(), 1);
        cards.remove(0)
    }

    /// Reads a request and agrees to it.
    pub async fn present(&self, asked: &Asked) -> Result<Presented, PresentError> {
        let consent = self.wallet.review_request(&asked.link).await;
        let consent = consent.unwrap_or_else(|refused| panic!("the wallet refuses: {refused}"));
        self.wallet.present(&consent.id, &Choice::first()).await
    }

    /// The last answer that the wallet sent to a verifier.
    pub fn last_answer(&self) -> Sent {
        self.http.last_posted("/response")
    }

    /// The newest event in the wallet's log.
    pub fn last_event(&self) -> Event {
        self.wallet.log(None, 1).expect("a log").remove(0).event
    }
}

fn folder(play: &Play, name: &str) -> PathBuf {
    play.data.join("holders").join(name)
}

fn config(play: &Play) -> WalletConfig {
    let chain = &play.urls().chain;
    let node = Endpoint::parse(&chain.url).expect("an address");
    WalletConfig::new(chain.anchor.clone(), node).with_insecurely_cheap_pin()
}

fn ports(folder: &std::path::Path, http: &Http, ahead: Duration) -> Ports {
    std::fs::create_dir_all(folder).expect("a folder");
    let secret = DeviceSecret::from_file(folder.join("device-secret")).expect("a secret");
    let keys = SoftwareKeyStore::open(folder.join("keys"), &secret).expect("a key store");
    let now = move || clock::now().after(ahead);
    Ports::new(Arc::new(keys), Arc::new(http.clone()), Arc::new(now))
}
