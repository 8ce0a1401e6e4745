//! A wallet's key, and the proofs it makes: right ones, and ones with a flaw.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credentials::jws::{self, Header};
use credentials::key::{Algorithm, Signer, SoftwareKey};
use rand_core::OsRng;
use serde_json::{Value, json};

use crate::world::World;

pub struct Wallet {
    pub key: SoftwareKey,
}

impl Wallet {
    pub fn new(algorithm: Algorithm) -> Self {
        Self { key: SoftwareKey::generate(algorithm, &mut OsRng) }
    }

    /// A proof that is right.
    pub fn proof(&self, world: &World, nonce: &str) -> String {
        self.sign(&self.header(), &Self::claims(world, nonce))
    }

    pub fn header(&self) -> Header {
        Header::typed("openid4vci-proof+jwt").with_jwk(self.key.public_key().to_jwk())
    }

    pub fn claims(world: &World, nonce: &str) -> Value {
        json!({"aud": world.base(), "iat": world.now(), "nonce": nonce})
    }

    pub fn sign(&self, header: &Header, claims: &Value) -> String {
        jws::sign(header, claims, &self.key).expect("signed")
    }

    /// A token whose parts are exactly these, signed or not.
    pub fn raw(header: &Value, claims: &Value, signature: &[u8]) -> String {
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        format!(
            "{}.{}.{}",
            part(header.to_string().as_bytes()),
            part(claims.to_string().as_bytes()),
            part(signature)
        )
    }

    /// The same as `sign`, with any header.
    pub fn sign_raw(&self, header: &Value, claims: &Value) -> String {
        let unsigned = Self::raw(header, claims, &[]);
        let input = unsigned.trim_end_matches('.');
        let signature = self.key.sign(input.as_bytes()).expect("signed");
        Self::raw(header, claims, &signature)
    }
}
