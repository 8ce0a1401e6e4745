//! Client identifiers and their prefixes (§5.9).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Who asks: the text of `client_id`, which is also the audience of what is presented.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(String);

/// What a client identifier's prefix says about how the verifier proves who it is. The text is what follows the prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientIdPrefix<'a> {
    /// No prefix: known to the wallet beforehand.
    PreRegistered(&'a str),
    /// The redirect or response URI; such requests are not signed.
    RedirectUri(&'a str),
    /// An OpenID Federation entity.
    OpenIdFederation(&'a str),
    /// A DID; the request's `kid` is one of its keys.
    DecentralizedIdentifier(&'a str),
    /// The `sub` of an attestation in the request's header.
    VerifierAttestation(&'a str),
    /// A DNS name in the certificate in the request's header.
    X509SanDns(&'a str),
    /// The SHA-256 hash of the certificate in the request's header, base64url.
    X509Hash(&'a str),
    /// An origin; a wallet refuses it in a request (§5.9.3), it stands only in what the Digital Credentials API adds.
    Origin(&'a str),
    /// A prefix that is not known here.
    Unknown(&'a str),
}

impl ClientId {
    /// A client id of this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The client id of a verifier known by its DID.
    pub fn of_did(did: &str) -> Self {
        Self(format!("decentralized_identifier:{did}"))
    }

    /// The client id of a verifier known by the certificate (DER) that signs its requests.
    pub fn of_certificate(der: &[u8]) -> Self {
        Self(format!("x509_hash:{}", BASE64.encode(Sha256::digest(der))))
    }

    /// The client id of a verifier known by a DNS name in its certificate.
    pub fn of_host(host: &str) -> Self {
        Self(format!("x509_san_dns:{host}"))
    }

    /// The text, prefix included.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its prefix, and what follows.
    pub fn prefix(&self) -> ClientIdPrefix<'_> {
        let Some((prefix, rest)) = self.0.split_once(':') else {
            return ClientIdPrefix::PreRegistered(&self.0);
        };
        match prefix {
            "redirect_uri" => ClientIdPrefix::RedirectUri(rest),
            "openid_federation" => ClientIdPrefix::OpenIdFederation(rest),
            "decentralized_identifier" => ClientIdPrefix::DecentralizedIdentifier(rest),
            "verifier_attestation" => ClientIdPrefix::VerifierAttestation(rest),
            "x509_san_dns" => ClientIdPrefix::X509SanDns(rest),
            "x509_hash" => ClientIdPrefix::X509Hash(rest),
            "origin" => ClientIdPrefix::Origin(rest),
            _ => ClientIdPrefix::Unknown(rest),
        }
    }

    /// The DID, if that is how the verifier is known.
    pub fn did(&self) -> Option<&str> {
        match self.prefix() {
            ClientIdPrefix::DecentralizedIdentifier(did) => Some(did),
            _ => None,
        }
    }
}

impl std::fmt::Display for ClientId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{ClientId, ClientIdPrefix};

    #[test]
    fn prefixes_are_told_apart() {
        // OpenID4VP 1.0 §5.9.3
        let cases = [
            ("example-client", ClientIdPrefix::PreRegistered("example-client")),
            (
                "redirect_uri:https://client.example.org/cb",
                ClientIdPrefix::RedirectUri("https://client.example.org/cb"),
            ),
            (
                "openid_federation:https://f.example.com",
                ClientIdPrefix::OpenIdFederation("https://f.example.com"),
            ),
            (
                "decentralized_identifier:did:example:123",
                ClientIdPrefix::DecentralizedIdentifier("did:example:123"),
            ),
            (
                "verifier_attestation:verifier.example",
                ClientIdPrefix::VerifierAttestation("verifier.example"),
            ),
            ("x509_san_dns:client.example.org", ClientIdPrefix::X509SanDns("client.example.org")),
            (
                "x509_hash:Uvo3HtuIxuhC92rShpgqcT3YXwrqRxWEviRiA0OZszk",
                ClientIdPrefix::X509Hash("Uvo3HtuIxuhC92rShpgqcT3YXwrqRxWEviRiA0OZszk"),
            ),
            ("origin:https://verifier.example", ClientIdPrefix::Origin("https://verifier.example")),
            ("did:example:123", ClientIdPrefix::Unknown("example:123")),
        ];
        for (text, prefix) in cases {
            assert_eq!(ClientId::new(text).prefix(), prefix);
        }
    }
}
