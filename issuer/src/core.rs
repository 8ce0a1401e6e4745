//! Everything the handlers share.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use credentials::jwe::DecryptionKey;
use protocol::Endpoint;
use registry::LocalText;
use service::{Lang, Problem, RateLimiter, Strings, Texts};
use store::Store;

use crate::accounts::Accounts;
use crate::audit::{Deed, Note as _, Noting};
use crate::authorize::Authorizations;
use crate::bulk::Bulk;
use crate::citizens::IdentitySource;
use crate::clock::{Clock, Moment};
use crate::config::{Policy, WalletClient};
use crate::desk::Desk;
use crate::issuance::{Issuance, Kinds};
use crate::keys::Keys;
use crate::ledger::Ledger;
use crate::metadata::Metadata;
use crate::metrics::Metrics;
use crate::model::Member;
use crate::offers::Offers;
use crate::onestop::OneStops;
use crate::seals::Seals;
use crate::status::{Served, Statuses};

/// What handlers get: cheap to clone.
pub(crate) type App = Arc<Core>;

/// One running issuer.
pub(crate) struct Core {
    pub(crate) name: LocalText,
    /// Whether everybody on its pages is made up.
    pub(crate) demonstration: bool,
    pub(crate) base: Endpoint,
    pub(crate) policy: Policy,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) kinds: Arc<Kinds>,
    pub(crate) metadata: Metadata,
    pub(crate) ledger: Ledger,
    pub(crate) seals: Arc<Seals>,
    pub(crate) store: Store,
    /// Where its files are, and a place for passing ones.
    pub(crate) folder: PathBuf,
    pub(crate) accounts: Accounts,
    pub(crate) bulk: Bulk,
    pub(crate) desk: Desk,
    /// Applications by client.
    pub(crate) arrivals: RateLimiter,
    pub(crate) offers: Offers,
    pub(crate) onestops: OneStops,
    pub(crate) authorizations: Authorizations,
    /// What requests may be encrypted to.
    pub(crate) encryption: DecryptionKey,
    /// Where citizens log in, if they do.
    pub(crate) citizens: Option<Arc<dyn IdentitySource>>,
    pub(crate) wallets: Vec<WalletClient>,
    pub(crate) issuance: Issuance,
    pub(crate) keys: Keys,
    pub(crate) statuses: Statuses,
    pub(crate) served: Served,
    pub(crate) metrics: Metrics,
}

/// The issuer's own texts.
pub(crate) static STRINGS: LazyLock<Strings> = LazyLock::new(|| {
    Strings::embedded(include_str!("../locales/zh.toml"), include_str!("../locales/en.toml"))
});

impl Core {
    /// The moment of a request: read once, at its start.
    pub(crate) fn now(&self) -> Moment {
        Moment::of(&self.clock)
    }

    /// Notes what a member of the staff does that changes nothing else: reading, handing out.
    pub(crate) async fn note(&self, by: &Member, deed: Deed) -> Result<(), Problem> {
        let noting = Noting::by(&by.actor(), self.now());
        noting.note_alone(&self.store, deed).await.map_err(Problem::internal)
    }

    /// The department's name in a language.
    pub(crate) fn name_in(&self, lang: Lang) -> &str {
        lang.pick(&self.name.zh, &self.name.en)
    }
}

/// The texts of a language.
pub(crate) fn texts(lang: Lang) -> Texts<'static> {
    STRINGS.of(lang)
}

#[cfg(test)]
mod tests {
    use super::STRINGS;

    #[test]
    fn every_text_exists_in_both_languages_and_none_is_missing() {
        assert_eq!(STRINGS.faults(), Vec::<String>::new());
        let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
        assert_eq!(STRINGS.used_but_missing(sources), Vec::<String>::new());
    }
}
