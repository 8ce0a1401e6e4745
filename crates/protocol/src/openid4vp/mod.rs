//! OpenID for Verifiable Presentations 1.0: requests, the links that lead to them, responses and error codes.

mod check;
mod client_id;
mod client_metadata;
mod link;
mod request;
mod response;
mod verifier_info;

pub use check::{BadRequest, CheckedRequest, Session};
pub use client_id::{ClientId, ClientIdPrefix};
pub use client_metadata::{
    ClientMetadata, DataIntegrityAlgorithms, MdocAlgorithms, SdJwtAlgorithms, VpFormats,
};
pub use link::{BadLink, RequestLink, RequestSource, RequestUriMethod, RequestUriPost};
pub use request::{
    AuthorizationRequest, REQUEST_CONTENT_TYPE, REQUEST_TYPE, RequestHeader, ResponseMode, SELF_ISSUED,
};
pub use response::{AuthorizationResponse, BadResponse, DirectPostReply, Presentation, VpErrorCode, VpToken};
pub use verifier_info::{PURPOSE_FORMAT, VerifierInfo};
