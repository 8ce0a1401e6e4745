//! DPoP proofs as a wallet makes them, and ones with a flaw.

use credentials::jws::{self, Header};
use credentials::key::{Algorithm, Signer, SoftwareKey};
use protocol::dpop::{DPOP_TYPE, DpopClaims};
use rand_core::{OsRng, RngCore};

use crate::http::{Answer, encode};
use crate::world::World;

pub struct Prover {
    pub key: SoftwareKey,
}

impl Prover {
    pub fn new() -> Self {
        Self { key: SoftwareKey::generate(Algorithm::Es256, &mut OsRng) }
    }

    pub fn thumbprint(&self) -> String {
        self.key.public_key().thumbprint()
    }

    pub fn header(&self) -> Header {
        Header::typed(DPOP_TYPE).with_jwk(self.key.public_key().to_jwk())
    }

    /// The claims of a proof that is right.
    pub fn claims(&self, world: &World, path: &str, token: Option<&str>, nonce: &str) -> DpopClaims {
        let address = format!("{}{path}", world.base()).parse().expect("address");
        let jti = format!("{:016x}", OsRng.next_u64());
        DpopClaims::new(&jti, "POST", &address, world.now()).with_token(token).with_nonce(Some(nonce))
    }

    pub fn sign(&self, header: &Header, claims: &DpopClaims) -> String {
        jws::sign(header, claims, &self.key).expect("signed")
    }

    /// A proof that is right.
    pub fn proof(&self, world: &World, path: &str, token: Option<&str>, nonce: &str) -> String {
        self.sign(&self.header(), &self.claims(world, path, token, nonce))
    }

    /// A nonce of the server's, which it gives to whoever comes without one.
    pub async fn nonce(&self, world: &World) -> String {
        let proof = self.proof(world, "/token", None, "none");
        let answer =
            form(world, "/token", &proof, &[("grant_type", "refresh_token"), ("refresh_token", "x")]).await;
        assert_eq!((answer.status, answer.oauth_error().as_str()), (400, "use_dpop_nonce"));
        answer.header("dpop-nonce").to_owned()
    }

    /// Asks for a credential with a token that is bound to this key.
    pub async fn ask(&self, world: &World, token: &str, body: &serde_json::Value) -> Answer {
        let nonce = self.nonce(world).await;
        let proof = self.proof(world, "/credential", Some(token), &nonce);
        ask(world, token, &proof, body).await
    }
}

/// A form with a proof.
pub async fn form(world: &World, path: &str, proof: &str, form: &[(&str, &str)]) -> Answer {
    let headers =
        [("content-type", "application/x-www-form-urlencoded".to_owned()), ("dpop", proof.to_owned())];
    world.http.post_with(path, &headers, encode(form)).await
}

/// A credential request with a proof.
pub async fn ask(world: &World, token: &str, proof: &str, body: &serde_json::Value) -> Answer {
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("authorization", format!("DPoP {token}")),
        ("dpop", proof.to_owned()),
    ];
    world.http.post_with("/credential", &headers, body.to_string()).await
}
