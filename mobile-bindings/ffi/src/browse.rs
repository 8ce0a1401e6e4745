//! Looking through the wallet: cards by pages, whose they are, and the log.

use wallet_core::LogQuery;

use crate::{
    card::Card,
    error::WalletError,
    log::LogEntry,
    text::{LocalText, each},
    wallet::Wallet,
};

/// Somebody whose cards are in the wallet: a person, or a firm that she acts for. Personal.
#[derive(Clone, uniffi::Record)]
pub struct CardHolder {
    /// A company, or a person.
    pub is_company: bool,
    /// The name on its cards.
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
    /// At most `limit` cards after the card `after`, the newest first: what a long list shows. Opens no other card.
    #[uniffi::method(default(after = None, limit = 50))]
    pub async fn cards_page(&self, after: Option<String>, limit: u32) -> Result<Vec<Card>, WalletError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(each(self.unlocked()?.cards_page(after.as_deref(), limit)?))
    }

    /// Whose cards these are: the person's, and those of the companies that she acts for.
    pub async fn holders(&self) -> Result<Vec<CardHolder>, WalletError> {
        Ok(each(self.unlocked()?.holders()?))
    }

    /// At most `limit` entries of the log in which `text` stands, in a name, a purpose or a claim, the newest first.
    #[uniffi::method(default(before = None, limit = 50))]
    pub async fn search_log(
        &self,
        text: String,
        before: Option<String>,
        limit: u32,
    ) -> Result<Vec<LogEntry>, WalletError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let query = LogQuery { text: Some(text), ..LogQuery::default() };
        Ok(each(self.unlocked()?.search_log(&query, before.as_deref(), limit)?))
    }

    /// A complaint drafted from an entry of the log; none if there is nobody to complain about. Nothing is sent.
    pub async fn draft_complaint(&self, entry: String) -> Result<Option<ComplaintDraft>, WalletError> {
        let draft = self.unlocked()?.draft_complaint(&entry)?;
        Ok(draft.map(|draft| ComplaintDraft { subject: draft.subject.into(), body: draft.body.into() }))
    }
}

impl From<wallet_core::HolderOfCards> for CardHolder {
    fn from(holder: wallet_core::HolderOfCards) -> Self {
        let wallet_core::HolderOfCards { is_company, name, cards, mandates } = holder;
        Self { is_company, name, cards, mandates }
    }
}
