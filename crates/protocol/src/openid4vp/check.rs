//! What a wallet demands of a request, before any key and without the registry (§5).

use crate::dcql::{DcqlQuery, QueryError};
use crate::jwt::{NumericDate, is_signature_algorithm};
use crate::limits::ParseError;
use crate::{Endpoint, Secret};

use super::{
    AuthorizationRequest, BadTransaction, ClientId, ClientIdPrefix, ClientMetadata, REQUEST_TYPE,
    RequestHeader, ResponseEncryption, ResponseMode, SELF_ISSUED, TransactionData, VpErrorCode,
};

/// What a wallet knows when it fetched a request.
#[derive(Debug, Clone, Copy)]
pub struct Session<'a> {
    /// The `client_id` of the link.
    pub client_id: &'a ClientId,
    /// The nonce it posted, if it did.
    pub wallet_nonce: Option<&'a str>,
    /// The time, in seconds since 1970.
    pub now: i64,
}

/// What a wallet needs of a request that follows the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedRequest {
    /// Who asks: also the audience to sign for.
    pub client_id: ClientId,
    /// The nonce to sign.
    pub nonce: String,
    /// To be sent back.
    pub state: Option<Secret>,
    /// Where to post the answer.
    pub response_uri: Endpoint,
    /// What the answer is to be encrypted with, if it is.
    pub encryption: Option<ResponseEncryption>,
    /// What is asked; valid.
    pub query: DcqlQuery,
    /// What the verifier says of itself.
    pub client_metadata: ClientMetadata,
    /// Transactions to be authorised with the answer.
    pub transaction_data: Vec<TransactionData>,
    /// The registered purpose it names.
    pub purpose: Option<String>,
}

