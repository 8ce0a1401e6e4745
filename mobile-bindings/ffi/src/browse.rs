//! Looking through the wallet: cards by pages, whose they are, and the log.

use std::time::SystemTime;

use wallet_core::ports::UnixMillis;

use crate::{
    card::Card,
    error::WalletError,
    log::LogEntry,
    text::{LocalText, each},
    time,
    wallet::Wallet,
};

/// What is looked for in the log; what is not set is not looked at.
#[derive(Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct LogQuery {
    /// Stands somewhere in a name, a purpose, a claim or its label, in any case.
    #[uniffi(default = None)]
    pub text: Option<String>,
    /// By or to the verifier of this DID.
    #[uniffi(default = None)]
    pub verifier: Option<String>,
    /// Of the card of this id.
    #[uniffi(default = None)]
    pub card: Option<String>,
    /// Not before.
    #[uniffi(default = None)]
    pub since: Option<SystemTime>,
    /// Before.
    #[uniffi(default = None)]
    pub until: Option<SystemTime>,
    /// Only where something left.
    #[uniffi(default = false)]
    pub shared_only: bool,
}

/// Somebody whose cards are in the wallet: a person, or a firm that she acts for. Personal.
#[derive(Clone, uniffi::Record)]
pub struct CardHolder {
    /// A company, or a person.
    pub is_company: bool,
    /// The name on its cards; empty for cards that don't say whose they are.
    pub name: String,
    /// Its cards' ids, the newest first.
    pub cards: Vec<String>,
    /// Of a company: the mandates, among its cards, by which this wallet's person acts for it.
    pub mandates: Vec<String>,
}

/// A complaint to the regulator, with blanks for who complains. It names claims, never their values.
#[derive(Clone, uniffi::Record)]
pub struct ComplaintDraft {
    /// What it is about, in a line.
    pub subject: LocalText,
    /// The letter.
    pub body: LocalText,
}

#[uniffi::export]
impl Wallet {
    /// At most `limit` cards after the card `after`, the newest first: what a long list shows at once.
    #[uniffi::method(default(after = None, limit = 50))]
    pub async fn cards_page(&self, after: Option<String>, limit: u32) -> Result<Vec<Card>, WalletError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(each(self.unlocked()?.cards_page(after.as_deref(), limit)?))
    }

    /// Whose cards these are: the person's, and those of the companies that she acts for.
    pub async fn holders(&self) -> Result<Vec<CardHolder>, WalletError> {
        Ok(each(self.unlocked()?.holders()?))
    }

    /// The ids of the cards that are there and can't be read: the disk, or somebody, changed them. They can't be shown to anybody, and
    /// no backup has them; their holder collects them again, and deletes what is left (`delete_card`). Opens every card, so ask once
    /// after the first list is there: lists then say `Damaged` of them.
    pub async fn unreadable_cards(&self) -> Result<Vec<String>, WalletError> {
        Ok(self.unlocked()?.unreadable_cards()?)
    }

    /// At most `limit` entries of the log in which `text` stands, in a name, a purpose or a claim, the newest first: `find_in_log` by
    /// words alone.
    #[uniffi::method(default(before = None, limit = 50))]
    pub async fn search_log(
        &self,
        text: String,
        before: Option<String>,
        limit: u32,
    ) -> Result<Vec<LogEntry>, WalletError> {
        self.find_in_log(LogQuery { text: Some(text), ..LogQuery::default() }, before, limit).await
    }

    /// At most `limit` entries of the log that fit a query, those before the entry `before` if it is given, the newest first.
    #[uniffi::method(default(before = None, limit = 50))]
    pub async fn find_in_log(
        &self,
        query: LogQuery,
        before: Option<String>,
        limit: u32,
    ) -> Result<Vec<LogEntry>, WalletError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(each(self.unlocked()?.search_log(&query.try_into()?, before.as_deref(), limit)?))
    }

    /// Deletes all entries of the log from before a time, and says how many.
    pub async fn delete_log_before(&self, time: SystemTime) -> Result<u64, WalletError> {
        let time = UnixMillis(time::millis(time));
        Ok(self.unlocked()?.delete_log_before(time).await? as u64)
    }

    /// A complaint drafted from an entry of the log; none if there is nobody to complain about. Nothing is sent.
    pub async fn draft_complaint(&self, entry: String) -> Result<Option<ComplaintDraft>, WalletError> {
        let draft = self.unlocked()?.draft_complaint(&entry)?;
        Ok(draft.map(|draft| ComplaintDraft { subject: draft.subject.into(), body: draft.body.into() }))
    }
}

impl TryFrom<LogQuery> for wallet_core::LogQuery {
    type Error = WalletError;

    fn try_from(query: LogQuery) -> Result<Self, WalletError> {
        let LogQuery { text, verifier, card, since, until, shared_only } = query;
        let no_did = |_| WalletError::FixApp { reason: "a verifier is looked for by its DID".to_owned() };
        Ok(Self {
            text,
            verifier: verifier.map(|did| did.parse().map_err(no_did)).transpose()?,
            card,
            from: since.map(|time| UnixMillis(time::millis(time))),
            until: until.map(|time| UnixMillis(time::millis(time))),
            shared_only,
        })
    }
}

impl From<wallet_core::HolderOfCards> for CardHolder {
    fn from(holder: wallet_core::HolderOfCards) -> Self {
        let wallet_core::HolderOfCards { is_company, name, cards, mandates } = holder;
        Self { is_company, name, cards, mandates }
    }
}
