//! Credential formats, proofs, status lists and the catalogue of types. Pure.
