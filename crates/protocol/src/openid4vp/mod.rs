//! OpenID for Verifiable Presentations 1.0: requests, the links that lead to them, responses and error codes.

mod check;
mod client_id;
mod client_metadata;
mod encryption;
mod link;
mod request;
mod response;
mod transaction;
mod verifier_info;

pub use check::{BadRequest, CheckedRequest, Session};
pub use client_id::{ClientId, ClientIdPrefix};
pub use client_metadata::{
    ClientMetadata, DataIntegrityAlgorithms, MdocAlgorithms, SdJwtAlgorithms, VpFormats,
};
pub use encryption::ResponseEncryption;
pub use link::{BadLink, RequestLink, RequestSource, RequestUriMethod, RequestUriPost};
pub use request::{
    AuthorizationRequest, REQUEST_CONTENT_TYPE, REQUEST_TYPE, RequestHeader, ResponseMode, SELF_ISSUED,
};
pub use response::{AuthorizationResponse, BadResponse, DirectPostReply, Presentation, VpErrorCode, VpToken};
pub use transaction::{
    BadTransaction, CONFIRMATION, Confirmation, HASHES_ALG_CLAIM, HASHES_CLAIM, Line, SHA_256,
    TransactionData, Words,
};
pub use verifier_info::{PURPOSE_FORMAT, VerifierInfo};
