//! The credential endpoint (OpenID4VCI 1.0 §8).

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use protocol::openid4vci::{
    CredentialErrorCode, CredentialRequest, CredentialResponse, IssuedCredential, Proofs, Requested,
};
use service::OAuthError;

use super::body::MaybeSealed;
use crate::attestation::{self, AttestationRefused};
use crate::clock::Moment;
use crate::config::Policy;
use crate::core::App;
use crate::dpop::{self, DpopRefused, KeyShown};
use crate::issuance::{GivenProofs, Granted, INTERVAL, IssueError, Issued, Named, ReserveError};
use crate::sealed::{Sealing, answer};

pub(super) fn router() -> Router<App> {
    Router::new().route("/credential", post(credential))
}

async fn credential(
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<MaybeSealed, OAuthError>,
) -> Result<Response, OAuthError> {
    let now = app.now();
    // The token comes first: whoever has none learns nothing of what else is wrong.
    let granted = grant(&app, &headers, "credential", now).await?;
    let MaybeSealed(body) = body?;
    let request = CredentialRequest::parse(&body)
        .map_err(|error| refusal(&error.code()).description(error.to_string()))?;
    let sealing = Sealing::of(request.credential_response_encryption)?;
    let proofs = proofs(request.proofs, &app.policy)?;
    let named = match request.requested {
        Requested::Configuration(id) => Named::Configuration(id),
        Requested::Identifier(id) => Named::Identifier(id),
    };
    let by_identifier = matches!(named, Named::Identifier(_));
    let issued = app.issuance.issue(granted, named, &proofs, now).await;
    let issued = issued.map_err(|error| refused(error, by_identifier))?;
    Ok(issued_answer(issued, sealing.as_ref()))
}

/// Here it is (200), or it takes time (202).
pub(super) fn issued_answer(issued: Issued, sealing: Option<&Sealing>) -> Response {
    match issued {
        Issued::Now { credentials, notification_id } => {
            let credentials = credentials.into_iter().map(|credential| IssuedCredential { credential });
            let response = CredentialResponse::Issued {
                credentials: credentials.collect(),
                notification_id: Some(notification_id),
            };
            answer(StatusCode::OK, &response, sealing)
        }
        Issued::Deferred { transaction_id } => {
            let response = CredentialResponse::Deferred { transaction_id, interval: INTERVAL };
            answer(StatusCode::ACCEPTED, &response, sealing)
        }
    }
}

/// The offer that the access token stands for (RFC 6750 §2.1: in the header only). A token that is bound to a key counts
/// with a proof of that key for this request alone (RFC 9449 §7).
pub(super) async fn grant(
    app: &App,
    headers: &HeaderMap,
    path: &str,
    now: Moment,
) -> Result<Granted, OAuthError> {
    let unknown = || OAuthError::invalid_token("the access token is unknown or expired");
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    match sent.and_then(|sent| sent.split_once(' ')) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => {
            let offer = app.seals.open_token(token, now.seconds.0).ok_or_else(unknown)?;
            Ok(Granted { offer, phone: None })
        }
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("DPoP") => {
            let (offer, key) = app.seals.open_bound_token(token, now.seconds.0).ok_or_else(unknown)?;
            let refused = |error| dpop::at_resource(app, error, now);
            match dpop::check(app, headers, "POST", path, Some(token), now).await.map_err(refused)? {
                Some(shown) if shown == KeyShown(key) => Ok(Granted { offer, phone: Some(shown.text()) }),
                Some(_) => Err(refused(DpopRefused::AnotherKey)),
                None => Err(refused(DpopRefused::Missing)),
            }
        }
        // Without any credentials the challenge carries no error code (RFC 6750 §3.1).
        _ => Err(refusal(&CredentialErrorCode::InvalidToken)
            .status(StatusCode::UNAUTHORIZED)
            .description("send the access token in the Authorization header")
            .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer, DPoP algs=\"ES256 EdDSA\""))),
    }
}

/// The proofs of keys to bind to, a copy each.
fn proofs(proofs: Option<Proofs>, policy: &Policy) -> Result<GivenProofs, OAuthError> {
    let bad = |text: &'static str| Err(refusal(&CredentialErrorCode::InvalidProof).description(text));
    match proofs {
        None => bad("proofs is missing"),
        Some(Proofs::Jwt(list))
            if u32::try_from(list.len()).is_ok_and(|count| count <= policy.batch_size) =>
        {
            Ok(GivenProofs::Jwts(list))
        }
        Some(Proofs::Jwt(_)) => bad("more proofs than batch_size says"),
        Some(Proofs::Attestation(text)) if policy.key_attestation => Ok(GivenProofs::Attestation(text)),
        Some(Proofs::DataIntegrity(_) | Proofs::Attestation(_) | Proofs::Other(_)) => {
            bad("the only proof type here is jwt")
        }
    }
}

