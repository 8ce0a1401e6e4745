//! Tokens that are worth something in this wallet alone: each request shows a key (RFC 9449).

use std::sync::{Mutex, PoisonError};

use credentials::{
    jws::{self, Header},
    key::PublicKey,
};
use protocol::{
    Endpoint,
    dpop::{DPOP_HEADER, DPOP_TYPE, DpopClaims, USE_DPOP_NONCE},
    limits::{self, Limits},
    openid4vci::{OAuthErrorBody, TokenResponse},
};

use super::{ReceiveError, instance::Showing};
use crate::{
    context::Context,
    ports::{HeldKey, KeyStoreError},
    web::{Answer, Body, JSON, WebError},
};

/// A key that requests show, and the server's last nonce.
pub(crate) struct Dpop {
    pub(crate) key: HeldKey,
    /// Whether the server may have seen it before.
    pub(super) was_known: bool,
    nonce: Mutex<Option<String>>,
    /// Keeps others from forgetting the key meanwhile.
    _showing: Option<Showing>,
}

/// What the token endpoint gave: a token, and the key that it is bound to if it is.
pub(crate) struct Grant {
    pub(crate) token: TokenResponse,
    pub(crate) dpop: Option<Dpop>,
    pub(crate) token_endpoint: Endpoint,
}

impl Dpop {
    /// A key that was just made.
    pub(crate) fn of(key: HeldKey) -> Self {
        Self { key, was_known: false, nonce: Mutex::default(), _showing: None }
    }

    /// A key that was shown before.
    pub(crate) fn known(key: HeldKey) -> Self {
        Self { was_known: true, ..Self::of(key) }
    }

    /// The same, kept from being forgotten while it is there.
    pub(super) fn kept(self, showing: Showing) -> Self {
        Self { _showing: Some(showing), ..self }
    }

    /// The key's thumbprint, as `dpop_jkt` has it.
    pub(crate) fn thumbprint(&self) -> String {
        self.public().thumbprint()
    }

    fn public(&self) -> &PublicKey {
        &self.key.public
    }

    async fn proof(
        &self,
        context: &Context,
        url: &Endpoint,
        token: Option<&str>,
    ) -> Result<String, ReceiveError> {
        let nonce = self.nonce.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let claims = DpopClaims::new(&context.new_id()?, "POST", url, context.seconds().0)
            .with_token(token)
            .with_nonce(nonce.as_deref());
        let header = Header::typed(DPOP_TYPE).with_jwk(self.public().to_jwk());
        let prepared = jws::prepare(&header, &claims, self.public())
            .map_err(|_| ReceiveError::Unreadable("the proof"))?;
        let signature = context.ports.keys.sign(&self.key.handle, prepared.bytes()).await?;
        prepared.finish(&signature).map_err(|_| KeyStoreError::Failed.into())
    }

    /// Posts with a proof; once more if the server wants its nonce in it.
    pub(crate) async fn post(
        &self,
        context: &Context,
        url: &Endpoint,
        body: Body<'_>,
        token: Option<&str>,
        limit: usize,
    ) -> Result<Answer, ReceiveError> {
        let mut second = false;
        loop {
            let mut headers = vec![(DPOP_HEADER, self.proof(context, url, token).await?)];
            headers.extend(token.map(|token| ("authorization", format!("DPoP {token}"))));
            let answer = context.web.post_with(url, &body, JSON, headers, limit).await?;
            let fresh = answer.dpop_nonce.is_some();
            if let Some(nonce) = answer.dpop_nonce.clone() {
                *self.nonce.lock().unwrap_or_else(PoisonError::into_inner) = Some(nonce);
            }
            if second || !fresh || !wants_nonce(&answer) {
                return Ok(answer);
            }
            second = true;
        }
    }
}

impl Grant {
    /// Posts JSON with the token. `Err(Unreachable)` may mean that only the answer was lost.
    pub(crate) async fn post(
        &self,
        context: &Context,
        url: &Endpoint,
        json: Vec<u8>,
        limit: usize,
    ) -> Result<Answer, ReceiveError> {
        let token = self.token.access_token.expose();
        match &self.dpop {
            Some(dpop) => dpop.post(context, url, Body::Json(json), Some(token), limit).await,
            None => Ok(context.web.post(url, Body::Json(json), JSON, Some(token), limit).await?),
        }
    }

    /// Whether a post failed so that it may be sent again.
    pub(crate) fn may_be_lost(error: &ReceiveError) -> bool {
        matches!(error, ReceiveError::Web(WebError::Unreachable))
    }
}

fn wants_nonce(answer: &Answer) -> bool {
    let body: Result<OAuthErrorBody<String>, _> = limits::json(&answer.body, Limits::MESSAGE);
    matches!(answer.status, 400 | 401) && body.is_ok_and(|body| body.error == USE_DPOP_NONCE)
}
