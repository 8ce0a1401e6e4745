//! What the holder is asked, and what waits for her answer.

use std::{
    collections::BTreeMap,
    fmt,
    sync::atomic::{AtomicBool, Ordering},
};

use credentials::ClaimPath;
use protocol::{
    dcql::QueryId,
    openid4vp::{CheckedRequest, Confirmation, TransactionData},
};
use registry::{Did, LegalBasis, LocalText, UnixMillis};
use serde::Serialize;

use super::{encryption::Encryption, links::Reuse, offline::Offline};
use crate::{
    card::{CardState, ClaimView, Format},
    log::{self, Asked},
};

/// What the holder is asked: who asks, why, what would leave and what would stay. Nothing has left yet.
///
/// Personal: it holds the values that would leave. `Debug` shows who asks and for what purpose.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsentRequest {
    /// Names it when answering.
    pub id: String,
    /// Who asks.
    pub verifier: Verifier,
    /// The purpose's id.
    pub purpose: String,
    /// What the purpose is called.
    pub purpose_name: LocalText,
    /// Whether the holder's consent or the law allows the asking.
    pub legal_basis: LegalBasis,
    /// The rule it rests on.
    pub legal_text: LocalText,
    /// For how many days the verifier may keep what it sees; 0 when it keeps nothing.
    pub retention_days: u32,
    /// When it must be answered, if it says.
    pub expires: Option<UnixMillis>,
    /// What she authorises by answering: to be shown in full. Empty unless
    /// [`WalletConfig::shows_confirmations`](crate::WalletConfig::shows_confirmations) is set.
    pub confirmations: Vec<Confirmation>,
    /// Which cards are asked for: all of them must be answered but the optional ones.
    pub questions: Vec<Question>,
}

/// Who asks, as registered on the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verifier {
    /// Its DID.
    pub did: Did,
    /// Its registered name.
    pub name: LocalText,
    /// The host that the answer is sent to; none when it is shown as a QR code.
    pub host: String,
    /// The time of the chain's evidence of all this.
    pub as_of: UnixMillis,
}

/// One credential that is asked for.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// Names it in a [`Choice`].
    pub id: String,
    /// What type of card is asked for.
    pub label: LocalText,
    /// Whether it can be left unanswered. It is, unless a [`Choice`] names it, or another of its set.
    pub optional: bool,
    /// Of an optional one: the set that it belongs to. Whoever asks wants a set whole or not at all (OpenID4VP 1.0 §6.2): once one
    /// of its questions is named in a [`Choice`], all of it is answered.
    pub set: Option<u32>,
    /// Whether several of the options can answer it together.
    pub multiple: bool,
    /// The credentials that answer it, at least one; the best first.
    pub options: Vec<CardOption>,
}

/// A credential that answers a question. Personal: `Debug` shows which it is, and the names of what would leave.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CardOption {
    /// Names it in a [`Choice`].
    pub id: String,
    /// Which card it is of.
    pub card: String,
    /// What the card is called.
    pub label: LocalText,
    /// The card's issuer.
    pub issuer_name: LocalText,
    /// Whose it is.
    pub holder_line: String,
    /// In which format it would be shown.
    pub format: Format,
    /// How the card stands.
    pub state: CardState,
    /// What would leave.
    pub leaves: Vec<ClaimView>,
    /// What would stay.
    pub stays: Vec<ClaimView>,
    /// How often the copy that would be shown was shown before.
    pub reuse: Reuse,
    /// What the holder should know first.
    pub warnings: Vec<Warning>,
}

impl fmt::Debug for ConsentRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsentRequest")
            .field("id", &self.id)
            .field("verifier", &self.verifier)
            .field("purpose", &self.purpose)
            .field("confirmations", &self.confirmations.len())
            .field("questions", &self.questions)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question")
            .field("id", &self.id)
            .field("optional", &self.optional)
            .field("set", &self.set)
            .field("multiple", &self.multiple)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CardOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CardOption")
            .field("id", &self.id)
            .field("card", &self.card)
            .field("format", &self.format)
            .field("state", &self.state)
            .field("leaves", &self.leaves)
            .field("reuse", &self.reuse)
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}

