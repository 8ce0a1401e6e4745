//! What the holder is asked before anything leaves.

use std::{collections::HashMap, time::SystemTime};

use wallet_core::Choice;

use crate::{
    card::{CardState, Claim, CredentialFormat},
    error::WalletError,
    text::{LocalText, each},
    time,
};

/// What the holder is asked: who asks, why, what would leave and what would stay. Nothing has left yet.
/// Personal: it holds the values that would leave.
#[derive(Clone, uniffi::Record)]
pub struct Consent {
    /// Names it when answering.
    pub id: String,
    /// Who asks.
    pub verifier: Verifier,
    /// The purpose's id.
    pub purpose: String,
    /// What the purpose is called.
    pub purpose_name: LocalText,
    /// Why asking is allowed.
    pub legal_basis: LegalBasis,
    /// The rule it rests on.
    pub legal_text: LocalText,
    /// For how many days the verifier may keep what it sees; 0 when it keeps nothing.
    pub retention_days: u32,
    /// When it must be answered, if it says.
    pub expires: Option<SystemTime>,
    /// What she authorises by answering: show it in full, before she says yes. Empty unless `WalletConfig.shows_confirmations` is set:
    /// then the wallet refuses requests that have any.
    pub confirmations: Vec<Confirmation>,
    /// Which cards are asked for. All of them must be answered but the optional ones, which stay unless a choice names them.
    pub questions: Vec<Question>,
}

/// What the holder authorises by answering (OpenID4VP's transaction data). The verifier gets her signature over it. Personal: don't log it.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Confirmation {
    /// What is done: "Open a business account".
    pub title: LocalText,
    /// Its particulars, at most 12.
    pub lines: Vec<ConfirmationLine>,
}

/// A particular of what is authorised. Personal: don't log it.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ConfirmationLine {
    /// What it is.
    pub label: LocalText,
    /// Its value, as the holder reads it.
    pub value: String,
}

/// Who asks, as registered on the chain and proven.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Verifier {
    /// Its DID.
    pub did: String,
    /// Its registered name.
    pub name: LocalText,
    /// The host that the answer is sent to; empty when it is shown as a QR code.
    pub host: String,
    /// The time of the chain's evidence of all this.
    pub as_of: SystemTime,
}

/// Why asking is allowed at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum LegalBasis {
    /// The holder agrees.
    Consent,
    /// A law or regulation says so.
    Statutory,
}

/// One credential that is asked for.
#[derive(Clone, uniffi::Record)]
pub struct Question {
    /// Names it when choosing.
    pub id: String,
    /// What type of card is asked for.
    pub label: LocalText,
    /// Whether the holder may leave it out: it is not answered unless a choice names it, or another of its set.
    pub optional: bool,
    /// Of an optional one: the set that it belongs to, which is answered whole or not at all. Offer the questions of one set
    /// together: once a choice names one of them, the first options of the others leave too.
    pub set: Option<u32>,
    /// Whether several of the options can answer it together. Never where the answer is shown as a QR code, which holds one for each
    /// question.
    pub multiple: bool,
    /// The credentials that answer it: at least one, the best first.
    pub options: Vec<CardOption>,
}

/// A credential that answers a question.
#[derive(Clone, uniffi::Record)]
pub struct CardOption {
    /// Names it when choosing.
    pub id: String,
    /// The id of the card it is of.
    pub card: String,
    /// What the card is called.
    pub label: LocalText,
    /// The issuer's registered name.
    pub issuer_name: LocalText,
    /// The value that says whose it is.
    pub holder_line: String,
    /// In which format it would be shown.
    pub format: CredentialFormat,
    /// How the card stands.
    pub state: CardState,
    /// What would leave.
    pub leaves: Vec<Claim>,
    /// What would stay.
    pub stays: Vec<Claim>,
    /// How often the copy that would be shown was shown before.
    pub reuse: CopyReuse,
    /// What the holder should know first.
    pub warnings: Vec<ConsentWarning>,
}

/// How often the copy of a card that would be shown was shown before. Copies are of one-use keys as long as there are unused ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct CopyReuse {
    /// Whether this verifier has seen it, and will know its holder again.
    pub known_here: bool,
    /// How many other verifiers have seen it.
    pub others: u32,
    /// Copies of the card in this format that nobody has seen.
    pub unused: u32,
}

/// What the holder should know before she says yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ConsentWarning {
    /// The card is suspended, revoked, expired or not to be trusted: the verifier will refuse it.
    NotInForce,
    /// How the card stands is not known.
    StateUnknown,
    /// The card can only be shown as a whole.
    ShownWhole,
    /// Another verifier has seen this very credential: the two could find out that they met the same holder.
    SeenByAnother,
}

/// What is missing to answer a request.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct MissingCard {
    /// What type of card is asked for; empty for one that is not known.
    pub label: LocalText,
    /// Why none answers.
    pub reason: MissingReason,
}

/// Why no card of a type answers.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum MissingReason {
    /// There is none.
    NoCard,
    /// The cards have no such claim.
    NoClaim {
        /// The claim's path.
        path: String,
    },
    /// The cards have another value there.
    OtherValue {
        /// The claim's path.
        path: String,
    },
    /// The verifier does not take the format or signature of the cards, or trusts other issuers.
    NotAccepted,
    /// Showing the card would show claims that the purpose does not allow, and they can't be held back.
    ShowsTooMuch {
        /// The claims' names.
        claims: Vec<String>,
    },
}

