//! HTTP Message Signatures (RFC 9421) over the digest of the body (RFC 9530), by the key that signs requests: whoever knows the
//! verifier's DID finds the key on the chain.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use credentials::key::{SignError, Signer};
use ring::digest::{SHA256, digest};

/// RFC 9421 §7.2.7: what the signature is for, so that it is no use elsewhere.
const TAG: &str = "huizheng-webhook";
/// The label of the signature.
const LABEL: &str = "huizheng";
/// The only media type that is sent.
pub(super) const CONTENT_TYPE: &str = "application/json";

/// What is signed.
pub(super) struct Message<'a> {
    /// The whole address.
    pub(super) target: &'a str,
    /// The event's id, as the header `webhook-id` has it.
    pub(super) id: &'a str,
    pub(super) body: &'a [u8],
    /// Seconds since 1970.
    pub(super) created: i64,
}

/// The headers that go along.
pub(super) struct Signed {
    pub(super) content_digest: String,
    pub(super) signature_input: String,
    pub(super) signature: String,
}

impl Message<'_> {
    /// Signs it with ES256 (`ecdsa-p256-sha256`, RFC 9421 §3.3.4); `key_id` is the key's DID URL.
    pub(super) fn sign(&self, key_id: &str, key: &dyn Signer) -> Result<Signed, SignError> {
        let content_digest = format!("sha-256=:{}:", STANDARD.encode(digest(&SHA256, self.body)));
        let components = [
            ("@method", "POST"),
            ("@target-uri", self.target),
            ("content-type", CONTENT_TYPE),
            ("content-digest", &content_digest),
            ("webhook-id", self.id),
        ];
        let parameters = parameters(
            &components,
            &[
                ("created", self.created.to_string()),
                ("keyid", quoted(key_id)),
                ("alg", quoted("ecdsa-p256-sha256")),
                ("tag", quoted(TAG)),
            ],
        );
        let signature = key.sign(base(&components, &parameters).as_bytes())?;
        Ok(Signed {
            signature_input: format!("{LABEL}={parameters}"),
            signature: format!("{LABEL}=:{}:", STANDARD.encode(signature)),
            content_digest,
        })
    }
}

/// RFC 8941 §3.3.3. DID URLs, ids and the words here have neither quotes nor backslashes.
fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// RFC 9421 §2.3.
fn parameters(components: &[(&str, &str)], parameters: &[(&str, String)]) -> String {
    let names: Vec<String> = components.iter().map(|(name, _)| quoted(name)).collect();
    let parameters = parameters.iter().map(|(name, value)| format!(";{name}={value}"));
    format!("({}){}", names.join(" "), parameters.collect::<String>())
}

/// RFC 9421 §2.5.
fn base(components: &[(&str, &str)], parameters: &str) -> String {
    let lines = components.iter().map(|(name, value)| format!("\"{name}\": {value}\n"));
    format!("{}\"@signature-params\": {parameters}", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use credentials::key::{Algorithm, Signature, SoftwareKey};
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    /// RFC 9421 §B.2.4: a response, signed by `test-key-ecc-p256` (§B.1.3).
    #[test]
    fn the_base_is_the_one_that_the_rfcs_example_was_signed_over() {
        let components = [
            ("@status", "200"),
            ("content-type", "application/json"),
            (
                "content-digest",
                "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:",
            ),
            ("content-length", "23"),
        ];
        let given = [("created", "1618884473".to_owned()), ("keyid", quoted("test-key-ecc-p256"))];
        let base = base(&components, &parameters(&components, &given));
        let key = STANDARD
            .decode(
                "BKiFWGVSwqz2Rxh4z9ewk1tP/g/S38NBJI6he8QeBYrwMc4nN9LTDOBhfoUeg8Ye9WedFRhnZXZJA12Qp0zZ6F0=",
            )
            .expect("base64");
        let signature = STANDARD
            .decode(
                "wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==",
            )
            .expect("base64");
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key);
        key.verify(base.as_bytes(), &signature).expect("the RFC's signature");
    }

    #[test]
    fn address_id_body_and_time_are_signed() {
        let key = SoftwareKey::from_secret_bytes(Algorithm::Es256, &[7; 32]).expect("a key");
        let message =
            Message { target: "https://bank.example/told", id: "event", body: b"{}", created: 1_790_000_000 };
        let signed = message.sign("did:hui:anhui:zA#key-2", &key).expect("signed");
        assert_eq!(
            signed.content_digest, "sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:",
            "of two braces"
        );
        assert_eq!(
            signed.signature_input,
            "huizheng=(\"@method\" \"@target-uri\" \"content-type\" \"content-digest\" \"webhook-id\")\
             ;created=1790000000;keyid=\"did:hui:anhui:zA#key-2\";alg=\"ecdsa-p256-sha256\";tag=\"huizheng-webhook\""
        );
        let input = signed.signature_input.strip_prefix("huizheng=").expect("a label");
        let text = format!(
            "\"@method\": POST\n\"@target-uri\": https://bank.example/told\n\"content-type\": application/json\n\
             \"content-digest\": {}\n\"webhook-id\": event\n\"@signature-params\": {input}",
            signed.content_digest
        );
        let signature = signed.signature.strip_prefix("huizheng=:").and_then(|rest| rest.strip_suffix(':'));
        let signature = STANDARD.decode(signature.expect("a label")).expect("base64");
        let signature = Signature::from_slice(&signature).expect("a signature");
        key.public_key().verify(text.as_bytes(), &signature).expect("verifies");
        for other in
            [text.replace("told", "other"), text.replace("event", "again"), text.replace("179", "180")]
        {
            key.public_key().verify(other.as_bytes(), &signature).expect_err("another message");
        }
    }
}