pub(super) fn refusal(code: &CredentialErrorCode) -> OAuthError {
    OAuthError::new(code.as_str().to_owned())
}

const NOT_YET_REPLACED: &str = "the credential that this one replaces is not revoked yet; try again soon";

/// Nothing is wrong with the request, and the same will do in half a minute.
fn unavailable(text: &'static str) -> OAuthError {
    OAuthError::new("temporarily_unavailable")
        .status(StatusCode::SERVICE_UNAVAILABLE)
        .description(text)
        .header(header::RETRY_AFTER, HeaderValue::from_static("30"))
}

/// §8.3.1.2, in one place.
pub(super) fn refused(error: IssueError, by_identifier: bool) -> OAuthError {
    use CredentialErrorCode as Code;
    let (code, text) = match error {
        IssueError::UnknownCredential if by_identifier => {
            (Code::UnknownCredentialIdentifier, "no such credential identifier")
        }
        IssueError::UnknownCredential => {
            (Code::UnknownCredentialConfiguration, "no such credential configuration")
        }
        IssueError::Transaction => {
            (Code::InvalidTransactionId, "the transaction_id is unknown, or was fetched")
        }
        IssueError::Proof(error) => return refusal(&error.code()).description(error.to_string()),
        IssueError::Attestation(error @ (AttestationRefused::Chain(_) | AttestationRefused::Store(_))) => {
            return attestation::answer(error);
        }
        IssueError::Attestation(error) => {
            return refusal(&Code::InvalidProof).description(error.to_string());
        }
        IssueError::Sign(error) => return OAuthError::internal(error),
        IssueError::NotYetReplaced => return unavailable(NOT_YET_REPLACED),
        IssueError::Unaccredited => {
            tracing::warn!("nothing is issued of a type that governance has not accredited this issuer for");
            (Code::CredentialRequestDenied, "this issuer is not accredited for that credential type")
        }
        IssueError::ChainAway => {
            tracing::error!(
                "nothing is issued any more: the chain was last heard longer ago than the policy lets pass"
            );
            return unavailable("the chain has been away for too long; try again later");
        }
        IssueError::CanNotReplace { code } => {
            tracing::error!(%code, "the chain refuses to revoke a credential that is to be replaced");
            (Code::CredentialRequestDenied, "the credential that this one replaces can't be revoked")
        }
        IssueError::Reserve(error) => match error {
            ReserveError::Corrects => return unavailable(NOT_YET_REPLACED),
            ReserveError::KeyChanging => {
                tracing::warn!("nothing is signed while a key is being replaced");
                return unavailable("a key of this issuer is being replaced; try again soon");
            }
            ReserveError::NonceUsed => (Code::InvalidNonce, "the nonce was used before; get a new one"),
            ReserveError::Token => {
                return OAuthError::invalid_token("the access token grants nothing any more");
            }
            ReserveError::PhoneLost => {
                return OAuthError::invalid_token(
                    "this phone was declared lost; collect anew by a new offer",
                );
            }
            ReserveError::Rejected => (Code::CredentialRequestDenied, "the application was not approved"),
            // Seen only when it is decided, and opened again, within one request.
            ReserveError::Undecided => (Code::CredentialRequestDenied, "the application is not decided yet"),
            ReserveError::NotGranted if by_identifier => {
                (Code::UnknownCredentialIdentifier, "the access token does not include that identifier")
            }
            ReserveError::NotGranted => {
                (Code::UnknownCredentialConfiguration, "the access token does not include that configuration")
            }
            ReserveError::NamedWrongly => (
                Code::InvalidCredentialRequest,
                "ask by credential_identifier if the token response gave one, else by credential_configuration_id",
            ),
            ReserveError::IssuedToAnotherKey => (
                Code::CredentialRequestDenied,
                "this credential was issued before, to another key; renew the offer",
            ),
            // The first reserving says so and is answered by revoking: seen only when somebody else was quicker.
            ReserveError::Replaces(_) | ReserveError::NoLongerValid => {
                (Code::CredentialRequestDenied, "this credential was issued before and is no longer valid")
            }
            ReserveError::NoStatusList => {
                tracing::error!(
                    "no status list has a free entry: the chain was away since the last one filled up"
                );
                return unavailable("no status list is open; try again soon");
            }
            ReserveError::Store(error) => return OAuthError::internal(error),
        },
    };
    refusal(&code).description(text)
}
