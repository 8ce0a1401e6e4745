//! The issuer service: apply, approve, issue, change.
