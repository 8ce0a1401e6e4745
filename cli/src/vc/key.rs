//! Keys in files.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::json;
use credentials::key::{Jwk, KeyError, PublicKey, Signer as _, SoftwareKey};
use serde_json::Value;
use zeroize::{Zeroize as _, Zeroizing};

use super::{Unsuccessful, read};

/// A key of a file: a JWK, or the verification method around it.
pub(super) struct KeyFile {
    /// The verification method's id, if the file has one.
    pub(super) id: Option<String>,
    /// The JWK's own name.
    pub(super) kid: Option<String>,
    /// Who controls the key, if the file says so.
    pub(super) controller: Option<String>,
    pub(super) public: PublicKey,
    secret: Option<SoftwareKey>,
}

impl KeyFile {
    pub(super) fn read(path: &Path) -> Result<Self, Unsuccessful> {
        let text = Zeroizing::new(read(path)?);
        Self::parse(&text).map_err(|error| match error {
            KeyError::Unsupported => {
                let kinds = "Ed25519, P-256, P-384 and P-521 are";
                Unsuccessful::Unsupported(format!("{}: {error}; {kinds}", path.display()))
            }
            error => Unsuccessful::Unreadable(format!("{}: {error}", path.display())),
        })
    }

    fn parse(text: &str) -> Result<Self, KeyError> {
        let mut value = json::parse(text.as_bytes()).map_err(|_| KeyError::Encoding)?;
        let member = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let (id, controller) = (member("id"), member("controller"));
        let mut jwk = match (value.get_mut("secretKeyJwk").map(Value::take), value.get("publicKeyJwk")) {
            (Some(secret), _) => secret,
            (None, Some(public)) => public.clone(),
            (None, None) => value,
        };
        let scalar = jwk.as_object_mut().and_then(|jwk| jwk.remove("d"));
        let read: Jwk = serde_json::from_value(jwk).map_err(|_| KeyError::Encoding)?;
        let public = PublicKey::from_jwk(&read)?;
        let secret = match scalar {
            None => None,
            Some(Value::String(mut text)) => {
                let bytes = BASE64.decode(&text).map(Zeroizing::new);
                text.zeroize();
                let bytes = bytes.map_err(|_| KeyError::Encoding)?;
                let key = SoftwareKey::from_secret_bytes(public.algorithm(), &bytes)?;
                if *key.public_key() != public {
                    return Err(KeyError::Encoding);
                }
                Some(key)
            }
            Some(_) => return Err(KeyError::Encoding),
        };
        Ok(Self { id, kid: read.kid, controller, public, secret })
    }

    /// The private key.
    pub(super) fn signer(&self) -> Result<&SoftwareKey, Unsuccessful> {
        let missing = || Unsuccessful::Unreadable("the key file has no private key to sign with".to_owned());
        self.secret.as_ref().ok_or_else(missing)
    }

    /// What a token's `kid` says: the verification method's id, or the JWK's name.
    pub(super) fn name(&self) -> Option<&str> {
        self.id.as_deref().or(self.kid.as_deref())
    }

    /// Whether it is the key that a credential names, and its issuer's if the file says whose it is.
    pub(super) fn is_named(&self, key_id: Option<&str>, issuer: &str) -> bool {
        let named = key_id.is_some() && (key_id == self.id.as_deref() || key_id == self.kid.as_deref());
        named && self.controller.as_deref().is_none_or(|controller| controller == issuer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_jwks_and_what_is_wrong_with_them() {
        let public =
            r#"{"kty":"OKP","crv":"Ed25519","kid":"k","x":"NvUhsjZe7Mdv8Esoc60o3ma1U5j2tFUTDsOQd39xMnI"}"#;
        let secret = public.replace("{", r#"{"d":"cbxP1TvbhLteRSspEvwxEuFKRDHWpGmPla8ePI0cmv8","#);
        let method =
            format!(r#"{{"id":"did:example:a#1","controller":"did:example:a","secretKeyJwk":{secret}}}"#);
        let read = KeyFile::parse(public).expect("a public JWK");
        assert!(read.signer().is_err() && read.name() == Some("k"));
        assert!(KeyFile::parse(&secret).expect("a private JWK").signer().is_ok());
        let read = KeyFile::parse(&method).expect("a verification method");
        assert!(read.signer().is_ok() && read.name() == Some("did:example:a#1"));
        assert!(read.is_named(Some("k"), "did:example:a") && !read.is_named(Some("k"), "did:example:b"));
        assert!(!read.is_named(None, "did:example:a"));
        let crossed = secret.replace("cbxP", "cbxQ");
        assert_eq!(KeyFile::parse(&crossed).map(drop), Err(KeyError::Encoding), "private_key_of_another");
        let other = r#"{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}"#;
        assert_eq!(KeyFile::parse(other).map(drop), Err(KeyError::Unsupported), "kind_unsupported");
    }
}
