//! Cards and their claims.

use std::time::SystemTime;

use wallet_core::{Format, Kind, LastKnown};

use crate::{
    text::{LocalText, each},
    time,
};

/// A credential's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum CredentialFormat {
    /// SD-JWT VC (`dc+sd-jwt`): claims can be shown one by one.
    SdJwtVc,
    /// W3C credential with Data Integrity (`ldp_vc`): shown as a whole, or claim by claim if its issuer provided for that.
    LdpVc,
    /// ISO mdoc (`mso_mdoc`): elements can be shown one by one.
    MsoMdoc,
}

/// A card, ready to be drawn. Personal: don't log it.
#[derive(Clone, uniffi::Record)]
pub struct Card {
    /// Its id in this wallet.
    pub id: String,
    /// The catalogue's id of its type: `business-licence`.
    pub kind: String,
    /// What its type is called.
    pub label: LocalText,
    /// Its colours.
    pub colours: CardColours,
    /// The seed of its pattern: equal for all cards of the type.
    pub pattern: u32,
    /// The issuer's DID.
    pub issuer: String,
    /// The issuer's registered name.
    pub issuer_name: LocalText,
    /// The value that says whose it is.
    pub holder_line: String,
    /// In which formats it is held.
    pub formats: Vec<CredentialFormat>,
    /// When it was received.
    pub received: SystemTime,
    /// From when it counts no more.
    pub valid_until: Option<SystemTime>,
    /// How it stands, from the chain's evidence at hand.
    pub state: CardState,
    /// Its claims, in the order of its type.
    pub claims: Vec<Claim>,
}

/// A card's colours, each as `#rrggbb`.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CardColours {
    /// The background where it begins.
    pub from: String,
    /// The background where it ends.
    pub to: String,
    /// The text.
    pub ink: String,
}

/// How a card stands. Show the time with it: a state is only as good as its evidence is fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum CardState {
    /// Good, as of this time.
    Valid {
        /// The time of the evidence.
        as_of: SystemTime,
    },
    /// Its issuer has suspended it, and may lift that.
    Suspended {
        /// The time of the evidence.
        as_of: SystemTime,
    },
    /// Its issuer has revoked it, for good.
    Revoked {
        /// The time of the evidence.
        as_of: SystemTime,
    },
    /// Its time is over.
    Expired {
        /// Since when.
        since: SystemTime,
    },
    /// The issuer's key that signed it was no longer the issuer's alone when it was signed: get it issued again.
    NotTrusted {
        /// The time of the evidence.
        as_of: SystemTime,
    },
    /// Its credentials can't be read any more: the disk, or somebody, changed them. Its holder collects it again, and deletes what is
    /// left.
    Damaged,
    /// There is no evidence, or it is too old to rely on: refresh when online.
    Unknown {
        /// What was known last.
        last: Option<LastKnownState>,
    },
}

/// What was known last of a card whose evidence is too old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct LastKnownState {
    /// Whether it was suspended then; otherwise it was good.
    pub suspended: bool,
    /// The time of that evidence.
    pub as_of: SystemTime,
}

/// One claim, ready to be shown. Personal: don't log it.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Claim {
    /// Its name in the credential.
    pub name: String,
    /// What it is called.
    pub label: LocalText,
    /// What kind of value it has; none for a claim that this version does not know.
    pub kind: Option<ClaimKind>,
    /// The value for people. A picture's is a word: draw `json` instead.
    pub text: LocalText,
    /// The value as it stands in the credential, as JSON.
    pub json: String,
}

/// What kind of value a claim has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ClaimKind {
    /// A line of text.
    Text,
    /// Text of several lines.
    LongText,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// A day, or `long-term`.
    Term,
    /// A resident ID number.
    IdNumber,
    /// A unified social credit code.
    CreditCode,
    /// An e-licence identifier.
    LicenceIdentifier,
    /// An amount of money in fen.
    MoneyFen,
    /// A picture, as a `data:` URL.
    Image,
    /// One of a list of values.
    Enum,
    /// Yes or no.
    Bool,
}

impl From<wallet_core::Card> for Card {
    fn from(card: wallet_core::Card) -> Self {
        Self {
            id: card.id,
            kind: card.kind,
            label: card.label.into(),
            colours: CardColours { from: card.colours.from, to: card.colours.to, ink: card.colours.ink },
            pattern: card.pattern,
            issuer: card.issuer.to_string(),
            issuer_name: card.issuer_name.into(),
            holder_line: card.holder_line,
            formats: each(card.formats),
            received: time::from_millis(card.received.0),
            valid_until: card.valid_until.map(|end| time::from_seconds(end.0)),
            state: card.state.into(),
            claims: each(card.claims),
        }
    }
}

impl From<Format> for CredentialFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::SdJwtVc => Self::SdJwtVc,
            Format::LdpVc => Self::LdpVc,
            Format::MsoMdoc => Self::MsoMdoc,
        }
    }
}

impl From<wallet_core::CardState> for CardState {
    fn from(state: wallet_core::CardState) -> Self {
        use wallet_core::CardState as Core;
        match state {
            Core::Valid { as_of } => Self::Valid { as_of: time::from_millis(as_of.0) },
            Core::Suspended { as_of } => Self::Suspended { as_of: time::from_millis(as_of.0) },
            Core::Revoked { as_of } => Self::Revoked { as_of: time::from_millis(as_of.0) },
            Core::Expired { since } => Self::Expired { since: time::from_seconds(since.0) },
            Core::NotTrusted { as_of } => Self::NotTrusted { as_of: time::from_millis(as_of.0) },
            Core::Damaged => Self::Damaged,
            Core::Unknown { last } => Self::Unknown { last: last.map(Into::into) },
        }
    }
}

impl From<LastKnown> for LastKnownState {
    fn from(LastKnown { suspended, as_of }: LastKnown) -> Self {
        Self { suspended, as_of: time::from_millis(as_of.0) }
    }
}

impl From<wallet_core::ClaimView> for Claim {
    fn from(claim: wallet_core::ClaimView) -> Self {
        Self {
            name: claim.name,
            label: claim.label.into(),
            kind: claim.kind.map(Into::into),
            text: claim.text.into(),
            json: claim.value.to_string(),
        }
    }
}

impl From<Kind> for ClaimKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Text | Kind::Commitment | Kind::Choices => Self::Text,
            Kind::LongText => Self::LongText,
            Kind::Date | Kind::DayAhead => Self::Date,
            Kind::Term => Self::Term,
            Kind::IdNumber => Self::IdNumber,
            Kind::CreditCode => Self::CreditCode,
            Kind::LicenceIdentifier => Self::LicenceIdentifier,
            Kind::MoneyFen => Self::MoneyFen,
            Kind::Image => Self::Image,
            Kind::Enum => Self::Enum,
            Kind::Bool => Self::Bool,
        }
    }
}
