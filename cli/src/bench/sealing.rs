//! What a wallet does to its answer, by ring: so that what is measured is the counter, and not this machine playing phones beside it.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

use crate::fault::{Done, Fault, OrFault};

const ENC: &str = "A256GCM";
const BROKEN: &str = "this build is broken; report it";

/// The key that an answer is encrypted to, a JWK on P-256.
#[derive(Deserialize)]
pub(super) struct To<'a> {
    #[serde(borrow)]
    x: Cow<'a, str>,
    #[serde(borrow)]
    y: Cow<'a, str>,
    #[serde(borrow)]
    kid: Cow<'a, str>,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    enc: &'static str,
    kid: &'a str,
    epk: PublicKey,
}

#[derive(Serialize)]
struct PublicKey {
    kty: &'static str,
    crv: &'static str,
    x: String,
    y: String,
}

/// The message as a compact JWE (RFC 7516) by ECDH-ES on P-256 (RFC 7518 §4.6) to this key.
pub(super) fn seal(message: &[u8], to: &To<'_>) -> Done<String> {
    let failed = || Fault::new("an answer can't be encrypted", BROKEN);
    let todo = "the counter should ask for an encrypted answer";
    let [x, y] = [&to.x, &to.y].map(|coordinate| BASE64.decode(coordinate.as_bytes()));
    let (x, y) = (x.or_fault(todo)?, y.or_fault(todo)?);
    let kid = &to.kid;
    let to = UnparsedPublicKey::new(&ECDH_P256, [&[4], x.as_slice(), &y].concat());
    let random = SystemRandom::new();
    let ephemeral = EphemeralPrivateKey::generate(&ECDH_P256, &random).map_err(|_| failed())?;
    let public = ephemeral.compute_public_key().map_err(|_| failed())?;
    let point = public.as_ref();
    let (x, y) = (BASE64.encode(&point[1..33]), BASE64.encode(&point[33..]));
    let header = Header { alg: "ECDH-ES", enc: ENC, kid, epk: PublicKey { kty: "EC", crv: "P-256", x, y } };
    let header = BASE64.encode(serde_json::to_string(&header).or_fault(BROKEN)?);
    let key = agree_ephemeral(ephemeral, &to, content_key).map_err(|_| failed())?;
    let key = UnboundKey::new(&AES_256_GCM, key.as_ref()).map_err(|_| failed())?;
    let mut nonce = [0; NONCE_LEN];
    random.fill(&mut nonce).map_err(|_| failed())?;
    let mut sealed = message.to_vec();
    let tag = LessSafeKey::new(key)
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(header.as_bytes()),
            &mut sealed,
        )
        .map_err(|_| failed())?;
    let [nonce, sealed, tag] = [nonce.as_slice(), &sealed, tag.as_ref()].map(|part| BASE64.encode(part));
    Ok(format!("{header}..{nonce}.{sealed}.{tag}"))
}

/// The Concat KDF (RFC 7518 §4.6.2) for 256 bits and neither party's name: one round.
fn content_key(shared: &[u8]) -> ring::digest::Digest {
    let word = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes();
    let parts: [&[u8]; 7] =
        [&word(1), shared, &word(ENC.len()), ENC.as_bytes(), &word(0), &word(0), &word(256)];
    digest(&SHA256, &parts.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use credentials::jwe::{DecryptionKey, decrypt};

    #[test]
    fn the_counter_opens_it() {
        let key = DecryptionKey::from_secret_bytes("response", &[7; 32]).expect("a key");
        let jwk = serde_json::to_string(&key.to_jwk().expect("a key")).expect("json");
        let to = serde_json::from_str(&jwk).expect("a key");
        let sealed = seal(b"an answer", &to).expect("sealed");
        assert_eq!(decrypt(&sealed, &key).expect("opens").as_slice(), b"an answer");
    }
}
