//! What whoever presents can do wrong with a credential that is right: flaws of the key binding of an SD-JWT, each tried in every
//! place that judges holders.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::jws::{self, Header};
use credentials::key::{Algorithm, SoftwareKey};
use rand_core::OsRng;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{MALFORMED, token};
use crate::rogue::now;

/// A key binding that is being made.
pub struct Binding<'t> {
    /// `typ`.
    pub typ: &'t str,
    /// The payload.
    pub claims: Value,
    /// What becomes of the text of the key binding.
    after: fn(&str, &SoftwareKey) -> String,
    /// Whether another key signs it than the one that the credential is bound to.
    stranger: bool,
}

/// A flaw of a presentation.
pub struct BindingFlaw {
    /// Its name.
    pub name: &'static str,
    /// What is found, or [`MALFORMED`].
    pub found: &'static str,
    spoil: fn(&mut Binding<'_>),
}

impl Binding<'_> {
    /// The right one for an SD-JWT's text, up to and with its last tilde.
    pub fn of(text: &str, audience: &str, nonce: &str) -> Self {
        let hash = BASE64.encode(Sha256::digest(text));
        let claims = json!({"aud": audience, "nonce": nonce, "iat": now().0, "sd_hash": hash});
        Self { typ: "kb+jwt", claims, after: |text, _| text.to_owned(), stranger: false }
    }

    /// The same under another type.
    pub fn typed(self, typ: &str) -> Binding<'_> {
        Binding { typ, ..self }
    }

    /// Signed with this key.
    pub fn signed(&self, key: &SoftwareKey) -> String {
        let stranger = SoftwareKey::generate(Algorithm::Es256, &mut OsRng);
        let signer = if self.stranger { &stranger } else { key };
        let text = jws::sign(&Header::typed(self.typ), &self.claims, signer).expect("signed");
        (self.after)(&text, key)
    }
}

impl BindingFlaw {
    /// What is presented: the text with the binding behind it that has this flaw.
    pub fn of(&self, text: &str, (audience, nonce): (&str, &str), key: &SoftwareKey) -> String {
        let mut binding = Binding::of(text, audience, nonce);
        (self.spoil)(&mut binding);
        format!("{text}{}", binding.signed(key))
    }
}

/// All of them.
pub fn bindings() -> Vec<BindingFlaw> {
    let flaw = |name, found, spoil| BindingFlaw { name, found, spoil };
    let typed = "key_binding_type_wrong";
    vec![
        flaw("key_binding_stripped", "key_binding_missing", |b| b.after = |_, _| String::new()),
        // A copy of somebody's credential, shown by whoever has the copy.
        flaw("copied_to_another_key", "key_binding_signature_wrong", |b| b.stranger = true),
        flaw("signature_changed", "key_binding_signature_wrong", |b| {
            b.after = |text, _| token::jwt(text, |parts| token::flip(&mut parts[2], 10));
        }),
        flaw("signature_missing", MALFORMED, |b| {
            b.after = |text, _| text.rsplit_once('.').expect("a token").0.to_owned() + ".";
        }),
        flaw("alg_none", typed, |b| b.after = |text, _| token::header(text, |h| h["alg"] = "none".into())),
        flaw("alg_hs256_with_the_public_key", MALFORMED, |b| b.after = token::by_the_public_key),
        flaw("critical_header_unknown", MALFORMED, |b| {
            b.after = |text, _| token::header(text, |h| h["crit"] = json!(["x"]));
        }),
        flaw("nonce_of_another_request", "nonce_wrong", |b| {
            b.claims["nonce"] = "another-request-of-it".into();
        }),
        flaw("nonce_missing", "nonce_wrong", |b| b.claims["nonce"] = Value::Null),
        flaw("audience_of_another_counter", "audience_wrong", |b| {
            b.claims["aud"] = "decentralized_identifier:did:hui:anhui:z11111111111111111111".into();
        }),
        flaw("audience_without_its_prefix", "audience_wrong", |b| {
            let bare = b.claims["aud"].as_str().expect("an audience").split_once(':').expect("a prefix").1;
            b.claims["aud"] = bare.into();
        }),
        flaw("audience_a_list", "audience_wrong", |b| b.claims["aud"] = json!([b.claims["aud"]])),
        flaw("of_another_choice_of_claims", "key_binding_for_another_presentation", |b| {
            b.claims["sd_hash"] = BASE64.encode([7; 32]).into();
        }),
        flaw("hash_missing", "key_binding_for_another_presentation", |b| b.claims["sd_hash"] = Value::Null),
        flaw("too_old", "key_binding_too_old", |b| b.claims["iat"] = (now().0 - 3_600).into()),
        flaw("expired", "key_binding_too_old", |b| b.claims["exp"] = (now().0 - 3_600).into()),
        flaw("in_the_future", "key_binding_in_future", |b| b.claims["iat"] = (now().0 + 3_600).into()),
        flaw("not_yet_valid", "key_binding_in_future", |b| b.claims["nbf"] = (now().0 + 3_600).into()),
        flaw("iat_text", typed, |b| b.claims["iat"] = now().0.to_string().into()),
        flaw("iat_missing", typed, |b| drop(b.claims.as_object_mut().expect("an object").remove("iat"))),
        flaw("exp_text", typed, |b| b.claims["exp"] = "4102444800".into()),
        flaw("nbf_true", typed, |b| b.claims["nbf"] = true.into()),
    ]
}
