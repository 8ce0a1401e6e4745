//! The command huizheng.
