//! The behaviour every backend must show.