/// A presentation that arrived. What the verifier decides, it says elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Presented {
    /// Where the verifier wants the holder's browser to go on, if anywhere.
    pub redirect: Option<String>,
    /// The id of the log's entry of it.
    pub log_entry: String,
}

/// From question ids to the ids of the options that answer them.
pub(crate) fn choice(chosen: HashMap<String, Vec<String>>) -> Result<Choice, WalletError> {
    if chosen.values().any(Vec::is_empty) {
        // An app that means "nothing" by it would send the first option of what must be answered.
        let reason = "a question was named with no option: leave it out of the choice".to_owned();
        return Err(WalletError::FixApp { reason });
    }
    Ok(chosen.into_iter().fold(Choice::first(), |choice, (question, options)| {
        options.iter().fold(choice, |choice, option| choice.also(&question, option))
    }))
}

impl Consent {
    /// The same where the answer is shown as a QR code.
    pub(crate) fn by_code(mut self) -> Self {
        for question in &mut self.questions {
            question.multiple = false;
        }
        self
    }
}

impl From<wallet_core::ConsentRequest> for Consent {
    fn from(consent: wallet_core::ConsentRequest) -> Self {
        Self {
            id: consent.id,
            verifier: consent.verifier.into(),
            purpose: consent.purpose,
            purpose_name: consent.purpose_name.into(),
            legal_basis: consent.legal_basis.into(),
            legal_text: consent.legal_text.into(),
            retention_days: consent.retention_days,
            expires: consent.expires.map(|end| time::from_millis(end.0)),
            confirmations: each(consent.confirmations),
            questions: each(consent.questions),
        }
    }
}

impl From<wallet_core::Verifier> for Verifier {
    fn from(wallet_core::Verifier { did, name, host, as_of }: wallet_core::Verifier) -> Self {
        Self { did: did.to_string(), name: name.into(), host, as_of: time::from_millis(as_of.0) }
    }
}

impl From<wallet_core::LegalBasis> for LegalBasis {
    fn from(basis: wallet_core::LegalBasis) -> Self {
        match basis {
            wallet_core::LegalBasis::Consent => Self::Consent,
            wallet_core::LegalBasis::Statutory => Self::Statutory,
        }
    }
}

impl From<wallet_core::Question> for Question {
    fn from(question: wallet_core::Question) -> Self {
        let wallet_core::Question { id, label, optional, set, multiple, options } = question;
        Self { id, label: label.into(), optional, set, multiple, options: each(options) }
    }
}

impl From<wallet_core::Confirmation> for Confirmation {
    fn from(wallet_core::Confirmation { title, lines }: wallet_core::Confirmation) -> Self {
        Self { title: title.into(), lines: each(lines) }
    }
}

impl From<wallet_core::Line> for ConfirmationLine {
    fn from(wallet_core::Line { label, value }: wallet_core::Line) -> Self {
        Self { label: label.into(), value }
    }
}

impl From<wallet_core::CardOption> for CardOption {
    fn from(option: wallet_core::CardOption) -> Self {
        Self {
            id: option.id,
            card: option.card,
            label: option.label.into(),
            issuer_name: option.issuer_name.into(),
            holder_line: option.holder_line,
            format: option.format.into(),
            state: option.state.into(),
            leaves: each(option.leaves),
            stays: each(option.stays),
            reuse: option.reuse.into(),
            warnings: each(option.warnings),
        }
    }
}

impl From<wallet_core::Reuse> for CopyReuse {
    fn from(wallet_core::Reuse { known_here, others, unused }: wallet_core::Reuse) -> Self {
        Self { known_here, others, unused }
    }
}

impl From<wallet_core::Warning> for ConsentWarning {
    fn from(warning: wallet_core::Warning) -> Self {
        match warning {
            wallet_core::Warning::NotInForce => Self::NotInForce,
            wallet_core::Warning::StateUnknown => Self::StateUnknown,
            wallet_core::Warning::ShownWhole => Self::ShownWhole,
            wallet_core::Warning::SeenByAnother => Self::SeenByAnother,
        }
    }
}

impl From<wallet_core::Presented> for Presented {
    fn from(wallet_core::Presented { redirect, log_entry }: wallet_core::Presented) -> Self {
        Self { redirect: redirect.map(|to| to.as_str().to_owned()), log_entry }
    }
}

impl From<wallet_core::Missing> for MissingCard {
    fn from(wallet_core::Missing { label, reason }: wallet_core::Missing) -> Self {
        Self { label: label.into(), reason: reason.into() }
    }
}

impl From<wallet_core::MissingReason> for MissingReason {
    fn from(reason: wallet_core::MissingReason) -> Self {
        use wallet_core::MissingReason as Core;
        match reason {
            Core::NoCard => Self::NoCard,
            Core::NoClaim(path) => Self::NoClaim { path },
            Core::OtherValue(path) => Self::OtherValue { path },
            Core::NotAccepted => Self::NotAccepted,
            Core::ShowsTooMuch(claims) => Self::ShowsTooMuch { claims },
        }
    }
}
