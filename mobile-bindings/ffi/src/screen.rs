//! Which screens of an app must be kept from others' eyes.

use wallet_core::Screen;

/// A screen of a wallet app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum WalletScreen {
    /// Before there is a wallet.
    Welcome,
    /// Entering or choosing a PIN.
    Pin,
    /// The list of cards.
    Cards,
    /// One card.
    Card,
    /// The camera.
    Scan,
    /// What is offered, and its transaction code.
    Offer,
    /// What would leave.
    Consent,
    /// A code shown to a counter.
    OfflineCode,
    /// What came and left.
    Log,
    /// A complaint's draft.
    Complaint,
    /// A backup's passphrase.
    Backup,
    /// What is to be collected again.
    ToCollect,
    /// Settings, and what the app says of itself.
    Settings,
}

/// Whether a screen shows a secret or something personal: then it stays out of screenshots, recordings and the list of recent apps
/// (Android: `FLAG_SECURE`; iOS: covered while inactive or captured), and out of accessibility services that the holder has
/// not switched on.
#[uniffi::export]
pub fn is_protected(screen: WalletScreen) -> bool {
    Screen::from(screen).is_protected()
}

impl From<WalletScreen> for Screen {
    fn from(screen: WalletScreen) -> Self {
        match screen {
            WalletScreen::Welcome => Self::Welcome,
            WalletScreen::Pin => Self::Pin,
            WalletScreen::Cards => Self::Cards,
            WalletScreen::Card => Self::Card,
            WalletScreen::Scan => Self::Scan,
            WalletScreen::Offer => Self::Offer,
            WalletScreen::Consent => Self::Consent,
            WalletScreen::OfflineCode => Self::OfflineCode,
            WalletScreen::Log => Self::Log,
            WalletScreen::Complaint => Self::Complaint,
            WalletScreen::Backup => Self::Backup,
            WalletScreen::ToCollect => Self::ToCollect,
            WalletScreen::Settings => Self::Settings,
        }
    }
}
