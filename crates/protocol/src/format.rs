//! Credential format identifiers.

use crate::codes::open_codes;

open_codes! {
    /// A credential format identifier (OpenID4VCI 1.0 appendix A, OpenID4VP 1.0 appendix B).
    Format {
        /// SD-JWT VC.
        SdJwtVc = "dc+sd-jwt",
        /// W3C VC secured with Data Integrity.
        LdpVc = "ldp_vc",
        /// W3C VC secured as a JWT, without JSON-LD.
        JwtVcJson = "jwt_vc_json",
        /// W3C VC secured as a JWT, with JSON-LD.
        JwtVcJsonLd = "jwt_vc_json-ld",
        /// ISO 18013-5 mdoc.
        MsoMdoc = "mso_mdoc",
    }
}
