//! An offer: the right to collect approved credentials once, for a short time, with a transaction code.

use std::collections::BTreeMap;

use credentials::UnixSeconds;
use serde::{Deserialize, Serialize};

use super::Id;

/// Wrong transaction codes after which an offer is locked for good.
pub const MAX_WRONG_CODES: u8 = 5;

/// One offer (OpenID4VCI 1.0 §4.1). Its codes are not in it: they are derived from its name (`seals`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its name.
    pub id: Id,
    /// The application it lets collect.
    pub application: Id,
    /// The credential configurations it grants.
    pub configurations: Vec<String>,
    /// What it may replace: configuration → the credential that was issued when the offer was made. Empty unless the
    /// applicant asked for a new offer. Once replaced, another credential stands there, so one offer replaces it once.
    #[serde(default)]
    pub replaces: BTreeMap<String, Id>,
    /// When it stops counting unless redeemed before.
    pub expires_at: UnixSeconds,
    /// Where it stands.
    pub state: OfferState,
}

/// Where an offer stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum OfferState {
    /// Can be redeemed.
    Open {
        /// Wrong transaction codes so far.
        wrong_codes: u8,
    },
    /// Too many wrong transaction codes.
    Locked,
    /// Redeemed for an access token.
    Redeemed {
        /// The credential configurations whose identifiers the wallet asked for by `authorization_details`; empty
        /// when it didn't, and then it asks by configuration id.
        identifiers: Vec<String>,
    },
    /// A newer offer took its place.
    Replaced,
}

/// How an attempt to redeem an offer ended. All but [`Redemption::Granted`] and [`Redemption::WrongCode`] leave it as
/// it was; both of those must be stored before anybody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redemption {
    /// Redeemed now.
    Granted,
    /// Wrong transaction code; so many attempts are left, and at 0 the offer is locked.
    WrongCode {
        /// Attempts left.
        left: u8,
    },
    /// Locked by wrong codes before.
    Locked,
    /// Redeemed before.
    Used,
    /// Its time is over.
    Expired,
    /// A newer offer took its place.
    Replaced,
}

impl Offer {
    /// A new one, open until `expires_at`.
    pub fn open(id: Id, application: Id, configurations: Vec<String>, expires_at: UnixSeconds) -> Self {
        let (replaces, state) = (BTreeMap::new(), OfferState::Open { wrong_codes: 0 });
        Self { id, application, configurations, replaces, expires_at, state }
    }

    /// One that is redeemed from its beginning: its holder was authorised by logging in.
    pub fn granted(id: Id, application: Id, configurations: Vec<String>, identifiers: Vec<String>) -> Self {
        let offer = Self::open(id, application, configurations, UnixSeconds(0));
        Self { state: OfferState::Redeemed { identifiers }, ..offer }
    }

    /// The same, and these credentials may be replaced with it.
    #[must_use]
    pub fn replacing(self, replaces: BTreeMap<String, Id>) -> Self {
        Self { replaces, ..self }
    }

    /// Whether it can still be redeemed at `now`.
    pub fn is_open(&self, now: UnixSeconds) -> bool {
        matches!(self.state, OfferState::Open { .. }) && now < self.expires_at
    }

    /// Redeems it, or counts a wrong code. An expired offer says so whatever the code, so that nothing is learnt from it.
    pub fn redeem(&mut self, code_is_right: bool, identifiers: Vec<String>, now: UnixSeconds) -> Redemption {
        let wrong_codes = match self.state {
            OfferState::Locked => return Redemption::Locked,
            OfferState::Redeemed { .. } => return Redemption::Used,
            OfferState::Replaced => return Redemption::Replaced,
            OfferState::Open { .. } if now >= self.expires_at => return Redemption::Expired,
            OfferState::Open { wrong_codes } => wrong_codes,
        };
        if code_is_right {
            self.state = OfferState::Redeemed { identifiers };
            return Redemption::Granted;
        }
        let wrong_codes = wrong_codes.saturating_add(1);
        let left = MAX_WRONG_CODES.saturating_sub(wrong_codes);
        self.state = if left == 0 { OfferState::Locked } else { OfferState::Open { wrong_codes } };
        Redemption::WrongCode { left }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::OsRng;

    fn offer() -> Offer {
        let (id, application) = (Id::new(1, &mut OsRng), Id::new(1, &mut OsRng));
        Offer::open(id, application, vec!["digital-id-vc".into()], UnixSeconds(100))
    }

    #[test]
    fn five_wrong_codes_lock_it_even_for_the_right_one() {
        let mut offer = offer();
        for left in [4, 3, 2, 1, 0] {
            assert_eq!(offer.redeem(false, vec![], UnixSeconds(1)), Redemption::WrongCode { left });
        }
        assert_eq!(offer.redeem(true, vec![], UnixSeconds(1)), Redemption::Locked);
    }

    #[test]
    fn it_is_redeemed_once() {
        let mut offer = offer();
        assert_eq!(offer.redeem(false, vec![], UnixSeconds(1)), Redemption::WrongCode { left: 4 });
        assert_eq!(offer.redeem(true, vec![], UnixSeconds(1)), Redemption::Granted);
        assert_eq!(offer.redeem(true, vec![], UnixSeconds(1)), Redemption::Used);
    }

    #[test]
    fn the_last_second_is_over_at_expiry() {
        let mut offer = offer();
        assert!(offer.is_open(UnixSeconds(99)) && !offer.is_open(UnixSeconds(100)));
        assert_eq!(offer.redeem(true, vec![], UnixSeconds(100)), Redemption::Expired);
        assert_eq!(
            offer.redeem(true, vec![], UnixSeconds(99)),
            Redemption::Granted,
            "an expiry changes nothing"
        );
    }
}
