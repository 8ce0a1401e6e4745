//! Presenting credentials.

use serde_json::{Map, Value, json};

use super::issue::{Document, IssueError};
use super::read::Form;
use crate::UnixSeconds;
use crate::data_integrity::CONTEXT_V2;
use crate::envelope::MediaType;
use crate::jws::{self, CreateError};
use crate::key::SelfContained;
use crate::sd_jwt::{self, Concealing};
use rand_core::CryptoRngCore;

/// Credentials to be shown to one verifier, in answer to one request.
#[derive(Clone)]
pub struct Presenting<'a> {
    /// The holder: the subject of every credential.
    pub holder: &'a SelfContained,
    /// The credentials as they were issued, or as the choice of their claims says; each with its media type.
    pub credentials: Vec<(MediaType, Vec<u8>)>,
    /// The request's nonce.
    pub nonce: &'a str,
    /// The verifier: its client id.
    pub audience: &'a str,
    /// When it is made.
    pub created: UnixSeconds,
}

impl Presenting<'_> {
    /// The presentation as `vp+jwt`, lacking only the holder's signature.
    ///
    /// # Errors
    /// [`CreateError`].
    pub fn prepare(&self) -> Result<jws::Prepared, CreateError> {
        let header = Document::Presentation.header(Form::Jwt, Some(&self.holder.verification_method));
        jws::prepare(&header, &Value::Object(self.document()), &self.holder.key)
    }

    /// The same as `vp+sd-jwt`, with members that can be hidden later.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn prepare_sd(
        &self,
        concealing: &Concealing<'_>,
        rng: &mut impl CryptoRngCore,
    ) -> Result<sd_jwt::Prepared, IssueError> {
        let kid = Some(self.holder.verification_method.as_str());
        let (kind, key) = (Document::Presentation, &self.holder.key);
        super::secure_sd(kind, self.document(), kid, concealing, key, rng)
    }

    fn document(&self) -> Map<String, Value> {
        let enveloped = self.credentials.iter().map(|(media_type, bytes)| media_type.envelope(bytes));
        let members = [
            ("@context", json!([CONTEXT_V2])),
            ("type", json!(["VerifiablePresentation"])),
            ("holder", self.holder.did.as_str().into()),
            ("verifiableCredential", enveloped.collect()),
            ("aud", self.audience.into()),
            ("nonce", self.nonce.into()),
            ("iat", self.created.0.into()),
        ];
        members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}