/// What the holder should know before she says yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Warning {
    /// The card is suspended, revoked, expired or not to be trusted: the verifier will refuse it.
    NotInForce,
    /// How the card stands is not known.
    StateUnknown,
    /// The card can only be shown as a whole.
    ShownWhole,
    /// Another verifier has seen this very credential: the two could find out that they have met the same holder.
    SeenByAnother,
}

/// Which credentials answer which question. A question that is not named is answered by its first option, or, if it is
/// optional and nothing of its set is named, not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice(BTreeMap<String, Vec<String>>);

impl Choice {
    /// The first option of every question.
    #[must_use]
    pub fn first() -> Self {
        Self::default()
    }

    /// The same with this option for this question.
    #[must_use]
    pub fn with(mut self, question: &str, option: &str) -> Self {
        self.0.insert(question.to_owned(), vec![option.to_owned()]);
        self
    }

    /// The same with this option too for this question, beside those it has.
    #[must_use]
    pub fn also(mut self, question: &str, option: &str) -> Self {
        self.0.entry(question.to_owned()).or_default().push(option.to_owned());
        self
    }

    /// The options that were named for a question.
    #[must_use]
    pub fn of(&self, question: &str) -> &[String] {
        self.0.get(question).map_or(&[], Vec::as_slice)
    }
}

impl ConsentRequest {
    /// Whether a question of this set is answered though a choice does not name it: it must be answered, or another one of its set
    /// is named.
    pub(super) fn is_wanted(&self, set: Option<u32>, choice: &Choice) -> bool {
        let mut of_set = self.questions.iter().filter(|other| other.set == set);
        set.is_none() || of_set.any(|other| !choice.of(&other.id).is_empty())
    }
}

impl FromIterator<(String, String)> for Choice {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        pairs.into_iter().fold(Self::default(), |choice, (question, option)| choice.with(&question, &option))
    }
}

/// A request that waits for the holder.
pub(crate) struct Pending {
    pub(crate) request: CheckedRequest,
    pub(crate) encryption: Option<Encryption>,
    pub(crate) expires: Option<UnixMillis>,
    pub(crate) asked: Asked,
    pub(crate) questions: Vec<OpenQuestion>,
    /// How it is answered if not over the network.
    pub(crate) offline: Option<Offline>,
    /// What the holder was asked.
    pub(crate) consent: ConsentRequest,
    /// Set once it is answered or declined: whoever sets it does so, and nobody else.
    pub(crate) taken: AtomicBool,
}

impl Pending {
    /// Takes it for an answer. `false` if somebody else has.
    pub(super) fn take(&self) -> bool {
        !self.taken.swap(true, Ordering::AcqRel)
    }

    /// Whether somebody has.
    pub(super) fn is_taken(&self) -> bool {
        self.taken.load(Ordering::Acquire)
    }
}

pub(crate) struct OpenQuestion {
    pub(crate) id: QueryId,
    /// The optional set that it belongs to, which is answered as a whole or not at all; `None` if it must be answered.
    pub(crate) set: Option<u32>,
    pub(crate) multiple: bool,
    /// What its answer authorises.
    pub(crate) confirms: Vec<TransactionData>,
    pub(crate) options: Vec<OpenOption>,
}

#[derive(Clone)]
pub(crate) struct OpenOption {
    pub(crate) card: String,
    pub(crate) credential: String,
    pub(crate) paths: Vec<ClaimPath>,
    /// How many other verifiers had seen it when the holder was asked.
    pub(crate) others: u32,
    pub(crate) shared: log::Shared,
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A request with these questions.
    pub(in crate::present) fn asking(questions: Vec<Question>) -> ConsentRequest {
        let text = || LocalText::new("", "");
        let did = "did:hui:anhui:z4BZp8kTwvfpymf84mHQuVYmFoUEW".parse();
        let Ok(did) = did else { unreachable!("a DID") };
        ConsentRequest {
            id: "1".to_owned(),
            verifier: Verifier { did, name: text(), host: String::new(), as_of: UnixMillis(0) },
            purpose: String::new(),
            purpose_name: text(),
            legal_basis: LegalBasis::Consent,
            legal_text: text(),
            retention_days: 0,
            expires: None,
            confirmations: Vec::new(),
            questions,
        }
    }
}
