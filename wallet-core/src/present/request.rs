//! Is the request genuine: from whom it says, unchanged, for us, now?

use credentials::{
    jws::{self, VerifyError},
    key::PublicKey,
    x509::Certificate,
};
use protocol::{
    Endpoint, limits,
    openid4vp::{
        AuthorizationRequest, BadRequest, CheckedRequest, ClientId, ClientIdPrefix, REQUEST_CONTENT_TYPE,
        REQUEST_TYPE, RequestHeader, RequestLink, RequestSource, RequestUriMethod, RequestUriPost, Session,
    },
};
use registry::{Did, KeyId, Proven, Purpose, RecordKey, Slug, UnixMillis, history::key_valid_at};

use super::{RequestRefused, encryption::Encryption};
use crate::{
    context::Context,
    web::{Body, MESSAGE},
};

/// A request that is from whom it says, with what the chain says of its purpose.
pub(super) struct Genuine {
    pub(super) request: CheckedRequest,
    pub(super) encryption: Option<Encryption>,
    pub(super) expires: Option<UnixMillis>,
    pub(super) verifier: Did,
    /// The purpose it names, and the proven record of it, if it names one.
    pub(super) purpose: Option<(Slug, Proven)>,
    /// The time of the older of the two.
    pub(super) as_of: UnixMillis,
    /// Whether it came as a QR code, and is answered by one.
    pub(super) offline: bool,
}

/// Fetches and verifies what the link leads to.
pub(super) async fn genuine(context: &Context, link: &RequestLink) -> Result<Genuine, RequestRefused> {
    check_client(context, &link.client_id)?;
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
    let signer = Signer::of(context, &header, &link.client_id)?;
    let verifier = signer.key.did.clone();

    // Read before it is verified, to ask the chain about key and purpose in one go. Nothing is done with it yet.
    let named = claimed_purpose(&token);
    let mut records = vec![RecordKey::Did(verifier.clone())];
    records.extend(named.iter().map(|purpose| RecordKey::Purpose(verifier.clone(), purpose.clone())));
    let mut facts = context.chain.facts(&context.vault, &records).await?.into_iter();
    let did = facts.next().ok_or(crate::chain::ChainError::Malformed)?;
    if did.record().is_none() {
        return Err(RequestRefused::VerifierNotOnThisChain);
    }
    let key = key_valid_at(&did, &signer.key, Purpose::Authentication, context.now())?;
    let key = PublicKey::from_multikey(&key.key.to_multikey()).map_err(|_| RequestRefused::Signature)?;
    // A certificate only says which key of the chain it is about; another key in it is somebody else's.
    if signer.certified.is_some_and(|certified| certified != key) {
        return Err(BadRequest::OtherKey.into());
    }
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
    let request = verified.claims.check(session).map_err(|error| match error {
        BadRequest::NoEncryptionKey | BadRequest::ContentEncryption => RequestRefused::EncryptedResponse,
        other => other.into(),
    })?;
    let encryption = Encryption::of(&request)?;
    let purpose = named.zip(facts.next());
    let as_of = purpose.as_ref().map_or(did.time(), |(_, fact)| fact.time().min(did.time()));
    Ok(Genuine { request, encryption, expires, verifier, purpose, as_of, offline: false })
}

/// Whether whoever is named can be an organisation of this chain at all: nothing is fetched for anyone else.
fn check_client(context: &Context, client_id: &ClientId) -> Result<(), RequestRefused> {
    match client_id.prefix() {
        ClientIdPrefix::DecentralizedIdentifier(did) => {
            let did: Did = did.parse().map_err(|_| RequestRefused::VerifierNotOnThisChain)?;
            is_of_this_chain(context, &did)
        }
        // The certificate, which comes with the request, names the DID.
        ClientIdPrefix::X509Hash(_) | ClientIdPrefix::X509SanDns(_) => Ok(()),
        _ => Err(RequestRefused::VerifierNotOnThisChain),
    }
}

pub(super) fn is_of_this_chain(context: &Context, did: &Did) -> Result<(), RequestRefused> {
    match *did.network() == context.chain.anchor.network {
        true => Ok(()),
        false => Err(RequestRefused::VerifierNotOnThisChain),
    }
}

/// Who says that it signed a request.
struct Signer {
    /// The key, as the chain knows it.
    key: KeyId,
    /// The key in its certificate, if it came with one.
    certified: Option<PublicKey>,
}

impl Signer {
    /// By the header: the DID's key, or the one that the certificate is about. This wallet has no list of certificate
    /// authorities. It takes the certificate of an organisation whose key the chain has, and believes the chain.
    fn of(context: &Context, header: &RequestHeader, client_id: &ClientId) -> Result<Self, RequestRefused> {
        if client_id.did().is_some() {
            let key = header.check_did(client_id)?.parse().map_err(|_| BadRequest::OtherKey)?;
            return Ok(Self { key, certified: None });
        }
        let chain = header.check_certificate(client_id)?;
        let leaf = chain.first().and_then(|der| Certificate::parse(der).ok());
        let leaf = leaf.ok_or(BadRequest::Certificate)?;
        // HAIP 1.0 §5: a certificate that vouches for itself vouches for nothing.
        if leaf.is_self_signed() || !leaf.is_current(context.seconds()) {
            return Err(BadRequest::Certificate.into());
        }
        if let ClientIdPrefix::X509SanDns(host) = client_id.prefix()
            && !leaf.hosts().iter().any(|name| name == host)
        {
            return Err(BadRequest::Certificate.into());
        }
        let [uri] = leaf.uris() else { return Err(RequestRefused::VerifierNotOnThisChain) };
        let key: KeyId = uri.parse().map_err(|_| RequestRefused::VerifierNotOnThisChain)?;
        is_of_this_chain(context, &key.did)?;
        Ok(Self { key, certified: Some(leaf.key().clone()) })
    }
}

fn claimed_purpose(token: &jws::Unverified) -> Option<Slug> {
    let request: AuthorizationRequest = limits::value(token.dangerous_claims()).ok()?;
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
