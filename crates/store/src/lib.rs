//! Typed tables on an embedded store that loses nothing it acknowledged.
