//! Encrypting what goes to a verifier that asked for it (`direct_post.jwt`, OpenID4VP 1.0 §8.3).

use credentials::{
    jwe::{self, Enc, EncryptionKey},
    key::Jwk,
};
use protocol::{
    limits::{self, Form},
    openid4vp::{AuthorizationResponse, CheckedRequest},
};

use super::{PresentError, RequestRefused};
use crate::{context::Context, ports::KeyStoreError};

/// The key of a verifier's request, and how to encrypt to it.
#[derive(Clone)]
pub(crate) struct Encryption {
    key: EncryptionKey,
    enc: Enc,
    thumbprint: [u8; 32],
}

impl Encryption {
    /// Reads what a request asks for; `None` if it wants its answer in clear.
    pub(super) fn of(request: &CheckedRequest) -> Result<Option<Self>, RequestRefused> {
        const CANT: RequestRefused = RequestRefused::EncryptedResponse;
        let Some(asked) = &request.encryption else { return Ok(None) };
        let jwk: Jwk = limits::value(&asked.jwk).map_err(|_| CANT)?;
        let key = EncryptionKey::from_jwk(&jwk).map_err(|_| CANT)?;
        let thumbprint = key.thumbprint().map_err(|_| CANT)?;
        Ok(Some(Self { key, enc: Enc::named(asked.enc).ok_or(CANT)?, thumbprint }))
    }

    /// The key's SHA-256 thumbprint: it binds an mdoc's session to this answer.
    pub(super) fn thumbprint(&self) -> &[u8; 32] {
        &self.thumbprint
    }
}

/// The form to post: in clear, or encrypted if that was asked for.
pub(super) fn form(
    context: &Context,
    response: &AuthorizationResponse,
    encryption: Option<&Encryption>,
) -> Result<Form, PresentError> {
    let Some(Encryption { key, enc, .. }) = encryption else { return Ok(response.to_form()) };
    let payload = zeroize::Zeroizing::new(response.to_payload().ok_or(KeyStoreError::Failed)?);
    let sealed = jwe::encrypt(&payload, key, *enc, &mut context.rng()?).map_err(|_| KeyStoreError::Failed)?;
    Ok(AuthorizationResponse::Encrypted(sealed).to_form())
}
