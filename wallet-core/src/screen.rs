//! Which screens of an app must be kept from others' eyes.

/// A screen of a wallet app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
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

impl Screen {
    /// Every screen.
    pub const ALL: [Self; 13] = [
        Self::Welcome,
        Self::Pin,
        Self::Cards,
        Self::Card,
        Self::Scan,
        Self::Offer,
        Self::Consent,
        Self::OfflineCode,
        Self::Log,
        Self::Complaint,
        Self::Backup,
        Self::ToCollect,
        Self::Settings,
    ];

    /// Whether it shows a secret or something personal: then it stays out of screenshots, recordings and the list of recent
    /// apps (Android: `FLAG_SECURE`; iOS: covered while inactive or captured), and out of accessibility services that the holder
    /// has not switched on.
    #[must_use]
    pub const fn is_protected(self) -> bool {
        match self {
            Self::Welcome | Self::Scan | Self::Settings => false,
            Self::Pin
            | Self::Cards
            | Self::Card
            | Self::Offer
            | Self::Consent
            | Self::OfflineCode
            | Self::Log
            | Self::Complaint
            | Self::Backup
            | Self::ToCollect => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Screen;

    #[test]
    fn what_shows_nothing_of_anybody_may_be_seen() {
        let open: Vec<Screen> = Screen::ALL.into_iter().filter(|screen| !screen.is_protected()).collect();
        assert_eq!(open, [Screen::Welcome, Screen::Scan, Screen::Settings]);
    }
}
