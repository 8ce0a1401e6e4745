//! Is the request genuine: from whom it says, unchanged, for us, now?

use credentials::{
    jws::{self, VerifyError},
    key::PublicKey,
};
use protocol::{
    Endpoint,
    openid4vp::{
        AuthorizationRequest, BadRequest, CheckedRequest, REQUEST_CONTENT_TYPE, REQUEST_TYPE, RequestHeader,
        RequestLink, RequestSource, RequestUriMethod, RequestUriPost, Session,
    },
};
use registry::{Did, KeyId, Proven, Purpose, RecordKey, Slug, UnixMillis, history::key_valid_at};

use super::RequestRefused;
use crate::{
    context::Context,
    web::{Body, MESSAGE},
};

/// A request that is from whom it says, with what the chain says of its purpose.
pub(super) struct Genuine {
    pub(super) request: CheckedRequest,
    pub(super) expires: Option<UnixMillis>,
    pub(super) verifier: Did,
    /// The purpose it names, and the proven record of it, if it names one.
    pub(super) purpose: Option<(Slug, Proven)>,
}

/// Fetches and verifies what the link leads to.
pub(super) async fn genuine(context: &Context, link: &RequestLink) -> Result<Genuine, RequestRefused> {
    let did = link.client_id.did().ok_or(RequestRefused::VerifierNotOnThisChain)?;
    let verifier: Did = did.parse().map_err(|_| RequestRefused::VerifierNotOnThisChain)?;
    if *verifier.network() != context.chain.anchor.network {
        return Err(RequestRefused::VerifierNotOnThisChain);
    }
    let (token, wallet_nonce) = match &link.source {
        RequestSource::Object(token) => (token.clone(), None),
        RequestSource::Uri { uri, method: RequestUriMethod::Get } => (get(context, uri).await?, None),
        RequestSource::Uri { uri, method: RequestUriMethod::Post } => {
            let nonce = context.new_id()?;
            (post(context, uri, &nonce).await?, Some(nonce))
        }
    };
    let token = jws::Unverified::parse(token.trim())?;
    let header = RequestHeader {
        typ: token.header().typ.clone().unwrap_or_default(),
        alg: token.alg().to_owned(),
        kid: token.header().kid.clone(),
        x5c: token.header().x5c.clone(),
    };
    let key: KeyId = header.check_did(&link.client_id)?.parse().map_err(|_| BadRequest::OtherKey)?;

    // Read before it is verified, to ask the chain about key and purpose in one go. Nothing is done with it yet.
    let named = claimed_purpose(&token);
    let mut records = vec![RecordKey::Did(verifier.clone())];
    records.extend(named.iter().map(|purpose| RecordKey::Purpose(verifier.clone(), purpose.clone())));
    let mut facts = context.chain.facts(&context.vault, &records).await?.into_iter();
    let did = facts.next().ok_or(crate::chain::ChainError::Malformed)?;
    if did.record().is_none() {
        return Err(RequestRefused::VerifierNotOnThisChain);
    }
    let key = key_valid_at(&did, &key, Purpose::Authentication, context.now())?;
    let key = PublicKey::from_multikey(&key.key.to_multikey()).map_err(|_| RequestRefused::Signature)?;
    let verified = token.verify::<AuthorizationRequest>(&key, REQUEST_TYPE).map_err(|error| match error {
        VerifyError::TypeWrong => RequestRefused::Request(BadRequest::Type),
        VerifyError::AlgorithmNotOfKey => BadRequest::Algorithm.into(),
        VerifyError::SignatureWrong => RequestRefused::Signature,
        VerifyError::ClaimsWrong => {
            BadRequest::Unreadable(protocol::ParseError::WrongShape { line: 0, column: 0 }).into()
        }
    })?;
    let expires = verified.claims.exp.map(|exp| UnixMillis::from_seconds(exp.0));
    let session = Session {
        client_id: &link.client_id,
        wallet_nonce: wallet_nonce.as_deref(),
        now: context.seconds().0,
    };
    let request = verified.claims.check(session)?;
    if request.encrypted {
        return Err(RequestRefused::EncryptedResponse);
    }
    Ok(Genuine { request, expires, verifier, purpose: named.zip(facts.next()) })
}

fn claimed_purpose(token: &jws::Unverified) -> Option<Slug> {
    let claims = serde_json::Value::Object(token.dangerous_claims().clone());
    let request: AuthorizationRequest = serde_json::from_value(claims).ok()?;
    Slug::new(request.purpose()?).ok()
}

async fn get(context: &Context, uri: &Endpoint) -> Result<String, RequestRefused> {
    text(context.web.get(uri, REQUEST_CONTENT_TYPE, MESSAGE).await?)
}

async fn post(context: &Context, uri: &Endpoint, nonce: &str) -> Result<String, RequestRefused> {
    let form = RequestUriPost { wallet_metadata: None, wallet_nonce: Some(nonce.to_owned()) }.to_form();
    text(context.web.post(uri, Body::Form(&form), REQUEST_CONTENT_TYPE, None, MESSAGE).await?)
}

fn text(answer: crate::web::Answer) -> Result<String, RequestRefused> {
    if !answer.is_success() {
        return Err(RequestRefused::Status(answer.status));
    }
    String::from_utf8(answer.body).map_err(|_| jws::ParseError::Form.into())
}
