//! OpenID for Verifiable Credential Issuance 1.0: both grants, their messages and error codes.

mod attestation;
mod authorization;
mod authorization_server;
mod credential;
mod error;
mod later;
mod metadata;
mod nonce;
mod offer;
mod proof;
mod token;
mod tx_code;

pub use attestation::{
    ATTEST_JWT_CLIENT_AUTH, BadAttestation, Confirmation, KEY_ATTESTATION_TYPE, KeyAttestationClaims,
    WALLET_ATTESTATION_HEADER, WALLET_ATTESTATION_POP_HEADER, WALLET_ATTESTATION_POP_TYPE,
    WALLET_ATTESTATION_TYPE, WalletAttestationClaims, WalletAttestationPopClaims,
};
pub use authorization::{
    AuthorizationErrorCode, AuthorizationRequest, AuthorizationResponse, BadAuthorizationRequest,
    BadAuthorizationResponse, PushedResponse,
};
pub use authorization_server::AuthorizationServerMetadata;
pub use credential::{
    BadCredentialRequest, CredentialRequest, CredentialResponse, IssuedCredential, Proofs, Requested,
    ResponseEncryption,
};
pub use error::{ATTEMPTS_LEFT, CredentialErrorCode, OAuthErrorBody, TokenErrorCode};
pub use later::{DeferredRequest, NotificationEvent, NotificationRequest};
pub use metadata::{
    BatchIssuance, ClaimDescription, CredentialConfiguration, CredentialDefinition, CredentialMetadata,
    Display, EncryptionSupport, IssuerMetadata, Logo, MetadataError, ProofType,
};
pub use nonce::NonceResponse;
pub use offer::{AuthorizationCodeGrant, CredentialOffer, Grants, OfferError, OfferLink, PreAuthorizedGrant};
pub use proof::{BadProof, PROOF_TYPE, ProofClaims, ProofHeader, ProofKey};
pub use token::{
    AUTHORIZATION_CODE, AuthorizationDetail, PRE_AUTHORIZED_CODE, REFRESH_TOKEN, TokenRequest, TokenResponse,
};
pub use tx_code::{InputMode, TxCodeRules, generate_tx_code};

/// The name of the issuer's metadata below `/.well-known/` (§12.2.2).
pub const ISSUER_WELL_KNOWN: &str = "openid-credential-issuer";
/// The name of the authorization server's metadata below `/.well-known/` (RFC 8414).
pub const AUTHORIZATION_SERVER_WELL_KNOWN: &str = "oauth-authorization-server";
