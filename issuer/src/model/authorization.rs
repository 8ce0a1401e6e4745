//! An authorization: from a wallet's pushed request, through its holder's login and consent, to a code that is used once.

use credentials::UnixSeconds;
use protocol::pkce::CodeChallenge;
use protocol::{RedirectUri, Secret};
use serde::{Deserialize, Serialize};

use super::Id;

/// One authorization. Its request reference, browser secret and code are not in it: they are derived from its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    /// Its name.
    pub id: Id,
    /// The wallet's client id.
    pub client: String,
    /// Where the browser goes back to.
    pub redirect_uri: RedirectUri,
    /// The wallet's own state.
    pub state: Option<String>,
    /// What the code's verifier must fit.
    pub challenge: CodeChallenge,
    /// The credential configurations asked for, all of one credential type; at least one.
    pub configurations: Vec<String>,
    /// Asked for by `authorization_details`: then the token names identifiers.
    pub by_details: bool,
    /// The offer that led here.
    pub offer: Option<Id>,
    /// Thumbprint of the key that the code is bound to, if the wallet said so beforehand.
    pub key: Option<String>,
    /// When the present stage ends.
    pub expires_at: UnixSeconds,
    /// Where it stands.
    pub stage: Stage,
}

/// Where an authorization stands. It only ever goes forward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Stage {
    /// Pushed; its reference was not used.
    Pushed,
    /// A browser has it and logs its user in.
    Opened,
    /// Whoever logged in may collect this.
    Identified {
        /// The application.
        application: Id,
    },
    /// The holder agreed: the code is out.
    Agreed {
        /// The application.
        application: Id,
    },
    /// The code was used.
    Redeemed {
        /// The offer that its tokens stand for.
        offer: Id,
    },
    /// The holder said no, or the code was shown by somebody who may not have it.
    Over,
}

/// Why an authorization can't go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// It is at another stage: the step was taken before.
    #[error("this step was taken before")]
    Before,
    /// Its time is over.
    #[error("its time is over")]
    Expired,
}

/// Why a code is not redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeRefused {
    /// It was used: the tokens for this offer are revoked, for one of the two who have it stole it (RFC 6749 §4.1.2).
    #[error("the code was used before")]
    Used {
        /// The offer.
        offer: Id,
    },
    /// No code is out, or its time is over.
    #[error("the code is unknown or expired")]
    Unknown,
    /// It was given to another client, address or key, or the verifier does not fit. The code is void from here on.
    #[error("the code was given to somebody else")]
    Another,
}

/// What a wallet shows to redeem a code.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The client id.
    pub client: String,
    /// Where the code came to.
    pub redirect_uri: String,
    /// What the challenge was made of.
    pub verifier: Secret,
    /// Thumbprint of the DPoP key.
    pub key: String,
}

impl Authorization {
    /// The reference is used: by one browser, once (RFC 9126 §4, HAIP 1.0 §4.3).
    pub fn open(&mut self, until: UnixSeconds, now: UnixSeconds) -> Result<(), Stopped> {
        match self.stage {
            Stage::Pushed if now < self.expires_at => self.go(Stage::Opened, until),
            Stage::Pushed => Err(Stopped::Expired),
            _ => Err(Stopped::Before),
        }
    }

    /// The user is known, and may collect what was approved in this application.
    pub fn identify(&mut self, application: Id, until: UnixSeconds, now: UnixSeconds) -> Result<(), Stopped> {
        match self.stage {
            Stage::Opened if now < self.expires_at => self.go(Stage::Identified { application }, until),
            Stage::Opened => Err(Stopped::Expired),
            _ => Err(Stopped::Before),
        }
    }

    /// The holder agrees: the code counts until then.
    pub fn agree(&mut self, until: UnixSeconds, now: UnixSeconds) -> Result<(), Stopped> {
        match self.stage {
            Stage::Identified { application } if now < self.expires_at => {
                self.go(Stage::Agreed { application }, until)
            }
            Stage::Identified { .. } => Err(Stopped::Expired),
            _ => Err(Stopped::Before),
        }
    }

    /// The holder says no, or has nothing to collect.
    pub fn decline(&mut self) -> Result<(), Stopped> {
        match self.stage {
            Stage::Opened | Stage::Identified { .. } => {
                self.stage = Stage::Over;
                Ok(())
            }
            _ => Err(Stopped::Before),
        }
    }

