//! What an answer would let verifiers find out about its holder beside its claims.

use std::collections::HashMap;

use wallet_core::Link;

use crate::{consent::choice, error::WalletError, wallet::Wallet};

/// A way by which an answer links its holder. Show it beside the warnings, before she answers.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum HolderLink {
    /// Cards that don't tell by themselves that they are of one person do so when they are shown together.
    Together {
        /// The questions that they answer.
        questions: Vec<String>,
    },
    /// Other verifiers have seen this very copy, for there was no unused one left: they could compare notes.
    Reused {
        /// The question that it answers.
        question: String,
        /// How many others.
        others: u32,
    },
}

#[uniffi::export]
impl Wallet {
    /// What would link the holder if she answered so; `choice` as for `present`. Nothing for a request that is not open any more.
    /// It reads no disk and asks nobody: ask it again whenever she chooses another card. With `WalletConfig.refuse_links`, such an
    /// answer does not leave.
    #[uniffi::method(default(choice))]
    pub fn links(
        &self,
        consent_id: &str,
        choice: HashMap<String, Vec<String>>,
    ) -> Result<Vec<HolderLink>, WalletError> {
        let links = self.unlocked()?.links(consent_id, &self::choice(choice)?);
        Ok(links.into_iter().map(HolderLink::from).collect())
    }
}

impl From<Link> for HolderLink {
    fn from(link: Link) -> Self {
        match link {
            Link::Together { questions } => Self::Together { questions },
            Link::Reused { question, others } => Self::Reused { question, others },
        }
    }
}
