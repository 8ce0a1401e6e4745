//! What an issuer knows of its offers: which codes were taken, who may come back, and which keys have what. A key that asks
//! again gets the same again; another takes its place after a refresh alone, as at our own issuer.

use std::{collections::BTreeMap, path::Path};

use credentials::{
    jws,
    key::{Jwk, PublicKey},
};
use protocol::{
    dpop::{DPOP_TYPE, DpopClaims},
    limits::Form,
    openid4vci::{PRE_AUTHORIZED_CODE, REFRESH_TOKEN},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wallet_core::ports::{HttpRequest, HttpResponse};

use super::{
    issuer::{Issuer, Plan},
    status,
};

/// How long an access token counts, in seconds.
const TOKEN_LASTS: i64 = 300;

/// An offer, and what came of it.
pub(super) struct Offered {
    pub(super) plan: Plan,
    pub(super) given: Given,
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Given {
    redeemed: bool,
    /// The key that its tokens are bound to.
    phone: Option<String>,
    /// Which of its refresh tokens counts.
    rotation: u32,
    /// By configuration, the keys that have it.
    issued: BTreeMap<String, Vec<String>>,
    /// What other keys may take the place of.
    replaces: BTreeMap<String, Vec<String>>,
    /// By transaction id, what takes time.
    transactions: BTreeMap<String, Waiting>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Waiting {
    configuration: String,
    keys: Vec<Jwk>,
}

/// What the clerk says of what takes time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    Open,
    Approved,
    Rejected,
}

pub(super) fn refusal(number: u16, error: &str) -> HttpResponse {
    status(number, "application/json", json!({ "error": error }).to_string())
}

impl Given {
    /// Whether these keys may have it; noted if so.
    pub(super) fn give(&mut self, configuration: &str, keys: &[PublicKey]) -> bool {
        let keys: Vec<String> = keys.iter().map(PublicKey::thumbprint).collect();
        let may = match self.issued.get(configuration) {
            None => true,
            Some(before) if *before == keys => true,
            before => before == self.replaces.get(configuration),
        };
        if may {
            self.issued.insert(configuration.to_owned(), keys);
        }
        may
    }

    /// Notes what takes time.
    pub(super) fn defer(&mut self, offer: usize, configuration: &str, keys: &[PublicKey]) -> HttpResponse {
        let id = format!("transaction-{offer}-{}", self.transactions.len());
        let keys = keys.iter().map(PublicKey::to_jwk).collect();
        self.transactions.insert(id.clone(), Waiting { configuration: configuration.to_owned(), keys });
        deferred(&id)
    }
}

fn deferred(id: &str) -> HttpResponse {
    status(202, "application/json", json!({ "transaction_id": id, "interval": 10 }).to_string())
}

impl Issuer {
    /// Knows from now on what an issuer knew that kept it in this file and made the same offers, and keeps it there.
    pub(crate) fn kept_in(&self, file: &Path) {
        let known = std::fs::read(file).ok();
        let known: Vec<Given> = known.map_or_else(Vec::new, |known| serde_json::from_slice(&known).unwrap());
        for (offered, given) in self.offers.lock().unwrap().iter_mut().zip(known) {
            offered.given = given;
        }
        *self.kept.lock().unwrap() = Some(file.to_owned());
    }

    pub(super) fn keep(&self) {
        let Some(file) = self.kept.lock().unwrap().clone() else { return };
        let offers = self.offers.lock().unwrap();
        let known: Vec<_> = offers.iter().map(|offered| &offered.given).collect();
        std::fs::write(file, serde_json::to_vec(&known).unwrap()).unwrap();
    }

    /// The keys that have a credential of this configuration, by the offers that it was given for.
    pub(crate) fn issued(&self, configuration: &str) -> Vec<Vec<String>> {
        let offers = self.offers.lock().unwrap();
        offers.iter().filter_map(|offered| offered.given.issued.get(configuration).cloned()).collect()
    }

    pub(super) fn token(&self, request: &HttpRequest) -> HttpResponse {
        let form = Form::parse(&request.body).unwrap();
        let phone = self.shown(request, None);
        let mut offers = self.offers.lock().unwrap();
        let number = match form.get("grant_type") {
            Some(PRE_AUTHORIZED_CODE) => {
                let number = number(form.get("pre-authorized_code").unwrap(), "code-")[0];
                let Offered { plan, given } = &mut offers[number];
                if plan.with_tx_code && form.get("tx_code") != Some("123456") {
                    plan.attempts -= 1;
                    let mut refusal = json!({ "error": "invalid_grant" });
                    if plan.tells_attempts {
                        refusal["attempts_left"] = plan.attempts.into();
                    }
                    return status(400, "application/json", refusal.to_string());
                }
                if given.redeemed {
                    return refusal(400, "invalid_grant");
                }
                (given.redeemed, given.phone) = (true, phone);
                number
            }
            Some(REFRESH_TOKEN) => {
                let [number, rotation] = number(form.get("refresh_token").unwrap(), "refresh-")[..] else {
                    panic!("a token of ours")
                };
                let Offered { plan, given } = &mut offers[number];
                if phone.is_none() || phone != given.phone || rotation != given.rotation as usize {
                    return refusal(400, "invalid_grant");
                }
                given.replaces = given.issued.clone();
                given.rotation += u32::from(plan.rotates);
                number
            }
            other => panic!("{other:?}"),
        };
        let given = &offers[number].given;
        let mut token = json!({
            "access_token": format!("token-{number}-{}", self.clock.seconds() + TOKEN_LASTS),
            "token_type": if given.phone.is_some() { "DPoP" } else { "bearer" },
            "expires_in": TOKEN_LASTS,
        });
        if given.phone.is_some() {
            token["refresh_token"] = format!("refresh-{number}-{}", given.rotation).into();
        }
        super::json(&token)
    }

    /// The number of the offer whose token is sent along.
    pub(super) fn offer_of(&self, request: &HttpRequest) -> Result<usize, HttpResponse> {
        let sent = header(request, "authorization").unwrap();
        let (scheme, token) = sent.split_once(' ').unwrap();
        let [number, until] = number(token, "token-")[..] else { panic!("a token of ours") };
        let phone = (scheme == "DPoP").then(|| self.shown(request, Some(token))).flatten();
        let offers = self.offers.lock().unwrap();
        if i64::try_from(until).unwrap() <= self.clock.seconds() || phone != offers[number].given.phone {
            return Err(refusal(401, "invalid_token"));
        }
        Ok(number)
    }

    /// What took time. It is given once.
    pub(super) fn deferred(&self, request: &HttpRequest) -> HttpResponse {
        let offer = match self.offer_of(request) {
            Ok(offer) => offer,
            Err(refusal) => return refusal,
        };
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let id = body["transaction_id"].as_str().unwrap();
        let mut offers = self.offers.lock().unwrap();
        let Offered { plan, given } = &mut offers[offer];
        let Some(waiting) = given.transactions.get(id).cloned() else {
            return refusal(400, "invalid_transaction_id");
        };
        match *self.decision.lock().unwrap() {
            Decision::Open => deferred(id),
            Decision::Rejected => refusal(400, "credential_request_denied"),
            Decision::Approved => {
                given.transactions.remove(id);
                let keys: Vec<PublicKey> =
                    waiting.keys.iter().map(|jwk| PublicKey::from_jwk(jwk).unwrap()).collect();
                match given.give(&waiting.configuration, &keys) {
                    true => self.issue(offer, plan, &waiting.configuration, &keys),
                    false => refusal(400, "credential_request_denied"),
                }
            }
        }
    }

    /// The key that a request shows, by its thumbprint.
    fn shown(&self, request: &HttpRequest, token: Option<&str>) -> Option<String> {
        let proof = jws::Unverified::parse(header(request, "dpop")?).unwrap();
        let key = PublicKey::from_jwk(proof.header().jwk.as_ref().unwrap()).unwrap();
        let claims: DpopClaims = proof.verify(&key, DPOP_TYPE).unwrap().claims;
        claims.check("POST", &request.url, token, self.clock.seconds(), 300).unwrap();
        Some(key.thumbprint())
    }
}

fn header<'r>(request: &'r HttpRequest, wanted: &str) -> Option<&'r str> {
    request.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
}

/// The numbers in a code or token of ours.
fn number(text: &str, prefix: &str) -> Vec<usize> {
    let numbers = text.strip_prefix(prefix).unwrap_or_else(|| panic!("{text} is none of {prefix}"));
    numbers.split('-').map(|number| number.parse().unwrap()).collect()
}
