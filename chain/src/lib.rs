//! The node: engines, state, HTTP API.
