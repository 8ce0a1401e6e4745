//! OpenID4VCI, OpenID4VP and DCQL: messages and error codes. Pure.
