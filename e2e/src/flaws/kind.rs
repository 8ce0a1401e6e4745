//! The ways to secure a credential, each made of what the play's issuers issue.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::claim::Step;
use credentials::data_integrity::{Cryptosuite, Making, Prepared, ProofOptions, Purpose, sd};
use credentials::envelope::MediaType;
use credentials::jsonld::Contexts;
use credentials::key::{Signer as _, SoftwareKey};
use credentials::sd_jwt::Concealing;
use credentials::vc_jose::{self, Document};
use credentials::{ClaimPath, UnixSeconds};
use rand_core::OsRng;
use registry::Did;
use serde_json::{Map, Value};

use super::{Flaw, linked, mdoc, selective, signed, token, whole};
use crate::{DRIVING, DRIVING_MDOC, LICENCE, LICENCE_SD_JWT, LICENCE_VC};

/// A way to secure a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// With a proof of `eddsa-jcs-2022`, as it is issued.
    Jcs,
    /// With a proof of `eddsa-rdfc-2022` by the same key.
    EddsaRdfc,
    /// With a proof of `ecdsa-rdfc-2019` by the issuer's other key.
    EcdsaRdfc,
    /// With a proof of `ecdsa-sd-2023` by that key, cut down by its holder.
    EcdsaSd,
    /// An SD-JWT VC, as it is issued.
    SdJwt,
    /// `vc+sd-jwt` in an envelope, by the same key.
    VcSdJwt,
    /// `vc+jwt` in an envelope, by the same key.
    VcJwt,
    /// An mdoc, as it is issued.
    Mdoc,
}

/// The keys that an issuer signs with.
pub struct IssuersKeys {
    /// For proofs.
    pub ed25519: SoftwareKey,
    /// For tokens and mdocs.
    pub p256: SoftwareKey,
    /// Who has them.
    pub did: Did,
}

/// A credential that is right.
pub struct Good<'k> {
    /// How it is secured.
    pub kind: Kind,
    /// As it stands in JSON.
    pub credential: Value,
    /// Its issuer's keys.
    pub keys: &'k IssuersKeys,
}

impl IssuersKeys {
    /// The one that credentials of this kind are signed with.
    pub fn of(&self, kind: Kind) -> &SoftwareKey {
        match kind {
            Kind::Jcs | Kind::EddsaRdfc => &self.ed25519,
            _ => &self.p256,
        }
    }

