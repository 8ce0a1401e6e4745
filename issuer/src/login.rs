//! What a login at a place outside is told, and why nobody comes of it: the same for citizens and for the staff.

use protocol::{Endpoint, Secret};

/// One login: what the source is told, and must give back. Nothing in it is kept: it follows from what the browser carries.
#[derive(Clone, Debug)]
pub struct Login {
    /// Comes back with the answer, and is this browser's.
    pub state: String,
    /// Is inside what the source signs.
    pub nonce: String,
    /// The PKCE verifier for the source.
    pub verifier: Secret,
    /// Where the browser comes back to.
    pub callback: Endpoint,
}

/// Why nobody is logged in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// The source said no, or whoever was at the browser turned back.
    #[error("the login was not completed")]
    Declined,
    /// What came is not what the source would send.
    #[error("the login's answer is not to be believed: {0}")]
    Forged(&'static str),
    /// The source can't be reached, or is broken.
    #[error("the identity source does not answer: {0}")]
    Away(String),
}