    /// Redeems the code for tokens that stand for `offer`, and says for which application. A code that is shown wrongly is
    /// void: whoever guesses has one guess.
    pub fn redeem(&mut self, shown: &Shown, offer: Id, now: UnixSeconds) -> Result<Id, CodeRefused> {
        let application = match self.stage {
            Stage::Agreed { application } if now < self.expires_at => application,
            Stage::Redeemed { offer } => return Err(CodeRefused::Used { offer }),
            _ => return Err(CodeRefused::Unknown),
        };
        let fits = self.client == shown.client
            && self.redirect_uri.as_str() == shown.redirect_uri
            && self.challenge.is_of(&shown.verifier)
            && self.key.as_ref().is_none_or(|key| *key == shown.key);
        if !fits {
            self.stage = Stage::Over;
            return Err(CodeRefused::Another);
        }
        self.stage = Stage::Redeemed { offer };
        Ok(application)
    }

    fn go(&mut self, stage: Stage, until: UnixSeconds) -> Result<(), Stopped> {
        self.stage = stage;
        self.expires_at = until;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::OsRng;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn pushed() -> Authorization {
        Authorization {
            id: Id::new(1, &mut OsRng),
            client: "wallet".into(),
            redirect_uri: RedirectUri::parse("https://w.example/cb").expect("uri"),
            state: None,
            challenge: CodeChallenge::of(&VERIFIER.into()),
            configurations: vec!["digital-id-vc".into()],
            by_details: false,
            offer: None,
            key: Some("thumbprint".into()),
            expires_at: UnixSeconds(60),
            stage: Stage::Pushed,
        }
    }

    fn shown() -> Shown {
        Shown {
            client: "wallet".into(),
            redirect_uri: "https://w.example/cb".into(),
            verifier: VERIFIER.into(),
            key: "thumbprint".into(),
        }
    }

    fn agreed(application: Id) -> Authorization {
        let mut it = pushed();
        it.open(UnixSeconds(600), UnixSeconds(1)).expect("opened");
        it.identify(application, UnixSeconds(600), UnixSeconds(2)).expect("identified");
        it.agree(UnixSeconds(60), UnixSeconds(3)).expect("agreed");
        it
    }

    #[test]
    fn each_step_is_taken_once_and_in_time() {
        let application = Id::new(1, &mut OsRng);
        let mut it = agreed(application);
        assert_eq!(it.open(UnixSeconds(9), UnixSeconds(1)), Err(Stopped::Before));
        assert_eq!(it.identify(application, UnixSeconds(9), UnixSeconds(1)), Err(Stopped::Before));
        assert_eq!(it.agree(UnixSeconds(9), UnixSeconds(1)), Err(Stopped::Before));
        assert_eq!(it.decline(), Err(Stopped::Before));
        assert_eq!(pushed().open(UnixSeconds(600), UnixSeconds(60)), Err(Stopped::Expired));
        let mut late = pushed();
        late.open(UnixSeconds(600), UnixSeconds(1)).expect("opened");
        assert_eq!(late.identify(application, UnixSeconds(900), UnixSeconds(600)), Err(Stopped::Expired));
    }

    #[test]
    fn a_code_is_redeemed_once_by_whom_it_was_given_to() {
        let (application, offer) = (Id::new(1, &mut OsRng), Id::new(1, &mut OsRng));
        let mut it = agreed(application);
        assert_eq!(it.redeem(&shown(), offer, UnixSeconds(59)), Ok(application));
        assert_eq!(
            it.redeem(&shown(), Id::new(1, &mut OsRng), UnixSeconds(59)),
            Err(CodeRefused::Used { offer })
        );
        assert_eq!(agreed(application).redeem(&shown(), offer, UnixSeconds(60)), Err(CodeRefused::Unknown));
        assert_eq!(pushed().redeem(&shown(), offer, UnixSeconds(1)), Err(CodeRefused::Unknown));
    }

    #[test]
    fn a_code_shown_by_another_is_void_even_for_the_right_one() {
        let (application, offer) = (Id::new(1, &mut OsRng), Id::new(1, &mut OsRng));
        let wrong = [
            Shown { client: "other".into(), ..shown() },
            Shown { redirect_uri: "https://w.example/other".into(), ..shown() },
            Shown { verifier: VERIFIER.to_lowercase().as_str().into(), ..shown() },
            Shown { key: "another".into(), ..shown() },
        ];
        for wrong in wrong {
            let mut it = agreed(application);
            assert_eq!(it.redeem(&wrong, offer, UnixSeconds(4)), Err(CodeRefused::Another), "{wrong:?}");
            assert_eq!(it.redeem(&shown(), offer, UnixSeconds(4)), Err(CodeRefused::Unknown));
        }
    }
}