/// Why a wallet refuses a request. [`BadRequest::code`] is what to answer with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    /// It can't be read.
    #[error("the request can't be read: {0}")]
    Unreadable(#[from] ParseError),
    /// The JWT's `typ` is another.
    #[error("the request's typ must be {REQUEST_TYPE}")]
    Type,
    /// It is unsigned, or signed with a shared secret.
    #[error("the request must be signed with an asymmetric key")]
    Algorithm,
    /// It has or names another request: that could lead on without an end.
    #[error("the request must neither have nor name another request")]
    Nested,
    /// `client_id` is not that of the link.
    #[error("the request is from someone else than the link says")]
    OtherClient,
    /// The `kid` is no key of the DID in `client_id`.
    #[error("the key that signed the request does not belong to the one who asks")]
    OtherKey,
    /// A client id prefix that this wallet can't verify.
    #[error("this wallet has no way to tell who asks")]
    ClientIdPrefix,
    /// `response_type` is not `vp_token`.
    #[error("response_type must be vp_token")]
    ResponseType,
    /// `response_mode` is neither `direct_post` nor `direct_post.jwt`.
    #[error("response_mode must be direct_post or direct_post.jwt")]
    ResponseMode,
    /// `response_uri` is missing, or `redirect_uri` is there too.
    #[error("response_uri must be given, and redirect_uri must not")]
    ResponseUri,
    /// `nonce` is empty, too long, or has characters a URL can't carry.
    #[error("nonce must be 1 to 512 characters that need no escaping in a URL")]
    Nonce,
    /// `wallet_nonce` is not the wallet's.
    #[error("the request does not answer this wallet's nonce")]
    WalletNonce,
    /// It is for another kind of wallet.
    #[error("the request is for another recipient")]
    Audience,
    /// `exp` has passed.
    #[error("the request has expired; ask for a new one")]
    Expired,
    /// `nbf` or `iat` lies ahead.
    #[error("the request is from the future; check the clock")]
    FromTheFuture,
    /// There is no query, or a scope instead of one.
    #[error("the request must have dcql_query")]
    NoQuery,
    /// The query breaks a rule.
    #[error("the query is wrong: {0}")]
    Query(#[from] QueryError),
    /// Its transaction data.
    #[error(transparent)]
    TransactionData(#[from] BadTransaction),
    /// No certificate where the client id is one, too many, or one that can't be read or does not name who asks.
    #[error("the request's certificate does not say who asks")]
    Certificate,
    /// The answer would go to another host than the one that asks.
    #[error("the answer would go to another host than the one in client_id")]
    ResponseHost,
    /// An encrypted answer is asked for, and there is no key on P-256 for `ECDH-ES`.
    #[error("there is no key that the answer could be encrypted to")]
    NoEncryptionKey,
    /// An encrypted answer is asked for in a way that is not known here.
    #[error("the answer can only be encrypted with A256GCM or A128GCM")]
    ContentEncryption,
}

impl BadRequest {
    /// The error code to answer with (§8.5).
    pub fn code(&self) -> VpErrorCode {
        match self {
            Self::OtherClient
            | Self::OtherKey
            | Self::ClientIdPrefix
            | Self::Certificate
            | Self::ResponseHost
            | Self::NoEncryptionKey
            | Self::ContentEncryption => VpErrorCode::InvalidClient,
            Self::TransactionData(_) => VpErrorCode::InvalidTransactionData,
            Self::Unreadable(_)
            | Self::Type
            | Self::Algorithm
            | Self::Nested
            | Self::ResponseType
            | Self::ResponseMode
            | Self::ResponseUri
            | Self::Nonce
            | Self::WalletNonce
            | Self::Audience
            | Self::Expired
            | Self::FromTheFuture
            | Self::NoQuery
            | Self::Query(_) => VpErrorCode::InvalidRequest,
        }
    }
}

/// How far the clocks of verifier and wallet may be apart, in seconds.
const CLOCK_SKEW: i64 = 60;
const MAX_NONCE: usize = 512;

impl RequestHeader {
    /// Checks the header against a client id known by its DID; what comes back is the DID URL of the key to verify with.
    pub fn check_did(&self, client_id: &ClientId) -> Result<&str, BadRequest> {
        self.check_form()?;
        let did = client_id.did().ok_or(BadRequest::ClientIdPrefix)?;
        let kid = self.kid.as_deref().ok_or(BadRequest::OtherKey)?;
        match kid.split_once('#') {
            Some((of, fragment)) if of == did && !fragment.is_empty() => Ok(kid),
            _ => Err(BadRequest::OtherKey),
        }
    }

    pub(super) fn check_form(&self) -> Result<(), BadRequest> {
        if self.typ != REQUEST_TYPE {
            return Err(BadRequest::Type);
        }
        if is_signature_algorithm(&self.alg) { Ok(()) } else { Err(BadRequest::Algorithm) }
    }
}

impl AuthorizationRequest {
    /// Checks everything that can be told without keys and without the registry.
    pub fn check(self, session: Session<'_>) -> Result<CheckedRequest, BadRequest> {
        if self.client_id != *session.client_id {
            return Err(BadRequest::OtherClient);
        }
        if self.request.is_some() || self.request_uri.is_some() {
            return Err(BadRequest::Nested);
        }
        if matches!(self.client_id.prefix(), ClientIdPrefix::Origin(_) | ClientIdPrefix::Unknown(_)) {
            return Err(BadRequest::ClientIdPrefix);
        }
        self.check_times(session.now)?;
        if self.aud.as_ref().is_some_and(|aud| !aud.is_only(SELF_ISSUED)) {
            return Err(BadRequest::Audience);
        }
        if self.wallet_nonce.as_deref() != session.wallet_nonce {
            return Err(BadRequest::WalletNonce);
        }
        if self.response_type != "vp_token" {
            return Err(BadRequest::ResponseType);
        }
        let encrypted = match &self.response_mode {
            Some(ResponseMode::DirectPost) => false,
            Some(ResponseMode::DirectPostJwt) => true,
            _ => return Err(BadRequest::ResponseMode),
        };
        if self.nonce.is_empty() || self.nonce.len() > MAX_NONCE || !self.nonce.bytes().all(is_unreserved) {
            return Err(BadRequest::Nonce);
        }
        let purpose = self.purpose().map(str::to_owned);
        let (Some(response_uri), None) = (self.response_uri, self.redirect_uri) else {
            return Err(BadRequest::ResponseUri);
        };
        let (Some(query), None) = (self.dcql_query, self.scope) else {
            return Err(BadRequest::NoQuery);
        };
        query.validate()?;
        if let ClientIdPrefix::X509SanDns(host) = self.client_id.prefix()
            && response_uri.host() != host
        {
            return Err(BadRequest::ResponseHost);
        }
        let client_metadata = self.client_metadata.unwrap_or_default();
        let encryption = encrypted.then(|| client_metadata.response_encryption()).transpose()?;
        let transaction_data = match &self.transaction_data {
            Some(texts) => TransactionData::parse_all(texts, &query)?,
            None => Vec::new(),
        };
        Ok(CheckedRequest {
            client_id: self.client_id,
            nonce: self.nonce,
            state: self.state,
            response_uri,
            encryption,
            query,
            client_metadata,
            transaction_data,
            purpose,
        })
    }

    fn check_times(&self, now: i64) -> Result<(), BadRequest> {
        if self.exp.is_some_and(|exp| exp.0.saturating_add(CLOCK_SKEW) <= now) {
            return Err(BadRequest::Expired);
        }
        let ahead =
            |time: Option<NumericDate>| time.is_some_and(|time| time.0 > now.saturating_add(CLOCK_SKEW));
        if ahead(self.nbf) || ahead(self.iat) { Err(BadRequest::FromTheFuture) } else { Ok(()) }
    }
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}
