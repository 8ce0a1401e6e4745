//! A holder without a wallet: a key, and nobody who stops it.

use credentials::data_integrity::Presenting;
use credentials::jws::{self, Header};
use credentials::key::{Algorithm, Signer as _, SoftwareKey};
use credentials::{ClaimPath, UnixSeconds, sd_jwt};
use protocol::limits::Form;
use protocol::openid4vci::{PRE_AUTHORIZED_CODE, PROOF_TYPE};
use rand_core::OsRng;
use serde_json::{Value, json};

use crate::desk::text;
use crate::{Answer, Desk, Offer};

/// A key of one's own.
pub struct Rogue {
    key: SoftwareKey,
}

impl Default for Rogue {
    fn default() -> Self {
        Self { key: SoftwareKey::generate(Algorithm::Es256, &mut OsRng) }
    }
}

impl Rogue {
    /// Its key.
    pub fn key(&self) -> &SoftwareKey {
        &self.key
    }

    /// Its public key.
    pub fn public_key(&self) -> &credentials::key::PublicKey {
        self.key.public_key()
    }

    /// Tries to redeem an offer's code.
    pub async fn redeem(&self, desk: &Desk, offer: &Offer, tx_code: &str) -> Answer {
        let form = Form::default()
            .with("grant_type", Some(PRE_AUTHORIZED_CODE))
            .with("pre-authorized_code", Some(&offer.code))
            .with("tx_code", Some(tx_code));
        desk.http.post_form(&format!("{}/token", desk.url), &form).await
    }

    /// An access token for an offer.
    pub async fn token(&self, desk: &Desk, offer: &Offer) -> String {
        text(&self.redeem(desk, offer, &offer.tx_code).await.must(200), "access_token")
    }

    /// A nonce for a proof.
    pub async fn nonce(&self, desk: &Desk) -> String {
        let answer = desk.http.post_json(&format!("{}/nonce", desk.url), None, &json!({})).await;
        text(&answer.must(200), "c_nonce")
    }

    /// A proof of the key for this issuer.
    pub fn proof(&self, issuer: &str, nonce: &str) -> String {
        let header = Header::typed(PROOF_TYPE).with_jwk(self.public_key().to_jwk());
        let claims = json!({"aud": issuer, "iat": now().0, "nonce": nonce});
        jws::sign(&header, &claims, &self.key).expect("signed")
    }

    /// Asks for a credential with a proof.
    pub async fn ask(&self, desk: &Desk, token: &str, configuration: &str, proof: &str) -> Answer {
        let body = json!({"credential_configuration_id": configuration, "proofs": {"jwt": [proof]}});
        desk.http.post_json(&format!("{}/credential", desk.url), Some(token), &body).await
    }

    /// Asks with a proof that is right.
    pub async fn ask_rightly(&self, desk: &Desk, token: &str, configuration: &str) -> Answer {
        let proof = self.proof(&desk.url, &self.nonce(desk).await);
        self.ask(desk, token, configuration, &proof).await
    }

    /// Takes an offer up: one credential for each configuration, bound to this key.
    pub async fn collect<const N: usize>(
        &self,
        desk: &Desk,
        offer: &Offer,
        configurations: [&str; N],
    ) -> [Value; N] {
        let token = self.token(desk, offer).await;
        let mut credentials = [const { Value::Null }; N];
        for (place, configuration) in credentials.iter_mut().zip(configurations) {
            let answer = self.ask_rightly(desk, &token, configuration).await.must(200);
            *place = answer["credentials"][0]["credential"].clone();
        }
        credentials
    }

    /// Presents a credential, its own or not: signs for this audience and nonce with this key. Of an SD-JWT VC it
    /// discloses these claims; a W3C credential shows whole.
    pub fn present(&self, credential: &Value, audience: &str, nonce: &str, claims: &[&str]) -> Value {
        let Some(text) = credential.as_str() else { return self.present_whole(credential, audience, nonce) };
        let paths: Vec<_> = claims.iter().map(|name| ClaimPath::top(name)).collect();
        let credential = sd_jwt::Unverified::parse(text).expect("an SD-JWT VC");
        let selected = credential.select(&paths).expect("claims that are there");
        selected.bind(audience, nonce, now()).expect("bound").sign(&self.key).expect("signed").into()
    }

    fn present_whole(&self, credential: &Value, audience: &str, nonce: &str) -> Value {
        let presenting = Presenting {
            holder: &self.public_key().did_key(),
            credentials: vec![credential.clone()],
            challenge: nonce,
            domain: audience,
            created: now(),
        };
        presenting.sign(&self.key).expect("signed")
    }
}

/// The time.
pub(crate) fn now() -> UnixSeconds {
    UnixSeconds(service::clock::now().seconds())
}
