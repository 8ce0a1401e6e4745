//! The verifier service and the counter: ask, check, decide.
