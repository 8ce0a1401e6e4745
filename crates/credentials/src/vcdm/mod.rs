//! What credentials and presentations of VCDM 2.0 say, however they are secured: as a token ([`vc_jose`](crate::vc_jose)), in a COSE
//! envelope ([`vc_cose`](crate::vc_cose)), or with a proof ([`data_integrity`](crate::data_integrity)).

mod content;
mod presentation;
mod verified;

pub use content::Content;
pub use presentation::{MAX_CREDENTIALS, VerifiedPresentation};
pub use verified::VerifiedCredential;

pub(crate) use content::Facts;
pub(crate) use presentation::{inside, named_holder};
pub(crate) use verified::Signed;
