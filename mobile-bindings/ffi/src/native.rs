//! The core's words whose names it doesn't pass on yet.

pub(crate) use credentials::catalogue::Kind;
pub(crate) use protocol::openid4vci::{InputMode, TxCodeRules};
pub(crate) use registry::{LegalBasis, LocalText};