    /// Its name on the chain, as long as no key was replaced.
    fn name_of(&self, kind: Kind) -> String {
        let fragment = if std::ptr::eq(self.of(kind), &self.ed25519) { "key-2" } else { "key-3" };
        format!("{}#{fragment}", self.did)
    }
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Jcs,
        Self::EddsaRdfc,
        Self::EcdsaRdfc,
        Self::EcdsaSd,
        Self::SdJwt,
        Self::VcSdJwt,
        Self::VcJwt,
        Self::Mdoc,
    ];

    /// The catalogue's type that it is tried with.
    pub const fn credential_type(self) -> &'static str {
        if matches!(self, Self::Mdoc) { DRIVING } else { LICENCE }
    }

    /// The configuration that it is made of.
    pub const fn configuration(self) -> &'static str {
        match self {
            Self::SdJwt => LICENCE_SD_JWT,
            Self::Mdoc => DRIVING_MDOC,
            _ => LICENCE_VC,
        }
    }

    /// The format that it is presented in.
    pub const fn format(self) -> &'static str {
        match self {
            Self::SdJwt | Self::VcSdJwt | Self::VcJwt => "dc+sd-jwt",
            Self::Mdoc => "mso_mdoc",
            _ => "ldp_vc",
        }
    }

    /// Its flaws.
    pub fn flaws(self) -> Vec<Flaw> {
        match self {
            Self::Jcs => whole::flaws(),
            Self::EddsaRdfc => linked::flaws(),
            Self::EcdsaRdfc => linked::of_ecdsa(),
            Self::EcdsaSd => selective::flaws(),
            Self::SdJwt => {
                token::flaws().into_iter().chain(token::disclosures()).chain(signed::flaws()).collect()
            }
            Self::VcSdJwt => token::flaws().into_iter().chain(token::disclosures()).collect(),
            Self::VcJwt => token::flaws(),
            Self::Mdoc => mdoc::flaws(),
        }
    }

    /// The credential of this kind that says what this one says, which an issuer with these keys issued.
    pub fn of<'k>(self, issued: &Value, keys: &'k IssuersKeys) -> Good<'k> {
        let credential = match self {
            Self::Jcs | Self::SdJwt | Self::Mdoc => issued.clone(),
            Self::EddsaRdfc | Self::EcdsaRdfc | Self::EcdsaSd => self.proven(issued, keys, |_, _| ()),
            Self::VcSdJwt | Self::VcJwt => self.enveloped(issued, keys),
        };
        Good { kind: self, credential, keys }
    }

    /// What a proof is about, with a new proof, after this change to the two.
    pub(super) fn proven(
        self,
        credential: &Value,
        keys: &IssuersKeys,
        change: fn(&mut Map<String, Value>, &mut ProofOptions),
    ) -> Value {
        let (mut document, created) = unsecured(credential);
        let mut options = ProofOptions {
            verification_method: keys.name_of(self),
            purpose: Purpose::AssertionMethod,
            created: Some(created),
            expires: None,
            challenge: None,
            domain: None,
        };
        change(&mut document, &mut options);
        let key = keys.of(self);
        let suite = match self {
            Self::Jcs => Cryptosuite::EddsaJcs2022,
            Self::EddsaRdfc => Cryptosuite::EddsaRdfc2022,
            Self::EcdsaRdfc => Cryptosuite::EcdsaRdfc2019,
            _ => return cut_down(document, options, key),
        };
        let prepared = Prepared::beside(document, options, key.public_key(), &Making::with(suite));
        prepared.expect("a document").sign(key).expect("signed")
    }

    fn enveloped(self, issued: &Value, keys: &IssuersKeys) -> Value {
        let (mut document, created) = unsecured(issued);
        document.insert("iat".to_owned(), created.0.into());
        let (key, name) = (keys.of(self), keys.name_of(self));
        if self == Self::VcJwt {
            let token = vc_jose::secure(Document::Credential, document, Some(&name), key.public_key());
            return MediaType::VcJwt.envelope(token.expect("laid out").sign(key).expect("signed").as_bytes());
        }
        let claims = document["credentialSubject"].as_object().expect("a subject").keys();
        let path = |name: &String| {
            ClaimPath(["credentialSubject", name].map(|name| Step::Member(name.to_owned())).to_vec())
        };
        let paths: Vec<_> = claims.filter(|name| *name != "id").map(path).collect();
        let concealing = Concealing { disclosable: &paths, ..Concealing::default() };
        let token = vc_jose::secure_sd(
            Document::Credential,
            document,
            Some(&name),
            &concealing,
            key.public_key(),
            &mut OsRng,
        );
        MediaType::VcSdJwt.envelope(token.expect("laid out").sign(key).expect("signed").as_bytes())
    }
}

/// Changes the text of a token, wherever it stands.
pub(super) fn change_text(credential: &mut Value, change: impl FnOnce(&str) -> String) {
    match credential {
        Value::String(text) => *text = change(text),
        envelope => {
            let id = envelope["id"].as_str().expect("an envelope");
            let (kind, text) = id.split_once(',').expect("a data URL");
            envelope["id"] = format!("{kind},{}", change(text)).into();
        }
    }
}

/// Changes the bytes of an mdoc.
pub(super) fn change_bytes(credential: &mut Value, change: impl FnOnce(&[u8]) -> Vec<u8>) {
    let bytes = BASE64.decode(credential.as_str().expect("a text")).expect("base64url");
    *credential = BASE64.encode(change(&bytes)).into();
}

/// A credential without its proof, and when that was made.
fn unsecured(credential: &Value) -> (Map<String, Value>, UnixSeconds) {
    let mut document = credential.as_object().expect("an object").clone();
    let proof = document.remove("proof").expect("a proof");
    let created = proof["created"].as_str().expect("a time");
    (document, UnixSeconds::parse_rfc3339(created).expect("a time"))
}

/// Signed statement by statement, and shown by its holder without the time it counts from.
fn cut_down(document: Map<String, Value>, options: ProofOptions, key: &SoftwareKey) -> Value {
    let contexts = Contexts::pinned();
    let mandatory = ["/issuer", "/validUntil", "/credentialStatus"].map(str::to_owned).to_vec();
    let issuing = sd::Issuing { document, options, mandatory, contexts };
    let prepared = issuing.prepare(key.public_key(), &sd::Secrets::generate(&mut OsRng)).expect("laid out");
    let base = prepared.sign(key).expect("signed");
    let shown = ["/credentialSubject".to_owned()];
    sd::derive(base.as_object().expect("an object"), &shown, contexts).expect("derived")
}
